from __future__ import annotations

import pytest

from tfline.serving.server.call import Call
from tfline.serving.server.monitoring import DEFAULT_PATH, Metrics, merged, metrics_path
from tfline.serving.server.status import StatusError, not_found


def test_success_is_counted_and_measured():
    metrics = Metrics()
    with metrics.request("m", "Predict", "GRPC"):
        metrics.runtime("m", 20e-6)
    text = metrics.text()
    assert ':tensorflow:serving:request_count{model_name="m",status="OK"} 1\n' in text
    labels = 'model_name="m",API="Predict",runtime="TF1"'
    assert f':tensorflow:serving:runtime_latency_bucket{{{labels},le="18"}} 0\n' in text
    assert f':tensorflow:serving:runtime_latency_bucket{{{labels},le="32.4"}} 1\n' in text
    assert f":tensorflow:serving:runtime_latency_sum{{{labels}}} 20\n" in text


def test_failure_is_counted_but_not_measured():
    metrics = Metrics()
    with pytest.raises(StatusError), metrics.request('a"b', "Predict", "REST"):
        raise not_found("nothing")
    text = metrics.text()
    assert 'request_count{model_name="a\\"b",status="NOT_FOUND"} 1' in text
    assert "request_latency_count" not in text


def test_call_of_a_client_that_left_is_cancelled():
    metrics = Metrics()
    gone = Call(active=lambda: False)
    with pytest.raises(StatusError), metrics.request("m", "Predict", "GRPC"):
        gone.check()
    assert 'request_count{model_name="m",status="CANCELLED"} 1' in metrics.text()


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", None),
        ("prometheus_config { enable: false }", None),
        ("prometheus_config { enable: true }", DEFAULT_PATH),
        ("prometheus_config { enable: true path: '/m' }", "/m"),
    ],
)
def test_path_comes_from_the_settings(tmp_path, text, path):
    file = tmp_path / "monitoring.config"
    file.write_text(text)
    assert metrics_path(str(file)) == path
    assert metrics_path("") is None


def test_metrics_of_processes_are_summed():
    one, other = Metrics(), Metrics()
    for metrics, models in ((one, "aab"), (other, "ac")):
        for model in models:
            with metrics.request(model, "Predict", "GRPC"):
                pass
    text = merged([one.text(), other.text()])
    for model, count in {"a": 3, "b": 1, "c": 1}.items():
        assert f'request_count{{model_name="{model}",status="OK"}} {count}\n' in text
        labels = f'model_name="{model}",API="Predict",entrypoint="GRPC"'
        assert f"request_latency_count{{{labels}}} {count}\n" in text
        assert f'request_latency_bucket{{{labels},le="+Inf"}} {count}\n' in text
    assert text.count("# TYPE") == one.text().count("# TYPE")
    assert merged([one.text()]) == one.text()
