"""The `tfline` command: finds the command's module, runs it, turns errors into words and codes.

Exit codes: 0 done; 1 an error inside tfline or the stack; 2 something the user can mend; 3 the
run went through, and the model is not blessed; 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from tfline.pipelines import completion

COMMANDS = {
    "data": "write a catalog data set, convert CSV, Parquet or images, show records",
    "init": "write a spec for a file: CSV, Parquet, TFRecords, pictures or text",
    "encoder": "make an encoder of texts for `text_transfer`, of a package",
    "check": "read a spec and look at its data; run nothing",
    "run": "run a pipeline: TFRecords to a pushed model",
    "cv": "cross-validate the model on the train split",
    "lr-find": "find a learning rate by a short training",
    "serve": "serve the pushed model over gRPC and REST",
    "predict": "predict rows over gRPC",
    "deploy": "print what deploys the pushed model: Compose, Kubernetes, KServe",
    "bless": "let a model go live against the verdict, with the reason on record",
    "compile": "write the pipeline for Kubeflow Pipelines",
    "submit": "upload a compiled pipeline to Kubeflow Pipelines, and run it",
    "promote": "label a version stable or canary",
    "rollback": "make an earlier version the newest again",
    "gc": "remove what earlier runs left and nobody needs",
    "runs": "list the runs of a pipeline",
    "report": "write a page about a run, or about two runs, and open it",
    "why": "tell why a component runs again, or would",
    "schema": "print the JSON Schema of a spec, for editors",
    "schema-review": "write the inferred data schema for editing",
    "doctor": "check Python, packages, ports and disk",
    "completion": "print what bash, zsh or fish reads to complete at the Tab key",
    "requirements": "print where the lock of the release is, for pip and uv",
    "help": "explain a transform, a model, a metric, a key of the spec, a command",
}
"""What the commands do; each is a module of `tfline.pipelines.commands`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: Arguments; those of the process if left out.

    Returns:
        The exit code.
    """
    if completion.VARIABLE in os.environ:
        completion.answer(_parser(completion.words_so_far()))
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = _parser(arguments)
    parsed, left = parser.parse_known_args(arguments)
    if left and (not hasattr(parsed, "rows") or any(word.startswith("-") for word in left)):
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    if left:  # files that argparse does not find behind an option
        parsed.rows = [*(row for row in parsed.rows if row != "-"), *left]
    from tfline.transforms.errors import TflineError

    sys.path.insert(0, os.getcwd())  # the user's own modules, named in a spec by dotted path
    try:
        code: int = importlib.import_module(parsed.module).run(parsed)
    except TflineError as exc:
        from tfline.pipelines.terminal import say_error

        say_error(exc, parsed.command)
        return exc.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def entry() -> None:
    """Runs the command line and ends the process, at once if TensorFlow is in it.

    The native libraries of TensorFlow, Arrow and Beam take each other down in the interpreter's
    own shutdown now and then, after all work is done; the exit code would then be a lie.
    """
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    if "tensorflow" in sys.modules:
        os._exit(code)
    sys.exit(code)


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Returns the parser; only the module of the command that is asked for is imported."""
    from importlib.metadata import version

    parser = argparse.ArgumentParser(
        prog="tfline", description="From TFRecords to a gRPC prediction: one spec, one command."
    )
    parser.add_argument("--version", action="version", version=f"tfline {version('tfline')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    asked = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
        )
        if name == asked:
            module = f"tfline.pipelines.commands.{name.replace('-', '_')}"
            command.set_defaults(module=module)
            importlib.import_module(module).add_arguments(command)
    return parser


if __name__ == "__main__":
    entry()
