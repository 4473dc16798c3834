"""Questions to answers, without a language model."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from rsvlm.models import Encoder, TextEncoder
from rsvlm.rag.answer import Answer
from rsvlm.rag.citations import without_citations
from rsvlm.rag.evidence import Evidence
from rsvlm.rag.questions import Asked, Kind, understand

from .amounts import how_many, how_much
from .choosing import which
from .comparing import compare
from .describing import describe
from .facts import fact
from .finding import Answering, Finding, Scene, unknown
from .lexicon import Lexicon
from .likelihood import Likelihood
from .look import Look
from .naming import what
from .places import where
from .presence import yes_or_no

LOOK_ALIKES = 20
"""Pictures of a base that are looked at beside the one that is asked about."""
THRESHOLD = 0.55
"""Below this an answer is "I don't know"."""

_ANSWERING: dict[Kind, Answering] = {
    "yes-no": yes_or_no, "which": which, "what": what, "how-much": how_much, "count": how_many, "where": where,
    "compare": compare, "describe": describe, "fact": fact,
}  # fmt: skip

_MARKS = re.compile(
    r"\bthe (?:red|green|blue|yellow|white|black|orange|pink) (?:dot|box|circle|cross|rectangle|outline|arrow|line|"
    r"square|mark|marker|star|point)\b|\b(?:is|are|sites?|places?|points?) marked\b|"
    r"\b(?:places|sites|points) A to [B-Z]\b|\bcoordinates \(",
    re.IGNORECASE,
)
"""What somebody drew on an image, and pixels that are named by their coordinates."""

FindText = Callable[[str, int], list[Evidence]]


class Composer:
    """Answers questions from what an encoder sees, and from what a base holds.

    Args:
        encoder: What looks at images; None: it answers questions of fact only.
        sentences: What makes sentence vectors; None without a base.
        threshold: Below this an answer is "I don't know", but for questions that ask how something looks.
    """

    def __init__(
        self, encoder: Encoder | None, sentences: TextEncoder | None = None, threshold: float = THRESHOLD
    ) -> None:
        self.encoder, self._sentences, self._threshold = encoder, sentences, threshold
        self.lexicon = None if encoder is None else Lexicon(encoder)
        self.likelihood = (
            None if encoder is None or self.lexicon is None else Likelihood(self.lexicon, encoder)
        )

    def compose(self, question: str, looks: Sequence[Look], find: FindText) -> Answer:
        """Answer a question.

        Args:
            question: In anybody's words; of several in one, each is answered.
            looks: The images that it is about: none, one or two.
            find: Finds evidence for words: the words, and how much at most.
        """
        asked = understand(question, images=max(1, len(looks)))
        scene = Scene(tuple(looks), self.lexicon, self.likelihood, self._sentences, find)
        findings = [self._found(one, scene, question) for one in asked]
        text, evidence = _together(findings)
        notes = []
        looked = any(one.kind != "fact" for one in asked) and bool(looks)
        if looked and self.likelihood is not None and not self.likelihood.calibrated:
            notes.append("The encoder is not calibrated: how sure this is, is not known.")
        probability = min(one.probability for one in findings)
        answers = _answers(asked, findings)
        return Answer(
            question=question,
            text=text,
            short="; ".join(without_citations(one.short) for one in answers if one.short),
            kind=", ".join(one.kind for one in asked),
            evidence=evidence,
            confidence=probability if not notes and any(one.known for one in answers) else None,
            abstained=not any(one.known for one in answers),
            notes=tuple(notes),
        )

    def _found(self, asked: Asked, scene: Scene, question: str) -> Finding:
        if scene.looks and _MARKS.search(question):
            return unknown("I do not find marks or coordinates in an image")
        # without an image a question of any form is one of fact: "How large is a tennis court?"
        finding = _ANSWERING[asked.kind if scene.looks else "fact"](asked, scene)
        if finding.known and finding.probability < self._threshold and asked.kind in ("yes-no", "count"):
            return replace(
                finding,
                known=False,
                short="",
                text=f"I don't know: the image does not show it clearly. {finding.text}",
            )
        return finding


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
        marks = "".join(dict.fromkeys(cited))
        said = without_citations(finding.text)
        parts.append(_cite(said, marks) if finding.known else said)
    kept = tuple(numbers.values())
    return " ".join(parts), kept


def _cite(text: str, marks: str) -> str:
    """Put citations before the full stop, or at the end."""
    if not marks:
        return text
    return f"{text[:-1]} {marks}." if text.endswith(".") else f"{text} {marks}"
