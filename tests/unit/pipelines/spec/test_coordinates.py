"""Which two raw features make a map."""

from __future__ import annotations

import pytest

from tfline.pipelines.spec.coordinates import find_coordinates
from tfline.transforms.features import FeatureSpec, Step


def feature(*keys: str, transform: str = "z_score") -> FeatureSpec:
    return FeatureSpec(name="-".join(keys), keys=keys, steps=(Step(transform=transform),))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("age", "latitude", "longitude"), ("longitude", "latitude")),
        (("Longitude", "Latitude"), ("Longitude", "Latitude")),
        (("end_latitude", "pickup_latitude", "pickup_longitude"),
         ("pickup_longitude", "pickup_latitude")),
        (("lat", "lng"), ("lng", "lat")),
        (("stop_lon", "stop_lat"), ("stop_lon", "stop_lat")),
        (("latitude", "plates", "flat", "flon"), None),
    ],
)  # fmt: skip
def test_coordinates_are_found_by_their_names(
    keys: tuple[str, ...], expected: tuple[str, str] | None
) -> None:
    assert find_coordinates([feature(key) for key in keys]) == expected


def test_numbers_that_are_crossed_are_coordinates() -> None:
    crossed = [feature("a"), feature("north", "east", transform="cross_buckets")]
    assert find_coordinates(crossed) == ("north", "east")
    assert find_coordinates([feature("north", "east", transform="cross")]) is None
