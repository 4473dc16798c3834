"""One caption read against the labels of its chip: by which reading, with which problems, of which kinds."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from rsvlm.captioning.labels import Labels
from rsvlm.captioning.verify import verify
from rsvlm.captioning.verify.things import things_of

from .fact_problems import (
    IN_GENERAL,
    IN_OTHER_LABELS,
    KINDS,
    NOT_HELD,
    NOT_UNDERSTOOD,
    UNCLEAR,
    UNKNOWN,
    holds_nothing,
    kind_of,
    not_held,
    place_said,
    verdict_of,
)

OBJECTS, COVER = "natural-rewritten", "chatearthnet-rewritten"
READINGS = (OBJECTS, COVER)
"""The styles of `verify` that read free words: on map objects, and on land cover."""


@dataclass(frozen=True)
class Finding:
    """What was found of one caption.

    Attributes:
        key: The chip.
        style: Of the pair that the dataset holds for the chip.
        answer: The caption, verbatim.
        error: Why there is none, where something failed.
        reading: By which style it was read; None where there is no caption.
        problems: What is wrong with it, in words.
        kinds: The kind of each problem.
    """

    key: str
    style: str
    answer: str | None
    error: str | None
    reading: str | None = None
    problems: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def not_understood(self) -> int:
        """How many problems say that the reader could not judge something."""
        return sum(KINDS[kind] == NOT_UNDERSTOOD for kind in self.kinds)

    @property
    def verdict(self) -> str | None:
        """One of `VERDICTS`; None where there is no caption."""
        return None if self.reading is None else verdict_of(self.kinds)


def usable_readings(labels: Labels, readings: Sequence[str]) -> list[str]:
    """Return the readings whose kind of labels the chip has."""
    return [style for style in readings if not holds_nothing(verify("An image.", labels, style))]


def read_caption(finding: Finding, labels: Labels, readings: Sequence[str]) -> Finding:
    """The finding with the problems of the reading that knows most of the caption's words."""
    text = " ".join((finding.answer or "").split())
    text = text if text.endswith(".") else f"{text}."
    found = []
    for style in readings:
        problems = verify(text, labels, style)
        kinds = _kinds_of(problems, labels, set(readings) - {style})
        found.append(replace(finding, reading=style, problems=tuple(problems), kinds=tuple(kinds)))
    return min(found, key=lambda one: (one.not_understood, len(one.problems)))


def _kinds_of(problems: Sequence[str], labels: Labels, others: Collection[str]) -> list[str]:
    """The kind of each problem. A place that is wrong of several things is said of one of them: it is unclear which."""
    places = Counter(map(place_said, problems))
    return [
        UNCLEAR if place_said(problem) and places[place_said(problem)] > 1 else _kind(problem, labels, others)
        for problem in problems
    ]


def _kind(problem: str, labels: Labels, others: Collection[str]) -> str:
    """The kind of a problem; what the labels hold in another way does not contradict them.

    That is what only the chip's labels of the other kind hold ("trees" of a land cover), and the general word for
    something that they hold under a special one ("roads" where there is a secondary road).
    """
    kind, named = kind_of(problem), not_held(problem)
    if named is None:
        return kind
    for style in others:
        said = {kind_of(other) for other in verify(f"The image shows {named}.", labels, style)}
        if not said & {NOT_HELD, UNKNOWN}:
            return IN_OTHER_LABELS
    return IN_GENERAL if _is_general(named, labels) else kind


def _is_general(named: str, labels: Labels) -> bool:
    groups = things_of(labels).groups.values()
    if named in ("building", "buildings"):
        return any(member.key == "building" for group in groups for member in group.members)
    return any(named in (group.phrase.split()[-1], group.plural.split()[-1]) for group in groups)
