"""What a shell offers at the Tab key: commands, options, specs, components, keys of the spec.

The shell's script (`tfline completion bash`) runs ``tfline`` itself with the line so far in the
environment; argcomplete reads it, asks the parser, and answers. Nothing heavy is imported.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

VARIABLE = "_ARGCOMPLETE"
"""Is set in a process that only has to answer a shell."""

SHELLS = ("bash", "zsh", "fish")


def words_so_far() -> list[str]:
    """Returns the words of the command line that is being typed, without the program."""
    line = os.environ.get("COMP_LINE", "")
    return line[: int(os.environ.get("COMP_POINT", len(line)))].split()[1:]


def answer(parser: argparse.ArgumentParser) -> None:
    """Tells the shell what may come next, and ends the process."""
    import argcomplete

    argcomplete.autocomplete(parser, always_complete_options="long", default_completer=_complete)


def script(shell: str) -> str:
    """Returns what a shell has to read, so that it completes ``tfline``."""
    import argcomplete

    text: str = argcomplete.shellcode(["tfline"], shell=shell)
    return text


def _complete(prefix: str, action: argparse.Action, **_: Any) -> Iterable[str]:
    """Returns what an argument may be; files unless it is one of `_VALUES`."""
    from argcomplete.completers import FilesCompleter

    values = _VALUES.get(action.dest)
    files = FilesCompleter()(prefix) if values is None or action.dest in _OR_A_FILE else ()
    return [*(values() if values else ()), *files]


def _specs() -> Iterator[str]:
    from tfline.pipelines.spec.load import CATALOG

    return (file.stem for file in sorted(CATALOG.glob("*.yaml")))


def _components() -> Iterable[str]:
    from tfline.pipelines.run.plan import UPSTREAM

    return UPSTREAM


def _keys() -> Iterator[str]:
    """Yields the keys of a spec and of its sections, as an override has them."""
    from tfline.pipelines.spec.schema import json_schema

    schema = json_schema()
    for name, value in schema["properties"].items():
        yield f"{name}="
        for form in (value, *value.get("anyOf", ())):
            section = schema["$defs"].get(form.get("$ref", "").rpartition("/")[2], {})
            yield from (f"{name}.{key}=" for key in section.get("properties", ()))


_VALUES: Mapping[str, Callable[[], Iterable[str]]] = {
    "spec": _specs,
    "component": _components,
    "overrides": _keys,
}
"""What an argument may be, by its name in the parser."""

_OR_A_FILE = frozenset({"spec"})
