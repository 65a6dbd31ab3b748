"""`tfline rollback`: makes an earlier version the newest again.

Example:
    tfline rollback taxi
    tfline rollback taxi --to 1795194036
"""

from __future__ import annotations

import argparse

from tfline.pipelines.commands.arguments import add_spec, push_of, read_spec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set and the version to go back to."""
    add_spec(parser)
    parser.add_argument(
        "--to",
        type=int,
        metavar="N",
        help="the version to go back to (default: the one that was live before)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Pushes the earlier version again, under a new number, and says so."""
    from tfline.components.pusher.availability import wait_until_available
    from tfline.components.pusher.promotion import roll_back
    from tfline.pipelines.run.pushed import push_folder

    spec = read_spec(arguments)
    push = push_of(spec)
    was, earlier, added = roll_back(push_folder(spec), arguments.to)
    print(
        f"{spec.name}: version {added.number} is live: {earlier.number} again, under a new number"
    )
    print(f"  was: version {was.number}, which is still in {push.to}")
    print("  an unchanged `tfline run` does not push it again")
    print(f"  undo: tfline rollback {arguments.spec} --to {was.number}")
    if push.server is not None:
        wait_until_available(push.server, spec.name, added.number)
        print(f"  served by: {push.server}")
    return 0
