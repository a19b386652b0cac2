"""What is published of a message says nothing of the machine it was made on."""

from pathlib import Path

import pytest

from speakor_common.paths import without_folders


@pytest.mark.parametrize(
    ("message", "published"),
    [
        ("{root}/models/exp05/run.json is missing", "models/exp05/run.json is missing"),
        ("no '/opt/hub/me/x.bin', (/srv/a b.bin)", "no '…/x.bin', (…/a b.bin)"),
        ("{home}/.cache/hub/x.bin or ~/x/y.bin", "…/x.bin or …/y.bin"),
        ("file:///mnt/me/x.bin:3", "…/x.bin:3"),
        ("see https://a.org/b/c or models/x, WER and/or CER", None),
        ("not trained", None),
    ],
)
def test_paths_are_from_the_root_or_their_last_name_alone(
    tmp_path, monkeypatch, message, published
):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    said = message.format(root=tmp_path.resolve(), home=Path.home())
    assert without_folders(said) == (said if published is None else published)
