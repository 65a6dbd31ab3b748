"""The training: exact steps, the same result twice, resumption, the reasons to stop."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import keras
import numpy as np
import pytest
from tensorflow.python.framework import config as tf_config

from tfline.components.trainer import checkpoints
from tfline.components.trainer.callbacks import EarlyStopping, History, Progress
from tfline.components.trainer.checkpoints import FILE_NAME, TrainingState, load_state, save_state
from tfline.components.trainer.config import RunConfig, TrainConfig
from tfline.components.trainer.data import TrainingData, load_data
from tfline.components.trainer.devices import repeatable
from tfline.components.trainer.fit import fit, steps_per_execution
from tfline.components.trainer.intervals import Interval
from tfline.components.trainer.run_fn import prepare_model
from tfline.transforms.errors import ModelError, SpecError

if TYPE_CHECKING:
    from tests.unit.components.trainer.conftest import Case


MODEL = {"hidden_units": [8], "dropout": 0.2}


def train(
    case: Case,
    state_dir: Path | None = None,
    log_dir: str | None = None,
    mlp: dict[str, Any] | None = None,
    **settings: Any,
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Trains a perceptron with dropout; returns it with its history."""
    usual = {"batch_size": 16, "learning_rate": 0.01, "tensorboard": False}
    config = RunConfig.model_validate(
        {
            "pipeline": "test",
            "model": {
                "name": "mlp",
                "arguments": {"hidden_units": [8], "dropout": 0.2} | (mlp or {}),
            },
            "train": {**usual, **settings},
            "training_fingerprint": "f",
        }
    )
    graph = case.graph()
    with repeatable(config.train.deterministic), tempfile.TemporaryDirectory() as scratch:
        keras.utils.set_random_seed(config.train.seed + 1)
        data = load_data(case.train_files, case.eval_files, graph, config.train, scratch)
        model = prepare_model(config, graph, graph.head, data)
        state = str(state_dir) if state_dir else None
        return model, fit(model, data, config.train, log_dir, state)


def assert_same_weights(first: keras.Model, second: keras.Model) -> None:
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_follow_from_the_seed(cases: dict[str, Case]) -> None:
    first, history = train(cases["binary"], epochs=2, cache="none", seed=0)
    second, again = train(cases["binary"], epochs=2, cache="none", seed=0)
    other, _ = train(cases["binary"], epochs=2, cache="none", seed=1)
    assert_same_weights(first, second)
    assert history == again
    assert not np.array_equal(first.get_weights()[-2], other.get_weights()[-2])


@pytest.mark.parametrize("steps", [3, 9])
def test_steps_are_exact(cases: dict[str, Case], steps: int) -> None:
    model, _ = train(cases["binary"], steps=steps)
    assert int(model.optimizer.iterations) == steps


@pytest.mark.parametrize("steps", [469, 470, 938, 1000, 1407 + 13])
def test_calls_into_tensorflow_end_with_the_last_step(steps: int) -> None:
    data = load_stub(steps)
    per_call = steps_per_execution(data)
    assert 1 <= per_call <= 16
    assert data.last_steps == data.steps_per_epoch or data.last_steps % per_call == 0


def load_stub(steps: int) -> Any:
    """Returns the numbers of a training without its data."""
    return TrainingData(None, None, None, None, min(469, steps), steps, {})


def interrupt_in_epoch(epoch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the training end as Ctrl-C does, in the middle of an epoch."""

    def on_train_batch_end(self: Progress, batch: int, logs: Any = None) -> None:
        del logs
        if self._epoch == epoch and batch >= 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "on_train_batch_end", on_train_batch_end)


@pytest.mark.parametrize("cache", ["memory", "none"])
def test_killed_run_resumes_to_the_same_result(
    cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: str
) -> None:
    case = cases["binary"]
    settings = {"epochs": 4, "early_stopping": 3, "cache": cache}
    whole, history = train(case, **settings)
    with monkeypatch.context() as patch:
        interrupt_in_epoch(2, patch)
        with pytest.raises(KeyboardInterrupt):
            train(case, tmp_path, **settings)
    assert load_state(str(tmp_path)).epoch == 2
    resumed, resumed_history = train(case, tmp_path, **settings)
    assert_same_weights(whole, resumed)
    assert resumed_history == history
    assert int(resumed.optimizer.iterations) == 16


@pytest.mark.parametrize(
    "options",
    [
        {
            "accumulate": 3,
            "schedule": {"1cycle": {"momentum": 0.5}},
            "optimizer": {"sgd": {"momentum": 0.9}},
            "deterministic": True,
            "class_weights": "balanced",
        },
        {
            "schedule": {"plateau": {"patience": 1, "rate": 0.5, "min_delta": 10.0}},
            "precision": "mixed_bfloat16",
            "cache": "file",
            "epochs": 3,
        },
        {
            "schedule": {"cosine": {"warmup": 1.0}},
            "precision": "mixed_float16",
            "drop_remainder": True,
        },
    ],
    ids=["accumulate", "plateau", "float16"],
)
def test_killed_run_resumes_at_the_same_step_with_options(
    cases: dict[str, Case],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
) -> None:
    settings = {"epochs": 2, **options}
    whole, history = train(cases["binary"], **settings)
    with monkeypatch.context() as patch:
        interrupt_in_epoch(1, patch)
        with pytest.raises(KeyboardInterrupt):
            train(cases["binary"], tmp_path, **settings)
    assert load_state(str(tmp_path)).epoch == 1
    resumed, resumed_history = train(cases["binary"], tmp_path, **settings)
    assert_same_weights(whole, resumed)
    assert resumed_history == history
    assert int(resumed.optimizer.iterations) == int(whole.optimizer.iterations)


@pytest.mark.parametrize(
    "options",
    [
        {"cache": "none", "early_stopping": 3},
        {"optimizer": {"adam": {"ema": 0.9}}, "schedule": "cosine"},
        {"steps": 7, "drop_remainder": True, "accumulate": 2},
    ],
    ids=["streamed", "ema", "steps"],
)
def test_run_killed_in_an_epoch_goes_on_with_the_next_batch(
    cases: dict[str, Case],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    options: dict[str, Any],
) -> None:
    settings = {"epochs": 3, "checkpoints": "1 step", "shuffle_buffer": 10, **options}
    whole, history = train(cases["binary"], **settings)
    with monkeypatch.context() as patch:
        interrupt_in_epoch(1, patch)
        with pytest.raises(KeyboardInterrupt):
            train(cases["binary"], tmp_path, **settings)
    state = load_state(str(tmp_path))
    assert (state.epoch, state.step) == (1, 1)
    with caplog.at_level("INFO", logger="tfline.progress"):
        resumed, resumed_history = train(cases["binary"], tmp_path, **settings)
    assert "going on after step 1 of epoch 2" in caplog.text
    assert "epoch 2/" in caplog.text
    assert "epoch 1/" not in caplog.text
    assert_same_weights(whole, resumed)
    assert resumed_history == history
    assert int(resumed.optimizer.iterations) == int(whole.optimizer.iterations)


@pytest.mark.parametrize(("given", "step"), [("1 minute", 1), (True, 0)])
def test_state_is_saved_by_time_within_an_epoch(
    cases: dict[str, Case],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: bool | str,
    step: int,
) -> None:
    clock = iter(range(0, 10**6, 61))
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: float(next(clock)))
    interrupt_in_epoch(0, monkeypatch)
    with pytest.raises(KeyboardInterrupt):  # after the second step
        train(cases["binary"], tmp_path, checkpoints=given)
    assert load_state(str(tmp_path)).step == step


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (True, Interval(seconds=600)),
        ("1 step", Interval(steps=1)),
        ("500 steps", Interval(steps=500)),
        ("2 hours", Interval(seconds=7200)),
    ],
)
def test_interval_of_checkpoints(given: bool | str, expected: Interval) -> None:
    assert Interval.of(TrainConfig(checkpoints=given).checkpoints) == expected


@pytest.mark.parametrize("wrong", ["0 steps", "ten minutes", "5 epochs", 500])
def test_wrong_interval_of_checkpoints_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="such as `500 steps` or `10 minutes`"):
        TrainConfig.model_validate({"checkpoints": wrong})


def test_deterministic_training_repeats_bit_by_bit(cases: dict[str, Case]) -> None:
    settings = {"epochs": 2, "deterministic": True, "cache": "none", "parallel_reads": 2}
    first, history = train(cases["multiclass"], **settings)
    second, again = train(cases["multiclass"], **settings)
    assert_same_weights(first, second)
    assert history == again
    assert not tf_config.is_op_determinism_enabled()


def test_accumulated_gradients_equal_a_larger_batch(cases: dict[str, Case]) -> None:
    settings = {"epochs": 2, "optimizer": "sgd", "learning_rate": 0.5, "mlp": {"dropout": 0.0}}
    small, _ = train(cases["binary"], batch_size=5, accumulate=4, **settings)
    large, _ = train(cases["binary"], batch_size=20, **settings)
    for a, b in zip(small.get_weights(), large.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert int(small.optimizer.iterations) == int(large.optimizer.iterations) == 6


def test_validation_is_that_of_the_averaged_weights(cases: dict[str, Case]) -> None:
    settings = {"epochs": 2, "learning_rate": 0.5, "mlp": {"dropout": 0.0}}
    model, history = train(cases["binary"], optimizer={"sgd": {"ema": 0.9}}, **settings)
    evaluation = load_data(
        cases["binary"].train_files,
        cases["binary"].eval_files,
        cases["binary"].graph(),
        TrainConfig(batch_size=16),
        "",
    ).evaluation
    exported = model.evaluate(evaluation, return_dict=True, verbose=0)
    assert history["val_loss"][-1] == pytest.approx(exported["loss"], rel=1e-5)
    _, plain = train(cases["binary"], optimizer="sgd", **settings)
    np.testing.assert_allclose(history["loss"], plain["loss"], rtol=1e-5)  # trained as without


def test_schedule_is_shown_in_the_history(cases: dict[str, Case]) -> None:
    schedule = {"piecewise": {"boundaries": [1.5], "factors": [1.0, 0.1]}}
    _, history = train(cases["binary"], epochs=2, schedule=schedule)
    np.testing.assert_allclose(history["learning_rate"], [0.01, 0.001], rtol=1e-6)


def test_plateau_lowers_the_rate_of_the_next_epoch(cases: dict[str, Case]) -> None:
    schedule = {"plateau": {"patience": 1, "rate": 0.5, "min_delta": 10.0}}
    _, history = train(cases["binary"], epochs=4, schedule=schedule)
    np.testing.assert_allclose(history["learning_rate"], [0.01, 0.01, 0.005, 0.0025], rtol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_keeps_weights_and_outputs_in_float32(
    cases: dict[str, Case], policy: str
) -> None:
    model, _ = train(cases["multiclass"], epochs=1, precision=policy)
    assert {weight.dtype for weight in model.get_weights()} == {np.dtype("float32")}
    assert model.output.dtype == "float32"
    assert policy in {layer.dtype_policy.name for layer in model.layers}
    assert keras.config.dtype_policy().name == "float32"


class Noted(keras.callbacks.Callback):
    """A callback of the user's own."""

    epochs: ClassVar[list[int]] = []

    def __init__(self, first: int = 0) -> None:
        super().__init__()
        self._first = first

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        del logs
        self.epochs.append(self._first + epoch)


def spread(y_true: Any, y_pred: Any) -> Any:
    """A metric of the user's own."""
    return keras.ops.abs(y_pred - keras.ops.cast(y_true, y_pred.dtype))


def test_own_metric_and_callback_take_part(cases: dict[str, Case]) -> None:
    here = "tests.unit.components.trainer.test_fit"
    _, history = train(
        cases["binary"],
        epochs=2,
        metrics=[f"{here}.spread", {"keras.metrics.Precision": {"name": "precision"}}],
        callbacks=[{f"{here}.Noted": {"first": 7}}],
    )
    assert {"val_spread", "val_precision"} <= history.keys()
    assert Noted.epochs == [7, 8]


def test_own_callback_that_is_none_is_refused(cases: dict[str, Case]) -> None:
    with pytest.raises(SpecError, match="must be a Callback"):
        train(cases["binary"], callbacks=["pathlib.Path"])


def test_finished_training_is_not_continued(cases: dict[str, Case], tmp_path: Path) -> None:
    first, history = train(cases["binary"], tmp_path, epochs=2)
    second, again = train(cases["binary"], tmp_path, epochs=2)
    assert_same_weights(first, second)
    assert history == again


def test_early_stopping_keeps_best_weights(cases: dict[str, Case], tmp_path: Path) -> None:
    settings = {"epochs": 30, "early_stopping": 2, "learning_rate": 0.5}
    model, history = train(cases["binary"], tmp_path, **settings)
    best = int(np.argmin(history["val_loss"]))
    assert len(history["val_loss"]) == best + 3 < 30
    shorter, _ = train(cases["binary"], **{**settings, "epochs": best + 1})
    assert_same_weights(model, shorter)
    again, _ = train(cases["binary"], tmp_path, **settings)
    assert_same_weights(model, again)


@pytest.mark.parametrize(
    ("losses", "is_over"),
    [
        ([], False),
        ([3.0], False),
        ([1.0, 2.0], False),
        ([1.0, 2.0, 1.0], True),
        ([3.0, 2.0], False),
    ],
)
def test_early_stopping_counts_epochs_since_the_best(losses: list[float], is_over: bool) -> None:
    history = History({"val_loss": losses} if losses else {})
    assert EarlyStopping(history, patience=2).is_over is is_over


def test_diverged_training_is_an_error(cases: dict[str, Case], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="diverged") as error:
        train(cases["regression"], tmp_path, optimizer="sgd", learning_rate=1e20)
    assert "learning_rate: 1e+19" in error.value.hint
    assert load_state(str(tmp_path)) == TrainingState()


def test_state_of_another_model_is_refused(cases: dict[str, Case], tmp_path: Path) -> None:
    save_state(str(tmp_path), TrainingState(1, {"loss": [1.0]}, (np.zeros([3]),)))
    with pytest.raises(ModelError, match="another model"):
        train(cases["binary"], tmp_path, epochs=2)


def test_damaged_state_is_refused(tmp_path: Path) -> None:
    save_state(str(tmp_path), TrainingState(1, {"loss": [1.0]}, (np.zeros([3]),)))
    file = tmp_path / FILE_NAME
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(ModelError, match="damaged") as error:
        load_state(str(tmp_path))
    assert error.value.where == str(file)


def test_tensorboard_that_is_missing_is_an_error(
    cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match="TensorBoard is not installed"):
        train(cases["binary"], log_dir=str(tmp_path), tensorboard=True)


def test_trial_writes_no_logs_into_the_folder_it_runs_in(
    cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    train(cases["binary"], epochs=1, tensorboard=True)
    assert list(tmp_path.iterdir()) == []


def test_logs_for_tensorboard_are_written(cases: dict[str, Case], tmp_path: Path) -> None:
    train(cases["binary"], log_dir=str(tmp_path), epochs=1, tensorboard=True)
    events = [
        path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("events.out.tfevents*")
    ]
    assert sorted(events) == ["train", "validation"]
