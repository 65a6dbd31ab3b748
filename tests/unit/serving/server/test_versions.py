from __future__ import annotations

import pytest
from google.protobuf import text_format

from tfline.serving.server.model_config import single_model
from tfline.serving.server.versions import aspired_versions


@pytest.fixture
def base_path(tmp_path):
    for name in ("1", "2", "00000010", "-3", "1.5", "tmp", "9" * 30, "²"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("policy", "versions"),
    [
        ("", [10]),
        ("latest {}", [10]),
        ("latest { num_versions: 2 }", [2, 10]),
        ("all {}", [1, 2, 10]),
        ("specific { versions: 2 versions: 7 }", [2]),
    ],
)
def test_policy_chooses_among_the_folders_with_numbers(base_path, policy, versions):
    model = single_model("m", str(base_path)).model_config_list.config[0]
    text_format.Merge(policy, model.model_version_policy)
    assert list(aspired_versions(model)) == versions


def test_folder_may_have_leading_zeros(base_path):
    model = single_model("m", f"file://{base_path}").model_config_list.config[0]
    assert aspired_versions(model) == {10: base_path / "00000010"}


def test_link_out_of_the_base_path_is_not_a_version(tmp_path, caplog):
    base_path, outside = tmp_path / "base", tmp_path / "outside"
    outside.mkdir()
    (base_path / "..data" / "models").mkdir(parents=True)
    (base_path / "1").symlink_to("..data/models")  # as Kubernetes mounts a volume
    (base_path / "2").symlink_to(outside)
    (base_path / "3").symlink_to("../outside")
    linked = tmp_path / "linked"
    linked.symlink_to(base_path)
    model = single_model("m", str(linked)).model_config_list.config[0]
    text_format.Merge("all {}", model.model_version_policy)
    assert list(aspired_versions(model)) == [1]
    assert "the link leads out of the base path" in caplog.text


def test_missing_base_path_is_an_error(tmp_path):
    model = single_model("m", str(tmp_path / "none")).model_config_list.config[0]
    with pytest.raises(OSError, match="none"):
        aspired_versions(model)
