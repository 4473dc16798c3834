"""Tables and pages as people have them: months in columns of their own, raised digits, empty cells, odd bytes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rsvlm.rag import Chunk, KnowledgeBase, VisualQuestionAnswerer
from rsvlm.rag.sources import Source, read_source


def read(folder: Path, name: str, content: str | bytes) -> tuple[list[Chunk], Source]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    source = read_source(path)
    return list(source.chunks()), source


@pytest.mark.parametrize(
    ("head", "values", "found"),
    [
        ("year,month", "2019,6", datetime(2019, 6, 1, tzinfo=UTC)),
        ("year,month,day", "2019,06,30", datetime(2019, 6, 30, tzinfo=UTC)),
        ("year,month", "2019,June", datetime(2019, 6, 1, tzinfo=UTC)),
        ("year,month", "2019,", datetime(2019, 1, 1, tzinfo=UTC)),
        ("year,month", "2019,summer", None),
        ("date,month", "2019-05-31,7", datetime(2019, 5, 31, tzinfo=UTC)),
    ],
)
def test_months_in_columns_of_their_own(tmp_path: Path, head: str, values: str, found: Any) -> None:
    (chunk,), _ = read(tmp_path, "a.csv", f"name,{head},level\nAlpha,{values},7\n")
    assert chunk.datetime == found


def test_a_value_of_another_month_is_no_answer(tmp_path: Path) -> None:
    rows = "id,year,month,temperature\nST-17,2019,5,13.2\nST-17,2019,6,17.1\nST-18,2019,,9.4\n"
    (tmp_path / "stations.csv").write_text(rows, "utf-8")
    answerer = VisualQuestionAnswerer(
        KnowledgeBase.build([tmp_path / "stations.csv"], tmp_path / "base", None)
    )
    assert answerer.ask(None, "What was the temperature at ST-17 in May 2019?").short == "13.2"
    assert answerer.ask(None, "What was the temperature at ST-17 in June 2019?").short == "17.1"
    assert answerer.ask(None, "What was the temperature at ST-17 in January 2019?").abstained
    assert answerer.ask(None, "What was the temperature at ST-18 in January 2019?").abstained


@pytest.mark.parametrize("column", ["name", "id"])
def test_what_a_row_is_of_is_no_answer(tmp_path: Path, column: str) -> None:
    rows = f"{column},year,month,level m\nAlphadorf,2020,5,5.5\nAlphadorf,2020,6,6.5\n"
    (tmp_path / "t.csv").write_text(rows, "utf-8")
    answerer = VisualQuestionAnswerer(KnowledgeBase.build([tmp_path / "t.csv"], tmp_path / "base", None))
    assert answerer.ask(None, "What was the level at Alphadorf in June 2020?").short == "6.5"
    assert answerer.ask(None, "What was the salinity at Alphadorf in June 2020?").abstained


def test_what_an_id_names_is_found_by_it(tmp_path: Path) -> None:
    rows = [f"WELL-{number},{number + 0.5}" for number in range(40)]
    chunks, _ = read(tmp_path, "wells.csv", "\n".join(["id,depth_m", *rows, "77,3"]))
    assert chunks[17].text == "WELL-17: depth m: 17.5"
    assert chunks[-1].text == "depth m: 3"  # a number that names nothing
    base = KnowledgeBase.build([tmp_path / "wells.csv"], tmp_path / "base", None)
    assert base.search("depth of WELL-17")[0].chunk.where == "id WELL-17"


def test_raised_digits_stay_out_of_numbers(tmp_path: Path) -> None:
    page = "<p>It has 5,696<sup>2</sup> people, 17 km<sup>2</sup> and 10<sup>6</sup> trees."
    (chunk,), _ = read(tmp_path, "a.html", page)
    assert "5,696 (2) people, 17 km2 and 10^6 trees" in chunk.text


def test_empty_cells_of_pages_keep_their_place(tmp_path: Path) -> None:
    rows = (("Lake", "Depth", "Area"), ("Alpha", "", "5"), ("", "7", "9"), ("Beta", "8", ""))
    table = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    (chunk,), _ = read(tmp_path, "a.html", f"<table>\n{table}</table>")
    lines = [[cell.strip() for cell in line.split("|")] for line in chunk.text.split("\n") if line]
    assert lines == [list(row) for row in rows]


def test_bytes_that_are_no_utf_8_far_down(tmp_path: Path) -> None:
    rows = "name,depth\n" + "".join(f"Lake {number},{number}\n" for number in range(6000))
    chunks, source = read(tmp_path, "a.csv", rows.encode() + "Zürichsee,136\n".encode("latin-1"))
    assert chunks[-1].text == "name: Zürichsee; depth: 136"
    assert any("no UTF-8" in str(problem) for problem in source.problems)


@pytest.mark.parametrize(
    "content",
    ["sep=;\nname;depth, m\nAlpha;5,5\n", "name;depth, m\nAlpha;5,5\n", '"name";"depth, m"\n"Alpha";"5,5"\n'],
)
def test_what_is_between_cells(tmp_path: Path, content: str) -> None:
    (chunk,), source = read(tmp_path, "a.csv", content)
    assert chunk.text == "name: Alpha; depth, m: 5,5"
    assert source.problems == []


def test_a_row_with_an_empty_note_is_put_in_words(tmp_path: Path) -> None:
    chunks, _ = read(tmp_path, "a.csv", "name,notes,depth\nAlpha,,12\nBeta,cold,7\n")
    assert [chunk.text for chunk in chunks] == ["name: Alpha; depth: 12", "Beta: cold\nname: Beta; depth: 7"]


def test_the_list_of_objects_among_others(tmp_path: Path) -> None:
    chunks, _ = read(tmp_path, "a.json", '{"stations": [{"name": "Alpha", "depth": 4}], "notes": ["x", "y"]}')
    assert [chunk.text for chunk in chunks] == ["name: Alpha; depth: 4", "x\n\ny"]
