"""The models that a spec can name. Importing them imports no TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate

from tfline.components.trainer.models import text_transfer
from tfline.components.trainer.models.cnn import (
    alexnet,
    deep_cnn,
    detector,
    googlenet,
    lenet5,
    localizer,
    plain,
    resnet34,
    se_resnet,
    segmenter,
    transfer,
    vgg16,
    xception,
)
from tfline.components.trainer.models.generation import builders
from tfline.components.trainer.models.linear import builder as linear
from tfline.components.trainer.models.mlp import (
    autoencoder_mlp,
    perceptron,
    residual_mlp,
    wide_deep,
)
from tfline.components.trainer.models.repeating import builders as repeating
from tfline.components.trainer.models.rnn import convolutional, recurrent, text_gru
from tfline.components.trainer.models.transformer import (
    tabular_transformer,
    text_transformer,
    vision_transformer,
)
from tfline.components.trainer.models.trees import builders as trees
from tfline.transforms.dotted import find_function

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras

    from tfline.components.trainer.models.inputs import TensorFeature
    from tfline.tasks.heads.head import Head

    ModelBuilder = Callable[Concatenate[Sequence[TensorFeature], Head, ...], keras.Model]

FAMILIES: dict[str, dict[str, ModelBuilder]] = {
    "tables": {
        "autoencoder_mlp": autoencoder_mlp.autoencoder_mlp,
        "linear": linear.linear,
        "mlp": perceptron.mlp,
        "residual_mlp": residual_mlp.residual_mlp,
        "tabular_transformer": tabular_transformer.tabular_transformer,
        "wide_deep": wide_deep.wide_deep,
    },
    "trees": {
        "boosted_trees": trees.boosted_trees,
        "random_forest": trees.random_forest,
    },
    "images": {
        "alexnet": alexnet.alexnet,
        "cnn": plain.cnn,
        "deep_cnn": deep_cnn.deep_cnn,
        "detector": detector.detector,
        "googlenet": googlenet.googlenet,
        "lenet5": lenet5.lenet5,
        "localizer": localizer.localizer,
        "resnet34": resnet34.resnet34,
        "se_resnet": se_resnet.se_resnet,
        "segmenter": segmenter.segmenter,
        "transfer": transfer.transfer,
        "vgg16": vgg16.vgg16,
        "vision_transformer": vision_transformer.vision_transformer,
        "xception": xception.xception,
    },
    "series": {
        "conv_gru": convolutional.conv_gru,
        "deep_rnn": recurrent.deep_rnn,
        "gru": recurrent.gru,
        "layer_norm_rnn": recurrent.layer_norm_rnn,
        "lstm": recurrent.lstm,
        "simple_rnn": recurrent.simple_rnn,
        "wavenet": convolutional.wavenet,
    },
    "forecasts that repeat": {
        "moving_average": repeating.moving_average,
        "naive": repeating.naive,
        "seasonal_naive": repeating.seasonal_naive,
    },
    "texts": {
        "text_gru": text_gru.text_gru,
        "text_transfer": text_transfer.text_transfer,
        "text_transformer": text_transformer.text_transformer,
    },
    "texts to write": {
        "char_rnn": builders.char_rnn,
        "seq2seq": builders.seq2seq,
        "translator": builders.translator,
    },
}
"""The models by what they are for."""

MODELS: dict[str, ModelBuilder] = {
    name: build for family in FAMILIES.values() for name, build in family.items()
}

TREES = frozenset(FAMILIES["trees"])
"""The models that are grown."""

REPEATING = frozenset(FAMILIES["forecasts that repeat"])
"""The models that have nothing to learn."""

OWN_TRAINED = TREES | REPEATING | {"linear"}
"""The models that are not trained by gradient descent."""

WATCHING = frozenset({"boosted_trees"})
"""The models whose training looks at the eval split, to find its end."""

WRITERS = frozenset(FAMILIES["texts to write"])
"""The models that write a text, and fit no other label."""


def resolve(name: str) -> ModelBuilder:
    """Returns the builder of a model.

    Args:
        name: A name of `MODELS`, or the dotted path of the user's own function
            ``(features, head, *, ...) -> keras.Model``.

    Raises:
        SpecError: There is no such builder.
    """
    return find_function(name, MODELS, "model", ("features", "head"))
