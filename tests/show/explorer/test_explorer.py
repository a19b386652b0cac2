"""The widget answers its page, the page holds what it shows, and a missing clip costs one sound."""

import json
import logging

import pandas as pd
import pytest

from speakor_common.audio import encode_wav
from speakor_common.corpus import review
from speakor_common.show.explorer import explorer
from tests.builders import tone

CLIP = encode_wav(tone(0.5))


def whole(utterance_id: str) -> bytes:
    return CLIP


def some_missing(utterance_id: str) -> bytes | str:
    """u000 is not known, u001 is no sound, u002 a file that is gone; all others are there."""
    clips = {f"u{i:03d}": CLIP for i in range(3, 6)}
    return (clips | {"u001": b"no sound", "u002": "/nowhere/gone.wav"})[utterance_id]


def asked(widget, **question):
    """The widget's answer to a question of its page: content and buffers."""
    sent = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers))
    widget.answer({"request": "1", **question})
    return sent[0]


def embedded(page):
    """What a written page holds for its script."""
    text = page.read_text(encoding="utf-8")
    return json.loads(text.split('id="data">', 1)[1].split("</script>", 1)[0])


def test_the_widget_answers_its_page(table):
    widget = explorer.explore(table, whole)
    _, (start,) = asked(widget, what="start")
    assert len(json.loads(start)["rows"]["values"]) == 12 and json.loads(start)["reviews"] == {}
    content, (sound,) = asked(widget, what="detail", index=7)
    assert sound[:4] == b"OggS" and content["problem"] == ""
    assert content["words"] == [] and "line model" in content["html"]
    assert asked(widget, what="confusions")[0]["pairs"]


def test_the_widget_brings_its_looks_to_the_notebook(table):
    state = explorer.explore(table, whole).get_state()
    assert ".speakor-explorer" in state["_css"] and "font/woff" in state["_css"]


def test_the_widget_keeps_reviews(table, tmp_path):
    file = tmp_path / "review.csv"
    note = {"id": "u001", "rater": "김", "tags": ["noise"], "note": "문, 밖", "correction": "저도"}
    content, _ = asked(explorer.explore(table, whole, reviews=file), what="review", **note)
    assert content["saved"] == "kept in review.csv"
    said = review.Review(("noise",), "문, 밖", "저도")
    assert review.read_ratings(file) == {"u001": {"김": said}}

    again = json.loads(asked(explorer.explore(table, whole, file), what="start")[1][0])
    assert again["reviews"]["u001"]["김"]["correction"] == "저도"
    content, _ = asked(explorer.explore(table, whole), what="review", **note)
    assert "not kept" in content["saved"]


@pytest.mark.parametrize(
    ("index", "problem"),
    [(0, "no audio of u000"), (1, "no readable audio"), (2, "/nowhere/gone.wav")],
)
def test_a_row_whose_clip_is_missing_says_so_and_shows_its_texts(table, index, problem):
    content, buffers = asked(explorer.explore(table, some_missing), what="detail", index=index)
    assert problem in content["problem"] and buffers == []
    assert "line model" in content["html"]


def test_a_widget_opens_where_a_link_says(table):
    widget = explorer.explore(table, whole, link="l1=VN")
    assert json.loads(asked(widget, what="start")[1][0])["link"] == "l1=VN"


def test_a_question_that_fails_is_answered_too(table, tmp_path):
    widget = explorer.explore(table, whole, reviews=tmp_path)  # a folder, which nothing can write
    sent = []
    nothing = {"rater": "", "tags": [], "note": "x", "correction": ""}
    widget.send = lambda content, buffers=None: sent.append(content)
    with pytest.raises(OSError, match="directory"):
        widget.answer({"request": "1", "what": "review", "id": "u001", **nothing})
    with pytest.raises(KeyError):
        widget.answer({"request": "2", "what": "weather"})
    assert [answer["request"] for answer in sent] == ["1", "2"]
    assert "IsADirectoryError" in sent[0]["error"] and "weather" in sent[1]["error"]


def test_a_page_holds_the_worst_and_loads_nothing(table, tmp_path):
    table.loc[0, "reference"] = "</script><b>"
    page = explorer.write_html(table, whole, tmp_path / "e.html", worst=2)
    data = embedded(page)
    assert set(data["sounds"]) == {"u000", "u001"} and data["problems"] == {}
    assert len(data["rows"]["values"]) == len(data["words"]) == 4
    assert set(data["details"]) == {"clean u000", "clean u001"}
    text = page.read_text(encoding="utf-8")
    assert "http" not in text.replace("http-equiv", "") and "cannot be heard" not in text


def test_a_page_and_the_widget_know_what_was_laundered(table, tmp_path):
    columns = ["experiment", "utterance_id", "sound", "fate"]
    fates = pd.DataFrame([("exp05", "u003", "vowel ㅓ→ㅗ", "corrected")], columns=columns)
    page = explorer.write_html(table, whole, tmp_path / "e.html", fates=fates)
    _, (start,) = asked(explorer.explore(table, whole, fates=fates), what="start")
    for rows in (embedded(page)["rows"], json.loads(start)["rows"]):
        values = [row[rows["columns"].index("laundered")] for row in rows["values"]]
        assert sorted(values) == [0] * 11 + [1]


def test_a_page_is_written_without_the_clips_that_cannot_be_read(table, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        page = explorer.write_html(table, some_missing, tmp_path / "e.html")
    data = embedded(page)
    assert set(data["sounds"]) == {"u003", "u004", "u005"}
    assert set(data["problems"]) == {"u000", "u001", "u002"}
    assert len(data["rows"]["values"]) == 12 and len(data["details"]) == 6
    assert "3 of them cannot be heard" in page.read_text(encoding="utf-8")
    assert "3 of 6 clips cannot be heard" in caplog.text
