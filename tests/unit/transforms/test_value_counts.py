"""A record of another length than the data that a model has learned from is an error."""

from __future__ import annotations

import pytest
import tensorflow as tf

from tfline.transforms.errors import AnomalyError
from tfline.transforms.features import FeatureSpec, Step
from tfline.transforms.taken import check_counts
from tfline.transforms.value_counts import ONE, Taken, ValueCount, checked

LABEL: dict[str, Taken] = {"y": "one"}


def feature(transform: str, *keys: str) -> FeatureSpec:
    return FeatureSpec(name="x", keys=keys or ("x",), steps=(Step(transform=transform),))


def column(*lengths: int) -> tf.SparseTensor:
    return tf.RaggedTensor.from_row_lengths(tf.ones([sum(lengths)]), lengths).to_sparse()


@pytest.mark.parametrize(
    ("transform", "declared", "expected"),
    [
        ("z_score", None, ONE),
        ("z_score", ValueCount(1, 1), ONE),
        ("z_score", ValueCount(8, 8), ValueCount(8, 8)),
        ("one_hot", ValueCount(0, 1), ONE),
        ("multi_hot", None, ValueCount(0, None)),
        ("pad", ValueCount(72, 72), ValueCount(72, 72)),
        ("pad", ValueCount(1, 90), ValueCount(1, 90)),
    ],
)
def test_schema_says_how_many_values_a_record_has(
    transform: str, declared: ValueCount | None, expected: ValueCount
) -> None:
    found = check_counts([feature(transform)], LABEL, None, {"x": declared} if declared else {})
    assert found == {"y": ONE, "x": expected}


@pytest.mark.parametrize(
    ("transform", "declared", "message"),
    [
        ("one_hot", ValueCount(3, 3), "'x' holds lists of 3 values, but it takes one value"),
        ("string_lookup", ValueCount(1, None), "'x' holds lists of any number of values"),
        ("decode_image", ValueCount(2, 2), "takes one value"),
        ("z_score", ValueCount(1, 4), "'x' holds lists of 1 to 4 values.* always equally many"),
        ("ratio", ValueCount(3, 3), "takes one value"),
    ],
)
def test_transform_that_takes_another_number_of_values_is_refused(
    transform: str, declared: ValueCount, message: str
) -> None:
    with pytest.raises(AnomalyError, match=message) as caught:
        check_counts([feature(transform)], LABEL, None, {"x": declared})
    assert caught.value.hint


def test_list_that_is_no_one_hot_vector_is_no_class() -> None:
    with pytest.raises(AnomalyError, match="The label 'y' holds lists of 3 values") as caught:
        check_counts(
            [feature("z_score")],
            LABEL,
            None,
            {"y": ValueCount(3, 3)},
        )
    assert "A one-hot list has a single 1" in caught.value.hint


@pytest.mark.parametrize(
    ("count", "lengths"),
    [(ONE, (1, 0, 2)), (ValueCount(3, 3), (3, 2)), (ValueCount(3, 3), (4, 0)),
     (ValueCount(2, 4), (2, 5)), (ValueCount(2, None), (3, 1))],
)  # fmt: skip
def test_record_of_another_length_is_an_error_by_name(
    count: ValueCount, lengths: tuple[int, ...]
) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="feature `load` has a wrong number"):
        checked({"load": column(*lengths)}, {"load": count})


@pytest.mark.parametrize(
    ("count", "lengths"),
    [(ONE, (1, 0, 1)), (ValueCount(3, 3), (3, 0, 3)), (ValueCount(2, 4), (2, 4, 0)),
     (ValueCount(0, None), (0, 7)), (ONE, ())],
)  # fmt: skip
def test_record_of_this_length_or_without_the_feature_passes(
    count: ValueCount, lengths: tuple[int, ...]
) -> None:
    found = checked({"load": column(*lengths)}, {"load": count})["load"]
    assert found.values.shape == [sum(lengths)]
