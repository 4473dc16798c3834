"""CIDEr-D, the form that pycocoevalcap computes under the name CIDEr.

Vedantam, Zitnick and Parikh, "CIDEr: Consensus-based image description evaluation", CVPR 2015.
"""

import numpy as np

from .ngrams import ORDERS, Floats, Ints, Ngrams, Order

SIGMA = 6.0
"""Width of the penalty for a difference in length."""


def cider(ngrams: Ngrams) -> Floats:
    """CIDEr-D of every candidate, 0..10; the mean is the score of the set.

    Rare n-grams weigh more, by how many items have them in a reference: the value of an item changes with the set
    that it is in, and a set of one item scores 0. The length whose difference is penalised is, as in pycocoevalcap,
    the number of bigrams.

    Returns:
        (n,): the mean over 1- to 4-grams and over the item's references, times 10.
    """
    if ngrams.n == 0:
        return np.zeros(0)
    similarity = np.zeros(len(ngrams.item))
    for order in ngrams.orders:
        similarity += _similarity(ngrams, order)
    bigrams = np.maximum(0, ngrams.lengths - 1)[ngrams.item] - np.maximum(0, ngrams.reference_lengths - 1)
    penalised = similarity * np.exp(-(bigrams**2) / (2 * SIGMA**2)) / ORDERS
    references = np.bincount(ngrams.item, minlength=ngrams.n)
    return np.asarray(10 * np.bincount(ngrams.item, penalised, ngrams.n) / references, dtype=np.float64)


def _similarity(ngrams: Ngrams, order: Order) -> Floats:
    """(r,): cosine of the tf-idf vectors of references and candidates, the candidates' clipped to the references'."""
    rarity = np.log(float(ngrams.n)) - np.log(np.maximum(1, document_frequencies(ngrams, order)))
    candidate = order.count * rarity[order.gram]
    reference = order.reference_count * rarity[order.reference_gram]
    norms = np.sqrt(np.bincount(order.text, candidate**2, ngrams.n))
    reference_norms = np.sqrt(np.bincount(order.reference, reference**2, len(ngrams.item)))
    both = order.partner >= 0
    products = np.minimum(candidate[order.partner[both]], reference[both]) * reference[both]
    dots = np.bincount(order.reference[both], products, len(ngrams.item))
    scale = norms[ngrams.item] * reference_norms
    # Without any n-gram bincount gives integers.
    return np.asarray(np.divide(dots, scale, out=np.zeros(len(scale)), where=scale > 0))


def document_frequencies(ngrams: Ngrams, order: Order) -> Ints:
    """(grams,): in how many items an n-gram stands in at least one reference."""
    keys = np.unique(ngrams.item[order.reference] * max(order.grams, 1) + order.reference_gram)
    return np.bincount(keys % max(order.grams, 1), minlength=order.grams)
