"""What other columns say beside a text, and rows that are too wide for one piece."""

import json
from pathlib import Path

import pytest
from seeing import without_images  # type: ignore[import-not-found] # beside this file

from rsvlm.rag import Chunk, Evidence
from rsvlm.rag.composer.facts import fact
from rsvlm.rag.questions import understand
from rsvlm.rag.sources import read_source
from rsvlm.rag.sources.splitting import LONGEST, words


def chunks_of(folder: Path, name: str, content: str) -> list[Chunk]:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return list(read_source(path).chunks())


def short(chunks: list[Chunk], question: str) -> str:
    evidence = [Evidence(number, one, score=1.0) for number, one in enumerate(chunks, 1)]
    [asked] = understand(question)
    return fact(asked, without_images(lambda *_: evidence)).short


def test_other_columns_are_told_below_a_text(tmp_path: Path) -> None:
    table = (
        "name,elevation_m,ndvi,notes\nAlder,412,0.4,replaced sensor\nBirch,1388,-0.2,\nCedar,95,0.1,flooded\n"
    )
    chunks = chunks_of(tmp_path, "a.csv", table)
    assert [one.text for one in chunks] == [
        "Alder: replaced sensor\nname: Alder; elevation m: 412; ndvi: 0.4",
        "name: Birch; elevation m: 1388; ndvi: -0.2",
        "Cedar: flooded\nname: Cedar; elevation m: 95; ndvi: 0.1",
    ]
    assert short(chunks, "What is the elevation of Alder?") == "412"
    assert short(chunks, "What is the NDVI of Cedar?") == "0.1"


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"id": "W-7", "notes": "dry", "depth": 4}, "W-7: dry\ndepth: 4"),
        ({"id": 7, "notes": "dry", "depth": 4}, "dry\ndepth: 4"),
        # what says of which row, file or part of a dataset a text is
        ({"id": "W-7", "text": "A lake.", "doc_id": 3, "split": "train", "page": "http://x.org/a"}, "A lake."),
        ({"text": "A lake.", "scan": "scans/a/7.tif", "sha256": "ab"}, "A lake."),
        ({"text": "A lake.", "date": "2019-05-31", "title": "Moos"}, "Moos: A lake."),
        # captions of an image, and a text with an image
        ({"image": "a.png", "caption": "A lake.", "width": 512}, "A lake."),
        ({"image": "a.png", "notes": "dry", "depth": 4}, "dry\ndepth: 4"),
    ],
)  # fmt: skip
def test_what_is_told_beside_a_text(tmp_path: Path, row: dict[str, object], text: str) -> None:
    [chunk] = chunks_of(tmp_path, "a.json", json.dumps([row]))
    assert chunk.text == text


def test_each_piece_of_a_wide_row_says_of_what_it_is(tmp_path: Path) -> None:
    names = ["number", "station", *(f"band_{number}" for number in range(200)), "salinity"]
    rows = [["7", name, *(f"1.{number:03}" for number in range(201))] for name in ("Alder", "Birch")]
    chunks = chunks_of(tmp_path, "a.csv", "\n".join(map(",".join, [names, *rows])))
    assert len(chunks) > 6
    for one in chunks:
        name = "Alder" if one.where.startswith("row 1") else "Birch"
        assert one.text.startswith(f"number: 7; station: {name}; band ")
        assert words(one.text) <= LONGEST
    assert sum(one.text.count("band ") for one in chunks) == 400
    assert short(chunks, "What is the salinity of Birch?") == "1.200"
    assert short(chunks, "What is the salinity of Cedar?") == ""


def test_each_piece_of_a_long_cell_says_of_what_it_is(tmp_path: Path) -> None:
    row = {"site": "Alder", "depths": list(range(300))}
    chunks = chunks_of(tmp_path, "a.json", json.dumps([row]))
    assert len(chunks) > 2
    assert chunks[0].text.startswith("site: Alder; depths: 0, 1, 2")
    assert all(one.text.startswith("site: Alder; depths: ") for one in chunks)


def test_each_piece_of_a_wide_row_of_a_document_says_of_what_it_is(tmp_path: Path) -> None:
    cells = [f"<th>band {number}" for number in range(120)], [f"<td>{number}.5" for number in range(120)]
    page = f"<h1>Bands</h1><table><tr><th>plot{''.join(cells[0])}<tr><td>Alder{''.join(cells[1])}</table>"
    chunks = chunks_of(tmp_path, "a.html", page)
    assert len(chunks) > 3
    assert all(one.text.startswith("Bands: plot: Alder; band ") for one in chunks)
