"""`rsvlm.KnowledgeBase`: texts and pictures that answers rest on, in a folder, found by words and by pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any, Self, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rsvlm.imagery.items import PathLike, Picture
from rsvlm.models import Encoder, Reranker, TextEncoder
from rsvlm.models.sentences import SENTENCES
from rsvlm.models.shipped import DEFAULT
from rsvlm.retrieval import Filter, RetrievalError, TextIndex
from rsvlm.retrieval.asking import By
from rsvlm.retrieval.building import Progress
from rsvlm.retrieval.exact import Floats, Mask
from rsvlm.retrieval.fusion import RERANKED
from rsvlm.retrieval.making import check_encoder
from rsvlm.retrieval.manifest import NAME as INDEX
from rsvlm.retrieval.nearness import Point, check_point
from rsvlm.retrieval.queries import query_vectors
from rsvlm.retrieval.searchable import loaded
from rsvlm.retrieval.snapshot import Snapshot, open_snapshot
from rsvlm.retrieval.textindex import loaded_reranker, loaded_sentences

from .chunk import TYPE, Chunk, chunk_of
from .errors import RagError
from .evidence import Evidence
from .record import NAME as RECORD
from .record import PICTURES, TEXTS, WORDS, Record, read_record
from .removing import remove
from .report import Report
from .searching import Finder, Query
from .updating import Sources, update

ALPHA = 0.5
"""How much a picture counts beside words: RS-RAG's default."""


class KnowledgeBase:
    """Chunks of text, with pictures or without, found for a question and a picture.

    An open base stays as it was when it was opened; what this object adds, it sees. It may be used from several
    threads; pickled, it is opened anew where it arrives.

    Attributes:
        folder: Where it is, absolute.
        record: What it consists of.
        report: What became of the sources, after `build` or `add`.
    """

    def __init__(
        self,
        folder: PathLike,
        encoder: Encoder | PathLike | None = None,
        sentences: TextEncoder | PathLike | None = None,
    ) -> None:
        """Open a base; `KnowledgeBase.open` is the same.

        Args:
            folder: Where it is.
            encoder: What made the vectors of its pictures, where its name does not say where that is to be found.
            sentences: What made those of its texts, likewise.

        Raises:
            RagError: It is no base, or a damaged one.
            rsvlm.retrieval.RetrievalError: A part of it is damaged, or was made by another encoder.
        """
        self.folder = Path(folder).absolute()  # so that it is the same one wherever the process goes
        self.report: Report | None = None
        self._loading = Lock()
        self._encoder = None if encoder is None else loaded(encoder)
        self._sentences = None if sentences is None else loaded_sentences(sentences)
        self._open()

    def _open(self) -> None:
        self.record: Record = read_record(self.folder)
        self.texts = TextIndex(self.folder / TEXTS, self._sentences)
        if self._encoder is not None and self.record.encoder is not None:
            check_encoder(self.folder, self.record.encoder, self._encoder)
        has_pictures = (
            self.record.encoder is not None
        )  # else a stopped run left them, and another encoder made them
        pictures, words = (
            open_snapshot(self.folder / name)
            if has_pictures and (self.folder / name / INDEX).exists()
            else None
            for name in (PICTURES, WORDS)
        )
        self.pictures: Snapshot | None = pictures
        self.finder = Finder(self.texts, pictures, words)

    @classmethod
    def open(
        cls,
        folder: PathLike,
        encoder: Encoder | PathLike | None = None,
        sentences: TextEncoder | PathLike | None = None,
    ) -> Self:
        """Open a base; the arguments are those of `KnowledgeBase`."""
        return cls(folder, encoder, sentences)

    @classmethod
    def build(
        cls,
        sources: Sources,
        folder: PathLike,
        encoder: Encoder | PathLike | None = DEFAULT,
        *,
        sentences: TextEncoder | PathLike = SENTENCES,
        licence: str | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Make a base, or go on with one that was stopped.

        Args:
            sources: One or several of what `rsvlm.rag.sources.read_source` reads: pairs datasets, indexes, RSWK's
                files, folders and files of Markdown, text, HTML and PDF, tables with text, OSM extracts; or "built-in":
                the notes that ship, on what things look like from above.
            folder: A new or an empty one.
            encoder: What makes vectors of pictures, and of texts that pictures shall find; None: pictures play no part.
            sentences: What makes vectors of texts.
            licence: Of all that does not say its own; None: of a source that is there already, what was named before.
            progress: Called with what is done, and how much there is to do, of texts and then of pictures.

        A source that cannot be read is a problem in the `report`, and keeps no other one out.

        Raises:
            RagError: None of the sources can be read, or the folder holds something else.
            rsvlm.retrieval.RetrievalError: Another process is writing there, or the disk is full.
        """
        place = Path(folder)
        if (place / RECORD).exists():
            raise RagError(f"{place}: is a knowledge base already: add to it, or name another folder")
        made = None if encoder is None else loaded(encoder)
        texts = loaded_sentences(sentences)
        report = update(place, sources, made, texts, licence=licence, progress=progress)
        base = cls(place, made, texts)
        base.report = report
        return base

    def add(
        self, sources: Sources, *, licence: str | None = None, progress: Progress | None = None
    ) -> Report:
        """Add sources; those that are there already are read again where they changed, and what is gone is dropped.

        Those that could not be read whole are read again, too. The arguments are those of `build`.

        Raises:
            RagError: None of the sources can be read.
            rsvlm.retrieval.RetrievalError: Another process is writing, or the disk is full.
        """
        if not self.folder.exists():
            raise RagError(f"{self.folder}: is gone: build it anew")
        made = None if self.record.encoder is None else self.encoder
        self.report = update(
            self.folder, sources, made, self.texts.encoder, licence=licence, progress=progress
        )
        self._open()
        return self.report

    def remove(self, sources: Sources) -> Report:
        """Take sources out, with their chunks and the pictures that no other one has.

        Args:
            sources: By the names that the `record` has, as paths that lead there, or "built-in"; they need not be
                there any more.

        Raises:
            RagError: One is no source of the base, or none would be left.
            rsvlm.retrieval.RetrievalError: Another process is writing, or the disk is full.
        """
        self.report = remove(self.folder, sources)
        self._open()
        return self.report

    @property
    def encoder(self) -> Encoder:
        """What made the vectors of pictures, loaded when it is first asked for.

        Raises:
            RagError: Pictures play no part in this base.
            rsvlm.models.ModelError: It cannot be loaded.
        """
        if self.record.encoder is None:
            raise RagError(f"{self.folder}: was built without an encoder of pictures: ask it in words only")
        with self._loading:
            if self._encoder is None:
                made = loaded(self.record.encoder.name)
                check_encoder(self.folder, self.record.encoder, made)
                self._encoder = made
        return self._encoder

    def __len__(self) -> int:
        return len(self.texts)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.folder, self._encoder, self._sentences)

    def __repr__(self) -> str:
        return (
            f"KnowledgeBase({str(self.folder)!r}: {len(self):,} chunks of {len(self.record.sources)} sources)"
        )

    def search(
        self,
        text: str | None = None,
        image: Picture | PathLike | None = None,
        *,
        k: int = 5,
        alpha: float = ALPHA,
        by: By = "both",
        types: str | Sequence[str] = (),
        filter: Filter | None = None,
        near: Point | None = None,
        fold: bool = True,
        reranker: Reranker | PathLike | None = None,
    ) -> list[Evidence]:
        """Find chunks for a question, a picture, or both.

        The score is alpha x the cosine of the pictures + (1 - alpha) x that of the texts (RS-RAG, Wen et al. 2025,
        arXiv:2504.04988), exactly as if each chunk were scored by itself. A chunk without a picture has in place of
        its cosine that of the picture asked about and the chunk's own text.

        Args:
            text: The question.
            image: A picture: a file, PIL image, (H, W, 3) uint8 array or chip.
            k: How many at most.
            alpha: 0..1: how much the picture counts where there is text, too.
            by: What texts are found by: "meaning" is the cosine of sentence vectors, and nothing else: RS-RAG's way;
                "words" is BM25, 1 for the best text of the base; "both" is the mean of the two.
            types: Chunks of these types only; none: of any.
            filter: What all chunks must be.
            near: Longitude and latitude: up to 0.2 is added to the score of what is about places near to it.
            fold: Leave out what says the same as a better chunk.
            reranker: A cross-encoder that puts the first 50 in order by the question.

        Raises:
            RagError: Nothing is asked, or what there cannot be.
        """
        check(text, image, k, alpha, by)
        self.check_types(types)
        vector = None if image is None else query_vectors(self.encoder, image=image)[0]
        query = self.query(text or "", vector, alpha=alpha, near=near)
        return self.find(query, k=k, by=by, types=types, filter=filter, fold=fold, reranker=reranker)

    def query(
        self, text: str, image: Floats | None, *, alpha: float = ALPHA, near: Point | None = None
    ) -> Query:
        """What is looked for, as vectors; `image` is one already.

        Raises:
            RagError: `near` is no place.
        """
        if near is not None:
            try:
                check_point(near)
            except RetrievalError as error:
                raise RagError(str(error)) from None
        return Query(
            words=text,
            text=self._sentence(text) if text.strip() else None,
            image=image,
            point=near,
            alpha=alpha,
        )

    def find(
        self,
        query: Query,
        *,
        k: int = 5,
        by: By = "both",
        types: str | Sequence[str] = (),
        filter: Filter | None = None,
        fold: bool = True,
        reranker: Reranker | PathLike | None = None,
    ) -> list[Evidence]:
        """Find chunks by vectors that are there already; the arguments are those of `search`."""
        allowed = self.allowed(types, filter)
        judge = loaded_reranker(reranker)
        if judge is None or not query.words:
            return self.finder.find(query, k, allowed, fold=fold, by=by)
        found = self.finder.find(query, max(k, RERANKED), allowed, fold=fold, by=by)
        scores = judge.score(query.words, [one.chunk.text for one in found])
        order = np.argsort(-scores, kind="stable")[:k].tolist()
        return [
            replace(found[place], number=number, score=float(scores[place]))
            for number, place in enumerate(order, 1)
        ]

    def allowed(self, types: str | Sequence[str] = (), filter: Filter | None = None) -> Mask:
        """(chunks,) which chunks have one of the types (none: any), and pass a filter."""
        snapshot = self.texts.snapshot
        found: Mask = snapshot.live
        types = (types,) if isinstance(types, str) else types
        if types:
            wanted = pc.is_in(self._types(), value_set=pa.array([TYPE + one for one in types], pa.string()))
            found = found & wanted.to_numpy(zero_copy_only=False)
        mask = None if filter is None else filter.mask(snapshot)
        return found if mask is None else found & mask

    def check_types(self, types: str | Sequence[str]) -> None:
        """Refuse types of which there is no chunk.

        Raises:
            RagError: It names one, and the types that there are.
        """
        there = self.summary()["types"] if types else {}
        if unknown := [one for one in ([types] if isinstance(types, str) else types) if one not in there]:
            raise RagError(f"type {unknown[0]!r}: {self.folder} has {', '.join(sorted(there))}")

    def chunks(self) -> Iterator[Chunk]:
        """All chunks, in the order in which they were added."""
        for table in self.texts.snapshot.live_rows():
            yield from map(chunk_of, table.to_pylist())

    def summary(self) -> dict[str, Any]:
        """What the base consists of, as plain data."""
        types = self._types().filter(pa.array(self.texts.snapshot.live))
        counts = {
            one["values"].removeprefix(TYPE): one["counts"] for one in pc.value_counts(types).to_pylist()
        }
        return {
            "chunks": len(self), "types": counts, "pictures": self.pictures.manifest.count if self.pictures else 0,
            "sources": [one.model_dump() for one in self.record.sources],
            "sentences": self.texts.manifest.encoder.name,
            "encoder": self.record.encoder.name if self.record.encoder else None,
            "written_by": f"rsvlm {self.record.rsvlm}",
        }  # fmt: skip

    def _types(self) -> pa.ChunkedArray:
        """(chunks,) the label that is the type of each."""
        return pc.list_element(self.texts.snapshot.column("labels"), 0)

    def _sentence(self, text: str) -> Floats:
        with self._loading:
            encoder = self.texts.encoder
        encode = getattr(encoder, "encode_queries", encoder.encode_texts)
        found: Floats = encode([text])[0].astype(np.float64)
        return found


def check(text: str | None, image: Any, k: int, alpha: float, by: str) -> None:
    """Refuse what there cannot be.

    Raises:
        RagError: It is such.
    """
    if not (text and text.strip()) and image is None:
        raise RagError("nothing to look for: give text, an image, or both")
    if k < 1 or not 0 <= alpha <= 1:
        raise RagError(f"k {k}, alpha {alpha:g}: give k from 1, alpha from 0 (words) to 1 (picture)")
    if by not in get_args(By):
        raise RagError(f"by {by!r}: give words, meaning or both")
