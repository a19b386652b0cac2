"""Seconds that evaluation and the explorer take on 20,000 utterances.

    python benchmarks/metrics.py

Texts are those of the shipped sample with a tenth of the syllables replaced. Measured are counts at
all levels, a t interval over speakers and a paired comparison, all of metrics.json, and the
explorer's rows. With Chromium also the time its page takes to open and to answer a filter, a search
and a sort. Prints a table and writes results/benchmarks/metrics.json.
"""

import random
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from speakor_common import paths
from speakor_common.audio import encode_opus
from speakor_common.corpus import aihub
from speakor_common.evaluation import summary
from speakor_common.evaluation.metrics import utterance_counts
from speakor_common.evaluation.statistics import paired_comparison, rate_interval
from speakor_common.show.explorer import explorer
from speakor_common.show.explorer.browse import Browser
from speakor_common.storage import write_json

ROWS = 20_000
CLIPS = 200
MODELS = 4
WRONG = 0.1  # of the syllables
SYLLABLES = "가나다라마바사아자차카타파하"
CHANGES = {
    "choose a model": (
        "document.querySelector('select[name=experiment]').value = 'model 1'; "
        "fire('select[name=experiment]', 'change')"
    ),
    "search a word": (
        "document.querySelector('input[name=text]').value = '학생'; "
        "fire('input[name=text]', 'input')"
    ),
    "sort by speaker": "document.querySelectorAll('.speakor-explorer th button')[5].click()",
}


def main() -> None:
    table = predictions()
    references = table["reference"].tolist()
    hypotheses = table["hypothesis"].tolist()
    speakers = table["speaker_id"].tolist()

    # Errors and lengths as intervals take them.
    counts = utterance_counts(references, hypotheses)
    errors = counts["words_substitutions"].tolist()
    lengths = (counts["words_hits"] + counts["words_substitutions"]).tolist()

    rows = [
        timed("counts at all levels", lambda: utterance_counts(references, hypotheses)),
        timed("interval, t over speakers", lambda: rate_interval(errors, lengths, speakers)),
        timed(
            "paired comparison, t over speakers",
            lambda: paired_comparison(errors, errors[::-1], lengths, speakers),
        ),
        timed("metrics.json", lambda: summary.summarise_predictions(table)),
        timed("explorer: rows", lambda: Browser(table, {}).rows()),
        *in_the_browser(table),
    ]
    print(pd.DataFrame(rows).to_string(index=False))
    print(paths.relative(write_json(paths.benchmarks() / "metrics.json", rows)))


def predictions() -> pd.DataFrame:
    """Predictions of four models in 25 conditions for 200 clips."""
    sample = aihub.read(paths.sample_corpus()).manifest.iloc[:CLIPS]
    sample = sample.rename(columns={"text": "reference"})
    rng = random.Random(0)
    tables = []
    for model in range(MODELS):
        for condition in range(ROWS // CLIPS // MODELS):
            tables.append(
                sample.assign(
                    experiment=f"model {model}",
                    condition="clean" if condition == 0 else f"c{condition}",
                    hypothesis=[with_errors(text, rng) for text in sample["reference"]],
                    words="[]",
                )
            )
    return pd.concat(tables, ignore_index=True)


def with_errors(text: str, rng: random.Random) -> str:
    """A text with some of its syllables replaced."""
    characters = ""
    for character in text:
        is_wrong = character != " " and rng.random() < WRONG
        characters += rng.choice(SYLLABLES) if is_wrong else character
    return characters


def timed(what: str, action: Callable[[], object]) -> dict[str, object]:
    started = time.perf_counter()
    action()
    return {"what": what, "rows": ROWS, "seconds": round(time.perf_counter() - started, 3)}


def in_the_browser(table: pd.DataFrame) -> list[dict[str, object]]:
    """Seconds the page takes in Chromium; nothing where that is not installed."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return []
    from playwright.sync_api import sync_playwright

    clip = encode_opus(np.sin(np.arange(16_000) / 9).astype(np.float32) * 0.3)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "explorer.html"
        explorer.write_html(table, lambda identifier: clip, path, worst=CLIPS)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()

        # Open it.
        def open_page() -> None:
            page.goto(path.as_uri())
            page.locator("table.rows tbody tr").first.wait_for()

        rows = [timed("explorer: page opens", open_page)]

        # Each change, timed inside the page.
        fire = (
            "const fire = (name, kind) => "
            "document.querySelector(name).dispatchEvent(new Event(kind));"
        )
        for what, change in CHANGES.items():
            milliseconds = page.evaluate(
                f"() => {{ {fire} const start = performance.now(); {change}; "
                "return performance.now() - start; }"
            )
            seconds = round(milliseconds / 1000, 3)
            rows.append({"what": f"explorer: {what}", "rows": ROWS, "seconds": seconds})
        return rows


if __name__ == "__main__":
    main()
