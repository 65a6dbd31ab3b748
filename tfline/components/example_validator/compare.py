"""Statistics held against others: a split against train, train against an earlier run.

The distance is L-infinity for categories, the Jensen-Shannon divergence for numbers.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator
from typing import Literal

from tensorflow_metadata.proto.v0.statistics_pb2 import (
    DatasetFeatureStatisticsList as Statistics,
)
from tensorflow_metadata.proto.v0.statistics_pb2 import FeatureNameStatistics as FeatureStats

from tfline.components.artifacts.statistics import (
    common_statistics,
    feature_key,
    value_shares,
)
from tfline.components.example_validator.anomaly import Anomaly
from tfline.components.example_validator.config import Check, Expectation, ValidateConfig
from tfline.components.example_validator.divergence import divergence

Severity = Literal["error", "warning"]

_NOTED_UNSEEN = 0.01
_NOTED_MISSING = 0.02
_SIGMAS = 3.0
_OUTSIDE = 1.0
"""Numbers that lie outside a range by more than this multiple of it are noted."""


@dataclasses.dataclass(frozen=True)
class Reference:
    """What data is held against.

    Attributes:
        name: For people: ``the train split``.
        statistics: Of one split.
    """

    name: str
    statistics: Statistics


@dataclasses.dataclass(frozen=True)
class _Pair:
    """A raw feature here and in the reference."""

    expected: Expectation
    now: FeatureStats
    then: FeatureStats
    records: int
    records_then: int

    @property
    def noise(self) -> float:
        """Three standard deviations of the difference of two shares, at most."""
        return _SIGMAS * math.sqrt(0.25 * (1 / self.records + 1 / self.records_then))


def compare(
    split: str,
    statistics: Statistics,
    reference: Reference,
    expectations: Iterable[Expectation],
    config: ValidateConfig,
) -> list[Anomaly]:
    """Returns where a split differs from what it is held against.

    Args:
        split: Its name.
        statistics: Its statistics.
        reference: What it is held against.
        expectations: What the spec says of each raw feature; only these are looked at.
        config: The thresholds.
    """
    found: list[Anomaly] = []
    for pair in _pairs(statistics, reference.statistics, expectations):
        checks: dict[Check, tuple[str, Severity]] = {"type": (_type(pair), "error")}
        if pair.now.type == pair.then.type:
            checks |= {
                "missing": _missing(pair, config.missing),
                "unseen": _unseen(pair, config.unseen),
                "range": (_range(pair), "warning"),
                "drift": (
                    _drift(pair, config),
                    "error" if config.drift.action == "stop" else "warning",
                ),
            }
        for check, (text, severity) in checks.items():
            if text and check not in config.allow:
                words = text.format(reference=reference.name)
                hint = f"Mend the data, or `validation: {{allow: [{check}]}}`."
                found.append(Anomaly(split, pair.expected.key, words, severity, hint))
    return found


def _pairs(
    statistics: Statistics, reference: Statistics, expectations: Iterable[Expectation]
) -> Iterator[_Pair]:
    [now], [then] = statistics.datasets, reference.datasets
    if not now.num_examples or not then.num_examples:
        return
    here = {feature_key(stats): stats for stats in now.features}
    there = {feature_key(stats): stats for stats in then.features}
    # a raw feature may be in several features; the one that looks it up says most of it
    strictest = {e.key: e for e in sorted(expectations, key=lambda e: e.kind == "category")}
    for key, expected in strictest.items():
        if expected.role != "slice" and key in here and key in there:
            counts = int(now.num_examples), int(then.num_examples)
            yield _Pair(expected, here[key], there[key], *counts)


def _type(pair: _Pair) -> str:
    if pair.now.type == pair.then.type:
        return ""
    names = [FeatureStats.Type.Name(stats.type) for stats in (pair.now, pair.then)]
    return f"{names[0]}, but {names[1]} in {{reference}}"


def _missing(pair: _Pair, limit: float) -> tuple[str, Severity]:
    now = 1 - common_statistics(pair.now).num_non_missing / pair.records
    then = 1 - common_statistics(pair.then).num_non_missing / pair.records_then
    more = now - then - pair.noise
    if more <= min(limit, _NOTED_MISSING):
        return "", "warning"
    text = f"missing in {now:.1%} of the records, but in {then:.1%} of {{reference}}"
    return text, "error" if more > limit else "warning"


def _unseen(pair: _Pair, limit: float) -> tuple[str, Severity]:
    now, then = value_shares(pair.now), value_shares(pair.then)
    if pair.expected.kind != "category" or now is None or then is None or not then.complete:
        return "", "warning"
    unseen = {value: share for value, share in now.shares.items() if value not in then.shares}
    share = sum(unseen.values())
    if share <= min(limit, _NOTED_UNSEEN):
        return "", "warning"
    frequent = sorted(unseen, key=lambda value: -unseen[value])[:3]
    text = f"{share:.1%} of the values are not in {{reference}}: {', '.join(map(_plain, frequent))}"
    text += f" and {len(unseen) - 3:,} more" if len(unseen) > 3 else ""
    return text, "error" if share > limit else "warning"


def _plain(value: str) -> str:
    """Returns a value as it stands in a text that is formatted later."""
    return value.replace("{", "{{").replace("}", "}}")


def _range(pair: _Pair) -> str:
    if pair.now.WhichOneof("stats") != "num_stats" or pair.expected.kind == "category":
        return ""
    now, then = pair.now.num_stats, pair.then.num_stats
    width = then.max - then.min
    numbers = (now.min, now.max, then.min, then.max)
    if not all(map(math.isfinite, numbers)) or width <= 0:
        return ""
    if now.max > then.max + _OUTSIDE * width or now.min < then.min - _OUTSIDE * width:
        return (
            f"between {now.min:.6g} and {now.max:.6g}, but between {then.min:.6g} and "
            f"{then.max:.6g} in {{reference}}"
        )
    return ""


def _drift(pair: _Pair, config: ValidateConfig) -> str:
    named = pair.expected.kind == "category" or pair.expected.role == "label"
    text = _category_drift(pair, config.drift.categories) if named else ""
    if text or (pair.expected.kind == "category" and value_shares(pair.now) is not None):
        return text
    if pair.now.WhichOneof("stats") == "num_stats":
        return _number_drift(pair, config.drift.numbers)
    return ""


def _category_drift(pair: _Pair, limit: float) -> str:
    now, then = value_shares(pair.now), value_shares(pair.then)
    if now is None or then is None:
        return ""
    changes = {
        value: (now.shares.get(value, 0.0), then.shares.get(value, 0.0))
        for value in sorted({*now.shares, *then.shares})
    }
    if not changes:
        return ""
    value = max(changes, key=lambda v: abs(changes[v][0] - changes[v][1]))
    share, earlier = changes[value]
    distance, threshold = abs(share - earlier), limit + pair.noise
    if distance <= threshold:
        return ""
    return (
        f"{_plain(value)} is {share:.1%} of the values, but {earlier:.1%} in {{reference}} "
        f"(L-infinity distance {distance:.3f}, threshold {threshold:.3f})"
    )


def _number_drift(pair: _Pair, limit: float) -> str:
    threshold = limit + 4 * (1 / pair.records + 1 / pair.records_then)  # ten cells
    distance = divergence(pair.now, pair.then)
    if distance is None or distance <= threshold:
        return ""
    now, then = pair.now.num_stats, pair.then.num_stats
    return (
        f"distributed otherwise than in {{reference}}: mean {now.mean:.6g} against "
        f"{then.mean:.6g} (Jensen-Shannon divergence {distance:.3f}, threshold {threshold:.3f})"
    )
