"""The work of the Evaluator component: artifacts in, evaluation and blessing out."""

from __future__ import annotations

import logging
import math
import os
from typing import TYPE_CHECKING, Any

from tfx import types
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import path_utils

from tfline.components.artifacts import naive as naive_models
from tfline.components.artifacts.splits import SELECTION, TRAIN_DEV, judged_split, split_files
from tfline.components.beam_executor import BeamExecutor
from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.gate.verdict import NO_BASELINE, Verdict, judge
from tfline.components.evaluator.gate.verdict_file import write_verdict
from tfline.components.evaluator.gate.verdict_reading import FILE_NAME
from tfline.components.evaluator.measuring.pieces import COUNTED_UNITS
from tfline.components.evaluator.measuring.results import SliceResult
from tfline.components.evaluator.reading.counting import Counting, find_counting
from tfline.components.evaluator.reading.model import ModelCard, Predictor, read_card
from tfline.transforms.errors import ModelError
from tfline.transforms.threshold import PROPERTY

if TYPE_CHECKING:
    from tfline.components.evaluator.measuring.by_split import BySplit
    from tfline.components.evaluator.measuring.naive import Naive

_SUMMARY = logging.getLogger("tfline.summary")

_HEADLINE = (
    *("accuracy", "auc", "precision", "recall", "macro_f1"),
    *("rmse", "mae", "r2", "mase"),
    *("exact_match", "bleu", "perplexity"),
)
"""Metrics that the summary names, if they were measured."""


class Executor(BeamExecutor):
    """Evaluates a model and decides whether it may be pushed."""

    def Do(  # noqa: N802 - TFX's name
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Runs the component.

        Args:
            input_dict: ``examples``, ``model`` and, if there is one, ``baseline_model``.
            output_dict: ``evaluation`` and ``blessing``.
            exec_properties: ``config``, the JSON of an `EvaluateConfig`.

        Raises:
            SpecError: If a metric does not fit the task, or cannot be imported.
            DataError: If the eval split is empty, or a record cannot be used.
            ModelError: If a model cannot be loaded, or fails.
        """
        from tfline.components.evaluator.evidence.sample import write_evidence
        from tfline.components.evaluator.measuring import evaluation  # TFMA takes 5 s to import

        self._log_startup(input_dict, output_dict, exec_properties)
        config = EvaluateConfig.model_validate_json(exec_properties["config"])
        candidate = artifact_utils.get_single_instance(input_dict["model"])
        candidate_path = path_utils.serving_model_path(candidate.uri)
        card = read_card(candidate_path)
        config.check_task(card.task)
        baseline, no_baseline = _find_baseline(input_dict.get("baseline_model", []), card)
        models = [candidate_path]
        if baseline:
            models.append(path_utils.serving_model_path(baseline.uri))
        output = artifact_utils.get_single_uri(output_dict["evaluation"])
        split = judged_split(input_dict["examples"])
        files = split_files(input_dict["examples"], split)
        where = (output, self._make_beam_pipeline)
        predictor = Predictor(candidate_path, card)  # held for all passes in this process
        chosen = None
        if config.choose_threshold is not None:
            seen = split_files(input_dict["examples"], SELECTION)
            chosen = evaluation.find_threshold(seen, candidate_path, card, config, *where)
            config = config.model_copy(update={"threshold": chosen.threshold})
        counting = find_counting(config.weight, config.unit, files, card.naive)
        results = evaluation.evaluate(files, models, card, config, *where, counting)
        write_evidence(output, files, predictor, card, config, results[0].count)
        naive = _measure_naive(candidate, files, predictor, card, config, counting)
        by_split = _measure_splits(input_dict["examples"], predictor, card, config)
        verdict = judge(results, config, card.parts, no_baseline, naive)
        against = f"compared with {baseline.uri}" if baseline else no_baseline
        _write_atomically(
            os.path.join(output, FILE_NAME),
            write_verdict(
                verdict,
                results,
                config,
                card,
                baseline=against,
                together=_together(results[0], counting),
                threshold_reason=chosen.reason if chosen else "",
                split=split,
                selected_on=SELECTION,
                by_split=by_split,
            ),
        )
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        _bless(blessing, verdict, candidate, baseline)
        if card.asks.decides:
            blessing.set_string_custom_property(PROPERTY, repr(config.threshold))
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        records = examples.get_int_custom_property(f"records_{split}")
        unlabelled = max(records - results[0].count, 0)
        _SUMMARY.info("%s", summarise(results[0], verdict, split, unlabelled))


def _measure_naive(
    candidate: types.Artifact,
    files: list[str],
    predictor: Predictor,
    card: ModelCard,
    config: EvaluateConfig,
    counting: Counting,
) -> list[Naive]:
    """Returns what the naive models reach; nothing if they are not asked for, or there are none."""
    from tfline.components.evaluator.measuring.naive import measure_naive

    folder = os.path.join(candidate.uri, naive_models.FOLDER)
    if config.baselines == "off" or not fileio.exists(folder):
        return []
    return measure_naive(files, predictor, folder, card, config, counting)


def _measure_splits(
    examples: list[types.Artifact], predictor: Predictor, card: ModelCard, config: EvaluateConfig
) -> list[BySplit]:
    """Returns what the model reaches on each split, if one is held out of train's own data."""
    from tfline.components.evaluator.measuring.by_split import STEPS, measure_splits

    [artifact] = examples
    splits = artifact_utils.decode_split_names(artifact.split_names)
    if TRAIN_DEV not in splits:
        return []
    compared = [split for split in splits if any(split in step for step in STEPS)]
    files = {split: split_files(examples, split) for split in compared}
    return measure_splits(files, predictor, card, config)


def _together(overall: SliceResult, counting: Counting) -> str:
    """Returns what was resampled together, such as ``30 units of customer``."""
    if overall.units is None:
        return ""
    many = "+" if overall.units >= COUNTED_UNITS else ""
    return f"{overall.units:,}{many} {counting.words}"


def _find_baseline(
    artifacts: list[types.Artifact], card: ModelCard
) -> tuple[types.Artifact | None, str]:
    """Returns the baseline, or None with the reason why there is nothing to compare with."""
    if not artifacts:
        return None, NO_BASELINE
    baseline = artifact_utils.get_single_instance(artifacts)
    path = path_utils.serving_model_path(baseline.uri)
    if not fileio.exists(os.path.join(path, "saved_model.pb")):
        return None, NO_BASELINE
    try:
        other = read_card(path)
    except ModelError:
        return None, "the live model is not tfline's and does not say what it predicts"
    if not card.comparable(other):
        return None, "the baseline predicts another label or other classes"
    return baseline, ""


def _bless(
    blessing: types.Artifact,
    verdict: Verdict,
    candidate: types.Artifact,
    baseline: types.Artifact | None,
) -> None:
    """Marks the blessing as TFX's Evaluator does, so that its Resolver and Pusher read it."""
    name = "BLESSED" if verdict.blessed else "NOT_BLESSED"
    fileio.makedirs(blessing.uri)
    _write_atomically(os.path.join(blessing.uri, name), "")
    blessing.set_int_custom_property("blessed", int(verdict.blessed))
    blessing.set_string_custom_property("current_model", candidate.uri)
    blessing.set_int_custom_property("current_model_id", candidate.id)
    if baseline:
        blessing.set_string_custom_property("baseline_model", baseline.uri)
        blessing.set_int_custom_property("baseline_model_id", baseline.id)


def _write_atomically(path: str, text: str) -> None:
    staged = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.part")
    with fileio.open(staged, "w") as file:
        file.write(text)
    fileio.rename(staged, path, overwrite=True)


def summarise(overall: SliceResult, verdict: Verdict, split: str, unlabelled: int = 0) -> str:
    """Returns one line, such as ``auc 0.93 on 3,012 eval records; blessed: auc 0.93 >= 0.8``.

    Args:
        overall: The slice of all records.
        verdict: On the model.
        split: What it was judged by.
        unlabelled: How many records of the split have no label, and were left out.
    """
    numbers = overall.candidate.numbers
    measured = ", ".join(
        f"{name} {'n/a' if math.isnan(numbers[name]) else f'{numbers[name]:.3g}'}"
        for name in _HEADLINE
        if name in numbers
    )
    on_records = f"{measured} on " if measured else ""
    answer = "blessed" if verdict.blessed else "not blessed"
    left_out = f" ({unlabelled:,} without a label left out)" if unlabelled else ""
    counted = f"{overall.count:,} {split} records{left_out}"
    return f"{on_records}{counted}; {answer}: {verdict.headline}"
