"""What the blocks of encoder and decoder keep, whatever their weights."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from tfline.components.trainer.models.transformer.attention import padding_mask
from tfline.components.trainer.models.transformer.blocks import DecoderBlock, EncoderBlock

UNITS, HEADS = 8, 2
MASK = np.array([1, 1, 1, 0, 0], bool).reshape(1, 1, 5)


@pytest.fixture(scope="module")
def decoder() -> DecoderBlock:
    """A block with random weights, with a dropout that must not be seen."""
    block = DecoderBlock(UNITS, HEADS, 16, dropout=0.5)
    block.build((None, None, UNITS), (None, None, UNITS))
    rng = np.random.default_rng(1)
    block.set_weights(
        [rng.normal(size=weight.shape) for weight in block.get_weights()[:-1]]
        + block.get_weights()[-1:]
    )
    return block


def tensors() -> tuple[np.ndarray, np.ndarray]:
    """A target of 4 steps and an encoder's output of 5."""
    rng = np.random.default_rng(2)
    x, memory = rng.normal(size=(2, 4, UNITS)), rng.normal(size=(2, 5, UNITS))
    return x.astype(np.float32), memory.astype(np.float32)


def test_encoder_does_not_see_padding() -> None:
    _, x = tensors()
    block = EncoderBlock(UNITS, HEADS, 16)
    changed = x.copy()
    changed[:, 3:] = 1e3
    seen = np.asarray(block(x, MASK))[:, :3]
    np.testing.assert_array_equal(seen, np.asarray(block(changed, MASK))[:, :3])
    np.testing.assert_allclose(seen, block(x[:, :3]), rtol=1e-4, atol=1e-5)


def test_decoder_does_not_see_what_follows(decoder: DecoderBlock) -> None:
    x, memory = tensors()
    whole = np.asarray(decoder(x, memory, MASK))
    np.testing.assert_allclose(whole[:, :2], decoder(x[:, :2], memory, MASK), rtol=1e-4, atol=1e-4)


def test_decoder_does_not_see_padding_of_memory(decoder: DecoderBlock) -> None:
    x, memory = tensors()
    changed = memory.copy()
    changed[:, 3:] = 1e3
    np.testing.assert_array_equal(decoder(x, memory, MASK), decoder(x, changed, MASK))


def test_steps_equal_teacher_forcing(decoder: DecoderBlock) -> None:
    x, memory = tensors()
    empty = np.zeros((2, 6, HEADS, UNITS // HEADS), np.float32)  # room for two steps more
    past, projected, outputs = (empty, empty), decoder.project(memory), []
    for index in range(4):
        y, past = decoder.step(x[:, index : index + 1], index, past, projected, MASK)
        outputs.append(y)
    np.testing.assert_allclose(
        np.concatenate(outputs, axis=1), decoder(x, memory, MASK), rtol=1e-4, atol=1e-4
    )


def test_options_are_those_of_the_feed_forward_part() -> None:
    block = EncoderBlock(UNITS, HEADS, 16, initializer="he_normal", l1=0.1, max_norm=1.0)
    block.build((None, None, UNITS))
    narrow, hidden = (w.numpy() for w in block.weights if 16 in w.shape and len(w.shape) == 2)
    expected = 0.1 * (np.abs(narrow).sum() + np.abs(hidden).sum())
    assert float(sum(block.losses)) == pytest.approx(expected, rel=1e-5)
    assert EncoderBlock.from_config(block.get_config()).get_config() == block.get_config()


def test_blocks_are_saved_and_loaded(tmp_path: Path) -> None:
    x, memory = tensors()
    tokens = np.array([[1, 2, 3, 0, 0], [4, 0, 0, 0, 0]])
    inputs = {
        "x": keras.Input((4, UNITS), name="x"),
        "memory": keras.Input((5, UNITS), name="memory"),
        "tokens": keras.Input((5,), dtype="int64", name="tokens"),
    }
    mask = padding_mask(inputs["tokens"])
    encoded = EncoderBlock(UNITS, HEADS, 16, activation="gelu")(inputs["memory"], mask)
    model = keras.Model(inputs, DecoderBlock(UNITS, HEADS, 16)(inputs["x"], encoded, mask))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    given = {"x": x, "memory": memory, "tokens": tokens}
    np.testing.assert_array_equal(loaded(given), model(given))
