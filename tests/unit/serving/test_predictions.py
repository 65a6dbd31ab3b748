from __future__ import annotations

import struct

import pytest

from tfline.serving.errors import RequestError
from tfline.serving.prediction import DetectedObject, Explanation, Prediction
from tfline.serving.predictions import predictions
from tfline.serving.protos import predict_pb2


def response(**outputs):
    message = predict_pb2.PredictResponse()
    for name, values in outputs.items():
        if isinstance(values[0], float):
            message.outputs[name].float_val.extend(values)
        else:
            message.outputs[name].string_val.extend(value.encode() for value in values)
    return message


def test_classification_pairs_classes_with_probabilities():
    answer = response(
        label=["b", "a"], probabilities=[0.25, 0.75, 1.0, 0.0], classes=["a", "b", "a", "b"]
    )
    assert predictions(answer) == [
        Prediction(label="b", probabilities={"a": 0.25, "b": 0.75}),
        Prediction(label="a", probabilities={"a": 1.0, "b": 0.0}),
    ]


def test_most_probable_classes_come_in_their_order():
    answer = response(
        label=["b"], probabilities=[0.25, 0.5, 0.25], classes=["a", "b", "c"],
        top_classes=["b", "a"], top_probabilities=[0.5, 0.25],
    )  # fmt: skip
    [prediction] = predictions(answer)
    assert prediction.top == (("b", 0.5), ("a", 0.25))
    assert predictions(response(prediction=[1.5]))[0].top == ()


def test_regression_gives_values():
    assert predictions(response(prediction=[1.5, 2.0])) == [
        Prediction(value=1.5),
        Prediction(value=2.0),
    ]


def test_forecast_gives_a_number_a_step():
    message = response(prediction=[1.0, 2.0, 3.0, 4.0])
    for size in (2, 2):
        message.outputs["prediction"].tensor_shape.dim.add(size=size)
    assert predictions(message) == [Prediction(values=(1.0, 2.0)), Prediction(values=(3.0, 4.0))]


def test_multi_label_gives_the_classes_that_were_decided_on():
    message = response(probabilities=[0.9, 0.25, 0.75, 0.5], classes=["a", "b"] * 2)
    message.outputs["decisions"].int64_val.extend([1, 0, 1, 1])
    for size in (2, 2):
        message.outputs["decisions"].tensor_shape.dim.add(size=size)
    assert predictions(message) == [
        Prediction(labels=("a",), probabilities={"a": pytest.approx(0.9), "b": 0.25}),
        Prediction(labels=("a", "b"), probabilities={"a": 0.75, "b": 0.5}),
    ]


def test_texts_that_were_drawn_have_no_scores():
    message = response(sequences=["ab", "ba"])
    message.outputs["sequences"].tensor_shape.dim.add(size=2)
    assert predictions(message) == [Prediction(texts=("ab",)), Prediction(texts=("ba",))]


def test_texts_come_with_their_scores():
    message = response(sequences=["ab", "ba", "", "c"], scores=[-0.5, -1.0, -0.25, -2.0])
    for name in ("sequences", "scores"):
        for size in (2, 2):
            message.outputs[name].tensor_shape.dim.add(size=size)
    assert predictions(message) == [
        Prediction(texts=("ab", "ba"), scores=(-0.5, -1.0)),
        Prediction(texts=("", "c"), scores=(-0.25, -2.0)),
    ]


def test_objects_come_with_class_score_and_box():
    message = response(
        detection_scores=[0.75, 0.5, 0.0, 0.0],
        detection_boxes=[0.0, 0.25, 0.5, 1.0, 0.5, 0.5, 1.0, 1.0, *[0.0] * 8],
        classes=["a", "b", "a", "b"],
    )
    message.outputs["num_detections"].int64_val.extend([2, 0])
    message.outputs["detection_classes"].int64_val.extend([1, 0, -1, -1])
    assert predictions(message) == [
        Prediction(
            objects=(
                DetectedObject("b", 0.75, (0.0, 0.25, 0.5, 1.0)),
                DetectedObject("a", 0.5, (0.5, 0.5, 1.0, 1.0)),
            )
        ),
        Prediction(objects=()),
    ]


def test_box_comes_with_its_class():
    message = response(
        label=["b"], probabilities=[0.25, 0.75], classes=["a", "b"], box=[0.0, 0.25, 0.5, 1.0]
    )
    assert predictions(message) == [
        Prediction(label="b", probabilities={"a": 0.25, "b": 0.75}, box=(0.0, 0.25, 0.5, 1.0))
    ]


def test_mask_has_a_class_a_pixel():
    message = response(classes=["a", "b"] * 2)
    message.outputs["mask"].int64_val.extend([0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0])
    for size in (2, 2, 3):
        message.outputs["mask"].tensor_shape.dim.add(size=size)
    assert predictions(message) == [
        Prediction(mask=((0, 1, 1), (1, 0, 0))),
        Prediction(mask=((0, 1, 1), (1, 0, 0))),
    ]


def test_interval_has_two_ends_a_number():
    [answer] = predictions(response(prediction=[2.0], lower=[1.5], upper=[2.5]))
    assert answer.bounds == ((1.5, 2.5),)
    message = response(prediction=[1.0, 2.0], lower=[0.0, 1.5], upper=[2.0, 2.5])
    for output in message.outputs.values():
        for size in (1, 2):
            output.tensor_shape.dim.add(size=size)
    [forecast] = predictions(message)
    assert forecast.bounds == ((0.0, 2.0), (1.5, 2.5))


def test_prediction_set_names_its_classes():
    message = response(label=["b"], probabilities=[0.3, 0.6, 0.1], classes=["a", "b", "c"])
    message.outputs["prediction_set"].int64_val.extend([1, 1, 0])
    assert predictions(message)[0].prediction_set == ("a", "b")


def test_explanation_is_by_feature():
    message = response(
        prediction=[2.0], features=["fare", "day"], attributions=[1.5, -0.5], baseline=[1.0],
        score=[2.0], unit=["number"],
    )  # fmt: skip
    for name in ("score", "baseline"):
        message.outputs[name].tensor_shape.dim.add(size=1)
    [answer] = predictions(message)
    assert answer.explanation == Explanation({"fare": 1.5, "day": -0.5}, 1.0, 2.0, "number")


def test_explanation_of_several_numbers_has_one_each():
    message = response(
        prediction=[2.0, 3.0], features=["fare", "day"], attributions=[1.0, 2.0, 0.5, 0.25],
        baseline=[0.5, 0.75], score=[2.0, 3.0], unit=["number"],
    )  # fmt: skip
    for name in ("prediction", "score"):
        for size in (1, 2):
            message.outputs[name].tensor_shape.dim.add(size=size)
    why = predictions(message)[0].explanation
    assert why == Explanation(
        {"fare": (1.0, 2.0), "day": (0.5, 0.25)}, (0.5, 0.75), (2.0, 3.0), "number"
    )


def test_tensor_content_is_read():
    message = predict_pb2.PredictResponse()
    message.outputs["prediction"].tensor_content = struct.pack("<2f", 1.5, 2.0)
    assert [prediction.value for prediction in predictions(message)] == [1.5, 2.0]


def test_other_outputs_are_an_error():
    with pytest.raises(RequestError, match=r"The model's outputs are \['y'\]"):
        predictions(response(y=[1.0]))


def test_image_is_read_row_by_row():
    message = response(image=[0.0, 0.25, 0.5, 0.75, 1.0, 0.0, 0.25, 0.5])
    for size in (2, 2, 1, 2):
        message.outputs["image"].tensor_shape.dim.add(size=size)
    assert predictions(message) == [
        Prediction(image=((0.0, 0.25), (0.5, 0.75))),
        Prediction(image=((1.0, 0.0), (0.25, 0.5))),
    ]
