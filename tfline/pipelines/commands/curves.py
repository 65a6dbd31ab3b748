"""The curves of `tfline cv`: metrics by the values of a setting, or by how much is trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfline.components.trainer.cross_validation import FoldedMetric


@dataclass(frozen=True)
class Curve:
    """Metrics of cross-validations that differ in one thing.

    Attributes:
        what: The setting, or ``share of the training folds``.
        points: Each value of it, and the metrics by name.
    """

    what: str
    points: tuple[tuple[Any, Mapping[str, FoldedMetric]], ...]

    @classmethod
    def of(
        cls, what: str, values: Iterable[Any], validate: Callable[[Any], Sequence[FoldedMetric]]
    ) -> Curve:
        """Validates each value.

        Args:
            what: What differs.
            values: Its values.
            validate: Returns the metrics of one value.
        """
        points = ((value, {one.name: one for one in validate(value)}) for value in values)
        return cls(what, tuple(points))

    def best(self, metric: str, direction: str) -> Any:
        """Returns the value of the best mean over the folds.

        Args:
            metric: Which.
            direction: ``min`` or ``max``.
        """
        sign = 1 if direction == "max" else -1
        return max(self.points, key=lambda point: sign * point[1][metric].mean)[0]

    def lines(self, metric: str) -> list[str]:
        """Returns the table of a metric."""
        width = max(len(self.what), *(len(str(value)) for value, _ in self.points)) + 2
        found = [f"{self.what:<{width}}{metric:>12}{'deviation':>12}{'in training':>14}"]
        for value, metrics in self.points:
            one = metrics[metric]
            trained = sum(one.trained) / len(one.trained)
            found.append(
                f"{value!s:<{width}}{one.mean:>12.4f}{one.deviation:>12.4f}{trained:>14.4f}"
            )
        return found

    def plot(self, metric: str, title: str, file: Path) -> None:
        """Writes the curve in training and on what is held out, as a page of its own."""
        import plotly.graph_objects as go

        values = [value for value, _ in self.points]
        is_number = all(isinstance(value, int | float) for value in values)
        x = values if is_number else [str(value) for value in values]
        metrics = [metrics[metric] for _, metrics in self.points]
        figure = go.Figure(
            [
                go.Scatter(
                    x=x, y=[sum(one.trained) / len(one.trained) for one in metrics],
                    name="in training", mode="lines+markers", line={"dash": "dash"},
                ),
                go.Scatter(
                    x=x, y=[one.mean for one in metrics], name="held out", mode="lines+markers",
                    error_y={"type": "data", "array": [one.deviation for one in metrics]},
                ),
            ]
        )  # fmt: skip
        figure.update_layout(title=title, template="simple_white")
        spread = is_number and min(values) > 0 and max(values) >= 20 * min(values)
        figure.update_xaxes(title=self.what, type="log" if spread else None)
        figure.update_yaxes(title=metric)
        figure.write_html(file, include_plotlyjs=True)
