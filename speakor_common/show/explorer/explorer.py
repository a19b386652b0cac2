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
from pathlib import Path
from typing import Any, NamedTuple

import anywidget
import pandas as pd
import traitlets

from speakor_common.corpus import review
from speakor_common.errors import AudioError
from speakor_common.pronunciation import feedback
from speakor_common.show.explorer.browse import (
    AudioOf,
    Browser,
    by_utterance,
    laundered_by_output,
)
from speakor_common.show.explorer.listen import opus_clip
from speakor_common.show.web_assets import script, style
from speakor_common.storage import write_text

logger = logging.getLogger(__name__)

# Scripts, each using those before it.
_PARTS = (
    *("dom", "rows", "links", "agreement", "exports", "spectrum", "player"),
    *("filters", "table", "review", "detail", "panels", "help", "view"),
)

Answer = tuple[dict[str, Any], list[bytes]]  # what is sent as JSON, and what as bytes


def explore(
    predictions: pd.DataFrame,
    audio_of: AudioOf,
    reviews: Path | None = None,
    spoken: Path | None = None,
    fates: pd.DataFrame | None = None,
    link: str = "",
) -> anywidget.AnyWidget:
    """The widget.

    Args:
        predictions: one or more experiments' predictions, of one or more conditions.
        audio_of: gives an utterance's audio, e.g. ``lambda id: clips[id]``.
        reviews: ``review.csv`` to keep tags and notes in; without it they go with the widget.
        spoken: ``feedback.jsonl``, for the native listener's view.
        fates: of :func:`speakor_common.evaluation.laundering.fate_table`, to filter by what was
            laundered.
        link: what to open with, as the explorer's own link button copies it.
    """
    return Explorer(_browser(predictions, spoken, fates), audio_of, reviews, link)


class Explorer(anywidget.AnyWidget):
    """Answers the page's questions: ``start``, ``detail``, ``confusions``, ``review``."""

    # The base class has no such trait by itself, and leaves away what it does not know.
    _css = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, browser: Browser, audio_of: AudioOf, reviews: Path | None, link: str = ""
    ) -> None:
        super().__init__(
            _esm=script(*_PARTS, "widget"), _css=style(browser.characters(), "explorer")
        )

        self._browser = browser
        self._audio_of = audio_of
        self._path = reviews
        self._ratings = review.read_ratings(reviews) if reviews else {}
        self._link = link
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
            "reviews": _plain(self._ratings),
            "link": self._link,
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
        entries = self._ratings.setdefault(question["id"], {})
        entries[question["rater"]] = review.Review(
            tuple(question["tags"]), question["note"], question["correction"]
        )
        if self._path is None:
            return {"saved": "not kept: the explorer was given no file for reviews"}, []
        review.write_ratings(self._path, self._ratings)
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
        "reviews": _plain(review.read_ratings(reviews)) if reviews else {},
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
        style=style(data, "explorer"),
        shown=len(utterances),
        total=total,
        silent=f" {len(problems)} of them cannot be heard; each says why." if problems else "",
        data=data,
        script=script(*_PARTS, "page"),
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


def _plain(ratings: review.Ratings) -> dict[str, dict[str, dict[str, Any]]]:
    return {
        utterance_id: {rater: asdict(entry) for rater, entry in entries.items()}
        for utterance_id, entries in ratings.items()
    }


_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">\
<meta name="viewport" content="width=device-width,initial-scale=1">\
<title>Misrecognised samples</title><style>{style}</style></head><body class="speakor">
<header class="page-head"><h1>Misrecognised samples</h1>
<p>The {shown} utterances with the highest mean word error rate of {total}.{silent} \
<span class="sub">Substituted</span>, <span class="del">left out</span>, \
<span class="ins">added</span>; point at a marked syllable for its jamo. <kbd>?</kbd> keys</p>\
</header>
<main id="explorer"></main>
<script type="application/json" id="data">{data}</script>
<script type="module">{script}</script></body></html>
"""
