"""A certificate is kept beside the model, and budgets are gates."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfline.components.artifacts.versions import CERTIFICATE
from tfline.components.pusher.certificate import Certificate, read_certificate, write_certificate
from tfline.components.pusher.config import Budgets
from tfline.transforms.errors import PushError

MEASURED = Certificate(
    records=100,
    tolerance=1e-4,
    largest_difference={"grpc": 0.0, "grpc_single": 1.19e-7, "rest": 3e-8},
    p50_ms=1.3,
    p99_ms=4.97,
    cold_start_s=1.2,
    model_mb=0.822,
)


def test_certificate_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_certificate(tmp_path) is None
    write_certificate(tmp_path, MEASURED)
    assert read_certificate(tmp_path) == MEASURED


def test_certificate_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write_certificate(tmp_path, MEASURED)
    (tmp_path / CERTIFICATE).write_text('{"records": 1}')
    with pytest.raises(PushError, match="The certificate cannot be read") as caught:
        read_certificate(tmp_path)
    assert caught.value.where == str(tmp_path / CERTIFICATE)


def test_summary_says_how_far_answers_differ() -> None:
    assert MEASURED.summary() == "100 records agree within 1e-07, p99 5 ms"


@pytest.mark.parametrize(
    "budgets", [Budgets(), Budgets(p99_ms=4.97), Budgets(p99_ms=5, model_mb=1, cold_start_s=2)]
)
def test_model_within_its_budgets_passes(budgets: Budgets) -> None:
    MEASURED.check(budgets)


def test_every_exceeded_budget_is_named() -> None:
    with pytest.raises(PushError) as caught:
        MEASURED.check(Budgets(p99_ms=2, model_mb=0.5, cold_start_s=5))
    assert caught.value.message == (
        "The model exceeds its budget: p99_ms is 4.97, allowed 2; model_mb is 0.822, allowed 0.5"
    )
