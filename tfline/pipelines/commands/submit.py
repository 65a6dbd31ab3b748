"""`tfline submit`: uploads a compiled pipeline to Kubeflow Pipelines and starts a run.

Example:
    tfline submit taxi.yaml --host http://localhost:8888
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tfline.pipelines.commands.extra import require_extra


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the file, where Kubeflow Pipelines is, and what a run is given."""
    parser.add_argument("file", metavar="FILE", type=Path, help="what `tfline compile` has written")
    parser.add_argument(
        "--host",
        metavar="URL",
        required=True,
        help="Kubeflow Pipelines' API: http://localhost:8888",
    )
    parser.add_argument("--namespace", default="kubeflow", help="of the run (default: kubeflow)")
    parser.add_argument("--experiment", default="tfline", help="groups the runs (default: tfline)")
    parser.add_argument(
        "--parameter",
        dest="parameters",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="of the run, for example steps=2000; may be repeated",
    )
    parser.add_argument(
        "--token-file", metavar="FILE", type=Path, help="a bearer token, if the API asks for one"
    )
    parser.add_argument("--schedule", metavar="CRON", help="run again and again: '0 0 3 * * *'")
    parser.add_argument("--upload-only", action="store_true", help="start no run")


def run(arguments: argparse.Namespace) -> int:
    """Checks and uploads the pipeline; prints where the run is."""
    require_extra()
    from tfline.pipelines.runners.kubeflow.acceptance import check_accepted
    from tfline.pipelines.runners.kubeflow.submission import Submission
    from tfline.transforms.errors import SpecError

    try:
        text = arguments.file.read_text(encoding="utf-8")
        token = arguments.token_file.read_text().strip() if arguments.token_file else None
    except (OSError, UnicodeDecodeError) as exc:
        raise SpecError(f"The pipeline cannot be submitted: {exc}") from exc
    check_accepted(text, str(arguments.file))
    submission = Submission(text, arguments.host, arguments.namespace, token)
    values = submission.read_parameters(arguments.parameters)
    print(f"pipeline  {submission.upload(arguments.file)}")
    if arguments.schedule:
        print(f"schedule  {submission.schedule(arguments.experiment, values, arguments.schedule)}")
    elif not arguments.upload_only:
        print(f"run       {submission.start(arguments.experiment, values)}")
    return 0
