"""Words and pictures to query vectors: one, the other, both, and what it shall not be like."""

import logging
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsvlm.imagery import ChipReader
from rsvlm.imagery.items import ChipOptions, Picture, list_items
from rsvlm.imagery.looks import TRUE_COLOUR, Look, loader
from rsvlm.models import Encoder
from rsvlm.models.shipped import shipped_name

from .errors import RetrievalError

LOG = logging.getLogger(__name__)

Words = str | Sequence[str] | None
One = str | os.PathLike[str] | Picture
"""A picture: a file, or one in memory."""
Pictures = One | Sequence[One] | None


def query_vectors(
    encoder: Encoder,
    text: Words = None,
    image: Pictures = None,
    *,
    weight: float = 0.5,
    unlike: Words = None,
    less: float = 0.5,
    options: ChipOptions = ChipOptions(),  # noqa: B008 - frozen
) -> NDArray[np.float64]:
    """Return a vector for each query, whose dot product with a row's is the score: (q, dimension).

    The score of text and image together is weight x cosine with the image + (1 - weight) x cosine with the text, the
    fusion of RS-RAG (Wen et al. 2025, arXiv:2504.04988). Of several texts and images, the first belongs to the first,
    and one text goes with all images, one image with all texts.

    Args:
        encoder: That of the index.
        text: Words, or a list of them.
        image: A picture, or a list of them: files, PIL images, (H, W, 3) uint8 arrays, chips.
        weight: 0..1: how much the image counts where there is text, too.
        unlike: What hits shall not be like.
        less: How much of the cosine with that is taken off.
        options: How the images of the index were read; pictures are read alike, those that cannot be as they are.

    Raises:
        RetrievalError: There is no query, numbers do not fit, or a picture cannot be read.
    """
    for name, number in (("weight", weight), ("less", less)):
        if not isinstance(number, Real):
            raise RetrievalError(f"{name} {number!r}: give a number")
    if not 0 <= weight <= 1:
        raise RetrievalError(f"weight {weight:g}: how much the image counts, between 0 (text only) and 1")
    if not 0 <= less < np.inf:
        raise RetrievalError(f"less {less:g}: how much of a likeness is taken off, from 0")
    texts, images = _listed(text), _listed(image)
    if not texts and not images:
        raise RetrievalError("nothing to search for: give text, an image, or both")
    others = _listed(unlike)
    if wrong := [words for words in [*texts, *others] if not isinstance(words, str)]:
        raise RetrievalError(
            f"text is words, not a {type(wrong[0]).__name__}: give a picture by image=, and vectors to search_vectors"
        )
    if blank := [number for number, words in enumerate(texts) if not words.strip()]:
        raise RetrievalError(f"text {blank[0]} is empty")
    if not all(words.strip() for words in others):
        raise RetrievalError("what hits shall not be like is empty: give words, or leave it out")
    if texts and images and len(texts) != len(images) and 1 not in (len(texts), len(images)):
        raise RetrievalError(f"{len(texts)} texts for {len(images)} images: give one each, or one for all")
    _tell_script(encoder, texts)
    found: NDArray[np.float64] = np.zeros((max(len(texts), len(images)), encoder.dimension))
    if images:
        found = found + (weight if texts else 1.0) * _picture_vectors(encoder, images, options)
    if texts:
        found = found + (1 - weight if images else 1.0) * encoder.encode_texts(texts).astype(np.float64)
    if others:
        found = found - less * encoder.encode_texts(others).astype(np.float64).mean(axis=0)
    return found


def _tell_script(encoder: Encoder, texts: Sequence[str]) -> None:
    """Log that a model that comes with rsvlm has not learned the script of a text, which it encodes all the same."""
    if shipped_name(encoder.name) is None:
        return
    for text in texts:
        letters = [letter for letter in text if letter.isalpha()]
        latin = sum("LATIN" in unicodedata.name(letter, "") for letter in letters)
        if 2 * latin < len(letters):
            LOG.warning("%s: the model reads English; ask in English (%s)", text, encoder.name)
            return


def is_single(text: Words, image: Pictures) -> bool:
    """Whether one query is asked, and not a list of them."""
    return not any(isinstance(given, list | tuple) for given in (text, image))


def _listed(given: Any) -> list[Any]:
    if given is None:
        return []
    return list(given) if isinstance(given, list | tuple) else [given]


def _picture_vectors(encoder: Encoder, images: Sequence[Any], options: ChipOptions) -> NDArray[np.float64]:
    plain = ChipOptions(chips="whole")
    alike = replace(plain, sensor=options.sensor, bands=options.bands, stretch=options.stretch)
    items = list_items(images, plain)
    if len(items) != len(images):
        raise RetrievalError(
            f"{len(images)} images were named, and {len(items)} were found: name files, no folders"
        )
    with ChipReader() as reader:
        load = loader(reader, 0.0, square=True)
        pictures = []
        for item, other in zip(list_items(images, alike), items, strict=True):
            try:
                pictures.append(load(Look(item, TRUE_COLOUR)))
            except Exception as error:
                try:  # a plain picture has not the bands of the index
                    pictures.append(load(Look(other, TRUE_COLOUR)))
                except Exception:
                    raise RetrievalError(f"{item.ref.image}: {error}") from None
    return encoder.encode_images(pictures).astype(np.float64)
