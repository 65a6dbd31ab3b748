"""`tfline gc`: removes what earlier runs left and nobody needs.

Example:
    tfline gc taxi --dry-run
    tfline gc taxi --keep 3
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tfline.pipelines.commands.arguments import add_spec, add_work, read_spec, work_folder
from tfline.transforms.errors import SpecError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, --work, how many runs are kept, and --dry-run."""
    add_spec(parser)
    add_work(parser)
    parser.add_argument(
        "--keep", type=int, default=5, metavar="N", help="how many of the last runs stay (5)"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")


def run(arguments: argparse.Namespace) -> int:
    """Removes artifacts, logs, pages and records of runs that are not kept; says how much."""
    from tfline.pipelines.run.garbage import find_garbage, remove
    from tfline.pipelines.run.store import forget_artifacts, open_store

    if arguments.keep < 1:
        raise SpecError("At least one run has to stay", "--keep", f"Received: {arguments.keep}.")
    spec = read_spec(arguments)
    folder = work_folder(arguments, spec)
    if not folder.runs.is_dir():
        print(f"no runs in {folder.root}")
        return 0
    with folder.locked():
        garbage = find_garbage(folder, arguments.keep, Path(spec.push.to) if spec.push else None)
        if not arguments.dry_run:
            if garbage.artifacts:
                store = open_store(spec.metadata, folder.metadata)
                forget_artifacts(store, [str(artifact) for artifact in garbage.artifacts])
            remove(garbage)
    verb = "would remove" if arguments.dry_run else "removed"
    print(
        f"{spec.name}: {verb} {len(garbage.runs)} runs, {len(garbage.artifacts)} artifacts, "
        f"{len(garbage.files)} files: {garbage.size / 1e6:,.1f} MB"
    )
    for record in garbage.runs:
        print(f"  {record.id}")
    print("kept, beside what is in the push folder:")
    for record, reason in garbage.kept:
        print(f"  {record.id}  {reason}")
    return 0
