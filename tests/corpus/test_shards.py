"""Shards: what is stored, what is kept, what is made again."""

import pandas as pd
import pytest

from speakor_common.audio import decode
from speakor_common.corpus import shards
from speakor_common.corpus.schema import MANIFEST_COLUMNS
from speakor_common.corpus.shards import limit_rows, load_prepared, write_shards
from speakor_common.errors import CorpusError
from tests.builders import encoded, tone, write


def manifest(folder, count=7):
    """One-second clips, two in three for training, native speech every third."""
    rows = []
    for number in range(count):
        path = write(folder / f"{number}.wav", encoded(tone(frequency=100 + number)))
        row = dict.fromkeys(MANIFEST_COLUMNS, "") | {
            "utterance_id": f"{number:05d}",
            "audio": str(path),
            "l1": "KR" if number % 3 == 0 else "VN",
            "category": 1,
            "duration_s": 1.0,
            "split": ("train", "train", "valid", "test")[number % 4],
            "length": 16_000,
            "audio_digest": f"digest {number}",
        }
        rows.append(row)
    return pd.DataFrame(rows)


def store(table, target, native_l1="KR", embed=True, workers=1):
    return write_shards(table, target, native_l1, embed, workers, progress=False)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("embed", [True, False])
def test_rows_keep_their_split_order_and_audio(tmp_path, monkeypatch, embed, workers):
    monkeypatch.setattr(shards, "SHARD_ROWS", 1)
    table = manifest(tmp_path / "in")
    assert store(table, tmp_path / "out", embed=embed, workers=workers).empty
    data = load_prepared(tmp_path / "out")
    assert data["train"]["utterance_id"][:] == ["00001", "00004", "00005"]
    assert data["native_train"]["utterance_id"][:] == ["00000"]
    assert set(data) == {"train", "valid", "native_test", "native_train", "native_valid"}
    assert data["train"]["audio_digest"][:] == ["digest 1", "digest 4", "digest 5"]
    for row in data["train"]:
        assert isinstance(row["audio"], bytes if embed else str) and row["length"] == 16_000
        assert len(decode(row["audio"])) == 16_000


def test_native_speech_is_like_any_other_where_none_is_set_apart(tmp_path):
    store(manifest(tmp_path / "in"), tmp_path / "out", native_l1="")
    assert set(load_prepared(tmp_path / "out")) == {"train", "valid", "test"}


def test_only_what_changed_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_ROWS", 2)
    table, target = manifest(tmp_path / "in"), tmp_path / "out"
    store(table, target)
    times = {path.name: path.stat().st_mtime_ns for path in target.glob("*.arrow")}

    # As if killed before the first shard was complete.
    removed = min(times)
    (target / removed).with_suffix(".json").unlink()
    store(table, target)
    again = {path.name: path.stat().st_mtime_ns for path in target.glob("*.arrow")}
    assert {name for name in times if again[name] != times[name]} == {removed}

    # What no row needs any more goes.
    store(table[table["split"] != "test"], target)
    left = {path.name for path in target.glob("*.arrow")}
    assert left < set(times) and not any("test" in name for name in left)


def test_a_clip_that_fails_now_although_it_was_checked_is_quarantined(tmp_path):
    table = manifest(tmp_path / "in")
    write(tmp_path / "in" / "1.wav", b"broken meanwhile")
    lost = store(table, tmp_path / "out")
    assert lost["file"].tolist() == ["00001"] and "undecodable" in lost["reason"][0]
    assert load_prepared(tmp_path / "out")["train"]["utterance_id"][:] == ["00004", "00005"]


def test_limit_is_stable_and_zero_keeps_all(tmp_path):
    store(manifest(tmp_path / "in", 30), tmp_path / "out")
    data = load_prepared(tmp_path / "out")["train"]
    assert limit_rows(data, 3)["utterance_id"][:] == limit_rows(data, 3)["utterance_id"][:]
    assert len(limit_rows(data, 0)) == len(data) == len(limit_rows(data, 10**6))


def test_loading_what_was_never_prepared(tmp_path):
    with pytest.raises(CorpusError, match="speakor prepare"):
        load_prepared(tmp_path)
