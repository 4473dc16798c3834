"""`MilvusIndex`: the calls of `Index` on a collection of Milvus, for more images than one machine holds."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from rsvlm.folders import cache_folder
from rsvlm.imagery.items import ChipOptions
from rsvlm.models import Encoder
from rsvlm.models.shipped import DEFAULT

from .building import BuildReport, Progress, encoded_images
from .chiprows import absolute
from .errors import RetrievalError
from .exact import Floats
from .filters import Filter
from .hits import Hits, ranked
from .kinds import Asked
from .making import Blocks, Rows, encoder_record, fitting, named_encoder
from .manifest import CutRecord, EncoderRecord
from .milvusaddress import MilvusAddress
from .milvuscollection import MOST_HITS, Collection
from .milvusmaking import Batches, batches_of, check_new, make, write, write_images
from .milvusrows import Record, id_of, rows_of
from .milvussearching import Ranking, Selection, selection_of
from .rows import is_storable
from .searchable import PathLike, Searchable, keys_of, loaded, several
from .stored import Vectors
from .variety import check_variety, varied


class MilvusIndex(Searchable):
    """Vectors of images and what is known of each, in a collection of Milvus.

    What another process writes is seen at once. Rows have no numbers here: they are named by their keys.

    Attributes:
        address: Where it is.
        report: What became of the images, after `build`.
    """

    most_hits = MOST_HITS

    def __init__(self, address: str, encoder: Encoder | PathLike | None = None) -> None:
        """Open an index; `MilvusIndex.open` is the same.

        Args:
            address: `milvus+http://host:19530/name`; see `MilvusAddress.parse`.
            encoder: What made its vectors, where its name does not say where that is to be found.

        Raises:
            RetrievalError: The server does not answer, or there is no whole index, or one that another encoder made.
        """
        self.address = MilvusAddress.parse(address)
        self._collection = Collection(self.address)
        self._record, complete = self._collection.record()
        if not complete:
            raise RetrievalError(
                f"{self.address}: is not whole: whoever made it was stopped; run the same command again"
            )
        self._collection.load()
        self.report: BuildReport | None = None
        super().__init__(encoder)

    @classmethod
    def open(cls, address: str, encoder: Encoder | PathLike | None = None) -> Self:
        """Open an index; the arguments are those of `MilvusIndex`.

        Raises:
            RetrievalError: As of `MilvusIndex`.
        """
        return cls(address, encoder)

    @classmethod
    def build(
        cls,
        images: PathLike | Sequence[PathLike],
        address: str,
        encoder: Encoder | PathLike = DEFAULT,
        *,
        options: ChipOptions = ChipOptions(),  # noqa: B008 - frozen
        licence: str | None = None,
        batch_size: int | None = None,
        engine: str = "local",
        workers: int = 1,
        progress: Progress | None = None,
    ) -> Self:
        """Make an index of images. Stopped, it goes on when it is called again with the same arguments.

        Up to 100,000 vectors Milvus compares one by one (FLAT); above, it chooses (AUTOINDEX). The other arguments are
        those of `Index.build`.

        Raises:
            RetrievalError: There is no image that can be read, the server does not answer, or there is a collection
                of that name.
            rsvlm.shards.ShardError: Another run is at it, or the disk is full.
        """
        place, made = MilvusAddress.parse(address), loaded(encoder)
        check_new(place)
        cut, report = CutRecord.of(options), BuildReport()  # refused before anything is encoded
        with encoded_images(
            several(images), _work(place), made, options, licence=licence, batch_size=batch_size,
            engine=engine, workers=workers, progress=progress, report=report,
        ) as encoded:  # fmt: skip
            make(
                place,
                encoder_record(made),
                encoded.table["key"].to_pylist(),
                batches_of(encoded),
                cut=cut,
            )
        index = cls(address, made)
        index.report = report
        return index

    @classmethod
    def from_vectors(
        cls, address: str, vectors: Blocks, rows: Rows, *, encoder: str, revision: str = ""
    ) -> Self:
        """Make an index of vectors that are there already; the arguments are those of `Index.from_vectors`.

        Raises:
            RetrievalError: The server does not answer, there is a collection of that name, or vectors and rows do not
                fit.
        """
        dimension, encoded = fitting(vectors, rows, None)
        record = named_encoder(encoder, revision, dimension)
        keys = encoded.table["key"].to_pylist()
        make(MilvusAddress.parse(address), record, keys, batches_of(encoded))
        return cls(address)

    @property
    def place(self) -> str:
        """Where it is, as people write it, without what lets one in."""
        return str(self.address)

    @property
    def made_by(self) -> EncoderRecord:
        """What made the vectors."""
        return self._record.encoder

    @property
    def cut(self) -> ChipOptions:
        """How the images were cut that it was made of."""
        return self._record.cut.options if self._record.cut else ChipOptions()

    def __len__(self) -> int:
        return self._collection.count()

    def __repr__(self) -> str:
        return f"MilvusIndex({self.place!r}: {self.made_by.name}, {self.made_by.dimension} numbers)"

    def add(
        self,
        images: PathLike | Sequence[PathLike],
        *,
        options: ChipOptions | None = None,
        licence: str | None = None,
        batch_size: int | None = None,
        engine: str = "local",
        workers: int = 1,
        progress: Progress | None = None,
    ) -> BuildReport:
        """Add images; those that are there already are encoded anew and take the place of the older ones.

        The arguments are those of `Index.add`. What a table said of an image stays with it. Stopped, what was written
        stays, and the same call goes on.

        Raises:
            RetrievalError: There is no image that can be read, or the server does not answer.
            rsvlm.shards.ShardError: Another run is at it, or the disk is full.
        """
        report = BuildReport()
        with encoded_images(
            several(images), _work(self.address), self.encoder, options or self.cut, licence=licence,
            batch_size=batch_size, engine=engine, workers=workers, progress=progress, report=report,
        ) as encoded:  # fmt: skip
            write_images(self._collection, encoded)
        return report

    def add_vectors(self, vectors: Blocks, rows: Rows) -> None:
        """Add vectors; a row whose key is there already takes the place of the older one.

        The arguments are those of `Index.add_vectors`.

        Raises:
            RetrievalError: Vectors and rows do not fit, or the server does not answer.
        """
        _, encoded = fitting(vectors, rows, self.made_by.dimension)
        write(self._collection, batches_of(encoded))

    def remove(self, keys: PathLike | Iterable[PathLike]) -> int:
        """Remove rows by their keys, or all of an image by its path; return how many.

        Args:
            keys: One or several.

        Raises:
            RetrievalError: A key is not there (nothing is removed then), or the server does not answer.
        """
        names = {
            key: [id_of(name) for name in dict.fromkeys((key, absolute(key))) if is_storable(name)]
            for key in keys_of(keys)
        }
        listed = [name for both in names.values() for name in both]
        rows, images = self._collection.by_id(listed, []), self._collection.of_images(listed)
        found: dict[str, None] = {}
        for key, both in names.items():
            ids = [name for name in both if name in rows] or [id for name in both for id in images[name]]
            if not ids:
                raise RetrievalError(f"{self.address}: has no row {key!r}; nothing was removed")
            found |= dict.fromkeys(ids)
        self._collection.delete(list(found))
        return len(found)

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

        The arguments are those of `Index.search_vectors`. Of equals the order is always the same one.

        Raises:
            RetrievalError: Queries of another dimension, numbers that there cannot be, or the server does not answer.
        """
        vectors = self._checked(queries, k, offset, variety, asked)  # Milvus has one index for all
        check_variety(fold, variety)
        if offset + k > self.most_hits:
            raise RetrievalError(
                f"k {k} and offset {offset}: Milvus gives the first {self.most_hits:,} hits only"
            )
        selection = selection_of(self._collection, filter)
        return [self._hits(query, selection, k, offset, fold, variety) for query in vectors]

    def _hits(
        self, query: Floats, selection: Selection, k: int, offset: int, fold: float | None, variety: float
    ) -> Hits:
        ranking = Ranking(self._collection, query, selection)
        found = varied(ranking.nearest, ranking.vectors, offset + k, fold, variety)
        rows = rows_of(ranking.rows(found.rows[offset:]))
        return ranked(rows, np.empty(0, np.int64), found.scores[offset:], offset + 1, selection.total)

    def rows(self, keys: Sequence[str]) -> pa.Table:
        """What is known of rows, by their keys: a table of `rsvlm.retrieval.rows.SCHEMA`.

        Raises:
            RetrievalError: One is not there, or named twice.
        """
        return rows_of(record["row"] for record in self._records(keys, ["row"]))

    def vectors(self, keys: Sequence[str]) -> Vectors:
        """Vectors of rows, by their keys: (n, dimension) float32 of unit length.

        Raises:
            RetrievalError: One is not there.
        """
        return self._collection.vectors_of(self._records(keys, ["vector"]), self.made_by.dimension)

    def _records(self, keys: Sequence[str], fields: Sequence[str]) -> list[Record]:
        ids = [id_of(key) for key in keys]
        found = self._collection.by_id(list(dict.fromkeys(ids)), fields)
        if missing := [key for key, id in zip(keys, ids, strict=True) if id not in found]:
            raise RetrievalError(f"{self.address}: has no row {missing[0]!r}")
        return [found[id] for id in ids]

    def tables(self) -> Iterator[pa.Table]:
        """What is known of all rows, some at a time."""
        for records in self._collection.rows(["row"]):
            yield rows_of(record["row"] for record in records)

    def batches(self) -> Batches:
        """All rows and their vectors, some at a time."""
        for records in self._collection.rows(["row", "vector"]):
            vectors = self._collection.vectors_of(records, self.made_by.dimension)
            yield rows_of(record["row"] for record in records), vectors

    def summary(self) -> dict[str, Any]:
        """What the index consists of, as plain data."""
        count, own = self._collection.count, self._record
        return {
            "rows": count(), "with_a_place": count("west is not null"), "with_a_time": count("time is not null"),
            **self._collection.describe(), "encoder": own.encoder.name, "revision": own.encoder.revision,
            "dimension": own.encoder.dimension, "written_by": f"rsvlm {own.rsvlm}",
        }  # fmt: skip


def _work(address: MilvusAddress) -> Path:
    """A folder of what is encoded and not yet in Milvus."""
    return cache_folder() / "milvus" / hashlib.sha256(str(address).encode("utf-8")).hexdigest()[:16]
