"""Rows, details and confusions of predictions."""

import pandas as pd
import pytest

from speakor_common.pronunciation.deviations import Deviation
from speakor_common.pronunciation.feedback import Record
from speakor_common.show.explorer import browse
from speakor_common.show.explorer.browse import Browser


@pytest.fixture
def record():
    deviation = Deviation(
        syllable=1,
        part="vowel",
        kind="substitution",
        intended="ㅓ",
        heard="ㅗ",
        confidence=0.9,
        start_s=0,
        end_s=1,
    )
    return Record(
        utterance_id="u000",
        status="ok",
        l1="JP",
        level="하",
        intended="안 먹어요",
        pronunciation="안 머거요",
        heard="안 모거요",
        unsure_words=[],
        deviations=[deviation],
    )


def test_rows_hold_what_is_filtered_and_sorted_by(table):
    rows = Browser(table, {}).rows()
    assert len(rows["values"]) == 12
    assert {"id", "wer", "errors", "flags", "speaker"} <= set(rows["columns"])
    assert sum(row[rows["columns"].index("errors")] for row in rows["values"]) == 3


def test_all_that_can_be_shown_has_its_characters_known(table, record):
    assert set("학교하중상VN모거") <= set(Browser(table, {"u000": record}).characters())


def test_a_detail_shows_all_models_of_the_same_clip(table, record):
    detail = Browser(table, {"u000": record}).detail(6)
    assert detail.count("line model") == 2 and 'data-experiment="exp05"' in detail
    assert detail.count("line label") == 1 and 'class="sub"' in detail
    assert "native listener heard" in detail
    assert "native listener" not in Browser(table, {}).detail(6)


def test_a_detail_is_of_one_condition(table):
    degraded = table.assign(condition="real", hypothesis="네")
    detail = Browser(pd.concat([table, degraded], ignore_index=True), {}).detail(6)
    assert detail.count("line model") == 2 and "네" not in detail


def test_confusions_lead_to_their_rows(table):
    rows = {pair["name"]: pair["rows"] for pair in Browser(table, {}).confusions()}
    assert rows["중성 ㅐ→ㅛ"] == [6, 7, 8] and rows["초성 ㅅ→ㄱ"] == [6, 7, 8]


def test_the_worst_are_those_of_all_models_together(table):
    assert set(Browser(table, {}).worst(2).table["utterance_id"]) == {"u000", "u001"}


def test_what_a_model_laundered_is_counted_and_named(table):
    fates = pd.DataFrame(
        [
            ("exp05", "u000", "vowel ㅓ→ㅗ", "corrected"),
            ("exp05", "u000", "onset ㄲ→ㄱ", "corrected"),
            ("exp05", "u001", "onset ㄲ→ㄱ", "kept"),
        ],
        columns=["experiment", "utterance_id", "sound", "fate"],
    )
    laundered = browse.laundered_by_output(fates)
    degraded = table.assign(condition="real")
    browser = Browser(pd.concat([table, degraded], ignore_index=True), {}, laundered)
    rows = browser.table[browser.table["laundered"] > 0]
    assert rows[["experiment", "condition", "utterance_id"]].values.tolist() == [
        ["exp05", "clean", "u000"]
    ]
    detail = browser.detail(rows.index[0])
    assert "laundered: vowel ㅓ→ㅗ<" in detail and detail.count("laundered") == 2
    assert "laundered" in browser.rows()["columns"]
    assert set(browser.worst(6).table["laundered"]) == {0, 2}
    assert set(Browser(table, {}).table["laundered"]) == {0}


def test_a_label_is_suspect_where_models_contradict_it_with_one_voice(table):
    table.loc[[1, 7], "hypothesis"] = "저는 학장"  # both, against the label
    table.loc[[2, 8], "hypothesis"] = ["저는 학장", "저는 학교"]  # both, each otherwise
    table.loc[[3, 9], "hypothesis"] = ""  # silence is no contradiction
    suspect = Browser(table, {}).table.set_index(["experiment", "utterance_id"])["suspect"]
    assert suspect[suspect > 0].to_dict() == {("exp05", "u001"): 1.0, ("exp01", "u001"): 1.0}


def test_rows_say_how_fast_and_how_sure(table):
    table.loc[0, "words"] = '[{"confidence": 0.5}, {"confidence": 1.0}]'
    first = Browser(table, {}).table.iloc[0]
    assert (first["rate"], first["confidence"]) == (2.0, 0.75)  # 4 syllables in 2 seconds
    assert Browser(table, {}).table["confidence"].tolist()[1] == 0.0


@pytest.mark.parametrize(
    ("problem", "words"),
    [("", "not judged: no speech"), ("nobody <speaks>", "not judged: nobody &lt;speaks&gt;")],
)
def test_as_spoken_says_why_nothing_was_judged(record, problem, words):
    silent = {"status": "no_speech", "problem": problem, "pronunciation": "", "heard": ""}
    assert words in browse.as_spoken(record.model_copy(update=silent))


def test_as_spoken_marks_what_deviates(record):
    shown = browse.as_spoken(record)
    assert (
        '안 <span class="sub" data-jamo="중성 ㅓ→ㅗ (90%)"' in shown and ">머</span>거요" in shown
    )
    assert "안 모거요" in shown
