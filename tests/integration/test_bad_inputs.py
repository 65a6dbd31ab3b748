"""Bad data end to end: one clear line, exit code 2, nothing half-written, nothing lost."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

# NumPy says so when TFDV takes the mean of infinite values.
pytestmark = [
    pytest.mark.whole,
    pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning"),
]

Row = dict[str, Any]
EditRow = Callable[[int, Row], Row]


def edit(function: EditRow) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [function(number, dict(row)) for number, row in enumerate(rows)]


class Bad(NamedTuple):
    """Rows that cannot be learnt from.

    Attributes:
        component: What finds it.
        message: Pattern of the first line.
        train: Makes the rows of the train split.
        eval: Makes those of the eval split, if they are not made in the same way.
    """

    component: str
    message: str
    train: Callable[[list[Row]], list[Row]]
    eval: Callable[[list[Row]], list[Row]] | None = None


def same(rows: list[Row]) -> list[Row]:
    return rows


BAD_ROWS = {
    "feature of another type in eval": Bad(
        "ExampleValidator",
        r"fare \(eval split\): STRING in 80 records, but its transform takes numbers",
        same,
        edit(lambda _, row: {**row, "fare": str(row["fare"])}),
    ),
    "feature that is absent in eval": Bad(
        "ExampleValidator",
        r"fare \(eval split\): feature absent from all 80 records",
        same,
        edit(lambda _, row: {**row, "fare": None}),
    ),
    "label that is missing in some records": Bad(
        "ExampleValidator",
        r"tip \(train split\): missing in 16 of 160 records",
        edit(lambda number, row: {**row, "tip": row["tip"] if number % 10 else None}),
    ),
    "label that training never sees": Bad(
        "Transform",
        r"The label 'tip' has values in the eval split that are never seen.*2 \(1 records\)",
        same,
        edit(lambda number, row: {**row, "tip": row["tip"] if number else 2}),
    ),
    "single class": Bad(
        "Transform",
        r"The label 'tip' has a single class in the train split: 1 in all 160 records",
        edit(lambda _, row: {**row, "tip": 1}),
    ),
    "constant number": Bad(
        "ExampleValidator",
        r"fare \(train split\): constant: 7 in all 160 records",
        edit(lambda _, row: {**row, "fare": 7.0}),
    ),
    "vocabulary of one": Bad(
        "ExampleValidator",
        r"day \(train split\): constant: 'monday' in all 160 records",
        edit(lambda _, row: {**row, "day": "monday"}),
    ),
    "NaN": Bad(
        "ExampleValidator",
        r"fare \(train split\): 16 values are NaN",
        edit(lambda number, row: {**row, "fare": row["fare"] if number % 10 else math.nan}),
    ),
    "infinity": Bad(
        "ExampleValidator",
        r"fare \(train split\): infinite values among 160 \(.*max=inf\)",
        edit(lambda number, row: {**row, "fare": row["fare"] if number % 10 else math.inf}),
    ),
}


@pytest.fixture(scope="module")
def live(make_project):
    """A project with a model that is live already, which no bad run may touch."""
    project = make_project()
    version = project.folder / "models" / "trips" / "7"
    version.mkdir(parents=True)
    (version / "weights").write_bytes(b"live")
    good = {split: (project.folder / f"{split}.tfrecord").read_bytes() for split in SPLITS}
    return project, good


SPLITS = ("train", "eval")


@pytest.fixture
def project(live) -> Iterator[Any]:
    """The project with its good data; afterwards nothing may be lost or half-written."""
    project, good = live
    for split, content in good.items():
        (project.folder / f"{split}.tfrecord").write_bytes(content)
    yield project
    assert project.versions() == [7]
    assert (project.folder / "models" / "trips" / "7" / "weights").read_bytes() == b"live"
    assert [path.name for path in (project.folder / "models" / "trips").iterdir()] == ["7"]


def refused(project: Any, capsys: pytest.CaptureFixture[str], **changes: object) -> str:
    """Runs the pipeline, which must be refused; returns the first line of the error."""
    capsys.readouterr()
    assert project.run(**changes) == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error.splitlines()[0]


@pytest.mark.parametrize("name", BAD_ROWS)
def test_rows_that_cannot_be_learnt_from_are_refused(
    project, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = BAD_ROWS[name]
    project.write("train", bad.train(project.rows["train"]))
    project.write("eval", (bad.eval or bad.train)(project.rows["eval"]))
    before = project.artifacts().get(bad.component, set())
    line = refused(project, capsys)
    assert re.match(f"{bad.component}: {bad.message}", line)
    record = project.records[-1]
    assert record.status == "failed"
    assert record.error.splitlines()[0] == line.removeprefix(f"{bad.component}: ")
    assert bad.component not in record.components
    # What the component has begun is not left to be taken for an artifact.
    assert project.artifacts().get(bad.component, set()) == before


def truncate(content: bytes) -> bytes:
    return content[: len(content) - 10]


def flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda _: b"", r"The file is empty \(0 bytes\)"),
        (truncate, "The file is truncated: .* record 79"),
        (flip, "The checksum of the .* does not match: record [0-9]+"),
        (lambda _: b"fare,tip\n1.0,1\n2.0,0\n", "This is not a TFRecord file: .*CSV"),
        (lambda _: b"PAR1" + bytes(100), "This is not a TFRecord file: .*Parquet"),
    ],
    ids=["empty", "truncated", "flipped bit", "CSV", "Parquet"],
)
@pytest.mark.parametrize("ingest", ["copy", "link"])
def test_damaged_file_is_refused(
    project,
    damage: Callable[[bytes], bytes],
    message: str,
    ingest: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = project.folder / "eval2.tfrecord"  # of the first file, the first records are looked at
    file.write_bytes(damage((project.folder / "eval.tfrecord").read_bytes()))
    damaged = file.read_bytes()
    before = project.artifacts().get("ExampleGen", set())
    changes = {"data__ingest": ingest, "data__eval": "eval*.tfrecord"}
    assert re.match(f"ExampleGen: {message}", refused(project, capsys, **changes))
    assert str(file) in project.records[-1].error
    assert file.read_bytes() == damaged
    assert project.artifacts().get("ExampleGen", set()) == before
    file.unlink()


def test_damage_in_the_first_file_is_found_before_anything_runs(
    project, capsys: pytest.CaptureFixture[str]
) -> None:
    file = project.folder / "train.tfrecord"
    file.write_bytes(truncate(file.read_bytes()))
    runs = len(project.records)
    assert refused(project, capsys).startswith("tfline run: The file is truncated")
    assert len(project.records) == runs


def test_feature_of_another_type_is_found_before_anything_runs(
    project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write("train", [{**row, "fare": str(row["fare"])} for row in project.rows["train"]])
    runs = len(project.records)
    assert refused(project, capsys).startswith("tfline run: The feature 'fare' holds text")
    assert len(project.records) == runs


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data__train": "none*"}, "tfline run: No file matches the pattern 'none*'"),
        ({"features": "{z_score: [fair]}"}, "tfline run: The feature 'fair' is in none"),
        ({"train__epoch": 3}, "tfline run: Unknown key 'epoch'"),
        ({"model": "wide_deeep"}, "tfline run: Unknown model 'wide_deeep'"),
    ],
)
def test_wrong_spec_is_refused_before_anything_runs(
    project, changes: dict[str, object], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = len(project.records)
    capsys.readouterr()
    assert project.run(**changes) == 2
    assert capsys.readouterr().err.startswith(message)
    assert len(project.records) == runs


def test_curated_schema_that_does_not_parse_is_refused(
    project, capsys: pytest.CaptureFixture[str]
) -> None:
    (project.folder / "bad.pbtxt").write_text("feature { nam: 'fare' }")
    line = refused(project, capsys, schema_file="bad.pbtxt")
    assert line.startswith("tfline run: The curated schema is not a valid text proto")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    options = ["-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if mount is None or subprocess.run([mount, *options], capture_output=True).returncode:
        pytest.skip("a file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_full_disk_is_named_and_the_work_goes_on_elsewhere(
    project, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write("train", [{**row, "note": "x" * 20_000} for row in project.rows["train"]])
    assert project.tfline("run", "spec.yaml", "--work", str(small_disk / "work")) == 2
    error = capsys.readouterr().err
    assert "space left" in error.splitlines()[0]
    assert "Traceback" not in error


def test_full_disk_at_the_push_leaves_what_is_live(
    project, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live = small_disk / "trips" / "7"
    live.mkdir(parents=True)
    (live / "weights").write_bytes(bytes(2_000_000))
    changes = {"evaluate": "{baselines: 'off'}", "train__epochs": 1, "push": small_disk / "trips"}
    assert project.run(**changes) == 2
    line = capsys.readouterr().err.splitlines()[0]
    assert line == "Pusher: The model cannot be pushed: [Errno 28] No space left on device"
    assert {path.name for path in (small_disk / "trips").iterdir()} == {"7", ".push"}
    assert list((small_disk / "trips" / ".push" / "staging").iterdir()) == []
    # With room again only the Pusher runs.
    shutil.rmtree(live)
    assert project.run(**changes) == 0
    assert project.executed() == ["Resolver", "Evaluator", "Pusher"]  # the baseline is gone


def test_read_only_file_system_is_refused(
    project, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert project.tfline("run", "spec.yaml", "--work", str(small_disk / "work")) == 2
    line = capsys.readouterr().err.splitlines()[0]
    assert line == "tfline run: The work folder cannot be written: Read-only file system"


def test_unicode_binary_and_missing_values_work(
    make_project, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project()
    days = ["Montag", "月曜日", b"\xff\x00\xfe", "a b", None]
    for split in SPLITS:
        rows = [{**row, "day": days[i % 5]} for i, row in enumerate(project.rows[split])]
        project.write(split, [{**row, "fare": row["fare"] if i % 7 else None}
                              for i, row in enumerate(rows)])  # fmt: skip
    assert project.run(train__epochs=1, evaluate__require="{}") == 0
    assert "月曜日" in capsys.readouterr().out
