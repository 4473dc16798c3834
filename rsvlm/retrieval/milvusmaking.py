"""How an index in Milvus begins, and how rows come into it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa

from .building import Encoded, Progress
from .errors import RetrievalError
from .manifest import CutRecord, EncoderRecord
from .milvusaddress import MilvusAddress
from .milvuscollection import Collection
from .milvusrecord import CollectionRecord, making_of
from .milvusrows import Record, id_of, records_of, rows_of
from .rows import completed, older_ones, unbounded
from .stored import Vectors

Batches = Iterator[tuple[pa.Table, Vectors]]
"""Rows and their vectors, some at a time."""

_ROWS, _BYTES = 1000, 2**24
"""That are sent at once: no server takes messages of any size."""


def check_new(address: MilvusAddress) -> None:
    """Refuse a collection that is no place for a new index, before there is work done for it.

    Raises:
        RetrievalError: It holds an index or something else, or the server does not answer.
    """
    collection = Collection(address)
    if collection.exists:
        _check_unfinished(collection)


def _check_unfinished(collection: Collection) -> CollectionRecord:
    record, complete = collection.record()
    if complete:
        raise RetrievalError(f"{collection.address}: is an index already: add to it, or name another")
    return record


def make(
    address: MilvusAddress,
    encoder: EncoderRecord,
    keys: Iterable[str],
    batches: Batches,
    progress: Progress | None = None,
    *,
    cut: CutRecord | None = None,
) -> None:
    """Make an index. It counts once all of it is there; who was stopped goes on with the same rows.

    Args:
        address: Where.
        encoder: What made the vectors.
        keys: Of all rows.
        batches: The rows, each key once, and their vectors.
        progress: Called with rows done and rows in all.
        cut: How their images were cut.

    Raises:
        RetrievalError: As of `check_new`, or other rows were on their way there.
    """
    listed = list(keys)
    record = CollectionRecord(encoder=encoder, cut=cut, making=making_of(set(listed)))
    collection = Collection(address)
    if not collection.exists:
        collection.create(record, len(listed))
    elif _check_unfinished(collection).model_dump(exclude={"rsvlm"}) != record.model_dump(exclude={"rsvlm"}):
        raise RetrievalError(
            f"{address}: holds the beginning of an index of other images: name another, or drop it "
            "(pymilvus: MilvusClient.drop_collection)"
        )
    write(collection, batches, len(listed), progress)
    collection.complete()


def write(collection: Collection, batches: Batches, total: int = 0, progress: Progress | None = None) -> None:
    """Write rows; one whose key is there already takes the place of the older one."""
    done = 0
    for table, vectors in batches:
        for records in _portions(records_of(table, vectors)):
            collection.upsert(records)
            done += len(records)
            if progress is not None:
                progress(done, total)


def write_images(collection: Collection, encoded: Encoded) -> None:
    """Write all rows of images. What a table said of one stays; chips that were cut in another way go.

    Args:
        collection: Where.
        encoded: The images.
    """
    ids = [id_of(key) for key in encoded.table["key"].to_pylist()]
    before = rows_of(record["row"] for record in collection.by_id(ids, ["row"]).values()).to_pylist()
    table = completed(encoded.table, {row["key"]: row for row in before})
    images = [id_of(image) for image in unbounded(encoded.table["image"].drop_null()).unique().to_pylist()]
    older = {id for one in collection.of_images(images).values() for id in one} - set(ids)
    write(collection, batches_of(replace(encoded, table=table)))
    collection.delete(sorted(older))


def _portions(records: list[Record]) -> Iterator[list[Record]]:
    """As many at once as a server takes."""
    portion: list[Record] = []
    size = 0
    for record in records:
        own = len(record["row"].encode("utf-8")) + record["vector"].nbytes
        if portion and (len(portion) == _ROWS or size + own > _BYTES):
            yield portion
            portion, size = [], 0
        portion.append(record)
        size += own
    if portion:
        yield portion


def batches_of(encoded: Encoded) -> Batches:
    """Rows and vectors of what was encoded; of rows with one key the last.

    Raises:
        RetrievalError: There are not as many vectors as rows.
    """
    table, done = encoded.table, 0
    stays = np.ones(len(table), bool)
    stays[older_ones(table)] = False
    for block in encoded.blocks():
        for first in range(0, len(block), _ROWS):
            vectors = block[first : first + _ROWS]
            kept = stays[done : done + len(vectors)]
            if len(kept) == len(vectors):
                yield table.slice(done, len(vectors)).filter(pa.array(kept)), vectors[kept]
            done += len(vectors)
    if done != len(table):
        raise RetrievalError(f"{done} vectors for {len(table)} rows; give one each")
