"""`tfline cv`: k-fold cross-validation of the model on the train split.

Example:
    tfline cv taxi --folds 3
"""

from __future__ import annotations

import argparse

from tfline.pipelines.commands.arguments import add_spec, add_work
from tfline.pipelines.commands.prepared import prepared


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, --work and --folds."""
    add_spec(parser)
    add_work(parser)
    parser.add_argument(
        "--folds", metavar="K", type=int, default=5, help="how many parts (default: 5)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints the mean and the standard deviation of each metric over the folds."""
    from tfline.transforms.errors import SpecError

    if arguments.folds < 2:
        raise SpecError(f"Expected 2 folds at least. Received: {arguments.folds}", "--folds")
    with prepared(arguments) as data:
        from tfline.components.trainer.cross_validation import cross_validate

        metrics = cross_validate(
            data.config, data.transform_graph, data.train_files, arguments.folds
        )
    print(f"{'metric':<20}{'mean':>10}{'deviation':>12}  folds")
    for metric in metrics:
        values = " ".join(f"{value:.4f}" for value in metric.values)
        print(f"{metric.name:<20}{metric.mean:>10.4f}{metric.deviation:>12.4f}  {values}")
    return 0
