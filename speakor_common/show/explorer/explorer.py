"""Listen to misrecognised samples: a widget in JupyterLab and a self-contained HTML page.

Both are the same page (``assets/``): it filters, sorts and draws by itself, so an answer takes no round trip. They differ
in where rows and sound come from: a kernel that encodes a clip when it is looked at, or the file itself.
"""

from __future__ import annotations

import base64
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import anywidget
import pandas as pd

from speakor_common.audio import decode, encode_opus, level_peak
from speakor_common.corpus import review
from speakor_common.pronunciation import feedback
from speakor_common.show.explorer.browse import AudioOf, Browser, by_utterance
from speakor_common.show.explorer.fonts import font_face
from speakor_common.show.explorer.listen import STYLE
from speakor_common.storage import write_text

_ASSETS = files("speakor_common.show") / "assets"


def explore(
    predictions: pd.DataFrame,
    audio_of: AudioOf,
    reviews: Path | None = None,
    spoken: Path | None = None,
) -> anywidget.AnyWidget:
    """The widget.

    Args:
        predictions: one or more experiments' predictions, of one or more conditions.
        audio_of: gives an utterance's audio, e.g. ``lambda id: clips[id]``.
        reviews: ``review.csv`` to read and keep tags and notes in; without it they are lost with the widget.
        spoken: ``feedback.jsonl``, for the native listener's view.
    """
    return Explorer(_browser(predictions, spoken), audio_of, reviews)


class Explorer(anywidget.AnyWidget):
    """Answers the page's questions: ``start``, ``detail``, ``confusions``, ``review``."""

    def __init__(self, browser: Browser, audio_of: AudioOf, reviews: Path | None) -> None:
        texts = browser.predictions["reference"].str.cat(browser.predictions["hypothesis"], sep=" ")
        super().__init__(
            _esm=_script("rows", "sound", "view", "widget"), _css=_style("".join(texts))
        )
        self._browser, self._audio_of, self._path = browser, audio_of, reviews
        self._reviews = review.read_reviews(reviews) if reviews else {}
        self.on_msg(lambda _, content, buffers: self.answer(content))

    def answer(self, question: dict[str, Any]) -> None:
        """Send the answer to one question; an unknown one is a KeyError."""
        answers = {
            "start": self._start,
            "detail": self._detail,
            "confusions": self._confusions,
            "review": self._review,
        }
        content, buffers = answers[question["what"]](question)
        self.send({"request": question["request"], **content}, buffers)

    def _start(self, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        content = {
            "rows": self._browser.rows(),
            "tags": review.TAGS,
            "reviews": _plain(self._reviews),
        }
        return {}, [json.dumps(content, ensure_ascii=False).encode()]

    def _detail(self, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        index = int(question["index"])
        content = {"html": self._browser.card(index), "words": self._browser.words(index)}
        return content, [_opus(self._audio_of(self._browser.table.at[index, "utterance_id"]))]

    def _confusions(self, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        return {"pairs": self._browser.confusions()}, []

    def _review(self, question: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        self._reviews[question["id"]] = review.Review(tuple(question["tags"]), question["note"])
        if self._path is None:
            return {"saved": "not kept: the explorer was given no file for reviews"}, []
        review.write_reviews(self._path, self._reviews)
        return {"saved": f"kept in {self._path.name}"}, []


def write_html(
    predictions: pd.DataFrame,
    audio_of: AudioOf,
    path: Path,
    worst: int = 200,
    reviews: Path | None = None,
    spoken: Path | None = None,
) -> Path:
    """The same as one page with the worst utterances, sound embedded, that works from a file without server or kernel.

    An utterance's rank is its mean WER over all models given. Tags and notes stay in the browser until exported.
    """
    total = predictions["utterance_id"].nunique()
    browser = _browser(predictions, spoken).worst(worst)
    table = browser.table
    first = table.drop_duplicates(["utterance_id", "condition"])
    content = {
        "rows": browser.rows(),
        "tags": review.TAGS,
        "reviews": _plain(review.read_reviews(reviews)) if reviews else {},
        "words": [browser.words(index) for index in table.index],
        "cards": {
            f"{row.condition} {row.utterance_id}": browser.card(row.Index)
            for row in first.itertuples()
        },
        "sounds": _sounds(list(table["utterance_id"].unique()), audio_of),
        "confusions": browser.confusions(),
    }
    data = json.dumps(content, ensure_ascii=False).replace(
        "</", "<\\/"
    )  # no end of the script element within
    page = _PAGE.format(
        style=_style(data),
        shown=table["utterance_id"].nunique(),
        total=total,
        data=data,
        script=_script("rows", "sound", "view", "page"),
    )
    return write_text(path, page)


def _browser(predictions: pd.DataFrame, spoken: Path | None) -> Browser:
    records = feedback.read(spoken) if spoken and spoken.is_file() else []
    return Browser(predictions, by_utterance(records))


def _opus(source: bytes | str) -> bytes:
    return encode_opus(level_peak(decode(source)))


def _sounds(identifiers: list[str], audio_of: AudioOf) -> dict[str, str]:
    """Opus in base64 by utterance; threads encode side by side, because the encoder works without Python's lock."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        encoded = threads.map(
            lambda identifier: base64.b64encode(_opus(audio_of(identifier))).decode(), identifiers
        )
        return dict(zip(identifiers, encoded, strict=True))


def _plain(reviews: dict[str, review.Review]) -> dict[str, dict[str, Any]]:
    return {identifier: asdict(found) for identifier, found in reviews.items()}


def _script(*names: str) -> str:
    return "\n".join((_ASSETS / f"{name}.js").read_text(encoding="utf-8") for name in names)


def _style(text: str) -> str:
    letters = "".join(
        sorted(
            {
                *text,
                *map(chr, range(0x20, 0x7F)),
                *map(chr, range(0x3131, 0x3164)),
                *"초성중종–→⚑▾▴‹›·…",
            }
        )
    )
    return font_face(letters) + STYLE + (_ASSETS / "explorer.css").read_text(encoding="utf-8")


_PAGE = """<!doctype html><html lang="ko"><head><meta charset="utf-8"><title>Misrecognised samples</title>
<style>body{{margin:1rem;font-family:sans-serif}}{style}</style></head><body>
<h1>Misrecognised samples</h1>
<p>The {shown} utterances with the highest mean word error rate of {total}. Orange: substituted; struck through: left out; underlined:
added. Point at a marked syllable for its jamo. In the table and the detail, arrow keys move, space plays, L repeats.</p>
<div id="explorer"></div>
<p><a id="export-review" href="#" download="review.csv">export review.csv</a></p>
<script type="application/json" id="data">{data}</script>
<script type="module">{script}</script></body></html>
"""
