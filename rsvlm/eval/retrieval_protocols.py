"""How papers measure image-text retrieval: two conventions whose numbers must not be compared with each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import EvalError

SUCCESS_NOTE = (
    "success@k is the share of queries with at least one right item among the first k. CLIP papers call it Recall@k; "
    "in information retrieval Recall@k is the share of a query's right items that are among the first k."
)


@dataclass(frozen=True)
class RetrievalProtocol:
    """What decides a retrieval number besides the model and the data set.

    Attributes:
        name: "skyscript" or "remoteclip".
        ks: Success@k is reported for these, each way.
        per_direction: Whether the mean over k (of 1, 5 and 10) is taken each way, or over the six numbers together.
        distinct_texts: Whether a caption that comes several times is one item, right for all its images.
        text: How captions are changed, in words.
        citation: Where it is described.
    """

    name: str
    ks: tuple[int, ...]
    per_direction: bool
    distinct_texts: bool
    text: str
    citation: str


PREFIX = "a satellite image. "

_PROTOCOLS = {
    item.name: item
    for item in (
        RetrievalProtocol(
            "skyscript",
            (1, 5, 10, 100),
            per_direction=True,
            distinct_texts=True,
            text=f'captions prefixed "{PREFIX}", those of SkyScript itself as they are',
            citation="Wang et al., SkyScript, AAAI 2024, arXiv:2312.12856; cross_modal_retrieval.ipynb of its code",
        ),
        RetrievalProtocol(
            "remoteclip",
            (1, 5, 10),
            per_direction=False,
            distinct_texts=False,
            text="captions with the first letter in upper case and all others in lower case (str.capitalize)",
            citation="Liu et al., RemoteCLIP, IEEE TGRS 2024, arXiv:2306.11029; retrieval.py of its code",
        ),
    )
}


class RetrievalSet(NamedTuple):
    """Images and texts as they are to be encoded, and which belong together.

    Attributes:
        images: Keys, each once.
        texts: As the protocol words them.
        pairs: (p, 2) int64: index of the image, index of the text.
    """

    images: tuple[str, ...]
    texts: tuple[str, ...]
    pairs: NDArray[np.int64]


def retrieval_protocol(name: str) -> RetrievalProtocol:
    """Return a protocol by its name.

    Raises:
        EvalError: There is none of that name.
    """
    if name not in _PROTOCOLS:
        raise EvalError(f"there is no retrieval protocol {name!r}; take one of: {', '.join(_PROTOCOLS)}")
    return _PROTOCOLS[name]


def retrieval_protocol_names() -> tuple[str, ...]:
    """Return the names of all protocols."""
    return tuple(_PROTOCOLS)


def prepare_captions(dataset: str, captions: Sequence[str], protocol: str) -> list[str]:
    """Return captions as a protocol words them, in order.

    Args:
        dataset: Its name. "skyscript" goes without the prefix in its own protocol; any other set gets it, as RSICD,
            RSITMD and UCM-Captions did.
        captions: As the data set has them.
        protocol: "skyscript" or "remoteclip".
    """
    if retrieval_protocol(protocol).name == "remoteclip":
        return [caption.capitalize() for caption in captions]
    prefix = "" if dataset.lower().startswith("skyscript") else PREFIX
    return [prefix + caption for caption in captions]


def retrieval_set(dataset: str, rows: Sequence[tuple[str, str]], protocol: str) -> RetrievalSet:
    """Return what a protocol makes of a data set's test rows.

    Images are one item each however often they come, in the order of their keys, as in both papers' code. Texts are
    taken once each, in their own order, under "skyscript"; and all of them, image by image, under "remoteclip", where
    a text is right for its own image only, even if another image has the same words.

    Args:
        dataset: Its name, for `prepare_captions`.
        rows: (image key, caption) of each caption of the test split.
        protocol: "skyscript" or "remoteclip".

    Raises:
        EvalError: There are no rows.
    """
    if not rows:
        raise EvalError(f"{dataset} has no captions; there is nothing to retrieve")
    texts = prepare_captions(dataset, [caption for _, caption in rows], protocol)
    images, image_of = _distinct([key for key, _ in rows])
    if retrieval_protocol(protocol).distinct_texts:
        kept, text_of = _distinct(texts)
    else:
        order = sorted(range(len(rows)), key=lambda row: (image_of[row], row))
        kept = tuple(texts[row] for row in order)
        text_of = np.empty(len(rows), np.int64)
        text_of[order] = np.arange(len(rows))
    return RetrievalSet(images, kept, np.unique(np.stack([image_of, text_of], axis=1), axis=0))


def _distinct(values: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    kept = sorted(set(values))
    place = {value: index for index, value in enumerate(kept)}
    return tuple(kept), np.array([place[value] for value in values], np.int64)
