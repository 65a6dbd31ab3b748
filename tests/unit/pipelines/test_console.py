"""What a run looks like: whole lines where it is redirected, whole words in a terminal."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tfline.pipelines.console import RunDisplay, show_result
from tfline.pipelines.run.records import ComponentRecord, RunRecord
from tfline.pipelines.spec import PipelineSpec

METRICS = ["auc", "accuracy", "precision", "recall", "f1", "log_loss", "calibration", "pr_auc"]
REASON = "auc is 0.8512 (95 % interval 0.8391 to 0.8633), at least 0.8 is required of all records"
SUMMARY = "9 features of 15,002 records, and whatever else a component has to say of its result"
SPEC = PipelineSpec.model_validate(
    {
        "name": "trips",
        "data": {"train": "train.tfrecord", "eval": "eval.tfrecord"},
        "label": "tip",
        "features": {"z_score": ["fare"]},
        "model": "mlp",
    }
)


UNKNOWN = "auc of city=Oslo cannot be told: only 3 positive records"


class Terminal(io.StringIO):
    """A stream that takes itself for a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    """A run with more metrics than a terminal has room for."""
    entry = {"count": 2908, "small": False, "by_class": {}}
    slices = [
        {**entry, "label": label, "metrics": dict.fromkeys(METRICS, 0.8512)}
        for label in ("overall", "payment_type=Credit Card")
    ]
    verdict = {
        "format": 2,
        "headline": REASON,
        "outcomes": {"passed": len(METRICS)},
        "comparison": [],
        "slices": slices,
        "rules": [
            *(
                {"metric": m, "reason": REASON, "spec": "evaluate", "outcome": "passed"}
                for m in METRICS
            ),
            {"metric": "auc", "reason": UNKNOWN, "spec": "evaluate", "outcome": "unknown"},
        ],
        "classes": [],
        "min_slice_size": 50,
        "blessed": True,
        "reasons": [REASON],
    }
    (tmp_path / "verdict.json").write_text(json.dumps(verdict))
    evaluator = ComponentRecord(seconds=1, cached=False, outputs={"evaluation": str(tmp_path)})
    return RunRecord(
        id="1",
        pipeline="trips",
        parts={},
        components={"Evaluator": evaluator},
        places={"evaluate": "trips.yaml:11"},
    )


def shown(record: RunRecord, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Returns the lines of a run."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stdout", stream)
    with RunDisplay(SPEC, stream) as display:
        display.finished("StatisticsGen", 6.1, False, SUMMARY)
    show_result(record)
    return stream.getvalue().splitlines()


def test_redirected_output_is_neither_cut_nor_broken(
    record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = shown(record, io.StringIO(), monkeypatch)
    assert f"  StatisticsGen       6.1 s  {SUMMARY}" in lines
    [header] = [line for line in lines if line.startswith("slice")]
    assert header.split() == ["slice", "records", *METRICS]
    [row] = [line for line in lines if line.startswith("payment_type=Credit Card")]
    assert row.split()[2:] == ["2,908", *["0.8512"] * len(METRICS)]
    assert f"  - {REASON}  [trips.yaml:11]" in lines
    assert lines.index(f"  - {UNKNOWN}") == lines.index("  of 8 rules: 8 passed") + 1


def test_terminal_of_80_columns_shows_whole_words_and_numbers(
    record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    lines = shown(record, Terminal(), monkeypatch)
    assert max(map(len, lines)) <= 80
    headers = [line.split()[2:] for line in lines if line.startswith("slice")]
    assert len(headers) == 2
    assert [name for header in headers for name in header] == METRICS
    rows = [line.split()[2:] for line in lines if line.startswith("payment_type=Credit Card")]
    assert [number for row in rows for number in row if number != "2,908"] == ["0.8512"] * 8
    said = " ".join(" ".join(lines).split())
    assert SUMMARY in said
    assert f"{REASON} [trips.yaml:11]" in said
