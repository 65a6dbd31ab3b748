"""The paths of a forest, from the root of a tree to each of its leaves, as arrays.

A path asks each column at most one question, however often its nodes ask about it: whether the
number lies within an interval, or the category within a set.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import ydf
from ydf.model.tree import condition as conditions

Floats = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class _Question:
    """What a path asks a column.

    Attributes:
        low: The smallest number that goes on.
        high: The smallest above it that does not.
        missing: Whether a missing number goes on.
        items: The categories that go on; None: the column holds numbers.
        share: The share of the training examples that does, of those that get to be asked.
    """

    low: float = -np.inf
    high: float = np.inf
    missing: bool = True
    items: frozenset[int] | None = None
    share: float = 1.0


@dataclasses.dataclass(frozen=True, eq=False)
class _Path:
    """A path: the place of a column to what it is asked, and what the leaf adds to each logit."""

    questions: Mapping[int, _Question]
    values: Floats


@dataclasses.dataclass(frozen=True, eq=False)
class Paths:
    """The paths of a forest; those with fewer questions than others end with some that all pass.

    Attributes:
        column: The place of the column that is asked, int32 [paths, questions].
        low: float32 [paths, questions]; see `_Question`.
        high: float32 [paths, questions].
        missing: bool [paths, questions].
        items: Which row of `sets` the categories are, int32 [paths, questions]; -1: numbers.
        sets: bool [rows, categories].
        share: float32 [paths, questions].
        values: What a path that is gone to its end adds to each logit, float32 [paths, units].
    """

    column: npt.NDArray[np.int32]
    low: Floats
    high: Floats
    missing: npt.NDArray[np.bool_]
    items: npt.NDArray[np.int32]
    sets: npt.NDArray[np.bool_]
    share: Floats
    values: Floats


def read_paths(
    model: ydf.GenericModel, places: Mapping[str, int], depths: Sequence[int | None], units: int
) -> Paths:
    """Returns the paths of a forest.

    Args:
        model: The forest.
        places: Name of a column to its place.
        depths: How many categories the column at each place has; None: it holds numbers.
        units: How many logits there are; of a random forest, classes.

    Raises:
        NotImplementedError: A node asks several columns at once.
    """
    names = [column.name for column in model.data_spec().columns]
    value_of = _leaf_values(model, units)
    found: list[_Path] = []

    def walk(
        tree: int, node: Any, weights: Mapping[int, float], asked: Mapping[int, _Question]
    ) -> None:
        if node.is_leaf:
            found.append(_Path(asked, value_of(tree, node.value)))
            return
        total = weights[id(node)]
        place = places[names[_column(node.condition)]]
        before = asked.get(place, _Question())
        for child, outcome in ((node.pos_child, True), (node.neg_child, False)):
            share = weights[id(child)] / total if total else 0.0
            question = _narrowed(before, node.condition, outcome, depths[place], share)
            walk(tree, child, weights, {**asked, place: question})

    for index, tree in enumerate(model.iter_trees()):
        walk(index, tree.root, _weights(tree.root), {})
    return _arrays(found, max([depth or 0 for depth in depths], default=0))


def _weights(root: Any) -> dict[int, float]:
    """Returns how many training examples came to each node, by their weights: id to number."""
    found: dict[int, float] = {}

    def visit(node: Any) -> float:
        below = (
            float(node.value.num_examples)
            if node.is_leaf
            else visit(node.pos_child) + visit(node.neg_child)
        )
        found[id(node)] = below
        return below

    visit(root)
    return found


def _column(condition: Any) -> int:
    if not hasattr(condition, "attribute"):
        raise NotImplementedError(f"A node asks several columns: {type(condition).__name__}")
    return int(condition.attribute)


def _narrowed(
    question: _Question, condition: Any, outcome: bool, depth: int | None, share: float
) -> _Question:
    """Returns a question together with the next one about the same column."""
    missing = question.missing and condition.missing == outcome
    share *= question.share
    if isinstance(condition, conditions.NumericalHigherThanCondition):
        low, high = question.low, question.high
        if outcome:
            low = max(low, condition.threshold)
        else:
            high = min(high, condition.threshold)
        return _Question(low, high, missing, None, share)
    if isinstance(condition, conditions.CategoricalIsInCondition):
        every = frozenset(range(depth or 0))
        within = frozenset(condition.mask) & every
        items = (every if question.items is None else question.items) & (
            within if outcome else every - within
        )
        return dataclasses.replace(question, missing=missing, items=items, share=share)
    if isinstance(condition, conditions.IsMissingInCondition):
        if outcome:  # nothing that is there goes on
            none = None if depth is None else frozenset[int]()
            return _Question(np.inf, -np.inf, question.missing, none, share)
        return dataclasses.replace(question, missing=False, share=share)
    raise NotImplementedError(f"Nodes of the kind {type(condition).__name__} are not explained")


def _leaf_values(model: ydf.GenericModel, units: int) -> Callable[[int, Any], Floats]:
    """Returns what makes of a tree's place, and a value of a leaf, what it adds to each logit."""
    boosted = isinstance(model, ydf.GradientBoostedTreesModel)
    votes = not boosted and model.winner_takes_all()
    trees = model.num_trees()

    def value_of(index: int, value: Any) -> Floats:
        added = np.zeros(units, np.float32)
        if boosted:
            added[index % units] = value.value
        elif hasattr(value, "probability"):
            shares = np.asarray(value.probability)
            added[:] = np.eye(units)[shares.argmax()] if votes else shares
            added /= trees
        else:
            added[0] = value.value / trees
        return added

    return value_of


def _arrays(found: Sequence[_Path], depth: int) -> Paths:
    width = max(1, max((len(path.questions) for path in found), default=1))
    shape = (len(found), width)
    column, items = np.zeros(shape, np.int32), np.full(shape, -1, np.int32)
    low, high = np.full(shape, -np.inf, np.float32), np.full(shape, np.inf, np.float32)
    missing, share = np.ones(shape, np.bool_), np.ones(shape, np.float32)
    rows: dict[frozenset[int], int] = {}
    for row, path in enumerate(found):
        for place, (key, question) in enumerate(path.questions.items()):
            where = (row, place)
            column[where] = key
            low[where], high[where] = question.low, question.high
            missing[where], share[where] = question.missing, question.share
            if question.items is not None:
                items[where] = rows.setdefault(question.items, len(rows))
    sets = np.zeros([max(1, len(rows)), max(1, depth)], np.bool_)
    for members, row in rows.items():
        sets[row, list(members)] = True
    values = np.stack([path.values for path in found])
    return Paths(column, low, high, missing, items, sets, share, values)
