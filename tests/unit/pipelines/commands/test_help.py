"""`tfline help`: every name that a spec or a command line may hold is explained."""

from __future__ import annotations

import pytest

from tfline.components.trainer.models import MODELS
from tfline.metrics.table import METRICS
from tfline.pipelines import cli
from tfline.pipelines.reference.index import KINDS, entries_of, names
from tfline.pipelines.reference.text import WIDTH
from tfline.pipelines.spec import PipelineSpec
from tfline.transforms.table import TRANSFORMS


def printed(capsys: pytest.CaptureFixture[str], *name: str) -> str:
    assert cli.main(["help", *name]) == 0
    return capsys.readouterr().out


def test_transform_says_what_it_takes_and_gives(capsys: pytest.CaptureFixture[str]):
    text = printed(capsys, "pad")
    assert text.startswith("pad  (transform)\n\n  Gives each series the same number of steps.\n")
    assert "Takes\n  Series: ragged float64 [batch, (steps)]." in text
    assert "  length  an integer, 1 or more, 100,000 at most, required\n" in text
    assert "  side  one of start, end, default end\n      Where padding is put.\n" in text
    assert "Example\n  features: {pad: {features: [load], length: 24}}\n" in text


def test_key_says_its_range_and_default(capsys: pytest.CaptureFixture[str]):
    assert printed(capsys, "train.epochs") == (
        "train.epochs  (key)\n\n  Passes over the train split.\n\n"
        "Values\n  an integer, 1 or more\n\nDefault\n  10\n\n"
        "Example\n  train: {epochs: 5, batch_size: 128}\n"
    )


def test_section_lists_its_keys(capsys: pytest.CaptureFixture[str]):
    text = printed(capsys, "push.budgets")
    assert "\nKeys\n  push.budgets.p99_ms        Milliseconds that 99 of 100" in text


def test_any_name_stands_where_a_key_has_a_name_of_yours(capsys: pytest.CaptureFixture[str]):
    assert printed(capsys, "evaluate.require.auc.slice_min") == printed(
        capsys, "evaluate.require.NAME.slice_min"
    )


def test_name_of_two_things_explains_both(capsys: pytest.CaptureFixture[str]):
    text = printed(capsys, "power")
    for kind in ("transform", "schedule", "dataset", "pipeline"):
        assert f"power  ({kind})\n" in text


def test_action_of_a_command(capsys: pytest.CaptureFixture[str]):
    text = printed(capsys, "data", "convert")
    assert text.startswith("data convert  (command)")
    assert "  --window  " in text
    assert "data taxi" not in text


@pytest.mark.parametrize(
    ("name", "hint"),
    [("z_scor", "Did you mean 'z_score'?"), ("epochs", "'train.epochs' or 'tune.epochs'?")],
)
def test_unknown_name_is_told_the_nearest(name, hint, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["help", name]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"tfline help: There is no '{name}'\n")
    assert hint in error


def test_without_a_name_all_are_listed(capsys: pytest.CaptureFixture[str]):
    text = printed(capsys)
    words = set(text.replace(",", " ").split())
    assert {*TRANSFORMS, *MODELS, *METRICS, *PipelineSpec.model_fields} <= words
    assert max(map(len, text.splitlines())) <= WIDTH


def test_reference_has_every_name_of_the_tables():
    known = names()
    assert set(known["transform"]) == set(TRANSFORMS)
    assert set(known["model"]) == set(MODELS)
    assert set(known["metric"]) == set(METRICS)
    assert set(cli.COMMANDS) <= set(known["command"])
    assert set(PipelineSpec.model_fields) <= set(known["key"])


@pytest.mark.parametrize("kind", KINDS)
def test_entries_say_what_they_are_and_what_each_argument_does(kind: str):
    for entry in entries_of(kind):
        assert entry.summary.endswith((".", "?", ")")) or kind == "key", entry.name
        assert entry.summary, entry.name
        silent = [argument.name for argument in entry.arguments if not argument.text]
        options = [name for name in silent if kind != "command" or name.startswith("-")]
        assert options == [] or kind == "flag", (entry.name, options)
