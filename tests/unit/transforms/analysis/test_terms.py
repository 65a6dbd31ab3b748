"""Terms are counted, in parts, and listed by their frequency."""

from __future__ import annotations

import numpy as np
import pytest

from tfline.transforms.analysis import terms as terms_module
from tfline.transforms.analysis.terms import NO_TERM, SEPARATOR, Terms


def listed(reducer: Terms, *batches: tuple[list[bytes], list[int]]) -> list[tuple[bytes, int]]:
    state = reducer.start()
    for terms, rows in batches:
        arrays = [np.array(terms, object)]
        if reducer.documents:
            arrays.append(np.array(rows, np.int64))
        state = reducer.merge(state, reducer.add(reducer.start(), *arrays))
    pairs = [line.split(SEPARATOR.encode()) for line in reducer.finish(state)]
    return [(term, int(number)) for term, number in pairs]


BATCHES = (([b"a", b"b", b"b", b"", b"x\ny"], [0, 0, 0, 1, 1]), ([b"c", b"b", b"a"], [0, 0, 1]))


@pytest.mark.parametrize(
    ("reducer", "expected"),
    [
        (Terms(), [(b"b", 3), (b"a", 2), (b"c", 1)]),
        (Terms(top_k=1), [(b"b", 3)]),
        (Terms(min_frequency=2), [(b"b", 3), (b"a", 2)]),
        (Terms(documents=True), [(b"b", 2), (b"a", 2), (b"c", 1)]),
        (Terms(min_frequency=9), [(NO_TERM, 0)]),
    ],
)
def test_terms_are_listed_by_frequency(reducer: Terms, expected: list[tuple[bytes, int]]) -> None:
    assert listed(reducer, *BATCHES) == expected


def test_integers_are_compared_as_such() -> None:
    batch = ([b"9", b"10", b"-3"], [])
    assert [term for term, _ in listed(Terms(), batch)] == [b"9", b"10", b"-3"]
    assert [term for term, _ in listed(Terms(integers=True), batch)] == [b"10", b"9", b"-3"]


@pytest.mark.parametrize("term", [b"", b"a\nb", b"a\rb", b"a" + SEPARATOR.encode()])
def test_term_that_a_line_cannot_hold_is_left_out(term: bytes) -> None:
    assert listed(Terms(), ([term], [0])) == [(NO_TERM, 0)]


@pytest.mark.parametrize("documents", [False, True])
def test_frequent_terms_are_found_among_more_than_are_counted(
    monkeypatch: pytest.MonkeyPatch, documents: bool
) -> None:
    monkeypatch.setattr(terms_module, "MOST_TERMS", 500)
    reducer = Terms(top_k=2, documents=documents)
    state = reducer.start()
    for batch in range(40):
        words = [b"often"] * 30 + [b"less"] * 20 + [b"%d-%d" % (batch, n) for n in range(400)]
        state = reducer.add(state, np.array(words, object), np.arange(len(words)))
        assert max(map(len, state)) <= 500
    assert [line.split(SEPARATOR.encode()) for line in reducer.finish(state)] == [
        [b"often", b"1200"],
        [b"less", b"800"],
    ]
