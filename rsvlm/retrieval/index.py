"""`rsvlm.Index`: vectors of images on the disk, found by words, by example, by where and when."""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from rsvlm.imagery.items import ChipOptions
from rsvlm.models import Encoder, load_encoder
from rsvlm.models.shipped import DEFAULT

from .building import BuildReport, Encoded, Progress, encoded_images
from .changes import changing
from .errors import RetrievalError
from .exact import Found, Mask
from .filters import BBox, Filter
from .hits import Hits, ranked
from .kinds import Asked, Plan
from .labelling import labels_from
from .making import Blocks, Rows, check_new, checked_plan, create, encoder_record, fitting, tuned_for
from .manifest import EncoderRecord, Manifest
from .queries import Pictures, Words, is_single, query_vectors
from .rows import older_ones
from .searching import nearest
from .snapshot import Snapshot, numbers_of, open_snapshot
from .stored import Ints, Vectors
from .variety import search_varied
from .verifying import verify

PathLike = str | os.PathLike[str]


class Index:
    """Vectors of images and what is known of each, in a folder that is opened without being read.

    An open index stays as it was when it was opened, whatever another process writes; `refresh` looks again. What
    this object changes, it sees.

    Attributes:
        folder: Where it is.
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
        self.folder = Path(folder)
        self._snapshot: Snapshot = open_snapshot(self.folder)
        self.report: BuildReport | None = None
        self._encoder: Encoder | None = None
        if encoder is not None:
            self._encoder = self._own(encoder)

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
        place, made = Path(folder), _loaded(encoder)
        check_new(place)
        report = BuildReport()
        with encoded_images(
            _several(images), place, made, options, licence=licence, batch_size=batch_size,
            engine=engine, workers=workers, progress=progress, report=report,
        ) as encoded:  # fmt: skip
            create(place, encoder_record(made), encoded, tuned_for(plan, made, encoded.table))
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
            rows: n dicts, or a table, with a "key" each and what else is known: see `rsvlm.retrieval.rows.SCHEMA`.
            encoder: Name of what made the vectors.
            revision: Of its weights.
            plan: How it shall be searched; with `texts` it is tuned for words, too.

        Raises:
            RetrievalError: The folder holds something, or vectors and rows do not fit.
        """
        place = Path(folder)
        check_new(place)
        dimension, encoded = fitting(vectors, rows, None)
        record = EncoderRecord(name=encoder, revision=revision, dimension=dimension)
        create(place, record, encoded, plan)
        return cls(place)

    @property
    def encoder(self) -> Encoder:
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
        return self._snapshot.manifest

    def __len__(self) -> int:
        return self.manifest.count

    def __repr__(self) -> str:
        encoder = self.manifest.encoder
        return f"Index({str(self.folder)!r}: {len(self):,} rows, {encoder.name}, {encoder.dimension} numbers)"

    def refresh(self) -> None:
        """Look at the folder again, for what another process changed."""
        self._snapshot = open_snapshot(self.folder)

    def add(
        self,
        images: PathLike | Sequence[PathLike],
        *,
        options: ChipOptions = ChipOptions(),  # noqa: B008 - frozen
        licence: str | None = None,
        plan: Plan = Plan(),  # noqa: B008 - frozen
        batch_size: int | None = None,
        engine: str = "local",
        workers: int = 1,
        progress: Progress | None = None,
    ) -> BuildReport:
        """Add images; those that are there already are encoded anew and take the place of the older ones.

        The arguments are those of `build`.

        Raises:
            RetrievalError: There is no image that can be read.
            rsvlm.shards.ShardError: Another run is at it, or the disk is full.
        """
        report = BuildReport()
        with encoded_images(
            _several(images), self.folder, self.encoder, options, licence=licence, batch_size=batch_size,
            engine=engine, workers=workers, progress=progress, report=report,
        ) as encoded:  # fmt: skip
            self._put(encoded, tuned_for(plan, self.encoder, encoded.table, self.manifest))
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
        self._put(encoded, plan)

    def _put(self, encoded: Encoded, plan: Plan) -> None:
        plan = checked_plan(plan, self.manifest.encoder.dimension)
        with changing(self.folder) as change:
            now = open_snapshot(self.folder)
            keys = encoded.table["key"].to_pylist()
            before = numbers_of(now, keys)
            if keys:
                start = change.manifest.size
                change.add(encoded.blocks(), encoded.table, plan)
                older = np.concatenate(
                    [np.array(sorted(before.values()), np.int64), start + older_ones(encoded.table)]
                )
                change.remove(older)
                places = {key: start + place for place, key in enumerate(keys)}
                if now.labels and (
                    kept := now.labels.moved({row: places[key] for key, row in before.items()})
                ):
                    change.label(kept)
                change.commit()
        self.refresh()

    def remove(self, keys: Iterable[str]) -> int:
        """Remove rows by their keys; return how many.

        Raises:
            RetrievalError: A key is not there (nothing is removed then), or another process is writing.
        """
        wanted = list(dict.fromkeys(keys))
        with changing(self.folder) as change:
            found = numbers_of(open_snapshot(self.folder), wanted)
            if missing := [key for key in wanted if key not in found]:
                raise RetrievalError(f"{self.folder}: has no row {missing[0]!r}; nothing was removed")
            if found:
                change.remove(np.array(sorted(found.values()), np.int64))
                change.commit()
        self.refresh()
        return len(found)

    def label(self, file: PathLike, column: str | None = None) -> int:
        """Give rows labels from a file, in place of those that they have; return how many rows.

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
        return len(labels.rows)

    def search(
        self,
        text: Words = None,
        image: Pictures = None,
        *,
        k: int = 10,
        offset: int = 0,
        weight: float = 0.5,
        unlike: Words = None,
        less: float = 0.5,
        fold: float | None = None,
        variety: float = 0.0,
        bbox: BBox | None = None,
        area: BaseGeometry | None = None,
        start: str | datetime | None = None,
        end: str | datetime | None = None,
        gsd: tuple[float | None, float | None] | None = None,
        labels: Sequence[str] = (),
        licences: Sequence[str] = (),
    ) -> Hits | list[Hits]:
        """Find images by words, by example or by both, where and when they shall be.

        Args:
            text: Words, or a list of them for several searches at once.
            image: A picture, or a list: files, PIL images, (H, W, 3) uint8 arrays, chips.
            k: How many hits.
            offset: How many of the best are passed over: the second page of 10 has the offset 10.
            weight: How much the image counts where there is text, too: 0..1.
            unlike: What hits shall not be like.
            less: How much of the likeness to that is taken off the score.
            fold: Leave out what is as like a better hit as this, such as 0.98.
            variety: 0..1: prefer hits that are unlike one another.
            bbox: West, south, east, north in degrees; west > east crosses the antimeridian.
            area: A shapely geometry in degrees that footprints touch.
            start: Not before: "2023", "2023-09-14" ...
            end: Not after; "2023" lasts to the end of the year.
            gsd: Least and largest ground sample distance in metres; None: any.
            labels: One of these.
            licences: One of these.

        Returns:
            The hits, the best first; a list of them where text or image is one.

        Raises:
            RetrievalError: Nothing is asked, or what there cannot be.
        """
        filter = Filter(bbox, area, start, end, gsd, labels, licences)
        vectors = query_vectors(self.encoder, text, image, weight=weight, unlike=unlike, less=less)
        found = self.search_vectors(
            vectors, k=k, offset=offset, filter=filter, fold=fold, variety=variety,
            asked=_asked(text, image, unlike),
        )  # fmt: skip
        return found[0] if is_single(text, image) else found

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
        vectors = self._checked(queries, k)
        if offset < 0:
            raise RetrievalError(f"offset {offset}: give one from 0")
        if variety and offset:
            raise RetrievalError(f"offset {offset}: variety has no pages: ask for more hits at once (k)")
        mask = None if filter is None else filter.mask(self._snapshot)
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
                self._snapshot, vectors, offset + k, allowed, kind=asked, fold=fold, variety=variety
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
        return nearest(self._snapshot, self._checked(queries, k), k, kind=asked)

    def rows(self, numbers: Sequence[int] | Ints) -> pa.Table:
        """What is known of rows, by their numbers: a table of `rsvlm.retrieval.rows.SCHEMA`."""
        return self._snapshot.rows(numbers)

    def labelled(self) -> tuple[Ints, list[list[str]]]:
        """Numbers of the rows that have labels, and their labels."""
        column = self._snapshot.column("labels")
        counts = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
        numbers = np.flatnonzero((counts > 0) & self._snapshot.live)
        return numbers, column.take(pa.array(numbers)).to_pylist()

    def vectors(self, numbers: Sequence[int] | Ints) -> Vectors:
        """Vectors of rows, by their numbers: (n, dimension) float32 of unit length."""
        return self._snapshot.stores.take(numbers)

    def _checked(self, queries: ArrayLike, k: int) -> NDArray[np.float64]:
        asked = np.asarray(queries, np.float64)
        if asked.ndim != 2 or asked.shape[1] != self.manifest.encoder.dimension:
            raise RetrievalError(
                f"queries have the shape {asked.shape}; give (n, {self.manifest.encoder.dimension})"
            )
        if not np.isfinite(asked).all():
            raise RetrievalError("a query holds NaN or infinity")
        if k < 1:
            raise RetrievalError(f"k {k}: give one from 1")
        return asked

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

    def _own(self, encoder: Encoder | PathLike) -> Encoder:
        """An encoder, refused unless it is what made the vectors."""
        own = self.manifest.encoder
        loaded = _loaded(encoder)
        found = (loaded.dimension, loaded.revision)
        if found != (own.dimension, own.revision):
            raise RetrievalError(
                f"{self.folder}: was made by {own.name} ({own.revision}, {own.dimension} numbers), and "
                f"{loaded.name} is another ({loaded.revision}, {loaded.dimension} numbers): name the one that made "
                "it, or build the index anew"
            )
        return loaded


def _asked(text: Words, image: Pictures, unlike: Words) -> Asked:
    if text is None and unlike is None:
        return "pictures"
    return "words" if image is None else "both"


def _loaded(encoder: Encoder | PathLike) -> Encoder:
    return load_encoder(encoder) if isinstance(encoder, str | os.PathLike) else encoder


def _several(images: PathLike | Sequence[PathLike]) -> Sequence[PathLike]:
    return [images] if isinstance(images, str | os.PathLike) else images
