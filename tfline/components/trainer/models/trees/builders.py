"""Boosted trees and random forests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Unpack

from pydantic import Field

from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.trees.options import (
    BoostingOptions,
    Count,
    Limit,
    Monotone,
    RandomOptions,
    Share,
    check_monotone,
)
from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.components.trainer.models.trees import forest
else:
    forest = lazy_import("tfline.components.trainer.models.trees.forest")

Growing = Literal["BEST_FIRST_GLOBAL", "LOCAL"]
Depth = Annotated[int, Field(ge=-2)]
Trees = Annotated[int, Field(ge=1, le=100_000)]


def boosted_trees(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    num_trees: Trees = 1000,
    shrinkage: Share = 0.05,
    growing_strategy: Growing | None = None,
    max_num_nodes: Limit = 31,
    max_depth: Depth | None = None,
    min_examples: Count = 5,
    subsample: Share = 0.8,
    num_candidate_attributes_ratio: Share | None = None,
    monotone: Monotone = None,
    **options: Unpack[BoostingOptions],
) -> keras.Model:
    """Builds gradient boosted trees (Friedman 2001), which each mend what those before leave over.

    They suit tables, need no scaling, and stop by themselves when the eval split gets no better.
    Give them numbers by `keep_missing` and categories by `string_lookup` or `integer_lookup`.

    Args:
        features: Numbers, vectors of numbers, and indices, which are divided as categories.
        head: What to predict: one of several classes, or a number.
        num_trees: The most iterations; of several classes, each has a tree for each class.
        shrinkage: How much of each tree counts: the learning rate.
        growing_strategy: Divide the best leaf first, up to `max_num_nodes` leaves; or every node,
            down to `max_depth` (`LOCAL`). Default: the best first; `LOCAL` if something is
            monotone, which YDF has no other way for.
        max_num_nodes: The most leaves of a tree that is grown the best first; -1: any number.
        max_depth: The most nodes on the way to a leaf, the root included; -1: any number. Default:
            6 for `LOCAL`, else any number.
        min_examples: The fewest examples of a leaf.
        subsample: The share of the examples, drawn anew, that each tree is grown by.
        num_candidate_attributes_ratio: The share of the features that is tried at a node; null:
            all of them.
        monotone: Which numbers predictions may only rise with, or only fall; splits are then
            judged by second derivatives too (`use_hessian_gain`).
        **options: Of the trees, the boosting and its end.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: A feature is none for trees, the label is no class and no single number, or a
            monotone feature is no number.
        SpecError: YDF refuses an argument.
    """
    return forest.build_forest(
        "boosted_trees",
        features,
        head,
        monotone or {},
        {
            "num_trees": num_trees,
            "shrinkage": shrinkage,
            "min_examples": min_examples,
            "subsample": subsample,
            "num_candidate_attributes_ratio": num_candidate_attributes_ratio,
            **options,
            **_growth(growing_strategy, max_num_nodes, max_depth, monotone, options),
        },
    )


def _growth(
    strategy: Growing | None,
    leaves: int,
    depth: int | None,
    monotone: Mapping[str, str] | None,
    options: BoostingOptions,
) -> dict[str, Any]:
    """Returns how a tree is grown; monotone ones only in the way that YDF has for them.

    Raises:
        SpecError: What was asked for does not go with a monotone feature.
    """
    check_monotone(monotone, strategy, options.get("use_hessian_gain"))
    if (strategy or ("LOCAL" if monotone else "BEST_FIRST_GLOBAL")) == "LOCAL":
        grown: dict[str, Any] = {"growing_strategy": "LOCAL", "max_depth": depth or 6}
    else:
        grown = {
            "growing_strategy": "BEST_FIRST_GLOBAL",
            "max_num_nodes": leaves,
            "max_depth": depth or -1,
        }
    return {**grown, "use_hessian_gain": True} if monotone else grown


def random_forest(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    num_trees: Trees = 300,
    max_depth: Depth = 16,
    min_examples: Count = 5,
    num_candidate_attributes_ratio: Share | None = None,
    winner_take_all: bool = False,
    **options: Unpack[RandomOptions],
) -> keras.Model:
    """Builds a random forest (Breiman 2001): trees of examples drawn at random, and their mean.

    It has few settings that matter, and none that stops it. Give it numbers by `keep_missing` and
    categories by `string_lookup` or `integer_lookup`.

    Args:
        features: Numbers, vectors of numbers, and indices, which are divided as categories.
        head: What to predict: one of several classes, or a number.
        num_trees: How many trees there are.
        max_depth: The most nodes on the way to a leaf, the root included; -1: any number.
        min_examples: The fewest examples of a leaf.
        num_candidate_attributes_ratio: The share of the features that is tried at a node; null:
            the square root of their number for classes, a third for numbers.
        winner_take_all: Whether a tree votes for one class, or gives its shares of the classes.
        **options: Of the trees and their examples.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: A feature is none for trees, or the label is no class and no single number.
        SpecError: YDF refuses an argument.
    """
    return forest.build_forest(
        "random_forest",
        features,
        head,
        {},
        {
            "num_trees": num_trees,
            "max_depth": max_depth,
            "min_examples": min_examples,
            "num_candidate_attributes_ratio": num_candidate_attributes_ratio,
            "winner_take_all": winner_take_all,
            **options,
        },
    )
