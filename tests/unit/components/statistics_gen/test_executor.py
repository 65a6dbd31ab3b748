"""Records of which a feature has different types are an error of the data."""

from __future__ import annotations

import pytest
import tfx  # noqa: F401 - before tensorflow_data_validation, for which it prepares
from tfx_bsl.coders import example_coder

from tfline.components.example_gen.example_proto import encode_example
from tfline.components.statistics_gen.executor import named_types
from tfline.transforms.errors import DataError


def test_feature_of_different_types_is_named() -> None:
    records = [encode_example({"fare": value}) for value in (1.5, 2)]
    decoder = example_coder.ExamplesToRecordBatchDecoder()
    message = "'fare' holds integers in some records and floats in others"
    with pytest.raises(DataError, match=message) as caught, named_types():
        decoder.DecodeBatch(records)
    assert "--stats" in caught.value.hint


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="another"), named_types():
        raise RuntimeError("another")
