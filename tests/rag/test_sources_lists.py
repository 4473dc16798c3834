"""Lists of pages and Markdown: terms with what is said of them, and items with those below them."""

import time
from pathlib import Path

import pytest

from rsvlm.rag.composer.statements import statements_of
from rsvlm.rag.sources import read_source


def text_of(folder: Path, content: str, name: str = "a.html") -> str:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return "\n\n".join(one.text for one in read_source(path).chunks())


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("<dl><dt>Sensor</dt><dd>MSI</dd>\n<dt>Step:</dt>\n<dd>10 m</dd></dl>", "Sensor: MSI\nStep: 10 m"),
        ("<dl><dt>Sensor<dd>MSI<dd>OLI<dt>Step<dd>10 m", "Sensor: MSI, OLI\nStep: 10 m"),
        ("<dl><dt>MSI<dt>OLI<dd>sensors</dl>After.", "MSI, OLI: sensors\n\nAfter."),
        ("<dl><dt>Sensor<dd><p>It sees.</p><p>It flies.</p></dl>", "Sensor:\nIt sees.\n\nIt flies."),
        ("<dl><div><dt>Sensor<dd>MSI</div><div><dt>Step<dd>10 m</div></dl>", "Sensor: MSI\nStep: 10 m"),
        ("<dl><dt>Sensor<dd><dl><dt>Step<dd>10 m</dl></dl>", "Sensor:\nStep: 10 m"),
        ("<dl><dt>Sensor<dt hidden>x<dd>MSI<dd hidden>y</dl>", "Sensor: MSI"),
        ("<dl><dd>MSI</dl><dl><dt>Step</dl>", "MSI\nStep"),
        ("<table><tr><td><dl><dt>Sensor<dd>MSI</dl><td>b</table>", "Sensor: MSI | b"),
        # items of lists within lists
        ("<ul><li>Alder<ul><li>Depth: 9 m</ul><li>Birch <ol><li>Depth: 5 m</ol></ul>",
         "Alder:\nDepth: 9 m\n\nBirch:\nDepth: 5 m"),
        ("<ul><li><p><b>Al</b>der:</p><ul><li>Depth: 9 m</ul></ul>", "Alder:\nDepth: 9 m"),
        ("<ul><li>It is deep.<ul><li>Depth: 9 m</ul></ul>", "It is deep.\nDepth: 9 m"),
        ("<ul><li><ul><li>Depth: 9 m</ul></ul>", "Depth: 9 m"),
        ("<ul><li>a<li>b</ul>", "a\nb"),
    ],
)  # fmt: skip
def test_lists_of_pages(tmp_path: Path, page: str, told: str) -> None:
    assert text_of(tmp_path, page) == told


def test_lists_of_markdown(tmp_path: Path) -> None:
    text = "- Alder\n  - Depth: 9 m\n- **Birch**:\n  1. Depth: 5 m\n- Cedar\n"
    assert text_of(tmp_path, text, "a.md") == "- Alder:\n- Depth: 9 m\n\n- Birch:\n- Depth: 5 m\n\n- Cedar"


def test_an_empty_item_above_a_heading(tmp_path: Path) -> None:
    assert text_of(tmp_path, "-\n\nLakes\n---\nMoos.\n\n-\n\nMills\n---", "a.md").endswith(
        "Lakes: Moos.\n\nMills"
    )


def test_what_stands_below_an_item_is_of_it(tmp_path: Path) -> None:
    page = "<ul><li>Alder<ul><li>Depth: 9 m<li>Rain: 99 mm</ul><li>Birch<ul><li>Depth: 5 m<li>Rain: 77 mm</ul></ul>"
    found = {one.text: one.context for one in statements_of(text_of(tmp_path, page))}
    assert ["Alder" in found["Depth: 9 m"], "Alder" in found["Rain: 99 mm"]] == [True, True]
    assert ["Birch" in found["Depth: 5 m"], "Birch" in found["Rain: 77 mm"]] == [True, True]
    assert "Alder" not in found["Rain: 77 mm"]


@pytest.mark.parametrize(
    "part", ["<dl><dt>a<dd>b", "<dt>a", "<dd>b", "<ul><li>a", "<li>a<ul>", "<dl><dd><h2>c</h2>"]
)
def test_lists_that_are_made_to_be_costly_are_not(tmp_path: Path, part: str) -> None:
    start = time.monotonic()
    assert text_of(tmp_path, part * 5000)
    assert time.monotonic() - start < 20
