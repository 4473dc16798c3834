"""Answers to questions about images: exact and normalised accuracy, by type of question."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from rsvlm.datasets.textfiles import file_record

from .coverage import coverage_metrics
from .errors import EvalError
from .intervals import column_intervals, few_notes, image_groups
from .jsonlines import Line, answer_text, as_text, read_lines, text_column, texts_column
from .result import EvalResult
from .rsvqa_bins import binned, counts_in_intervals
from .text.normalize import same_answer

Path = str | os.PathLike[str]

UNTYPED = "(no type)"
RSVQA = "rsvqa"


@dataclass(frozen=True)
class Question:
    """A question about an image, and what answers it.

    Attributes:
        key: Its `id`, or its image and question, which predictions are found by.
        image: File name.
        question: The words.
        golds: Right answers; any of them counts.
        type: Kind of question, such as "count", for the table by type.
    """

    key: str
    image: str
    question: str
    golds: tuple[str, ...]
    type: str = UNTYPED


def read_questions(path: Path) -> list[Question]:
    """Questions from JSON lines with `image`, `question`, `answer` (one or a list), and if wanted `type` and `id`.

    Raises:
        EvalError: The file cannot be read, holds no question, or a line lacks something; the message names the line.
    """
    questions = [question_of(path, line) for line in read_lines(path)]
    if not questions:
        raise EvalError(f"{path}: holds no questions")
    check_ids(path, questions)
    return questions


def check_ids(path: Path, questions: Sequence[Question]) -> None:
    """Refuse an id that several questions have (`EvalError`): one prediction would be scored for all of them."""
    seen: dict[str, Question] = {}
    for question in questions:
        first = seen.setdefault(question.key, question)
        if (first.image, first.question) != (question.image, question.question):
            raise EvalError(f"{path}: {question.key!r} is the id of several questions; give each its own")


def read_predictions(path: Path) -> dict[str, str | None]:
    """Answers from JSON lines with `prediction` and `id`, or `image` and `question`; null is no answer.

    Raises:
        EvalError: The file cannot be read or holds none, a line lacks something or has a list for an answer, or a
            question is answered in two ways.
    """
    predictions: dict[str, str | None] = {}
    for line in read_lines(path):
        row = _row(path, line, ("prediction",))
        key = _key(path, line.number, row)
        try:
            answer = answer_text(row["prediction"])
        except EvalError as error:
            raise EvalError(f"{path}, line {line.number}: {error}") from None
        if predictions.setdefault(key, answer) != answer:
            raise EvalError(
                f"{path}, line {line.number}: answers {key!r} again, differently; give every question an id"
            )
    if not predictions:
        raise EvalError(f"{path}: holds no predictions")
    return predictions


def score_vqa(
    questions: Sequence[Question] | Path,
    predictions: Mapping[str, str | None] | Path | None = None,
    *,
    errors: Mapping[str, str] | None = None,
    compat: str | None = None,
    name: str = "vqa",
) -> EvalResult:
    """Score answers to questions about images.

    Accuracy counts answers that are the same after `normalize_answer`, exact match those that are the same to the
    letter but for white space at the ends. Questions without an answer, or with an empty one, count as wrong. With
    several right answers any counts. `average_accuracy` is the mean over the types of question, which RSVQA calls AA
    (accuracy is its OA).

    Args:
        questions: Questions, or the file of `read_questions`.
        predictions: Answers by key of the question, or the file of `read_predictions`; None reads them from the field
            `prediction` of the file of questions.
        errors: Why questions could not be put, by their key. They count as wrong, and as failed, not as unanswered.
        compat: "rsvqa" puts counts and areas into its authors' intervals before they are compared, golds and answers
            alike; see `rsvlm.eval.rsvqa_bins`. None compares the numbers.
        name: Of the data set, for the result.

    Returns:
        Metrics accuracy, exact_match and average_accuracy, in groups by type of question, with a row for every item.
        Also coverage, the share that was answered, and accuracy_answered, of these.

    Raises:
        EvalError: A file cannot be read, there are no questions, or answers belong to no question; the message lists
            them.
    """
    config: dict[str, Any] = {
        "normaliser": "NFKC, case, punctuation, articles, numbers; first word for yes and no"
    }
    if isinstance(questions, str | os.PathLike):
        predictions = questions if predictions is None else predictions
        file, questions = questions, read_questions(questions)
        config["questions"] = file_record(file)
    if isinstance(predictions, str | os.PathLike):
        file, predictions = predictions, read_predictions(predictions)
        config["predictions"] = file_record(file)
    if predictions is None:
        raise EvalError(
            "there are no predictions: give them by the key of their questions, or name their file"
        )
    if not questions:
        raise EvalError("there is nothing to score: no questions were given")
    _check_keys(questions, predictions)
    if compat not in (None, RSVQA):
        raise EvalError(f"there is no way {compat!r} to score answers; take {RSVQA}, or none")
    failures = [(errors or {}).get(question.key) for question in questions]
    answers = [
        predictions.get(question.key) if failure is None else None
        for question, failure in zip(questions, failures, strict=True)
    ]
    config["protocol"] = compat or "normalised"
    return _result(questions, answers, failures, name, config)


def _result(
    questions: Sequence[Question],
    answers: list[str | None],
    errors: list[str | None],
    name: str,
    config: dict[str, Any],
) -> EvalResult:
    asked = list(zip(questions, answers, strict=True))
    failed = np.array([error is not None for error in errors])
    unanswered = np.array([not (answer or "").strip() for answer in answers]) & ~failed
    answered = ~(unanswered | failed)
    exact = np.array([is_exact(answer, question.golds) for question, answer in asked])
    types = np.array([question.type for question in questions])
    if config["protocol"] == RSVQA:
        counts = counts_in_intervals(set(types.tolist()))
        config["intervals"] = "counts and areas" if counts else "areas"
        asked = [
            (_in_intervals(question, counts), _binned(answer, question.type, counts))
            for question, answer in asked
        ]
    correct = np.array([is_correct(answer, question.golds) for question, answer in asked])
    groups = {}
    for kind in dict.fromkeys(types.tolist()):
        of = types == kind
        groups[kind] = {
            "accuracy": float(correct[of].mean()), "exact_match": float(exact[of].mean()), "n": int(of.sum()),
            "n_unanswered": int(unanswered[of].sum()), "n_failed": int(failed[of].sum()),
            **coverage_metrics(correct[of], answered[of]),
        }  # fmt: skip
    metrics = {
        "accuracy": float(correct.mean()), "exact_match": float(exact.mean()),
        "average_accuracy": float(np.mean([group["accuracy"] for group in groups.values()])),
        **coverage_metrics(correct, answered),
    }  # fmt: skip
    items = pa.table({
        "key": text_column([q.key for q in questions]), "image": text_column([q.image for q in questions]),
        "question": text_column([q.question for q in questions]), "type": text_column([q.type for q in questions]),
        "gold": texts_column([q.golds for q in questions]),
        "answer": text_column(answers), "correct": correct, "exact": exact, "unanswered": unanswered,
        "answered": answered, "error": text_column(errors),
    })  # fmt: skip
    return EvalResult(
        "vqa", name, metrics, n=len(questions), n_unanswered=int(unanswered.sum()), n_failed=int(failed.sum()),
        groups={"type": groups},
        intervals=column_intervals(items, {"accuracy": "correct", "exact_match": "exact"}, "image"), config=config,
        notes=few_notes(image_groups(items["image"].to_pylist()), len(questions)), items=items,
    )  # fmt: skip


def _in_intervals(question: Question, counts: bool) -> Question:
    golds = tuple(binned(gold, question.type, counts=counts) for gold in question.golds)
    return replace(question, golds=golds)


def _binned(answer: str | None, kind: str, counts: bool) -> str | None:
    return None if answer is None else binned(answer, kind, counts=counts)


def is_exact(answer: str | None, golds: Sequence[str]) -> bool:
    """Whether an answer is a gold to the letter, but for white space at its ends."""
    return bool(answer and answer.strip()) and (answer or "").strip() in [gold.strip() for gold in golds]


def is_correct(answer: str | None, golds: Sequence[str]) -> bool:
    """Whether an answer says the same as a gold; no answer is never right."""
    return bool(answer and answer.strip()) and any(same_answer(answer or "", gold) for gold in golds)


def question_of(path: Path, line: Line) -> Question:
    """Return the question that a line holds, as `read_questions` takes it.

    Raises:
        EvalError: It lacks something; the message names file and line.
    """
    row = _row(path, line, ("question", "answer"))
    given = row["answer"] if isinstance(row["answer"], list) else [row["answer"]]
    golds = tuple(text for text in map(as_text, given) if text is not None and text.strip())
    if not golds:
        raise EvalError(
            f"{path}, line {line.number}: has no answer; leave out questions that nothing answers"
        )
    kind = as_text(row.get("type")) or UNTYPED
    image = as_text(row.get("image")) or ""
    return Question(_key(path, line.number, row), image, as_text(row["question"]) or "", golds, kind)


def _row(path: Path, line: Line, fields: tuple[str, ...]) -> dict[str, Any]:
    """The object of a line that must have these fields."""
    if line.row is None:
        raise EvalError(f"{path}, line {line.number}: {line.error}")
    missing = [field for field in fields if field not in line.row]
    if missing:
        raise EvalError(
            f"{path}, line {line.number}: lacks {', '.join(missing)}; it has {', '.join(line.row) or 'nothing'}"
        )
    return line.row


def _key(path: Path, number: int, row: dict[str, Any]) -> str:
    """`id` if there is one, else image and question."""
    named = as_text(row.get("id"))
    if named is not None:
        return named
    image, question = as_text(row.get("image")), as_text(row.get("question"))
    if image is None or question is None:
        raise EvalError(f"{path}, line {number}: has neither an id nor an image and a question")
    return f"{image}: {question}"


def _check_keys(questions: Sequence[Question], predictions: Mapping[str, str | None]) -> None:
    strange = sorted(predictions.keys() - {question.key for question in questions})
    if strange:
        shown = ", ".join(repr(key) for key in strange[:5])
        raise EvalError(
            f"{len(strange)} answers belong to no question: {shown}{', ...' if len(strange) > 5 else ''}"
        )
