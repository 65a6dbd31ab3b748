"""Objects of pictures: records of object detection, a detector, and a picture that is predicted."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tfline.components.example_gen.example_proto import encode_example
from tfline.components.example_gen.tfrecord import write_records
from tfline.transforms.objects import SIDES

pytestmark = pytest.mark.whole

SIZE = 64
COLOURS = {"red": (220, 40, 40), "green": (40, 200, 60), "blue": (50, 70, 230)}
SPEC = """\
name: trips
data: {train: train.tfrecord, eval: eval.tfrecord}
label: {key: image/object/class/text, task: boxes}
features: {picture: {key: image/encoded, transform: [{decode_image: {size: [64, 64]}}, rescale]}}
model: {detector: {filters: [16, 32, 32]}}
train: {epochs: 18, batch_size: 16}
evaluate: {require: {map_50: {min: 0.8, proof: none}, map_50_95: {min: 0.4, proof: none}}}
push: models/trips
"""

Row = dict[str, Any]


def draw(chance: np.random.Generator) -> tuple[np.ndarray, Row]:
    """Returns a picture of no to three squares apart from each other, and its objects."""
    pixels = chance.integers(60, 120, (SIZE, SIZE, 3)).astype(np.uint8)
    names: list[str] = []
    boxes: list[tuple[int, ...]] = []
    for _ in range(int(chance.integers(0, 4))):
        side = int(chance.integers(8, 24))
        top, left = (int(place) for place in chance.integers(0, SIZE - side, 2))
        bottom, right = top + side, left + side
        if any(top < b[2] and b[0] < bottom and left < b[3] and b[1] < right for b in boxes):
            continue
        names.append(str(chance.choice(list(COLOURS))))
        boxes.append((top, left, bottom, right))
        pixels[top:bottom, left:right] = COLOURS[names[-1]]
    sides = {key: [box[place] / SIZE for box in boxes] for place, key in enumerate(SIDES)}
    return pixels, {"image/object/class/text": names, **sides}


def write(path: Path, count: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        pixels, found = draw(chance)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        rows.append({"image/encoded": file.getvalue(), **found})
    write_records(path, map(encode_example, rows))


def test_squares_are_found_counted_and_predicted(project, capsys) -> None:
    for split, count, seed in (("train", 300, 1), ("eval", 60, 2)):
        write(project.folder / f"{split}.tfrecord", count, seed)
    (project.folder / "spec.yaml").write_text(SPEC)
    assert project.run() == 0, project.records[-1].error
    evaluation = project.output("Evaluator", "evaluation")
    overall = json.loads((evaluation / "verdict.json").read_text())["slices"][0]
    assert overall["metrics"]["map_50"] > 0.8
    assert overall["metrics"]["map_50_95"] < overall["metrics"]["map_50"]
    low, high = overall["intervals"]["map_50"]
    assert low <= overall["metrics"]["map_50"] <= high
    evidence = json.loads((evaluation / "evidence.json").read_text())
    assert all(" at 0." in mistake["label"] for mistake in evidence["mistakes"][:1])
    chance = np.random.default_rng(3)
    drawings = (draw(chance) for _ in range(99))
    pixels, objects = next(
        (pixels, objects)
        for pixels, objects in drawings
        if len(set(names := objects["image/object/class/text"])) == len(names) == 2
    )
    Image.fromarray(pixels).save(project.folder / "two.png")
    capsys.readouterr()
    assert project.tfline("predict", "spec.yaml", "two.png", "--json") == 0
    answer = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    sure = [found for found in answer["objects"] if found["score"] > 0.3]
    assert sorted(found["label"] for found in sure) == sorted(objects["image/object/class/text"])
    for name, *box in zip(*objects.values(), strict=True):
        found = next(found for found in sure if found["label"] == name)
        np.testing.assert_allclose(found["box"], box, atol=0.06)


def test_wrong_objects_stop_the_run_before_the_training(project) -> None:
    for split in ("train", "eval"):
        write(project.folder / f"{split}.tfrecord", 30, seed=4)
    pixels, _ = draw(np.random.default_rng(5))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    wrong = {"image/object/class/text": ["red"], **{key: [0.5] for key in SIDES}}
    row = {"image/encoded": file.getvalue(), **wrong}
    write_records(project.folder / "eval.tfrecord", map(encode_example, [row]))
    (project.folder / "spec.yaml").write_text(SPEC)
    assert project.run() == 2
    assert "record 0 of the eval split" in str(project.records[-1].error)
