"""The demo as people use it: in a real browser.

The checks of accessibility want axe-core, the file `axe.min.js` of npm's package of that name, where `AXE_CORE` says.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile import HOSTILE  # type: ignore[import-not-found] # beside
from PIL import Image
from running import Demo, running  # type: ignore[import-not-found] # beside

from rsvlm.captioning.sample import SamplePaths
from rsvlm.demo.engine import Engine
from rsvlm.imagery.items import ChipOptions
from rsvlm.retrieval import Index

pytest.importorskip("gradio", reason="gradio is not installed: pip install 'rsvlm[demo]'")
playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install 'rsvlm[demo-test]'"
)
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; CHROMIUM may name one"),
]
WAIT = 120_000
"""Milliseconds until which something must have happened."""
FACT = "What is a lighthouse mistaken for?"
NewPage = Callable[..., Any]


@pytest.fixture(scope="module")
def demo(engine: Engine, town: SamplePaths, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo with a small base and an index of the sample town."""
    folder = tmp_path_factory.mktemp("browser")
    options = ChipOptions(chips="grid", size="512")
    Index.build(town.image, folder / "index", engine.encoder, options=options)
    base = engine.answerer.knowledge
    assert base is not None
    with running(
        "--knowledge", base.folder, "--index", folder / "index", "--max-upload", "1MB", folder=folder
    ) as demo:
        yield demo


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def new_page(demo: Demo, browser: Any) -> Iterator[NewPage]:
    """Open the page as a new user; nothing may be asked of another machine, and no script may fail."""
    contexts: list[Any] = []
    asked: list[str] = []
    failed: list[str] = []

    def refuse(dialog: Any) -> None:
        failed.append(dialog.message)
        dialog.dismiss()

    def opened(**options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.on("dialog", refuse)
        page.goto(demo.address)
        page.locator("#ask-button").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith((demo.address, "data:", "blob:"))] == []
    assert failed == []


def pick(page: Any, name: str) -> None:
    page.locator(f"#examples button[data-pick={name}]").click()
    page.locator("#image .picked img").wait_for()


def ask(page: Any, question: str) -> str:
    """Ask; return the answer."""
    page.evaluate(
        "document.querySelectorAll('#answer :is(.answer, .notice)').forEach((one) => { one.dataset.old = 1; })"
    )
    page.locator("#question textarea").fill(question)
    page.locator("#ask-button").click()
    return answered(page)


def answered(page: Any) -> str:
    page.locator("#answer :is(.answer:not(.working), .notice):not([data-old])").wait_for()
    return str(page.locator("#answer").inner_text())


def upload(page: Any, path: Path) -> str:
    """Upload a file; return what is said of it."""
    page.locator("#image .picked.none, #image figure, #image .notice").first.evaluate(
        "one => one.dataset.old = 1"
    )
    page.locator("input[type=file]").first.set_input_files(path)
    page.locator("#image :is(.picked, .notice):not([data-old])").wait_for()
    return str(page.locator("#image").inner_text())


def test_an_upload_is_read_and_asked_about(new_page: NewPage, picture: Path) -> None:
    page = new_page()
    assert "64 x 48 px" in upload(page, picture)
    assert "Answered by the built-in composer" in ask(page, "Is there a river?")


def test_a_geotiff_shows_its_place(new_page: NewPage, tmp_path: Path) -> None:
    from importlib.resources import as_file, files

    with as_file(files("rsvlm.demo") / "examples" / "river.tif") as file:
        shutil.copy(file, tmp_path / "<b>flight.tif")
    page = new_page()
    said = upload(page, tmp_path / "<b>flight.tif")
    assert "448 x 448 px, 0.5 m a pixel" in said
    assert "° N" in said
    assert page.locator("#image b").count() == 0  # the name is text
    ask(page, "Is there a bridge?")
    page.locator("#places .here").wait_for()


def test_an_example_takes_the_place_of_an_upload(new_page: NewPage, picture: Path) -> None:
    page = new_page()
    upload(page, picture)
    file = page.locator(".file-preview").first
    assert "green.png" in file.inner_text().replace("\n", "")
    assert page.locator(".file-preview a:visible").count() == 0  # no file is served
    pick(page, "river")
    file.wait_for(state="detached")
    assert "River between fields" in page.locator("#image").inner_text()


def test_two_images_are_compared(new_page: NewPage, tmp_path: Path) -> None:
    page = new_page()
    pick(page, "quarry")
    page.get_by_text("Compare with a second image").click()
    Image.new("RGB", (64, 48), (20, 60, 140)).save(tmp_path / "lake.png")
    page.locator("input[type=file]").nth(1).set_input_files(tmp_path / "lake.png")
    second = page.get_by_alt_text("The image that is asked about: lake.png")
    second.wait_for()
    assert "of the first and" in ask(page, "Which of the two images shows more water?")
    page.locator("button[aria-label='Remove this file']").or_(page.get_by_label("Clear")).first.click()
    second.wait_for(state="detached")
    assert "of the first and" not in ask(page, "Which of the two images shows more water?")


def test_an_answer_comes_step_by_step_and_word_by_word(new_page: NewPage) -> None:
    page = new_page()
    page.evaluate(
        """() => {
          window.steps = [];
          const text = (selector) => document.querySelector(selector).innerText.trim();
          const note = () => window.steps.push([text("#answer"), text("#found")]);
          for (const selector of ["#answer", "#found"])
            new MutationObserver(note).observe(document.querySelector(selector), { childList: true, subtree: true });
        }"""
    )
    ask(page, FACT)
    steps = page.evaluate("window.steps")
    before = [found for answer, found in steps if answer.startswith("Looking closer")]
    assert any("lighthouse" in found for found in before)  # what was found is there before the answer
    assert "a water tower or a chimney" in steps[-1][0]
    shown = page.evaluate(
        """() => [0, 150, 300, 5000].map((time) => {
          const words = [...document.querySelectorAll("#answer .word")];
          for (const one of words.flatMap((word) => word.getAnimations())) { one.pause(); one.currentTime = time; }
          return words.filter((word) => getComputedStyle(word).opacity > 0.5).length;
        })"""
    )
    assert 0 == shown[0] < shown[1] < shown[2] < shown[3] == page.locator("#answer .word").count()


def test_bad_and_oversized_files(new_page: NewPage, tmp_path: Path) -> None:
    page = new_page()
    (tmp_path / "scene.tif").write_text("<VRTDataset/>", encoding="ascii")
    assert "no GeoTIFF" in upload(page, tmp_path / "scene.tif")
    Image.effect_noise((1600, 1600), 90).save(tmp_path / "large.png")
    page.locator("button[aria-label='Remove this file']").or_(page.get_by_label("Clear")).first.click()
    page.locator("input[type=file]").first.set_input_files(tmp_path / "large.png")
    page.get_by_text("maximum", exact=False).or_(page.get_by_text("exceeds", exact=False)).first.wait_for()
    told = page.locator("[data-testid=status-tracker] .error").first.evaluate(
        "one => getComputedStyle(one, '::after').content"
    )
    assert "1 MB" in told
    assert "at most" in told
    assert "No answer" in ask(page, "What is the capital of France?")  # it goes on


def test_citations_lead_to_their_evidence_and_hostile_texts_stay_texts(new_page: NewPage) -> None:
    page = new_page()
    assert "a water tower or a chimney" in ask(page, FACT)
    assert HOSTILE.replace("\u202e", "") in page.locator("#cited").inner_text()
    assert page.locator("#cited img, #answer img").count() == 0
    page.locator("#answer a.cite").first.click()
    card = page.locator("#evidence-1")
    assert card.evaluate("one => one.matches(':target')")
    assert card.locator("mark").count() == 1
    assert "[1]" in page.locator("#answer").inner_text()


def test_sliders_change_the_evidence(new_page: NewPage) -> None:
    page = new_page()
    pick(page, "river")
    ask(page, "ferry")
    before = page.locator("#found").inner_text()
    slider = page.locator("#alpha input[type=range]")
    slider.focus()
    slider.press("End")
    page.wait_for_function(
        "before => document.querySelector('#found').innerText.trim() !== before.trim()", arg=before
    )


def test_a_number_of_a_slider_goes_to_the_nearest_that_is_allowed(new_page: NewPage) -> None:
    page = new_page()
    pick(page, "river")
    page.locator("#question textarea").fill("ferry")
    for place, typed, shown in (("alpha", "7", "1"), ("top-k", "0", "1"), ("top-k", "99", "10")):
        number = page.locator(f"#{place} input[type=number]")
        number.fill(typed)
        playwright.expect(number).to_have_value(shown)
    page.locator("#found li[id]").first.wait_for()
    page.locator("#top-k input[type=number]").fill("")
    page.wait_for_timeout(2000)
    assert page.get_by_text("Error", exact=True).count() == 0
    page.locator("#question textarea").focus()
    playwright.expect(page.locator("#top-k input[type=number]")).to_have_value("1")
    page.get_by_role("tab", name="Search").click()
    page.locator("#weight input[type=number]").fill("-3")
    playwright.expect(page.locator("#weight input[type=number]")).to_have_value("0")
    assert page.get_by_text("Error", exact=True).count() == 0


def test_stop(new_page: NewPage) -> None:
    page = new_page()
    pick(page, "river")
    answer = ask(page, "Is there a river?")
    page.locator("#stop-button").click()
    page.wait_for_timeout(1000)
    assert page.locator("#answer").inner_text() == answer  # nothing was running
    assert page.get_by_text("Error", exact=True).count() == 0
    page.locator("#question textarea").fill(FACT)
    page.evaluate(
        """() => {
          const answer = document.querySelector("#answer"), stop = document.querySelector("#stop-button");
          new MutationObserver((_, watch) => {
            if (!answer.querySelector(".working")) return;
            watch.disconnect();
            stop.click();
          }).observe(answer, { childList: true, subtree: true });
        }"""
    )
    page.locator("#ask-button").click()
    page.locator("#answer .notice").wait_for()
    page.wait_for_timeout(3000)
    assert page.locator("#answer").inner_text().strip() == "Stopped."
    assert "a water tower or a chimney" in ask(page, FACT)


def check_cleared(page: Any) -> None:
    """Nothing is said of the image before."""
    page.locator("#answer .answer").wait_for(state="detached")
    for place in ("answer", "cited", "places", "found", "classes"):
        playwright.expect(page.locator(f"#{place} .prose")).to_have_text("")


def test_what_is_said_of_an_image_goes_with_it(new_page: NewPage, picture: Path) -> None:
    page = new_page()
    pick(page, "river")
    page.get_by_role("tab", name="Classify").click()
    page.locator("#classify-button").click()
    page.locator("#classes [role=meter]").first.wait_for()
    page.get_by_role("tab", name="Ask").click()
    ask(page, "Is there a river?")
    page.locator("#examples button[data-pick=quarry]").click()
    check_cleared(page)
    ask(page, "Is there a river?")
    upload(page, picture)
    check_cleared(page)
    ask(page, "Is there a river?")
    page.locator("button[aria-label='Remove this file']").or_(page.get_by_label("Clear")).first.click()
    check_cleared(page)
    assert "No image yet" in page.locator("#image").inner_text()


def test_an_answer_does_not_come_beside_another_image(new_page: NewPage) -> None:
    page = new_page()
    pick(page, "river")
    page.locator("#question textarea").fill("Describe the image. How much of it is forest? Is there a river?")
    page.locator("#ask-button").click()
    page.locator("#answer .working").wait_for()
    page.evaluate("document.querySelector('#examples button[data-pick=quarry]').click()")
    page.get_by_alt_text("The image that is asked about: Quarry in a forest").wait_for()
    page.wait_for_timeout(3000)
    assert page.locator("#answer .answer").count() == 0
    assert page.locator("#cited li, #places .map").count() == 0


def test_of_several_clicks_the_last_one_counts(new_page: NewPage) -> None:
    page = new_page()
    page.evaluate(
        """async () => {
          for (const name of ["river", "stadium", "quarry"]) {
            document.querySelector(`#examples button[data-pick=${name}]`).click();
            await new Promise((done) => setTimeout(done, 30));
          }
        }"""
    )
    page.get_by_alt_text("The image that is asked about: Quarry in a forest").wait_for()
    page.wait_for_timeout(2000)
    assert "Quarry in a forest" in page.locator("#image").inner_text()


def test_search_an_index_and_ask_about_a_hit(new_page: NewPage) -> None:
    page = new_page()
    page.get_by_role("tab", name="Search").click()
    page.locator("#words textarea").fill("a river")
    page.locator("#search-button").click()
    page.locator("#hits button").first.wait_for()
    assert page.locator("#hits button").count() == 16
    assert page.locator("#hit-places a").count() == 16
    page.locator("#hits button").nth(2).click()
    page.locator("#image .picked img").wait_for()
    assert "512 x 512 px" in page.locator("#image").inner_text()
    assert page.get_by_role("tab", name="Ask").get_attribute("aria-selected") == "true"
    assert "Answered by" in ask(page, "Is there a river?")


def test_classify(new_page: NewPage) -> None:
    page = new_page()
    pick(page, "stadium")
    page.get_by_role("tab", name="Classify").click()
    page.locator("#own-classes textarea, #own-classes input").fill("stadium, river, forest")
    page.locator("#classify-button").click()
    page.locator("#classes [role=meter]").first.wait_for()
    assert page.locator("#classes [role=meter]").count() == 3


def test_two_users_at_once(new_page: NewPage) -> None:
    first, second = new_page(), new_page()
    pick(first, "stadium")
    pick(second, "river")
    for page, question in ((first, "Is there a football pitch?"), (second, "Is there a bridge?")):
        page.locator("#question textarea").fill(question)
    for page in (first, second):
        page.locator("#ask-button").click()
    for page, thing, other in ((first, "pitch", "bridge"), (second, "bridge", "pitch")):
        answer = answered(page)
        assert thing in answer
        assert other not in answer
    assert "Sports ground" in first.locator("#image").inner_text()
    assert "River" in second.locator("#image").inner_text()


def test_by_keyboard_alone(new_page: NewPage) -> None:
    page = new_page()

    def tab_to(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", f"{selector}: its focus is not seen"
                return
        raise AssertionError(f"{selector} is not reached")

    tab_to("#examples button[data-pick=quarry]")
    page.keyboard.press("Enter")
    page.locator("#image .picked img").wait_for()
    tab_to("#question textarea")
    page.keyboard.type(FACT)
    page.keyboard.press("Enter")
    answered(page)
    tab_to("#answer a.cite")
    page.keyboard.press("Enter")
    assert page.locator("#evidence-1").evaluate("one => one.matches(':target')")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(new_page: NewPage, width: int) -> None:
    page = new_page(viewport={"width": width, "height": 844}, color_scheme="dark")
    assert page.evaluate("document.body.classList.contains('dark')")
    pick(page, "river")
    ask(page, FACT)
    page.locator("#cited .facts").first.evaluate(
        "one => { one.innerHTML += '<li>https://' + 'x'.repeat(200); }"
    )
    for name in ("Ask", "Search", "Classify"):
        page.get_by_role("tab", name=name).click()
        rights = "[...document.querySelectorAll('main *')].map((one) => one.getBoundingClientRect().right)"
        assert page.evaluate(f"Math.max(...{rights})") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility(new_page: NewPage, scheme: str) -> None:
    axe = os.environ.get("AXE_CORE")
    if not axe:
        pytest.skip("AXE_CORE is not set: no axe.min.js")
    page = new_page(color_scheme=scheme, bypass_csp=True)
    pick(page, "stadium")
    ask(page, FACT)
    page.wait_for_timeout(2500)  # words appear one after another
    page.add_script_tag(content=Path(axe).read_text(encoding="utf-8"))
    for name in ("Ask", "Search", "Classify"):
        page.get_by_role("tab", name=name).click()
        if name == "Search":
            page.locator("#words textarea").fill("a river")
            page.locator("#search-button").click()
            page.locator("#hits button").first.wait_for()
        page.wait_for_timeout(500)
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})")
        serious = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
        assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in serious] == []
