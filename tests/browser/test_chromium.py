"""The explorer as people use it, in Chromium: the page as a file, and the widget in JupyterLab."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

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
PATIENCE = 180_000  # milliseconds; a slow machine starts a kernel for a minute
BOM = "\ufeff".encode()  # or a spreadsheet shows Hangul as garbage
FLEISS_1971 = [  # 14 raters, 10 items, 5 categories: an example of textbooks, kappa 0.210
    *([0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]),
    *([7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]),
]
GONE = "u002"  # the utterance without a clip, where a test asks for one


def sound(identifier: str) -> bytes:
    return encode_opus(tone(1.5, frequency=200 + 30 * int(identifier[-1])))


def sound_with_a_gap(identifier: str) -> bytes | str:
    return "/nowhere/gone.wav" if identifier == GONE else sound(identifier)


def outputs() -> pd.DataFrame:
    """exp01 is wrong in the first 3 of 6 utterances; exp05 only in the first, but there in all."""
    references = ["저는 학생입니다"] * 6
    half_wrong = ["저는 학교입니다"] * 3 + references[3:]
    one_wrong = ["나는 학교", *references[1:]]
    tables = [predictions(references, half_wrong, "exp01"), predictions(references, one_wrong)]
    word = {"text": "저는", "start_s": 0.1, "end_s": 0.5, "confidence": 0.9}
    words = json.dumps([word], ensure_ascii=False)
    return pd.concat(tables, ignore_index=True).assign(words=words)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield launched
        launched.close()


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1500, "height": 1000})
    yield page
    page.close()


def wait_for_detail(page, utterance_id: str) -> None:
    page.wait_for_function(
        "(id) => document.querySelector('.speakor-explorer .detail')?.dataset.shown === id",
        arg=utterance_id,
        timeout=PATIENCE,
    )


def use(page, written):
    """Do what people do, and leave a tag; ``written()`` waits for the saved review."""
    place = page.locator(".speakor-explorer")
    rows = place.locator("tbody.shown tr")
    status = place.locator(".status")
    detail = place.locator(".detail")
    status.wait_for(timeout=PATIENCE)
    assert status.inner_text().startswith("4 of 12 rows") and rows.count() == 4
    assert rows.first.locator("td").first.inner_text() == "100 %"  # the worst comes first

    # Filter and search; a chip says how many it shows.
    models = place.locator("[data-facet=experiment]")
    open_filters(place)
    assert models.locator(".chip").all_text_contents() == ["exp013", "exp051"]
    models.locator(".chip", has_text="exp01").click()
    assert status.inner_text().startswith("3 of 12 rows")
    place.locator("input[name=text]").fill("u001")
    assert rows.count() == 1 and "학교입니다" in rows.first.inner_text()
    wait_for_detail(page, "u001")
    assert "exp01" in detail.inner_text() and "exp05" in detail.inner_text()
    assert detail.locator(".sub").count() >= 1

    # Jamo by keyboard.
    detail.locator("[data-jamo]").first.focus()
    assert "초성 ㅅ→ㄱ" in place.locator(".tip").inner_text()

    # Look at the clip and play a word.
    place.locator("[data-ready=yes]").wait_for(timeout=PATIENCE)  # its picture is drawn
    assert "dBFS" in detail.inner_text()
    detail.get_by_role("button", name="저는").click()
    page.wait_for_function(
        "() => document.querySelector('.speakor-explorer audio').currentTime > 0.2",
        timeout=PATIENCE,
    )

    # Move with the keyboard.
    place.locator("input[name=text]").fill("")
    place.locator(".scroller").focus()
    page.keyboard.press("ArrowDown")
    wait_for_detail(page, "u002")

    # Model against model, and from a confusion to its utterances.
    place.locator(".chosen-filters .clear").click()
    place.get_by_role("tab", name="Model against model").click()
    page.wait_for_function(
        "() => document.querySelector('.scatter-panel').dataset.points === '6'", timeout=PATIENCE
    )
    place.get_by_role("tab", name="Confusions").click()
    place.locator(".confusion-panel button", has_text="초성 ㅅ→ㄱ").click(timeout=PATIENCE)
    assert status.inner_text().startswith("4 of 12 rows")

    # Export what is shown.
    exported = exported_file(page, "rows as CSV").read_bytes()
    assert exported.startswith(BOM)
    lines = exported.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("id,experiment") and len(lines) == 5
    with zipfile.ZipFile(exported_file(page, "clips as zip")) as clips:
        assert clips.namelist() == ["rows.csv", "u000.ogg", "u001.ogg", "u002.ogg"]
        assert clips.testzip() is None and clips.read("u001.ogg")[:4] == b"OggS"

    # Leave a tag, take it back, leave it for good.
    rows.nth(1).click()
    wait_for_detail(page, "u000")
    accent = detail.locator(".chip[data-value=accent]")
    accent.click()
    rows.nth(1).locator(".tagged").wait_for(timeout=PATIENCE)
    place.locator(".scroller").focus()
    page.keyboard.press("u")
    rows.nth(1).locator(".tagged").wait_for(state="detached", timeout=PATIENCE)
    accent.click()
    detail.locator(".saved").filter(has_text="kept").wait_for(timeout=PATIENCE)
    written(page)


def open_filters(place) -> None:
    """They are folded where the explorer has little room."""
    rail = place.locator("details.rail")
    if rail.get_attribute("open") is None:
        rail.locator("summary").click()


def exported_file(page, entry: str) -> Path:
    """What an entry of the export menu gives."""
    menu = page.locator("[data-menu=export]")
    if menu.get_attribute("open") is None:
        menu.locator("summary").click()
    with page.expect_download(timeout=PATIENCE) as download:
        menu.get_by_role("button", name=entry).click()
    return Path(download.value.path())


def listen_past_a_gap(page, written):
    """A row without a clip says so; those around it play, and tags stay with their rows."""
    place = page.locator(".speakor-explorer")
    rows = place.locator("tbody.shown tr")
    detail = place.locator(".detail")
    place.locator(".status").wait_for(timeout=PATIENCE)
    open_filters(place)
    place.locator("[data-facet=experiment] .chip", has_text="exp01").click()
    place.locator("input[name=text]").fill("u00")

    # Tag the row before, go on to the row without a clip, tag that one too.
    rows.nth(1).click()
    wait_for_detail(page, "u001")
    detail.locator("[data-ready=yes]").wait_for(timeout=PATIENCE)
    detail.locator(".chip[data-value=noise]").click()
    detail.locator(".saved").filter(has_text="kept").wait_for(timeout=PATIENCE)
    place.locator(".scroller").focus()
    page.keyboard.press("ArrowDown")
    wait_for_detail(page, GONE)
    assert "No sound: " in detail.inner_text() and "gone.wav" in detail.inner_text()
    assert detail.locator("audio").count() == 0 and "학교입니다" in detail.inner_text()
    assert detail.locator(".review [aria-pressed=true]").count() == 0
    page.keyboard.press(" ")  # plays nothing, and breaks nothing
    detail.locator(".chip[data-value='look again']").click()
    detail.locator(".saved").filter(has_text="kept").wait_for(timeout=PATIENCE)

    # Back: the sound is there, and so is its own tag.
    place.locator(".scroller").focus()
    page.keyboard.press("ArrowUp")
    wait_for_detail(page, "u001")
    detail.locator("[data-ready=yes]").wait_for(timeout=PATIENCE)
    given = detail.locator(".review [aria-pressed=true]")
    assert given.count() == 1 and given.get_attribute("data-value") == "noise"
    written(page)


def in_a_file(page, path: Path, steps, tags: list[tuple[str, ...]]) -> None:
    """Do the steps on a written page, whose exported review then has the tags."""
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: complaints.append(request.url) if request.url.startswith("http") else None,
    )
    page.goto(path.as_uri())

    def written(page):
        target = path.with_name("review.csv")
        shutil.copyfile(exported_file(page, "review as CSV"), target)
        assert target.read_bytes().startswith(BOM)
        assert [entry.tags for entry in review.read_reviews(target).values()] == tags

    steps(page, written)
    page.reload()
    page.locator("tbody.shown .tagged").first.wait_for(timeout=PATIENCE)  # kept in this browser
    assert complaints == []


def test_the_page_works_from_a_file(page, tmp_path):
    path = explorer.write_html(outputs(), sound, tmp_path / "explorer.html")
    in_a_file(page, path, use, [("accent",)])


def test_a_missing_clip_costs_the_page_one_sound(page, tmp_path):
    path = explorer.write_html(outputs(), sound_with_a_gap, tmp_path / "explorer.html")
    in_a_file(page, path, listen_past_a_gap, [("noise",), ("look again",)])
    assert "1 of them cannot be heard" in page.inner_text("body")


def test_what_was_laundered_can_be_found_though_its_text_is_right(page, tmp_path):
    columns = ["experiment", "utterance_id", "sound", "fate"]
    fates = pd.DataFrame([("exp05", "u004", "vowel ㅓ→ㅗ", "corrected")], columns=columns)
    path = explorer.write_html(outputs(), sound, tmp_path / "explorer.html", fates=fates)
    page.goto(path.as_uri())
    kinds = page.locator("[data-facet=kind] .chip")
    kinds.filter(has_text="laundered").click(timeout=PATIENCE)
    assert page.locator(".status").inner_text().startswith("1 of 12 rows")
    wait_for_detail(page, "u004")
    assert "laundered: vowel ㅓ→ㅗ" in page.locator(".detail").inner_text()

    # Where nothing is known there is nothing to ask for.
    page.goto(explorer.write_html(outputs(), sound, tmp_path / "without.html").as_uri())
    kinds.first.wait_for(timeout=PATIENCE)
    assert kinds.filter(has_text="laundered").count() == 0


def test_keys_do_what_the_help_says(page, tmp_path):
    page.goto(explorer.write_html(outputs(), sound, tmp_path / "explorer.html").as_uri())
    wait_for_detail(page, "u000")
    detail = page.locator(".detail")
    page.keyboard.press("?")
    assert "copy a link" in page.locator("dialog.help").inner_text()
    page.keyboard.press("Escape")

    # Speed, of which the pitch knows nothing.
    page.keyboard.press("[")
    assert page.evaluate(
        "() => [...document.querySelectorAll('audio')].flatMap("
        "(audio) => [audio.playbackRate, audio.preservesPitch])"
    ) == [0.75, True]

    # A corrected label stands in the table, and goes as it came.
    page.keyboard.press("e")
    detail.locator("textarea").fill("저는 학자입니다")
    page.keyboard.press("Enter")
    row = page.locator("tbody.shown tr.chosen")
    assert "저는 학자입니다" in row.inner_text() and row.locator(".corrected").count() == 1
    page.keyboard.press("u")
    row.locator(".corrected").wait_for(state="detached")
    page.keyboard.press("U")
    row.locator(".corrected").wait_for()

    # Blind, nothing of models is left.
    page.keyboard.press("b")
    assert "exp05" not in page.locator(".speakor-explorer").inner_text()
    page.keyboard.press("b")
    page.keyboard.press("/")
    page.keyboard.type("u001")
    assert page.locator("tbody.shown tr").count() == 1


def test_a_drag_repeats_a_stretch(page, tmp_path):
    page.goto(explorer.write_html(outputs(), sound, tmp_path / "explorer.html").as_uri())
    page.locator("[data-ready=yes]").wait_for(timeout=PATIENCE)
    box = page.locator("canvas.sound").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 40)
    page.mouse.up()
    assert page.locator(".player [aria-pressed=true]").inner_text() == "loop"
    page.evaluate(
        "() => { window.back = 0;"
        " document.querySelector('audio').addEventListener('seeking', () => window.back++); }"
    )
    page.wait_for_function("() => window.back >= 3", timeout=PATIENCE)


def test_a_link_opens_the_same_clip_and_filters(page, tmp_path):
    path = explorer.write_html(outputs(), sound, tmp_path / "explorer.html")
    page.goto(path.as_uri())
    page.locator("[data-facet=l1] .chip", has_text="JP").click(timeout=PATIENCE)
    page.locator("tbody.shown tr", has_text="학교입니다").click()
    wait_for_detail(page, "u001")
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    wait_for_detail(page, "u001")
    assert page.locator("[data-facet=l1] [aria-pressed=true]").inner_text().startswith("JP")


def test_raters_who_agree_by_chance_have_no_kappa(page):
    """Against scikit-learn for two raters, and Fleiss' own example for more."""
    page.goto("about:blank")
    page.add_script_tag(path=ROOT / "speakor_common/show/assets/agreement.js")
    first, second = [1, 1, 0, 1, 0, 0, 1], [1, 0, 0, 1, 0, 1, 1]
    ours = page.evaluate("([a, b]) => cohenKappa(a, b)", [first, second])
    assert ours == pytest.approx(cohen_kappa_score(first, second))
    assert page.evaluate("(c) => fleissKappa(c)", FLEISS_1971) == pytest.approx(0.210, abs=5e-4)


@contextmanager
def lab(folder: Path):
    """JupyterLab in a folder; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
        *(f"--port={port}", "--ip=127.0.0.1", "--IdentityProvider.token="),
        f"--ServerApp.root_dir={folder}",
        "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
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


SETUP = """
from pathlib import Path
import pandas as pd
from speakor_common.pipeline import results
from speakor_common.show.explorer import explorer
from tests.browser.test_chromium import {sound}
class Clips:
    __getitem__ = staticmethod({sound})
folder, clips = Path({folder!r}), Clips()
predictions = pd.read_csv(folder / "all.csv", keep_default_na=False)
fates = None
"""


@pytest.mark.parametrize(
    ("steps", "clips", "tags"),
    [
        (use, sound, [("accent",)]),
        (listen_past_a_gap, sound_with_a_gap, [("noise",), ("look again",)]),
    ],
)
def test_the_widget_works_in_jupyterlab(page, tmp_path, steps, clips, tags):
    """Notebook 05's explorer cell, on small results."""
    cells = nbformat.read(ROOT / "notebooks/05_evaluation.ipynb", 4).cells
    cell = next(c.source for c in cells if "explorer.explore(" in c.source)
    outputs().to_csv(tmp_path / "all.csv", index=False)
    setup = SETUP.format(sound=clips.__name__, folder=str(tmp_path))
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(setup + cell)])
    book.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    nbformat.write(book, tmp_path / "explore.ipynb")

    def written(page):
        file = tmp_path / "review.csv"
        for _ in range(100):
            if [entry.tags for entry in review.read_reviews(file).values()] == tags:
                return
            time.sleep(0.1)
        raise AssertionError(file.read_text(encoding="utf-8"))

    with lab(tmp_path) as address:
        page.goto(f"{address}/lab/tree/explore.ipynb", timeout=PATIENCE)
        page.locator(".jp-CodeCell").first.click(timeout=PATIENCE)
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=PATIENCE)
        # A starting kernel can take the focus away.
        page.locator(".jp-CodeCell").first.click(timeout=PATIENCE)
        page.keyboard.press("Shift+Enter")
        steps(page, written)
        page.goto("about:blank")
