"""Errors read well, and survive the way between processes."""

from __future__ import annotations

import pickle

import pytest

import tfline.serving.errors
import tfline.transforms.errors
from tfline.transforms.errors import DataError, InternalError, TflineError, did_you_mean


def error_types() -> list[type[TflineError]]:
    modules = (tfline.transforms.errors, tfline.serving.errors)
    values = [value for module in modules for value in vars(module).values()]
    found = {v for v in values if isinstance(v, type) and issubclass(v, TflineError)}
    return sorted(found, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", error_types())
def test_error_survives_pickling_with_all_that_it_says(kind: type[TflineError]) -> None:
    error = kind("What, and why", "file.tfrecord, record 3", "Do this.")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert (copy.message, copy.where, copy.hint) == (error.message, error.where, error.hint)
    assert copy.exit_code == (1 if kind is InternalError else 2)


def test_text_has_a_line_for_each_thing_that_is_said() -> None:
    assert str(DataError("What")) == "What"
    assert str(DataError("What", hint="Do this.")) == "What\n  to do: Do this."
    assert str(DataError("What", "there", "Do this.")).splitlines() == [
        "What",
        "  where: there",
        "  to do: Do this.",
    ]


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("zscore", ["z_score", "one_hot"], "Did you mean 'z_score'? Known: one_hot, z_score."),
        ("xyz", ["z_score"], "Known: z_score."),
        ("xyz", [], "Known: none."),
    ],
)
def test_did_you_mean_names_the_nearest_and_all(name: str, known: list[str], hint: str) -> None:
    assert did_you_mean(name, known) == hint
