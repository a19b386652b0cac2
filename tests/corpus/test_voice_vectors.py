"""Clips drawn and listened to; on the sample's own clips a planted leak is heard."""

import numpy as np
import pandas as pd
import pytest

from speakor_common.corpus import aihub, voice_vectors
from speakor_common.corpus.voice_audit import audit_voices, voice_leaks
from speakor_common.corpus.voice_vectors import CLIPS_A_SPEAKER, draw_clips, listen
from speakor_common.paths import sample_corpus
from tests.builders import encoded, tone, write


def table(counts):
    rows = [(f"{s}-{i:03d}", s, "train") for s, count in counts.items() for i in range(count)]
    manifest = pd.DataFrame(rows, columns=["utterance_id", "speaker_id", "split"])
    return manifest.assign(l1="VN", audio=manifest["utterance_id"])


def test_a_dozen_of_each_speaker_are_drawn_whatever_the_order():
    manifest = table({"A": 40, "B": 5, "": 3})
    drawn = draw_clips(manifest)
    assert drawn["speaker_id"].value_counts().to_dict() == {"A": CLIPS_A_SPEAKER, "B": 5}
    again = draw_clips(manifest.sample(frac=1, random_state=1))
    assert set(again["utterance_id"]) == set(drawn["utterance_id"])
    assert draw_clips(manifest.assign(split="unused")).empty


def test_of_many_speakers_fewer_are_drawn(monkeypatch):
    monkeypatch.setattr(voice_vectors, "MOST_CLIPS", 16)
    assert draw_clips(table({"A": 40, "B": 40}))["speaker_id"].value_counts().to_dict() == {
        "A": 8,
        "B": 8,
    }


def test_what_holds_no_speech_is_counted_and_stops_nothing(tmp_path):
    manifest = table({"A": 3})
    write(tmp_path / "a.wav", encoded(tone(3.0)))
    write(tmp_path / "b.wav", b"no sound")
    manifest["audio"] = [str(tmp_path / name) for name in ("a.wav", "b.wav", "none.wav")]
    voices = listen(manifest, tmp_path / "voices", workers=1)
    assert voices.drawn == 3 and voices.clips.empty and voices.vectors.shape == (0, 3, 256)


@pytest.fixture(scope="module")
def planted():
    """The busiest speakers of three first languages; half of one's clips have a new id."""
    manifest = aihub.read(sample_corpus()).manifest
    busiest = manifest.groupby("l1")["speaker_id"].agg(lambda ids: ids.value_counts().index[0])
    chosen = manifest[manifest["speaker_id"].isin(busiest.iloc[:3])]
    rows = chosen.groupby("speaker_id").head(24).assign(split="train").reset_index(drop=True)
    first = rows.index[rows["speaker_id"] == busiest.iloc[0]]
    rows.loc[first[1::2], ["speaker_id", "split"]] = ["ZZ0001", "test"]
    return rows


def test_the_same_voice_under_another_id_in_test_is_heard(planted, tmp_path, monkeypatch):
    voices = listen(planted, tmp_path, workers=1)
    (leak,) = voice_leaks(audit_voices(voices))
    assert "train-test" in leak and "and ZZ0001" in leak

    # Kept: what was heard once is not listened to again, and what is not asked for goes.
    monkeypatch.setattr(voice_vectors, "window_vectors", None)
    assert np.array_equal(listen(planted, tmp_path, workers=1).vectors, voices.vectors)
    listen(planted.iloc[:0], tmp_path, workers=1)
    assert not list(tmp_path.glob("*.npy"))
