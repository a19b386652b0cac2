"""One clip, one outcome: second forms, contradictions, duplicates, and when a corpus is refused."""

import pytest

from speakor_common.corpus.collect import Collector
from speakor_common.corpus.files import Entry
from speakor_common.corpus.labelled_clips import LabelledClip, count_reasons
from speakor_common.corpus.schema import ReadOptions
from speakor_common.errors import CorpusError
from tests.builders import encoded, tone, write


@pytest.fixture
def collector(tmp_path):
    """Recordings named ``a`` to ``d``, half a second each."""
    built = Collector(ReadOptions())
    for name in "abcd":
        built.add_sound(sound(tmp_path, f"{name}.wav", name))
    return built


def sound(folder, file, key="a", form="WAV"):
    path = write(folder / file, encoded(tone(0.5, frequency=100 + ord(key)), form=form))
    return Entry(file, str(path))


def add(collector, stem, text, where, form="json"):
    collector.add_label(LabelledClip(stem, text, {"l1": "VN"}, where, form))


def outcome(collector, tmp_path):
    """Texts by id, reasons by file, counts of what was skipped."""
    corpus = collector.finish(tmp_path)
    return (
        dict(zip(corpus.manifest["utterance_id"], corpus.manifest["text"], strict=True)),
        dict(zip(corpus.quarantine["file"], corpus.quarantine["reason"], strict=True)),
        dict(zip(corpus.skipped["reason"], corpus.skipped["count"], strict=True)),
    )


# Labels of clip a as (text, form); what its text is, and what the quarantine says.
FORMS = {
    "the same twice in two forms": ([("네", "json"), ("네", "table")], "네", None),
    "the same but for marks": ([("어/ 네", "json"), ("어 네.", "table")], "어 네", None),
    "three forms": ([("네", "json"), ("네", "table"), ("네", "json in zip")], "네", None),
    "first form empty": ([("", "json"), ("네", "table")], "네", None),
    "second form empty": ([("네", "json"), ("", "table")], "네", None),
    "first form unreadable": ([("coffee", "json"), ("커피", "table")], "커피", None),
    "both forms bad": ([("", "json"), ("coffee", "table")], None, "missing text"),
    "forms that differ": ([("네", "json"), ("네 안녕", "table")], None, "two labels that differ"),
    "one form twice": ([("네", "json"), ("네", "json")], "네", "duplicate id (also label 0)"),
    "one form twice, first bad": ([("", "json"), ("네", "json")], "네", None),
}


@pytest.mark.parametrize("case", FORMS)
def test_a_clip_named_in_several_forms_has_one_outcome(collector, tmp_path, case):
    labels, expected, complaint = FORMS[case]
    for number, (text, form) in enumerate(labels):
        add(collector, "a", text, f"label {number}", form)
    texts, reasons, skipped = outcome(collector, tmp_path)
    assert texts.get("a") == expected
    of_labels = [reason for file, reason in reasons.items() if file.startswith("label")]
    assert [reason.startswith(complaint) for reason in of_labels] == ([True] if complaint else [])
    in_quarantine = len(of_labels) if expected else 0
    assert skipped.get("second form of a label", 0) == (
        0 if complaint == "two labels that differ" else len(labels) - 1 - in_quarantine
    )


def test_a_row_that_does_not_fit_is_rescued_by_its_other_form(collector, tmp_path):
    collector.add_unfit_label("a", "a.csv row 1", "table", "13 values for 12 columns")
    add(collector, "a", "네", "a.json")
    add(collector, "b", "네", "b.json")
    collector.add_unfit_label("b", "b.csv row 1", "table", "13 values for 12 columns")
    collector.add_unfit_label("c", "c.csv row 1", "table", "13 values for 12 columns")
    texts, reasons, skipped = outcome(collector, tmp_path)
    assert set(texts) == {"a", "b"} and skipped == {"second form of a label": 2}
    assert reasons["c.csv row 1"] == "13 values for 12 columns"
    assert [file for file in reasons if "c" in file] == ["c.csv row 1"]  # not its audio as well


def test_a_recording_that_is_there_twice_is_harmless_unless_it_differs(collector, tmp_path):
    collector.add_sound(sound(tmp_path, "again/a.wav", "a"))
    collector.add_sound(sound(tmp_path, "other/b.wav", "x"))
    collector.add_sound(sound(tmp_path, "flac/c.flac", "c", "FLAC"))
    _, reasons, skipped = outcome(collector, tmp_path)
    assert reasons["other/b.wav"] == "duplicate audio name (another is b.wav)"
    assert skipped == {"same recording once more": 2}


@pytest.mark.parametrize(
    ("bad", "good", "stops"),
    [(0, 30, False), (19, 0, False), (6, 24, False), (7, 23, True), (4, 16, False), (5, 15, True)],
)
def test_many_bad_clips_stop_a_corpus_but_never_a_small_one(tmp_path, bad, good, stops):
    collector = Collector(ReadOptions())
    for number in range(bad + good):
        if number >= bad:
            collector.add_sound(sound(tmp_path, f"{number}.wav"))
        add(collector, str(number), "네", f"{number}.json")
    if stops:
        total = bad + good
        complaint = f"{bad} of {total} labelled clips rejected, at most 20%.*missing audio: {bad}"
        with pytest.raises(CorpusError, match=complaint):
            collector.finish(tmp_path)
    else:
        texts, reasons, _ = outcome(collector, tmp_path)
        assert len(texts) == good and len(reasons) == bad


def test_only_labelled_clips_count_for_that(tmp_path):
    collector = Collector(ReadOptions())
    for number in range(20):
        collector.add_sound(sound(tmp_path, f"{number}.wav", str(number % 9)))
        add(collector, str(number), "네", f"{number}.json")
    for number in range(100):
        collector.reject(f"{number}.zip", "unreadable zip (x)")
        collector.skip(f"._{number}", "hidden file of a system")
        collector.sounds[f"unlabelled {number}"] = collector.sounds["0"]
    texts, reasons, skipped = outcome(collector, tmp_path)
    assert len(texts) == 20 and len(reasons) == 101  # of 200: unlabelled ones share a path
    assert skipped == {"hidden file of a system": 100}


def test_reasons_are_counted_without_their_details():
    reasons = ["unreadable label (x)", "unreadable label (y)", "missing audio", "a: b"]
    assert count_reasons(reasons) == "unreadable label: 2, missing audio: 1, a: 1"
