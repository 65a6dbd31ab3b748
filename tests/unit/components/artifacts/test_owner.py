"""A push folder belongs to one pipeline: its name, its label, its features."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tfline.components.artifacts.history import OWN
from tfline.components.artifacts.owner import Owner, check_owner, claim
from tfline.components.artifacts.versions import METADATA
from tfline.transforms.errors import PushError

OWNER = Owner(pipeline="trips", label="tip", features=("fare", "miles"))


def other(**changes: object) -> Owner:
    return OWNER.model_copy(update=changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pipeline": "rides"}, "pipeline 'trips', not 'rides'"),
        ({"label": "price"}, "label 'tip', not 'price'"),
        ({"features": ("a", "b")}, "no feature in common: 'fare', 'miles', not 'a', 'b'"),
    ],
)
def test_folder_of_another_pipeline_is_refused_with_what_to_do(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    claim(tmp_path, OWNER)
    with pytest.raises(PushError, match=f"belongs to another pipeline: {words}") as caught:
        check_owner(tmp_path, other(**changes))
    assert f"`push: {tmp_path.parent}/" in caught.value.hint
    assert str(tmp_path / OWN / "owner.json") in caught.value.hint
    with pytest.raises(PushError):
        claim(tmp_path, other(**changes))


def test_hint_makes_the_folder_the_other_pipelines(tmp_path: Path) -> None:
    claim(tmp_path, OWNER)
    renamed = other(pipeline="rides")
    with pytest.raises(PushError) as caught:
        check_owner(tmp_path, renamed)
    written = caught.value.hint.split("write ")[1].split(" into")[0]
    (tmp_path / OWN / "owner.json").write_text(written)
    check_owner(tmp_path, renamed)


def test_features_may_come_and_go(tmp_path: Path) -> None:
    claim(tmp_path, OWNER)
    claim(tmp_path, other(features=("miles", "hour")))
    check_owner(tmp_path, other(features=("hour",)))
    check_owner(tmp_path, other(features=()))


def test_folder_without_an_owner_is_whose_model_is_in_it(tmp_path: Path) -> None:
    check_owner(tmp_path / "none", OWNER)
    card = tmp_path / "7" / METADATA
    card.parent.mkdir(parents=True)
    check_owner(tmp_path, OWNER)  # a model of another tool
    card.write_text(json.dumps({"pipeline": "rides", "label": "tip", "features": {"x": "float"}}))
    with pytest.raises(PushError, match="pipeline 'rides', not 'trips'"):
        check_owner(tmp_path, OWNER)


def test_file_that_cannot_be_read_is_no_owner(tmp_path: Path) -> None:
    claim(tmp_path, OWNER)
    (tmp_path / OWN / "owner.json").write_text("{")
    with pytest.raises(PushError, match="Whose the push folder is cannot be read"):
        check_owner(tmp_path, OWNER)
