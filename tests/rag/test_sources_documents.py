"""Markdown, HTML, plain text and PDF: what people wrote, where it stands, and nothing that they did not mean to say."""

import sys
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rsvlm.rag import Chunk, RagError
from rsvlm.rag.sources import Source, read_source

MARKDOWN = """---
title: Liechtenstein
licence: CC BY 4.0
place: [9.52, 47.14]
date: 2019-05-31
---
Between *Austria* and [Switzerland](https://example.org).

# Climate

## Rain
It rains **900 mm** a year.
Much of it in `summer`.

- May: 95 mm
- June: 120 mm

| month | snow |
|---|---|
| January | 30 cm |

```
# no heading
```
<script>alert(1)</script><b>A line of HTML.</b>

Rain
====
Setext.
"""
PAGE = """<!DOCTYPE html><html><head><title>Lakes</title><style>p {color: red}</style></head><body>
<nav><a href="/">Home</a></nav><script>var x = "<p>no</p>";</script>
<h1>Lakes</h1><p>The <b>Gampriner Seele</b> is&nbsp;small &amp; deep.<p>Second paragraph.
<div style="display: none">secret</div><div hidden>hidden <p>too</div><p aria-hidden="true">unseen</p>
<ul><li>one<li>two</ul><table><tr><th>name<th>area</tr><tr><td>Seele<td>1.5 ha</tr></table>
<h2>Water</h2>text below<!-- a remark --></body></html>"""


def read(path: Path, **options: str) -> tuple[list[Chunk], Source]:
    source = read_source(path, **options)
    return list(source.chunks()), source


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_markdown(tmp_path: Path) -> None:
    path = written(tmp_path, "nötes.md", MARKDOWN)
    chunks, source = read(path)
    assert (source.kind, source.name, source.problems) == ("document", path.as_posix(), [])
    texts = {chunk.where: chunk.text for chunk in chunks}
    assert texts["Liechtenstein, 1"] == "Liechtenstein: Between Austria and Switzerland."
    rain = texts["Liechtenstein > Climate > Rain, 1"]
    assert rain.startswith("Liechtenstein > Climate > Rain: It rains 900 mm a year. Much of it in summer.")
    assert "- May: 95 mm\n- June: 120 mm\n" in rain
    assert "month: January; snow: 30 cm" in rain
    assert "# no heading" in rain
    assert "A line of HTML." in rain
    assert "alert" not in rain
    assert texts["Liechtenstein > Rain, 1"].endswith("Rain: Setext.")
    for chunk in chunks:
        assert chunk.licence == "CC BY 4.0"
        assert chunk.bbox == (9.52, 47.14, 9.52, 47.14)
        assert chunk.datetime == datetime(2019, 5, 31, tzinfo=UTC)
        assert chunk.type == "note"


def test_what_is_struck_out_is_not_told(tmp_path: Path) -> None:
    chunks, _ = read(
        written(tmp_path, "a.md", "~~People: *30,000*~~ People: 31,250. A ~ B\n\n| a |\n|-|\n| ~~1~~ 2 |\n")
    )
    assert [chunk.text for chunk in chunks] == ["People: 31,250. A ~ B\n\na\n2"]


def test_markdown_with_broken_front_matter_is_read_without_it(tmp_path: Path) -> None:
    laughs = "---\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n---\nThe text.\n"
    chunks, source = read(written(tmp_path, "a.md", laughs))
    assert [chunk.text for chunk in chunks] == ["The text."]
    assert "aliases" in source.problems[0].reason
    chunks, source = read(written(tmp_path, "b.md", "---\ntitle: B\nplace: nowhere\n---\nThe text.\n"))
    assert (chunks[0].text, chunks[0].bbox) == ("B: The text.", None)
    assert "nowhere" in source.problems[0].reason
    assert read(written(tmp_path, "c.md", "---\n\nA rule, no front matter."))[0][0].text.startswith("A rule")


def test_html(tmp_path: Path) -> None:
    chunks, _ = read(written(tmp_path, "lakes.html", PAGE))
    assert [(chunk.where, chunk.text) for chunk in chunks] == [
        (
            "Lakes, 1",
            "Lakes: The Gampriner Seele is small & deep.\n\nSecond paragraph.\n\none\ntwo\n\n"
            "name: Seele; area: 1.5 ha",
        ),
        ("Lakes > Water, 1", "Lakes > Water: text below"),
    ]


@pytest.mark.parametrize(
    ("page", "seen"),
    [
        ('<p>a<svg class="icon"/>b</p><p>c', "ab\n\nc"),
        ('<p>a</p><script src="x"/><p>b</p><div hidden/>c', "a\n\nb\n\nc"),
        ("<p hidden>no<div>yes</div>", "yes"),
        ("<p hidden>no<b>no<p>yes</p>", "yes"),
        ("<p hidden>no<ul><li>yes</ul>", "yes"),
        ("<p hidden>no<hr>yes", "yes"),
        ("<ul><li hidden>no<p>no<li>yes</ul>", "yes"),
        ("<table><tr hidden><td>no<tr><td>yes</table>", "yes"),
        ("<dl><dt hidden>no<dd>yes</dl>", "yes"),
        ("<div hidden><p>no<table><tr><td>no<div>no</div></table>no</div>yes", "yes"),
        ("<p>yes<del>no<b>no</b></del><s>no</s><p>", "yes"),
        ("<p hidden>no<button><div>no</div></button>no</p>yes", "yes"),
    ],
)
def test_what_hides_ends_where_browsers_end_it(tmp_path: Path, page: str, seen: str) -> None:
    chunks, _ = read(written(tmp_path, "a.html", page))
    assert [chunk.text.replace(" | ", "") for chunk in chunks] == [seen]


def test_html_that_is_called_text_and_says_its_encoding(tmp_path: Path) -> None:
    page = "<html><meta charset=shift_jis><p>東京タワー</p></html>".encode("shift_jis")
    chunks, source = read(written(tmp_path, "tower.txt", page))
    assert chunks[0].text == "東京タワー"
    assert "shift_jis" in source.problems[0].reason


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 100_000 + "deep",
        "<b>" * 1000 + "</i>" * 100_000 + "deep",
        "<p>" * 60_000 + "deep",
        "<p><table>" + "<b>" * 50_000 + "<div>" * 50_000 + "deep",
        "deep" + "<!--" * 200_000,
        "deep" + "<" * 200_000,
        "deep" + "<a " * 50_000,
        "deep" + "&#" * 100_000,
        "deep" + "<![CDATA[ >" * 100_000,
        "deep" + "<a x='>" * 50_001,
    ],
    ids=[
        "nested",
        "unmatched ends",
        "open paragraphs",
        "blocks far below one",
        "remarks",
        "angles",
        "attributes",
        "entities",
        "sections",
        "quotes",
    ],
)
def test_hostile_html_is_read_all_the_same(tmp_path: Path, page: str) -> None:
    assert any("deep" in chunk.text for chunk in read(written(tmp_path, "deep.html", page))[0])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    chunks, source = read(written(tmp_path, "a.txt", f"{mark}Straße am Fluß, 5 €".encode(encoding)))
    assert chunks[0].text == "Straße am Fluß, 5 €"
    assert chunks[0].where == "part 1"
    assert [problem.reason for problem in source.problems] == (
        ["is no UTF-8; read as cp1252"] if encoding == "cp1252" else []
    )


def test_plain_text_with_underlined_headings_and_lines_of_one_width(tmp_path: Path) -> None:
    text = (
        "Rivers\n======\n\nThe Rhine is the western border of the coun-\ntry, and its only large river; it was made\n"
        "straight after the flood of 1927.\n\nSmall ones\n----------\n1. Samina\n2. Lawena\n"
    )
    chunks, _ = read(written(tmp_path, "rivers.txt", text))
    assert [(chunk.where, chunk.text) for chunk in chunks] == [
        (
            "Rivers, 1",
            "Rivers: The Rhine is the western border of the country, and its only large river; it was made straight "
            "after the flood of 1927.",
        ),
        ("Rivers > Small ones, 1", "Rivers > Small ones: 1. Samina\n2. Lawena"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.md", b"", "holds no text"),
        ("a.txt", b"\x00\x01\x02" * 100, "is no text"),
        ("a.md", b" " * (2**22 + 1), "has more than 4 MiB"),
        ("a.html", b" " * (2**24 + 1), "has more than 16 MiB"),
        ("a.docx", b"PK\x03\x04", "is of no kind that can be read"),
        ("a.pdf", b"%PDF-1.4\n%%EOF", "is no PDF that can be read"),
        ("a.pdf", b"text", "is no PDF that can be read"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = written(tmp_path, name, content)
    with pytest.raises(RagError) as caught:
        list(read_source(path).chunks())
    assert str(caught.value).startswith(f"{path}: {reason}")
    assert "\n" not in str(caught.value)


def test_names_that_lead_nowhere(tmp_path: Path) -> None:
    with pytest.raises(RagError, match="no such file"):
        read_source(tmp_path / "absent.md")
    with pytest.raises(RagError, match="no UTF-8"):
        read_source("a\udcff.md")


# PDF


def pdf(pages: list[bytes], extra: bytes = b"", packed: bool = False) -> bytes:
    """A PDF of these drawings, one a page; `extra` goes into its resources."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for drawing in pages:
        body = zlib.compress(drawing) if packed else drawing
        filters = b"/Filter/FlateDecode" if packed else b""
        objects.append(b"<</Length %d%s>>stream\n%s\nendstream" % (len(body), filters, body))
        page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>%s>>>>"
        objects.append(page % (len(objects), extra))
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        count, table, count, len(out),
    )  # fmt: skip


def lines(*said: str) -> bytes:
    """A drawing of lines of text."""
    return b"BT /F 12 Tf 50 700 Td " + b" ".join(f"({one}) Tj 0 -14 Td".encode() for one in said) + b" ET"


def test_pdf_page_by_page(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    long = [f"Sentence number {number} is about the river Rhine." for number in range(40)]
    first = lines("The Rhine is the border of the small coun-", "try, and the only river of some size in it.")
    chunks, source = read(written(tmp_path, "rivers.pdf", pdf([first, b"", lines(*long)])))
    assert (source.kind, source.problems) == ("PDF", [])
    assert chunks[0].where == "page 1, 1"
    assert (
        chunks[0].text
        == "The Rhine is the border of the small country, and the only river of some size in it."
    )
    assert [chunk.where for chunk in chunks[1:]] == [f"page 3, {piece}" for piece in range(1, len(chunks))]
    assert len(chunks) > 2


def test_pdf_bombs_are_pages_that_cannot_be_read(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    bomb = b"BT /F 12 Tf (x) Tj ET " + b" " * 2**25
    chunks, source = read(written(tmp_path, "bomb.pdf", pdf([bomb, lines("sound")], packed=True)))
    assert [chunk.text for chunk in chunks] == ["sound"]
    assert source.problems[0].file.endswith("bomb.pdf, page 1")
    assert "4 MiB" in source.problems[0].reason


def test_pdf_that_is_encrypted(tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    writer = pypdf.PdfWriter(clone_from=written(tmp_path, "open.pdf", pdf([lines("secret")])))
    writer.encrypt("word", algorithm="RC4-128")
    writer.write(tmp_path / "closed.pdf")
    with pytest.raises(RagError, match="is encrypted; save it without a password"):
        list(read_source(tmp_path / "closed.pdf").chunks())


def test_pdf_without_pypdf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(RagError, match=r"pip install 'rsvlm\[documents\]'"):
        read(written(tmp_path, "a.pdf", pdf([lines("x")])))


def test_pdf_with_pages_of_pictures(tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    from PIL import Image

    Image.new("RGB", (60, 80)).save(tmp_path / "picture.pdf")
    writer = pypdf.PdfWriter(
        clone_from=written(tmp_path, "a.pdf", pdf([lines("The dam is 41 m high."), b""]))
    )
    writer.append(tmp_path / "picture.pdf")
    writer.write(tmp_path / "all.pdf")
    chunks, source = read(tmp_path / "all.pdf")
    assert [(chunk.where, chunk.text) for chunk in chunks] == [("page 1, 1", "The dam is 41 m high.")]
    [problem] = source.problems
    assert problem.file.endswith("all.pdf, page 3")
    assert "need OCR" in problem.reason


def test_pdf_of_pictures(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    with pytest.raises(RagError, match="need OCR"):
        list(read_source(written(tmp_path, "scan.pdf", pdf([b"0 0 m 9 9 l S"]))).chunks())


@pytest.mark.parametrize("charset", ["undefined", "unicode_escape", "Unicode-Escape", "idna", "utf-7"])
def test_a_charset_that_no_page_has_ends_nothing_and_changes_nothing(tmp_path: Path, charset: str) -> None:
    page = tmp_path / "a.html"
    page.write_bytes(f"<meta charset={charset}><p>caf\xe9 \\x41".encode("latin-1"))
    (chunk,) = read_source(page).chunks()
    assert chunk.text == "café \\x41"
