"""The short form of `benchmarks.hot_swap`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.hot_swap import build, swap


def test_no_request_fails_while_versions_are_swapped(tmp_path: Path):
    build(tmp_path / "model")
    outcome = swap(tmp_path / "model", tmp_path / "served", seconds=8, rate=200, versions=4)
    assert not outcome.failures
    assert len(outcome.latencies) > 1000
    assert outcome.versions >= {1, 2}
    assert 3 not in outcome.versions, "the graph of version 3 is cut off"
