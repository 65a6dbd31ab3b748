"""Labels that are in an image, or are one: what a spec may say beside them."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest

from tfline.pipelines.spec import PipelineSpec

PICTURE = [{"decode_raw": {"shape": [8, 8, 1]}}, "rescale"]
CONTENT: dict[str, Any] = {
    "name": "clean",
    "data": {"train": "train.tfrecord", "eval": "eval.tfrecord"},
    "label": {"key": "clean", "task": "image", "shape": [8, 8]},
    "features": {"noisy": {"transform": PICTURE, "augment": {"contrast": 0.1, "rotate": 0}}},
    "model": "segmenter",
    "evaluate": {"metrics": ["psnr", "ssim", "mae"], "require": {"psnr": 20}},
}
MASK = {"key": "mask", "task": "mask", "shape": [8, 8], "classes": ["a", "b"]}


def test_image_may_be_its_own_label() -> None:
    assert PipelineSpec.model_validate(CONTENT).label.size == 64
    features = {"clean": {"transform": PICTURE}}
    assert PipelineSpec.model_validate({**CONTENT, "features": features})
    mask = {**CONTENT, "features": features, "label": {**MASK, "key": "clean"}, "evaluate": {}}
    with pytest.raises(pydantic.ValidationError, match="The label 'clean' is among the features"):
        PipelineSpec.model_validate(mask)


def test_label_without_classes_has_no_most_probable_ones() -> None:
    with pytest.raises(pydantic.ValidationError, match="image label has no most probable classes"):
        PipelineSpec.model_validate({**CONTENT, "top_k": 3})


OBJECTS = {"key": "image/object/class/text", "task": "boxes"}


def test_a_picture_may_lack_objects() -> None:
    spec = PipelineSpec.model_validate({**CONTENT, "label": OBJECTS, "evaluate": {}})
    labels = [expected for expected in spec.expectations if expected.role == "label"]
    assert len(labels) == 5
    assert all(expected.may_lack and expected.values == "list" for expected in labels)
    mask = PipelineSpec.model_validate({**CONTENT, "label": MASK, "evaluate": {}})
    assert not any(expected.may_lack for expected in mask.expectations)


@pytest.mark.parametrize("label", [CONTENT["label"], MASK, OBJECTS])
@pytest.mark.parametrize("augment", [{"flip": "horizontal"}, {"zoom": 0.1}])
def test_label_that_would_have_to_move_along_is_refused(
    label: dict[str, Any], augment: dict[str, Any]
) -> None:
    features = {"noisy": {"transform": PICTURE, "augment": augment}}
    with pytest.raises(pydantic.ValidationError, match=f"`{min(augment)}` moves the pixels"):
        PipelineSpec.model_validate(
            {**CONTENT, "label": label, "features": features, "evaluate": {}}
        )
