"""`TextIndex`: texts found by the words that they share with a query, by their meaning, or by both."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self, Unpack, get_args, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rsvlm.imagery.items import PathLike
from rsvlm.models import Reranker, TextEncoder, load_reranker, load_sentence_encoder
from rsvlm.models.sentences import SENTENCES

from .asking import AskingTexts, By
from .bm25 import Words, store_words, stored_words, words_of
from .building import Progress
from .errors import RetrievalError
from .exact import Found, Mask
from .filters import Filter, mask_of
from .fusion import Rankings, best, depths_of, hits_of
from .hits import Hits, check_count
from .kinds import Plan
from .making import check_encoder, check_new, create, fitting
from .manifest import EncoderRecord, Manifest, read_manifest
from .paging import paged
from .rows import checked, table_of
from .searchable import keys_of
from .snapshot import Snapshot, open_snapshot
from .stored import Vectors
from .updates import put_rows, remove_rows
from .verifying import verify

Texts = Iterable[Mapping[str, Any]] | Any
"""Dicts or an Arrow table with "key", "text" and what else is known (`rsvlm.retrieval.rows.SCHEMA`)."""

_BLOCK = 1024
"""Texts that are encoded between two calls of the progress."""


class TextIndex:
    """Texts with their vectors in a folder, found by words, by meaning or by both.

    The folder is that of an `Index` whose vectors are those of the texts and whose rows have the text as their only
    caption; it is changed, verified and kept safe in the same way. An open one stays as it was when it was opened.

    Attributes:
        folder: Where it is.
        snapshot: What is there, as it was when it was opened.
    """

    def __init__(
        self, folder: PathLike, encoder: TextEncoder | PathLike | None = None, *, device: str = "auto"
    ) -> None:
        """Open it.

        Args:
            folder: Where it is.
            encoder: What made its vectors, where its name does not say where that is to be found.
            device: For the encoder, where it is loaded here.

        Raises:
            RetrievalError: It is no index, a damaged one, or one that another encoder made.
        """
        self.folder = Path(folder).absolute()  # the process may go elsewhere
        self.snapshot: Snapshot = open_snapshot(self.folder)
        self._words: Words | None = None
        self._encoder: TextEncoder | None = None
        self._device = device
        if encoder is not None:
            self._encoder = self._own(encoder)

    @classmethod
    def build(
        cls,
        texts: Texts,
        folder: PathLike,
        encoder: TextEncoder | PathLike = SENTENCES,
        *,
        plan: Plan = Plan(),  # noqa: B008 - frozen
        device: str = "auto",
        progress: Progress | None = None,
    ) -> Self:
        """Make an index of texts.

        Args:
            texts: Dicts or a table with "key", "text" and what else is known of each.
            folder: A new or an empty one.
            encoder: What makes the vectors, or what `rsvlm.models.load_sentence_encoder` takes.
            plan: How it shall be searched.
            device: For the encoder, where it is loaded here.
            progress: Called with texts done and texts in all.

        Raises:
            RetrievalError: The folder holds something, or a row lacks its key or text.
        """
        table, made = rows_of_texts(texts), loaded_sentences(encoder, device)
        if not len(table):
            raise RetrievalError(f"{folder}: no texts to make an index of")
        place = Path(folder)
        check_new(place)
        record = EncoderRecord(name=made.name, revision=made.revision, dimension=made.dimension)
        _, encoded = fitting(_vectors(made, table, progress), table, made.dimension)
        create(place, record, encoded, plan)
        return cls(place, made)

    @classmethod
    def open(
        cls, folder: PathLike, encoder: TextEncoder | PathLike | None = None, *, device: str = "auto"
    ) -> Self:
        """Open an index; the arguments are those of `TextIndex`.

        Raises:
            RetrievalError: It is no index, a damaged one, or one that another encoder made.
        """
        return cls(folder, encoder, device=device)

    def __reduce__(self) -> tuple[Any, ...]:
        """An index that is pickled is opened anew, where its folder must be found."""
        return partial(type(self), device=self._device), (self.folder, self._encoder)

    @property
    def encoder(self) -> TextEncoder:
        """What made the vectors, loaded when it is first asked for.

        Raises:
            RetrievalError: What its name leads to now has other weights.
            rsvlm.models.ModelError: It cannot be loaded.
        """
        if self._encoder is None:
            self._encoder = self._own(self.manifest.encoder.name)
        return self._encoder

    @property
    def manifest(self) -> Manifest:
        """What the index consists of."""
        return self.snapshot.manifest

    @property
    def words(self) -> Words:
        """What finds rows by words, opened, or computed, when it is first asked for."""
        if self._words is None:
            self._words = stored_words(self.folder, self.manifest)
        if self._words is None:
            texts = self.snapshot.column("captions").filter(pa.array(self.snapshot.live))
            self._words = words_of(pc.list_element(texts, 0).to_pylist())
            if read_manifest(self.folder) == self.manifest:
                store_words(self.folder, self.manifest, self._words)
        return self._words

    def __len__(self) -> int:
        return self.manifest.count

    def __repr__(self) -> str:
        return f"TextIndex({str(self.folder)!r}: {len(self):,} texts, {self.manifest.encoder.name})"

    def refresh(self) -> None:
        """Look at the folder again, for what another process changed."""
        self.snapshot = open_snapshot(self.folder)
        self._words = None

    def add(
        self,
        texts: Texts,
        *,
        plan: Plan = Plan(),  # noqa: B008 - frozen
        progress: Progress | None = None,
    ) -> None:
        """Add texts; one whose key is there already takes the place of the older one.

        Args:
            texts: As of `build`.
            plan: How they shall be searched.
            progress: Called with texts done and texts in all.

        Raises:
            RetrievalError: A row lacks its key or text, or another process is writing.
        """
        table = rows_of_texts(texts)
        if len(table):
            vectors = _vectors(self.encoder, table, progress)
            put_rows(self.folder, fitting(vectors, table, self.encoder.dimension)[1], plan)
        self.refresh()

    def remove(self, keys: str | Iterable[str]) -> int:
        """Remove texts by their keys, one or several; return how many.

        Raises:
            RetrievalError: A key is not there (nothing is removed then), or another process is writing.
        """
        removed = remove_rows(self.folder, keys_of(keys))
        self.refresh()
        return removed

    @overload
    def search(self, text: str, **how: Unpack[AskingTexts]) -> Hits: ...
    @overload
    def search(self, text: list[str] | tuple[str, ...], **how: Unpack[AskingTexts]) -> list[Hits]: ...
    @overload
    def search(self, text: str | Sequence[str], **how: Unpack[AskingTexts]) -> Hits | list[Hits]: ...

    def search(
        self,
        text: str | Sequence[str],
        *,
        k: int = 10,
        offset: int = 0,
        by: By = "both",
        filter: Filter | None = None,
        reranker: Reranker | PathLike | None = None,
    ) -> Hits | list[Hits]:
        """Find texts.

        Args:
            text: What to find, or a list for several searches at once.
            k: How many hits.
            offset: How many of the best are passed over.
            by: "words": texts that share words with it, by BM25; "meaning": by the cosine of sentence vectors;
                "both": by the ranks in these two, fused.
            filter: What all hits must be.
            reranker: A cross-encoder that puts the first 50 (or k) in order, then the next ones, or what
                `rsvlm.models.load_reranker` takes.

        Returns:
            The hits, the best first; a list of them where text is one. The score is BM25's, the cosine, the sum of
            1 / (60 + rank), or the reranker's. With "both", `by_words` and `by_meaning` are the ranks in the two.

        Raises:
            RetrievalError: Nothing is asked, or what there cannot be.
        """
        queries = checked_queries(text, k, offset, by)
        judge = loaded_reranker(reranker)
        mask = mask_of(filter, self.snapshot)
        allowed = self.snapshot.live if mask is None else mask & self.snapshot.live
        total, depths = int(np.count_nonzero(allowed)), depths_of(k, offset)
        found = [
            hits_of(
                self.snapshot, query, rankings, k=k, offset=offset, total=total, depths=depths, reranker=judge
            )
            for query, rankings in zip(
                queries, self.rankings(queries, by, allowed, depths[-1], depths[0]), strict=True
            )
        ]
        return found[0] if isinstance(text, str) else found

    def rankings(self, queries: Sequence[str], by: By, allowed: Mask, k: int, page: int) -> list[Rankings]:
        """Return the first k rows for each query, by words, by meaning or by each of them.

        Args:
            queries: What to find.
            by: As of `search`.
            allowed: (size,) which rows may be found.
            k: How many of each.
            page: Of these, how many are what a search for them alone finds.
        """
        found: list[dict[str, Found]] = [{} for _ in queries]
        if by != "meaning":
            live = np.flatnonzero(self.snapshot.live)
            for one, query in zip(found, queries, strict=True):
                scores = np.zeros(self.manifest.size)
                scores[live] = self.words.scores(query)
                one["words"] = best(scores, allowed, k)
        if by != "words":
            encode = getattr(self.encoder, "encode_queries", self.encoder.encode_texts)
            # to texts, a text that is asked is what one picture is to others: the kind that lies near
            near = paged(self.snapshot, encode(queries).astype(np.float64), page, k, allowed, kind="pictures")
            for one, ranking in zip(found, near, strict=True):
                one["meaning"] = ranking
        return list(found)

    def verify(self) -> list[str]:
        """Read everything, and compare it with what was written; return what is wrong, a line each.

        Raises:
            RetrievalError: The manifest itself is damaged.
        """
        return verify(self.folder)

    def _own(self, encoder: TextEncoder | PathLike) -> TextEncoder:
        made = loaded_sentences(encoder, self._device)
        check_encoder(self.folder, self.manifest.encoder, made)
        return made


def rows_of_texts(texts: Texts) -> pa.Table:
    """Return rows whose only caption is the text.

    Raises:
        RetrievalError: A row has no key or no text, or what there cannot be.
    """
    if not isinstance(texts, pa.Table):
        listed = [dict(row) for row in texts]
        _check_texts([row.get("text") for row in listed])
        for row in listed:
            row["captions"] = [row.pop("text")]
        return checked(table_of(listed))
    if "text" not in texts.column_names:
        raise RetrievalError(f"the texts have no column text; there are {', '.join(texts.column_names)}")
    column = texts["text"].to_pylist()
    _check_texts(column)
    captions = pa.array([[text] for text in column], pa.list_(pa.string()))
    kept = texts.drop_columns([name for name in ("text", "captions") if name in texts.column_names])
    return checked(kept.append_column("captions", captions))


def loaded_sentences(encoder: TextEncoder | PathLike, device: str = "auto") -> TextEncoder:
    """An encoder of texts, loaded where it is named."""
    if not isinstance(encoder, str | os.PathLike):
        return encoder
    return load_sentence_encoder(encoder, device=device)


def loaded_reranker(reranker: Reranker | PathLike | None) -> Reranker | None:
    """A reranker, loaded where it is named."""
    return load_reranker(reranker) if isinstance(reranker, str | os.PathLike) else reranker


def checked_queries(text: str | Sequence[str], k: int, offset: int, by: By) -> list[str]:
    """What is asked, as a list.

    Raises:
        RetrievalError: A text is empty, or numbers that there cannot be.
    """
    queries = [text] if isinstance(text, str) else list(text)
    if not queries:
        raise RetrievalError("no text to search for: give one or several")
    if wrong := [query for query in queries if not isinstance(query, str)]:
        raise RetrievalError(f"text {wrong[0]!r} is a {type(wrong[0]).__name__}: give text")
    if blank := [number for number, query in enumerate(queries) if not query.strip()]:
        raise RetrievalError(f"text {blank[0]} is empty")
    check_count("k", k, 1)
    check_count("offset", offset, 0)
    if by not in get_args(By):
        raise RetrievalError(f"by {by!r}: give words, meaning or both")
    return queries


def _check_texts(texts: Sequence[Any]) -> None:
    for number, text in enumerate(texts):
        if not isinstance(text, str) or not text.strip():
            raise RetrievalError(f"row {number} has no text")


def _vectors(encoder: TextEncoder, table: pa.Table, progress: Progress | None) -> Iterator[Vectors]:
    """Vectors of the texts of rows, some at a time; equal ones that stand together are encoded once."""
    texts = pc.list_element(table["captions"], 0)
    for first in range(0, len(table), _BLOCK):
        different = pc.dictionary_encode(texts.slice(first, _BLOCK).combine_chunks())
        vectors = encoder.encode_texts(different.dictionary.to_pylist())
        yield vectors[different.indices.to_numpy()]
        if progress is not None:
            progress(min(first + _BLOCK, len(table)), len(table))
