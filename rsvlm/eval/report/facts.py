"""What a report says of each result before its details: where it stands beside published figures, and its marks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..published import PublishedComparison, compare, in_domain
from ..result import EvalResult
from .numbers import is_share, show_difference
from .picture import cut

NO_FIGURE = "no published figure for this protocol"
IN_DOMAIN, MAYBE, NOT_COMPARABLE = "in-domain", "may be in-domain", "not comparable"
_NO_REASON = "the run says so; see what decided its numbers"

_LETTERS = 600
"""Of one string in the config."""
_ENTRIES = 60
"""Of one list in the config."""
_CONFIG = 40_000
"""Letters of the whole config."""


@dataclass(frozen=True)
class Mark:
    """A warning beside a number, and why it stands there."""

    kind: str
    why: str


@dataclass(frozen=True)
class Facts:
    """A result with what belongs beside it.

    Attributes:
        number: Its place in the report, from 1.
        result: The result.
        model: Name of what was evaluated, "" where the config does not say it.
        published: Metric -> the published figure for it.
        marks: Warnings.
        notes: What else the result says of itself.
    """

    number: int
    result: EvalResult
    model: str
    published: dict[str, PublishedComparison]
    marks: tuple[Mark, ...]
    notes: tuple[str, ...]

    @property
    def title(self) -> str:
        """The data set's name, and which split of it was judged."""
        data = self.result.config.get("data")
        split = (data if isinstance(data, Mapping) else self.result.config).get("split")
        return (
            f"{self.result.name}, {cut(split, 40)}" if isinstance(split, str) and split else self.result.name
        )

    @property
    def protocol(self) -> str:
        """The protocol, the kind of a probe, or the mode of a benchmark that has several."""
        named = self.result.config.get("protocol") or self.result.config.get("mode") or ""
        return cut(str(named), 60)


def facts_of(number: int, result: EvalResult) -> Facts:
    """Gather what belongs beside a result."""
    model = model_name(result.config)
    compared = compare(result) if result.metrics else []
    published: dict[str, PublishedComparison] = {}
    for (
        row
    ) in compared:  # some figures are printed twice: with five decimals in a table, rounded in a picture
        known = published.get(row.metric)
        if row.figure is not None and (
            known is None or known.figure is None or row.figure.step < known.figure.step
        ):
            published[row.metric] = row
    notes = list(dict.fromkeys(str(note) for note in result.notes))
    marks = []
    domain = _domain(result, model, notes)
    if domain is not None:
        marks.append(Mark(MAYBE if domain.startswith(MAYBE) else IN_DOMAIN, domain))
    if not result.comparable:
        why = [note for note in notes if "compar" in note] or notes[:1]
        marks.append(Mark(NOT_COMPARABLE, cut(why[0], 400) if why else _NO_REASON))
    said = {mark.why for mark in marks}
    return Facts(
        number, result, model, published, tuple(marks), tuple(note for note in notes if note not in said)
    )


def model_name(config: Mapping[str, Any]) -> str:
    """The name of what was evaluated."""
    run = config.get("run")
    for found in (
        config.get("model"),
        config.get("encoder"),
        config.get("generator"),
        run.get("model") if isinstance(run, Mapping) else None,
    ):
        name = found.get("name") if isinstance(found, Mapping) else found
        if isinstance(name, str) and name:
            return cut(name, 80)
    return ""


def published_line(facts: Facts, metric: str) -> str:
    """The published figure of a metric with the difference to it, "" where there is none."""
    row = facts.published.get(metric)
    if row is None or row.figure is None or row.difference is None:
        return ""
    if row.figure.agrees(row.value):
        return f"{row.figure.printed}, equal as printed"
    points = " points" if is_share(metric) else ""
    return f"{row.figure.printed}, {show_difference(metric, row.difference)}{points}"


def first_published(facts: Facts) -> str | None:
    """The first metric that a figure was published for."""
    return next((metric for metric in facts.result.metrics if metric in facts.published), None)


def counts_line(result: EvalResult) -> str:
    """How many items there were, and what became of those that count as wrong."""
    parts = [f"{result.n:,} item{'s' if result.n != 1 else ''}"]
    parts += [f"{result.n_unanswered:,} unanswered"] if result.n_unanswered else []
    parts += [f"{result.n_failed:,} failed"] if result.n_failed else []
    return ", ".join(parts)


def config_text(config: Mapping[str, Any]) -> str:
    """All that decided the numbers as JSON; long texts and lists shortened, with how much was left out."""
    text = json.dumps(_short(dict(config)), indent=2, ensure_ascii=False, default=str)
    if len(text) <= _CONFIG:
        return text
    return f"{text[:_CONFIG]}\n… {len(text) - _CONFIG:,} more letters are in the result's JSON file"


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return (
            value if len(value) <= _LETTERS else f"{value[:_LETTERS]}… {len(value) - _LETTERS:,} more letters"
        )
    if isinstance(value, Mapping):
        return {str(name): _short(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        kept = [_short(entry) for entry in value[:_ENTRIES]]
        return kept if len(value) <= _ENTRIES else [*kept, f"… {len(value) - _ENTRIES:,} more"]
    return value


def _domain(result: EvalResult, model: str, notes: list[str]) -> str | None:
    """Why the data set is not new to the model, as the result says it or as is known of the model."""
    for note in notes:
        if note.lower().startswith((IN_DOMAIN, MAYBE)):
            return note
    record = result.config.get("encoder")
    trained = record.get("trained_on", ()) if isinstance(record, Mapping) else ()
    known = [str(name) for name in trained] if isinstance(trained, list | tuple) else []
    return in_domain(model, result.name, known) if model else None
