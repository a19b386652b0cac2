"""Listen to misrecognised samples: a widget in JupyterLab and a self-contained HTML page.

Both are the same page (``assets/``): it filters, sorts and draws by itself, so most of what people
do takes no round trip. They differ in where rows and sound come from: a kernel that encodes a clip
when it is looked at, or the file itself. A clip that cannot be read costs its own row the sound,
and the row says why; everything else works.
"""

from __future__ import annotations

import base64
import json
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import anywidget
import pandas as pd

from speakor_common.corpus import review
from speakor_common.errors import AudioError
from speakor_common.pronunciation import feedback
from speakor_common.show.explorer.browse import (
    AudioOf,
    Browser,
    by_utterance,
    laundered_by_output,
)
from speakor_common.show.explorer.fonts import font_face
from speakor_common.show.explorer.listen import STYLE, opus_clip
from speakor_common.storage import write_text

logger = logging.getLogger(__name__)

Answer = tuple[dict[str, Any], list[bytes]]  # what is sent as JSON, and what as bytes

_ASSETS = files("speakor_common.show") / "assets"
_SIGNS = "초성중종–→⚑▾▴‹›·…"  # that the page itself writes, beside ASCII and jamo
_ASCII = "".join(map(chr, range(0x20, 0x7F)))
_JAMO = "".join(map(chr, range(0x3131, 0x3164)))


def explore(
    predictions: pd.DataFrame,
    audio_of: AudioOf,
    reviews: Path | None = None,
    spoken: Path | None = None,
    fates: pd.DataFrame | None = None,
) -> anywidget.AnyWidget:
    """The widget.

    Args:
        predictions: one or more experiments' predictions, of one or more conditions.
        audio_of: gives an utterance's audio, e.g. ``lambda id: clips[id]``.
        reviews: ``review.csv`` to keep tags and notes in; without it they go with the widget.
        spoken: ``feedback.jsonl``, for the native listener's view.
        fates: of :func:`speakor_common.evaluation.laundering.fate_table`, to filter by what was
            laundered.
    """
    return Explorer(_browser(predictions, spoken, fates), audio_of, reviews)


class Explorer(anywidget.AnyWidget):
    """Answers the page's questions: ``start``, ``detail``, ``confusions``, ``review``."""

    def __init__(self, browser: Browser, audio_of: AudioOf, reviews: Path | None) -> None:
        shown = browser.predictions[["reference", "hypothesis"]].to_numpy().ravel()
        script = _script("rows", "sound", "view", "widget")
        super().__init__(_esm=script, _css=_style("".join(shown)))

        self._browser = browser
        self._audio_of = audio_of
        self._path = reviews
        self._reviews = review.read_reviews(reviews) if reviews else {}
        self.on_msg(lambda _, content, buffers: self.answer(content))

    def answer(self, question: dict[str, Any]) -> None:
        """Send the answer to one question, or what went wrong; then raise it here too.

        Raises:
            KeyError: an unknown question.
        """
        answers = {
            "start": self._start,
            "detail": self._detail,
            "confusions": self._confusions,
            "review": self._review,
        }
        request = {"request": question["request"]}
        try:
            content, buffers = answers[question["what"]](question)
        except Exception as error:
            # A question without an answer would leave the page waiting for ever.
            self.send(request | {"error": f"{type(error).__name__}: {error}"})
            raise
        self.send(request | content, buffers)

    def _start(self, question: dict[str, Any]) -> Answer:
        content = {
            "rows": self._browser.rows(),
            "tags": review.TAGS,
            "reviews": _plain(self._reviews),
        }
        return {}, [json.dumps(content, ensure_ascii=False).encode()]

    def _detail(self, question: dict[str, Any]) -> Answer:
        index = int(question["index"])
        sound = _sound(self._browser.table.at[index, "utterance_id"], self._audio_of)
        content = {
            "html": self._browser.detail(index),
            "words": self._browser.words(index),
            "problem": sound.problem,
        }
        return content, [sound.opus] if sound.opus else []

    def _confusions(self, question: dict[str, Any]) -> Answer:
        return {"pairs": self._browser.confusions()}, []

    def _review(self, question: dict[str, Any]) -> Answer:
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
    fates: pd.DataFrame | None = None,
) -> Path:
    """The same as one page with sound embedded, that works from a file without server or kernel.

    Tags and notes stay in the browser until they are exported.

    Args:
        worst: how many utterances: those with the highest mean WER over all models given.
    """
    browser = _browser(predictions, spoken, fates).worst(worst)
    table = browser.table
    utterances = list(table["utterance_id"].unique())
    total = predictions["utterance_id"].nunique()

    # Clips first: how many cannot be heard is part of the page.
    sounds = _sounds(utterances, audio_of)
    problems = {name: sound.problem for name, sound in sounds.items() if sound.problem}
    if problems:
        logger.warning("%d of %d clips cannot be heard in %s", len(problems), len(sounds), path)

    # One detail an utterance and condition: it shows all models.
    first = table.drop_duplicates(["utterance_id", "condition"])
    content = {
        "rows": browser.rows(),
        "tags": review.TAGS,
        "reviews": _plain(review.read_reviews(reviews)) if reviews else {},
        "words": [browser.words(index) for index in table.index],
        "details": {
            f"{row.condition} {row.utterance_id}": browser.detail(row.Index)
            for row in first.itertuples()
        },
        "sounds": {n: base64.b64encode(s.opus).decode() for n, s in sounds.items() if s.opus},
        "problems": problems,
        "confusions": browser.confusions(),
    }
    # No end of the script element within.
    data = json.dumps(content, ensure_ascii=False).replace("</", "<\\/")
    page = _PAGE.format(
        style=_style(data),
        shown=len(utterances),
        total=total,
        silent=f" {len(problems)} of them cannot be heard; each says why." if problems else "",
        data=data,
        script=_script("rows", "sound", "view", "page"),
    )
    return write_text(path, page)


class _Sound(NamedTuple):
    """A clip as Opus, or why there is none."""

    opus: bytes = b""
    problem: str = ""


def _sound(utterance_id: str, audio_of: AudioOf) -> _Sound:
    try:
        return _Sound(opus_clip(audio_of(utterance_id)))
    except KeyError:
        return _Sound(problem=f"there is no audio of {utterance_id}")
    except (AudioError, OSError) as error:
        return _Sound(problem=str(error))


def _sounds(utterances: Sequence[str], audio_of: AudioOf) -> dict[str, _Sound]:
    """Clips by utterance; threads encode side by side, for the encoder needs no Python lock."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        encoded = threads.map(lambda utterance_id: _sound(utterance_id, audio_of), utterances)
        return dict(zip(utterances, encoded, strict=True))


def _browser(predictions: pd.DataFrame, spoken: Path | None, fates: pd.DataFrame | None) -> Browser:
    records = feedback.read_records(spoken) if spoken and spoken.is_file() else []
    laundered = {} if fates is None else laundered_by_output(fates)
    return Browser(predictions, by_utterance(records), laundered)


def _plain(reviews: dict[str, review.Review]) -> dict[str, dict[str, Any]]:
    return {utterance_id: asdict(entry) for utterance_id, entry in reviews.items()}


def _script(*names: str) -> str:
    return "\n".join((_ASSETS / f"{name}.js").read_text(encoding="utf-8") for name in names)


def _style(text: str) -> str:
    """The page's CSS with a font for ``text`` and for what the page itself writes."""
    letters = "".join(sorted({*text, *_ASCII, *_JAMO, *_SIGNS}))
    layout = (_ASSETS / "explorer.css").read_text(encoding="utf-8")
    return font_face(letters) + STYLE + layout


_PAGE = """<!doctype html><html lang="ko"><head><meta charset="utf-8">\
<title>Misrecognised samples</title>
<style>body{{margin:1rem;font-family:sans-serif}}{style}</style></head><body>
<h1>Misrecognised samples</h1>
<p>The {shown} utterances with the highest mean word error rate of {total}.{silent} Orange: \
substituted; struck through: left out; underlined: added. Point at a marked syllable for its jamo. \
In the table and the detail, arrow keys move, space plays, L repeats.</p>
<div id="explorer"></div>
<p><a id="export-review" href="#" download="review.csv">export review.csv</a></p>
<script type="application/json" id="data">{data}</script>
<script type="module">{script}</script></body></html>
"""
