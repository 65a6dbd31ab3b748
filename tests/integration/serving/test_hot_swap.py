"""The short form of `benchmarks.hot_swap`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.hot_swap import swap


def test_no_request_fails_while_versions_are_swapped(models: Path, tmp_path: Path):
    outcome = swap(models / "toolbox", tmp_path / "served", seconds=8, rate=200, versions=4)
    assert not outcome.failures
    assert len(outcome.latencies) > 1000
    assert outcome.versions >= {1, 2}
    assert 3 not in outcome.versions, "the graph of version 3 is cut off"
