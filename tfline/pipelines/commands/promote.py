"""`tfline promote`: labels a version stable or canary.

Example:
    tfline promote taxi --version 1795194036
    tfline promote taxi --version 1795195082 --label canary
"""

from __future__ import annotations

import argparse

from tfline.pipelines.commands.arguments import add_spec, push_of, read_spec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, the version and the label."""
    add_spec(parser)
    parser.add_argument("--version", type=int, metavar="N", required=True, help="a pushed version")
    parser.add_argument(
        "--label",
        choices=("stable", "canary"),
        default="stable",
        help="what it is to be called (default: stable)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Writes the labels beside the versions, and says what they are now."""
    from tfline.components.pusher.availability import wait_until_available
    from tfline.components.pusher.promotion import promote
    from tfline.pipelines.run.pushed import push_folder
    from tfline.serving.labels import CONFIG_FILE, LABELS, read_labels

    spec = read_spec(arguments)
    push, folder = push_of(spec), push_folder(spec)
    first = not read_labels(folder.path, spec.name).versions
    labels = promote(folder, arguments.version, arguments.label)
    named = (f"{label} {labels.versions[label]}" for label in LABELS if label in labels.versions)
    print(f"{spec.name}: {', '.join(named)}")
    print(f"  loaded: {', '.join(map(str, labels.loaded))}")
    print(f"  read by servers from: {folder.path / CONFIG_FILE}")
    if first:
        print(
            "  start running servers again: they began without labels, and load the newest version"
        )
    if push.server is not None:
        wait_until_available(push.server, spec.name, arguments.version)
        print(f"  served by: {push.server}")
    return 0
