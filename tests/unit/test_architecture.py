"""The house: which package may import which, no circles, and what loads without TensorFlow."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINKED = ("transforms", "components", "pipelines", "serving")
PACKAGES = (*LINKED, "metrics", "tasks")

ALLOWED = {
    "tfline.transforms": {"tfline.transforms"},
    "tfline.metrics": {"tfline.transforms", "tfline.metrics"},
    "tfline.tasks": {"tfline.transforms", "tfline.metrics", "tfline.tasks"},
    "tfline.components": {
        "tfline.transforms",
        "tfline.metrics",
        "tfline.tasks",
        "tfline.components",
    },
    "tfline.pipelines": {
        "tfline.transforms",
        "tfline.metrics",
        "tfline.tasks",
        "tfline.components",
        "tfline.pipelines",
        "tfline.serving",
    },
    "tfline.serving": {"tfline.serving"},
}
"""What the modules of a package may import of this project; `EXCEPTIONS` are let in beside."""

EXCEPTIONS = {
    "tfline.serving": {
        "tfline.transforms.errors",
        "tfline.transforms.features",
        "tfline.transforms.framing",
    },
    "tfline.components.artifacts": {
        "tfline.serving.files",
        "tfline.serving.labels",
        "tfline.serving.wheels",
    },
    "tfline.components.pusher": {"tfline.serving"},
}

HEAVY = ("tensorflow", "keras", "tfx", "tfx_bsl", "apache_beam", "pandas", "sklearn", "pyarrow")
LIGHT = (
    "tfline.pipelines.cli",
    "tfline.pipelines.reference.index",
    "tfline.pipelines.spec",
    "tfline.pipelines.run.plan",
    "tfline.pipelines.inputs.rows",
    "tfline.pipelines.run.preflight",
    "tfline.pipelines.runners.local",
    "tfline.transforms.features",
    "tfline.transforms.table",
    "tfline.tasks.table",
    "tfline.serving.client",
    "tfline.components.evaluator.config",
    "tfline.components.example_gen.config",
    "tfline.components.example_validator.config",
    "tfline.components.trainer.config",
    "tfline.components.trainer.models",
)


def sources() -> dict[str, Path]:
    """Every module of the project that is shipped or run, by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / "tfline" / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


SOURCES = sources()
OWN = ("tfline", *PACKAGES, "tests", "benchmarks")


def imports(name: str) -> Iterator[str]:
    """Yields the modules of this project that a module imports, wherever the statement stands."""
    for node in ast.walk(ast.parse(SOURCES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            targets = [child if child in SOURCES else str(node.module) for child in inside]
        else:
            continue
        yield from (target for target in targets if target.partition(".")[0] in OWN)


def test_sources_of_every_package_are_found() -> None:
    assert {".".join(name.split(".")[:2]) for name in SOURCES} == {*ALLOWED}


def test_fixed_names_at_the_top_open_the_packages() -> None:
    for package in LINKED:
        link = ROOT / package
        assert link.is_symlink()
        assert link.readlink() == Path("tfline", package)


def is_below(module: str, parent: str) -> bool:
    return module == parent or module.startswith(f"{parent}.")


def may_import(name: str, target: str) -> bool:
    exceptions = [EXCEPTIONS[prefix] for prefix in EXCEPTIONS if is_below(name, prefix)]
    granted = ALLOWED[".".join(name.split(".")[:2])].union(*exceptions)
    return any(is_below(target, allowed) for allowed in granted)


def test_modules_import_only_what_their_package_may() -> None:
    wrong = [
        f"{name} imports {target}"
        for name in SOURCES
        for target in imports(name)
        if not may_import(name, target)
    ]
    assert wrong == []


SHARED = ("artifacts", "progress", "beam_executor")
"""What the components have in common."""


def test_components_import_no_other_component() -> None:
    """What they leave for one another is in `artifacts`; no room knows another."""
    wrong = [
        f"{name} imports {target}"
        for name in SOURCES
        for target in imports(name)
        if name.count(".") > 2
        and is_below(name, "tfline.components")
        and is_below(target, "tfline.components")
        and target.split(".")[2] not in {name.split(".")[2], *SHARED}
    ]
    assert wrong == []


ROOMS = ("reading", "measuring", "gate", "evidence")
"""The rooms of the Evaluator, in the order of the data."""


def test_rooms_of_the_evaluator_import_only_those_before_them() -> None:
    evaluator = "tfline.components.evaluator"
    wrong = [
        f"{name} imports {target}"
        for place, room in enumerate(ROOMS)
        for name in SOURCES
        if is_below(name, f"{evaluator}.{room}")
        for target in imports(name)
        if any(is_below(target, f"{evaluator}.{later}") for later in ROOMS[place + 1 :])
    ]
    assert wrong == []


def test_spec_knows_nothing_of_what_runs_it() -> None:
    above = [f"tfline.pipelines.{room}" for room in ("runners", "run", "commands", "report")]
    wrong = [
        f"{name} imports {target}"
        for name in SOURCES
        for target in imports(name)
        if is_below(name, "tfline.pipelines.spec") and any(is_below(target, room) for room in above)
    ]
    assert wrong == []


def test_modules_have_no_relative_import() -> None:
    wrong = [
        f"{path}:{node.lineno}"
        for path in SOURCES.values()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert wrong == []


def test_imports_make_no_circle() -> None:
    graph = {name: {t for t in imports(name) if t in SOURCES and t != name} for name in SOURCES}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as exc:
        pytest.fail(" -> ".join(exc.args[1]))


def test_light_modules_load_without_the_heavy_packages() -> None:
    code = (
        f"import importlib, sys\nfor name in {LIGHT}: importlib.import_module(name)\n"
        f"print(*sorted(name for name in {HEAVY} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
