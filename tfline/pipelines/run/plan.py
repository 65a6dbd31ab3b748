"""The plan of a run: what each component's result depends on, before anything runs.

An unchanged plan re-executes nothing; a changed one tells which component runs again, and why.
No TensorFlow here: a plan takes milliseconds.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfline.components.artifacts.history import find_baseline
from tfline.components.example_gen.config import IngestConfig
from tfline.components.trainer.models import MODELS
from tfline.components.trainer.models import resolve as resolve_model
from tfline.pipelines.run.fingerprint import (
    Parts,
    digest,
    dotted_modules,
    file_parts,
    function_modules,
    source_parts,
    stack_parts,
    value_parts,
)
from tfline.pipelines.spec import PipelineSpec
from tfline.transforms.errors import SpecError
from tfline.transforms.table import TRANSFORMS
from tfline.transforms.table import resolve as resolve_transform

UPSTREAM: dict[str, tuple[str, ...]] = {
    "ExampleGen": (),
    "StatisticsGen": ("ExampleGen",),
    "SchemaGen": ("StatisticsGen",),
    "ExampleValidator": ("StatisticsGen", "SchemaGen"),
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
    """

    parts: dict[str, Parts]
    ingest: IngestConfig
    schema_text: str | None
    push_folder: Path | None
    warm_start: bool = False

    def upstream(self, component: str) -> tuple[str, ...]:
        """Returns the components that a component takes something from."""
        begins_with = ("Resolver",) if self.warm_start and component == "Trainer" else ()
        return (*UPSTREAM[component], *begins_with)

    def fingerprint(self, component: str) -> str:
        """Returns the fingerprint of a component's own parts."""
        return digest(self.parts[component])

    @property
    def training_fingerprint(self) -> str:
        """Of everything that a trained model depends on; written into the model."""
        return _training_fingerprint(self.parts)

    @property
    def tuning_state(self) -> str:
        """Names what an unfinished search can be resumed from."""
        upstream = {name: self.parts[name] for name in _TRAINING if name != "Trainer"}
        return digest({name: digest(parts) for name, parts in upstream.items()})

    @property
    def training_state(self) -> str:
        """Names what an unfinished training can be resumed from."""
        if not self.warm_start:
            return self.training_fingerprint
        return digest({"training": self.training_fingerprint, **self.parts["Resolver"]})


def make_plan(spec: PipelineSpec, *, by_content: bool = False) -> Plan:
    """Looks at the spec, the sources, the data files and the push folder as they are now.

    Args:
        spec: What the pipeline does.
        by_content: Whether the data counts by its bytes, not by when it was last modified.

    Raises:
        DataError: A pattern matches no file.
        SpecError: The curated schema cannot be read.
    """
    ingest = spec.data.resolve()
    schema_text = read_schema(spec.schema_file)
    push_folder = Path(spec.push.to).resolve() if spec.push else None
    parts = {
        "ExampleGen": _example_gen_parts(ingest, by_content),
        "StatisticsGen": {},
        "SchemaGen": value_parts("schema_file", schema_text),
        "ExampleValidator": {
            **source_parts(["tfline.components.example_validator.executor"]),
            **value_parts("validation", _dump(spec.validation)),
            **value_parts("features", [_dump(expected) for expected in spec.expectations]),
        },
        "Transform": _transform_parts(spec),
        "Trainer": _trainer_parts(spec),
        "Evaluator": _evaluator_parts(spec),
    }
    if spec.tune is not None:
        parts["Tuner"] = _tuner_parts(spec)
    if push_folder is not None and spec.push is not None:
        baseline = find_baseline(push_folder, spec.name, _training_fingerprint(parts))
        number = f"version {baseline.number}" if baseline else "none"
        parts["Resolver"] = {
            **source_parts(["tfline.components.resolver.executor"]),
            "baseline": number,
            "push.to": str(push_folder),
        }
        parts["Pusher"] = {
            **source_parts(["tfline.components.pusher.executor"]),
            **value_parts("push", _dump(spec.push)),
        }
    ordered = {component: parts[component] for component in UPSTREAM if component in parts}
    return Plan(ordered, ingest, schema_text, push_folder, spec.train.warm_start)


def changed_parts(before: Parts, now: Parts) -> list[str]:
    """Returns a readable line for every part that differs."""
    lines = []
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if name.startswith("source ") and old and new:
            lines.append(f"{name} was edited")
        elif old is None:
            lines.append(f"{name} is new: {new}")
        elif new is None:
            lines.append(f"{name} is gone, was {old}")
        else:
            lines.append(f"{name}: {old} -> {new}")
    return lines


def _training_fingerprint(parts: dict[str, Parts]) -> str:
    return digest({name: digest(parts[name]) for name in _TRAINING if name in parts})


def _example_gen_parts(ingest: IngestConfig, by_content: bool) -> Parts:
    files = ingest.splits or {"files": ingest.files or ()}
    parts = {
        **stack_parts(),
        **source_parts(["tfline.components.example_gen.executor"]),
        **value_parts("data", ingest.model_dump(mode="json", exclude={"splits", "files"})),
    }
    for split, paths in files.items():
        parts |= file_parts(f"data.{split}", paths, by_content=by_content)
    return parts


def _transform_parts(spec: PipelineSpec) -> Parts:
    used = {step.transform for feature in spec.features for step in feature.steps}
    families = function_modules(map(resolve_transform, used))
    unused = function_modules(TRANSFORMS.values()) - families
    return {
        **source_parts(
            ["tfline.components.transform.executor", *families, *dotted_modules(used)],
            exclude=unused,
        ),
        **value_parts("features", {f.name: _dump(f) for f in spec.features}),
        **value_parts("label", _dump(spec.label)),
        **value_parts("materialize", spec.materialize),
        **value_parts("train.weight", spec.train.weight),
    }


def _tuner_parts(spec: PipelineSpec) -> Parts:
    return {
        **source_parts(["tfline.components.tuner.executor"]),
        **_training_parts(spec, "tfline.components.trainer.trial"),
        **value_parts("tune", _dump(spec.tune)),
    }


def _trainer_parts(spec: PipelineSpec) -> Parts:
    return {
        **_training_parts(spec, "tfline.components.trainer.run_fn"),
        **value_parts("pipeline", spec.name),
    }


def _training_parts(spec: PipelineSpec, module: str) -> Parts:
    """Returns what a training that begins in `module` depends on."""
    family = function_modules([resolve_model(spec.model.name)])
    unused = function_modules(MODELS.values()) - family
    own = dotted_modules([spec.model.name, *spec.train.own_code])
    modules = [module, *family, *own]
    # The transforms' own code reaches the Trainer as a graph, in Transform's artifact.
    shared = function_modules(TRANSFORMS.values()) | {"tfline.transforms.table"}
    return {
        **source_parts(modules, exclude=unused | shared),
        **value_parts("model", _dump(spec.model)),
        **file_parts("model", argument_files(spec.model.arguments)),
        **value_parts("train", _dump(spec.train)),
    }


def _evaluator_parts(spec: PipelineSpec) -> Parts:
    own = dotted_modules([*(spec.evaluate.metrics or ()), *spec.evaluate.require])
    return {
        **source_parts(["tfline.components.evaluator.executor", *own]),
        **value_parts("evaluate", _dump(spec.evaluate)),
    }


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
