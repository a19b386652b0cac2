"""The explorer as people use it, in Debian's Chromium: the page opened as a file, and the widget in JupyterLab."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

from speakor_common.audio import encode_opus
from speakor_common.corpus import review
from speakor_common.show.explorer import explorer
from tests.builders import predictions, tone

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
if os.environ.get("SPEAKOR_REQUIRE_BROWSER") and not CHROMIUM:
    raise RuntimeError(
        "SPEAKOR_REQUIRE_BROWSER is set, but chromium is not installed: apt-get install chromium"
    )
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
PATIENCE = 90_000  # ms; a busy machine starts a kernel slowly


def sound(identifier: str) -> bytes:
    return encode_opus(tone(1.5, frequency=200 + 30 * int(identifier[-1])))


def results():
    import pandas as pd

    good, bad = ["저는 학생입니다"] * 6, ["저는 학교입니다"] * 3 + ["저는 학생입니다"] * 3
    words = json.dumps(
        [{"text": "저는", "start_s": 0.1, "end_s": 0.5, "confidence": 0.9}], ensure_ascii=False
    )
    tables = [predictions(good, bad, "exp01"), predictions(good, ["나는 학교", *good[1:]], "exp05")]
    return pd.concat(tables, ignore_index=True).assign(words=words)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        yield launched
        launched.close()


def use(page, written):
    """Filter, sort, listen, look at models and confusions, and leave a tag; ``written()`` waits for the saved review."""
    place = page.locator(".speakor-explorer")
    rows, status = place.locator("table.rows tbody tr"), place.locator(".status")
    status.wait_for(timeout=PATIENCE)
    assert status.inner_text().startswith("4 of 12 rows") and rows.count() == 4
    assert rows.first.locator("td").first.inner_text() == "100 %"  # the worst comes first

    place.locator("select[name=experiment]").select_option("exp01")
    assert status.inner_text().startswith("3 of 12 rows")
    place.locator("input[name=text]").fill("u001")
    assert rows.count() == 1 and "학교입니다" in rows.first.inner_text()
    detail = place.locator(".detail")
    page.wait_for_function(
        "() => document.querySelector('.speakor-explorer .detail')?.dataset.shown === 'u001'",
        timeout=PATIENCE,
    )
    assert (
        "exp01" in detail.inner_text()
        and "exp05" in detail.inner_text()
        and detail.locator(".sub").count() >= 2
    )

    place.locator("[data-ready=yes]").wait_for(
        timeout=PATIENCE
    )  # waveform and spectrogram are drawn
    assert "dBFS" in detail.inner_text()
    detail.get_by_role("button", name="저는").click()
    page.wait_for_function(
        "() => document.querySelector('.speakor-explorer audio').currentTime > 0.2",
        timeout=PATIENCE,
    )

    place.locator("input[name=text]").fill("")
    place.locator("table.rows").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function(
        "() => document.querySelector('.speakor-explorer .detail').dataset.shown === 'u002'",
        timeout=PATIENCE,
    )

    place.locator("select[name=experiment]").select_option("")
    place.locator(".scatter-panel summary").click()
    page.wait_for_function(
        "() => document.querySelector('.scatter-panel').dataset.points === '6'", timeout=PATIENCE
    )
    place.locator(".confusion-panel summary").click()
    place.locator(".confusion-panel button", has_text="초성 ㅅ→ㄱ").click(timeout=PATIENCE)
    assert status.inner_text().startswith("4 of 12 rows")

    with page.expect_download() as download:
        place.get_by_role("button", name="export rows").click()
    exported = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert exported[0].startswith("id,experiment") and len(exported) == 5

    rows.nth(1).click()
    page.wait_for_function(
        "() => document.querySelector('.speakor-explorer .detail').dataset.shown === 'u000'",
        timeout=PATIENCE,
    )
    shown = rows.nth(1).locator("td").nth(10)
    detail.locator("input[value=accent]").check()
    detail.locator(".saved").filter(has_text="kept").wait_for(timeout=PATIENCE)
    assert "⚑" in shown.inner_text()
    written(page)


def test_the_page_works_from_a_file(browser, tmp_path):
    path = explorer.write_html(results(), sound, tmp_path / "explorer.html")
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: complaints.append(request.url) if request.url.startswith("http") else None,
    )
    page.goto(path.as_uri())

    def written(page):
        with page.expect_download() as download:
            page.locator("#export-review").click()
        target = tmp_path / "review.csv"
        download.value.save_as(target)
        assert [r.tags for r in review.read_reviews(target).values()] == [("accent",)]

    use(page, written)
    page.reload()
    page.locator("table.rows td", has_text="⚑").first.wait_for(
        timeout=PATIENCE
    )  # kept in this browser
    assert complaints == []
    page.close()


@contextmanager
def lab(folder: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1",
        "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}",
        "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "lab"),
    }
    with (folder / "lab.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api", timeout=2).read()
                break
            except OSError:
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def test_the_widget_works_in_jupyterlab(browser, tmp_path):
    """Notebook 05's explorer cell, on small results."""
    cell = next(
        c.source
        for c in nbformat.read(ROOT / "notebooks/05_evaluation.ipynb", 4).cells
        if "explorer.explore(" in c.source
    )
    results().to_csv(tmp_path / "all.csv", index=False)
    setup = (
        "from pathlib import Path\nimport pandas as pd\nfrom speakor_common.show import explorer\n"
        "from tests.browser.test_explorer import sound\n"
        "class Clips:\n    __getitem__ = staticmethod(sound)\n"
        f"results, clips = Path({str(tmp_path)!r}), Clips()\npredictions = pd.read_csv(results / 'all.csv', keep_default_na=False)\n"
    )
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(setup + cell)])
    book.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    nbformat.write(book, tmp_path / "explore.ipynb")

    def written(page):
        for _ in range(100):
            if (tmp_path / "review.csv").is_file():
                break
            time.sleep(0.1)
        assert [r.tags for r in review.read_reviews(tmp_path / "review.csv").values()] == [
            ("accent",)
        ]

    with lab(tmp_path) as address:
        page = browser.new_page(viewport={"width": 1500, "height": 1000})
        page.goto(f"{address}/lab/tree/explore.ipynb", timeout=PATIENCE)
        page.locator(".jp-CodeCell").first.click(timeout=PATIENCE)
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=PATIENCE)
        page.locator(".jp-CodeCell").first.click(
            timeout=PATIENCE
        )  # a starting kernel can take the focus away
        page.keyboard.press("Shift+Enter")
        use(page, written)
        page.close()
