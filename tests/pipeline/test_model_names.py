"""A model that is not there is named with what to do about it."""

import pytest

from speakor_common.errors import CheckpointError
from speakor_common.pipeline import model_names
from speakor_common.storage import write_json


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with the shipped base, a model of the smoke profile, and one that is unfinished."""
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name in ("base-tiny", "smoke/exp01", "exp02.work"):
        write_json(tmp_path / "models" / name / "config.json", {})
    write_json(tmp_path / "models" / "whisper" / "adapter_config.json", {})
    return tmp_path


@pytest.mark.parametrize("name", ["base-tiny", "smoke/exp01", "whisper"])
def test_a_model_is_found_by_its_name(home, name):
    assert model_names.find_model(name) == home / "models" / name


def test_a_directory_is_taken_as_it_is(home):
    directory = home / "models" / "base-tiny"
    assert model_names.find_model(str(directory)) == directory


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("exp05", "speakor train exp05 --profile sample;"),
        ("smoke/exp05", "speakor train exp05 --profile smoke;"),
        ("sample/exp05", None),  # the sample's models have short names
        ("user/model", None),
        ("nothing", None),
    ],
)
def test_what_is_not_there_is_said_with_what_to_do(home, name, command):
    with pytest.raises(CheckpointError) as error:
        model_names.find_model(name)
    message = str(error.value)
    assert "base-tiny, smoke/exp01, whisper, whisper-base" in message and "exp02" not in message
    if command:
        assert f"no model in models/{name}" in message and command in message
    else:
        assert "was not found" in message
