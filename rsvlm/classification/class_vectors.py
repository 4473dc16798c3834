"""Class names to vectors: prompts, their text vectors, and the one way in which these are averaged.

The same prompts through the same weights are encoded once: vectors lie in the user's cache folder, named by a
digest of everything that they depend on.
"""

import hashlib
import inspect
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from rsvlm.files import atomic_write
from rsvlm.folders import cache_folder
from rsvlm.models import Encoder
from rsvlm.models.given_vectors import given_vectors
from rsvlm.models.identity import tokenizer_of, vector_identity

from .errors import ClassificationError

Floats = NDArray[np.float32]
Averaging = Literal["normalized", "raw"]


@dataclass(frozen=True, eq=False)  # == of arrays is no answer
class ClassVectors:
    """Classes as an encoder sees them.

    Attributes:
        vectors: float32 (classes, dimension), unit length.
        prompts: For each class the texts that were encoded.
        averaging: "normalized": each text vector is made unit length before the mean over the prompts of a class.
            "raw": it is not (GeoRSCLIP). The mean is made unit length in both.
    """

    vectors: Floats
    prompts: tuple[tuple[str, ...], ...]
    averaging: Averaging

    @property
    def digest(self) -> str:
        """16 hex digits that stand for the prompts and how they are averaged."""
        return self.digest_with([])

    def digest_with(self, more: Sequence[str]) -> str:
        """As `digest`, for the prompts together with something else that counts."""
        return _digest([self.prompts, self.averaging, list(more)])


def fill_templates(
    words: Sequence[Sequence[str]], templates: Sequence[str | Callable[[str], str]]
) -> tuple[tuple[str, ...], ...]:
    """Put every word of every class into every template.

    Args:
        words: For each class the words that people say for it.
        templates: `str.format` strings with one `{}`, or functions that make a prompt of a word.

    Returns:
        For each class its prompts: template by template for the first word, then for the next.

    Raises:
        ClassificationError: No template, or one without exactly one `{}`.
    """
    if not templates:
        raise ClassificationError('no template: give at least one, such as "a satellite photo of {}."')
    for template in templates:
        if isinstance(template, str) and (
            template.count("{}") != 1 or template.count("{") != 1 or template.count("}") != 1
        ):
            raise ClassificationError(
                f"template {template!r}: a template has exactly one {{}}, where the class goes"
            )
    return tuple(
        tuple(
            template(word) if callable(template) else template.format(word)
            for word in class_words
            for template in templates
        )
        for class_words in words
    )


def class_vectors(
    encoder: Encoder, prompts: Sequence[Sequence[str]], averaging: Averaging = "normalized"
) -> ClassVectors:
    """Encode the prompts of each class and average them (Radford et al. 2021, section 3.1.4).

    Args:
        encoder: Any encoder; "raw" averaging needs one whose `encode_texts` takes `normalize=False`.
        prompts: For each class its texts.
        averaging: See `ClassVectors`.

    Raises:
        ClassificationError: The encoder cannot do what the averaging needs, or gave vectors that are not numbers.
        rsvlm.models.ModelError: It gave other vectors than it says.
    """
    texts = tuple(tuple(group) for group in prompts)
    cached = _cache_file(encoder, texts, averaging)
    vectors = _read(cached) if cached else None
    if vectors is None:
        vectors = _encode(encoder, texts, averaging)
        if cached:
            _store(cached, vectors)
    return ClassVectors(vectors, texts, averaging)


def _encode(encoder: Encoder, prompts: tuple[tuple[str, ...], ...], averaging: Averaging) -> Floats:
    distinct = list(dict.fromkeys(text for group in prompts for text in group))
    rows = {text: row for row, text in enumerate(distinct)}
    encoded = _text_vectors(encoder, distinct, averaging)
    bad = np.flatnonzero(~np.isfinite(encoded).all(axis=1))
    if len(bad):
        raise ClassificationError(
            f"encoder {encoder.name} gave vectors that are not numbers for {len(bad)} of {len(distinct)} texts, first "
            f"for {distinct[bad[0]]!r}: check its weights"
        )
    means = np.stack([encoded[[rows[text] for text in group]].mean(axis=0) for group in prompts])
    return unit(means)


def _text_vectors(encoder: Encoder, texts: list[str], averaging: Averaging) -> NDArray[np.float64]:
    """Vectors of texts in float64, of unit length unless the averaging is raw."""
    if averaging == "normalized":
        found = given_vectors(encoder, encoder.encode_texts(texts), len(texts), "texts")
        return unit(found).astype(np.float64)
    if "normalize" not in inspect.signature(encoder.encode_texts).parameters:
        raise ClassificationError(
            f"encoder {encoder.name} gives text vectors of unit length only; this protocol averages raw ones: "
            "take another protocol, or an encoder from load_encoder"
        )
    raw = cast(Any, encoder).encode_texts(texts, normalize=False)
    return given_vectors(encoder, raw, len(texts), "texts").astype(np.float64)


def unit(vectors: NDArray[Any]) -> Floats:
    """Rows of unit length, worked out in float64, as float32; a row of zeros stays."""
    wide = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(wide, axis=-1, keepdims=True)
    result: Floats = (wide / np.where(lengths == 0, 1.0, lengths)).astype(np.float32)
    return result


def unusual(encoder: Encoder) -> list[str]:
    """What changes an encoder's vectors and is told by neither its name nor its revision, for keys of what is kept.

    That is the activation, which may be chosen for the same weights (an adapter is part of the revision), and the code
    of an encoder of one's own, which is edited and keeps its revision. For what `load_encoder` gives without QuickGELU
    it is nothing, so that keys are what they were before it was looked at.
    """
    known = vector_identity(encoder)
    found = ["quick_gelu"] if known.get("quick_gelu") else []
    return found + ([known["code"]] if "code" in known else [])


def _cache_file(encoder: Encoder, prompts: tuple[tuple[str, ...], ...], averaging: str) -> Path | None:
    """Where the vectors lie; None for an encoder that does not say which weights it has."""
    if not getattr(encoder, "revision", None):
        return None
    told = [encoder.name, encoder.revision, encoder.dimension, prompts, averaging]
    name = _digest([3, *told, tokenizer_of(encoder), *unusual(encoder)])
    return cache_folder() / "class-vectors" / f"{name}.npz"


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode("utf-8")).hexdigest()[:16]


def _read(path: Path) -> Floats | None:
    """Cached vectors; None where there are none, or none that can be read."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            vectors: Floats = stored["vectors"]
            return vectors
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _store(path: Path, vectors: Floats) -> None:
    """Keep vectors for the next time; a folder that cannot be written costs time, not the result."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.savez(file, vectors=vectors)
    except OSError:
        return
