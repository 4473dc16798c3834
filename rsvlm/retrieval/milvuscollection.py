"""A collection of Milvus, asked through pymilvus: each call ends in time, and what goes wrong is one line."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from pydantic import ValidationError

from rsvlm.errors import one_line

from .errors import RetrievalError
from .kinds import EXACT_UP_TO
from .milvusaddress import TOKEN, MilvusAddress
from .milvusfilters import ids_in
from .milvusrecord import CollectionRecord
from .milvusrows import ID_LENGTH, LONGEST, Record
from .rows import EDGES
from .stored import Vectors

MOST_HITS = 16_384
"""That Milvus gives of one search."""
_AT_ONCE = 1000
"""Rows that are asked for at once."""
_LABELS = 4096
"""Labels that a row may have, as Milvus has it."""

CONNECT_S, CALL_S, LOAD_S = 10.0, 60.0, 600.0
"""Seconds after which a server does not answer: when it is first asked, later, and when it loads or flushes."""

_RECORD, _COMPLETE = "rsvlm.index", "rsvlm.complete"
"""Properties of a collection: what it holds, and that all of it is there."""


class Candidate(NamedTuple):
    """What Milvus found.

    Attributes:
        id: Primary key.
        score: As Milvus has it, in float32.
        vector: (d,).
        row: What is known of it, as JSON.
    """

    id: str
    score: float
    vector: Vectors
    row: str


class Collection:
    """A collection of Milvus that holds an index, or shall.

    Args:
        address: Where it is.

    Raises:
        RetrievalError: pymilvus is not installed, or the server does not answer.
    """

    def __init__(self, address: MilvusAddress) -> None:
        self.address = address
        try:
            from pymilvus import MilvusClient
        except ImportError:
            raise RetrievalError('pymilvus is not installed: pip install "rsvlm[milvus]"') from None
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it raises what it logs
        try:
            self._client: Any = MilvusClient(address.url, token=address.token, timeout=CONNECT_S)
        except Exception as error:
            raise RetrievalError(
                f"{address}: Milvus does not answer ({_message(error)}): is it running there, and is {TOKEN} "
                "(or user:password@) what lets you in?"
            ) from None

    @contextmanager
    def _telling(self) -> Iterator[None]:
        from grpc import RpcError
        from pymilvus import MilvusException

        try:
            yield
        except (MilvusException, RpcError) as error:
            raise RetrievalError(f"{self.address}: {_message(error)}") from None

    @property
    def exists(self) -> bool:
        """Whether it is there."""
        with self._telling():
            return bool(self._client.has_collection(self.address.name, timeout=CALL_S))

    def record(self) -> tuple[CollectionRecord, bool]:
        """What it says of itself, and whether all of it is there.

        Raises:
            RetrievalError: It is not there, or holds no index.
        """
        if not self.exists:
            raise RetrievalError(f"{self.address}: there is no such collection")
        with self._telling():
            found = self._client.describe_collection(self.address.name, timeout=CALL_S)
        properties = found.get("properties") or {}
        try:
            record = CollectionRecord.model_validate_json(properties[_RECORD])
        except KeyError:
            raise RetrievalError(f"{self.address}: is a collection of another origin; name another") from None
        except ValidationError as error:
            reason = error.errors()[0]
            where = ".".join(map(str, reason["loc"]))
            raise RetrievalError(
                f"{self.address}: is no index of this rsvlm ({where}: {reason['msg']})"
            ) from None
        self._check_fields(found["fields"], record.encoder.dimension)
        return record, properties.get(_COMPLETE) == "true"

    def _check_fields(self, fields: Sequence[dict[str, Any]], dimension: int) -> None:
        there = {field["name"]: field for field in fields}
        for field in self._schema(dimension).fields:
            found = there.get(field.name)
            if found is None or found["type"] != field.dtype:
                raise RetrievalError(f"{self.address}: has no field {field.name} of type {field.dtype.name}")
        size = int(there["vector"]["params"].get("dim", 0))
        if size != dimension:
            raise RetrievalError(f"{self.address}: has vectors of {size} numbers, not of {dimension}")

    def create(self, record: CollectionRecord, count: int) -> None:
        """Make it. It is not whole before `complete`.

        Args:
            record: What it shall say of itself.
            count: Of the rows that it is made for.
        """
        index = self._client.prepare_index_params()
        kind = "FLAT" if count <= EXACT_UP_TO else "AUTOINDEX"
        index.add_index("vector", index_type=kind, metric_type="IP")
        with self._telling():
            self._client.create_collection(
                self.address.name,
                schema=self._schema(record.encoder.dimension),
                index_params=index,
                consistency_level="Strong",
                properties={_RECORD: record.model_dump_json()},
                timeout=CALL_S,
            )

    def complete(self) -> None:
        """Mark that all of it is there."""
        with self._telling():
            # what is not flushed has no index: Milvus Lite took ten times as long to search it
            self._client.flush(self.address.name, timeout=LOAD_S)
            self._client.alter_collection_properties(self.address.name, {_COMPLETE: "true"}, timeout=CALL_S)

    def _schema(self, dimension: int) -> Any:
        from pymilvus import DataType

        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.VARCHAR, max_length=ID_LENGTH, is_primary=True)
        schema.add_field("image", DataType.VARCHAR, max_length=ID_LENGTH, nullable=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
        for name in (*EDGES, "gsd"):
            schema.add_field(name, DataType.DOUBLE, nullable=True)
        schema.add_field("crosses", DataType.BOOL)  # the antimeridian
        schema.add_field("time", DataType.INT64, nullable=True)
        schema.add_field(
            "labels", DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=_LABELS, max_length=LONGEST
        )
        schema.add_field("licence", DataType.VARCHAR, max_length=LONGEST, nullable=True)
        schema.add_field("row", DataType.VARCHAR, max_length=LONGEST)
        return schema

    def load(self) -> None:
        """Have it loaded, so that it can be searched."""
        with self._telling():
            state = self._client.get_load_state(self.address.name, timeout=CALL_S)
            if state["state"].name != "Loaded":
                self._client.load_collection(self.address.name, timeout=LOAD_S)

    def upsert(self, records: Sequence[Record]) -> None:
        """Write rows; one whose primary key is there already takes the place of the older one."""
        with self._telling():
            self._client.upsert(self.address.name, list(records), timeout=CALL_S)

    def delete(self, ids: Sequence[str]) -> None:
        """Remove rows."""
        for first in range(0, len(ids), _AT_ONCE):
            with self._telling():
                self._client.delete(
                    self.address.name, filter=ids_in(ids[first : first + _AT_ONCE]), timeout=CALL_S
                )

    def count(self, expression: str = "") -> int:
        """How many rows fit an expression."""
        with self._telling():
            [found] = self._client.query(
                self.address.name, filter=expression, output_fields=["count(*)"],
                consistency_level="Strong", timeout=CALL_S,
            )  # fmt: skip
        return int(found["count(*)"])

    def rows(self, fields: Sequence[str], expression: str = "") -> Iterator[list[Record]]:
        """All rows that fit an expression, as of one moment, some at a time."""
        with self._telling():
            found = self._client.query_iterator(
                self.address.name, batch_size=_AT_ONCE, filter=expression, output_fields=list(fields),
                consistency_level="Strong", timeout=CALL_S,
            )  # fmt: skip
            try:
                while batch := found.next():
                    yield list(batch)
            finally:
                found.close()

    def by_id(self, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Record]:
        """Rows by their primary keys, of those that are there."""
        found: dict[str, Record] = {}
        for first in range(0, len(ids), _AT_ONCE):
            with self._telling():
                batch = self._client.query(
                    self.address.name, filter=ids_in(ids[first : first + _AT_ONCE]),
                    output_fields=["id", *fields], consistency_level="Strong", timeout=CALL_S,
                )  # fmt: skip
            found |= {record["id"]: record for record in batch}
        return found

    def of_images(self, images: Sequence[str]) -> dict[str, list[str]]:
        """Primary keys of all rows of images, by the ids of these."""
        found: dict[str, list[str]] = {image: [] for image in images}
        for first in range(0, len(images), _AT_ONCE):
            for records in self.rows(["id", "image"], ids_in(images[first : first + _AT_ONCE], "image")):
                for record in records:
                    found[record["image"]].append(record["id"])
        return found

    def search(self, query: Vectors, limit: int, expression: str) -> list[Candidate]:
        """The rows with the highest products with a query, the best first.

        Args:
            query: (d,) float32.
            limit: How many; up to `MOST_HITS`.
            expression: That they shall fit.
        """
        with self._telling():
            [found] = self._client.search(
                self.address.name, [query], anns_field="vector", limit=limit, filter=expression,
                output_fields=["vector", "row"], consistency_level="Strong", timeout=CALL_S,
            )  # fmt: skip
        vectors = self.vectors_of([hit["entity"] for hit in found], len(query))
        return [
            Candidate(hit["id"], float(hit["distance"]), vector, hit["entity"]["row"])
            for hit, vector in zip(found, vectors, strict=True)
        ]

    def vectors_of(self, records: Sequence[Record], dimension: int) -> Vectors:
        """Vectors of what Milvus gave: (n, d)."""
        if any(len(record["vector"]) != dimension for record in records):
            raise RetrievalError(f"{self.address}: gives vectors that have not {dimension} numbers")
        return np.array([record["vector"] for record in records], np.float32).reshape(-1, dimension)

    def describe(self) -> dict[str, str]:
        """What searches it, and what the server is."""
        with self._telling():
            index = self._client.describe_index(self.address.name, "vector", timeout=CALL_S) or {}
            version = self._client.get_server_version(timeout=CALL_S)
        return {"kind": str(index.get("index_type")), "server": f"Milvus {version}"}


def _message(error: Exception) -> str:
    """What an error says, in one line."""
    return one_line(getattr(error, "message", "") or error, most=None)
