"""Questions of fact to documents whose headings, columns and paragraphs are named in more words than one."""

from pathlib import Path

import pytest
from seeing import without_images  # type: ignore[import-not-found] # beside this file

from rsvlm.rag import Evidence
from rsvlm.rag.composer.facts import fact
from rsvlm.rag.composer.statements import headed, statements_of
from rsvlm.rag.questions import understand
from rsvlm.rag.sources import read_source

DOCUMENTS: tuple[tuple[str, str, dict[str, str | None]], ...] = (
    (
        "years below the names of columns",
        ";Barley;Barley;Grass\nMunicipality;2021 (t);2022 (t);2022 (ha)\nBrennock;3.140;2.870;1.420\n"
        "Hovde;410;395;2.980\n",
        {
            "What was the barley of Brennock in 2022?": "2.870",
            "What was the barley of Hovde in 2021?": "410",
            "What was the barley of Brennock?": None,
        },
    ),
    (
        "a row for each value",
        "place,date,variable,value,unit\nDunmore,2021-05-03,turbidity,12,NTU\nDunmore,2021-06-03,turbidity,19,NTU\n"
        "Dunmore,2021-05-03,pH,7.9,\nKelso,2021-05-03,turbidity,33,NTU\n",
        {
            "What was the turbidity at Dunmore in June 2021?": "19 NTU",
            "What was the turbidity at Kelso?": "33 NTU",
            "What was the pH at Dunmore?": "7.9",
            "What was the pH at Kelso?": None,
            "What was the turbidity at Dunmore in July 2021?": None,
        },
    ),
    (
        "paragraphs that begin with a word and a colon",
        "# Town\n\nEnglish: The botanical garden is closed on Mondays. It was designed by Elise Brandt and opened in "
        "1908. The football stadium holds 14,500 spectators.\n\n5 October: Heavy rain. The Vesla rose by 1.6 metres "
        "in nine hours and flooded 23 cellars in Hovde. Nobody was hurt.\n\n18 October: Anna Moe, 101 years old, "
        "planted a lime tree. It is small.\n\nMaterial: Timber and brick.\n",
        {
            "How many spectators does the football stadium hold?": "14,500",
            "How many spectators does the botanical garden hold?": None,
            "When was the football stadium opened?": None,
            "Who designed the football stadium?": None,
            "How many cellars were flooded in Hovde?": "23",
            "How old is Anna Moe?": "101 years old",
            "What is the material?": "Timber and brick.",
        },
    ),
    (
        "a title with a colon, headings with numbers",
        "# Brennock: Annual Report 2023\n\n## 1. Population: housing\n\nAt the end of 2023 Brennock had "
        "18,412 inhabitants. During the year 117 dwellings were completed. In 2022 only 64 dwellings had been "
        "completed.\n",
        {
            "How many inhabitants did Brennock have at the end of 2023?": "18,412 inhabitants",
            "How many dwellings were completed in Brennock in 2022?": "64",
        },
    ),
)
"""What a document has, its text, and questions with what is to be told; None: "I don't know"."""


@pytest.mark.parametrize(("name", "text", "asked"), DOCUMENTS)
def test_documents(tmp_path: Path, name: str, text: str, asked: dict[str, str | None]) -> None:
    path = tmp_path / f"a.{'csv' if text.startswith((';', 'place,')) else 'md'}"
    path.write_text(text, encoding="utf-8")
    evidence = [Evidence(n, one, score=1 / (n + 20)) for n, one in enumerate(read_source(path).chunks(), 1)]
    told = {}
    for question in asked:
        [one] = understand(question)
        found = fact(one, without_images(lambda *_: evidence))
        told[question] = found.short if found.known else None
    assert told == asked


def test_headings_with_colons_and_numbers() -> None:
    where = "Brennock: Report 2023 > 1. Water: supply, 2"
    text = "Brennock: Report 2023 > 1. Water: supply: Depth: 4\nIt is cold."
    assert headed(text, where) == ("Brennock: Report 2023 > 1. Water: supply", "Depth: 4\nIt is cold.")
    assert headed("a: b", "row 1") == ("", "a: b")
    name = "The yearly report on all the waters of the county: " * 4
    assert headed(f"{name}end: It rained.", name[:160]) == (f"{name}end", "It rained.")
    assert [one.text for one in statements_of("1. Water\n1. It rains.(2) The lake rose.")] == [
        "1. Water",
        "1. It rains.",
        "The lake rose.",
    ]


def test_a_value_is_told_with_its_unit_and_what_its_row_is_of(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "no,station,year,level_cm,state\n7,Moor End,2021,317,good\n7,Moor End,2022,318,bad in 2022\n",
        encoding="utf-8",
    )
    evidence = [Evidence(n, one, score=1 / (n + 20)) for n, one in enumerate(read_source(path).chunks(), 1)]
    told = []
    for question in ("What was the level of Moor End in 2022?", "What was the state of Moor End in 2021?"):
        [asked] = understand(question)
        told.append(fact(asked, without_images(lambda *_: evidence)).text)
    assert told == [
        "318 cm: \u201clevel cm: 318\u201d (station: Moor End; year: 2022)",
        "good: \u201cstate: good\u201d (station: Moor End; year: 2021)",
    ]
