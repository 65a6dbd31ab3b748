"""Models that write a text, for a label of the task text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Unpack

from pydantic import Field

from tfline.components.trainer.models.inputs import TensorFeature, build_inputs
from tfline.components.trainer.models.layers import Rate, Size
from tfline.components.trainer.models.rnn.layers import CellArguments
from tfline.components.trainer.models.text import find_text
from tfline.components.trainer.models.transformer.arguments import ForwardArguments
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.text import TARGET, TextHead
from tfline.transforms.errors import ModelError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.components.trainer.models.generation.generator import Generator
else:
    keras = lazy_import("keras")

BeamWidth = Annotated[int, Field(ge=1, le=32)]
LengthPenalty = Annotated[float, Field(ge=0, le=2)]


def seq2seq(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    units: Size = 128,
    embedding_units: Size = 64,
    attention: bool = True,
    bidirectional: bool = True,
    dropout: Rate = 0.0,
    beam_width: BeamWidth = 3,
    length_penalty: LengthPenalty = 0.6,
    **options: Unpack[CellArguments],
) -> keras.Model:
    """Builds an LSTM that reads and an LSTM that writes (Sutskever et al. 2014).

    Args:
        features: One text.
        head: The text to write.
        units: The width of the state of both networks.
        embedding_units: The size of a token's embedding.
        attention: Whether the writer looks back at all that was read (Luong et al. 2015).
        bidirectional: Whether the reader reads from both ends, with half the units each.
        dropout: Share of the embeddings left out in a step (Srivastava et al. 2014).
        beam_width: How many texts a beam search follows, and returns; 1 is greedy.
        length_penalty: 0 prefers short texts, 1 takes the mean over the tokens, more or less.
        **options: Of the recurrent layers.

    Returns:
        A model from feature name -> tensor to logits [batch, tokens, vocabulary].

    Raises:
        ModelError: The features are not one text, or the label is none, or has no marks.
    """
    from tfline.components.trainer.models.generation.seq2seq import Seq2Seq

    generator = Seq2Seq(
        units=units,
        embedding_units=embedding_units,
        attention=attention,
        bidirectional=bidirectional,
        dropout=dropout,
        beam_width=beam_width,
        length_penalty=length_penalty,
        cell=options,
        **_read("seq2seq", features),
        **_written("seq2seq", head),
    )
    return _model("seq2seq", features, generator)


def translator(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    units: Size = 128,
    heads: Size = 4,
    hidden_units: Size = 256,
    blocks: Size = 2,
    dropout: Rate = 0.1,
    beam_width: BeamWidth = 3,
    length_penalty: LengthPenalty = 0.6,
    **options: Unpack[ForwardArguments],
) -> keras.Model:
    """Builds the Transformer, an encoder and a decoder (Vaswani et al. 2017).

    Args:
        features: One text.
        head: The text to write.
        units: The width of all blocks, d_model in the paper.
        heads: How many heads an attention has.
        hidden_units: The width of the feed-forward layers, d_ff in the paper.
        blocks: How many blocks the encoder has, and the decoder.
        dropout: Share of the embeddings, and of what each part adds, left out in a step.
        beam_width: How many texts a beam search follows, and returns; 1 is greedy.
        length_penalty: 0 prefers short texts, 1 takes the mean over the tokens, more or less.
        **options: Of the feed-forward layers.

    Returns:
        A model from feature name -> tensor to logits [batch, tokens, vocabulary].

    Raises:
        ModelError: The features are not one text; the label is none, or has no marks; or `units`
            cannot be divided among `heads`.
    """
    from tfline.components.trainer.models.generation.translator import Translator

    generator = Translator(
        units=units,
        heads=heads,
        hidden_units=hidden_units,
        blocks=blocks,
        dropout=dropout,
        beam_width=beam_width,
        length_penalty=length_penalty,
        forward=options,
        **_read("translator", features),
        **_written("translator", head),
    )
    return _model("translator", features, generator)


def char_rnn(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    units: Size = 128,
    layers: Size = 1,
    embedding_units: Size = 16,
    dropout: Rate = 0.0,
    stateful: Size | None = None,
    beam_width: BeamWidth = 1,
    length_penalty: LengthPenalty = 0.0,
    **options: Unpack[CellArguments],
) -> keras.Model:
    """Builds a stack of GRUs that goes on with a text, character by character (Karpathy 2015).

    Args:
        features: The beginning of the text, which a spec without `features` makes of the label.
        head: The text to write.
        units: The width of the state of each layer.
        layers: How many GRUs there are.
        embedding_units: The size of a character's embedding.
        dropout: Share of each layer's inputs left out in a step (Srivastava et al. 2014).
        stateful: The batch size of a training that carries the state from batch to batch, with
            ``train: {order: consecutive}``; None: each text begins anew.
        beam_width: How many texts a beam search follows, and returns; 1 is greedy.
        length_penalty: 0 prefers short texts, 1 takes the mean over the tokens, more or less.
        **options: Of the recurrent layers.

    Returns:
        A model from feature name -> tensor to logits [batch, tokens, vocabulary].

    Raises:
        ModelError: The features are not the beginning of the text, or the label is none.
    """
    from tfline.components.trainer.models.generation.char_rnn import CharRnn

    written = _written("char_rnn", head, marks=False)
    prompt, depth = _only_text("char_rnn", features)
    # Without an end mark: that is no part of a text to go on with.
    if depth != written["vocabulary"] - (written["end"] is not None):
        raise ModelError(
            f"char_rnn goes on with the label's own text. Received: {features[0]}",
            where=f"feature {prompt}",
            hint="Leave `features` out of the spec; or use the model `seq2seq`.",
        )
    generator = CharRnn(
        prompt=prompt,
        units=units,
        layers=layers,
        embedding_units=embedding_units,
        dropout=dropout,
        stateful=stateful,
        beam_width=beam_width,
        length_penalty=length_penalty,
        cell=options,
        **written,
    )
    return _model("char_rnn", features, generator)


def _model(name: str, features: Sequence[TensorFeature], generator: Generator) -> keras.Model:
    inputs = build_inputs(features)
    inputs[TARGET] = keras.Input([None], dtype="int64", name=TARGET)
    return keras.Model(inputs, generator(inputs), name=name)


def _only_text(name: str, features: Sequence[TensorFeature]) -> tuple[str, int]:
    """Returns the name of the only feature, a text, and how many tokens there are."""
    text, depth, others = find_text(features, name)
    if others:
        raise ModelError(
            f"{name} takes one text and nothing beside it. "
            f"Received: {', '.join(map(str, features))}",
            where=f"feature {others[0].name}",
            hint="Take it out.",
        )
    return text.name, depth


def _read(name: str, features: Sequence[TensorFeature]) -> dict[str, Any]:
    """Returns the arguments of a generator that say what it reads."""
    source, depth = _only_text(name, features)
    return {"source": source, "source_depth": depth}


def _written(name: str, head: Head, *, marks: bool = True) -> dict[str, Any]:
    """Returns the arguments of a generator that say what it writes."""
    if not isinstance(head, TextHead):
        raise ModelError(
            f"{name} writes texts. Received: a {head.task} label",
            where="label",
            hint="Write `label: {key: ..., task: text}`, or choose another model.",
        )
    if marks and head.start is None:
        raise ModelError(
            f"{name} needs the marks of start and end around a text",
            where="label",
            hint="Take `marks: false` out of the label.",
        )
    return {
        "vocabulary": head.units,
        "start": head.start,
        "end": head.end,
        "length": head.length,
    }
