"""The plan of a run: what each component's result depends on, before anything runs.

An unchanged plan re-executes nothing; a changed one tells which component runs again, and why.
No TensorFlow here: a plan takes milliseconds.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tfline.metrics
from tfline.components.artifacts.history import find_baseline
from tfline.components.example_gen.config import IngestConfig
from tfline.components.example_validator.config import HeldAgainst
from tfline.components.trainer.models import MODELS
from tfline.components.trainer.models import resolve as resolve_model
from tfline.components.trainer.models.own_code import own_code
from tfline.components.trainer.start import LayersOfPushed
from tfline.pipelines.run.files import FileDigests, file_parts, shown_path
from tfline.pipelines.run.packages import model_parts, package_parts
from tfline.pipelines.run.parts import Part, Parts, combined, digest, settings
from tfline.pipelines.run.sources import dotted_modules, function_modules, source_parts
from tfline.pipelines.spec import PipelineSpec
from tfline.tasks.table import TASKS, find_task, known_task
from tfline.transforms.errors import SpecError
from tfline.transforms.table import TRANSFORMS
from tfline.transforms.table import resolve as resolve_transform

_METRICS = {
    f"tfline.metrics.{found.name}" for found in pkgutil.iter_modules(tfline.metrics.__path__)
}
"""What only an evaluation computes; a task names it."""

UPSTREAM: dict[str, tuple[str, ...]] = {
    "ExampleGen": (),
    "StatisticsGen": ("ExampleGen",),
    "SchemaGen": ("StatisticsGen",),
    "ExampleValidator": ("ExampleGen", "StatisticsGen", "SchemaGen"),
    "Transform": ("ExampleGen", "SchemaGen"),
    "Tuner": ("ExampleGen", "Transform"),
    "Resolver": (),
    "Trainer": ("ExampleGen", "Transform", "Tuner"),
    "Evaluator": ("ExampleGen", "Trainer", "Resolver"),
    "Pusher": ("ExampleGen", "Trainer", "Evaluator"),
}
"""The components in the order in which they run, and what each takes from which."""

_TRAINING = ("ExampleGen", "SchemaGen", "Transform", "Tuner", "Trainer")


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes:
        parts: By component, what its result depends on beside its inputs.
        ingest: What ExampleGen is asked to do.
        schema_text: The curated schema; None if it is inferred.
        push_folder: Where a blessed model goes, absolute; None if nowhere.
        warm_start: Whether the Trainer begins with the model that Resolver finds.
        reference: The run whose data the data is held against; None if there is none.
    """

    parts: dict[str, Parts]
    ingest: IngestConfig
    schema_text: str | None
    push_folder: Path | None
    warm_start: bool = False
    reference: HeldAgainst | None = None

    def held_against(self, reference: HeldAgainst) -> Plan:
        """Returns the plan of a run whose data is held against that of an earlier one."""
        against = settings("held against", f"run {reference.run}")
        validator = (*self.parts["ExampleValidator"], *against)
        parts = {**self.parts, "ExampleValidator": validator}
        return dataclasses.replace(self, parts=parts, reference=reference)

    def upstream(self, component: str) -> tuple[str, ...]:
        """Returns the components that a component takes something from."""
        begins_with = ("Resolver",) if self.warm_start and component == "Trainer" else ()
        return (*UPSTREAM[component], *begins_with)

    def up_to(self, component: str) -> tuple[str, ...]:
        """Returns a component and all those that it takes something from, in running order."""
        wanted: set[str] = set()
        waiting = [component]
        while waiting:
            name = waiting.pop()
            wanted.add(name)
            waiting += self.upstream(name)
        return tuple(name for name in UPSTREAM if name in wanted)

    def fingerprint(self, component: str) -> str:
        """Returns the fingerprint of a component's own parts."""
        return digest(self.parts[component])

    @property
    def training_fingerprint(self) -> str:
        """Of everything that a trained model depends on; written into the model."""
        return training_fingerprint(self.parts)

    @property
    def tuning_state(self) -> str:
        """Names what an unfinished search can be resumed from."""
        before = [name for name in _TRAINING if name != "Trainer" and name in self.parts]
        return combined({name: self.fingerprint(name) for name in before})

    @property
    def training_state(self) -> str:
        """Names what an unfinished training can be resumed from."""
        if not self.warm_start:
            return self.training_fingerprint
        baseline = self.fingerprint("Resolver")
        return combined({"training": self.training_fingerprint, "baseline": baseline})


def make_plan(spec: PipelineSpec, digests: FileDigests | None = None) -> Plan:
    """Looks at the spec, the sources, the data files and the push folder as they are now.

    Args:
        spec: What the pipeline does.
        digests: What is known of files; left out, every one is read.

    Raises:
        DataError: A pattern matches no file.
        SpecError: The curated schema cannot be read.
    """
    ingest = spec.data.resolve()
    files = digests or FileDigests()
    schema_text = read_schema(spec.schema_file)
    push_folder = Path(spec.push.to).resolve() if spec.push else None
    own: dict[str, Parts] = {
        "ExampleGen": _example_gen_parts(ingest, files),
        "StatisticsGen": source_parts(["tfline.components.statistics_gen.executor"]),
        "SchemaGen": (
            *source_parts(["tfline.components.schema_gen.executor"]),
            *settings("schema_file", schema_text),
        ),
        "ExampleValidator": _validator_parts(spec),
        "Transform": _transform_parts(spec),
        "Trainer": _trainer_parts(spec, files),
        "Evaluator": _evaluator_parts(spec),
    }
    if spec.tune is not None:
        own["Tuner"] = _tuner_parts(spec, files)
    if push_folder is not None:
        own["Pusher"] = (
            *source_parts(["tfline.components.pusher.executor"]),
            *settings("push", _dump(spec.push)),
        )
    parts = {name: (*package_parts(name), *own[name]) for name in own}
    if push_folder is not None:
        parts["Resolver"] = (
            *package_parts("Resolver"),
            *_resolver_parts(push_folder, spec.name, training_fingerprint(parts)),
        )
    files.save()
    ordered = {component: parts[component] for component in UPSTREAM if component in parts}
    return Plan(ordered, ingest, schema_text, push_folder, spec.train.begins_with_own)


def training_fingerprint(parts: Mapping[str, Parts]) -> str:
    """Returns the fingerprint of everything that a trained model depends on."""
    return combined({name: digest(parts[name]) for name in _TRAINING if name in parts})


def _example_gen_parts(ingest: IngestConfig, digests: FileDigests) -> Parts:
    files = ingest.splits or {"files": ingest.files or ()}
    found = [file_parts(f"data.{split}", paths, digests) for split, paths in files.items()]
    return (
        *source_parts(["tfline.components.example_gen.executor"]),
        *settings("data", ingest.model_dump(mode="json", exclude={"splits", "files"})),
        *itertools.chain.from_iterable(found),
    )


def _validator_parts(spec: PipelineSpec) -> Parts:
    return (
        *source_parts(["tfline.components.example_validator.executor"]),
        *settings("validation", _dump(spec.validation)),
        *settings("features", [_dump(expected) for expected in spec.expectations]),
        *settings("evaluate", _dump(spec.slicing)),
    )


def _transform_parts(spec: PipelineSpec) -> Parts:
    steps = [step for feature in spec.features for step in feature.steps]
    task = known_task(spec.label)
    if task is not None and task.writes:
        steps += spec.label.tokenization
    used = {step.transform for step in steps}
    families = function_modules(map(resolve_transform, used))
    unused = function_modules(TRANSFORMS.values()) - families
    own = dotted_modules([*used, *filter(None, [spec.label.task])])
    modules = ["tfline.components.transform.executor", *families, *own]
    return (
        *source_parts(modules, exclude=unused | _other_tasks(spec) | _METRICS),
        *settings("features", {f.name: _dump(f) for f in spec.features}),
        *settings("label", _dump(spec.label)),
        *settings("materialize", spec.materialize),
        *settings("train.weight", spec.train.weight),
    )


def _tuner_parts(spec: PipelineSpec, digests: FileDigests) -> Parts:
    return (
        *source_parts(["tfline.components.tuner.executor"]),
        *_training_parts(spec, "tfline.components.trainer.trial", digests),
        *settings("tune", _dump(spec.tune)),
    )


def _trainer_parts(spec: PipelineSpec, digests: FileDigests) -> Parts:
    return (
        *_training_parts(spec, "tfline.components.trainer.run_fn", digests),
        *settings("pipeline", spec.name),
        *settings("explain", spec.explain),
        *settings("ensemble", _dump(spec.ensemble) if spec.ensemble else None),
        *settings("top_k", spec.top_k),
        *settings("intervals", _dump(spec.intervals) if spec.intervals else None),
    )


def _training_parts(spec: PipelineSpec, module: str, digests: FileDigests) -> Parts:
    """Returns what a training that begins in `module` depends on."""
    family = function_modules([resolve_model(model.name) for model in spec.models])
    unused = function_modules(MODELS.values()) - family
    names = [
        *(path for model in spec.models for path in own_code(model.name, model.arguments)),
        *spec.train.own_code,
        *filter(None, [spec.label.task]),
    ]
    own = dotted_modules(names)
    modules = [module, *family, *own]
    # The transforms' own code reaches the Trainer as a graph, in Transform's artifact.
    shared = function_modules(TRANSFORMS.values()) | {"tfline.transforms.table"}
    return (
        *source_parts(modules, exclude=unused | shared | _other_tasks(spec) | _METRICS),
        *dict.fromkeys(part for model in spec.models for part in model_parts(model.name)),
        *settings("model", _dump(spec.model)),
        *file_parts("model", argument_files(spec.model.arguments), digests),
        *settings("train", _dump(spec.train)),
        *file_parts("train.warm_start", _begun_with(spec), digests),
    )


def _begun_with(spec: PipelineSpec) -> list[str]:
    """Returns the files of the pushed model whose layers a training begins with."""
    start = spec.train.warm_start
    folder = start.folder if isinstance(start, LayersOfPushed) else None
    return [] if folder is None else argument_files({"model": folder})


def _evaluator_parts(spec: PipelineSpec) -> Parts:
    names = [*(spec.evaluate.metrics or ()), *spec.evaluate.require]
    own = dotted_modules([*names, *filter(None, [spec.label.task])])
    modules = ["tfline.components.evaluator.executor", *own]
    return (
        *source_parts(modules, exclude=_other_tasks(spec)),
        *settings("evaluate", _dump(spec.evaluation)),
    )


def _resolver_parts(push_folder: Path, model: str, candidate: str) -> Parts:
    baseline = find_baseline(push_folder, model, candidate)
    return (
        *source_parts(["tfline.components.resolver.executor"]),
        Part("setting", "baseline", f"version {baseline.number}" if baseline else "none"),
        Part("setting", "push.to", shown_path(push_folder)),
    )


def _other_tasks(spec: PipelineSpec) -> set[str]:
    """Returns the modules of the tasks that the label cannot have."""
    known = find_task(spec.label.task) if spec.label.task is not None else None
    found_in_data = ("binary", "multiclass", "regression")
    possible = [known] if known is not None else [TASKS[name] for name in found_in_data]
    used = {kind.__module__ for task in possible for kind in type(task).__mro__}
    return {type(task).__module__ for task in TASKS.values()} - used


def argument_files(arguments: Mapping[str, Any]) -> list[str]:
    """Returns the files that arguments of a model name: weights, and those of a SavedModel."""
    texts = [value for value in arguments.values() if isinstance(value, str)]
    folders = [text for text in texts if os.path.isfile(os.path.join(text, "saved_model.pb"))]
    in_folders = (str(file) for folder in folders for file in sorted(Path(folder).rglob("*")))
    return [file for file in (*texts, *in_folders) if os.path.isfile(file)]


def _dump(model: Any) -> Any:
    return model.model_dump(mode="json")


def read_schema(file: str | None) -> str | None:
    """Returns the text of a curated schema; None if there is none.

    Raises:
        SpecError: It cannot be read.
    """
    if file is None:
        return None
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise SpecError(
            f"The curated schema cannot be read: {exc}",
            file,
            "`tfline schema-review SPEC` writes the inferred one for editing.",
        ) from exc
