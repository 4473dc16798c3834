"""Cross-modal retrieval: images to texts and texts to images, in the conventions of the papers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from .errors import EvalError
from .intervals import FEWEST, few_notes, mean_intervals
from .ranking import NOT_FOUND, Ints, Ranked, Vectors, rank_pairs, similarity_blocks, unit_rows
from .result import EvalResult
from .retrieval_protocols import SUCCESS_NOTE, RetrievalProtocol, RetrievalSet, retrieval_protocol
from .statistics import Interval, bootstrap_of
from .trec import trec_measures

MEAN_OF = (1, 5, 10)
"""The k whose success@k both papers average."""

Float64s = NDArray[np.float64]


class _Direction(NamedTuple):
    """One way to search: its ranked pairs, their query and item, and the sizes."""

    name: str
    ranked: Ranked
    queries: Ints
    items: Ints
    n_queries: int
    n_items: int

    def asked(self) -> Ints:
        """Return the queries that have a right item; the others cannot be judged."""
        return np.unique(self.queries)

    def images(self) -> Ints:
        """Return the image of each query that was asked: itself, or the first one of a text."""
        asked = self.asked()
        if self.name != "t2i":
            return asked
        first = np.full(self.n_queries, self.n_items)
        np.minimum.at(first, self.queries, self.items)
        return first[asked]

    def best_ranks(self) -> Ints:
        """Return the rank of the first right item of each query that was asked."""
        ranks = np.full(self.n_queries, NOT_FOUND)
        np.minimum.at(ranks, self.queries, self.ranked.ranks)
        return ranks[self.asked()]


def retrieve(
    image_vectors: ArrayLike,
    text_vectors: ArrayLike,
    pairs: ArrayLike,
    protocol: str,
    *,
    name: str = "custom",
    words: RetrievalSet | None = None,
    measures: Sequence[str] = (),
    seed: int = 0,
) -> EvalResult:
    """Search texts by image and images by text, and say how often the right ones were found.

    Exact, in blocks: 100,000 images with 100,000 texts need no matrix of that size. Vectors get unit length. Of equal
    similarities the lower index comes first. A vector with NaN (an image that could not be read) is a query without
    success, and is never found. Items without a partner are searched through, and are no queries.

    Args:
        image_vectors: (n, d), one an image of `RetrievalSet.images`.
        text_vectors: (m, d), one a text of `RetrievalSet.texts`.
        pairs: (p, 2) index of the image, index of the text: which belong together (`RetrievalSet.pairs`).
        protocol: "skyscript" or "remoteclip": which k, which mean. Wording and de-duplication are done before encoding,
            by `retrieval_set`.
        name: The data set's.
        words: Gives the items their keys and texts instead of numbers.
        measures: Also these of trec_eval, in ir-measures' notation ("nDCG@10", "AP", "RR", "P@5", "R@5"), each way.
        seed: Of the bootstrap.

    Returns:
        Metrics `i2t_success@k` and `t2i_success@k` and, first, `mean_success` (remoteclip: the six numbers' mean) or
        `i2t_mean_success` and `t2i_mean_success` (skyscript: each way); intervals draw images, with their texts.

    Raises:
        EvalError: Shapes that do not fit, no pairs, or pairs out of range.
    """
    images, texts = unit_rows(image_vectors), unit_rows(text_vectors)
    pair_rows = _checked_pairs(pairs, len(images.vectors), len(texts.vectors))
    directions = (
        _search("i2t", similarity_blocks(images, texts), pair_rows, len(images.vectors), len(texts.vectors)),
        _search(
            "t2i",
            similarity_blocks(texts, images),
            pair_rows[:, ::-1],
            len(texts.vectors),
            len(images.vectors),
        ),
    )
    failed = {"i2t": images.failed, "t2i": texts.failed}
    return _result(directions, failed, retrieval_protocol(protocol), name, words, measures, seed)


def success_at(ranks: Ints, k: int) -> float:
    """Return the share of queries whose first right item is among the first k: CLIP papers' Recall@k.

    Args:
        ranks: (q,) from 1, `NOT_FOUND` where there is none; q is 1 or more.
        k: 1 or more.
    """
    return float((ranks <= k).mean())


def mean_success(successes: Mapping[str, float], protocol: str) -> dict[str, float]:
    """Return the mean or means that a protocol reports from success@1, @5 and @10 each way.

    Args:
        successes: With `i2t_success@1` ... `t2i_success@10`.
        protocol: "skyscript": a mean each way; "remoteclip": one over all six.
    """
    each = {way: [successes[f"{way}_success@{k}"] for k in MEAN_OF] for way in ("i2t", "t2i")}
    if retrieval_protocol(protocol).per_direction:
        return {f"{way}_mean_success": float(np.mean(values)) for way, values in each.items()}
    return {"mean_success": float(np.mean([*each["i2t"], *each["t2i"]]))}


def _search(
    name: str, blocks: Iterator[tuple[int, Vectors]], pairs: Ints, n_queries: int, n_items: int
) -> _Direction:
    queries, items = np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])
    return _Direction(name, rank_pairs(blocks, queries, items, n_queries), queries, items, n_queries, n_items)


def _result(
    directions: tuple[_Direction, _Direction],
    failed: Mapping[str, NDArray[np.bool_]],
    protocol: RetrievalProtocol,
    name: str,
    words: RetrievalSet | None,
    measures: Sequence[str],
    seed: int,
) -> EvalResult:
    successes = {
        f"{way.name}_success@{k}": success_at(way.best_ranks(), k) for way in directions for k in protocol.ks
    }
    trec = {
        f"{way.name}_{measure}": value
        for way in directions
        for measure, value in (
            trec_measures(_ranks_by_query(way), way.n_items, measures) if measures else {}
        ).items()
    }
    metrics = {**mean_success(successes, protocol.name), **successes, **trec}
    asked = {way.name: way.asked() for way in directions}
    return EvalResult(
        task="retrieval",
        name=name,
        metrics=metrics,
        n=sum(len(queries) for queries in asked.values()),
        n_failed=sum(int(failed[way][queries].sum()) for way, queries in asked.items()),
        groups={"direction": {way.name: _group(way, metrics) for way in directions}},
        intervals=_intervals(directions, protocol, seed),
        config={
            "protocol": protocol.name, "texts": protocol.text, "distinct_texts": protocol.distinct_texts,
            "citation": protocol.citation, "ties": "lower index first", "seed": seed,
            "n_images": directions[0].n_queries, "n_texts": directions[1].n_queries,
            "n_pairs": len(directions[0].queries),
        },
        notes=[
            SUCCESS_NOTE, *_trivial_notes(directions, protocol),
            *few_notes(directions[1].images(), len(directions[1].asked())),
        ],
        items=pa.concat_tables([_items(way, failed[way.name], words) for way in directions]),
    )  # fmt: skip


def _trivial_notes(directions: Sequence[_Direction], protocol: RetrievalProtocol) -> list[str]:
    """Say which success@k is 1 whatever the order, since there are no more than k items."""
    return [
        f"{way.name}_success@{k} says nothing: there are only {way.n_items} items, and all are among the first {k}"
        for way in directions
        for k in protocol.ks
        if k >= way.n_items
    ]


def _group(way: _Direction, metrics: Mapping[str, float]) -> dict[str, float]:
    """Return the metrics of one direction under their short names."""
    ranks = np.minimum(way.best_ranks(), way.n_items + 1)
    own = {
        key.removeprefix(f"{way.name}_"): value for key, value in metrics.items() if key.startswith(way.name)
    }
    mean = float(np.mean([own[f"success@{k}"] for k in MEAN_OF]))
    return {"mean_success": mean, **own, "median_rank": float(np.median(ranks)), "n": float(len(ranks))}


def _intervals(
    directions: Sequence[_Direction], protocol: RetrievalProtocol, seed: int
) -> dict[str, Interval]:
    """Return intervals that draw images: the texts of an image (its first, where it has several) come with it."""
    found: dict[str, Interval] = {}
    means: list[tuple[Float64s, Ints]] = []
    for way in directions:
        ranks, owner = way.best_ranks(), way.images()
        hits = np.mean([ranks <= k for k in MEAN_OF], axis=0)
        means.append((hits, owner))
        shares = {f"{way.name}_success@{k}": ranks <= k for k in protocol.ks}
        if protocol.per_direction:
            shares[f"{way.name}_mean_success"] = hits
        found |= mean_intervals(shares, groups=owner, seed=seed)
    if not protocol.per_direction and (both := _both_ways(means, seed)) is not None:
        found["mean_success"] = both
    return found


def _both_ways(means: Sequence[tuple[Float64s, Ints]], seed: int) -> Interval | None:
    """Return the interval of the mean of both directions' means, drawing images; None for few of them, or all alike."""
    size = 1 + max(int(owner.max()) for _, owner in means)
    sums = [np.bincount(owner, weights=hits, minlength=size) for hits, owner in means]
    counts = [np.bincount(owner, minlength=size) for _, owner in means]
    images = np.flatnonzero(counts[0])

    def statistic(drawn: Ints) -> float:
        chosen = images[drawn]
        each = [sums[way][chosen].sum() / max(counts[way][chosen].sum(), 1) for way in (0, 1)]
        return float(np.mean(each))

    found = bootstrap_of(statistic, len(images), seed=seed)
    return found if len(images) >= FEWEST and found.low < found.high else None


def _ranks_by_query(way: _Direction) -> list[Ints]:
    order = np.argsort(way.queries, kind="stable")
    starts = np.flatnonzero(np.diff(way.queries[order], prepend=-1))
    return np.split(way.ranked.ranks[order], starts[1:])


def _items(way: _Direction, failed: NDArray[np.bool_], words: RetrievalSet | None) -> pa.Table:
    """Return a row a query; `answer` is the first item, `rank` that of the first right one."""
    asked, ranks = way.asked(), way.best_ranks()
    keys, items = _names(way, words)
    order = np.argsort(way.queries, kind="stable")
    gold = np.split(way.items[order], np.flatnonzero(np.diff(way.queries[order], prepend=-1))[1:])
    best = way.ranked.best[asked]
    return pa.table(
        {
            "key": pa.array([keys[query] for query in asked.tolist()], pa.string()),
            "direction": pa.array([way.name] * len(asked), pa.string()),
            "gold": pa.array([[items[item] for item in own.tolist()] for own in gold], pa.list_(pa.string())),
            "answer": pa.array([items[item] if item >= 0 else None for item in best.tolist()], pa.string()),
            "correct": pa.array(ranks == 1, pa.bool_()),
            "rank": pa.array([None if rank == NOT_FOUND else rank for rank in ranks.tolist()], pa.int64()),
            "error": pa.array(
                ["has no vector" if bad else None for bad in failed[asked].tolist()], pa.string()
            ),
        }
    )


def _names(way: _Direction, words: RetrievalSet | None) -> tuple[Sequence[str], Sequence[str]]:
    if words is None:
        return [str(number) for number in range(way.n_queries)], [
            str(number) for number in range(way.n_items)
        ]
    return (words.images, words.texts) if way.name == "i2t" else (words.texts, words.images)


def _checked_pairs(pairs: ArrayLike, n_images: int, n_texts: int) -> Ints:
    """Return the pairs, each once."""
    rows = np.asarray(pairs)
    if rows.ndim != 2 or rows.shape[1] != 2 or not len(rows) or not np.issubdtype(rows.dtype, np.integer):
        raise EvalError(f"pairs have the shape {rows.shape}; give rows of (index of image, index of text)")
    if rows.min() < 0 or rows[:, 0].max() >= n_images or rows[:, 1].max() >= n_texts:
        raise EvalError(f"a pair points outside the {n_images} images and {n_texts} texts; count from 0")
    return np.unique(rows.astype(np.int64), axis=0)
