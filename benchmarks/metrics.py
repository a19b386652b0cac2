"""Seconds that evaluation and the explorer take on 20,000 utterances.

    python benchmarks/metrics.py

Texts are those of the shipped sample with a tenth of the syllables replaced. Measured are counts at
all levels, a clustered interval and a paired comparison with 1,000 resamples each, all of
metrics.json, and the explorer's rows. With Chromium also the time its page takes to open and to
answer a filter, a search and a sort. Prints a table and writes results/benchmarks/metrics.json.
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

ROWS, CLIPS, WRONG = 20_000, 200, 0.1
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
    references, hypotheses, speakers = (
        table[name].tolist() for name in ("reference", "hypothesis", "speaker_id")
    )
    counts = utterance_counts(references, hypotheses)
    errors, lengths = (
        counts["words_substitutions"].tolist(),
        (counts["words_hits"] + counts["words_substitutions"]).tolist(),
    )
    rows = [
        timed("counts at all levels", lambda: utterance_counts(references, hypotheses)),
        timed("interval, 1,000 resamples", lambda: rate_interval(errors, lengths, speakers)),
        timed(
            "paired comparison, 1,000 resamples",
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
    rng, syllables = random.Random(0), "가나다라마바사아자차카타파하"
    tables = []
    for model in range(4):
        for condition in range(ROWS // CLIPS // 4):
            heard = [
                "".join(
                    rng.choice(syllables) if c != " " and rng.random() < WRONG else c for c in text
                )
                for text in sample["text"]
            ]
            tables.append(
                sample.assign(
                    experiment=f"model {model}",
                    condition="clean" if condition == 0 else f"c{condition}",
                    hypothesis=heard,
                )
            )
    return (
        pd.concat(tables, ignore_index=True)
        .rename(columns={"text": "reference"})
        .assign(words="[]")
    )


def timed(what: str, action: Callable[[], object]) -> dict[str, object]:
    started = time.perf_counter()
    action()
    return {"what": what, "rows": ROWS, "seconds": round(time.perf_counter() - started, 3)}


def in_the_browser(table: pd.DataFrame) -> list[dict[str, object]]:
    chromium = shutil.which("chromium")
    if chromium is None:
        return []
    from playwright.sync_api import sync_playwright

    clip = encode_opus(np.sin(np.arange(16_000) / 9).astype(np.float32) * 0.3)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = explorer.write_html(
            table, lambda identifier: clip, Path(folder) / "explorer.html", worst=CLIPS
        )
        page = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        ).new_page()
        found = [
            timed(
                "explorer: page opens",
                lambda: (
                    page.goto(page_file.as_uri()),
                    page.locator("table.rows tbody tr").first.wait_for(),
                ),
            )
        ]
        fire = (
            "const fire = (name, kind) => "
            "document.querySelector(name).dispatchEvent(new Event(kind));"
        )
        for what, change in CHANGES.items():
            milliseconds = page.evaluate(
                f"() => {{ {fire} const start = performance.now(); {change}; "
                "return performance.now() - start; }"
            )
            found.append(
                {
                    "what": f"explorer: {what}",
                    "rows": ROWS,
                    "seconds": round(milliseconds / 1000, 3),
                }
            )
        return found


if __name__ == "__main__":
    main()
