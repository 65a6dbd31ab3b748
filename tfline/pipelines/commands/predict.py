"""`tfline predict`: rows in, predictions out, over gRPC.

Example:
    echo '{"fare": 45.0, "payment_type": "Cash"}' | tfline predict taxi
    tfline predict taxi data/taxi/eval-00000-of-00001.tfrecord --limit 3 --json
    tfline predict flowers photos/rose.jpg photos/wild
    tfline predict taxi rows.csv --server localhost:8500 --label stable
    tfline predict taxi rows.csv --explain
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import itertools
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tfline.pipelines.commands.arguments import add_spec, count, read_pipeline

if TYPE_CHECKING:
    from tfline.pipelines.api.pipeline import Pipeline
    from tfline.serving.client import Client, Prediction
    from tfline.serving.prediction import Explanation
    from tfline.serving.rows import Row

_BATCH = 256


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, the rows, the server, its version and TLS, and the format."""
    add_spec(parser)
    parser.add_argument(
        "rows",
        nargs="*",
        default=["-"],
        metavar="FILE",
        help="JSON, CSV or TFRecord rows, pictures, or folders of them (default: standard input)",
    )
    parser.add_argument(
        "--server",
        metavar="HOST:PORT",
        help="a running server (default: one is started on the pushed model, and stopped)",
    )
    version = parser.add_mutually_exclusive_group()
    version.add_argument(
        "--version", type=int, metavar="N", help="of the model (default: stable, else newest)"
    )
    version.add_argument("--label", help="of the version, such as stable or canary")
    parser.add_argument(
        "--timeout", type=float, default=10.0, help="seconds that a call may take (default: 10)"
    )
    parser.add_argument("--tls", action="store_true", help="the server's gRPC is encrypted")
    parser.add_argument(
        "--tls-ca", metavar="FILE", help="PEM of the authorities to trust (default: the system's)"
    )
    parser.add_argument("--tls-key", metavar="FILE", help="PEM of the client's key")
    parser.add_argument("--tls-certificate", metavar="FILE", help="PEM of the client's certificate")
    parser.add_argument("--limit", type=count, metavar="N", help="how many rows at most")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--explain", action="store_true", help="tell what each raw feature has added")
    kind.add_argument(
        "--temperature",
        type=float,
        help="have a text drawn for each row, not the best ones: 0.2 is tame, 1.2 wild",
    )
    kind.add_argument(
        "--monte-carlo",
        action="store_true",
        help="show how sure the model is: the standard deviation under dropout",
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed draws other texts")
    parser.add_argument("--json", action="store_true", help="print an object a line")


def run(arguments: argparse.Namespace) -> int:
    """Prints a line a row."""
    from tfline.pipelines.inputs.rows import read_rows

    with _client(read_pipeline(arguments), arguments) as client:
        types = client.features()
        sources = (read_rows(source, types) for source in arguments.rows)
        rows = itertools.islice(itertools.chain.from_iterable(sources), arguments.limit)
        batches = iter(lambda: list(itertools.islice(rows, _BATCH)), [])
        seeds = itertools.count(arguments.seed, _BATCH)
        for batch, seed in zip(batches, seeds, strict=False):
            for row, prediction in zip(batch, _ask(client, batch, arguments, seed), strict=True):
                print(_line(prediction, _file(row), as_json=arguments.json))
                if prediction.explanation is not None and not arguments.json:
                    print(_reasons(prediction.explanation))
    return 0


@contextlib.contextmanager
def _client(pipeline: Pipeline, arguments: argparse.Namespace) -> Iterator[Client]:
    """Yields a client of the given server, or of one that runs inside the context.

    That one has the version that is asked for alone: by number, by label, or else the live one.
    """
    from tfline.serving.client import Client, Tls
    from tfline.transforms.errors import SpecError

    files = (arguments.tls_ca, arguments.tls_key, arguments.tls_certificate)
    tls = Tls(*files) if arguments.tls or any(files) else None
    timeout, version = arguments.timeout, arguments.version
    if arguments.server is not None:
        label = arguments.label
        with Client(
            arguments.server, pipeline.name, version=version, version_label=label,
            timeout=timeout, tls=tls,
        ) as client:  # fmt: skip
            yield client
        return
    if tls is not None:
        raise SpecError("Encryption is of a running server", "--tls", "Name it with --server.")
    if pipeline.spec.push is None:
        raise SpecError(
            "The spec pushes its model nowhere, so there is none to start a server on",
            hint="Name a running server with --server, or add `push: FOLDER` to the spec.",
        )
    with pipeline.serve(version, arguments.label, timeout=timeout) as client:
        yield client


def _ask(
    client: Client, rows: Sequence[Row], arguments: argparse.Namespace, seed: int
) -> list[Prediction]:
    if arguments.monte_carlo:
        return client.monte_carlo(rows)
    if arguments.explain:
        return client.explain(rows)
    if arguments.temperature is None:
        return client.predict(rows)
    return client.sample(rows, temperature=arguments.temperature, seed=seed)


def _reasons(explanation: Explanation) -> str:
    """Returns the baseline, what has been added, the largest first, and the score; a line each."""

    def tuples(numbers: float | tuple[float, ...]) -> tuple[float, ...]:
        return numbers if isinstance(numbers, tuple) else (numbers,)

    added = {name: tuples(part) for name, part in explanation.attributions.items()}
    ranked = sorted(added.items(), key=lambda item: -max(map(abs, item[1])))
    lines = [
        ("baseline", tuples(explanation.baseline)),
        *ranked,
        (explanation.unit, tuples(explanation.score)),
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(
        f"  {name:<{width}} {' '.join(f'{number:>+10.4f}' for number in numbers)}"
        for name, numbers in lines
    )


def _file(row: Row) -> str:
    """Returns the name of the picture that a row is; empty if it is none."""
    from tfline.pipelines.inputs.rows import PictureRow

    return str(row.file) if isinstance(row, PictureRow) else ""


def _possible(prediction: Prediction) -> str:
    """Returns what else is possible, if the model tells it."""
    if prediction.prediction_set is not None:
        return f"  {{{', '.join(prediction.prediction_set)}}}"
    return "".join(f"  [{low:.6g}, {high:.6g}]" for low, high in prediction.bounds)


def _line(prediction: Prediction, file: str, *, as_json: bool) -> str:
    if as_json:
        named = {"file": file} if file else {}
        return json.dumps(named | dataclasses.asdict(prediction), ensure_ascii=False)
    return f"{file}: {_text(prediction)}" if file else _text(prediction)


def _text(prediction: Prediction) -> str:
    if prediction.value is not None or prediction.values:
        values = prediction.values or (prediction.value,)
        pairs = zip(values, _doubts(prediction, len(values)), strict=True)
        numbers = " ".join(f"{value:.6g}{doubt}" for value, doubt in pairs)
        intervals = "".join(
            f"  {level:g}: {' '.join(f'{value:.6g}' for value in quantile)}"
            for level, quantile in prediction.quantiles.items()
        )
        return numbers + intervals + _possible(prediction)
    if prediction.scores:
        return "\t".join(
            f"{text} {score:.4f}"
            for text, score in zip(prediction.texts, prediction.scores, strict=True)
        )
    if prediction.texts:
        return "\t".join(prediction.texts)
    if prediction.objects is not None:
        return "\n".join(
            f"{found.label:<16} {found.score:.4f}  "
            f"box {' '.join(f'{side:.4f}' for side in found.box)}"
            for found in prediction.objects
        )
    if prediction.mask:
        return "\n".join(" ".join(map(str, row)) for row in prediction.mask)
    if prediction.image:
        return "\n".join(" ".join(f"{number:.3f}" for number in row) for row in prediction.image)
    label = prediction.label if prediction.label is not None else ", ".join(prediction.labels)
    probabilities = prediction.probabilities
    doubts = dict(zip(probabilities, _doubts(prediction, len(probabilities)), strict=True))
    ranked = prediction.top or sorted(probabilities.items(), key=lambda item: -item[1])
    odds = ", ".join(f"{name} {probability:.4f}{doubts[name]}" for name, probability in ranked)
    box = "".join(f" {side:.4f}" for side in prediction.box)
    return f"{label:<16} {odds}{box and f'  box{box}'}{_possible(prediction)}"


def _doubts(prediction: Prediction, count: int) -> list[str]:
    """Returns the standard deviation of each of `count` values in words; empty if not told."""
    told = [f" +- {deviation:.3g}" for deviation in prediction.deviations]
    return told or [""] * count
