"""RS-RAG's files: its published numbers to the last digit, and all that is odd in the files."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rsvlm.eval import EvalError, EvalResult, load_result
from rsvlm.eval.rsrag import COLUMNS, run_of, score_rsrag
from rsvlm.eval.rsrag_files import read_rsrag
from rsvlm.eval.text import WordNet

CHOICE = "<image>What is it? Answer from the following 3 categories: Park, Beach."
NOTHING = object()


def row(gold: str, prediction: object = NOTHING, question: str = "<image>What?") -> dict[str, Any]:
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": gold}]
    made: dict[str, Any] = {"messages": messages, "images": ["a.png"]}
    return made if prediction is NOTHING else made | {"prediction": prediction}


def write(path: Path, rows: Sequence[dict[str, Any] | str]) -> Path:
    lines = [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def published(folder: Path, kind: str) -> dict[str, dict[str, str]]:
    with (folder / f"published_{kind}.csv").open(encoding="utf-8", newline="") as opened:
        return {row["model"]: row for row in csv.DictReader(opened)}


def csv_row(result: EvalResult) -> dict[str, str]:
    """A row of RS-RAG's table of results: names, the number of items, and metrics cut, not rounded, to 4 decimals."""
    run = dict(result.config["run"])
    if result.task == "classification":
        classes = result.groups["class"].items()
        per_class = " | ".join(f"{name}:{truncate(group['accuracy'])}" for name, group in classes)
        scores = {"Accuracy": truncate(result.metrics["Accuracy"]), "Per-Class Accuracy": per_class}
    else:
        run |= {name: truncate(float(run[name])) for name in ("imgw", "textw") if run[name]}
        scores = {column: truncate(result.metrics[column]) for column in COLUMNS.values()}
    return {**run, "total_entries": str(result.n), **scores}


def truncate(value: float) -> str:
    """4 decimals of a number, the rest cut off after it was rounded to 10, as RS-RAG's scripts write numbers."""
    return f"{value:.10f}"[:-6]


@pytest.mark.parametrize("model", ["geochat", "llama"])
def test_published_answers_to_questions(rswk: Path, real_wordnet: WordNet, model: str) -> None:
    result = score_rsrag(rswk / "answers_vqa" / f"RSWK_answer_{model}.jsonl")
    assert csv_row(result) == published(rswk, "vqa")[model]
    assert result.comparable
    assert result.name == "rswk-vqa"


def test_digits_behind_the_published_ones(rswk: Path, real_wordnet: WordNet) -> None:
    metrics = score_rsrag(rswk / "answers_vqa" / "RSWK_answer_llama.jsonl", "strict").metrics
    expected = (0.10163878, 0.04182311, 0.02691429, 0.01916436, 0.08177518, 0.18683438, 0.15348619)
    assert list(metrics.values())[:7] == pytest.approx(expected, abs=1e-8)
    assert metrics["Exact match"] == 106 / 5242


def test_without_synonyms_it_is_said(rswk: Path) -> None:
    result = score_rsrag(rswk / "answers_vqa" / "RSWK_answer_geochat.jsonl", synonyms=False)
    assert result.metrics["METEOR"] == pytest.approx(0.06888608, abs=1e-8)
    assert not result.comparable
    assert any("without synonyms" in note for note in result.notes)


@pytest.mark.parametrize("model", ["geochat", "intervl", "janus"])
def test_published_classification(rswk: Path, model: str) -> None:
    result = score_rsrag(rswk / "answers_classification" / f"RSWK_answer_{model}.jsonl")
    assert csv_row(result) == published(rswk, "classification")[model]
    assert result.notes == [
        "the prompt names 16 categories but lists 14",
        "200 items have an answer that their prompt does not list, and are kept: Casino (100), Tower (100)",
    ]


def test_texts_in_place_of_lists(rswk: Path) -> None:
    read = read_rsrag(rswk / "vqa_c_full_test_4501.json")
    malformed = ["Karađorđe's Park", "Spire of Dublin", "St Paul's Cathedral, Melbourne", "Pier Arts Centre"]
    assert [text.partition(":")[0] for text in read.malformed] == malformed
    assert sum(item.image != "Sharjah Cricket Stadium" for item in read.items) == 4501
    assert len(read.items) == 4501 + 13
    assert read.notes == ("5 images have a text in place of a list of questions",)
    with pytest.raises(EvalError, match="holds questions only"):
        score_rsrag(rswk / "vqa_c_full_test_4501.json")


def test_classes_that_the_prompt_does_not_list(rswk: Path) -> None:
    read = read_rsrag(rswk / "image_classification_full_test_2993.jsonl")
    assert len(read.items) == 2993
    assert len({item.gold.lower() for item in read.items}) == 48
    (note,) = read.notes
    assert note.startswith(
        "35 items have an answer that their prompt does not list, and are kept: Natural Site (3), "
    )


def test_names_survive(rswk: Path) -> None:
    images = {item.image for item in read_rsrag(rswk / "vqa_rsk_full_test_2993.jsonl").items}
    assert "Þórsmörk.png" in images
    assert any(
        'Estadio Monumental "U".png' in item.image
        for item in read_rsrag(rswk / "image_vqa_mini_test_5242.jsonl").items
    )


def test_pairs_left_out_and_kept(tmp_path: Path, small_wordnet: Path) -> None:
    rows = [
        row("a lake", "a lake"),
        row("a road", ""),
        row("a house", None),
        row("", "a sea"),
        row("a big park"),
    ]
    path = write(tmp_path / "RSWK_answer_mine.jsonl", rows)
    theirs, strict = score_rsrag(path), score_rsrag(path, "strict")
    assert (theirs.n, theirs.n_unanswered, theirs.n_failed) == (1, 3, 1)
    assert (strict.n, strict.n_unanswered, strict.n_failed) == (5, 3, 1)
    assert theirs.metrics["BLEU-1"] == theirs.metrics["ROUGE-L"] == 1
    assert strict.metrics["BLEU-1"] == strict.metrics["ROUGE-L"] == strict.metrics["Accuracy"] == 1 / 5
    assert "4 of 5 items lack a gold or an answer and are in no mean, as in RS-RAG's script" in theirs.notes
    assert csv_row(theirs)["total_entries"] == "1"
    assert not strict.comparable


def test_bleu3_weighs_less_than_a_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "RSWK_answer_mine.jsonl", [row("a b c d e", "a b c x y")])
    precisions = 3 / 5 * 2 / 4 * 1 / 3
    assert score_rsrag(path, synonyms=False).metrics["BLEU-3"] == pytest.approx(precisions**0.33)


def test_classes(tmp_path: Path) -> None:
    rows = [
        row(gold, prediction, CHOICE)
        for gold, prediction in [
            ("Park", " park\n"), ("Park", "Beach"), ("beach", "a beach"), ("Zoo", "zoo"), ("Park", None), ("", "park"),
        ]
    ]  # fmt: skip
    path = write(tmp_path / "RSWK_answer_mine_rag_imgw0.3_topk5.jsonl", rows)
    theirs, strict = score_rsrag(path), score_rsrag(path, "strict")
    assert theirs.groups["class"] == {
        "park": {"accuracy": 1 / 3, "n": 3}, "beach": {"accuracy": 0.0, "n": 1}, "zoo": {"accuracy": 1.0, "n": 1},
    }  # fmt: skip
    assert theirs.metrics == {"Accuracy": 2 / 5}
    assert strict.metrics == {"Accuracy": 2 / 6, "Balanced accuracy": pytest.approx(4 / 9)}
    assert (strict.n, strict.n_unanswered, strict.n_failed) == (6, 1, 1)
    assert csv_row(theirs) == {
        "dataset": "RSWK", "model": "mine", "rag": "rag", "imgw": "0.3", "textw": "0.7", "topk": "5",
        "total_entries": "5", "Accuracy": "0.4000", "Per-Class Accuracy": "park:0.3333 | beach:0.0000 | zoo:1.0000",
    }  # fmt: skip
    assert theirs.confusion is not None
    assert theirs.confusion["names"] == ["park", "beach", "zoo", "(none of these)"]
    assert theirs.confusion["counts"] == [[1, 1, 0, 1], [0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert "the prompt names 3 categories but lists 2" in theirs.notes


def test_broken_lines(tmp_path: Path) -> None:
    rows: list[dict[str, Any] | str] = [
        row("yes", "yes"),
        '{"messages": [',
        "7",
        {"images": []},
        row("yes", ["a", "list"]),
        row("12", 12),
    ]
    path = write(tmp_path / "RSWK_answer_mine.jsonl", rows)
    read = read_rsrag(path)
    assert [text.partition(" is ")[0].partition(" has ")[0] for text in read.malformed] == [
        "line 2:", "line 3:", "line 4:", "line 5:",
    ]  # fmt: skip
    strict = score_rsrag(path, "strict", synonyms=False)
    assert (strict.n, strict.n_failed, strict.metrics["Accuracy"]) == (6, 4, 2 / 6)
    assert sum("malformed and wrong: line" in note for note in strict.notes) == 4
    theirs = score_rsrag(path, synonyms=False)
    assert theirs.n == 2
    assert not theirs.comparable
    strict.save(tmp_path / "result.json")
    stored = load_result(tmp_path / "result.json").items
    assert stored is not None
    assert stored["error"].to_pylist()[4] == "has a list as prediction"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "holds no questions"),
        (["nonsense"], "has no line of RS-RAG's shape; line 1 is no JSON"),
        ([row("a")], "holds questions only: no row has a prediction"),
        ([row("a", "")], "nothing is left to score: none of 1 items has both a gold and an answer"),
        ([row("", "park", CHOICE)], "nothing is left to score: none of 1 items has a gold"),
        ([row("a", "b"), row("park", "park", CHOICE)], "score them apart, or say which task"),
    ],
)
def test_told(tmp_path: Path, rows: list[dict[str, Any] | str], message: str) -> None:
    with pytest.raises(EvalError, match=message):
        score_rsrag(write(tmp_path / "RSWK_answer_mine.jsonl", rows), synonyms=False)


def test_modes(tmp_path: Path) -> None:
    path = write(tmp_path / "RSWK_answer_mine.jsonl", [row("a", "b"), row("park", "park", CHOICE)])
    with pytest.raises(EvalError, match="'lenient' is no way to score"):
        score_rsrag(path, "lenient")  # type: ignore[arg-type]
    assert score_rsrag(path, task="classification").metrics["Accuracy"] == 0.5
    assert score_rsrag(path, task="captions", synonyms=False).task == "captions"


def test_a_list_of_pairs(tmp_path: Path) -> None:
    pairs = [{"question": "Q?", "answer": "A"}]
    rows = [
        {"image_name": "a", "gpt_output": pairs},
        {"image_name": "b", "gpt_output": "```json\n" + json.dumps(pairs) + "\n```"},
        {"image_name": "c", "gpt_output": "no list"},
        {"image_name": "d", "gpt_output": [{"question": "Q?"}]},
        {"image_name": "e", "gpt_output": None},
        7,
    ]
    (tmp_path / "pairs.json").write_text(json.dumps(rows), encoding="utf-8")
    read = read_rsrag(tmp_path / "pairs.json")
    assert [item.image for item in read.items] == ["a", "b"]
    assert [text.partition(":")[0] for text in read.malformed] == ["c", "d", "e", "row 6"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RSWK_answer_geochat.jsonl", ("RSWK", "geochat", "", "", "", "")),
        (
            "RSWK_answer_janus_rag_imgw0.9_topk1.jsonl",
            ("RSWK", "janus", "rag", "0.9", "0.09999999999999998", "1"),
        ),
        ("RSWK_answer_janus_rag_imgwx_topk1.jsonl", ("RSWK", "janus", "", "", "", "")),
        ("mine.jsonl", ("mine", "unknown", "", "", "", "")),
    ],
)
def test_names_of_files(name: str, expected: tuple[str, ...]) -> None:
    assert tuple(run_of(name).values()) == expected
