"""Parts tell what differs, and their digest follows their content."""

from __future__ import annotations

from tfline.pipelines.run.parts import Part, changes, digest, find_setting, settings


def source(name: str, value: str) -> Part:
    return Part("source", name, value)


def test_settings_name_every_leaf() -> None:
    value = {"epochs": 3, "optimizer": {"name": "adam", "args": {}}, "list": [1, "ü"]}
    assert {part.name: part.value for part in settings("train", value)} == {
        "train.epochs": "3",
        "train.optimizer.name": '"adam"',
        "train.optimizer.args": "{}",
        "train.list": '[1, "ü"]',
    }


def test_setting_is_found_as_it_was_given() -> None:
    parts = (source("train.list", "no"), *settings("train", {"list": [1, "ü"]}))
    assert find_setting(parts, "train.list") == [1, "ü"]
    assert find_setting(parts, "train.none") is None


def test_digest_depends_on_content_and_not_on_order() -> None:
    one, two = source("a", "1"), source("b", "2")
    assert digest([one, two]) == digest([two, one])
    assert digest([one]) != digest([source("a", "2")])
    assert digest([one]) != digest([Part("package", "a", "1")])


def test_changes_tell_what_was_edited_added_removed_and_set() -> None:
    same = Part("setting", "same", "x")
    before = [
        source("a", "1"),
        source("gone", "1"),
        Part("setting", "train.epochs", "3"),
        Part("setting", "baseline", "none"),
        same,
    ]
    after = [
        source("a", "2"),
        Part("setting", "train.epochs", "4"),
        Part("setting", "baseline", "version 7"),
        Part("setting", "model.name", '"mlp"'),
        Part("file", "trips.tfrecord", "4 bytes, ab", role="data.train"),
        same,
    ]
    assert [str(change) for change in changes(before, after)] == [
        "baseline: none -> version 7",
        "data.train trips.tfrecord is new: 4 bytes, ab",
        'model.name is new: "mlp"',
        "source a was edited",
        "source gone is gone, was 1",
        "train.epochs: 3 -> 4",
    ]


def test_long_lists_tell_what_has_come_and_gone() -> None:
    names = [f"feature_{number}" for number in range(30)]
    features = [
        {"name": name, "keys": [name], "steps": [{"transform": "z_score"}]} for name in names
    ]

    def change(after: object) -> str:
        [found] = changes(settings("features", features), settings("features", after))
        return str(found)

    assert change(features[1:]) == "features: without feature_0"
    assert change([*features[4:], {"name": "new"}]) == (
        "features: without feature_0, feature_1, feature_2 and 1 more, with new"
    )
    assert change(features[::-1]) == "features: in another order"
    assert len(change("z" * 1000)) < 250
