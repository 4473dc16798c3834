"""The page of samples: complete in one file, safe whatever the labels say, and it does what it says."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from made_pairs import make_dataset, pair  # type: ignore[import-not-found]
from PIL import Image

from rsvlm.captioning.dataset import PairsDataset, Source, write_contact_sheet, write_page

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)> 🏫 ไทย"
VOID = {"meta", "input", "img", "br"}


class Page(HTMLParser):
    """Elements and their attributes; checks that every element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, css: str = "") -> list[dict[str, str | None]]:
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and (not css or css in (attributes.get("class") or "").split())
        ]


@pytest.fixture(scope="module")
def page(dataset: PairsDataset, tmp_path_factory: pytest.TempPathFactory) -> Page:
    out = tmp_path_factory.mktemp("page") / "page.html"
    assert write_page(dataset, out, count=10, seed=3) == 10
    return Page(out.read_text("utf-8"))


def test_each_pair_is_shown_with_its_boxes(page: Page) -> None:
    assert len(page.all("article")) == 10
    images = page.all("img")
    assert len(images) == 10
    for image in images:
        assert (image["src"] or "").startswith("data:image/jpeg;base64,")
    assert len(page.all("div", "caption")) == 30  # three variants a pair
    assert len(page.all("rect", "focus")) == 10
    assert len(page.all("rect")) + len(page.all("circle")) == len(page.all("tr")[0:]) - _heads(page)
    assert "Tree cover 64.3%" in page.text


def _heads(page: Page) -> int:
    """Rows of tables that are no map objects."""
    return sum("data-object" not in row for row in page.all("tr"))


def test_captions_carry_what_the_csv_needs(page: Page) -> None:
    first = page.all("div", "caption")[0]
    assert first["data-style"] == "natural"
    # not by the name of its own image file, so that verdicts add up
    assert first["data-source"] == "scene_0.tif and others + OpenStreetMap + ESA WorldCover 2021"


def test_the_page_needs_no_network_and_runs_its_own_script_alone(page: Page) -> None:
    policy = next(
        m["content"] or "" for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    for _, attributes in page.elements:
        assert "style" not in attributes  # the policy would drop it
        assert not any(name.startswith("on") for name in attributes)
        assert not attributes.get("href")


def test_the_policy_names_the_script_and_the_style_that_are_there(
    dataset: PairsDataset, tmp_path: Path
) -> None:
    write_page(dataset, tmp_path / "page.html", count=1)
    content = (tmp_path / "page.html").read_bytes()
    assert b"\r" not in content
    text = content.decode("utf-8")
    for tag in ("script", "style"):
        [inner] = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inner.encode("utf-8")).digest()).decode("ascii")
        assert f"{tag}-src 'sha256-{digest}'" in text


def test_evil_text_is_text(tmp_path: Path) -> None:
    evil = pair(
        2,
        caption=EVIL,
        style=EVIL,
        crs=EVIL,
        datetime=EVIL[:30],
        sources=[Source(name=EVIL, licence=EVIL, attribution=EVIL, url="javascript:alert(1)")],
    )
    item = evil.labels["objects"][0]
    item["id"] = EVIL
    item["role"] = EVIL
    item["tags"] = {EVIL: EVIL, "name": "x" * 10_000}
    evil.labels["scene"].append(EVIL)
    assert evil.labels["landcover"] is not None
    evil.labels["landcover"]["legend"] = EVIL
    evil.labels["landcover"]["regions"]["overall"][0]["name"] = EVIL
    made = make_dataset(tmp_path / "evil", [evil])
    write_page(made, tmp_path / "page.html")
    page = Page((tmp_path / "page.html").read_text("utf-8"))
    assert len(page.all("script")) == 1
    assert len(page.all("img")) == 1
    assert EVIL in page.text
    assert page.all("div", "caption")[0]["data-style"] == EVIL
    write_contact_sheet(made, tmp_path / "sheet.png")


def test_pairs_without_images(tmp_path: Path) -> None:
    made = make_dataset(tmp_path / "pairs", [pair(1, image=False)])
    write_page(made, tmp_path / "page.html")
    page = Page((tmp_path / "page.html").read_text("utf-8"))
    assert page.all("img") == []
    assert len(page.all("article", "bare")) == 1
    write_contact_sheet(made, tmp_path / "sheet.png")


def test_an_empty_dataset_is_an_empty_page(tmp_path: Path) -> None:
    made = make_dataset(tmp_path / "pairs", [])
    assert write_page(made, tmp_path / "page.html") == 0
    Page((tmp_path / "page.html").read_text("utf-8"))
    assert write_contact_sheet(made, tmp_path / "sheet.png") == 0


def test_large_images_are_made_smaller(tmp_path: Path) -> None:
    noise = Image.effect_noise((1200, 900), 80).convert("RGB")
    noise.save(tmp_path / "noise.png")
    made = make_dataset(tmp_path / "pairs", [pair(1, form="png", image=False)])
    big = pair(1)
    object.__setattr__(big, "image", (tmp_path / "noise.png").read_bytes())
    object.__setattr__(big, "format", "png")
    made = make_dataset(tmp_path / "big", [big])
    write_page(made, tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size < 1_000_000 < len(big.image or b"")


@pytest.mark.parametrize(("name", "kind"), [("sheet.png", "PNG"), ("sheet.jpg", "JPEG")])
def test_contact_sheet(dataset: PairsDataset, tmp_path: Path, name: str, kind: str) -> None:
    assert write_contact_sheet(dataset, tmp_path / name, count=7, columns=3) == 7
    with Image.open(tmp_path / name) as image:
        assert image.format == kind
        assert image.width == 28 + 3 * (288 + 28)
        assert image.height > 3 * 288
        colours = {colour for _, colour in image.convert("RGB").getcolors(1_000_000) or []}
    assert len(colours) > 50


def test_a_folder_as_page_is_refused(
    rsvlm_command: Any, dataset: PairsDataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rsvlm_command("pairs", "show", dataset.folder, "--page", tmp_path) == 2
    assert "is a folder: name a file in it" in re.sub(r"[│\s]+", " ", capsys.readouterr().err)


def test_a_dataset_without_pairs_leaves_the_page_that_is_there(
    rsvlm_command: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty, page = make_dataset(tmp_path / "empty", []), tmp_path / "pairs.html"
    page.write_text("another page", "utf-8")
    assert rsvlm_command("pairs", "show", empty.folder, "--page", page) == 2
    assert "holds no pair" in re.sub(r"\s+", " ", capsys.readouterr().err)
    assert page.read_text("utf-8") == "another page"
