"""`rsvlm.Index`: vectors of images on the disk, found by words, by example, by where and when."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self, Unpack, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from rsvlm.imagery.items import ChipOptions
from rsvlm.models import Encoder, Reranker, TextEncoder
from rsvlm.models.shipped import DEFAULT

from .asking import AskingCaptions, By
from .building import BuildReport, Progress, encoded_images
from .captions import CaptionReport, Captions, open_captions, update_captions
from .changes import changing
from .exact import Found, Mask
from .filters import Filter, mask_of
from .hits import Hits, ranked
from .kinds import Asked, Plan
from .labelling import labels_from
from .making import Blocks, Rows, check_new, create, encoder_record, fitting, named_encoder, tuned_for
from .manifest import CutRecord, EncoderRecord, Manifest
from .rows import SCHEMA
from .searchable import Searchable, keys_of, loaded, several
from .searching import nearest
from .snapshot import Snapshot, open_snapshot
from .stored import Ints, Vectors, row_numbers
from .textindex import checked_queries, loaded_sentences
from .updates import left_behind, put_rows, remove_rows
from .variety import search_varied
from .verifying import verify
from .writing import write_tables

PathLike = str | os.PathLike[str]

_BATCH = 1000
"""Rows that are read at once."""


class Index(Searchable):
    """Vectors of images and what is known of each, in a folder that is opened without being read.

    An open index stays as it was when it was opened, whatever another process writes; `refresh` looks again. What
    this object changes, it sees.

    Attributes:
        folder: Where it is, from the root.
        manifest: What it consists of.
        report: What became of the images, after `build`.
    """

    def __init__(self, folder: PathLike, encoder: Encoder | PathLike | None = None) -> None:
        """Open an index; `Index.open` is the same.

        Args:
            folder: Where it is.
            encoder: What made its vectors, where its name does not say where that is to be found.

        Raises:
            RetrievalError: It is no index, a damaged one, or one that another encoder made.
        """
        self._given = Path(folder)
        self.folder = self._given.absolute()  # the process may go elsewhere
        self._snapshot: Snapshot = open_snapshot(self.folder)
        self.report: BuildReport | None = None
        self._text_encoder: TextEncoder | None = None
        self._captions: Captions | None = None
        super().__init__(encoder)

    @classmethod
    def open(cls, folder: PathLike, encoder: Encoder | PathLike | None = None) -> Self:
        """Open an index; the arguments are those of `Index`.

        Raises:
            RetrievalError: It is no index, a damaged one, or one that another encoder made.
        """
        return cls(folder, encoder)

    @classmethod
    def build(
        cls,
        images: PathLike | Sequence[PathLike],
        folder: PathLike,
        encoder: Encoder | PathLike = DEFAULT,
        *,
        options: ChipOptions = ChipOptions(),  # noqa: B008 - frozen
        licence: str | None = None,
        plan: Plan = Plan(),  # noqa: B008 - frozen
        batch_size: int | None = None,
        engine: str = "local",
        workers: int = 1,
        progress: Progress | None = None,
    ) -> Self:
        """Make an index of images. Stopped, it goes on when it is called again with the same arguments.

        Args:
            images: Files, folders, globs and products; parquet files of images, and folders of them; csv lists of
                images; pairs datasets.
            folder: Of the index; a new or an empty one.
            encoder: What makes the vectors, or what `load_encoder` takes.
            options: How images are read and cut into chips; whole images up to 1,024 px without any.
            licence: Of all of them, kept with each row.
            plan: How it shall be searched: exactly up to 100,000 vectors, else as measured, unless it says more.
            batch_size: Pictures a call of the encoder; None: its own.
            engine: "local" encodes in this process, "ray" on the cluster that RAY_ADDRESS names, else on this machine;
                then the encoder is pickled, and its `device` says what a worker needs.
            workers: How many encode side by side, with "ray".
            progress: Called with chips done and chips in all.

        Returns:
            The index, whose `report` says what became of the images.

        Raises:
            RetrievalError: There is no image that can be read, or the folder holds something else.
            rsvlm.shards.ShardError: Another run is at it, or the disk is full.
        """
        place, made = Path(folder), loaded(encoder)
        check_new(place)
        report = BuildReport()
        with encoded_images(
            several(images), place, made, options, licence=licence, batch_size=batch_size,
            engine=engine, workers=workers, progress=progress, report=report,
        ) as encoded:  # fmt: skip
            create(
                place,
                encoder_record(made),
                encoded,
                tuned_for(plan, made, encoded.table),
                CutRecord.of(options),
            )
        index = cls(place, made)
        index.report = report
        return index

    @classmethod
    def from_vectors(
        cls,
        folder: PathLike,
        vectors: Blocks,
        rows: Rows,
        *,
        encoder: str,
        revision: str = "",
        plan: Plan = Plan(),  # noqa: B008 - frozen
    ) -> Self:
        """Make an index of vectors that are there already.

        Args:
            folder: Where; a new or an empty folder.
            vectors: (n, d) floats, or an iterator of such blocks; they are made unit length.
            rows: n dicts, a data frame or an Arrow table, with a "key" each and what else is known: see
                `rsvlm.retrieval.rows.SCHEMA`.
            encoder: Name of what made the vectors.
            revision: Of its weights.
            plan: How it shall be searched; with `texts` it is tuned for words, too.

        Raises:
            RetrievalError: The folder holds something, or vectors and rows do not fit.
        """
        place = Path(folder)
        check_new(place)
        dimension, encoded = fitting(vectors, rows, None)
        record = named_encoder(encoder, revision, dimension)
        create(place, record, encoded, plan)
        return cls(place)

    def __reduce__(self) -> tuple[Any, ...]:
        """An index that is pickled is opened anew, where its folder must be found."""
        return type(self), (self.folder, self._encoder)

    @property
    def place(self) -> str:
        """Where it is, as people write it."""
        return str(self._given)

    @property
    def made_by(self) -> EncoderRecord:
        """What made the vectors."""
        return self.manifest.encoder

    @property
    def cut(self) -> ChipOptions:
        """How the images were cut that it was made of."""
        return self.manifest.cut.options if self.manifest.cut else ChipOptions()

    @property
    def manifest(self) -> Manifest:
        """What the index consists of."""
        return self._snapshot.manifest

    def __len__(self) -> int:
        return self.manifest.count

    def __repr__(self) -> str:
        encoder = self.manifest.encoder
        return f"Index({self.place!r}: {len(self):,} rows, {encoder.name}, {encoder.dimension} numbers)"

    def refresh(self) -> None:
        """Look at the folder again, for what another process changed."""
        before, self._snapshot, self._captions = self._snapshot, open_snapshot(self.folder), None
        if before.copies:
            self._snapshot.to_gpus()

    def to_gpus(self) -> None:
        """Copy the vectors, and cells, onto all GPUs that faiss sees, for searches without a filter.

        Graphs, filters, and more than 2,048 hits or cells at once stay with the processor. The folder is not changed.

        Raises:
            RetrievalError: Faiss sees no GPU.
        """
        self._snapshot.to_gpus()

    def add(
        self,
        images: PathLike | Sequence[PathLike],
        *,
        options: ChipOptions | None = None,
        licence: str | None = None,
        plan: Plan = Plan(),  # noqa: B008 - frozen
        batch_size: int | None = None,
        engine: str = "local",
        workers: int = 1,
        progress: Progress | None = None,
    ) -> BuildReport:
        """Add images; those that are there already are encoded anew and take the place of the older ones.

        The arguments are those of `build`; without `options` images are read and cut as when the index was made. Of an
        image that was cut in another way, all older chips go.

        Raises:
            RetrievalError: There is no image that can be read.
            rsvlm.shards.ShardError: Another run is at it, or the disk is full.
        """
        report = BuildReport()
        with encoded_images(
            several(images), self.folder, self.encoder, options or self.cut, licence=licence, batch_size=batch_size,
            engine=engine, workers=workers, progress=progress, report=report,
        ) as encoded:  # fmt: skip
            plan = tuned_for(plan, self.encoder, encoded.table, self.manifest)
            put_rows(self.folder, encoded, plan, whole_images=True)
            added: list[str] = encoded.table["image"].drop_null().unique().to_pylist()
        self.refresh()
        if gone := left_behind(self._snapshot, added):
            report.notes.append(
                f"{len(gone):,} images of {self.place} have names of those that were added, and their files are gone "
                f"(the first is {gone[0]}): if they were moved, remove them by their old folder: rsvlm index remove"
            )
        return report

    def add_vectors(self, vectors: Blocks, rows: Rows, *, plan: Plan = Plan()) -> None:  # noqa: B008 - frozen
        """Add vectors; a row whose key is there already takes the place of the older one.

        Args:
            vectors: (n, dimension) floats; they are made unit length.
            rows: n dicts or a table, as of `from_vectors`.
            plan: How they shall be searched.

        Raises:
            RetrievalError: Vectors and rows do not fit, or another process is writing.
        """
        _, encoded = fitting(vectors, rows, self.manifest.encoder.dimension)
        put_rows(self.folder, encoded, plan)
        self.refresh()

    def remove(self, keys: PathLike | Iterable[PathLike]) -> int:
        """Remove rows by their keys, all of an image by its path, all of a folder or of a pattern; return how many.

        Args:
            keys: One or several; a folder or a pattern (tiles/*.png) stands for the images in it, there or gone.

        Raises:
            RetrievalError: A key is not there (nothing is removed then), or another process is writing.
        """
        removed = remove_rows(self.folder, keys_of(keys))
        self.refresh()
        return removed

    def label(self, file: PathLike, column: str | None = None) -> int:
        """Give rows labels from a file, in place of those that they have; return how many rows have labels of it.

        Rows whose labels it takes away, and those that it gives several, are counted and logged.

        Args:
            file: A .csv of paths (or keys) and labels; or points and polygons with a column of labels, as QGIS saves
                them: a path labels its image or all chips of it, a point the footprints that hold it, a polygon those
                whose middle lies in it.
            column: The column of labels; None: `label`, `labels` or `class`.

        Raises:
            RetrievalError: It cannot be read, or nothing in it belongs to a row.
        """
        with changing(self.folder) as change:
            labels = labels_from(Path(file), open_snapshot(self.folder), column)
            change.label(labels)
            change.commit()
        self.refresh()
        return len(labels.rows) - labels.taken

    @overload
    def search_captions(self, text: str, **how: Unpack[AskingCaptions]) -> Hits: ...
    @overload
    def search_captions(
        self, text: list[str] | tuple[str, ...], **how: Unpack[AskingCaptions]
    ) -> list[Hits]: ...
    @overload
    def search_captions(
        self, text: str | Sequence[str], **how: Unpack[AskingCaptions]
    ) -> Hits | list[Hits]: ...

    def search_captions(
        self,
        text: str | Sequence[str],
        *,
        k: int = 10,
        offset: int = 0,
        by: By = "both",
        pictures: bool = False,
        filter: Filter | None = None,
        reranker: Reranker | PathLike | None = None,
        device: str = "auto",
        progress: Progress | None = None,
    ) -> Hits | list[Hits]:
        """Find images by their captions, each by its best one.

        The captions are encoded when they are first asked for, and those of new images before the next search: see
        `index_captions`.

        Args:
            text: What to find, or a list for several searches at once.
            k: How many hits.
            offset: How many of the best are passed over: the second page of 10 has the offset 10.
            by: "words": by words that a caption shares with it (BM25); "meaning": by the cosine of sentence vectors;
                "both": by the ranks in these two, fused.
            pictures: Search among the pictures, too, as `search` does, and fuse the ranks there with those by captions.
            filter: What all hits must be.
            reranker: A cross-encoder that puts the first 50 (or offset + k) in order by their captions, or what
                `rsvlm.models.load_reranker` takes; images without captions are then left out.
            device: For what makes vectors of captions, where it is loaded here.
            progress: Called with captions encoded and captions to be encoded.

        Returns:
            The hits, the best first; a list of them where text is one. The score is BM25's, the cosine, the sum of
            1 / (60 + rank) over the rankings that were fused, or the reranker's. Ranks that were fused are told, too:
            `by_words` and `by_meaning`, or `by_captions` and `by_pictures`. `caption` is the one that an image was
            found by; null where only its picture was found.

        Raises:
            RetrievalError: No image has a caption, or what there cannot be is asked.
        """
        checked_queries(text, k, offset, by)  # before captions are encoded, which may take minutes
        if self._captions is None:
            self._captions = open_captions(self._snapshot, self._text_encoder, progress, device)
        return self._captions.search(
            text, k=k, offset=offset, by=by, filter=filter, pictures=self.encoder if pictures else None,
            reranker=reranker,
        )  # fmt: skip

    def index_captions(
        self,
        encoder: TextEncoder | PathLike | None = None,
        *,
        device: str = "auto",
        progress: Progress | None = None,
    ) -> CaptionReport:
        """Encode the captions that are not encoded yet. Stopped, it goes on when it is called again.

        Args:
            encoder: What makes their vectors, or what `rsvlm.models.load_sentence_encoder` takes; those that another
                one made are made anew. None: what made them, or all-MiniLM-L6-v2.
            device: For the encoder, where it is loaded here.
            progress: Called with captions encoded and captions to be encoded.

        Raises:
            RetrievalError: No image has a caption, or another process is at it.
        """
        if encoder is not None:
            self._text_encoder = loaded_sentences(encoder, device)
        report = update_captions(self.folder, self._text_encoder, progress, device)
        self.refresh()
        return report

    def search_vectors(
        self,
        queries: ArrayLike,
        *,
        k: int = 10,
        offset: int = 0,
        filter: Filter | None = None,
        fold: float | None = None,
        variety: float = 0.0,
        asked: Asked = "both",
    ) -> list[Hits]:
        """Find the rows whose vectors have the highest dot product with each query.

        Args:
            queries: (q, dimension) floats of any length: a weighted sum of vectors asks for both.
            k: How many.
            offset: How many of the best are passed over: the second page of 10 has the offset 10.
            filter: What all hits must be.
            fold: Leave out what is as like a better hit as this.
            variety: 0..1: prefer hits that are unlike one another.
            asked: What the queries are made of: an approximate search has to look farther for words.

        Raises:
            RetrievalError: Queries of another dimension, or numbers that there cannot be.
        """
        vectors = self._checked(queries, k, offset, variety, asked)
        mask = mask_of(filter, self._snapshot)
        allowed = None if mask is None else mask & self._snapshot.live
        total = self.manifest.count if allowed is None else int(np.count_nonzero(allowed))
        return [
            ranked(
                self._snapshot.rows(found.rows[offset:]),
                found.rows[offset:],
                found.scores[offset:],
                offset + 1,
                total,
            )
            for found in search_varied(
                self._snapshot, vectors, offset + k, allowed, page=k, kind=asked, fold=fold, variety=variety
            )
        ]

    def nearest(self, queries: ArrayLike, k: int = 10, *, asked: Asked = "both") -> list[Found]:
        """Find row numbers and scores only, many times a second; `rows` says what is known of rows.

        Args:
            queries: (q, dimension) floats of any length.
            k: How many.
            asked: What the queries are made of: an approximate search has to look farther for words.

        Returns:
            `.rows` and `.scores` of each query, the best first.

        Raises:
            RetrievalError: Queries of another dimension, or k below 1.
        """
        return nearest(self._snapshot, self._checked(queries, k, asked=asked), k, kind=asked)

    def rows(self, numbers: Sequence[int] | Ints | Mask) -> pa.Table:
        """What is known of rows: a table of `rsvlm.retrieval.rows.SCHEMA`.

        Args:
            numbers: Of the rows; or True and False for each row, those that were removed included.

        Raises:
            RetrievalError: There are no such rows.
        """
        return self._snapshot.rows(row_numbers(numbers, self.manifest.size))

    def numbers(self) -> Ints:
        """Numbers of the rows that count, ascending."""
        return np.flatnonzero(self._snapshot.live)

    def export(self, file: PathLike, *, progress: Progress | None = None) -> int:
        """Write what is known of all rows, without those that were removed; return how many.

        Args:
            file: .gpkg (GeoPackage, a layer `rows`), .parquet (GeoParquet), .geojson or .csv.
            progress: Called with rows done and rows in all.

        Raises:
            RetrievalError: It ends with none of these, or cannot be written.
        """
        tables = self.tables()
        if progress is not None:
            tables = _counted(tables, len(self), progress)
        write_tables(tables, SCHEMA, Path(file), "rows")
        return len(self)

    def labelled(self) -> tuple[Ints, list[list[str]]]:
        """Numbers of the rows that have labels, and their labels."""
        column = self._snapshot.column("labels")
        counts = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
        numbers = np.flatnonzero((counts > 0) & self._snapshot.live)
        return numbers, column.take(pa.array(numbers)).to_pylist()

    def vectors(self, numbers: Sequence[int] | Ints | Mask) -> Vectors:
        """Vectors of rows: (n, dimension) float32 of unit length.

        Args:
            numbers: As of `rows`.

        Raises:
            RetrievalError: There are no such rows.
        """
        return self._snapshot.stores.take(row_numbers(numbers, self.manifest.size))

    def tables(self) -> Iterator[pa.Table]:
        """What is known of all rows, some at a time."""
        return self._snapshot.live_rows()

    def batches(self) -> Iterator[tuple[pa.Table, Vectors]]:
        """All rows and their vectors, some at a time."""
        numbers = self.numbers()
        for first in range(0, len(numbers), _BATCH):
            some = numbers[first : first + _BATCH]
            yield self.rows(some), self.vectors(some)

    def summary(self) -> dict[str, Any]:
        """What the index consists of, as plain data."""
        manifest = self.manifest
        files = [file for part in manifest.parts for file in part.files.values()]
        with_place = int(self._known("west").sum())
        return {
            "rows": manifest.count, "removed": manifest.size - manifest.count, "with_a_place": with_place,
            "with_a_time": int(self._known("datetime").sum()), "kind": ", ".join(manifest.kinds),
            "encoder": manifest.encoder.name, "revision": manifest.encoder.revision,
            "dimension": manifest.encoder.dimension,
            "parts": len(manifest.parts), "bytes": sum(file.bytes for file in files), "changes": manifest.change,
            "recall_at_10": manifest.recall_at_10, "written_by": f"rsvlm {manifest.rsvlm}",
        }  # fmt: skip

    def _known(self, column: str) -> Mask:
        """(size,) of which rows that count a column is known."""
        known: Mask = self._snapshot.column(column).is_valid().to_numpy()
        return known & self._snapshot.live

    def verify(self) -> list[str]:
        """Read everything, and compare it with what was written; return what is wrong, a line each.

        Raises:
            RetrievalError: The manifest itself is damaged.
        """
        return verify(self.folder)


def _counted(tables: Iterable[pa.Table], total: int, progress: Progress) -> Iterator[pa.Table]:
    done = 0
    for table in tables:
        yield table
        done += len(table)
        progress(done, total)
