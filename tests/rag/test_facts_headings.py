"""Questions of fact to documents whose headings, columns and paragraphs are named in more words than one."""

from pathlib import Path

import pytest

from rsvlm.rag import Evidence
from rsvlm.rag.composer.facts import fact
from rsvlm.rag.composer.finding import Scene
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
)
"""What a document has, its text, and questions with what is to be told; None: "I don't know"."""


@pytest.mark.parametrize(("name", "text", "asked"), DOCUMENTS)
def test_documents(tmp_path: Path, name: str, text: str, asked: dict[str, str | None]) -> None:
    path = tmp_path / f"a.{'csv' if text.startswith(';') else 'md'}"
    path.write_text(text, encoding="utf-8")
    evidence = [Evidence(n, one, score=1 / (n + 20)) for n, one in enumerate(read_source(path).chunks(), 1)]
    told = {}
    for question in asked:
        [one] = understand(question)
        found = fact(one, Scene((), None, None, None, lambda *_: evidence))
        told[question] = found.short if found.known else None
    assert told == asked
