"""Questions to answers, without a language model."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from rsvlm.models import Encoder, TextEncoder
from rsvlm.rag.answer import Answer
from rsvlm.rag.evidence import Evidence
from rsvlm.rag.questions import Asked, Kind, understand

from .amounts import how_many, how_much
from .comparing import compare
from .describing import describe
from .facts import fact
from .finding import Answering, Finding, Scene
from .lexicon import Lexicon
from .likelihood import Likelihood
from .look import Look
from .naming import what, which
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
        findings = [self._found(one, scene) for one in asked]
        text, evidence = _together(findings)
        notes = []
        looked = any(one.kind != "fact" for one in asked) and bool(looks)
        if looked and self.likelihood is not None and not self.likelihood.calibrated:
            notes.append("The encoder is not calibrated: how sure this is, is not known.")
        probability = min(one.probability for one in findings)
        return Answer(
            question=question,
            text=text,
            short="; ".join(one.short for one in findings if one.short),
            kind=", ".join(one.kind for one in asked),
            evidence=evidence,
            confidence=probability if not notes and any(one.known for one in findings) else None,
            abstained=not any(one.known for one in findings),
            notes=tuple(notes),
        )

    def _found(self, asked: Asked, scene: Scene) -> Finding:
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
        parts.append(_cite(finding.text, marks) if finding.known else finding.text)
    kept = tuple(numbers.values())
    return " ".join(parts), kept


def _cite(text: str, marks: str) -> str:
    """Put citations before the full stop, or at the end."""
    if not marks:
        return text
    return f"{text[:-1]} {marks}." if text.endswith(".") else f"{text} {marks}"
