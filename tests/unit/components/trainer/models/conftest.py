"""What the tests of models share."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import pytest


@pytest.fixture
def without_weights() -> Iterator[None]:
    """Models that are built in the test have shapes alone: their weights are never made.

    Keras would make them after all, together with those of the next model that has a recurrent
    layer, if it were not made to forget them.
    """
    with keras.StatelessScope(initialize_variables=False):
        yield
    keras.utils.clear_session(free_memory=False)
