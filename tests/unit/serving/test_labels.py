"""Labels are written whole, read back, and leave the rest of the file alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format

from tfline.serving.labels import CONFIG_FILE, Labels, config_text, read_labels, write_labels
from tfline.serving.protos import model_server_config_pb2
from tfline.transforms.errors import PushError

LABELS = Labels({"stable": 42, "canary": 43}, (41, 42, 43))


def test_labels_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = write_labels(tmp_path, "taxi", LABELS)
    assert path == tmp_path / CONFIG_FILE
    assert read_labels(tmp_path, "taxi") == LABELS
    assert [child.name for child in tmp_path.iterdir()] == [CONFIG_FILE]


def test_folder_without_the_file_has_no_labels(tmp_path: Path) -> None:
    assert read_labels(tmp_path, "taxi") == Labels()
    write_labels(tmp_path, "other", LABELS)
    assert read_labels(tmp_path, "taxi") == Labels()


def test_config_is_what_a_server_reads() -> None:
    config = text_format.Parse(
        config_text("taxi", "/models/taxi", LABELS), model_server_config_pb2.ModelServerConfig()
    )
    [model] = config.model_config_list.config
    assert (model.name, model.base_path, model.model_platform) == (
        "taxi",
        "/models/taxi",
        "tensorflow",
    )
    assert list(model.model_version_policy.specific.versions) == [41, 42, 43]
    assert dict(model.version_labels) == {"stable": 42, "canary": 43}


def test_config_is_the_same_text_for_the_same_labels() -> None:
    turned = Labels({"canary": 43, "stable": 42}, (41, 42, 43))
    assert config_text("taxi", "/models/taxi", LABELS) == config_text(
        "taxi", "/models/taxi", turned
    )


def test_other_models_and_settings_stay(tmp_path: Path) -> None:
    (tmp_path / CONFIG_FILE).write_text(
        'model_config_list { config { name: "fare" base_path: "/m/fare" } '
        'config { name: "taxi" logging_config { sampling_config { sampling_rate: 0.5 } } } }'
    )
    write_labels(tmp_path, "taxi", LABELS)
    text = (tmp_path / CONFIG_FILE).read_text()
    assert "/m/fare" in text
    assert "sampling_rate: 0.5" in text
    assert read_labels(tmp_path, "taxi") == LABELS


def test_file_that_is_no_config_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / CONFIG_FILE
    path.write_text("model_config_list {")
    with pytest.raises(PushError, match="The labels cannot be read") as caught:
        write_labels(tmp_path, "taxi", LABELS)
    assert caught.value.where == str(path)
    assert path.read_text() == "model_config_list {"
