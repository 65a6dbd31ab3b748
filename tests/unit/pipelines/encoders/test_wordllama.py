"""The encoder says the same as its own library, and its tokenizer is inside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tfline.components.artifacts.saved_model import load_saved_model
from tfline.pipelines import cli
from tfline.pipelines.encoders import wordllama as ours
from tfline.pipelines.encoders.sentencepiece_model import byte_pair_model
from tfline.transforms.errors import ModelError

TEXTS = [
    "A fine film: I'd see it again.",
    "Hello  world, with   spaces",
    " leading and trailing ",
    "über 日本語 🎉\n\ttabs",
    "don't<br />break",
    "1234567.89 e\u0301 a\u00a0b",
    "word " * 500,
    "x",
]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SavedModel, as the command writes it."""
    folder = tmp_path_factory.mktemp("encoders") / "wordllama"
    assert cli.main(["encoder", "wordllama", "-o", str(folder)]) == 0
    return folder


def test_vectors_are_those_of_the_library(encoder: Path) -> None:
    library = pytest.importorskip("wordllama", reason="the extra wordllama is not installed")
    from tokenizers import Tokenizer

    package = Path(library.__file__).parent
    table = ours.read_tensor(package / ours.WEIGHTS, "embedding.weight")
    tokenizer = Tokenizer.from_file(str(package / ours.VOCABULARY))
    reference = library.inference.WordLlamaInference(np.asarray(table), tokenizer)
    found = load_saved_model(str(encoder))(TEXTS).numpy()
    assert found.shape == (len(TEXTS), 256)
    np.testing.assert_allclose(found, reference.embed(TEXTS), atol=1e-4)


def test_empty_text_is_zeros_and_nothing_is_written_over(
    encoder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not load_saved_model(str(encoder))([""]).numpy().any()
    assert cli.main(["encoder", "wordllama", "-o", str(encoder)]) == 2
    assert "is there already" in capsys.readouterr().err


def test_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match="wordllama is not installed") as caught:
        ours.write(Path("unused"))
    assert "pip install 'wordllama<0.5,>=0.4' 'tensorflow-text" in caught.value.hint


def test_vocabulary_that_leaves_an_index_out_is_refused() -> None:
    with pytest.raises(ValueError, match="none left out"):
        byte_pair_model({"<unk>": 0, "a": 2}, [], "<unk>", [])


def test_tensor_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    header = b'{"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}'
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(ValueError, match="cut short"):
        ours.read_tensor(path, "x")
