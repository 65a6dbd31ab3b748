"""Vocabularies that are given in the spec, or in a file that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfline.transforms.arguments import check_arguments
from tfline.transforms.categorical import string_lookup
from tfline.transforms.errors import SpecError


def test_file_is_read_when_the_spec_is(tmp_path: Path) -> None:
    (tmp_path / "terms.txt").write_text("b\na\nü\n", encoding="utf-8")
    arguments = check_arguments(string_lookup, {"vocabulary": str(tmp_path / "terms.txt")}, "")
    assert arguments == {"vocabulary": ("b", "a", "ü")}


@pytest.mark.parametrize(
    ("vocabulary", "message"),
    [
        ("no/such/file", "cannot be read"),
        (["a", "a"], "must be different"),
        (["a", ""], "none empty"),
        ([], "at least 1 item"),
        ([1], "valid string"),
    ],
)
def test_wrong_vocabulary_is_refused(vocabulary: object, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        check_arguments(string_lookup, {"vocabulary": vocabulary}, "")
