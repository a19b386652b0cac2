"""Tables, figures and findings of notebook 01; a clip that cannot be read stops none of them."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from datasets import Dataset

from speakor_common.audio import encode_wav
from speakor_common.show import corpus
from tests.builders import tone


@pytest.fixture
def manifest():
    return pd.DataFrame(
        {
            "utterance_id": list("abcd"),
            "l1": ["VN", "VN", "JP", "JP"],
            "level": ["상", "하", "중", "하"],
            "speaker_id": ["S1", "S1", "S1", "S2"],
            "prompt_id": list("1122"),
            "split": ["train", "train", "test", "unused"],
            "text": ["저는 학생", "네", "학교에 가요", "밥을 먹어요"],
            "duration_s": [1.0, 1.0, 2.5, 2.0],
        }
    )


@pytest.fixture
def clips():
    """The first clip is whole, the second is none."""
    audio = [encode_wav(tone(1.0)), b"no sound"]
    rows = {"audio": audio, "l1": ["VN", "JP"], "level": "중", "utterance_id": ["a", "<b>"]}
    texts = {"raw_text": ["저는 n/ 학생", "<i>네"], "text": ["저는 학생", "네"]}
    return Dataset.from_pandas(pd.DataFrame(rows | texts))


def test_levels_stand_from_low_to_high(manifest):
    table = corpus.cross_counts(manifest, "l1", "level")
    assert table.columns.tolist() == ["하", "중", "상"]
    assert table.loc["VN"].tolist() == [1, 0, 1]
    unrated = corpus.cross_counts(manifest.replace({"level": {"상": ""}}), "l1", "level")
    assert unrated.columns.tolist() == ["하", "중", ""]


def test_a_corpus_is_counted_by_first_language_and_split(manifest):
    table = corpus.overview(manifest)
    assert table.loc[("VN", "train"), "utterances"] == 2
    assert table.loc[("VN", "train"), "speakers"] == 1
    assert corpus.clips_per_speaker(manifest).to_dict() == {"S1": 3, "S2": 1}
    assert corpus.syllable_counts(manifest).tolist() == [4, 1, 5, 5]


def test_rejected_items_are_counted_by_reason():
    rejected = pd.DataFrame({"file": ["x", "y", "z"], "reason": ["silent", "silent", "no label"]})
    table = corpus.quarantine_reasons(rejected)
    assert table.loc["silent"].tolist() == [2, "x"]
    assert corpus.quarantine_reasons(rejected.head(0)).empty


def test_a_missing_checkpoint_is_said_instead_of_counted(manifest, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    table = corpus.out_of_vocabulary(manifest, "nobody/nothing")
    assert "not possible" in table.iloc[0, 0]
    known = corpus.out_of_vocabulary(manifest, "base-tiny")
    assert known["split"].tolist() == ["train", "valid", "test"]
    assert known["not in vocabulary"].sum() == 0


def test_what_cannot_be_read_is_counted_and_stops_nothing(clips):
    levels = corpus.loudness(clips, limit=9)
    assert levels.isna().sum() == 1 and levels.notna().sum() == 1
    assert "n = 1; 1 more could not be read" in corpus.finding_loudness(levels)
    assert "n = 1" in corpus.loudness_histogram(levels).get_legend().get_texts()[0].get_text()
    plt.close("all")


def test_what_cannot_be_read_says_so_in_place_of_its_player(clips):
    broken, whole = corpus.to_listen_to(clips, "l1")  # JP, then VN
    assert "<audio controls" in whole.data and "label: 저는 n/ 학생" in whole.data
    assert "cannot be played" in broken.data and "<audio" not in broken.data
    assert "&lt;b&gt;" in broken.data and "&lt;i&gt;네" in broken.data


def test_figures_name_what_they_count(manifest):
    axes = corpus.duration_outlines(manifest)
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["test (n = 1)", "train (n = 2)", "unused (n = 1)"]
    bars = corpus.speaker_bars(corpus.clips_per_speaker(manifest))
    assert "(2, at most 40 shown)" in bars.get_title(loc="left")
    lengths = corpus.length_histogram(corpus.syllable_counts(manifest))
    assert len(lengths.patches) == 6  # 0 to 5 syllables
    plt.close("all")


def test_findings_hold_the_numbers(manifest):
    table = corpus.cross_counts(manifest, "l1", "level")
    rejected = pd.DataFrame({"file": ["x"], "reason": ["silent"]})
    speakers = corpus.clips_per_speaker(manifest)
    for finding, words in (
        (corpus.finding_quarantine(rejected, manifest), "1 of 5 items were rejected, each with"),
        (corpus.finding_quarantine(rejected.head(0), manifest), "0 of 4 items were rejected."),
        (corpus.finding_levels(table), "하 50%, 중 25%, 상 25% (n = 4); the smallest cell holds 0"),
        (corpus.finding_speakers(speakers), "2 learners recorded 1 to 3 clips each (n = 4)"),
        (corpus.finding_durations(manifest), "last 1.0 to 2.5 s, median 1.5 s (n = 4)"),
        (corpus.finding_speech_rate(manifest), "하 1.75, 중 2.00, 상 4.00 (n = 4)"),
    ):
        assert words in finding
