"""`tfline lr-find`: a short training in which the learning rate grows, and its plot.

Example:
    tfline lr-find taxi
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tfline.pipelines.commands.arguments import add_spec, add_work
from tfline.pipelines.commands.prepared import prepared

if TYPE_CHECKING:
    from tfline.components.trainer.rate_range import RateRange


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, --work, --steps and --output."""
    add_spec(parser)
    add_work(parser)
    parser.add_argument(
        "--steps", metavar="N", type=int, default=200, help="steps at most (default: 200)"
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        default=Path("lr-find.html"),
        help="the plot, one HTML file that loads nothing (default: lr-find.html)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Writes the plot and prints the rate to begin with."""
    from tfline.transforms.errors import SpecError

    if arguments.steps < 2:
        raise SpecError(f"Expected 2 steps at least. Received: {arguments.steps}", "--steps")
    with prepared(arguments) as data:
        from tfline.components.trainer.rate_range import find_rate

        found = find_rate(data.config, data.transform_graph, data.train_files, arguments.steps)
    _plot(found, data.config.pipeline, arguments.output)
    print(f"train: {{learning_rate: {found.suggestion:.2g}}}")
    print(f"  a tenth of the rate at which the loss was lowest; the plot: {arguments.output}")
    return 0


def _plot(found: RateRange, pipeline: str, file: Path) -> None:
    """Writes the loss over the rate, which is logarithmic, as a page of its own."""
    import plotly.graph_objects

    figure = plotly.graph_objects.Figure(
        plotly.graph_objects.Scatter(x=found.rates, y=found.losses, mode="lines")
    )
    figure.add_vline(
        x=found.suggestion, line_dash="dash", annotation_text=f"{found.suggestion:.2g}"
    )
    figure.update_layout(title=f"{pipeline}: loss by learning rate", template="simple_white")
    figure.update_xaxes(type="log", title="learning rate")
    figure.update_yaxes(title="loss, smoothed")
    figure.write_html(file, include_plotlyjs=True)
