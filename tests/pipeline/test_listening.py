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
from speakor_common.show import spoken
from speakor_common.show.explorer import browse
from speakor_common.storage import read_json, write_json, write_text
from speakor_common.text import to_jamo
from speakor_common.training.profiles import PROFILES
from tests.builders import predictions

VOWEL = Deviation(0, "vowel", "substitution", "ㅓ", "ㅗ")
ONSET = Deviation(1, "onset", "substitution", "ㄱ", "ㅋ")  # never counted
COUNTS = {"vowel": {"ㅓ": {"ㅓ": 1, "ㅗ": 3}}, "onset": {"ㄱ": {"ㄱ": 4}}}


def split(deviations, count=6, annotated=6, languages=("VN", "JP")):
    """A prepared split of 먹어요, said by four speakers; the first clips are annotated."""
    noted = json.dumps([item.to_label() for item in deviations])
    rows = [
        {
            "utterance_id": f"u{i:03d}",
            "audio": b"",
            "text": "먹어요",
            "intended": to_jamo("머거요"),
            "l1": languages[i % 2],
            "level": "하",
            "speaker_id": f"S{i % 4}",
            "deviations": noted if i < annotated else "",
        }
        for i in range(count)
    ]
    return Dataset.from_list(rows)


@pytest.fixture
def corpus(monkeypatch):
    """Puts a prepared corpus in place."""

    def put(train, valid, test):
        data = DatasetDict(train=train, valid=valid, test=test)
        monkeypatch.setattr(prepare, "load_prepared", lambda target: data)

    return put


@pytest.fixture
def home(tmp_path, monkeypatch, corpus):
    """A results folder with predictions, and a listener that reports the vowel and no other."""
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    save_confusions(Confusions(COUNTS), tmp_path)
    monkeypatch.setattr(checkpoints, "find_checkpoint", lambda name: tmp_path)
    corpus(split([VOWEL]), split([VOWEL]), split([VOWEL, ONSET]))
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

    # The vowel is said wrong by all training speakers, so no audio is needed to report it where
    # the transcript has it, which is in five of six.
    for blind in (listening.BY_SOUND, listening.BY_LANGUAGE):
        assert scores.loc[(blind, "seen", "all"), "recall"] == pytest.approx(5 / 6)
        assert scores.loc[(blind, "all", "all"), "n"] == 6


def test_all_systems_are_told_the_same_text(home, corpus, table):
    """A prior that knew the true text would answer an easier question than the listener."""
    listening.write_feedback("smoke", table.assign(hypothesis="아이"), "exp05")
    counts = results.read_decisions(paths.results("smoke"))
    blind = counts[counts["system"].isin([listening.BY_SOUND, listening.BY_LANGUAGE])]
    assert blind["correct_diagnosis"].sum() == 0 and blind["n"].sum() > 0


def test_counts_leave_out_a_speakers_own_language():
    said = listening.spoken_by_language(split([VOWEL], count=3))  # VN, JP, VN
    assert {l1: len(truths) for l1, truths in said.items()} == {"VN": 2, "JP": 1}
    without = listening.confusions_without(said, {"VN", "JP", "CN"}, Confusions({}))
    assert without["VN"].counts["vowel"]["ㅓ"] == {"ㅓ": 1, "ㅗ": 1}
    assert without["JP"].counts["vowel"]["ㅓ"] == {"ㅓ": 2, "ㅗ": 2}
    assert without["CN"].counts["vowel"]["ㅓ"] == {"ㅓ": 3, "ㅗ": 3}
    only = listening.confusions_without({"VN": said["VN"]}, {"VN"}, Confusions({}))
    assert only["VN"].counts == {}


def test_of_a_corpus_annotated_in_part_only_that_part_is_counted(home, corpus, table, caplog):
    # Of the six clips the first is annotated: speech of one language, in every split.
    corpus(*(split([VOWEL], annotated=1) for _ in range(3)))
    scores = listening.write_feedback("smoke", table, "exp05").set_index(["system", "group", "l1"])
    assert "test: 5 utterances are not annotated" in caplog.text
    for system in ("listener", listening.BY_SOUND, listening.BY_LANGUAGE):
        row = scores.loc[(system, "all", "all")]
        assert row[["n", "not_annotated", "planted", "speakers"]].tolist() == [1, 5, 1, 1]
        assert row["recall"] == 1

    folder = paths.results("smoke")
    assert list(read_planted_sounds(folder / "planted.csv")) == ["u000"]
    assert len((folder / "feedback.jsonl").read_text().splitlines()) == 6


def test_what_says_that_nothing_deviates_is_counted(home, corpus, table):
    corpus(split([VOWEL]), split([VOWEL]), split([]))
    scores = listening.write_feedback("smoke", table, "exp05").set_index(["system", "group", "l1"])
    row = scores.loc[("listener", "all", "all")]
    assert row[["n", "not_annotated", "planted", "reported"]].tolist() == [6, 0, 0, 6]
    planted = read_planted_sounds(paths.results("smoke") / "planted.csv")
    assert len(planted) == 6 and not any(said.sounds for said in planted.values())


@pytest.mark.parametrize(
    ("train", "valid", "left"),
    [(0, 6, ["listener"]), (6, 0, ["listener", listening.OTHER_LANGUAGES])],
)
def test_yardsticks_without_annotated_speech_are_left_out(
    home, corpus, table, train, valid, left, caplog
):
    corpus(split([VOWEL], annotated=train), split([VOWEL], annotated=valid), split([VOWEL]))
    scores = listening.write_feedback("smoke", table, "exp05")
    assert list(scores["system"].unique()) == left
    assert "6 utterances are not annotated; nothing is counted of these" in caplog.text


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


def test_decisions_about_something_else_than_was_said_are_found(folder):
    """Counts and scores that agree with each other, and not with planted.csv."""
    counts = folder / "feedback_counts.csv"
    table = results.read_decisions(folder)
    table.loc[table["system"] == "listener", "false_accepted"] += 1
    write_text(counts, table.to_csv(index=False))
    verify.write_counted(folder)
    lines = verify.differences(folder)
    assert lines and all(line.startswith("feedback_counts.csv: listener, ") for line in lines)

    (folder / "planted.csv").unlink()
    assert any("known are 0" in line for line in verify.differences(folder))


def test_a_corpus_without_known_deviations_has_none_of_it(home, corpus, table, caplog):
    folder = paths.results("smoke")
    listening.write_feedback("smoke", table, "exp05")
    corpus(*(split([VOWEL], annotated=0) for _ in range(3)))
    scores = listening.write_feedback("smoke", table, "exp05")
    assert scores.empty and "6 utterances are not annotated" in caplog.text
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".jsonl"]

    fates = results.read_fates(folder, table)
    metrics = results.count_metrics(table, None)
    assert results.with_spoken(metrics, fates, results.read_decisions(folder)) == metrics

    # What notebook 05 shows of it.
    assert "no known deviations" in spoken.finding_feedback(scores)
    assert spoken.feedback_overview(scores).empty
    for by in ("", "seen", "kind", "l1", "level"):
        laundered = spoken.laundering_table(metrics, by).round(3).astype(object).fillna("–")
        assert laundered.empty
    assert browse.laundered_by_output(fates) == {}
