"""Points in time of raw features, as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tfline.transforms.errors import DataError


def as_times(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Returns times in microseconds, or in their own unit if they are numbers.

    Args:
        values: Numbers, or bytes; [n].

    Raises:
        DataError: A text is no ISO 8601 date or time.
    """
    if values.dtype == object:
        values = values.astype("S")
    if values.dtype.kind != "S":
        return values.astype(np.float64)
    try:
        texts: npt.NDArray[Any] = np.char.replace(np.char.decode(values, "utf-8"), "Z", "")
        return texts.astype("datetime64[us]").astype(np.float64)
    except ValueError as exc:
        raise DataError(
            f"A value is no ISO 8601 date or time: {exc}", hint="Write dates as 2024-05-31."
        ) from exc
