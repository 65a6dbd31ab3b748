"""The pages of the reference, in Markdown: what `tfline help` says, by kind and family."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tfline.pipelines.reference import pairs
from tfline.pipelines.reference.entry import Argument, Entry
from tfline.pipelines.reference.index import KINDS, entries_of
from tfline.pipelines.reference.words import first_sentence

_PAIRS = "what-fits-what.md"


def pages() -> dict[str, str]:
    """Returns the pages: path below ``reference/`` to Markdown."""
    found = {"index.md": _contents()}
    for kind, of_kind in KINDS.items():
        entries = entries_of(kind)
        families = list(dict.fromkeys(entry.family for entry in entries))
        if families == [""]:
            found[f"{_slug(of_kind.title)}.md"] = _page(of_kind.title, of_kind.text, entries)
            continue
        found[f"{_slug(of_kind.title)}/index.md"] = _families(kind, entries)
        for family in families:
            members = [entry for entry in entries if entry.family == family]
            if _has_page(kind, members):
                title = f"`{family}`" if kind == "key" else f"{of_kind.title}: {family}"
                found[_path(kind, members[0])] = _page(title, "", members)
    found[_PAIRS] = pairs.page()
    return found


def link(entry: Entry) -> str:
    """Returns where an entry is: the path of its page below ``reference/``, and the anchor."""
    return f"{_path(entry.kind, entry)}#{_anchor(entry)}"


def _path(kind: str, entry: Entry) -> str:
    folder = _slug(KINDS[kind].title)
    if not entry.family:
        return f"{folder}.md"
    members = [other for other in entries_of(kind) if other.family == entry.family]
    page = _slug(entry.family) if _has_page(kind, members) else "index"
    return f"{folder}/{page}.md"


def _has_page(kind: str, members: Sequence[Entry]) -> bool:
    """Tells whether a family has a page of its own; a key without keys below it has none."""
    return kind != "key" or len(members) > 1


def _contents() -> str:
    lines = [
        "# Reference",
        "",
        "Generated from the code. `tfline help NAME` prints the same in a terminal:",
        "",
        "```sh",
        "tfline help z_score_steps",
        "tfline help train.epochs",
        "tfline help run",
        "```",
        "",
        "| | |",
        "| --- | --- |",
    ]
    for kind, of_kind in KINDS.items():
        entries = entries_of(kind)
        is_one = not any(entry.family for entry in entries)
        page = f"{_slug(of_kind.title)}{'' if is_one else '/index'}.md"
        lines.append(f"| [{of_kind.title}]({page}) | {len(entries)} entries. {of_kind.text} |")
    lines.append(f"| [{pairs.TITLE}]({_PAIRS}) | Each task with each loss and each metric. |")
    return "\n".join(lines) + "\n"


def _families(kind: str, entries: Sequence[Entry]) -> str:
    """Returns the page that lists families, with what each has."""
    lines = [f"# {KINDS[kind].title}", "", KINDS[kind].text, ""]
    alone: list[Entry] = []
    for family in dict.fromkeys(entry.family for entry in entries):
        members = [entry for entry in entries if entry.family == family]
        if not _has_page(kind, members):
            alone += members
            continue
        page = f"{_slug(family)}.md"
        title = f"`{family}`" if kind == "key" else f"{family[0].upper()}{family[1:]}"
        lines += [f"## [{title}]({page})", "", *_table(members, page), ""]
    for entry in alone:
        lines += list(_entry(entry))
    return "\n".join(lines)


def _page(title: str, text: str, entries: Sequence[Entry]) -> str:
    lines = [f"# {title}", "", *([text, ""] if text else [])]
    if len(entries) > 3:
        lines += [*_table(entries, ""), ""]
    for entry in entries:
        lines += list(_entry(entry))
    return "\n".join(lines)


def _table(entries: Sequence[Entry], page: str) -> list[str]:
    rows = [
        f"| [`{entry.name}`]({page}#{_anchor(entry)}) | {_cell(first_sentence(entry.summary))} |"
        for entry in entries
    ]
    return ["| | |", "| --- | --- |", *rows]


def _entry(entry: Entry) -> Iterator[str]:
    yield from (f"## `{entry.name}` {{ #{_anchor(entry)} }}", "", entry.summary, "")
    if entry.text:
        yield from (entry.text, "")
    yield from (f"- **{title}**: {text}" for title, text in entry.facts)
    yield ""
    if entry.arguments:
        yield from ("| argument | value | default | |", "| --- | --- | --- | --- |")
        yield from (_row(argument) for argument in entry.arguments)
        yield ""
    if entry.example is not None:
        yield from (f"```{entry.example.language}", entry.example.text, "```", "")


def _row(argument: Argument) -> str:
    given = argument.given
    is_value = argument.default is not None and " " not in given
    default = f"`{given}`" if is_value and given else given
    cells = (f"`{argument.name}`", argument.values, default, argument.text)
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _slug(title: str) -> str:
    return title.lower().replace("`", "").replace(" ", "-").replace("_", "-")


def _anchor(entry: Entry) -> str:
    return entry.name.replace(".", "-").replace(" ", "-")
