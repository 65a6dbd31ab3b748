"""Entries of the commands: from their argument parsers."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tfline.pipelines.cli import COMMANDS
from tfline.pipelines.datasets import DATASETS
from tfline.pipelines.reference.entry import Argument, Entry, Example, Makers
from tfline.pipelines.reference.words import in_yaml
from tfline.transforms.docstrings import Docstring, read_docstring

_WITH_ACTIONS = ("data",)
"""Commands whose next word says what to do."""

_TYPES = ((int, "an integer"), (float, "a number"))


def commands() -> Makers:
    """Returns the commands, and the actions of those that have some."""
    makers: dict[str, Callable[[], Entry]] = {}
    for name, summary in COMMANDS.items():
        makers[name] = partial(_command, name, summary)
        if name in _WITH_ACTIONS:
            for action, text, _ in _actions(parser_of(name)):
                if action not in DATASETS:  # those are a kind of their own
                    makers[f"{name} {action}"] = partial(_action, name, action, text)
    return makers


def parser_of(name: str) -> argparse.ArgumentParser:
    """Returns the parser of a command, without the words before its arguments."""
    parser = argparse.ArgumentParser(prog=f"tfline {name}", formatter_class=_OneLine)
    _module(name).add_arguments(parser)
    return parser


class _OneLine(argparse.HelpFormatter):
    """Writes the usage on one line, however long."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=1000)


def _module(name: str) -> Any:
    return importlib.import_module(f"tfline.pipelines.commands.{name.replace('-', '_')}")


def _command(name: str, summary: str) -> Entry:
    return _entry(name, summary, parser_of(name), read_docstring(_module(name).__doc__))


def _action(name: str, action: str, summary: str) -> Entry:
    [parser] = [inner for found, _, inner in _actions(parser_of(name)) if found == action]
    parser.formatter_class = _OneLine
    docstring = read_docstring(_module(name).__doc__)
    return _entry(f"{name} {action}", summary, parser, docstring)


def _entry(name: str, summary: str, parser: argparse.ArgumentParser, of: Docstring) -> Entry:
    lines = of.sections.get("Example", "").splitlines()
    own = [line for line in lines if f"tfline {name} " in f"{line} "]
    is_action = " " in name
    usage = parser.format_usage().removeprefix("usage: ").strip()
    return Entry(
        kind="command",
        name=name,
        summary=f"{summary[0].upper()}{summary[1:]}.",
        text=(parser.description or "") if is_action else of.text,
        facts=(("Usage", f"`{usage}`"),),
        arguments=tuple(_arguments(parser)),
        example=Example("\n".join(own if is_action else lines), "sh"),
    )


def _actions(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Yields the actions of a command, such as `convert` of `data`, with what they do."""
    for group in parser._actions:
        if isinstance(group, argparse._SubParsersAction):
            for choice in group._choices_actions:
                yield choice.dest, choice.help or "", group.choices[choice.dest]


def _arguments(parser: argparse.ArgumentParser) -> Iterator[Argument]:
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        positional = not action.option_strings
        name = str(action.metavar or action.dest)
        yield Argument(
            name=name if positional else ", ".join(action.option_strings),
            values=_values(action),
            default=_default(action),
            text=(action.help or "").replace("%%", "%"),
            required=action.required and action.nargs != "*",
        )


def _values(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if action.choices is not None:
        return "one of " + ", ".join(f"`{choice}`" for choice in action.choices)
    if action.metavar is not None:
        return str(action.metavar)
    words = [text for kind, text in _TYPES if action.type is kind]
    return words[0] if words else action.dest.upper()


def _default(action: argparse.Action) -> str | None:
    silent = action.nargs == 0 or action.default in (None, [], ["-"])
    return None if silent else in_yaml(str(action.default))
