"""Evidence: chunks that were found for a question, each with why."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from rsvlm.imagery.scan import printable

from .chunk import Chunk


@dataclass(frozen=True)
class Evidence:
    """A chunk that was found.

    Attributes:
        number: What an answer cites it by, from 1.
        chunk: The text, and what is known of it.
        score: By which it was found.
        by_text: Cosine of its text and the question; None: nothing was asked in words.
        by_words: BM25 of the words that both share, 1 for the best of the base; None: likewise.
        by_image: Cosine of its picture, or text, and the picture asked about; None: there was no picture.
        km: How far from the place asked about; None where either is not known.
        quote: The sentence of it that the answer rests on; "" where that is all of it, or none.
    """

    number: int
    chunk: Chunk
    score: float
    by_text: float | None = None
    by_words: float | None = None
    by_image: float | None = None
    km: float | None = None
    quote: str = ""

    @property
    def title(self) -> str:
        """Where it is from, for people: "guide.pdf, page 3"."""
        name = printable(PurePosixPath(self.chunk.source).name or self.chunk.source)
        return f"{name}, {self.chunk.where}" if self.chunk.where else name

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data."""
        chunk = self.chunk
        return {
            "number": self.number, "title": self.title, "text": chunk.text, "quote": self.quote, "type": chunk.type,
            "source": chunk.source, "where": chunk.where, "image": chunk.image, "bbox": chunk.bbox,
            "datetime": chunk.datetime.isoformat() if chunk.datetime else None, "labels": list(chunk.labels),
            "licence": chunk.licence, "score": self.score, "by_text": self.by_text, "by_words": self.by_words,
            "by_image": self.by_image, "km": self.km,
        }  # fmt: skip
