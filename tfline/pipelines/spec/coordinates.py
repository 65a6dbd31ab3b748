"""Which two raw features say where a record is, so that a report can draw a map."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tfline.transforms.features import FeatureSpec

_LATITUDE = re.compile(r"(?<![a-z])lat(itude)?(?![a-z])", re.IGNORECASE)
_LONGITUDES = {"latitude": ("longitude",), "lat": ("lon", "lng", "long")}
_CROSSED = "cross_buckets"


def find_coordinates(features: Sequence[FeatureSpec]) -> tuple[str, str] | None:
    """Returns the raw features that go to the right and upwards on a map; None if there are none.

    They are the first two whose names differ in ``longitude`` and ``latitude`` (or ``lon``, ``lng``
    and ``lat``), or else the first two numbers that a feature crosses.

    Args:
        features: Those of a spec.
    """
    keys = list(dict.fromkeys(key for feature in features for key in feature.keys))
    by_name = {key.lower(): key for key in keys}
    for key in keys:
        found = _LATITUDE.search(key)
        for other in _LONGITUDES[found[0].lower()] if found else ():
            name = f"{key[: found.start()]}{other}{key[found.end() :]}".lower() if found else ""
            if name in by_name:
                return by_name[name], key
    for feature in features:
        if len(feature.keys) == 2 and feature.steps[0].transform == _CROSSED:
            return feature.keys[0], feature.keys[1]
    return None
