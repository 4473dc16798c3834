"""What a base finds: chunks ranked by words, meaning, picture and place together."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rsvlm.retrieval import TextIndex
from rsvlm.retrieval.asking import By
from rsvlm.retrieval.exact import Floats, Found, Mask
from rsvlm.retrieval.nearness import Point
from rsvlm.retrieval.snapshot import Snapshot
from rsvlm.retrieval.stored import Ints

from .chunk import CAPTION, TYPE, chunk_of
from .evidence import Evidence
from .folding import folded
from .nearness import kilometres, nearness
from .scoring import ImageSide, Side, TextSide, best_chunks, products

NEAR = 0.2
"""What is added to the score of a chunk about the very place."""
_DEPTH = 4
"""Times as many chunks as are wanted are looked at, where like ones are folded; and again, if these are too few."""
_DEEPEST = 1000
"""Chunks from which on nothing new is looked for."""


@dataclass(frozen=True)
class Query:
    """What is looked for, as vectors.

    Attributes:
        words: The question; "" for none.
        text: (d,) its sentence vector; None: nothing is asked in words.
        image: (e,) vector of the picture; None: there is none.
        point: Longitude and latitude that is asked about.
        alpha: 0..1: how much the picture counts where there are words, too.
    """

    words: str = ""
    text: Floats | None = None
    image: Floats | None = None
    point: Point | None = None
    alpha: float = 0.5

    @property
    def weights(self) -> tuple[float, float]:
        """Of the picture and of the words."""
        if self.text is None or self.image is None:
            return float(self.image is not None), float(self.text is not None)
        return self.alpha, 1 - self.alpha


class Finder:
    """Finds chunks in what a base consists of, as it was when it was opened.

    Args:
        texts: The chunks.
        pictures: Vectors of pictures; None: there are none.
        words: Vectors of texts, made by the encoder of pictures, of chunks without a picture; None: there are none.
    """

    def __init__(self, texts: TextIndex, pictures: Snapshot | None, words: Snapshot | None) -> None:
        self._texts, self._pictures, self._words = texts, pictures, words

    @property
    def chunks(self) -> Snapshot:
        """The chunks."""
        return self._texts.snapshot

    @cached_property
    def _picture_of(self) -> Ints:
        """(chunks,) row of the picture that each chunk is about, -1: none that is here."""
        return (
            np.full(self.chunks.manifest.size, -1)
            if self._pictures is None
            else _rows_of(self.chunks.column("image"), self._pictures)
        )

    @cached_property
    def _pieces(self) -> tuple[Ints, Ints]:
        """Rows of the vectors of texts, and the chunk of each."""
        if self._words is None:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        owners = pc.list_element(pc.split_pattern(self._words.column("key"), " ", max_splits=1), 1)
        chunks = _rows_of(owners, self.chunks)
        there = np.flatnonzero((chunks >= 0) & self._words.live)
        return there, chunks[there]

    def find(
        self, query: Query, k: int, allowed: Mask, *, fold: bool = True, by: By = "both"
    ) -> list[Evidence]:
        """Return the best chunks.

        Args:
            query: What is looked for.
            k: How many at most.
            allowed: (chunks,) which may be found.
            fold: Leave out what says the same as a better one.
            by: What of a text counts: its meaning, the words that it shares with the question, or the mean of both.
        """
        of_image, of_text = query.weights
        sides: dict[str, tuple[float, Side]] = {}
        extra = np.zeros(len(allowed))
        shares = distances = None
        if query.image is not None:
            sides["image"] = (of_image, self._image_side(query.image))
        of_words = of_text * {"words": 1.0, "both": 0.5, "meaning": 0.0}[by]
        if query.text is not None and by != "words":
            sides["text"] = (of_text - of_words, TextSide(self.chunks.stores, query.text))
        if query.text is not None and by != "meaning":
            shares = self._shares(query.words)
            extra += of_words * shares
        if query.point is not None:
            distances = kilometres(self.chunks, query.point)
            extra += nearness(distances, NEAR)
        depth = _DEPTH * k if fold else k
        while True:
            found = best_chunks(list(sides.values()), extra, allowed, depth)
            evidence = self._evidence(
                found, {name: side for name, (_, side) in sides.items()}, shares, distances
            )
            if fold and evidence:
                vectors = self.chunks.stores.take(found.rows)
                kept = folded([one.chunk for one in evidence], vectors, k)
                evidence = [evidence[place] for place in kept]
            if len(evidence) >= k or len(found.rows) < depth or depth > _DEEPEST:
                return [replace(one, number=number) for number, one in enumerate(evidence[:k], 1)]
            depth *= _DEPTH

    def look_alikes(self, image: Floats, pictures: int, allowed: Mask) -> list[Evidence]:
        """Return all captions of the pictures that are nearest to one, the nearest first.

        Args:
            image: (e,) its vector.
            pictures: How many pictures.
            allowed: (chunks,) which captions may be found.
        """
        if self._pictures is None:
            return []
        scores = products(self._pictures.stores, image)
        captions = self._is_caption & allowed
        captioned = np.unique(self._picture_of[captions & (self._picture_of >= 0)])
        nearest = captioned[np.argsort(-scores[captioned], kind="stable")[:pictures]]
        rank = np.full(len(scores) + 1, -1)  # the last one is for chunks without a picture
        rank[nearest] = np.arange(len(nearest))
        of_chunk = np.where(captions, rank[self._picture_of], -1)
        rows = np.flatnonzero(of_chunk >= 0)
        rows = rows[np.argsort(of_chunk[rows], kind="stable")]
        side = self._image_side(image)
        return self._evidence(Found(rows, side.exact(rows)), {"image": side}, None, None)

    @cached_property
    def _is_caption(self) -> Mask:
        first = pc.list_element(self.chunks.column("labels"), 0)
        found: Mask = pc.equal(first, TYPE + CAPTION).to_numpy(zero_copy_only=False).astype(bool)
        return found & self.chunks.live

    def _image_side(self, image: Floats) -> ImageSide:
        pictures, words = (None if one is None else one.stores for one in (self._pictures, self._words))
        return ImageSide(image, pictures, self._picture_of, words, self._pieces)

    def _shares(self, words: str) -> Floats:
        """(chunks,) BM25 of each text, 1 for the best one."""
        found = np.zeros(self.chunks.manifest.size)
        found[np.flatnonzero(self.chunks.live)] = self._texts.words.scores(words)
        best = float(found.max(initial=0.0))
        shares: Floats = found / best if best else found
        return shares

    def _evidence(
        self, found: Found, sides: dict[str, Side], shares: Floats | None, distances: Floats | None
    ) -> list[Evidence]:
        rows = found.rows
        values = {name: side.exact(rows).tolist() for name, side in sides.items()}
        chunks = [chunk_of(row) for row in self.chunks.rows(rows).to_pylist()]
        return [
            Evidence(
                number=place + 1,
                chunk=chunk,
                score=float(found.scores[place]),
                by_text=values["text"][place] if "text" in values else None,
                by_words=None if shares is None else float(shares[rows[place]]),
                by_image=values["image"][place] if "image" in values else None,
                km=_known(distances, rows[place]),
            )
            for place, chunk in enumerate(chunks)
        ]


def _known(distances: Floats | None, row: int) -> float | None:
    return None if distances is None or np.isnan(distances[row]) else float(distances[row])


def _rows_of(keys: pa.ChunkedArray, snapshot: Snapshot) -> Ints:
    """(n,) rows of a snapshot that have these keys, -1 where none that counts has."""
    live = np.flatnonzero(snapshot.live)
    known = snapshot.column("key").take(pa.array(live))
    place = pc.fill_null(pc.index_in(keys, value_set=known.combine_chunks(), skip_nulls=True), -1).to_numpy()
    rows: Ints = np.append(live, -1)[place]
    return rows
