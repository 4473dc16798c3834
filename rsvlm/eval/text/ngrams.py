"""The n-grams of many candidates and references, counted all at once; BLEU and CIDEr are read off these counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import EvalError

ORDERS = 4
"""n-grams of 1 to 4 tokens, as BLEU-4 and CIDEr count them."""

Tokens = Sequence[str]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Order:
    """Counts of the n-grams of one length; a row is a distinct n-gram of a text.

    Attributes:
        text: Candidate that a row of `gram` and `count` belongs to.
        gram: Identity of the n-gram, 0..grams-1, the same in candidates and references.
        count: How often it stands in the text.
        reference: As `text`, of the rows of the references.
        reference_gram: As `gram`.
        reference_count: As `count`.
        partner: For every row of the references the row of the same n-gram in their candidate, or -1.
        grams: Number of different n-grams.
    """

    text: Ints
    gram: Ints
    count: Ints
    reference: Ints
    reference_gram: Ints
    reference_count: Ints
    partner: Ints
    grams: int


@dataclass(frozen=True)
class Ngrams:
    """All that BLEU and CIDEr need to know about the texts.

    Attributes:
        lengths: (n,) tokens of every candidate.
        reference_lengths: (r,) tokens of every reference.
        item: (r,) candidate that a reference belongs to.
        orders: Counts for n = 1, 2, 3, 4.
    """

    lengths: Ints
    reference_lengths: Ints
    item: Ints
    orders: tuple[Order, ...]

    @property
    def n(self) -> int:
        """Number of candidates."""
        return len(self.lengths)


def count_ngrams(candidates: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> Ngrams:
    """Count the n-grams of candidates and of their references.

    Args:
        candidates: Tokens of every candidate, n of them.
        references: For every candidate one or more references.

    Raises:
        EvalError: The numbers differ, or a candidate has no reference.
    """
    if len(candidates) != len(references):
        raise EvalError(
            f"{len(candidates)} predictions and {len(references)} lists of references: give one list each"
        )
    for number, group in enumerate(references):
        if not group:
            raise EvalError(f"item {number} has no reference: leave it out or give it one")
    texts = [*candidates, *(text for group in references for text in group)]
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    item = np.repeat(np.arange(len(references)), [len(group) for group in references]).astype(np.int64)
    owner = np.concatenate([np.arange(len(candidates)), item])
    orders = tuple(_order(*rows, owner, len(candidates)) for rows in _rows(texts, lengths))
    return Ngrams(lengths[: len(candidates)], lengths[len(candidates) :], item, orders)


def _rows(texts: Sequence[Tokens], lengths: Ints) -> list[tuple[Ints, Ints, Ints, int]]:
    """For n = 1..4 the rows (text, gram, count) sorted by text, then gram, and the number of different n-grams."""
    ids: dict[str, int] = {}
    tokens = np.array([ids.setdefault(token, len(ids)) for text in texts for token in text], dtype=np.int64)
    owner = np.repeat(np.arange(len(texts)), lengths)
    remaining = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(tokens))
    grams, starts, number = tokens, np.arange(len(tokens)), len(ids)
    rows = []
    for n in range(1, ORDERS + 1):
        if n > 1:
            inside = remaining[starts] >= n
            starts = starts[inside]
            pairs = grams[inside] * len(ids) + tokens[starts + n - 1]
            distinct, grams = np.unique(pairs, return_inverse=True)
            number = len(distinct)
        keys, counts = np.unique(owner[starts] * max(number, 1) + grams, return_counts=True)
        rows.append((keys // max(number, 1), keys % max(number, 1), counts.astype(np.int64), number))
    return rows


def _order(text: Ints, gram: Ints, count: Ints, grams: int, owner: Ints, candidates: int) -> Order:
    """Split the rows in those of candidates and of references, and find for the latter their partners."""
    split = int(np.searchsorted(text, candidates))
    keys = text[:split] * max(grams, 1) + gram[:split]
    wanted = owner[text[split:]] * max(grams, 1) + gram[split:]
    place = np.searchsorted(keys, wanted)
    found = np.append(keys, -1)[place] == wanted
    return Order(
        text[:split], gram[:split], count[:split], text[split:] - candidates, gram[split:], count[split:],
        np.where(found, place, -1), grams,
    )  # fmt: skip
