"""The score of a set of answers: every question counts, answered or not."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

import rsvlm
from rsvlm.eval.agromind.baselines import majority_answers
from rsvlm.eval.agromind.freetext import (
    REFERENCE_EMBEDDER,
    REFERENCE_THRESHOLD,
    SentenceEmbedder,
    cosines,
    repeats_question,
)
from rsvlm.eval.agromind.judging import FORM, GUESSED, MODES, SEVERAL, UNREAD, Judgement, Mode, judge
from rsvlm.eval.agromind.read import AgroMind, Item
from rsvlm.eval.agromind.summary import (
    FAILED,
    UNANSWERED,
    Outcome,
    group_outcomes,
    headline_metrics,
    image_of_each,
    is_answered,
    metric_intervals,
)
from rsvlm.eval.agromind.tasks import QuestionType
from rsvlm.eval.errors import EvalError
from rsvlm.eval.intervals import few_notes
from rsvlm.eval.jsonlines import text_column
from rsvlm.eval.result import EvalResult
from rsvlm.models.generators.protocol import Answer

NOT_JUDGED = "not judged"
"""Free text without a sentence embedder."""
REPEATED = "repeats the question"


def score_agromind(
    data: AgroMind,
    answers: Mapping[str, Answer | str | None],
    *,
    mode: Mode = "compat",
    seed: int = 0,
    embedder: SentenceEmbedder | None = None,
    threshold: float = REFERENCE_THRESHOLD,
    config: Mapping[str, Any] | None = None,
) -> EvalResult:
    """Score answers to AgroMind's questions.

    Blank answers are unanswered and wrong in both modes, and so is each question without an answer. (The reference
    draws a letter for an empty answer too; it is the one rule of it that "compat" does not follow.)

    Args:
        data: The questions.
        answers: By the key of the item ("OC_2_1_4/17"): text verbatim, None, or an `Answer` with an error.
        mode: "compat", the reference's rules with their loopholes, or "strict", which takes them away.
        seed: Of the letters that compat draws where it reads none, and of the bootstrap.
        embedder: Judges free text; without one it counts as wrong, and the result says so.
        threshold: A free text is right above this cosine.
        config: What else decided the answers: the generator, its prompts.

    Returns:
        Metrics: `accuracy` over all questions; `accuracy_without_free_text`; `accuracy_answerable`, without types 7
        and 10, which the random client leaves out; `free_text_accuracy` where it was judged; `file_accuracy` and
        `balanced_accuracy`, means over files, the latter with each right answer of a file counting the same;
        `majority` and `chance`, what the baselines get here, the first by the same rules; `majority_corrected`, which
        is 0 for the majority baseline and 1 for no error; `coverage`, the share that was answered, and
        `accuracy_answered`, the share of these that is right. Groups by dimension, task, file and type.

    Raises:
        EvalError: The mode is unknown, or an answer is to no question.
    """
    if mode not in MODES:
        raise EvalError(f"mode {mode!r} is unknown; take {' or '.join(MODES)}")
    keys = {item.key for item in data.items}
    if unknown := next((key for key in answers if key not in keys), None):
        raise EvalError(
            f"an answer is to {unknown!r}, which is no question in {data.folder}; is it another release?"
        )
    given = [_answer(answers.get(item.key)) for item in data.items]
    usual = majority_answers(data.items)
    baseline = [Answer(usual[item.key]) for item in data.items]
    judged, most = (_judge_all(data.items, said, mode, seed) for said in (given, baseline))
    if embedder is not None:
        _judge_free_text(data.items, given, judged, mode, embedder, threshold)
        _judge_free_text(data.items, baseline, most, mode, embedder, threshold)
    rows = zip(data.items, judged, most, strict=True)
    outcomes = [Outcome(item, judgement, other.right) for item, judgement, other in rows]
    notes = _obstacles(data, judged, mode, embedder, threshold)
    with_free_text = embedder is not None
    return EvalResult(
        task="agromind",
        name=f"agromind-{data.release.name.replace(' ', '-')}",
        metrics=headline_metrics(outcomes, free_text=with_free_text),
        n=len(outcomes),
        n_unanswered=sum(judgement.reason == UNANSWERED for judgement in judged),
        n_failed=sum(judgement.reason == FAILED for judgement in judged),
        groups=group_outcomes(outcomes, seed),
        intervals=metric_intervals(outcomes, free_text=with_free_text, seed=seed),
        config=_config(data, mode, seed, embedder, threshold) | dict(config or {}),
        comparable=not notes,
        notes=[*notes, *_remarks(outcomes, answers)],
        items=_table(outcomes, given),
    )


def _answer(value: Answer | str | None) -> Answer:
    return value if isinstance(value, Answer) else Answer(value)


def _judge_all(items: Sequence[Item], given: Sequence[Answer], mode: Mode, seed: int) -> list[Judgement]:
    """Judge all but free text, which is NOT_JUDGED as yet."""
    judged = []
    for item, answer in zip(items, given, strict=True):
        text = answer.text
        if answer.error is not None:
            judged.append(Judgement(False, "", FAILED))
        elif text is None or not text.strip():
            judged.append(Judgement(False, "", UNANSWERED))
        elif item.kind is QuestionType.FREE_TEXT:
            judged.append(Judgement(False, "", NOT_JUDGED))
        else:
            judged.append(judge(item, text, mode=mode, seed=seed))
    return judged


def _judge_free_text(
    items: Sequence[Item],
    given: Sequence[Answer],
    judged: list[Judgement],
    mode: Mode,
    embedder: SentenceEmbedder,
    threshold: float,
) -> None:
    """Put judgements in the place of those that are NOT_JUDGED."""
    places = [place for place, judgement in enumerate(judged) if judgement.reason == NOT_JUDGED]
    texts = [given[place].text or "" for place in places]
    found = cosines([items[place].gold for place in places], texts, embedder.embed)
    for place, text, cosine in zip(places, texts, found.tolist(), strict=True):
        repeated = mode == "strict" and repeats_question(text, items[place].question)
        right = cosine > threshold and not repeated
        judged[place] = Judgement(right, "", REPEATED if repeated else "", score=cosine)


def _obstacles(
    data: AgroMind,
    judged: Sequence[Judgement],
    mode: Mode,
    embedder: SentenceEmbedder | None,
    threshold: float,
) -> list[str]:
    """Say what keeps the numbers from being set beside published ones; nothing where nothing does."""
    notes = [data.release.note] if data.release.note else []
    if mode == "strict":
        notes.append("strict: published numbers are of the reference's rules, which let more pass (compat)")
    apart = "accuracy_without_free_text leaves free text out"
    asked = any(item.kind is QuestionType.FREE_TEXT for item in data.items)
    if any(judgement.reason == NOT_JUDGED for judgement in judged):
        notes.append(
            f"free text was not judged, for want of a sentence embedder, and counts as wrong; {apart}"
        )
    elif asked and embedder is not None and not (embedder.is_reference and threshold == REFERENCE_THRESHOLD):
        notes.append(
            f"free text was judged by {embedder.name} above {threshold}, by the reference with {REFERENCE_EMBEDDER} "
            f"above {REFERENCE_THRESHOLD}; {apart}"
        )
    return notes


def _remarks(outcomes: Sequence[Outcome], answers: Mapping[str, Any]) -> list[str]:
    """Say what happened to answers, as far as it may surprise."""
    reasons = Counter(outcome.judgement.reason for outcome in outcomes)
    said = {
        GUESSED: "answers named no option and were given a random letter, as the reference does",
        UNREAD: "answers held nothing of what was asked for",
        SEVERAL: "answers held several different answers",
        FORM: "answers said the right thing in a form that the reference does not read, and strict adds nothing to it",
    }
    remarks = few_notes(image_of_each(outcomes), len(outcomes))
    remarks += [f"{reasons[reason]} {text}" for reason, text in said.items() if reasons[reason]]
    never = sum(outcome.item.key not in answers for outcome in outcomes)
    return remarks + ([f"{never} questions were never asked, and count as unanswered"] if never else [])


def _config(
    data: AgroMind, mode: Mode, seed: int, embedder: SentenceEmbedder | None, threshold: float
) -> dict[str, Any]:
    return {
        "mode": mode,
        "seed": seed,
        "release": {"name": data.release.name, "items": data.release.items, "sha256": data.release.digest},
        "files": data.hashes,
        "free_text": {"embedder": embedder and embedder.name, "threshold": threshold},
        "rsvlm": rsvlm.__version__,
    }


def _table(outcomes: Sequence[Outcome], given: Sequence[Answer]) -> pa.Table:
    """One row a question, in the order of the data."""
    items = [outcome.item for outcome in outcomes]
    judged = [outcome.judgement for outcome in outcomes]
    return pa.table(
        {
            "key": [item.key for item in items],
            "dimension": [item.dimension for item in items],
            "task": [item.task for item in items],
            "type": pa.array([int(item.kind) for item in items], pa.int8()),
            "image": [item.images[0] for item in items],
            "question": text_column([item.question for item in items]),
            "gold": text_column([item.gold for item in items]),
            "answer": text_column([answer.text for answer in given]),
            "prediction": text_column([judgement.prediction for judgement in judged]),
            "correct": [judgement.right for judgement in judged],
            "reason": [judgement.reason for judgement in judged],
            "answered": [is_answered(judgement) for judgement in judged],
            "score": pa.array([judgement.score for judgement in judged], pa.float64()),
            "error": text_column([answer.error for answer in given]),
        }
    )
