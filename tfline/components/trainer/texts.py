"""What a model that writes texts can be asked beside the best ones."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfline.components.trainer.models.generation.decoding import without_padding
from tfline.components.trainer.models.generation.generator import find_generator
from tfline.components.trainer.transform_graph import Features, TransformGraph, TransformMetadata
from tfline.tasks.heads.text import TARGET
from tfline.transforms.errors import ModelError
from tfline.transforms.target_text import PADDING, write_text

Outputs = dict[str, tf.Tensor]


def sample_texts(
    model: keras.Model,
    metadata: TransformMetadata,
    features: Features,
    temperature: tf.Tensor,
    seed: tf.Tensor,
) -> Outputs:
    """Draws a text for each record; see `decoding.sample`.

    Args:
        model: Writes them.
        metadata: What the indices of tokens stand for.
        features: [batch, ...].
        temperature: float32 [batch].
        seed: int64 [batch].

    Returns:
        ``sequences`` string [batch].

    Raises:
        ModelError: The model writes no texts.
    """
    generator = find_generator(model)
    if generator is None:
        raise ModelError(f"The model '{model.name}' writes no texts")
    tokens = generator.sample(features, temperature, seed)
    return {"sequences": write_text(tokens, metadata.classes, metadata.separator)}


def score_texts(model: keras.Model, graph: TransformGraph, examples: tf.Tensor) -> Outputs:
    """Tells how probable the model takes the texts of serialized tf.Examples to be.

    Args:
        model: From the features and the text to logits.
        graph: Makes them.
        examples: string [batch], with their label.

    Returns:
        ``log_probability`` float32 [batch]: the sum over the tokens of a text and its end mark;
        ``tokens`` int64 [batch], how many these are, 0 where there is no text; ``reference``
        string [batch], the text as the model should write it.
    """
    features, label, *_ = graph.labelled(examples)  # perhaps with a weight
    label = tf.maximum(label, PADDING)  # -1 where there is no text
    logits = model({**features, TARGET: tf.maximum(features[TARGET], PADDING)}, training=False)
    known = tf.nn.log_softmax(without_padding(logits))  # [batch, tokens, vocabulary]
    of_label = tf.gather(known, label, batch_dims=2)  # [batch, tokens]
    is_token = label != PADDING
    return {
        "log_probability": tf.reduce_sum(tf.where(is_token, of_label, 0.0), axis=1),
        "tokens": tf.math.count_nonzero(is_token, axis=1),
        "reference": graph.reference(examples),
    }
