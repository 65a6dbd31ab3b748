"""`tfline completion`: what a shell has to read, so that it completes at the Tab key.

Commands, options, pipelines of the catalog, components and keys of the spec are completed. For
bash, ``eval "$(tfline completion bash)"`` in ``~/.bashrc``; for zsh the same with ``zsh`` in
``~/.zshrc``, after ``compinit``; for fish, ``tfline completion fish | source`` in
``~/.config/fish/config.fish``.

Example:
    tfline completion bash
"""

from __future__ import annotations

import argparse

from tfline.pipelines.completion import SHELLS, script


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the shell."""
    parser.add_argument("shell", choices=SHELLS, help="the shell that is to complete")


def run(arguments: argparse.Namespace) -> int:
    """Prints the script."""
    print(script(arguments.shell))
    return 0
