"""The range test of learning rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tfline.components.trainer.config import ModelConfig, RunConfig, TrainConfig
from tfline.components.trainer.rate_range import HIGHEST, LOWEST, find_rate, smooth, suggest
from tfline.transforms.errors import ModelError

if TYPE_CHECKING:
    from tests.unit.components.trainer.conftest import Case


def test_losses_are_smoothed_by_hand() -> None:
    assert smooth([1.0, 3.0]) == pytest.approx([1.0, (0.09 + 0.3) / 0.19])
    assert smooth([2.0] * 5) == pytest.approx([2.0] * 5)


def test_suggestion_is_a_tenth_of_the_rate_of_the_lowest_loss() -> None:
    rates = np.geomspace(1e-4, 1.0, 60).tolist()
    losses = [5.0] * 10 + np.linspace(5, 1, 20).tolist() + np.linspace(1, 9, 30).tolist()
    found = suggest(rates, losses)
    lowest = int(np.argmin(found.losses))
    assert 28 <= lowest <= 36
    assert found.suggestion == rates[lowest] / 10


def test_no_loss_at_all_is_an_error() -> None:
    with pytest.raises(ModelError, match="not a number from the first step"):
        suggest([1e-6], [])


@pytest.mark.parametrize("accumulate", [1, 2])
def test_rate_grows_and_training_improves_with_what_is_found(
    cases: dict[str, Case], accumulate: int
) -> None:
    case = cases["binary"]
    config = RunConfig(
        pipeline="p",
        model=ModelConfig(name="mlp", arguments={"hidden_units": (8,)}),
        train=TrainConfig(batch_size=16, accumulate=accumulate, tensorboard=False),
        training_fingerprint="f",
    )
    found = find_rate(config, case.path, case.train_files, steps=60)
    np.testing.assert_allclose(found.rates[0], LOWEST)
    ratios = np.diff(np.log(found.rates))
    np.testing.assert_allclose(ratios, np.log(HIGHEST / LOWEST) / (60 * accumulate - 1), rtol=1e-6)
    assert len(found.rates) == len(found.losses)
    assert min(found.losses) < found.losses[0]
    assert 1e-4 < found.suggestion < 1
