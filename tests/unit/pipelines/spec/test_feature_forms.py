"""Short and long forms of features expand to the same specs."""

from __future__ import annotations

from typing import Any

import pytest

from tfline.pipelines.spec.feature_forms import FormError, expand_features, features_json_schema
from tfline.transforms.arguments import arguments_model
from tfline.transforms.features import FeatureSpec, Step
from tfline.transforms.table import TRANSFORMS


def feature(name: str, *steps: str | Step, key: str = "") -> FeatureSpec:
    chain = tuple(Step(transform=step) if isinstance(step, str) else step for step in steps)
    return FeatureSpec(name=name, keys=(key or name,), steps=chain)


TOP_50 = Step(transform="string_lookup", arguments={"top_k": 50})
SPEED = Step(transform="expression", arguments={"formula": "miles / time"})
Z_SCORE = Step(transform="z_score")
SHAPE = Step(transform="decode_raw", arguments={"shape": (2, 2, 1)})


@pytest.mark.parametrize(
    ("forms", "expected"),
    [
        ({"z_score": ["fare", "miles"]}, [feature("fare", "z_score"), feature("miles", "z_score")]),
        ({"z_score": "fare"}, [feature("fare", "z_score")]),
        ({"z_score": {"features": ["fare"]}}, [feature("fare", "z_score")]),
        ({"z_score": {"features": "fare"}}, [feature("fare", "z_score")]),
        ({"string_lookup": {"features": ["company"], "top_k": 50}}, [feature("company", TOP_50)]),
        ({"fare": {"transform": "z_score"}}, [feature("fare", "z_score")]),
        (
            {"company": {"transform": {"string_lookup": {"top_k": 50}}}},
            [feature("company", TOP_50)],
        ),
        (
            {"log_fare": {"key": "fare", "transform": ["log1p", "z_score"]}},
            [feature("log_fare", "log1p", "z_score", key="fare")],
        ),
        (
            {"image": {"transform": [{"decode_raw": {"shape": [2, 2, 1]}}, "rescale"]}},
            [feature("image", SHAPE, "rescale")],
        ),
        ({"json.dumps": ["fare"]}, [feature("fare", "json.dumps")]),
        (
            {"place": {"key": ["lat", "lon"], "transform": "z_score"}},
            [FeatureSpec(name="place", keys=("lat", "lon"), steps=(Step(transform="z_score"),))],
        ),
        (
            {"speed": {"formula": "miles / time", "transform": "z_score"}},
            [FeatureSpec(name="speed", keys=("miles", "time"), steps=(SPEED, Z_SCORE))],
        ),
        (
            {"speed": {"transform": {"expression": {"formula": "miles / time"}}}},
            [FeatureSpec(name="speed", keys=("miles", "time"), steps=(SPEED,))],
        ),
        (
            {
                "image": {
                    "transform": {"decode_raw": {"shape": [2, 2, 1]}},
                    "augment": {"flip": "horizontal"},
                }
            },
            [
                FeatureSpec(
                    name="image", keys=("image",), steps=(SHAPE,), augment={"flip": "horizontal"}
                )
            ],
        ),
        ({"z_score": {"transform": "z_score"}}, [feature("z_score", "z_score")]),
    ],
)
def test_form_expands_to_specs(forms: dict[str, Any], expected: list[FeatureSpec]) -> None:
    assert list(expand_features(forms)) == expected


def test_expanded_features_are_read_again() -> None:
    features = expand_features({"string_lookup": {"features": ["company"], "top_k": 50}})
    assert expand_features([feature.model_dump() for feature in features]) == features


@pytest.mark.parametrize(
    ("forms", "message", "path"),
    [
        (None, "Expected a mapping", ()),
        ("fare", "Expected a mapping", ()),
        ({}, "one feature at least", ()),
        ({"zscore": ["fare"]}, "Unknown transform 'zscore'", ("zscore",)),
        ({"fare": {"key": "fare"}}, "'fare' has no transform", ("fare",)),
        ({"z_score": []}, "takes a list of raw features", ("z_score",)),
        ({"z_score": None}, "takes a list of raw features", ("z_score",)),
        ({"z_score": 3}, "takes a list of raw features", ("z_score",)),
        ({"z_score": ["a", 3]}, "A raw feature is a name. Received: 3", ("z_score", 1)),
        ({"z_score": {"features": ["a", None]}}, "A raw feature is", ("z_score", "features", 1)),
        ({"z_score": ["a"], "one_hot": ["a"]}, "'a' is there twice", ("one_hot", 0)),
        ({"z_score": ["a", "a"]}, "'a' is there twice", ("z_score", 1)),
        ({"bucketize": {"features": ["a"], "buckets": 1}}, "Invalid value for `buckets`",
         ("bucketize",)),
        ({"bucketize": {"features": ["a"], "bucket": 3}}, "has no argument 'bucket'",
         ("bucketize",)),
        ({"z_score": {"features": ["a"], "key": "b"}}, "has no argument 'key'", ("z_score",)),
        ({"decode_raw": ["a"]}, "needs the argument 'shape'", ("decode_raw",)),
        ({"a": {"transform": []}}, "one transform at least", ("a", "transform")),
        ({"a": {"transform": "nothing"}}, "Unknown transform 'nothing'", ("a", "transform")),
        ({"a": {"transform": [3]}}, "A step is a name", ("a", "transform")),
        ({"a": {"transform": {"log1p": {}, "z_score": {}}}}, "A step is a name",
         ("a", "transform")),
        ({"a": {"transform": "z_score", "keys": "b"}}, "Unknown key 'keys'", ("a", "keys")),
        ({"a": {"transform": "z_score", "key": 3}}, "`key` names a raw feature", ("a", "key")),
        ({"a": {"transform": ["one_hot", "z_score"]}}, "' takes ", ("a", "transform")),
        ({"a": {"transform": ["rescale", "z_score"]}}, "' takes ", ("a", "transform")),
        ({"no_such_module.f": ["a"]}, "cannot be imported", ("no_such_module.f",)),
        ({"a": {"transform": "split"}}, "gives Tokens, which no model takes", ("a", "transform")),
        ({"split": ["a"]}, "gives Tokens, which no model takes", ("split",)),
        ({"ratio": ["a"]}, "`ratio` takes 2 raw features together. Received: 1", ("ratio",)),
        ({"a": {"key": ["b", "c", "d"], "transform": "difference"}}, "takes 2 raw", ("a",)),
        ({"a": {"key": ["a", "b"], "transform": "one_hot"}}, "takes one raw feature", ("a",)),
        ({"a": {"key": ["b", "b"], "transform": "ratio"}}, "different raw features", ("a", "key")),
        ({"a": {"key": [], "transform": "ratio"}}, "different raw features", ("a", "key")),
        ({"a": {"key": ["a", "b"], "transform": {"pca": {"components": 3}}}},
         "at most as many components", ("a",)),
        ({"a": {"formula": "b +"}}, "cannot be read", ("a", "formula")),
        ({"a": {"formula": 3}}, "Invalid value for `formula`", ("a", "formula")),
        ({"a": {"formula": "b", "key": "c"}}, "names its raw features itself", ("a", "key")),
        ({"expression": {"features": ["a"], "formula": "a"}}, "names its raw features itself",
         ("expression", "features")),
        ({"a": {"transform": "z_score", "augment": {}}}, "Only an image", ("a", "augment")),
        ({"a": {"transform": {"decode_raw": {"shape": [1, 1, 1]}}, "augment": {"shift": 2}}},
         "Invalid value for `shift`", ("a", "augment")),
        ({"json.no_such": ["a"]}, "cannot be imported", ("json.no_such",)),
    ],
)  # fmt: skip
def test_wrong_form_is_refused_at_its_path(
    forms: Any, message: str, path: tuple[str | int, ...]
) -> None:
    with pytest.raises(FormError, match=message.replace("(", r"\(")) as caught:
        expand_features(forms)
    assert caught.value.path == path


def test_misspelt_transform_gets_the_nearest_name() -> None:
    with pytest.raises(FormError) as caught:
        expand_features({"zscore": ["fare"]})
    assert caught.value.hint.startswith("Did you mean 'z_score'? Known: bag_of_words,")


@pytest.mark.parametrize("form", [{1: ["a"]}, {True: ["a"]}, {None: ["a"]}])
def test_name_that_is_no_text_is_refused(form: dict[Any, Any]) -> None:
    with pytest.raises(FormError):
        expand_features(form)


@pytest.mark.parametrize("arguments", [3, "mean", ["mean"]])
def test_arguments_that_are_no_mapping_are_refused(arguments: Any) -> None:
    with pytest.raises(FormError):
        expand_features({"a": {"transform": {"bucketize": arguments}}})


@pytest.mark.parametrize("name", TRANSFORMS)
def test_json_schema_offers_every_transform_with_its_arguments(name: str) -> None:
    schema = features_json_schema()
    _, with_arguments = schema["properties"][name]["anyOf"]
    assert set(with_arguments["properties"]) == {
        "features",
        *arguments_model(TRANSFORMS[name]).model_fields,
    }
    steps = schema["additionalProperties"]["properties"]["transform"]["anyOf"][0]["anyOf"]
    assert [step for step in steps if name in step.get("properties", {})]
    assert schema["properties"][name]["description"]
