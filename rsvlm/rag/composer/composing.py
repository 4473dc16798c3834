"""Questions to answers, without a language model."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from rsvlm.models import Encoder, TextEncoder
from rsvlm.rag.answer import Answer
from rsvlm.rag.citations import without_citations
from rsvlm.rag.evidence import Evidence
from rsvlm.rag.nearby import Nearby
from rsvlm.rag.questions import Asked, Kind, understand
from rsvlm.rag.shippednotes import is_of_no_place

from .amounts import how_many, how_much
from .choosing import which
from .comparing import compare
from .describing import describe
from .eachimage import of_each, ordinal
from .facts import fact
from .finding import NO_IMAGE, Answering, Finding, Scene, unknown
from .lexicon import Lexicon
from .likelihood import Likelihood
from .look import Look
from .naming import what
from .places import NOWHERE, where
from .presence import yes_or_no
from .remembered import Remembered
from .strange import foreign, strange
from .surroundings import surroundings
from .thefile import of_the_file

LOOK_ALIKES = 20
"""Pictures of a base that are looked at beside the one that is asked about."""
SENTENCES = 20_000
"""Whose vectors are kept: some 30 MB."""
THRESHOLD = 0.55
"""Below this an answer is "I don't know"."""

_ANSWERING: dict[Kind, Answering] = {
    "yes-no": yes_or_no, "which": which, "what": what, "how-much": how_much, "count": how_many, "where": where,
    "compare": compare, "describe": describe, "fact": fact,
}  # fmt: skip

_MARKS = re.compile(
    r"\bthe (?:red|green|blue|yellow|white|black|orange|pink) (?:dot|box|circle|cross|rectangle|outline|arrow|"
    r"square|mark|marker|star|point)\b|\bthe (?:red|yellow|orange|pink) line\b|"
    r"\b(?:is|are|sites?|places?|points?|lines?) (?:marked|drawn)\b|"
    r"\b(?:places|sites|points) A to [B-Z]\b|\bcoordinates \(",
    re.IGNORECASE,
)
"""What somebody drew on an image, and pixels that are named by their coordinates."""

_IN_AN_IMAGE = re.compile(
    r"\b(?:is|are) there\b|\b(?:do|can|could) (?:you|i|we) see\b|\b(?:this|the) (?:image|picture|photo)\b",
    re.IGNORECASE,
)
"""What asks for what an image shows: "Is there a river?", but not "Is a river wider than a road?"."""

FindText = Callable[[str, int], list[Evidence]]
FindPlaces = Callable[[], Sequence[Nearby]]


class Composer:
    """Answers questions from what an encoder sees, and from what a base holds.

    Args:
        encoder: What looks at images.
        sentences: What makes sentence vectors; None without a base.
        threshold: Below this it is not told whether or how often a thing is there.
    """

    def __init__(
        self, encoder: Encoder, sentences: TextEncoder | None = None, threshold: float = THRESHOLD
    ) -> None:
        self._threshold = threshold
        self._sentences = None if sentences is None else Remembered(sentences.encode_texts, SENTENCES)
        self.lexicon = Lexicon(encoder)
        self.likelihood = Likelihood(self.lexicon, encoder)

    def compose(
        self, question: str, looks: Sequence[Look], find: FindText, nearby: FindPlaces = tuple
    ) -> Answer:
        """Answer a question.

        Args:
            question: In anybody's words; of several in one, each is answered.
            looks: The images that it is about: none, one, two to be compared, or one for each option.
            find: Finds evidence for words: the words, and how much at most.
            nearby: Finds named places near to the first image, the nearest first.
        """
        asked = understand(question, images=max(1, len(looks)))
        scene = Scene(tuple(looks), self.lexicon, self.likelihood, self._sentences, find, nearby)
        marked = _is_marked(question, asked)
        findings = [self._found(one, scene, marked) for one in asked]
        text, evidence = _together(findings)
        notes = []
        looked = any(one.kind != "fact" for one in asked) and bool(looks)
        if looked and not self.likelihood.calibrated:
            notes.append("The encoder is not calibrated: how sure this is, is not known.")
        was_seen = looked and any(one.probability < 1 for one in findings)  # what a file says is sure
        if was_seen and any(look.seen.is_grey for look in looks):
            notes.append(
                "The image has no colours, and I learned from ones that do: how sure this is, is not known."
            )
        answers = _answers(asked, findings)
        known = [one for one in answers if one.known]
        return Answer(
            question=question,
            text=text,
            short="; ".join(without_citations(one.short) for one in answers if one.short),
            kind=", ".join(one.kind for one in asked),
            evidence=evidence,
            confidence=_confidence(known) if not notes else None,
            abstained=not known,
            notes=tuple(notes),
        )

    def _found(self, asked: Asked, scene: Scene, marked: bool) -> Finding:
        if scene.looks and (marked or _MARKS.search(asked.text)):
            return unknown("I do not find marks or coordinates in an image")
        if scene.looks and asked.image is not None:
            if asked.image > len(scene.looks):
                return unknown(f"there is no {ordinal(asked.image - 1)} image")
            scene = scene.only(asked.image)
        finding = of_each(asked, scene, _answer) if asked.among and scene.looks else _answer(asked, scene)
        if not finding.known and asked.kind == "fact":
            return foreign(asked) or finding
        presence = asked.kind in ("yes-no", "count") or finding.short == NOWHERE
        presence = presence or (asked.kind == "compare" and finding.fitted)
        if finding.known and presence and finding.probability < self._threshold:
            return unknown("the image does not show it clearly")
        return finding


def _answer(asked: Asked, scene: Scene) -> Finding:
    """Answer by what is known of where the image is, by what its file says, or by its kind."""
    found = surroundings(asked, scene)
    if found is None or not found.known:
        found = of_the_file(asked, scene) or found
    if found is None and scene.looks:
        found = strange(asked)
    if found is not None or scene.looks:
        return found or _ANSWERING[asked.kind](asked, scene)
    # without an image a question of any form is one of fact: "How large is a tennis court?"
    told = fact(asked, scene)
    in_general = all(is_of_no_place(one.chunk.source) for one in told.evidence)
    if told.known and in_general and asked.kind in ("yes-no", "count") and _IN_AN_IMAGE.search(asked.text):
        return unknown(NO_IMAGE)
    return told


def _confidence(findings: Sequence[Finding]) -> float | None:
    """How likely all that is said is right; None where that was never held against known answers."""
    if not findings or not all(one.fitted for one in findings):
        return None
    return min(one.probability for one in findings)


def _is_marked(question: str, asked: Sequence[Asked]) -> bool:
    """Whether a sentence that asks nothing by itself tells of marks: they then matter to all that is asked."""
    own = sum(len(_MARKS.findall(one.text)) for one in asked)
    return len(_MARKS.findall(question)) > own


def _answers(asked: Sequence[Asked], findings: Sequence[Finding]) -> Sequence[Finding]:
    """What a text with several questions in it wants to know: where it offers labelled options, which of them it is."""
    chosen = [
        finding for one, finding in zip(asked, findings, strict=True) if one.options and one.options[0].label
    ]
    return chosen or findings


def _together(findings: Sequence[Finding]) -> tuple[str, tuple[Evidence, ...]]:
    """Put findings into one text, with citations numbered in the order in which they are cited."""
    numbers: dict[tuple[str, str], Evidence] = {}
    parts = []
    for finding in findings:
        cited = []
        for one in finding.evidence:
            key = one.chunk.key, one.quote
            known = numbers.setdefault(key, replace(one, number=len(numbers) + 1))
            cited.append(f"[{known.number}]")
        marks, text = "".join(dict.fromkeys(cited)), without_citations(finding.text)
        if finding.known:
            parts.append(_cite(text, marks))
        else:
            parts.append(f"{text} See {marks}." if marks else text)
    kept = tuple(numbers.values())
    return " ".join(parts), kept


def _cite(text: str, marks: str) -> str:
    """Put citations before the full stop, or at the end."""
    if not marks:
        return text
    return f"{text[:-1]} {marks}." if text.endswith(".") else f"{text} {marks}"
