"""What `benchmark.py` compares: each store is filled and asked in a process of its own.

    python retrieval/benchmark_stores.py build STORE SET NPZ FOLDER COUNT
    python retrieval/benchmark_stores.py ask STORE SET NPZ FOLDER COUNT

prints one line of JSON. A store that was built is not built again. All ask the same queries: peers look as far as is
needed for a recall@10 of 0.99 on these very queries, which favours them; rsvlm looks as far as it found out with other
queries when the index was built.
"""

import json
import resource
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from structured import SHARD, Structured  # type: ignore[import-not-found] # beside this file

K, WANTED, BATCH = 10, 0.99, 256
SECONDS = 5.0
"""That are measured, at most."""
TRIED, TRYING = 400, 30.0
"""Queries that an effort is tried on; fewer, from 50 on, where they take longer than so many seconds."""
SLOWEST = 2.0
"""Seconds a query beyond which a store is not asked to look farther."""
_COMPARED = 10_000
"""Vectors that are compared with all queries at once."""

Vectors = NDArray[np.float32]
Ask = Callable[[Vectors, int], NDArray[np.int64]]
"""(q, d) queries and an effort to (q, 10) numbers of vectors."""


class Store(ABC):
    """A store: `build` fills it, `open` gets it ready, `ask` finds ten for each query.

    Attributes:
        folder: Its own.
        efforts: To try, rising; none: it knows by itself.
        readme: The effort that its README has, or its default.
    """

    efforts: Sequence[int] = ()
    readme: int | None = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def build(self, shards: Iterator[Vectors], count: int, texts: Vectors) -> None: ...

    @abstractmethod
    def open(self) -> None: ...

    @abstractmethod
    def ask(self, queries: Vectors, effort: int, sort: str) -> NDArray[np.int64]: ...


class Rsvlm(Store):
    kind = "auto"

    def build(self, shards: Iterator[Vectors], count: int, texts: Vectors) -> None:
        import pyarrow as pa

        from rsvlm.retrieval import Index, Plan

        keys = pa.array(np.arange(count)).cast(pa.string())
        plan = Plan(kind=self.kind, texts=texts)  # type: ignore[arg-type]
        Index.from_vectors(
            self.folder / "index", shards, pa.table({"key": keys}), encoder="SkyCLIP-50", plan=plan
        )

    def open(self) -> None:
        from rsvlm.retrieval import Index

        self.index = Index(self.folder / "index")
        self.name = self.index.summary()["kind"]

    def ask(self, queries: Vectors, effort: int, sort: str) -> NDArray[np.int64]:
        found = self.index.nearest(queries, K, asked=sort)  # type: ignore[arg-type] # words or pictures
        return np.stack([one.rows for one in found])


class RsvlmExact(Rsvlm):
    kind = "exact"


class RsvlmFlat(Rsvlm):
    kind = "ivf-flat"


class RsvlmCells(Rsvlm):
    kind = "ivf-sq8"


class RsvlmGraph(Rsvlm):
    kind = "hnsw-sq8"


class Hnswlib(Store):
    efforts = (50, 75, 100, 125, 150, 200, 300, 400, 600, 800, 1200, 1800, 2400, 3000, 3600, 4500, 6000)
    readme = 50

    def build(self, shards: Iterator[Vectors], count: int, texts: Vectors) -> None:
        import hnswlib

        index = hnswlib.Index("ip", 512)
        index.init_index(count, ef_construction=200, M=16)
        for shard in shards:
            index.add_items(shard)
        index.save_index(str(self.folder / "index.bin"))

    def open(self) -> None:
        import hnswlib

        self.index = hnswlib.Index("ip", 512)
        self.index.load_index(str(self.folder / "index.bin"))

    def ask(self, queries: Vectors, effort: int, sort: str) -> NDArray[np.int64]:
        self.index.set_ef(effort)
        if len(queries) == 1:
            self.index.set_num_threads(1)
        found = self.index.knn_query(queries, K)[0]
        self.index.set_num_threads(2)
        return np.asarray(found, np.int64)


class Usearch(Store):
    efforts = Hnswlib.efforts
    readme = 64

    def build(self, shards: Iterator[Vectors], count: int, texts: Vectors) -> None:
        from usearch.index import Index

        index = Index(ndim=512, metric="ip", dtype="f16", connectivity=16, expansion_add=128)
        for first, shard in enumerate(shards):
            index.add(np.arange(len(shard)) + first * SHARD, shard)
        index.save(str(self.folder / "index.usearch"))

    def open(self) -> None:
        from usearch.index import Index

        self.index = Index(ndim=512, metric="ip", dtype="f16")
        self.index.load(str(self.folder / "index.usearch"))

    def ask(self, queries: Vectors, effort: int, sort: str) -> NDArray[np.int64]:
        self.index.expansion_search = effort
        if len(queries) == 1:
            return np.asarray(self.index.search(queries[0], K).keys, np.int64)[None]
        return np.asarray(self.index.search(queries, K).keys, np.int64)


class Lancedb(Store):
    efforts = (20, 40, 80, 160, 320, 500, 750, 1000)
    readme = 20

    def build(self, shards: Iterator[Vectors], count: int, texts: Vectors) -> None:
        import lancedb
        import pyarrow as pa

        database, table = lancedb.connect(self.folder / "lance"), None
        for first, shard in enumerate(shards):
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(shard).ravel()), 512)
            rows = pa.table({"id": pa.array(np.arange(len(shard)) + first * SHARD), "vector": vectors})
            if table is None:
                table = database.create_table("vectors", rows)
            else:
                table.add(rows)
        assert table is not None
        table.create_index(
            metric="dot", num_partitions=1024, index_type="IVF_SQ", vector_column_name="vector"
        )

    def open(self) -> None:
        import lancedb

        self.table = lancedb.connect(self.folder / "lance").open_table("vectors")

    def ask(self, queries: Vectors, effort: int, sort: str) -> NDArray[np.int64]:
        found = []
        for query in queries:
            search = self.table.search(query).distance_type("dot").nprobes(effort).refine_factor(3)
            found.append(search.limit(K).select(["id", "_distance"]).to_arrow()["id"].to_numpy())
        return np.stack(found)


class Qdrant(Store):
    """Local mode: exact, in memory."""

    efforts = (1,)

    def build(self, shards: Iterator[Vectors], count: int, texts: Vectors) -> None:
        pass

    def fill(self, shards: Iterator[Vectors]) -> None:
        from qdrant_client import QdrantClient, models

        self.client = QdrantClient(":memory:")
        self.client.create_collection("v", models.VectorParams(size=512, distance=models.Distance.DOT))
        for first, shard in enumerate(shards):
            self.client.upload_collection("v", shard, ids=(np.arange(len(shard)) + first * SHARD).tolist())

    def open(self) -> None:
        pass

    def ask(self, queries: Vectors, effort: int, sort: str) -> NDArray[np.int64]:
        points = [self.client.query_points("v", query=query, limit=K).points for query in queries]
        return np.array([[point.id for point in one] for one in points])


class Milvus(Store):
    """Milvus Lite: faiss behind the wire protocol of Milvus, on this machine."""

    efforts = (64, 128, 256, 512, 1024, 2048, 4096)
    readme = 64

    def build(self, shards: Iterator[Vectors], count: int, texts: Vectors) -> None:
        from pymilvus import DataType, MilvusClient

        client = MilvusClient(str(self.folder / "milvus.db"))
        schema = client.create_schema(auto_id=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=512)
        parameters = client.prepare_index_params()
        parameters.add_index(
            "vector", index_type="HNSW", metric_type="IP", params={"M": 16, "efConstruction": 200}
        )
        client.create_collection("v", schema=schema, index_params=parameters)
        for first, shard in enumerate(shards):
            for start in range(0, len(shard), 5000):
                some = shard[start : start + 5000]
                client.insert(
                    "v", [{"id": first * SHARD + start + n, "vector": v} for n, v in enumerate(some)]
                )
        client.flush("v")
        client.load_collection("v")  # waits for the graphs of all segments
        client.close()

    def open(self) -> None:
        from pymilvus import MilvusClient

        self.client = MilvusClient(str(self.folder / "milvus.db"))
        self.client.load_collection("v")

    def ask(self, queries: Vectors, effort: int, sort: str) -> NDArray[np.int64]:
        found = self.client.search("v", list(queries), limit=K, search_params={"params": {"ef": effort}})
        return np.array([[one["id"] for one in hits] for hits in found])


STORES: dict[str, type[Store]] = {
    "rsvlm": Rsvlm, "rsvlm exact": RsvlmExact, "rsvlm ivf-flat": RsvlmFlat, "rsvlm ivf-sq8": RsvlmCells,
    "rsvlm hnsw-sq8": RsvlmGraph, "hnswlib": Hnswlib, "usearch": Usearch, "LanceDB": Lancedb,
    "Qdrant local": Qdrant, "Milvus Lite": Milvus,
}  # fmt: skip


def shards_of(data: Structured, count: int) -> Iterator[Vectors]:
    """So many vectors, by shards."""
    for number in range(-(-count // SHARD)):
        yield data.shard(number)[: count - number * SHARD]


def build(store: Store, data: Structured, count: int) -> dict[str, Any]:
    """Fill a store, unless that was done; how long it took, and what it takes."""
    done = store.folder / "built.json"
    if not done.exists():
        store.folder.mkdir(parents=True, exist_ok=True)
        made = [0.0]

        def shards() -> Iterator[Vectors]:
            begin = time.perf_counter()
            for shard in shards_of(data, count):
                made[0] += time.perf_counter() - begin
                yield shard
                begin = time.perf_counter()

        begin = time.perf_counter()
        store.build(shards(), count, data.text_queries(tuning=True))
        seconds = time.perf_counter() - begin - made[0]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        done.write_text(json.dumps({"seconds": seconds, "peak": peak}))
    files = [file for file in store.folder.rglob("*") if file.is_file()]
    found: dict[str, Any] = json.loads(done.read_text())
    return {**found, "bytes": sum(file.stat().st_size for file in files)}


def ask(store: Store, queries: dict[str, Vectors], truth: dict[str, NDArray[np.int64]]) -> dict[str, Any]:
    """Queries a second, one at a time and 256 at a time, at the recall that is wanted and as the README has it."""
    begin = time.perf_counter()
    store.open()
    found: dict[str, Any] = {"open": time.perf_counter() - begin, "name": getattr(store, "name", "")}
    for sort, asked in queries.items():
        until = time.perf_counter() + SECONDS
        for query in asked:  # what is mapped from the disk is in memory then, for all stores alike
            store.ask(query[None], (store.efforts or (1,))[0], sort)
            if time.perf_counter() > until:
                break
        effort = _enough(store, asked, truth[sort], sort)
        found[sort] = _measured(store, asked, truth[sort], sort, effort)
        if store.readme is not None:
            found[f"{sort} readme"] = _measured(store, asked, truth[sort], sort, store.readme)
    return {**found, "resident": status_bytes("VmRSS")}


def _enough(store: Store, queries: Vectors, truth: NDArray[np.int64], sort: str) -> int:
    """The least effort that finds what is wanted; that of exact stores is none."""
    for effort in store.efforts[:-1]:
        begin, recalls = time.perf_counter(), []
        for first in range(0, TRIED, 50):
            some = slice(first, first + 50)
            recalls.append(recall_of(store.ask(queries[some], effort, sort), truth[some]))
            if (spent := time.perf_counter() - begin) > TRYING:
                break
        if np.mean(recalls) >= WANTED or spent > 50 * SLOWEST * len(recalls):
            return effort
    return store.efforts[-1] if store.efforts else 0


def _measured(
    store: Store, queries: Vectors, truth: NDArray[np.int64], sort: str, effort: int
) -> dict[str, float]:
    answers = []
    begin = time.perf_counter()
    for query in queries:
        answers.append(store.ask(query[None], effort, sort)[0])
        if time.perf_counter() - begin > SECONDS and len(answers) >= 20:
            break
    one = (time.perf_counter() - begin) / len(answers)
    many = queries[: BATCH if one < 0.1 else 16]
    begin = time.perf_counter()
    store.ask(many, effort, sort)
    return {
        "effort": effort,
        "recall": recall_of(np.stack(answers), truth[: len(answers)]),
        "asked": len(answers),
        "one": 1 / one,
        "batch": len(many) / (time.perf_counter() - begin),
    }


def status_bytes(name: str) -> int:
    """What the kernel says of this process: "VmRSS", memory that is resident now; "VmHWM", that was at most."""
    with Path("/proc/self/status").open() as status:
        [line] = [line for line in status if line.startswith(name)]
    return int(line.split()[1]) * 1024


def recall_of(found: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """Share of the true rows that were found."""
    return float(np.mean([np.isin(want, one).mean() for one, want in zip(found, truth, strict=True)]))


class Nearest:
    """The ten nearest vectors of each query, by comparing all, some at a time.

    Args:
        queries: (q, d) of each sort.

    Attributes:
        rows: (q, 10) numbers of vectors of each sort, the nearest first.
    """

    def __init__(self, queries: dict[str, Vectors]) -> None:
        self._queries = queries
        self._scores = {sort: np.empty((len(asked), 0), np.float32) for sort, asked in queries.items()}
        self.rows = {sort: np.empty((len(asked), 0), np.int64) for sort, asked in queries.items()}

    def look(self, vectors: Vectors, first: int) -> None:
        """Compare with some more vectors, of which the first has that number."""
        for sort, asked in self._queries.items():
            for start in range(0, len(vectors), _COMPARED):
                found = asked @ vectors[start : start + _COMPARED].T
                near = np.argpartition(-found, min(K, found.shape[1] - 1), axis=1)[:, :K]
                scores = np.concatenate([self._scores[sort], np.take_along_axis(found, near, 1)], axis=1)
                rows = np.concatenate([self.rows[sort], near + first + start], axis=1)
                order = np.argsort(-scores, axis=1)[:, :K]
                self._scores[sort] = np.take_along_axis(scores, order, 1)
                self.rows[sort] = np.take_along_axis(rows, order, 1)


def truth_of(
    data: Structured, folder: Path, count: int
) -> tuple[dict[str, Vectors], dict[str, NDArray[np.int64]]]:
    """Queries, and the ten nearest vectors of each by comparing all."""
    queries = {"words": data.text_queries(tuning=False), "pictures": data.image_queries()}
    file = folder / f"truth-{data.name}-{count}.npz"
    if not file.exists():
        nearest = Nearest(queries)
        for number, shard in enumerate(shards_of(data, count)):
            nearest.look(shard, number * SHARD)
        np.savez(file, words=nearest.rows["words"], pictures=nearest.rows["pictures"])
    with np.load(file) as found:
        return queries, {sort: found[sort] for sort in queries}


def main() -> None:
    do, name, structure, npz, work, count = sys.argv[1:]
    data = Structured(Path(npz), structure)
    folder = Path(work)
    store = STORES[name](folder / f"{structure}-{count}" / name.replace(" ", "-"))
    if do == "build":
        print(json.dumps(build(store, data, int(count))))
        return
    queries, truth = truth_of(data, folder, int(count))
    if isinstance(store, Qdrant):
        begin = time.perf_counter()
        store.fill(shards_of(data, int(count)))
        print(json.dumps({**ask(store, queries, truth), "seconds": time.perf_counter() - begin}))
        return
    print(json.dumps(ask(store, queries, truth)))


if __name__ == "__main__":
    main()
