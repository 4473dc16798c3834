"""Tables in pages and Markdown are told row by row, each value with the name of its column."""

from pathlib import Path

import pytest
from seeing import without_images  # type: ignore[import-not-found] # beside this file

from rsvlm.rag import Evidence
from rsvlm.rag.composer.facts import fact
from rsvlm.rag.questions import understand
from rsvlm.rag.sources import read_source


def texts(folder: Path, content: str, name: str = "a.html") -> str:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return "\n\n".join(one.text for one in read_source(path).chunks())


@pytest.mark.parametrize(
    ("table", "told"),
    [
        # names of columns, in one row or two, some over several columns
        ("<tr><th>lake<th>area<tr><td>Moos<td>4", "lake: Moos; area: 4"),
        ("<thead><tr><td>lake<td>area<tbody><tr><td>Moos<td>4", "lake: Moos; area: 4"),
        ("<tr><th>lake<th>area<tr><th>Moos<td>4<tr><th>See<td>5", "lake: Moos; area: 4\nlake: See; area: 5"),
        (
            "<tr><th rowspan=2>lake<th colspan=2>level<tr><th>May<th>June<tr><td>Moos<td>4<td>5",
            "lake: Moos; level May: 4; level June: 5",
        ),
        ("<tr><th colspan=2>Table 1<tr><th>lake<th>area<tr><td>Moos<td>4", "lake: Moos; area: 4"),
        # values over several rows and columns
        (
            "<tr><th>land<th>lake<th>area<tr><td rowspan=2>Bern<td>Moos<td>4<tr><td>See<td>5",
            "land: Bern; lake: Moos; area: 4\nland: Bern; lake: See; area: 5",
        ),
        ("<tr><th>lake<th>May<th>June<tr><td>Moos<td colspan=2>4", "lake: Moos; May: 4; June: 4"),
        ("<tr><th>lake<th>area<tr><td colspan=2>Bern<tr><td>Moos<td>4", "Bern:\nlake: Moos; area: 4"),
        # names of columns end where their part of the table does
        (
            "<thead><tr><th>lake<th>min<th>max</tr></thead><tr><td>Moos<td>1<td>9</tr><tfoot><tr><td>all<td>1<td>9",
            "lake: Moos; min: 1; max: 9\nlake: all; min: 1; max: 9",
        ),
        (
            "<thead><tr><td><td colspan=2>rain<tr><td>lake<td>min<td>max</thead><tr><td>Moos<td>1<td>9",
            "lake: Moos; rain min: 1; rain max: 9",
        ),
        # lines within a cell
        ("<tr><th>lake<th>area<tr><td>Moos<br>(old)<td>412<br>1388", "lake: Moos (old); area: 412, 1388"),
        # cells with nothing in them count
        ("<tr><th>lake<th>area<th>depth<tr><td>Moos<td><td>12", "lake: Moos; depth: 12"),
        ("<tr><th><th>area<tr><td>Moos<td>4", "Moos; area: 4"),
        # names of rows
        ("<tr><th>Name:<td>Moos<tr><th>area<td>4<br>ha", "Name: Moos\narea: 4 ha"),
        # no names: what looks like them only where numbers stand below
        ("<tr><td>lake<td>area<td>by<tr><td>Moos<td>4 ha<td>Bern", "lake: Moos; area: 4 ha; by: Bern"),
        ("<tr><td>a<td>b<td>c<tr><td>d<td>e<td>f", "a | b | c\nd | e | f"),
        ("<tr><td>lake<td>Moos<tr><td>area<td>4", "lake | Moos\narea | 4"),
        # marks of the lines that values are told in
        ("<tr><th>lake<th>said: of<tr><td>Moos<td>deep; cold", "lake: Moos; said of: deep, cold"),
        # a page that is laid out in a table
        ("<tr><td><p>One.</p><p>Two.</p><td>Three.", "One.\n\nTwo.\n\nThree."),
        ("<caption>Lakes<tr><th>lake<th>area<tr><td>Moos<td>4", "Lakes\n\nlake: Moos; area: 4"),
        # spans that there cannot be
        ("<tr><th colspan=-1>lake<th rowspan=x>area<tr><td>Moos<td>4", "lake: Moos; area: 4"),
    ],
)
def test_tables_of_pages(tmp_path: Path, table: str, told: str) -> None:
    assert texts(tmp_path, f"<html><table>{table}</table>") == told


def test_a_page_with_headings_that_is_laid_out_in_a_table(tmp_path: Path) -> None:
    page = "<table><tr><td>menu<td><h1>Moos</h1>A lake.<table><tr><th>a<th>b<tr><td>1<td>2</table><h2>Mill</h2>Old."
    path = tmp_path / "a.html"
    path.write_text(page, encoding="utf-8")
    assert [one.text for one in read_source(path).chunks()] == [
        "menu", "Moos: A lake.\n\na: 1; b: 2", "Moos > Mill: Old.",
    ]  # fmt: skip


def test_tables_of_markdown(tmp_path: Path) -> None:
    table = "| lake | area |\n|---|--:|\n| Moos | 4 **ha** |\n| a \\| b | |\n\nBelow."
    assert texts(tmp_path, table, "a.md") == "lake: Moos; area: 4 ha\nlake: a | b\n\nBelow."


def test_elements_of_html_in_markdown_part_what_they_part_on_a_page(tmp_path: Path) -> None:
    table = "| lake | area |\n|---|---|\n| Moos | 412<br>1388 |\n| See<br/>(new) | 1<b>2</b><!-- 3 --> |\n\n"
    assert texts(tmp_path, table, "a.md") == "lake: Moos; area: 412, 1388\nlake: See (new); area: 12"
    assert texts(tmp_path, "First 95<br>97 m, a < b & c.", "a.md") == "First 95\n97 m, a < b & c."
    assert texts(tmp_path, "Some 10<sup>6</sup> of 5,696<sup>2</sup>", "a.md") == "Some 10^6 of 5,696 (2)"
    assert texts(tmp_path, "a<td>b</td>c<p>d</p>e", "a.md").split() == ["a", "b", "c", "d", "e"]


def test_what_is_made_to_be_costly_is_not(tmp_path: Path) -> None:
    wide = "<table>" + "<tr><td rowspan=65534 colspan=65534>a" * 3000 + "</table>"
    assert len(texts(tmp_path, wide)) < 2_000_000
    deep = "<table><tr><td>" * 3000 + "word " * 3000
    assert texts(tmp_path, deep).count("word") == 3000


def test_a_value_of_a_table_answers(tmp_path: Path) -> None:
    page = (
        "<h1>Lakes</h1><table><tr><th>No.<th>lake<th>area<th>depth<tr><td>1<td>Moos<td>4 ha<td>12 m"
        "<tr><td>2<td>Grünsee<td>7 ha<td>"
    )
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    evidence = [
        Evidence(n, one, score=1.0) for n, one in enumerate(read_source(tmp_path / "a.html").chunks(), 1)
    ]

    def short(question: str) -> str:
        [asked] = understand(question)
        return fact(asked, without_images(lambda *_: evidence)).short

    assert short("What is the depth of Moos?") == "12 m"
    assert short("How large is Grünsee?") == "7 ha"
    assert short("How deep is Grünsee?") == ""
