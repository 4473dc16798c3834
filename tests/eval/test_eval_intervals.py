"""Few items, few images, or all alike: an interval is honest there, or there is none."""

from pathlib import Path

import numpy as np
import pytest

from rsvlm.eval.compare import TOO_FEW, compare_results
from rsvlm.eval.intervals import few_notes, mean_interval, mean_intervals, wilson_interval
from rsvlm.eval.measuring import Draws, measure_classes, measure_numbers
from rsvlm.eval.report.versus import difference_text
from rsvlm.eval.result import EvalResult
from rsvlm.eval.retrieval import retrieve
from rsvlm.eval.statistics import bootstrap_interval
from rsvlm.eval.vqa import Question, score_vqa


def answered(images: int, right: float = 0.5, n: int = 200) -> EvalResult:
    """The first part of each image's questions is answered."""
    each = n // images
    questions = [Question(f"{i}", f"{i // each}.png", "what?", ("a",)) for i in range(n)]
    return score_vqa(questions, {f"{i}": "a" if i % each < right * each else "b" for i in range(n)})


def test_wilson_is_the_one_of_the_books() -> None:
    # Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29
    for right, n, ends in ((81, 263, (0.2553, 0.3662)), (15, 148, (0.0624, 0.1605)), (0, 20, (0.0, 0.1611))):
        assert wilson_interval(right / n, n) == pytest.approx(ends, abs=5e-5)
    assert wilson_interval(1.0, 75) == pytest.approx((0.9513, 1.0), abs=1e-4)


def test_means_of_enough_items_have_the_bootstrap_s() -> None:
    values = np.arange(100) < 60
    assert mean_interval(values, seed=3) == bootstrap_interval(values, seed=3)


def test_few_items_or_all_alike_have_wilson_s() -> None:
    assert mean_interval([1.0] * 75) == wilson_interval(1.0, 75)
    assert mean_interval([0.0]) == wilson_interval(0.0, 1)
    assert mean_interval([1.0, 0.0, 1.0]) == wilson_interval(2 / 3, 3)
    assert mean_interval([0.2, 0.4, 0.5]) is None
    assert mean_interval([0.3] * 50) is None
    assert mean_intervals({"right": [1.0] * 20, "bleu": [0.3] * 20}) == {"right": wilson_interval(1.0, 20)}


def test_images_with_all_answers_right_are_an_item_each() -> None:
    assert mean_interval([1.0] * 200, groups=np.arange(200) // 10) == wilson_interval(1.0, 20)


@pytest.mark.parametrize(("images", "said"), [(1, "1 image,"), (2, "2 images,")])
def test_questions_about_one_or_two_images_have_no_interval(images: int, said: str) -> None:
    result = answered(images)
    assert result.intervals == {}
    assert any("no 95 % interval: the 200 items are of " + said in note for note in result.notes)
    assert answered(20, n=400).notes == []


def test_one_image_is_no_proof_of_a_difference() -> None:
    found = compare_results(answered(1, 0.5), answered(1, 0.7))
    row = next(row for row in found.metrics if row.metric == "accuracy")
    assert row.difference == pytest.approx(0.2)
    assert (row.interval is None, row.p is None, row.test) == (True, True, TOO_FEW)
    assert any("1 image" in note for note in found.notes)


def test_the_least_p_that_resamples_can_give_is_told_as_such() -> None:
    names, rng = ["a", "b"], np.random.default_rng(0)
    gold = rng.integers(0, 2, 300)
    results = []
    for share in (1.0, 0.5):
        said = np.where(rng.random(300) < share, gold, 1 - gold)
        result = measure_classes("probe", np.eye(2)[said], np.eye(2)[said], gold, names, Draws(300))
        assert result.items is not None
        result.items = result.items.add_column(0, "key", [[str(row) for row in range(300)]])
        results.append(result)
    rows = {row.metric: row for row in compare_results(*results).metrics}
    assert rows["kappa"].least
    assert difference_text(rows["kappa"])[2] == "\u2264 0.002"
    assert not rows["accuracy"].least


def test_perfect_and_few_answers_claim_no_certainty() -> None:
    gold = np.arange(75) % 3
    result = measure_classes("probe", np.eye(3)[gold], np.eye(3)[gold], gold, ["a", "b", "c"], Draws(75))
    assert result.intervals["accuracy"] == wilson_interval(1.0, 75)
    assert not {"kappa", "macro_f1", "balanced_accuracy"} & result.intervals.keys()
    numbers = measure_numbers("probe", np.arange(4.0), np.arange(4.0) + 0.1, Draws(4))
    assert numbers.intervals == {}


def test_retrieval_among_few_images_says_so() -> None:
    images = np.eye(3, dtype=np.float32)
    pairs = np.array([[image, 5 * image + text] for image in range(3) for text in range(5)])
    result = retrieve(images, np.repeat(images, 5, axis=0), pairs, "remoteclip")
    assert "t2i_success@1" not in result.intervals
    assert result.intervals["i2t_success@1"] == wilson_interval(1.0, 3)
    assert any("15 items are of 3 images" in note for note in result.notes)


def test_notes_need_groups_of_several() -> None:
    assert few_notes(None, 3) == []
    assert few_notes(["a", "b", "c"], 3) == []


def test_the_interval_is_left_out_of_the_file(tmp_path: Path) -> None:
    answered(1).save(tmp_path / "one.json")
    assert '"intervals": {}' in (tmp_path / "one.json").read_text()
