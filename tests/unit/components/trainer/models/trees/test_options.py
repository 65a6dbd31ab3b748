"""The arguments of trees are those of YDF's learners, with the values that these allow."""

from __future__ import annotations

import inspect
import re
import types
import typing
from typing import Any, Literal

import numpy as np
import pytest
import ydf

from tfline.components.trainer.models import MODELS, TREES
from tfline.components.trainer.models.trees.growing import LEARNERS
from tfline.components.trainer.models.trees.options import LEFT_OUT
from tfline.transforms.arguments import arguments_model, check_arguments
from tfline.transforms.errors import SpecError

OURS = {"monotone"}
"""What YDF says of a column, not of a learner."""

SIMPLE = {"bool": bool, "int": int, "float": float, "str": str}


def parameters(name: str) -> dict[str, inspect.Parameter]:
    """Returns the arguments of YDF's learner."""
    found = dict(inspect.signature(LEARNERS[name].__init__).parameters)
    del found["self"]
    return found


def types_of(annotation: Any) -> set[Any]:
    """Returns the simple types that an annotation stands for."""
    if typing.get_origin(annotation) is typing.Annotated:
        return types_of(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return set().union(*map(types_of, typing.get_args(annotation)))
    if typing.get_origin(annotation) is Literal:
        return {type(value) for value in typing.get_args(annotation)}
    return {annotation}


@pytest.mark.parametrize("name", sorted(TREES))
def test_every_argument_of_the_learner_is_there_or_left_out_for_a_reason(name: str) -> None:
    ours = set(arguments_model(MODELS[name]).model_fields) - OURS
    theirs = set(parameters(name))
    assert ours <= theirs
    assert theirs - ours <= LEFT_OUT.keys()


def test_what_is_left_out_is_no_argument() -> None:
    learners = [set(parameters(name)) for name in TREES]
    ours = [set(arguments_model(MODELS[name]).model_fields) for name in TREES]
    assert LEFT_OUT.keys() <= set().union(*learners)
    assert not LEFT_OUT.keys() & set().union(*ours)


@pytest.mark.parametrize("name", sorted(TREES))
def test_arguments_have_the_types_that_the_learner_says(name: str) -> None:
    for key, field in arguments_model(MODELS[name]).model_fields.items():
        if key in OURS:
            continue
        theirs = types_of(parameters(name)[key].annotation)
        # A default of ours may stand for one of theirs.
        assert types_of(field.annotation) - {type(None)} == theirs - {type(None)}, key


def literals(name: str) -> dict[str, list[str]]:
    """Returns the words that are allowed, by argument."""
    found: dict[str, list[str]] = {}
    for key, field in arguments_model(MODELS[name]).model_fields.items():
        words = [
            value
            for part in (field.annotation, *typing.get_args(field.annotation))
            if typing.get_origin(part) is Literal
            for value in typing.get_args(part)
        ]
        if words and key not in OURS:
            found[key] = words
    return found


@pytest.mark.parametrize("name", sorted(TREES))
def test_every_word_is_one_that_the_learner_knows(name: str) -> None:
    rng = np.random.default_rng(0)
    data = {"x": rng.normal(size=50), "z": rng.normal(size=50), "y": rng.integers(0, 2, 50)}
    level = ydf.verbose(0)
    for key, words in literals(name).items():
        for word in words:
            more = {"dart_dropout": 0.1} if word == "DART" else {}
            if key.startswith("sparse_oblique"):
                more = {"split_axis": "SPARSE_OBLIQUE"}
            learner = LEARNERS[name](label="y", num_trees=1, **{key: word}, **more)
            assert learner.train(data, **({"valid": data} if name == "boosted_trees" else {}))
    ydf.verbose(level)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_tree": 3}, "no argument 'num_tree'.*\n.*num_trees"),
        ({"shrinkage": 0.0}, "greater than 0"),
        ({"early_stopping": "LOSS"}, "'MIN_LOSS_FINAL' or 'LOSS_INCREASE'"),
        ({"monotone": {"fare": "up"}}, "'increasing' or 'decreasing'"),
        ({"random_seed": 3}, "no argument 'random_seed'"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        check_arguments(MODELS["boosted_trees"], arguments, "")
    assert re.search(message, f"{caught.value.message}\n{caught.value.hint}")
