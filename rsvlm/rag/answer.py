"""Answers, with what they rest on."""

from dataclasses import dataclass
from typing import Any

from .evidence import Evidence


@dataclass(frozen=True)
class Answer:
    """An answer to a question about an image.

    Attributes:
        question: As it was asked.
        text: The answer, with `[1]` where it cites the first piece of evidence.
        short: What it comes to: "yes", "0.45", "river"; "" where there is none.
        kind: What was asked for: "yes-no", "what", ...; of several questions in one, joined by ", ".
        evidence: What it cites, or, of a generator, what it was shown; the best first. Of "I don't know", what comes
            nearest to the question.
        confidence: 0..1, how likely it is right, held against images with known answers: of whether a thing is there,
            which of some it is, what it is. None of all else that is asked, and with encoders and generators that were
            never calibrated.
        abstained: Whether it is "I don't know".
        notes: What a reader should know, a sentence each: evidence that was left out, an uncalibrated encoder.
        prompt: What a generator was asked, to the letter; None of the built-in composer.
        generator: What answered: "composer", or the name of a generator.
        seconds: How long each step took.
        error: Why there is no answer at all: an image that cannot be read, a generator that failed; None where there is
            one.
    """

    question: str
    text: str
    short: str = ""
    kind: str = ""
    evidence: tuple[Evidence, ...] = ()
    confidence: float | None = None
    abstained: bool = False
    notes: tuple[str, ...] = ()
    prompt: str | None = None
    generator: str = "composer"
    seconds: dict[str, float] | None = None
    error: str | None = None

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "question": self.question, "answer": self.text, "short": self.short, "kind": self.kind,
            "confidence": self.confidence, "abstained": self.abstained, "notes": list(self.notes),
            "evidence": [one.to_dict() for one in self.evidence], "generator": self.generator,
            "seconds": self.seconds, "error": self.error,
        }  # fmt: skip
