"""The README's picture: ``make pictures`` opens the sample's explorer.html in Chromium."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

SAMPLE = Path(__file__).resolve().parents[2] / "results" / "sample"
SIZE = {"width": 1280, "height": 860}


def main() -> None:
    """Take the picture of the explorer of the sample, which is synthetic, with one row opened."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None or not (SAMPLE / "explorer.html").is_file():
        raise SystemExit(
            "needs Chromium and results/sample/explorer.html: run make reproduce first"
        )

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        page.goto((SAMPLE / "explorer.html").as_uri())
        page.locator(".speakor-explorer tbody tr").first.click()
        page.wait_for_timeout(1500)  # the waveform and spectrogram are drawn
        page.screenshot(path=SAMPLE / "explorer.png")
        browser.close()


if __name__ == "__main__":
    main()
