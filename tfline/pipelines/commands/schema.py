"""`tfline schema`: the JSON Schema of a spec.

Example:
    tfline schema
"""

from __future__ import annotations

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Takes no arguments."""
    parser.epilog = (
        "Save it as tfline.schema.json and put "
        "`# yaml-language-server: $schema=tfline.schema.json` on top of a spec."
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints the schema."""
    from tfline.pipelines.spec import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0
