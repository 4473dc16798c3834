"""Captions scored by set: conventions, unanswered items, what is written down."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rsvlm.eval import EvalError, load_result
from rsvlm.eval.text import score_captions
from rsvlm.eval.text.scores import COCO_METRICS, METRICS, Convention
from rsvlm.eval.text.tokens import coco_tokens

REFERENCES = [
    ["Many green trees are around a lake.", "A lake is in the forest."],
    ["Some houses stand near a road.", "The road runs past dwellings."],
    ["A big stadium.", "There is a stadium."],
]
CONVENTIONS: tuple[Convention, ...] = ("coco", "rs-rag")
NAMES = {"coco": COCO_METRICS, "rs-rag": METRICS}


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_identical(convention: Convention, small_wordnet: Path) -> None:
    scored = score_captions([group[0] for group in REFERENCES], REFERENCES, convention)
    assert tuple(scored.metrics) == NAMES[convention]
    for name in ("bleu1", "rouge_l"):
        assert scored.metrics[name] == pytest.approx(1)
    assert 0.9 < scored.metrics[NAMES[convention][4]] < 1  # its penalty for a single run of matches stays
    assert scored.metrics["cider"] > 3
    assert scored.items.num_rows == 3
    assert scored.comparable == (convention == "coco")  # RS-RAG has one reference of an item
    assert any("up to 2 references" in note for note in scored.notes) == (convention == "rs-rag")


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_all_wrong(convention: Convention, small_wordnet: Path) -> None:
    scored = score_captions(["zzz", "qqq ppp", "xx"], REFERENCES, convention)
    assert all(value == pytest.approx(0, abs=1e-6) for value in scored.metrics.values())


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_unanswered_stay_in_the_mean(convention: Convention, small_wordnet: Path) -> None:
    texts = [group[0] for group in REFERENCES]
    whole = score_captions(texts, REFERENCES, convention)
    part = score_captions([texts[0], None, " "], REFERENCES, convention)
    for name in NAMES[convention][4:]:
        assert part.metrics[name] == pytest.approx(whole.items[name][0].as_py() / 3)
    assert part.metrics["bleu1"] < 0.5
    assert part.items["unanswered"].to_pylist() == [False, True, True]
    result = part.result("lakes")
    assert (result.task, result.name, result.n, result.n_unanswered) == ("captions", "lakes", 3, 2)


def test_case_and_stops_matter_to_one_convention(small_wordnet: Path) -> None:
    texts = ["many green trees are around a lake", "some houses stand near a road", "a big stadium"]
    assert score_captions(texts, REFERENCES, "coco").metrics["bleu4"] == pytest.approx(1, abs=1e-6)
    assert score_captions(texts, REFERENCES, "rs-rag").metrics["bleu4"] < 0.8


def test_bleu_is_of_the_set_or_a_mean(small_wordnet: Path) -> None:
    texts = ["A lake", "Some houses stand near a road.", "stadium"] * 4
    coco, rs_rag = (score_captions(texts, REFERENCES * 4, convention) for convention in CONVENTIONS)
    assert coco.metrics["bleu2"] != pytest.approx(sum(coco.items["bleu2"].to_pylist()) / 12)
    assert rs_rag.metrics["bleu2"] == pytest.approx(sum(rs_rag.items["bleu2"].to_pylist()) / 12)
    assert set(coco.result("x").intervals) == {"meteor_nltk", "rouge_l", "cider"}
    assert set(rs_rag.result("x").intervals) == set(METRICS)


def test_answers_taken_away_are_told_of_beside_corpus_bleu() -> None:
    said = [group[0] for group in REFERENCES]
    assert not any(
        "length penalty" in note for note in score_captions(said, REFERENCES, synonyms=False).notes
    )
    scored = score_captions([*said[:-1], None], REFERENCES, synonyms=False)
    assert any(note.startswith("1 items without an answer") for note in scored.notes)


def test_synonyms(small_wordnet: Path) -> None:
    answers, references = ["a near house"], [["a close dwell"]]
    with_them = score_captions(answers, references)
    without = score_captions(answers, references, synonyms=False)
    assert with_them.metrics["meteor_nltk"] > without.metrics["meteor_nltk"]
    assert with_them.config["meteor"]["synonyms"] == "WordNet 3.0"
    assert without.config["meteor"]["synonyms"] is None
    assert not without.comparable
    assert any("without synonyms" in note for note in without.notes)


def test_texts_of_all_kinds(small_wordnet: Path, tmp_path: Path) -> None:
    texts = ["湖边有许多树", "\ud800 half a pair", "x" * 100_000, "\u0130\n\u2028 '' \0"]
    scored = score_captions(texts, [[text] for text in texts], keys=["a", "b", "Þórsmörk.png", "d"])
    assert scored.metrics["bleu1"] == pytest.approx(1)
    scored.result("odd").save(tmp_path / "odd.json")
    read = load_result(tmp_path / "odd.json")
    assert read.items is not None
    assert read.items["key"].to_pylist() == ["a", "b", "Þórsmörk.png", "d"]
    assert read.items["answer"].to_pylist()[:2] == ["湖边有许多树", "? half a pair"]


def test_a_megabyte_of_words(small_wordnet: Path) -> None:
    for convention in CONVENTIONS:
        scored = score_captions(["a lake " * 150_000, "a lake"], ["a lake", "a sea"], convention)
        assert 0 < scored.items["rouge_l"][0].as_py() < 0.01


def test_one_item(small_wordnet: Path) -> None:
    scored = score_captions(["a lake"], [["a lake"]])
    assert scored.metrics["cider"] == 0
    assert any("single item" in note for note in scored.notes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], []), "nothing to score"),
        ((["a"], [[]]), "item 0 has no reference"),
        ((["a"], [["a"], ["b"]]), "1 predictions and 2 lists"),
        ((["a"], [["a"]], "spice"), "'spice' is no convention for captions: take one of coco, rs-rag"),
    ],
)
def test_told(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(EvalError, match=message):
        score_captions(*arguments, synonyms=False)  # type: ignore[arg-type]


def test_keys_are_one_each() -> None:
    with pytest.raises(EvalError, match="1 predictions and 2 keys"):
        score_captions(["a"], [["a"]], keys=["x", "y"], synonyms=False)


def test_real_captions_against_pycocoevalcap(data_dir: Path) -> None:
    """The first caption of every image of UCM's validation images, by the other four."""
    bleu, rouge, cider = (
        pytest.importorskip(f"pycocoevalcap.{name}.{name}") for name in ("bleu", "rouge", "cider")
    )
    table = pq.read_table(next((data_dir / "ucm").glob("validation*.parquet")), columns=["captions"])
    groups = table["captions"].to_pylist()
    scored = score_captions([group[0] for group in groups], [group[1:] for group in groups], synonyms=False)
    golds = {at: [" ".join(coco_tokens(text)) for text in group[1:]] for at, group in enumerate(groups)}
    answers = {at: [" ".join(coco_tokens(group[0]))] for at, group in enumerate(groups)}
    expected = [
        *bleu.Bleu(4).compute_score(golds, answers, verbose=0)[0],
        rouge.Rouge().compute_score(golds, answers)[0],
        cider.Cider().compute_score(golds, answers)[0],
    ]
    assert [scored.metrics[name] for name in (*METRICS[:4], "rouge_l", "cider")] == pytest.approx(
        expected, abs=1e-9
    )
    # With Java's tokeniser in front these are the values too.
    assert expected == pytest.approx([0.832487, 0.777839, 0.731441, 0.685839, 0.702857, 3.436069], abs=1e-6)
