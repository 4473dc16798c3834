"""Two results against each other: matched by key, tested, and the items won and lost."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rsvlm.eval.classification_metrics import classification_metrics
from rsvlm.eval.compare import BOOTSTRAP, MCNEMAR, Comparison, MetricDifference, compare_results
from rsvlm.eval.errors import EvalError
from rsvlm.eval.paired import dependent_groups, item_values
from rsvlm.eval.result import EvalResult
from rsvlm.eval.retrieval import retrieve
from rsvlm.eval.text.scores import score_captions
from rsvlm.eval.vqa import Question, score_vqa


def right(answers: Sequence[bool], keys: Sequence[str] | None = None, **changes: Any) -> EvalResult:
    names = [str(row) for row in range(len(answers))] if keys is None else list(keys)
    items = pa.table({"key": names, "correct": list(answers)})
    result = EvalResult("vqa", "set", {"accuracy": float(np.mean(answers))}, len(answers), items=items)
    for name, value in changes.items():
        setattr(result, name, value)
    return result


def row_of(comparison: Comparison, metric: str) -> MetricDifference:
    return next(row for row in comparison.metrics if row.metric == metric)


def test_worked_out_on_paper() -> None:
    # only the second is right on 8 items, only the first on 1: p = 2 (1 + 9) / 2^9
    first = right([True] * 11 + [False] * 9)
    second = right([True] * 10 + [False] + [True] * 8 + [False])
    found = compare_results(first, second)
    assert found.counts == {"both": 10, "first": 1, "second": 8, "neither": 1}
    row = row_of(found, "accuracy")
    assert (row.first, row.second) == (0.55, 0.9)
    assert row.difference == pytest.approx(0.35)
    assert row.p == pytest.approx(20 / 512)
    assert row.test == MCNEMAR
    assert row.interval is not None
    assert row.interval.low < 0.35 < row.interval.high
    assert row.interval.low > 0
    assert [item["key"] for item in found.won] == [str(key) for key in range(11, 19)]
    assert [item["key"] for item in found.lost] == ["10"]


def test_the_same_result_differs_by_nothing() -> None:
    row = row_of(compare_results(right([True, False] * 6), right([True, False] * 6)), "accuracy")
    assert (row.difference, row.interval, row.p) == (0, (0, 0), 1)


def test_order_of_items_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    first, second = right((rng.random(50) < 0.5).tolist()), right((rng.random(50) < 0.7).tolist())
    shuffled = right([True] * 50)
    shuffled.items = second.items.take(rng.permutation(50))  # type: ignore[union-attr]
    shuffled.metrics = second.metrics
    assert compare_results(first, second).metrics == compare_results(first, shuffled).metrics


def test_a_key_that_comes_again_is_matched_in_order() -> None:
    first = right([True, False, True], ["a", "a", "b"])
    second = right([True, True, False], ["b", "a", "a"])
    assert compare_results(first, second).counts == {"both": 2, "first": 0, "second": 0, "neither": 1}


def test_other_items_are_listed() -> None:
    with pytest.raises(
        EvalError, match=r"1 items are only in the first \('c'\) and 1 items .* second \('d'\)"
    ):
        compare_results(right([True] * 3, ["a", "b", "c"]), right([True] * 3, ["a", "b", "d"]))


def test_like_is_compared_with_like() -> None:
    one = right([True, False])
    with pytest.raises(EvalError, match="different tasks"):
        compare_results(one, right([True, False], task="probe"))
    with pytest.raises(EvalError, match="different data sets"):
        compare_results(one, right([True, False], name="other"))
    with pytest.raises(EvalError, match="second result has no table"):
        compare_results(one, right([True, False], items=None))
    with pytest.raises(EvalError, match="no metric in common"):
        compare_results(one, right([True, False], metrics={"f1": 0.5}))


def test_answers_in_files_of_other_names_are_compared() -> None:
    questions = [Question(str(row), "i", "q", ("yes",)) for row in range(3)]
    first = score_vqa(questions, {"0": "yes", "1": "no", "2": "no"}, name="ans")
    second = score_vqa(questions, {"0": "yes", "1": "yes", "2": "yes"}, name="ansb")
    found = compare_results(first, second)
    assert found.counts == {"both": 1, "first": 0, "second": 2, "neither": 0}
    assert found.notes[0] == "the results are called ans and ansb; their items and right answers are the same"
    assert not any("are called" in note for note in compare_results(first, first).notes)
    others = [Question(str(row), "i", "q", ("no",)) for row in range(3)]
    with pytest.raises(EvalError, match="3 items have other right answers"):
        compare_results(first, score_vqa(others, {}, name="ansb"))


def test_other_right_answers_are_refused() -> None:
    questions = [Question(str(row), "i", "q", ("yes",)) for row in range(3)]
    others = [Question(str(row), "i", "q", ("yes" if row else "no",)) for row in range(3)]
    answers = {"0": "yes", "1": "yes", "2": "no"}
    with pytest.raises(EvalError, match=r"1 items have other right answers.*'0'"):
        compare_results(score_vqa(questions, answers), score_vqa(others, answers))


def test_questions_about_one_image_are_drawn_together() -> None:
    questions = [Question(str(row), f"image {row // 10}", "q", ("yes",)) for row in range(100)]
    first = score_vqa(questions, {str(row): "no" if row // 10 % 2 else "yes" for row in range(100)})
    second = score_vqa(questions, {str(row): "yes" for row in range(100)})
    row = row_of(compare_results(first, second), "accuracy")
    assert row.test == BOOTSTRAP
    alone = row_of(
        compare_results(right([n // 10 % 2 == 0 for n in range(100)]), right([True] * 100)), "accuracy"
    )
    assert row.interval is not None
    assert alone.interval is not None
    assert row.interval.high - row.interval.low > 2 * (alone.interval.high - alone.interval.low)


def classification(said: np.ndarray[Any, Any], gold: np.ndarray[Any, Any]) -> EvalResult:
    names = ["river", "forest", "beach"]
    metrics = classification_metrics(gold, said, 3)
    items = pa.table({
        "key": [str(row) for row in range(len(gold))], "gold": [names[index] for index in gold],
        "prediction": [names[index] if index >= 0 else None for index in said], "correct": said == gold,
    })  # fmt: skip
    return EvalResult("zero-shot", "set", metrics, len(gold), items=items)


def test_metrics_of_all_items_together_are_resampled() -> None:
    rng = np.random.default_rng(1)
    gold = rng.integers(0, 3, 300)
    worse = np.where(rng.random(300) < 0.5, gold, rng.integers(0, 3, 300))
    better = np.where(rng.random(300) < 0.9, gold, -1)
    found = compare_results(classification(worse, gold), classification(better, gold))
    for metric in ("accuracy", "balanced_accuracy", "macro_f1", "kappa"):
        row = row_of(found, metric)
        assert row.interval is not None
        assert row.interval.low < row.difference < row.interval.high
        assert row.p is not None
        assert row.p < 0.01


def test_directions_of_retrieval_are_apart() -> None:
    rng = np.random.default_rng(0)
    images, pairs = rng.standard_normal((40, 8)), np.repeat(np.arange(40)[:, None], 2, axis=1)
    first, second = (
        retrieve(images, images + noise * rng.standard_normal((40, 8)), pairs, "remoteclip", name="set")
        for noise in (2.0, 0.5)
    )
    found = compare_results(first, second)
    for row in found.metrics:
        assert row.interval is not None, row.metric
        assert row.interval.low <= row.difference <= row.interval.high
    items = first.items
    assert items is not None
    groups = dependent_groups(items)
    assert groups is not None
    assert len(set(groups.tolist())) == 40
    values = item_values(items, "mean_success", first.metrics["mean_success"])
    assert values is not None
    assert values.mean() == pytest.approx(first.metrics["mean_success"])


def test_questions_that_are_called_after_their_image_are_drawn_with_it() -> None:
    keys = [f"{image}.png" for image in range(20) for _ in range(20)]
    first = right([row < 240 for row in range(400)], keys)
    second = right([row < 300 for row in range(400)], keys)  # three images more, all of each
    row = row_of(compare_results(first, second), "accuracy")
    assert row.test == BOOTSTRAP
    assert row.p is not None
    assert row.p > 0.05
    assert row.interval is not None
    assert row.interval.low == 0
    assert row.interval.high == pytest.approx(0.3, abs=0.051)


def test_corpus_bleu_is_no_mean_over_items() -> None:
    golds = [
        ["a river flows through a forest"],
        ["two boats in the harbor"],
        ["a dense residential area"],
    ] * 4
    first = score_captions(["a river in a forest", "a boat", "houses"] * 4, golds, synonyms=False)
    second = score_captions(
        ["a river flows through", "two boats in the sea", "an area"] * 4, golds, synonyms=False
    )
    found = compare_results(first.result("set"), second.result("set"))
    assert row_of(found, "bleu1").interval is None
    assert row_of(found, "rouge_l").interval is not None


def test_wrong_values_are_not_tested() -> None:
    items = pa.table({"key": ["a", "b"], "correct": [True, False]})
    assert item_values(items, "accuracy", 0.75) is None
    assert item_values(items, "accuracy", 0.5) is not None
    assert item_values(items, "f1", 0.5) is None


def test_what_differs_in_the_config() -> None:
    first = right([True], config={"model": {"name": "a", "size": 1}, "seed": 0, "same": [1, 2]})
    second = right(
        [True], config={"model": {"name": "b", "size": 1}, "same": [1, 2]}, comparable=False, n_failed=1
    )
    found = compare_results(first, second)
    assert [tuple(change) for change in found.changed] == [("model.name", '"a"', '"b"'), ("seed", "0", "")]
    assert len(found.notes) == 2
    json.dumps(found.to_dict())


def test_stored_results_compare_the_same(tmp_path: Path) -> None:
    first, second = right([True, False, True, True]), right([True, True, True, False])
    from rsvlm.eval.result import load_result

    for name, result in (("a", first), ("b", second)):
        result.save(tmp_path / f"{name}.json")
    again = compare_results(load_result(tmp_path / "a.json"), load_result(tmp_path / "b.json"))
    assert again.metrics == compare_results(first, second).metrics
