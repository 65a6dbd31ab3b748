"""A YAML document knows the place of each value."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from tfline.pipelines.spec.document import Document, read_document
from tfline.transforms.errors import SpecError


@pytest.fixture
def read(tmp_path: Path):
    """Reads a text as a document."""

    def read_text(text: str, *overrides: str) -> Document:
        source = tmp_path / "spec.yaml"
        source.write_text(text, encoding="utf-8")
        return read_document(source, overrides)

    return read_text


def test_place_of_nested_value_names_line_and_path(read) -> None:
    document = read("a:\n  b:\n  - 1\n  - {c: 2}\n")
    assert document.place(("a", "b", 1, "c")) == f"{document.source}:4, a.b[1].c"


def test_place_of_unknown_path_is_the_nearest_one_around_it(read) -> None:
    document = read("a:\n  b: 1\n")
    assert document.place(("a", "x")) == f"{document.source}:1, a"
    assert document.place(("x",)) == f"{document.source}:1"


def test_place_skips_what_pydantic_puts_between_keys(read) -> None:
    document = read("a: 1\nb:\n  c: 2\n")
    assert document.place(("b", "function-wrap[f]", "c")).endswith(":3, b.c")


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a: [1\nb: 2\n", "Not valid YAML", 2),
        ("a: 1\n\ta: 2\n", "Not valid YAML", 2),
        ("a: 1\nb: 2\na: 3\n", "The key 'a' is there twice", 3),
        ("a:\n  b: 1\n  b: 2\n", "The key 'b' is there twice", 3),
        ("- 1\n", "A spec is a mapping", 1),
        ("", "A spec is a mapping", 1),
        ("just words", "A spec is a mapping", 1),
    ],
)
def test_malformed_file_is_refused_with_its_line(read, text: str, message: str, line: int) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        read(text)
    assert caught.value.where.endswith(f"spec.yaml:{line}")


@pytest.mark.parametrize(
    "text", ["? [1, 2]\n: 3\n", "a: 2001-13-45\n", "a: !!python/object:os.system {}\n"]
)
def test_value_that_yaml_cannot_build_is_refused(read, text: str) -> None:
    with pytest.raises(SpecError, match="Not valid YAML"):
        read(text)


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: &a {b: [1, *a]}\n"])
def test_value_that_contains_itself_is_refused(read, text: str) -> None:
    with pytest.raises(SpecError, match="contains itself"):
        read(text)


def test_anchors_and_merges_are_read(read) -> None:
    assert read("a: &x {b: 1}\nc: {<<: *x, d: 2}\n").data["c"] == {"b": 1, "d": 2}


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"cannot be read: .*No such file"):
        read_document(tmp_path / "none.yaml")


def test_binary_file_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "spec.yaml"
    source.write_bytes(b"a: \xff\xfe")
    with pytest.raises(SpecError, match="cannot be read"):
        read_document(source)


def test_control_character_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "spec.yaml"
    source.write_bytes(b"a: \x00")
    with pytest.raises(SpecError, match="Not valid YAML"):
        read_document(source)


def test_override_sets_a_value_in_yaml_and_is_its_place(read) -> None:
    document = read("a: {b: 1}\n", "a.b=[2, x]", "c.d=null")
    assert document.data == {"a": {"b": [2, "x"]}, "c": {"d": None}}
    assert document.place(("a", "b")) == "--set a.b=[2, x], a.b"


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 0.001), ("-2E+5", -2e5), ("1.e2", 100.0), ("1.5e3", 1500.0), ("0.001", 0.001)],
)
def test_number_with_an_exponent_is_a_number(read, text: str, value: float) -> None:
    document = read(f"a: {text}\n", f"b={text}", f"c={{d: [{text}]}}")
    assert document.data == {"a": value, "b": value, "c": {"d": [value]}}


@pytest.mark.parametrize("text", ["e3", "1e", "1e3x", "'1e3'", "v1e3"])
def test_text_that_looks_like_a_number_is_a_text(read, text: str) -> None:
    assert read(f"a: {text}\n").data == {"a": text.strip("'")}


def test_key_that_is_twice_in_an_override_is_refused(read) -> None:
    with pytest.raises(SpecError, match="The key 'b' is there twice") as caught:
        read("a: 1\n", "a={b: 1, b: 2}")
    assert caught.value.where.startswith("--set a={b: 1, b: 2}")


def test_setting_to_tune_is_one_key(read) -> None:
    document = read("tune: {over: {train.batch_size: [1]}}\n", "tune.over.train.learning_rate=[2]")
    assert document.data["tune"]["over"] == {"train.batch_size": [1], "train.learning_rate": [2]}


def test_document_of_python_values_names_where_they_were_written() -> None:
    document = Document.of({"a": {"b": [1, {"c": 2}]}}, "Pipeline(...)")
    assert document.place(("a", "b", 1, "c")) == "Pipeline(...), a.b[1].c"
    document.change({"a": {"d": 3}, "model": {"cnn": {}}}, "Pipeline.load(...)")
    document.change({"model": {"mlp": {}}}, "Pipeline.load(...)")
    assert document.data == {"a": {"b": [1, {"c": 2}], "d": 3}, "model": {"mlp": {}}}
    assert document.place(("a", "d")) == "Pipeline.load(...), a.d"


def test_last_override_wins(read) -> None:
    assert read("a: 1\n", "a=2", "a=3").data == {"a": 3}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("a", "An override reads key.path=value"),
        ("=1", "An override reads key.path=value"),
        ("a=[1", "The value is not valid YAML"),
        ("name.x=1", "`name` is no section but 'taxi'"),
    ],
)
def test_malformed_override_is_refused(read, override: str, message: str) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        read("name: taxi\n", override)
    assert caught.value.where == f"--set {override}"


def test_error_survives_pickling(read) -> None:
    with pytest.raises(SpecError) as caught:
        read("a: 1\na: 2\n")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
