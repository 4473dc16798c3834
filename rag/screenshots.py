"""The screenshots of the demo in the docs.

    python rag/screenshots.py          # writes docs/images/demo*.jpg

Needs the extra `demo-test` and a chromium (`CHROMIUM` may name one). The knowledge base is what ships and the captions
of the sample town; the index is its tiles.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import rsvlm
from rsvlm.captioning.sample import write_sample
from rsvlm.imagery.items import ChipOptions

OUT = Path(__file__).parent.parent / "docs/images"
QUESTION = "Is there a football pitch? What is a football pitch mistaken for?"


def prepare(folder: Path) -> list[str]:
    """Make a base and an index; return the options that name them."""
    town = write_sample(folder / "town")
    encoder = rsvlm.load_encoder("built-in")
    rsvlm.caption([town.image], osm=town.osm, landcover=town.landcover, out=folder / "pairs")
    rsvlm.KnowledgeBase.build([folder / "pairs", "built-in"], folder / "knowledge", encoder)
    rsvlm.Index.build(town.image, folder / "index", encoder, options=ChipOptions(chips="grid", size="256"))
    return ["--knowledge", str(folder / "knowledge"), "--index", str(folder / "index")]


def ask(page: Any) -> None:
    """Take an example, ask, and wait for the answer."""
    page.locator("#ask-button").wait_for()
    page.locator("#examples button[data-pick=stadium]").click()
    page.locator("#image .picked img").wait_for()
    page.locator("#question textarea").fill(QUESTION)
    page.locator("#ask-button").click()
    page.locator("#answer .answer:not(.working)").wait_for()
    page.wait_for_timeout(3000)


def shoot(address: str) -> None:
    """Take the pictures: desktop, phone in the dark, search."""
    from playwright.sync_api import sync_playwright

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1180})
        page.set_default_timeout(120_000)
        page.goto(address)
        ask(page)
        page.screenshot(path=OUT / "demo.jpg", type="jpeg", quality=85)
        page.get_by_role("tab", name="Search").click()
        page.locator("#words textarea").fill("houses with gardens")
        page.locator("#search-button").click()
        page.locator("#hits button").first.wait_for()
        page.wait_for_timeout(1000)
        page.screenshot(path=OUT / "demo-search.jpg", type="jpeg", quality=85)
        phone = browser.new_page(
            viewport={"width": 390, "height": 844}, device_scale_factor=2, color_scheme="dark"
        )
        phone.set_default_timeout(120_000)
        phone.goto(address)
        ask(phone)
        phone.locator("#answer").scroll_into_view_if_needed()
        phone.evaluate("document.querySelector('#question').scrollIntoView()")
        phone.screenshot(path=OUT / "demo-phone.jpg", type="jpeg", quality=85)
        browser.close()


def main() -> None:
    """Start a demo, and take its pictures."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "rsvlm", "demo", "--port", "0", *prepare(Path(folder))]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8") as demo:
            try:
                assert demo.stderr is not None
                shoot(
                    next(
                        found[1]
                        for line in demo.stderr
                        if (found := re.search(r"Running at (http\S+)", line))
                    )
                )
            finally:
                demo.terminate()


if __name__ == "__main__":
    main()
