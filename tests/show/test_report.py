"""Figures, listening page and report, without a browser."""

import base64
import io
import json
import re
from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from fontTools.ttLib import TTFont

matplotlib.use("Agg")

from speakor_common.audio import encode_wav
from speakor_common.batching import conditions
from speakor_common.corpus import review
from speakor_common.errors import ResultsError
from speakor_common.evaluation import alignment, summary
from speakor_common.pronunciation.feedback import DeviationRecord, Record
from speakor_common.show import evaluation, live, plots, report, studies
from speakor_common.show.explorer import browse, explorer, fonts, listen
from speakor_common.show.explorer.browse import Browser
from tests.builders import predictions, tone


@pytest.fixture
def table():
    good, bad = (
        predictions(["저는 학생"] * 6, ["저는 학생"] * 6),
        predictions(["저는 학생"] * 6, ["저는 학교"] * 3 + ["저는 학생"] * 3, "exp01"),
    )
    return pd.concat([good, bad], ignore_index=True)


def test_hangul_has_glyphs_in_figures():
    plots.use_hangul_font()
    font = matplotlib.font_manager.FontProperties(family=matplotlib.rcParams["font.family"])
    assert "Nanum" in matplotlib.font_manager.findfont(font)


def test_figures_have_labelled_axes(tmp_path, table):
    counted = summary.with_counts(table)
    confusions = alignment.jamo_confusions(table)
    metrics = summary.summarise_predictions(table)
    axes = [
        plots.rates_by_group(summary.breakdown(counted, "l1"), "l1", "t"),
        plots.comparison(report.comparison_table(metrics)),
        plots.confusion_map(alignment.confusion_matrix(confusions, "coda"), "t"),
        plots.histogram([1, 2, 3], "x", "t"),
        plots.durations(pd.DataFrame({"split": ["train", "test"], "duration_s": [1.0, 2.0]})),
    ]
    for ax in axes:
        assert ax.get_ylabel() and ax.get_title()
        assert plots.save(ax, tmp_path / "figures" / "f.png").stat().st_size > 5000


def test_panels_show_noise_by_level_and_groups_in_order(tmp_path, table):
    degraded = [table.assign(condition=name) for name in (conditions.CLEAN, *conditions.CONDITIONS)]
    rows = report.condition_table(summary.summarise_predictions(pd.concat(degraded)))
    left, right = plots.conditions(rows[rows["experiment"] == "exp01"]).axes
    assert [len(line.get_xdata()) for line in left.lines] == [
        4,
        4,
        4,
    ] and left.get_legend() is not None
    assert right.get_xticklabels()[0].get_text() == conditions.CLEAN
    counted = summary.with_counts(table.assign(duration_s=[12.0, 1.0] * (len(table) // 2)))
    groups = {column: summary.breakdown(counted, column) for column in ("l1", "duration_bin")}
    assert groups["duration_bin"]["duration_bin"].tolist() == ["0-2 s", "10-20 s"]
    figure = plots.breakdowns(groups, "exp05")
    assert figure.axes[0].get_ylim()[1] > max(
        group["wer"].max() for group in groups.values()
    )  # no bar is cut off
    assert plots.save(figure, tmp_path / "groups.png").stat().st_size > 5000


def test_differences_are_marked_and_explained():
    left, right = listen.diff("밥을 먹어요", "바블 먹어요 네")
    assert (
        'class="sub" title="초성' in left
        or 'class="sub" title="중성' in left
        or "종성 ㅂ→–" in left
    )
    assert '<span class="ins">네</span>' in right
    assert listen.diff("같아요", "같아요") == ("같아요", "같아요")
    assert "&lt;b&gt;" in listen.diff("<b>", "")[0]
    assert "<b" not in "".join(listen.diff("<b>가", "<b>나"))  # also where a word is half right


def test_player_is_silent_until_asked_and_holds_opus():
    html = listen.player(encode_wav(tone(1.0)))
    assert (
        "autoplay" not in html
        and 'preload="none"' in html
        and "data:audio/ogg;base64,T2dnUw" in html
    )


def asked(widget, **question):
    """The widget's answer to a question of its page: content and buffers."""
    sent = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers))
    widget.answer({"request": "1", **question})
    return sent[0]


def test_browser_has_rows_cards_and_confusions(table):
    browser = Browser(table, {})
    rows = browser.rows()
    assert len(rows["values"]) == 12 and {"id", "wer", "errors", "flags", "speaker"} <= set(
        rows["columns"]
    )
    assert sum(row[rows["columns"].index("errors")] for row in rows["values"]) == 3
    card = browser.card(6)  # both models' outputs of the utterance
    assert card.count("<tr>") == 2 and "exp05" in card and 'class="sub"' in card
    pairs = {pair["name"]: pair["rows"] for pair in browser.confusions()}
    assert pairs["중성 ㅐ→ㅛ"] == [6, 7, 8] and pairs["초성 ㅅ→ㄱ"] == [6, 7, 8]
    assert set(browser.worst(2).table["utterance_id"]) == {"u000", "u001"}


def test_as_spoken_marks_what_deviates():
    deviation = {
        "syllable": 1,
        "part": "vowel",
        "kind": "substitution",
        "intended": "ㅓ",
        "heard": "ㅗ",
        "confidence": 0.9,
    }
    record = Record(
        utterance_id="u000", l1="JP", level="하", intended="안 먹어요", pronunciation="안 머거요", heard="안 모거요",
        deviations=[DeviationRecord(**deviation, start_s=0, end_s=1)],
    )  # fmt: skip
    shown = browse.as_spoken(record)
    assert (
        '안 <span class="sub" title="중성 ㅓ→ㅗ (90%)">머</span>거요' in shown
        and "안 모거요" in shown
    )


def test_widget_answers_its_page_and_keeps_reviews(table, tmp_path):
    clip, file = encode_wav(tone(0.5)), tmp_path / "review.csv"
    widget = explorer.explore(table, lambda identifier: clip, reviews=file)
    _, (start,) = asked(widget, what="start")
    assert len(json.loads(start)["rows"]["values"]) == 12 and json.loads(start)["reviews"] == {}
    content, (sound,) = asked(widget, what="detail", index=7)
    assert sound[:4] == b"OggS" and content["words"] == [] and "<table>" in content["html"]
    assert asked(widget, what="confusions")[0]["pairs"]
    content, _ = asked(widget, what="review", id="u001", tags=["noise"], note="문, 밖")
    assert content["saved"] == "kept in review.csv" and review.read_reviews(file) == {
        "u001": review.Review(("noise",), "문, 밖")
    }
    again = json.loads(asked(explorer.explore(table, lambda i: clip, file), what="start")[1][0])
    assert again["reviews"] == {"u001": {"tags": ["noise"], "note": "문, 밖"}}
    assert (
        "not kept"
        in asked(
            explorer.explore(table, lambda i: clip), what="review", id="u001", tags=[], note=""
        )[0]["saved"]
    )


def test_html_page_holds_the_worst_and_loads_nothing(table, tmp_path):
    clip = encode_wav(tone(0.5))
    table.loc[0, "reference"] = "</script><b>"
    page = explorer.write_html(
        table, lambda identifier: clip, tmp_path / "e.html", worst=2
    ).read_text(encoding="utf-8")
    data = json.loads(page.split('id="data">', 1)[1].split("</script>", 1)[0])
    assert (
        set(data["sounds"]) == {"u000", "u001"}
        and len(data["rows"]["values"]) == len(data["words"]) == 4
    )
    assert set(data["cards"]) == {"clean u000", "clean u001"} and "http" not in page.replace(
        "http-equiv", ""
    )


def test_a_page_brings_its_hangul():
    css = fonts.font_face("학생ㄱ")
    data = base64.b64decode(css.split("base64,")[1].split(")")[0])
    assert (
        set(map(ord, "학생ㄱ")) <= set(TTFont(io.BytesIO(data)).getBestCmap())
        and len(data) < 20_000
    )


def test_result_text_starts_with_the_contract_lines(table):
    text = report.result_text(summary.summarise_predictions(table), "exp05", "make reproduce")
    assert re.match(r"WER: \d\.\d{6}\nCER: \d\.\d{6}\nexperiment: exp05\n", text)
    with pytest.raises(ResultsError, match="exp05 has no clean test results"):
        report.result_text({}, "exp05", "x")


def test_report_and_findings_hold_the_numbers(table, tmp_path):
    metrics = summary.summarise_predictions(table)
    json.dumps(metrics)
    figure = plots.save(plots.histogram(np.arange(5), "x", "t"), tmp_path / "f.png")
    page = report.write_report(metrics, [figure], tmp_path / "r.html", "make reproduce").read_text(
        encoding="utf-8"
    )
    assert "0.25" in page and "data:image/png" in page
    sentence = evaluation.models(
        metrics, {("exp05", "exp01"): summary.compare_experiments(table, "exp05", "exp01")}
    )
    assert "exp01 WER 0.250" in sentence and "n = 6" in sentence and "-0.250" in sentence


def test_curves_of_a_run_without_error_rates_have_one_panel_and_a_point_an_evaluation():
    empty = float("nan")
    log = pd.DataFrame(
        {
            "epoch": [0.1, 0.2, 0.5],
            "train_loss": [1.2, 0.5, 0.3],
            "validation_loss": [empty, empty, 0.28],
            "wer": empty,
        }
    )
    figure = plots.learning_curves({"whisper": log})
    training, validation = figure.axes[0].lines
    assert (
        len(figure.axes) == 1
        and len(training.get_xdata()) == 3
        and list(validation.get_ydata()) == [0.28]
    )
    plt.close(figure)
    sentence = training.finding_curves("whisper", log, {"clips": 8, "steps": 25, "seconds": 60.0})
    assert "1.200 → 0.300" in sentence and "0.280 → 0.280 in 1 evaluation (" in sentence


def test_live_curves_are_redrawn_in_one_place_and_make_room_at_the_end(tmp_path, monkeypatch):
    shown = []
    place = SimpleNamespace(update=shown.append)
    monkeypatch.setattr(live, "display", lambda first, display_id: shown.append(first) or place)
    log = pd.DataFrame(
        {"epoch": [1], "train_loss": [2.0], "validation_loss": [1.5], "wer": [0.9], "cer": [0.5]}
    )
    arguments, state = (
        SimpleNamespace(output_dir=str(tmp_path)),
        SimpleNamespace(is_world_process_zero=True, global_step=7),
    )
    curves = live.LiveCurves("exp05")
    curves.on_train_begin(arguments, state, None)
    curves.on_evaluate(arguments, state, None)  # no log yet: nothing to draw
    log.to_csv(tmp_path / "training_log.csv", index=False)
    curves.on_evaluate(arguments, state, None)
    curves.on_train_end(arguments, state, None)
    assert [type(entry).__name__ for entry in shown] == [
        "Markdown",
        "Figure",
        "Markdown",
    ] and "7 steps" in shown[-1].data
    other = live.LiveCurves("exp05")
    other.on_train_begin(arguments, SimpleNamespace(is_world_process_zero=False), None)
    other.on_evaluate(arguments, state, None)
    assert len(shown) == 3  # only the first process draws


def test_a_study_is_shown_or_said_to_be_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("SPEAKOR_HOME", str(tmp_path))
    shown = []
    monkeypatch.setattr(studies, "display", shown.append)
    studies.show("ablation", "sample")
    assert "make ablation PROFILE=sample" in shown.pop().data
    rows = [
        {"variant": v, "claim": v, "seed": s, "wer": w, "n": 9, "lowest_train_loss": loss}
        for v, s, w, loss in (
            ("exp01", 1, 0.5, 0.1),
            ("exp01", 2, 0.4, 0.1),
            ("constant", 1, 0.3, -0.157),
        )
    ]
    rows.append(
        {
            "variant": "blank padding",
            "claim": "padding",
            "seed": 1,
            "stopped": "loss is nan; Check labels",
        }
    )
    verdicts = [{"claim": "constant", "variant": "constant", "against": "exp01", "difference": -0.1, "low": -0.2, "high": -0.05,
                 "significant": True, "seeds": 1, "n": 9}]  # fmt: skip
    folder = tmp_path / "results" / "sample"
    folder.mkdir(parents=True)
    pd.DataFrame(rows).to_csv(folder / "ablation.csv", index=False)
    pd.DataFrame(verdicts).to_csv(folder / "ablation_verdicts.csv", index=False)
    studies.show("ablation", "sample")
    text = shown[-1].data
    assert (
        "it helped (1 seeds, n = 9)" in text
        and "training stopped, loss is nan." in text
        and "fell to -0.157" in text
    )
    assert (folder / "figures" / "ablation.png").is_file()
    axes = studies.by_variant(pd.DataFrame(rows))
    assert [t.get_text() for t in axes.get_xticklabels()] == [
        "exp01",
        "constant",
        "blank padding",
    ] and "Seeds 1-2" in axes.get_title()
