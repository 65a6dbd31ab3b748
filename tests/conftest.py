"""What tests of all levels share: records on disk, specs on disk, a folder of one's own."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping, Set
from pathlib import Path

import pytest

from tfline.components.example_gen.example_proto import Value, encode_example
from tfline.components.example_gen.tfrecord import write_records as write_tfrecords

WriteRows = Callable[[Path, Iterable[Mapping[str, Value]]], Path]
WriteText = Callable[[Path, str], Path]


LONG = (
    "tests/e2e/",
    "tests/unit/components/trainer/models/test_models.py",
    "tests/unit/transforms/test_transforms.py",
    "tests/integration/",
    "tests/unit/components/trainer/test_fit.py",
    "tests/unit/components/trainer/test_data.py",
    "tests/unit/transforms/test_references.py",
    "tests/unit/components/trainer/test_texts.py",
)
"""What takes more than half a minute of a core."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Refuses cases without an order: pytest's workers would not agree on what there is to run."""
    for mark in metafunc.definition.iter_markers("parametrize"):
        if isinstance(mark.args[1], Set) and not isinstance(mark.args[1], KeysView):
            raise pytest.UsageError(f"{metafunc.definition.nodeid}: sort the set of its cases")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lets the long files begin: at the end, all cores have something to do."""

    def place(item: pytest.Item) -> int:
        found = (place for place, long in enumerate(LONG) if item.nodeid.startswith(long))
        return next(found, len(LONG))

    items.sort(key=place)


@pytest.fixture(scope="session", autouse=True)
def _leaves_no_files() -> Iterator[None]:
    """What a test writes into the folder it is started in, a user finds in theirs."""
    before = {path for path in Path.cwd().iterdir() if not path.name.startswith(".")}
    folder = Path.cwd()
    yield
    left = [path.name for path in folder.iterdir() if path not in before]
    assert not [name for name in left if not name.startswith((".", "__pycache__"))], left


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A SavedModel that makes a vector of a text: the mean of those of its words.

    It is called as those of TF Hub are, and has a vocabulary in a file.
    """
    import tensorflow as tf  # most tests need none

    folder = tmp_path_factory.mktemp("encoder")
    vocabulary = folder / "words.txt"
    vocabulary.write_text("monday\nsunday\ngood\nbad\n")

    class Encoder(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            file = tf.lookup.TextFileInitializer(
                str(vocabulary),
                tf.string,
                tf.lookup.TextFileIndex.WHOLE_LINE,
                tf.int64,
                tf.lookup.TextFileIndex.LINE_NUMBER,
            )
            self.words = tf.lookup.StaticVocabularyTable(file, 1)
            self.embedding = tf.Variable(tf.random.stateless_normal([5, 8], seed=[0, 1]))

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def __call__(self, texts: tf.Tensor) -> tf.Tensor:
            words = tf.strings.split(tf.strings.lower(texts))
            indices = self.words.lookup(words.to_tensor())  # [batch, words]
            mask = tf.sequence_mask(words.row_lengths(), dtype=tf.float32)[..., tf.newaxis]
            total = tf.reduce_sum(tf.gather(self.embedding, indices) * mask, axis=1)
            return tf.math.divide_no_nan(total, tf.reduce_sum(mask, axis=1))

    path = folder / "saved_model"
    tf.saved_model.save(Encoder(), str(path))
    vocabulary.unlink()
    return str(path)


@pytest.fixture(scope="session")
def write_rows() -> WriteRows:
    """Writes rows as tf.Examples into a TFRecord file, and returns the file."""

    def write(path: Path, rows: Iterable[Mapping[str, Value]]) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_tfrecords(path, map(encode_example, rows))
        return path

    return write


@pytest.fixture(scope="session")
def write_text() -> WriteText:
    """Writes an indented text into a file without its indentation, and returns the file."""

    def write(path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    return write
