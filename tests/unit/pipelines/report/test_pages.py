"""Pages of runs that ended in every way, made from files as the components leave them."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tensorflow_metadata.proto.v0 import statistics_pb2

from tfline.components.artifacts.override import Override
from tfline.components.evaluator.evidence.evidence_file import FILE_NAME as EVIDENCE_FILE
from tfline.components.evaluator.evidence.evidence_file import (
    SAMPLE_FILE,
    Evidence,
    Mistake,
    Values,
)
from tfline.pipelines.report.collect import card, data, mistakes, model
from tfline.pipelines.report.collect.places import Places, find_places
from tfline.pipelines.report.figures.model import draw as draw_model
from tfline.pipelines.report.render import metric, number, render_comparison, render_run, seconds
from tfline.pipelines.report.run_files import RunFiles
from tfline.pipelines.run.override import FILE_NAME
from tfline.pipelines.run.parts import Part
from tfline.pipelines.run.records import ComponentRecord, RunRecord, find_run
from tfline.pipelines.spec.card import CardSpec
from tfline.transforms.errors import SpecError, WorkFolderError

RULE = {
    "rule": "accuracy >= 0.8",
    "spec": "evaluate.require.accuracy.min",
    "metric": "accuracy",
    "slice": "overall",
    "value": 0.7,
    "bound": 0.8,
    "baseline": None,
    "low": 0.65,
    "high": 0.75,
    "outcome": "failed",
    "blocks": True,
    "reason": "accuracy 0.7 < 0.8",
}


def a_slice(label: str, count: int, **metrics: float | None) -> dict[str, Any]:
    return {
        "slice": {} if label == "overall" else {"day": label},
        "label": label,
        "count": count,
        "small": count < 50,
        "metrics": {**metrics, "example_count": count},
        "by_class": {},
        "baseline": {"accuracy": 0.75},
        "intervals": {"accuracy": None},
    }


def a_verdict(blessed: bool) -> dict[str, Any]:
    return {
        "format": 2,
        "split": "eval",
        "after_selection": True,
        "blessed": blessed,
        "headline": RULE["reason"],
        "reasons": [] if blessed else [RULE["reason"]],
        "outcomes": {"passed": 1} if blessed else {"failed": 1},
        "comparison": [],
        "rules": [{**RULE, "outcome": "passed", "blocks": False} if blessed else RULE],
        "baseline": "compared with <another>",
        "task": "binary",
        "label": "tip",
        "classes": ["no", "yes"],
        "records": 200,
        "threshold": 0.5,
        "min_slice_size": 50,
        "confidence": 0.9,
        "slices": [a_slice("overall", 200, accuracy=0.7), a_slice("<b>day</b>", 3, accuracy=None)],
        "confusion_matrix": [[90, 30], [30, 50]],
    }


@pytest.fixture
def evaluated(tmp_path: Path) -> RunRecord:
    """A complete run whose model is not blessed, of which only the evaluation is left."""
    evaluation, blessing = tmp_path / "evaluation" / "8", tmp_path / "blessing" / "8"
    for folder in (evaluation, blessing):
        folder.mkdir(parents=True)
    (evaluation / "verdict.json").write_text(json.dumps(a_verdict(blessed=False)))
    outputs = {"evaluation": str(evaluation), "blessing": str(blessing)}
    return RunRecord(
        id="20260131-235959-123456",
        pipeline="trips",
        status="complete",
        parts={"ExampleGen": {}, "Trainer": {}, "Evaluator": {}},
        components={"Evaluator": ComponentRecord(seconds=2, cached=False, outputs=outputs)},
        places={"evaluate.require.accuracy": "trips.yaml:7"},
    )


def add_output(record: RunRecord, component: str, channel: str, folder: Path) -> None:
    outputs = {channel: str(folder)}
    record.components[component] = ComponentRecord(seconds=1, cached=False, outputs=outputs)


def files_of(record: RunRecord, **card: str) -> RunFiles:
    return RunFiles(record, Path("/nowhere/metadata.db"), CardSpec(**card))


def test_model_that_is_not_blessed_says_why_and_where(evaluated: RunRecord) -> None:
    page = render_run(files_of(evaluated, intended_use="To <test>"))
    assert "Not blessed: it may not go live" in page
    assert "accuracy 0.7 &lt; 0.8" in page
    assert "p-values are after that selection" in page
    assert "trips.yaml:7" in page
    assert "0.6500 to 0.7500" in page
    assert "To &lt;test&gt;" in page
    assert "&lt;b&gt;day&lt;/b&gt;" in page
    assert "<b>day" not in page
    assert "compared with &lt;another&gt;" in page


def test_page_says_what_is_lost_from_split_to_split(evaluated: RunRecord) -> None:
    evaluation = evaluated.output("Evaluator", "evaluation")
    assert evaluation is not None
    assert "From split to split" not in render_run(files_of(evaluated))
    train = {"split": "train", "records": 7, "value": 0.9, "low": None, "high": None, "step": "",
             "worse": 0.0}  # fmt: skip
    held_out = {"split": "train_dev", "records": 8_000, "value": 0.85, "low": 0.8, "high": 0.88,
                "step": "variance", "worse": 0.05}  # fmt: skip
    told = {"metric": "auc", "splits": [train, held_out], "reason": "auc 0.9 on train"}
    (evaluation / "verdict.json").write_text(json.dumps({**a_verdict(True), "by_split": [told]}))
    page = render_run(files_of(evaluated))
    table = page[page.index("From split to split") :].partition("</table>")[0]
    for shown in ("auc", "0.8500", "0.8000 to 0.8800", "0.05", "variance", "8,000"):
        assert shown in table


def test_map_is_of_the_sample_and_leaves_out_who_is_nowhere(evaluated: RunRecord) -> None:
    folder = evaluated.output("Evaluator", "evaluation")
    assert folder is not None
    assert find_places(files_of(evaluated)) is None
    where = np.array([[1.0, 2.0], [np.nan, 2.0], [3.0, 4.0]])
    np.savez(folder / SAMPLE_FILE, labels=[1, 0, 0], predictions=[0.9, 0.1, 0.2], places=where)
    evidence = Evidence(records=3, map=("east", "north"))
    (folder / EVIDENCE_FILE).write_text(evidence.model_dump_json())
    found = find_places(files_of(evaluated))
    assert found == Places(("east", "north"), "tip", (1, 3), (2, 4), (1, 0), ("no", "yes"))


def test_verdict_that_is_overridden_says_by_whom(evaluated: RunRecord) -> None:
    blessing = evaluated.output("Evaluator", "blessing")
    assert blessing is not None
    override = Override(why="Only a pilot", by="ada", at="2026-02-01T00:00:00Z")
    (blessing / FILE_NAME).write_text(override.model_dump_json())
    page = render_run(files_of(evaluated))
    assert "Not blessed, and overridden: it may go live" in page
    assert "overridden by ada: Only a pilot" in page


def test_killed_run_is_not_finished_and_a_failed_one_says_where(evaluated: RunRecord) -> None:
    nothing = evaluated.model_copy(update={"status": "running", "components": {}})
    assert "Not finished" in render_run(files_of(nothing))
    error = "\n".join(f"line {i}" for i in range(12))
    failed = nothing.model_copy(update={"status": "failed", "error": error})
    page = render_run(files_of(failed))
    assert "Failed in ExampleGen" in page
    assert "and 4 more" in page
    assert "line 11" in page


def test_card_names_classes_and_counts_tokens(evaluated: RunRecord, tmp_path: Path) -> None:
    add_output(evaluated, "Transform", "transform_graph", tmp_path)
    content = {"task": "multiclass", "label": "kind", "classes": ["a", "b"]}
    words = [str(number) for number in range(1000)]
    tasks = []
    for changes in ({}, {"classes": words}, {"classes": words, "task": "text"}):
        (tmp_path / "tfline.json").write_text(json.dumps({**content, **changes}))
        tasks.append(card.collect(files_of(evaluated)).task)
    assert tasks == [
        "kind: multiclass of a, b",
        f"kind: multiclass of {', '.join(words[:20])} and 980 more",
        "kind: text, written with 1,000 tokens",
    ]


def test_card_says_how_large_the_data_is(evaluated: RunRecord) -> None:
    evaluated.parts["ExampleGen"] = (
        Part("file", "trips", "5,615,609 bytes, 1a2b", role="data.train"),
        Part("source", "x", "3c"),
    )
    assert card.collect(files_of(evaluated)).data == ("train trips: 5,615,609 bytes",)


def test_learning_rate_that_never_changes_has_no_curve(
    evaluated: RunRecord, tmp_path: Path
) -> None:
    training = {
        "model": "mlp",
        "parameters": 3,
        "layers": [],
        "epochs": 2,
        "steps": 8,
        "seconds": 1.0,
        "records": {"train": 4},
        "train": {"loss": None, "optimizer": {"name": "adam", "clipnorm": None}},
    }
    add_output(evaluated, "Trainer", "model_run", tmp_path)
    sections = []
    for rates in ([0.1, 0.1], [0.1, 0.05]):
        history = {"loss": [2.0, 1.0], "learning_rate": rates}
        (tmp_path / "training.json").write_text(json.dumps({**training, "history": history}))
        section = model.collect(files_of(evaluated))
        assert section is not None
        sections.append((section.learning_rate, list(section.curves)))
    assert sections == [(0.1, ["loss"]), (None, ["loss", "learning_rate"])]
    assert section.settings == {"optimizer": {"name": "adam"}}


def test_trees_show_rounds_of_their_own_and_what_they_looked_at(
    evaluated: RunRecord, tmp_path: Path
) -> None:
    training = {
        "model": "boosted_trees",
        "parameters": 0,
        "size": "2 trees, 6 nodes",
        "round": "tree",
        "layers": [],
        "epochs": 2,
        "steps": None,
        "seconds": 1.0,
        "records": {"train": 4},
        "train": {"seed": 1},
        "history": {"loss": [2.0, 1.0], "val_loss": [2.5, 2.0], "auc": [0.9], "val_auc": [0.8]},
        "importances": {"shap": {"fare": 0.7, "<day>": 0.3}, "gain": {"fare": 1.0}},
    }
    add_output(evaluated, "Trainer", "model_run", tmp_path)
    (tmp_path / "training.json").write_text(json.dumps(training))
    section = model.collect(files_of(evaluated))
    assert section is not None
    assert section.curves == {"loss": ((2.0, 1.0), (2.5, 2.0))}
    assert section.reached == {"auc": (0.9, 0.8)}
    assert section.size == "2 trees, 6 nodes"
    figures = draw_model(section)
    assert list(figures) == ["curve_loss", "learnt_importances"]
    assert figures["curve_loss"].description.startswith("loss by tree")
    shap, gain = figures["learnt_importances"].data
    assert shap["y"] == gain["y"] == ["&lt;day&gt;", "fare"]
    assert (shap["x"], gain["x"]) == ([0.3, 0.7], [0.0, 1.0])


def test_data_says_what_each_feature_is_for(evaluated: RunRecord, tmp_path: Path) -> None:
    add_output(evaluated, "StatisticsGen", "statistics", tmp_path)
    split = tmp_path / "Split-train"
    split.mkdir()
    statistics = statistics_pb2.DatasetFeatureStatisticsList()
    dataset = statistics.datasets.add(num_examples=1000)
    for key, most in {"fare": 1000, "day": 400, "hour": 50, "text": 2, "other": 49}.items():
        feature = dataset.features.add(name=key, type="STRING")
        feature.string_stats.unique = 1000 // most
        feature.string_stats.common_stats.num_non_missing = 1000
        feature.string_stats.common_stats.tot_num_values = 1000
        feature.string_stats.rank_histogram.buckets.add(label="x", sample_count=most)
    (split / "FeatureStats.pb").write_bytes(statistics.SerializeToString())
    evaluated.spec.update(
        label={"key": "tip"},
        features=[{"keys": ["fare"]}],
        evaluate={"slices": [[{"name": "day"}, {"name": "late", "formula": "hour > 20"}]]},
    )
    section = data.collect(files_of(evaluated))
    assert section is not None
    roles = {feature.name: feature.role for feature in section.features}
    assert roles == {
        "fare": "feature",
        "day": "slice",
        "hour": "slice",
        "text": "unused",
        "other": "unused",
    }
    shares = {feature.name: feature.bars and feature.bars.shares for feature in section.features}
    assert shares["fare"] == {"train": (1.0,)}
    assert shares["hour"] == {"train": (0.05, 0.95)}
    assert shares["text"] is shares["other"] is None  # nearly all values differ
    assert section.columns == {"present", "missing", "distinct"}


def test_runs_of_which_one_has_no_model_are_compared(evaluated: RunRecord) -> None:
    other = evaluated.model_copy(update={"components": {}, "status": "failed", "error": "Why"})
    for pair in ((evaluated, other), (other, evaluated), (other, other)):
        page = render_comparison(*map(files_of, pair))
        assert "The specs are the same." in page


def test_file_that_cannot_be_read_is_named(evaluated: RunRecord) -> None:
    folder = evaluated.output("Evaluator", "evaluation")
    assert folder is not None
    (folder / "verdict.json").write_text("{")
    with pytest.raises(WorkFolderError) as caught:
        render_run(files_of(evaluated))
    assert caught.value.where == str(folder / "verdict.json")


def encoded(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "shape", "size", "mode"),
    [
        (bytes(range(12)), [3, 4, 1], (4, 3), "L"),
        (bytes(range(36)), [3, 4, 3], (4, 3), "RGB"),
        (encoded(Image.new("RGB", (400, 200)), "JPEG"), None, (160, 80), "RGB"),
        (encoded(Image.new("RGBA", (9, 8)), "PNG"), None, (9, 8), "RGB"),
    ],
    ids=["grey-pixels", "coloured-pixels", "large-jpeg", "png-with-alpha"],
)
def test_picture_becomes_a_small_png(
    evaluated: RunRecord, content: bytes, shape: list[int] | None, size: tuple[int, int], mode: str
) -> None:
    shown = shown_picture(evaluated, content, shape)
    image = Image.open(io.BytesIO(base64.b64decode(shown.picture)))
    assert (image.format, image.size, image.mode) == ("PNG", size, mode)


@pytest.mark.parametrize(
    ("numbers", "pixels"),
    [
        ((0.0, 0.5, 1.0, 0.2), [0, 128, 255, 51]),
        ((0.0, 128.0, 255.0, 51.0), [0, 128, 255, 51]),
        ((-1.0, 0.0, 1.0, -0.6), [0, 128, 255, 51]),
        ((0.0, 8.0, 16.0, 3.2), [0, 128, 255, 51]),
    ],
)
def test_numbers_that_are_reshaped_are_a_picture(
    evaluated: RunRecord, numbers: tuple[float, ...], pixels: list[int]
) -> None:
    first = {"transform": "reshape", "arguments": {"shape": [2, 2, 1]}}
    evaluated.spec["features"] = [{"name": "x", "keys": ["x"], "steps": [first]}]
    shown = shown_values(evaluated, Values(numbers=numbers))
    image = Image.open(io.BytesIO(base64.b64decode(shown.picture)))
    assert (image.size, list(image.tobytes())) == ((2, 2), pixels)


@pytest.mark.parametrize("shape", [[3, 4, 1], None], ids=["wrong-size", "no-picture"])
def test_bytes_that_are_no_picture_are_counted(
    evaluated: RunRecord, shape: list[int] | None
) -> None:
    assert shown_picture(evaluated, b"\x00\x01", shape).text == "2 bytes"


@pytest.mark.parametrize(
    ("numbers", "text", "ends"),
    [
        ((1.0, 2.5), "1, 2.5", None),
        ((*range(11), 5), "12 numbers, 0 to 10", ("0,100", "100,50")),
        ((7.0,) * 12, "12 numbers, 7 to 7", ("0,0", "100,0")),
        ((0.0, None, *range(11)), "13 numbers, 0 to 10", ("0,100", "100,0")),
        ((1.0, None), "1, n/a", None),
    ],
    ids=["few", "series", "constant", "gap", "few-with-a-gap"],
)
def test_series_is_drawn(
    evaluated: RunRecord, numbers: tuple[float | None, ...], text: str, ends: tuple[str, str] | None
) -> None:
    shown = shown_values(evaluated, Values(numbers=numbers))
    assert shown.text == text
    points = shown.curve.split()
    assert (points[0], points[-1]) == ends if ends else not points
    assert ("<polyline" in render_run(files_of(evaluated))) is bool(ends)


def test_label_is_not_shown_again_among_the_features_of_an_error(evaluated: RunRecord) -> None:
    folder = evaluated.output("Evaluator", "evaluation")
    assert folder is not None
    features = {key: Values(texts=("no",)) for key in ("tip", "day")}
    mistake = Mistake(record=1, label="no", predicted="yes", error=0.9, features=features)
    evidence = Evidence(records=5, mistakes=(mistake,))
    (folder / "evidence.json").write_text(evidence.model_dump_json())
    section = mistakes.collect(files_of(evaluated))
    assert section is not None
    assert section.keys == ("day",)


def test_worst_errors_are_shown_with_what_added_the_most(evaluated: RunRecord) -> None:
    folder = evaluated.output("Evaluator", "evaluation")
    assert folder is not None
    added = {"fare": -0.25, "day": 1.5, "none": 0.0}
    mistake = Mistake(record=1, label="no", predicted="yes", error=0.9, features={},
                      attributions=added, unit="log-odds")  # fmt: skip
    evidence = Evidence(records=5, mistakes=(mistake,))
    (folder / "evidence.json").write_text(evidence.model_dump_json())
    section = mistakes.collect(files_of(evaluated))
    assert section is not None
    assert section.cards[0].reasons == ("day +1.5", "fare -0.25")
    page = render_run(files_of(evaluated))
    assert "day +1.5, fare -0.25" in page
    assert "log-odds" in page


def shown_picture(record: RunRecord, content: bytes, shape: list[int] | None) -> mistakes.Shown:
    step = {"transform": "decode_raw", "arguments": {"shape": shape}} if shape else {}
    first = step or {"transform": "decode_image", "arguments": {}}
    record.spec["features"] = [{"name": "x", "keys": ["x"], "steps": [first]}]
    return shown_values(record, Values(encoded=(base64.b64encode(content).decode(),)))


def shown_values(record: RunRecord, values: Values) -> mistakes.Shown:
    folder = record.output("Evaluator", "evaluation")
    assert folder is not None
    mistake = Mistake(record=1, label="no", predicted="yes", error=0.9, features={"x": values})
    evidence = Evidence(records=5, mistakes=(mistake,))
    (folder / "evidence.json").write_text(evidence.model_dump_json())
    section = mistakes.collect(files_of(record))
    assert section is not None
    return section.cards[0].features["x"]


def test_run_is_found_by_number_id_or_its_beginning(evaluated: RunRecord) -> None:
    records = [evaluated, evaluated.model_copy(update={"id": "20260201-000000-000000"})]
    assert find_run(records) is records[1]
    assert find_run(records, "1") is records[0]
    assert find_run(records, "20260131") is records[0]
    assert find_run(records, records[1].id) is records[1]
    with pytest.raises(SpecError, match="2 runs begin with '2026'"):
        find_run(records, "2026")
    with pytest.raises(SpecError, match="There is no run '3'"):
        find_run(records, "3")
    with pytest.raises(SpecError, match="no runs yet"):
        find_run([])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "n/a"),
        (12094, "12,094"),
        (0.94771, "0.9477"),
        (1.2e-7, "1.2e-07"),
        (12345.6, "12,346"),
    ],
)
def test_numbers_are_written_to_be_read(value: float | None, text: str) -> None:
    assert number(value) == text


def test_metrics_have_four_decimals_and_times_two_units() -> None:
    assert [metric(x) for x in (None, 1.0, 0.5, 12.3456, 0.0, 0.00409312)] == [
        "n/a",
        "1.0000",
        "0.5000",
        "12.35",
        "0.0000",
        "0.004093",
    ]
    assert [metric(x, 3) for x in (0.9477, 12.3456, 0.00409312)] == ["0.948", "12.3", "0.00409"]
    assert [seconds(x) for x in (0.44, 59.99, 125, 3780)] == [
        "0.4 s",
        "60.0 s",
        "2 min 5 s",
        "1 h 3 min",
    ]
