"""Vectors in fewer numbers, for pictures and for words apart, with distances that tell what is nearest.

Both are found from vectors of the index, with mean m and covariance Cx, and end in a number that is no product: what
is mapped to y is searched for by its distance from q'.

Pictures are like what is in the index: y is x - m in the first principal components of Cx, and behind them the length
of what these leave over, q' is q - m in the same ones. |q' - y|^2 is |q - x|^2 up to the product of what is left over.

Words lie elsewhere, and use other directions. With their covariance Cq, the best r numbers for the product <q, x> are
those of the r greatest singular values s of Cq^1/2 Cx^1/2 = U s V': y = s^1/2 V' Cx^-1/2 (x - m) and
q' = s^1/2 U' Cq^-1/2 q. The number behind y makes all y of one length, so that the highest product is the shortest
distance, too (Bachrach et al. 2014).

What is found this way are candidates; their order is that of the whole vectors.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .stored import Vectors

NUMBERS = (64, 96, 128, 192, 256, 384)
"""Sizes that are tried."""
_ISOTROPIC, _LIKE_IMAGES = 0.25, 0.15
"""Shares of Cq that favour no direction, and those of the images: what will be asked is not what was seen here, and may
be words and a picture together. With words of ten classes known, and those of nine others asked, shares from 0.02 to
0.5 find the same."""
_QUERIES = 200


@dataclass(frozen=True, eq=False)
class Mapping:
    """How vectors of images, and those of queries, become shorter ones.

    Attributes:
        images: (r - 1, d).
        mean: (d,) that is taken off images first.
        queries: (r - 1, d + 1); the last column is added.
        sphere: Whether all y are of length 1; else the last number is the length of what is left over.
    """

    images: Vectors
    mean: Vectors
    queries: Vectors
    sphere: bool

    def of_images(self, vectors: Vectors) -> Vectors:
        """(n, d) to (n, r)."""
        centred = vectors - self.mean
        short = centred @ self.images.T
        squares = np.square(short).sum(axis=1, keepdims=True)
        whole = 1.0 if self.sphere else np.square(centred).sum(axis=1, keepdims=True)
        found = np.concatenate([short, np.sqrt(np.maximum(whole - squares, 0))], axis=1)
        if self.sphere:
            found /= np.sqrt(np.maximum(squares, 1))
        return np.ascontiguousarray(found, np.float32)

    def cut(self, numbers: int) -> "Mapping":
        """The same to fewer numbers."""
        return Mapping(self.images[: numbers - 1], self.mean, self.queries[: numbers - 1], self.sphere)


def of_queries(queries: NDArray[np.floating], matrix: Vectors | None) -> Vectors:
    """(q, d) of any length to (q, r) by the `queries` of a mapping; only made unit length where there is none."""
    lengths = np.linalg.norm(queries, axis=1, keepdims=True)
    asked = np.ascontiguousarray(queries / np.maximum(lengths, 1e-30), np.float32)
    if matrix is None:
        return asked
    short = np.zeros((len(asked), len(matrix) + 1), np.float32)
    if len(asked) == 1:  # threads of BLAS, once woken, spin and get in the way of what comes next
        short[0, :-1] = np.einsum("ij,j->i", matrix[:, :-1], asked[0]) + matrix[:, -1]
    else:
        short[:, :-1] = asked @ matrix[:, :-1].T + matrix[:, -1]
    return short


def for_pictures(vectors: Vectors) -> Mapping:
    """Return the mapping for pictures, to as many numbers as there are; `cut` makes it short."""
    mean, centred = _centred(vectors)
    _, directions = np.linalg.eigh(centred.T @ centred)
    matrix = directions[:, ::-1].T.astype(np.float32)
    shift = -(matrix @ mean)[:, None]
    return Mapping(matrix, mean, np.concatenate([matrix, shift], axis=1), sphere=False)


def for_words(vectors: Vectors, texts: Vectors) -> Mapping:
    """Return the mapping for words like these texts, to as many numbers as there are."""
    mean, centred = _centred(vectors)
    of_images = centred.T @ centred / len(centred)
    words, pictures = texts.astype(np.float64), vectors.astype(np.float64)
    of_texts = (
        (1 - _ISOTROPIC - _LIKE_IMAGES) * words.T @ words / len(words)
        + _LIKE_IMAGES * pictures.T @ pictures / len(pictures)
        + _ISOTROPIC * np.eye(len(mean)) / len(mean)
    )
    root, inverse = _roots(of_images)
    text_root, text_inverse = _roots(of_texts)
    left, values, right = np.linalg.svd(text_root @ root)
    half = np.sqrt(values)[:, None]
    images, queries = half * (right @ inverse), half * (left.T @ text_inverse)
    images /= np.quantile(np.linalg.norm(centred @ images.T, axis=1), 0.999)
    queries /= np.linalg.norm(words @ queries.T, axis=1).mean()
    queries = np.concatenate([queries, np.zeros((len(queries), 1))], axis=1)
    return Mapping(images.astype(np.float32), mean, queries.astype(np.float32), sphere=True)


def shortest(mapping: Mapping, queries: Vectors, vectors: Vectors, recall: float) -> Mapping | None:
    """Return a mapping cut to as few numbers as keep what is near a query near, or None where all are needed.

    Args:
        mapping: To all numbers, found from other vectors.
        queries: (q, d).
        vectors: (n, d): of the true first ten of these, enough must be among the first twenty when mapped.
        recall: Share of true hits that a search shall find in the end.
    """
    queries = queries[:: max(1, len(queries) // _QUERIES)]
    hits = min(10, len(vectors))
    true = np.argpartition(-(queries @ vectors.T), hits - 1, axis=1)[:, :hits]
    for numbers in NUMBERS:
        if numbers >= vectors.shape[1]:
            return None
        found = mapping.cut(numbers)
        short = found.of_images(vectors)
        distances = np.square(short).sum(axis=1) - 2 * of_queries(queries, found.queries) @ short.T
        last = min(2 * hits, len(vectors)) - 1
        farthest = np.partition(distances, last, axis=1)[:, last]
        near = np.take_along_axis(distances, true, axis=1) <= farthest[:, None]
        if near.mean() >= 1 - (1 - recall) / 2:
            return found
    return None


def _centred(vectors: Vectors) -> tuple[Vectors, NDArray[np.float64]]:
    mean: Vectors = vectors.mean(axis=0)
    return mean, (vectors - mean).astype(np.float64)


def _roots(covariance: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Its square root, and the inverse of that."""
    values, vectors = np.linalg.eigh(covariance)
    values = np.maximum(values, 1e-9 * values[-1])
    return (vectors * np.sqrt(values)) @ vectors.T, (vectors / np.sqrt(values)) @ vectors.T
