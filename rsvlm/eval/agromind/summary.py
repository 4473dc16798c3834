"""Numbers over judged answers: shares, baselines beside them, by dimension, task, file and type."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import NamedTuple

from rsvlm.eval.agromind.baselines import expected_random
from rsvlm.eval.agromind.judging import FORM, GUESSED, SEVERAL, UNREAD, Judgement
from rsvlm.eval.agromind.read import Item
from rsvlm.eval.agromind.tasks import TYPE_NAMES, QuestionType
from rsvlm.eval.coverage import coverage_metrics
from rsvlm.eval.intervals import mean_interval
from rsvlm.eval.statistics import Interval

UNANSWERED = "unanswered"
FAILED = "failed"

_COUNTED = (UNANSWERED, FAILED, GUESSED, UNREAD, SEVERAL, FORM)

_PARTS: dict[str, Callable[[Item], bool]] = {
    "accuracy": lambda _: True,
    "accuracy_without_free_text": lambda item: item.kind is not QuestionType.FREE_TEXT,
    "accuracy_answerable": lambda item: item.kind not in (QuestionType.PHRASE, QuestionType.FREE_TEXT),
    "free_text_accuracy": lambda item: item.kind is QuestionType.FREE_TEXT,
}

_GROUPS: dict[str, Callable[[Item], str]] = {
    "dimension": lambda item: item.dimension,
    "task": lambda item: item.task,
    "file": lambda item: item.file,
    "type": lambda item: TYPE_NAMES[item.kind],
}


class Outcome(NamedTuple):
    """A question, what became of its answer, and whether the most frequent answer of its file is right, too."""

    item: Item
    judgement: Judgement
    majority: bool


def headline_metrics(outcomes: Sequence[Outcome], *, free_text: bool) -> dict[str, float]:
    """Return the metrics that `score_agromind` names; those of free text where it was judged."""
    metrics = {name: _share(part) for name, part in _parts(outcomes, free_text=free_text)}
    figures = _figures(outcomes)
    by_file = _split(outcomes, _GROUPS["file"]).values()
    right = [outcome.judgement.right for outcome in outcomes]
    return metrics | {
        "file_accuracy": fmean(_share(part) for part in by_file),
        "balanced_accuracy": figures["balanced_accuracy"],
        "majority_corrected": figures["majority_corrected"],
        "majority": figures["majority"],
        "chance": figures["chance"],
        **coverage_metrics(right, [is_answered(outcome.judgement) for outcome in outcomes]),
    }


def is_answered(judgement: Judgement) -> bool:
    """Whether there is an answer, right or wrong."""
    return judgement.reason not in (UNANSWERED, FAILED)


def metric_intervals(outcomes: Sequence[Outcome], *, free_text: bool, seed: int) -> dict[str, Interval]:
    """Return the 95 % bootstrap intervals of the shares of right answers among the metrics."""
    found = {name: _interval(part, seed) for name, part in _parts(outcomes, free_text=free_text)}
    return {name: ends for name, ends in found.items() if ends is not None}


def group_outcomes(outcomes: Sequence[Outcome], seed: int) -> dict[str, dict[str, dict[str, float]]]:
    """Return the figures of each dimension, task, file and type: accuracy, its interval, baselines, counts."""
    return {
        group: {name: _group_figures(part, seed) for name, part in _split(outcomes, name_of).items()}
        for group, name_of in _GROUPS.items()
    }


def _group_figures(outcomes: Sequence[Outcome], seed: int) -> dict[str, float]:
    ends = _interval(outcomes, seed)
    reasons = Counter(outcome.judgement.reason for outcome in outcomes)
    counts = {f"n_{reason}": float(reasons[reason]) for reason in _COUNTED}
    figures = {"accuracy": _share(outcomes), **(ends._asdict() if ends else {}), "n": float(len(outcomes))}
    return figures | _figures(outcomes) | counts


def _figures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return what puts an accuracy into perspective: the baselines, and the scores that they do not lift."""
    items = [outcome.item for outcome in outcomes]
    majority = sum(outcome.majority for outcome in outcomes) / len(outcomes)
    by_file = _split(outcomes, _GROUPS["file"]).values()
    return {
        "balanced_accuracy": fmean(_balanced(part) for part in by_file),
        "majority_corrected": (_share(outcomes) - majority) / (1 - majority) if majority < 1 else 0.0,
        "majority": majority,
        "chance": fmean(expected_random(item) for item in items),
    }


def _balanced(outcomes: Sequence[Outcome]) -> float:
    """Return the mean, over the different right answers of a file, of the share of them that was found."""
    return fmean(_share(part) for part in _split(outcomes, lambda item: item.gold).values())


def _share(outcomes: Sequence[Outcome]) -> float:
    return sum(outcome.judgement.right for outcome in outcomes) / len(outcomes)


def _interval(outcomes: Sequence[Outcome], seed: int) -> Interval | None:
    """Draw images, each with all its questions: answers about one image err together."""
    right = [outcome.judgement.right for outcome in outcomes]
    return mean_interval(right, groups=image_of_each(outcomes), seed=seed)


def image_of_each(outcomes: Sequence[Outcome]) -> list[str]:
    """The (first) image of each question, with which it is drawn."""
    return [outcome.item.images[0] for outcome in outcomes]


def _parts(outcomes: Sequence[Outcome], *, free_text: bool) -> Iterable[tuple[str, Sequence[Outcome]]]:
    for name, belongs in _PARTS.items():
        part = [outcome for outcome in outcomes if belongs(outcome.item)]
        if part and (free_text or name != "free_text_accuracy"):
            yield name, part


def _split(outcomes: Sequence[Outcome], name_of: Callable[[Item], str]) -> dict[str, list[Outcome]]:
    parts: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        parts.setdefault(name_of(outcome.item), []).append(outcome)
    return parts
