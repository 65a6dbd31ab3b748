"""Each example of the reference is read by what it is an example for."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tfline.pipelines.reference.commands import parser_of
from tfline.pipelines.reference.entry import Entry
from tfline.pipelines.reference.index import KINDS, entries_of
from tfline.pipelines.spec import load_spec
from tfline.serving.server.flags import parse

BASE: dict[str, Any] = {
    "name": "example",
    "data": {"train": "train*.tfrecord", "eval": "eval*.tfrecord"},
    "label": "big_tipper",
    "features": {"z_score": ["fare"]},
    "model": "mlp",
    "push": "models/example",
}


LABELS: dict[str, Any] = {
    "binary": {"key": "big_tipper", "task": "binary"},
    "multiclass": {"key": "kind", "task": "multiclass"},
    "ordinal": {"key": "rating", "task": "ordinal", "classes": ["bad", "good"]},
    "boxes": {"key": "kinds", "task": "boxes"},
    "multilabel": {"key": "kinds", "task": "multilabel", "targets": ["red", "blue"]},
    "regression": {"key": "price", "task": "regression"},
    "forecast": {"key": "ahead", "task": "forecast", "horizon": 2},
    "text": {"key": "target", "task": "text"},
    "box": {"key": "kind", "task": "box", "targets": ["top", "left", "bottom", "right"]},
    "image": {"key": "clean", "task": "image", "shape": [8, 8]},
    "mask": {"key": "mask", "task": "mask", "shape": [8, 8], "classes": ["cat", "dog"]},
}


@pytest.fixture(scope="module", autouse=True)
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The files that examples name, in the current folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("project"))
        Path("mobilenet_v2_notop.weights.h5").touch()
        Path("encoder/variables").mkdir(parents=True)
        Path("encoder/saved_model.pb").touch()
        Path("encoder/variables/variables.index").touch()
        yield


def written_in(language: str) -> list[Any]:
    return [
        pytest.param(entry, id=f"{kind}-{entry.name}")
        for kind in KINDS
        for entry in entries_of(kind)
        if entry.example is not None and entry.example.language == language
    ]


@pytest.mark.parametrize("entry", written_in("yaml"))
def test_part_of_a_spec_is_read(entry: Entry) -> None:
    part = yaml.safe_load(entry.example.text)
    assert part
    spec = {**BASE, **part}
    tasks = dict(entry.facts).get("Tasks")
    if tasks is not None:  # of a metric, or a loss
        spec["label"] = LABELS[tasks.split(",")[0].strip("`")]
    if "model" not in part and isinstance(spec["label"], dict):
        spec["model"] = "translator" if spec["label"].get("task") == "text" else "mlp"
    file = Path("spec.yaml")
    file.write_text(json.dumps(spec))
    load_spec(str(file))


@pytest.mark.parametrize("entry", written_in("sh"))
def test_command_is_read(entry: Entry) -> None:
    assert entry.example.text, "write a section `Example:` into the docstring of its module"
    for line in entry.example.text.splitlines():
        words = shlex.split(line.rpartition("| ")[2], comments=True)
        if words[:3] == ["python", "-m", "tfline.serving.server"]:
            _, unknown = parse(words[3:])
            assert unknown == []
        else:
            assert words[0] == "tfline"
            parser_of(words[1]).parse_args(words[2:])
