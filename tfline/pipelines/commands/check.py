"""`tfline check`: reads a spec and looks at its data; runs nothing.

Example:
    tfline check taxi
    tfline check taxi --set train.epochs=3
"""

from __future__ import annotations

import argparse

from tfline.pipelines.commands.arguments import add_spec, read_spec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC and --set."""
    add_spec(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prints what the pipeline would do."""
    from tfline.pipelines.run.preflight import check_data

    spec = read_spec(arguments)
    files = check_data(spec)
    print(f"{spec.name}: ok")
    print(f"  data       {', '.join(f'{n} file(s) in {split}' for split, n in files.items())}")
    print(f"  label      {spec.label.key}")
    for feature in spec.features:
        steps = " > ".join(step.transform for step in feature.steps)
        raw = ", ".join(feature.keys)
        source = "" if raw == feature.name else f" (from {raw})"
        print(f"  feature    {feature.name}{source}: {steps}")
    print(f"  model      {spec.model.name}")
    rules = [f"{name} {bound}" for name, bound in _bounds(spec.evaluate.require)]
    print(f"  require    {', '.join(rules) or 'nothing'}")
    print(f"  push       {spec.push.to if spec.push else 'nowhere'}")
    return 0


def _bounds(require: object) -> list[tuple[str, str]]:
    """Returns each rule with its bounds in words."""
    if not isinstance(require, dict):
        return []
    return [
        (name, ", ".join(f"{side} {value}" for side, value in bound if value is not None))
        for name, bound in require.items()
    ]
