"""What splits share, shown: tables, figure and findings of an audit."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from speakor_common.corpus.audit import audit
from speakor_common.corpus.splits import AsDelivered
from speakor_common.show import leakage
from tests.corpus.test_voice_audit import APART, clips, heard


@pytest.fixture(scope="module")
def manifest():
    rows = [
        ("train", "a", "1", "사과를 먹었어요"),
        ("valid", "b", "2", "빵을 먹었어요"),
        ("test", "c", "1", "사과를 먹었어요"),
        ("test", "c", "3", "학교에 갑니다"),
    ]
    table = pd.DataFrame(rows, columns=["split", "speaker_id", "prompt_id", "text"])
    return table.assign(l1="VN", duration_s=1.0, audio="")


def audited(manifest, **options):
    digests = pd.Series([str(i) for i in manifest.index], index=manifest.index)
    return audit(manifest, AsDelivered(), digests, **options)


def test_texts_are_shown_with_what_training_has_of_them(manifest):
    report = audited(manifest)
    table = leakage.overlap_table(report)
    assert table.loc["test", ["words", "identical", "sentences"]].tolist() == [0.5, 0.5, 2]
    assert leakage.shared_table(report).loc["prompts", "train-test"] == 1
    finding = leakage.finding_overlap(report)
    assert "50% of the words" in finding and "1 of 2 sentences are at most one word" in finding
    assert "from a sentence of training (1 of 1 searched)" in finding
    assert "1 prompts of test are read in training too" in finding
    assert "words that differ" in leakage.nearest_bars(report).get_xlabel()
    plt.close("all")


def test_natives_alone_have_no_learners_test_to_speak_of(manifest):
    report = audited(manifest.assign(l1="KR"))
    assert leakage.finding_overlap(report).endswith("1 prompts of test are read in training too.")


def test_voices_are_shown_or_why_not(manifest):
    silent = audited(manifest)
    assert "nobody listened" in leakage.voice_table(silent).iloc[0, 0]
    assert "not compared: nobody listened" in leakage.finding_voices(silent)

    report = audited(manifest, voices=heard(*APART, clips("S9", person=7, split="train")))
    table = leakage.voice_table(report)
    assert table.loc["train-test", "pairs of one voice"] == 1
    assert table.loc["a speaker to himself", "lowest"] > table.loc["train-valid", "highest"]
    assert "1 pairs of speakers of two splits sound like one voice" in leakage.finding_voices(
        report
    )
