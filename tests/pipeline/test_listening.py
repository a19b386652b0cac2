"""The listener's part of an evaluation: files that all rates can be counted from again."""

import json

import pytest
from datasets import Dataset, DatasetDict

from speakor_common import paths
from speakor_common.corpus import prepare
from speakor_common.evaluation.planted_sounds import PlantedSound, read_planted_sounds
from speakor_common.models import checkpoints
from speakor_common.pipeline import listening, results, verify
from speakor_common.pronunciation import feedback
from speakor_common.pronunciation.confusions import Confusions, save_confusions
from speakor_common.pronunciation.deviations import Deviation
from speakor_common.pronunciation.feedback import Record
from speakor_common.recognition import predict
from speakor_common.storage import read_json, write_json, write_text
from speakor_common.text import to_jamo
from speakor_common.training.profiles import PROFILES
from tests.builders import predictions

VOWEL = Deviation(0, "vowel", "substitution", "ㅓ", "ㅗ")
ONSET = Deviation(1, "onset", "substitution", "ㄱ", "ㅋ")  # never counted
COUNTS = {"vowel": {"ㅓ": {"ㅓ": 1, "ㅗ": 3}}, "onset": {"ㄱ": {"ㄱ": 4}}}


def split(name, deviations, count=6):
    """A prepared split of 먹어요, said by four speakers of two first languages."""
    rows = [
        {
            "utterance_id": f"u{i:03d}",
            "audio": b"",
            "text": "먹어요",
            "intended": to_jamo("머거요"),
            "l1": ("VN", "JP")[i % 2],
            "level": "하",
            "speaker_id": f"S{i % 4}",
            "deviations": json.dumps([item.to_label() for item in deviations]) if name else "",
        }
        for i in range(count)
    ]
    return Dataset.from_list(rows)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A results folder with predictions, and a listener that reports the vowel and no other."""
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    save_confusions(Confusions(COUNTS), tmp_path)
    monkeypatch.setattr(checkpoints, "find_checkpoint", lambda name: tmp_path)
    data = DatasetDict(
        train=split("train", [VOWEL]),
        valid=split("valid", [VOWEL]),
        test=split("test", [VOWEL, ONSET]),
    )
    monkeypatch.setattr(prepare, "load_prepared", lambda target: data)
    monkeypatch.setattr(feedback, "make_records_on_cores", listened)
    monkeypatch.setitem(PROFILES, "tiny", PROFILES["smoke"])
    return tmp_path


def listened(intended, directory, audio, confusions=None):
    """What the listener of these tests reports; nothing with another's confusions."""
    return [
        Record(
            utterance_id=row.utterance_id,
            status="ok",
            l1=row.l1,
            level=row.level,
            intended=row.hypothesis,
            pronunciation="머거요",
            heard="모커요",
            unsure_words=[],
            deviations=[] if confusions else [VOWEL],
        )
        for row in intended.itertuples()
    ]


@pytest.fixture
def table():
    return predictions(["먹어요"] * 6, ["먹어요"] * 5 + ["모거요"])


def test_what_was_said_is_written_with_what_was_heard(home, table):
    listening.write_feedback("smoke", table, "exp05")
    planted = read_planted_sounds(paths.results("smoke") / "planted.csv")
    assert len(planted) == 6 and planted["u000"].heard == "모커요"
    assert planted["u000"].sounds == (
        PlantedSound(0, "vowel", "substitution", "ㅓ", "ㅗ", True),
        PlantedSound(1, "onset", "substitution", "ㄱ", "ㅋ", False),
    )


def test_seen_and_unseen_kinds_and_yardsticks_are_scored_apart(home, table):
    scores = listening.write_feedback("smoke", table, "exp05").set_index(["system", "group", "l1"])
    assert scores.loc[("listener", "seen", "all"), "recall"] == 1
    assert scores.loc[("listener", "unseen", "all"), "recall"] == 0
    assert scores.loc[("listener", "all", "all"), "recall"] == 0.5
    assert scores.loc[(listening.OTHER_LANGUAGES, "all", "all"), "recall"] == 0

    # The vowel is said wrong by all training speakers, so no audio is needed to report it.
    for blind in (listening.BY_SOUND, listening.BY_LANGUAGE):
        assert scores.loc[(blind, "seen", "all"), "recall"] == 1
        assert scores.loc[(blind, "all", "all"), "n"] == 6


def test_counts_leave_out_a_speakers_own_language(home):
    train = split("train", [VOWEL]).select([0, 1, 2])  # VN, JP, VN
    without = listening.confusions_without(train, {"VN", "JP"}, Confusions({}))
    assert without["VN"].counts["vowel"]["ㅓ"] == {"ㅓ": 1, "ㅗ": 1}
    assert without["JP"].counts["vowel"]["ㅓ"] == {"ㅓ": 2, "ㅗ": 2}


@pytest.fixture
def folder(home, table):
    """The results of these predictions, written."""
    folder = paths.results("smoke")
    listening.write_feedback("smoke", table, "exp05")
    predict.write_predictions(table, folder / "predictions" / "exp05.csv")
    write_json(folder / "metrics.json", verify.recount(folder))
    write_text(folder / "result.txt", verify.result_text(verify.recount(folder), "smoke", "make"))
    return folder


def test_all_of_it_is_counted_again(folder):
    metrics = read_json(folder / "metrics.json")
    laundering = metrics["exp05"]["clean"]["laundering"]
    assert (laundering["n"], laundering["corrected"]) == (12, pytest.approx(11 / 12))
    assert metrics["listener"]["laundering"]["kept"] == 1
    assert len(metrics["listener"]["detection"]) == 4 * (6 + 2)
    assert verify.differences(folder) == []


def test_a_changed_file_contradicts_the_numbers(folder):
    planted = folder / "planted.csv"
    write_text(planted, planted.read_text().replace("모커요", "먹어요", 1))
    assert any("/listener/laundering/" in line for line in verify.differences(folder))

    scores = folder / "feedback_scores.csv"
    write_text(scores, scores.read_text().replace("listener,all,all,6", "listener,all,all,7"))
    assert any(line.startswith("feedback_scores.csv: ") for line in verify.differences(folder))


def test_a_corpus_without_known_deviations_has_none_of_it(home, table, monkeypatch):
    folder = paths.results("smoke")
    listening.write_feedback("smoke", table, "exp05")
    nothing = DatasetDict(dict.fromkeys(("train", "valid", "test"), split("", [])))
    monkeypatch.setattr(prepare, "load_prepared", lambda target: nothing)
    assert listening.write_feedback("smoke", table, "exp05").empty
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".jsonl"]

    fates = results.read_fates(folder, table)
    metrics = results.count_metrics(table, None)
    assert results.with_spoken(metrics, fates, results.read_decisions(folder)) == metrics
