"""Listen to misrecognised samples: a widget in JupyterLab and a self-contained HTML page.

The browsing logic (filter, sort, page) is plain pandas, so both faces and the tests share it.
Audio is encoded only for the clip on screen.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from speakor_common.evaluation.errors import flags
from speakor_common.evaluation.summary import with_counts
from speakor_common.show.listen import STYLE, diff, player
from speakor_common.storage import write_text

AudioOf = Callable[[str], bytes | str]  # utterance id → encoded audio, or a reference to it
ALL = "all"
SORTS = {"worst first": ("wer", False), "best first": ("wer", True), "longest first": ("duration_s", False), "id": ("utterance_id", True)}
PAGE_ROWS = 50


@dataclass(frozen=True)
class Query:
    """What to show; ``all`` or ``""`` means no restriction."""

    experiment: str = ALL
    condition: str = ALL
    l1: str = ALL
    level: str = ALL
    speaker_id: str = ALL
    text: str = ""
    only_errors: bool = True
    sort: str = "worst first"


def select(table: pd.DataFrame, query: Query) -> pd.DataFrame:
    """Rows of :func:`summary.with_counts` that match, in the order asked for."""
    keep = pd.Series(True, index=table.index)
    for column in ("experiment", "condition", "l1", "level", "speaker_id"):
        if (value := getattr(query, column)) != ALL:
            keep &= table[column] == value
    if query.text:
        found = [table[c].str.contains(query.text, regex=False) for c in ("reference", "hypothesis", "utterance_id")]
        keep &= found[0] | found[1] | found[2]
    if query.only_errors:
        keep &= table["words_errors"] > 0
    column, ascending = SORTS[query.sort]
    return table[keep].sort_values([column, "utterance_id"], ascending=[ascending, True], kind="stable")


def explore(predictions: pd.DataFrame, audio_of: AudioOf):
    """The widget: filters, a list of utterances, and the chosen one with player and aligned texts.

    Args:
        predictions: one or more experiments' predictions.
        audio_of: gives an utterance's audio, e.g. ``lambda id: clips[id]``.
    """
    return _Explorer(with_counts(predictions), audio_of).box


class _Explorer:
    """Widgets and the query they stand for."""

    def __init__(self, table: pd.DataFrame, audio_of: AudioOf) -> None:
        import ipywidgets as widgets

        self.table, self.audio_of = table, audio_of
        self.filters = {
            column: widgets.Dropdown(options=[ALL, *sorted(table[column].unique())], description=label)
            for column, label in {
                "experiment": "model",
                "condition": "condition",
                "l1": "L1",
                "level": "level",
                "speaker_id": "speaker",
            }.items()
        }
        self.filters["sort"] = widgets.Dropdown(options=list(SORTS), description="order")
        self.filters["text"] = widgets.Text(description="search", placeholder="word or id", continuous_update=False)
        self.filters["only_errors"] = widgets.Checkbox(value=True, description="only with errors", indent=False)
        self.page = widgets.BoundedIntText(value=1, min=1, max=1, description="page")
        self.rows = widgets.Select(options=[], rows=12, layout=widgets.Layout(width="100%"))
        self.count, self.detail = widgets.HTML(), widgets.HTML()
        for widget in self.filters.values():
            widget.observe(self._filter, "value")
        self.page.observe(self._list, "value")
        self.rows.observe(self._show, "value")
        controls = widgets.GridBox(list(self.filters.values()), layout=widgets.Layout(grid_template_columns="repeat(3, 320px)"))
        self.box = widgets.VBox([controls, widgets.HBox([self.page, self.count]), self.rows, self.detail])
        self._filter()

    def _filter(self, _=None) -> None:
        self.found = select(self.table, Query(**{name: widget.value for name, widget in self.filters.items()}))
        self.page.max = max(1, -(-len(self.found) // PAGE_ROWS))
        self.page.value = 1
        self.count.value = f"{len(self.found)} of {len(self.table)} rows"
        self._list()

    def _list(self, _=None) -> None:
        start = (self.page.value - 1) * PAGE_ROWS
        shown = self.found.iloc[start : start + PAGE_ROWS]
        self.rows.options = [
            (f"{row.wer:4.0%}  {row.experiment}  {row.l1} {row.level}  {row.reference}  ▸  {row.hypothesis}", index)
            for index, row in zip(shown.index, shown.itertuples(), strict=True)
        ]
        self.rows.index = 0 if len(shown) else None
        self._show()

    def _show(self, _=None) -> None:
        if self.rows.value is None:
            self.detail.value = "no utterance matches"
            return
        row = self.table.loc[self.rows.value]
        others = self.table[(self.table["utterance_id"] == row["utterance_id"]) & (self.table["condition"] == row["condition"])]
        self.detail.value = f"<style>{STYLE}</style>" + card(others, self.audio_of(row["utterance_id"]))


def card(rows: pd.DataFrame, audio: bytes | str) -> str:
    """One utterance as HTML: facts, player, reference, and every model's output aligned with it."""
    first = rows.iloc[0]
    facts = f"{first['utterance_id']} · {first['l1']} · {first['level']} · {first['speaker_id']} · {first['duration_s']:.1f} s"
    lines = []
    for row in rows.itertuples():
        reference, hypothesis = diff(row.reference, row.hypothesis)
        marks = " ".join(f"[{flag}]" for flag in flags(row.reference, row.hypothesis, row.duration_s))
        texts = f"{reference}<br>{hypothesis} {html.escape(marks)}"
        lines.append(f"<tr><th>{html.escape(row.experiment)}</th><td>{row.wer:.0%}</td><td>{texts}</td></tr>")
    table = "".join(lines)
    return f'<div class="speakor"><b>{html.escape(facts)}</b><br>{player(audio)}<table>{table}</table></div>'


def write_html(predictions: pd.DataFrame, audio_of: AudioOf, path: Path, worst: int = 200) -> Path:
    """A page with the worst utterances, audio embedded, that works from a file without server or kernel.

    An utterance's rank is its mean WER over all models given.
    """
    table = with_counts(predictions)
    order = table.groupby("utterance_id")["wer"].mean().sort_values(ascending=False, kind="stable").head(worst)
    groups = dict(tuple(table[table["utterance_id"].isin(order.index)].groupby("utterance_id")))
    cards = [_article(groups[identifier], card(groups[identifier], audio_of(identifier))) for identifier in order.index]
    options = "".join(f"<option>{html.escape(l1)}</option>" for l1 in sorted(table["l1"].unique()))
    page = _PAGE.format(style=STYLE, count=len(cards), total=table["utterance_id"].nunique(), options=options, cards="".join(cards))
    return write_text(path, page)


def _article(rows: pd.DataFrame, content: str) -> str:
    first = rows.iloc[0]
    searchable = html.escape(" ".join([first["utterance_id"], first["reference"], *rows["hypothesis"]]))
    return f'<article data-l1="{html.escape(first["l1"])}" data-text="{searchable}">{content}</article>'


_PAGE = """<!doctype html><html lang="ko"><head><meta charset="utf-8"><title>Misrecognised samples</title>
<style>body{{max-width:60rem;margin:2rem auto;padding:0 1rem;font-family:sans-serif}}
article{{border-top:1px solid #ccc;padding:.6rem 0}}label{{margin-right:1rem}}{style}</style></head><body>
<h1>Misrecognised samples</h1>
<p>The {count} utterances with the highest mean word error rate of {total}.
Orange: substituted; struck through: left out; underlined: added. Point at a marked syllable for its jamo.</p>
<p><label>L1 <select id="l1"><option value="">all</option>{options}</select></label>
<label>search <input id="text" type="search"></label><span id="count" role="status"></span></p>
<main>{cards}</main>
<script>
const l1=document.getElementById('l1'),text=document.getElementById('text'),count=document.getElementById('count');
function update(){{let shown=0;for(const a of document.querySelectorAll('article')){{
const keep=(!l1.value||a.dataset.l1===l1.value)&&a.dataset.text.includes(text.value);a.hidden=!keep;shown+=keep;}}
count.textContent=shown+' shown';}}
l1.addEventListener('change',update);text.addEventListener('input',update);update();
</script></body></html>
"""
