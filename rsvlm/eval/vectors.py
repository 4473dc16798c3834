"""Vectors of a data set: each image is read and encoded once, whatever is evaluated on it.

They are kept in parts, each a file that is there whole or not at all: a run that was killed goes on after the last one.
A part is named by all that decides it: the encoder with its weights and precision, and the data with its hash.
"""

import hashlib
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rsvlm.datasets.pictures import open_picture, picture_hash
from rsvlm.datasets.sets import EvalSet
from rsvlm.files import atomic_write
from rsvlm.imagery import ChipReader
from rsvlm.models import Encoder, Image, encode_stream
from rsvlm.models.given_vectors import given_vectors
from rsvlm.models.identity import DECIDES, tokenizer_of, vector_identity

from .errors import EvalError
from .indexed import IndexSet, vector_hashes

Floats = NDArray[np.float32]
Progress = Callable[[int], None]

PART = 1024
"""Images a part: some seconds of work."""

NO_DIRECTION = "the encoder gave a vector of zeros"
"""Why an image failed that could be read."""

_FORMAT = 3  # rises when the vectors of the same encoder and images would come out differently


class ImageEncoder(Protocol):
    """What encodes images, and perhaps nothing else; see `rsvlm.models.Encoder`."""

    name: str
    revision: str
    dimension: int
    image_size: int

    def encode_images(self, images: Sequence[Image]) -> Floats:
        """Return (n, dimension) float32 of unit length."""
        ...


@dataclass(frozen=True)
class SetVectors:
    """What an encoder makes of the images of a data set.

    Attributes:
        values: float32 (n, dimension), unit length; NaN where an image failed.
        hashes: For each image a hash of its pixels, "" where it could not be read.
        errors: The reason of each image that failed, else None.
    """

    values: Floats
    hashes: tuple[str, ...]
    errors: tuple[str | None, ...]

    @property
    def failed(self) -> NDArray[np.bool_]:
        """(n,): which images failed."""
        return np.array([error is not None for error in self.errors], bool)

    def take(self, rows: ArrayLike) -> "SetVectors":
        """Return those of some images."""
        index = np.asarray(rows, np.int64)
        listed = index.tolist()
        return SetVectors(
            self.values[index], tuple(self.hashes[i] for i in listed), tuple(self.errors[i] for i in listed)
        )


def image_vectors(
    encoder: ImageEncoder,
    eval_set: EvalSet,
    *,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> SetVectors:
    """Encode all images of a data set, or take what is kept of an earlier run, or what an index holds.

    Args:
        encoder: Any object that encodes images.
        eval_set: The images.
        cache: Folder in which vectors are kept; None keeps nothing. Nor is anything kept for an encoder that does not
            say which weights it has, and for data of unknown origin.
        progress: Called with the number of images that are done.
    """
    if isinstance(eval_set, IndexSet):
        stored = eval_set.vectors(encoder)
        return SetVectors(stored, vector_hashes(stored), (None,) * len(stored))
    folder = _folder(cache, encoder, eval_set)
    parts = []
    for start in range(0, len(eval_set), PART):
        rows = range(start, min(start + PART, len(eval_set)))
        file = None if folder is None else folder / f"{start:08d}.npz"
        part = None if file is None else _read(file, len(rows), encoder.dimension)
        if part is None or any(part.errors):
            part = _mended(part, encoder, eval_set, rows)
            if file is not None:
                _store(file, part)
        parts.append(part)
        if progress is not None:
            progress(len(rows))
    return SetVectors(
        np.concatenate([part.values for part in parts]),
        tuple(value for part in parts for value in part.hashes),
        tuple(value for part in parts for value in part.errors),
    )


def text_vectors(encoder: Encoder, texts: Sequence[str], *, cache: Path | None = None) -> Floats:
    """Return the vectors of texts, (n, dimension) float32; a text that comes several times is encoded once."""
    distinct = list(dict.fromkeys(texts))
    place = {text: row for row, text in enumerate(distinct)}
    found = [np.empty((0, encoder.dimension), np.float32)]
    for start in range(0, len(distinct), PART):
        part = distinct[start : start + PART]
        file = None if cache is None else _text_file(cache, encoder, part)
        kept = None if file is None else _read(file, len(part), encoder.dimension)
        if kept is None:
            values = given_vectors(encoder, encoder.encode_texts(part), len(part), "texts")
            kept = SetVectors(values, ("",) * len(part), (None,) * len(part))
            if file is not None:
                _store(file, kept)
        found.append(kept.values)
    return np.concatenate(found)[[place[text] for text in texts]]


def encoder_record(encoder: Any) -> dict[str, Any]:
    """Return all that an encoder says of itself, as plain data."""
    record = dict(getattr(encoder, "info", None) or {})
    return {"name": encoder.name, "revision": encoder.revision, "dimension": encoder.dimension, **record}


def _identity(encoder: Any) -> list[Any]:
    """What decides vectors, in the order in which files of earlier versions are named by it."""
    known = vector_identity(encoder)
    basic = [known[key] for key in ("name", "revision", "dimension", "image_size")]
    code = [known["code"]] if "code" in known else []
    return [_FORMAT, *basic, [known.get(key) for key in DECIDES], *code]


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _folder(cache: Path | None, encoder: ImageEncoder, eval_set: EvalSet) -> Path | None:
    state = None if cache is None or not encoder.revision else eval_set.state
    if cache is None or state is None:
        return None
    return cache / f"images-{_digest([_identity(encoder), state])}"


def _text_file(cache: Path, encoder: Encoder, texts: Sequence[str]) -> Path | None:
    decides = [_identity(encoder), tokenizer_of(encoder), list(texts)]
    return cache / f"texts-{_digest(decides)}.npz" if encoder.revision else None


def _mended(part: SetVectors | None, encoder: ImageEncoder, eval_set: EvalSet, rows: range) -> SetVectors:
    """A part in which what has failed is tried again: a disk may have been away."""
    if part is None:
        return _encode(encoder, eval_set, rows)
    failed = np.flatnonzero(part.failed)
    again = _encode(encoder, eval_set, [rows[place] for place in failed.tolist()])
    values, hashes, errors = part.values.copy(), list(part.hashes), list(part.errors)
    values[failed] = again.values
    for place, value, error in zip(failed.tolist(), again.hashes, again.errors, strict=True):
        hashes[place], errors[place] = value, error
    return SetVectors(values, tuple(hashes), tuple(errors))


def _encode(encoder: ImageEncoder, eval_set: EvalSet, rows: Sequence[int]) -> SetVectors:
    place_of = {row: place for place, row in enumerate(rows)}
    hashes = [""] * len(rows)
    values = np.full((len(rows), encoder.dimension), np.nan, np.float32)
    errors: list[str | None] = [None] * len(rows)
    with ChipReader() as reader:

        def load(row: int) -> Image:
            picture = open_picture(eval_set.images[row], reader, eval_set.opening)
            hashes[place_of[row]] = picture_hash(picture)
            return picture

        for place, one in enumerate(encode_stream(cast(Encoder, encoder), rows, load)):
            errors[place] = one.error
            if one.vector is None:
                hashes[place] = ""
            elif not one.vector.any():  # which is as near to one thing as to any other
                errors[place] = NO_DIRECTION
            elif not np.isfinite(one.vector).all():
                raise EvalError(
                    f"encoder {encoder.name} gave a vector that is not numbers for {eval_set.keys[rows[place]]}: check "
                    "its weights and precision"
                )
            else:
                values[place] = one.vector
    return SetVectors(values, tuple(hashes), tuple(errors))


def _read(path: Path, n: int, dimension: int) -> SetVectors | None:
    """A part that is kept; None where there is none, or none that can be read."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            values, hashes, errors = stored["values"], stored["hashes"].tolist(), stored["errors"].tolist()
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    if values.shape != (n, dimension) or len(hashes) != n or len(errors) != n:
        return None
    return SetVectors(values, tuple(hashes), tuple(error or None for error in errors))


def _store(path: Path, part: SetVectors) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    errors = np.array([error or "" for error in part.errors], np.str_)
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez(file, values=part.values, hashes=np.array(part.hashes, np.str_), errors=errors)
