"""`tfline schema-review`: the data schema of the last run, for editing.

Example:
    tfline schema-review taxi -o taxi.schema.pbtxt
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from tfline.pipelines.commands.arguments import add_spec, add_work, read_spec, work_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, --work and the file to write."""
    add_spec(parser)
    add_work(parser)
    parser.add_argument(
        "-o", "--output", type=Path, help="the file to write (default: NAME.schema.pbtxt)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Copies the schema out of the last run that has one."""
    from tfline.components.artifacts.schema import SCHEMA_FILE
    from tfline.pipelines.run.records import list_runs
    from tfline.transforms.errors import SpecError

    spec = read_spec(arguments)
    target: Path = arguments.output or Path(f"{spec.name}.schema.pbtxt")
    if target.exists():
        raise SpecError(f"{target} is there already", hint="Name another file with --output.")
    for record in reversed(list_runs(work_folder(arguments, spec).runs)):
        folder = record.output("SchemaGen", "schema")
        if folder is not None and (folder / SCHEMA_FILE).is_file():
            shutil.copyfile(folder / SCHEMA_FILE, target)
            print(f"{target}: edit it, then name it in the spec: `schema_file: {target}`")
            return 0
    raise SpecError("There is no schema yet", hint=f"`tfline run {arguments.spec}` infers one.")
