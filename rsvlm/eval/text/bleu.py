"""BLEU-1 to BLEU-4 in two conventions: a mean over sentences, smoothed, and one number for a corpus.

Papineni et al., "BLEU", ACL 2002; smoothing 1 of Chen and Cherry, WMT 2014.
"""

import numpy as np

from .ngrams import ORDERS, Floats, Ints, Ngrams

EPSILON = 0.1
"""What smoothing 1 puts in place of a count of zero matches."""

RS_RAG_WEIGHTS = ((1.0, 0, 0, 0), (0.5, 0.5, 0, 0), (0.33, 0.33, 0.33, 0), (0.25, 0.25, 0.25, 0.25))
"""RS-RAG's weights of the n-gram precisions; those of its BLEU-3 sum to 0.99."""


def sentence_bleu(ngrams: Ngrams, weights: tuple[tuple[float, ...], ...] = RS_RAG_WEIGHTS) -> Floats:
    """BLEU of every sentence, smoothed: nltk's `sentence_bleu` with `SmoothingFunction().method1`.

    Args:
        ngrams: Counts of n candidates and their references.
        weights: Of the precisions of 1- to 4-grams, a tuple for each BLEU that is wanted.

    Returns:
        (n, len(weights)); 0 where no token of the candidate is in a reference.
    """
    matches = matched(ngrams)
    guesses = np.maximum(1, ngrams.lengths[:, None] - np.arange(ORDERS))
    precisions = np.where(matches == 0, EPSILON, matches) / guesses
    scores = np.exp(np.log(precisions) @ np.array(weights).T)
    lengths = np.maximum(ngrams.lengths, 1)
    brevity = np.exp(np.minimum(0, 1 - closest_lengths(ngrams) / lengths))
    return np.asarray(np.where(matches[:, :1] == 0, 0.0, scores * brevity[:, None]), dtype=np.float64)


def corpus_bleu(ngrams: Ngrams) -> list[float]:
    """BLEU-1 to BLEU-4 of all sentences together: pycocoevalcap's `Bleu(4)`, reference length "closest"."""
    guesses = np.maximum(0, ngrams.lengths[:, None] - np.arange(ORDERS)).sum(axis=0)
    scores = coco_bleu(
        matched(ngrams).sum(axis=0)[None],
        guesses[None],
        ngrams.lengths.sum()[None],
        closest_lengths(ngrams).sum()[None],
    )
    return [float(score) for score in scores[0]]


def coco_sentence_bleu(ngrams: Ngrams) -> Floats:
    """(n, 4): the values that pycocoevalcap gives for single sentences; their mean is not the corpus's value."""
    guesses = np.maximum(0, ngrams.lengths[:, None] - np.arange(ORDERS))
    return coco_bleu(matched(ngrams), guesses, ngrams.lengths, closest_lengths(ngrams))


def coco_bleu(matches: Ints, guesses: Ints, length: Ints, reference_length: Ints) -> Floats:
    """The formula of both, with pycocoevalcap's small numbers against division by zero; (n, 4) from (n, 4) and (n,)."""
    tiny, small = 1e-15, 1e-9
    products = np.cumprod((matches + tiny) / (guesses + small), axis=1)
    ratio = (length + tiny) / (reference_length + small)
    brevity = np.where(ratio < 1, np.exp(1 - 1 / np.minimum(ratio, 1)), 1.0)
    return np.asarray(products ** (1 / np.arange(1, ORDERS + 1)) * brevity[:, None], dtype=np.float64)


def matched(ngrams: Ngrams) -> Ints:
    """(n, 4): n-grams of a candidate that a reference has, each as often as the reference that has it most often."""
    matches = np.zeros((ngrams.n, ORDERS), dtype=np.int64)
    for column, order in enumerate(ngrams.orders):
        both = order.partner >= 0
        partner = order.partner[both]
        best = np.zeros(len(order.text), dtype=np.int64)
        np.maximum.at(best, partner, np.minimum(order.count[partner], order.reference_count[both]))
        np.add.at(matches[:, column], order.text, best)
    return matches


def closest_lengths(ngrams: Ngrams) -> Ints:
    """(n,): length of the reference that is nearest in length to its candidate, the shorter of two equally near."""
    far = np.abs(ngrams.reference_lengths - ngrams.lengths[ngrams.item])
    order = np.lexsort((ngrams.reference_lengths, far, ngrams.item))
    first = np.searchsorted(ngrams.item[order], np.arange(ngrams.n))
    return ngrams.reference_lengths[order[first]]
