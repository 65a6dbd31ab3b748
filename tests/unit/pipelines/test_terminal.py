"""A terminal breaks at words, and nothing is ever cut."""

from __future__ import annotations

import io

import pytest

from tfline.pipelines.terminal import Grid, broken, say, width_of

REASON = (
    "  - auc of payment_type=Cash is 0.6127, below 0.7 (95 % interval 0.58 to 0.64) [taxi.yaml:11]"
)


class Terminal(io.StringIO):
    """A stream that takes itself for a terminal."""

    def isatty(self) -> bool:
        return True


def test_line_breaks_at_words_and_goes_on_indented() -> None:
    lines = broken(REASON, 60).split("\n")
    assert all(len(line) <= 60 for line in lines)
    assert lines[0].startswith("  - auc")
    assert all(line.startswith("      ") for line in lines[1:])
    assert " ".join("\n".join(lines).split()) == " ".join(REASON.split())


def test_word_that_is_longer_than_a_line_stays_whole() -> None:
    path = "/" + "folder/" * 20 + "run.log"
    assert path in broken(f"  log: {path}", 40).replace("\n", " ").split()


def test_width_is_that_of_the_terminal_and_of_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    terminal, file = Terminal(), io.StringIO()
    assert (width_of(terminal), width_of(file)) == (50, None)
    for stream in (terminal, file):
        say(REASON, stream)
    assert max(map(len, terminal.getvalue().splitlines())) <= 50
    assert file.getvalue() == f"{REASON}\n"


HEADER = ["slice", "records", *(f"metric_{number}" for number in range(9))]
ROWS = [
    ["overall", "2,908", *(f"0.8{number}11" for number in range(9))],
    ["payment_type=Credit Card", "1,034*", *(f"0.7{number}22" for number in range(9))],
]


@pytest.mark.parametrize("width", [1, 50, 80, 132, 1000])
def test_wide_table_goes_on_below_with_every_number_whole(width: int) -> None:
    grid = Grid(HEADER, ROWS, names=2)
    parts = grid.parts(width)
    assert [column for part in parts for column in part[2:]] == [*range(2, len(HEADER))]
    for part in parts:
        assert part[:2] == (0, 1)
        lines = [grid.line(cells, part) for cells in (HEADER, *ROWS)]
        assert len(part) == 3 or max(map(len, lines)) <= width
        for cells, line in zip((HEADER, *ROWS), lines, strict=True):
            assert all(cells[column] in line for column in part)


def test_redirected_table_has_one_part() -> None:
    grid = Grid(HEADER, ROWS, names=2)
    [part] = grid.parts(None)
    assert part == tuple(range(len(HEADER)))
    assert grid.line(ROWS[1], part).split("  ")[0] == "payment_type=Credit Card"


def test_wide_characters_take_two_columns() -> None:
    grid = Grid(["slice", "n"], [["東京", "1"], ["Oslo", "22"]])
    lines = [grid.line(row, (0, 1)) for row in grid.rows]
    assert lines == ["東京    1", "Oslo   22"]
