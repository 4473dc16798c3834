"""What filters cost, and whether what is found stays right: a million vectors, of which one in so many may be found.

    python retrieval/filtered.py --data DIR --work FOLDER

Rows have a ground sample distance, dealt out by chance, by which the filters choose them. Recall@10 is against
comparing all rows that may be found. (A test has filters that keep only what is far from the query.)
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from structured import SHARD, Structured  # type: ignore[import-not-found] # beside this file

from rsvlm.retrieval import Filter, Index, Plan

SHARES = (1, 2, 10, 100, 1_000, 1_000_000)
QUERIES = 50


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--set", default="clustered")
    options = parser.parse_args()
    data = Structured(options.data / "whurs19-embeddings" / "SkyCLIP50-ViT-B-32.npz", options.set)
    count = options.count
    folder = options.work / f"filtered-{options.set}-{count}"
    order = np.random.default_rng(0).permutation(count).astype(np.float64)
    if not folder.exists():
        table = pa.table({"key": pa.array(np.arange(count)).cast(pa.string()), "gsd": order})
        shards = (data.shard(number)[: count - number * SHARD] for number in range(-(-count // SHARD)))
        plan = Plan(texts=data.text_queries(tuning=True))
        Index.from_vectors(folder, shards, table, encoder="SkyCLIP-50", plan=plan)
    index = Index(folder)
    print(f"{index.summary()['kind']}, {count:,} rows, {options.set}\n")
    print("| asked | one row in | recall@10 | ms, median of a search with its filter |\n|---|---|---|---|")
    for asked, queries in (
        ("words", data.text_queries(tuning=False)[::20][:QUERIES]),
        ("pictures", data.image_queries(QUERIES)),
    ):
        for share in SHARES:
            most = count / share - 1
            wanted = None if share == 1 else Filter(gsd=(None, most))
            allowed = order <= most
            found, times = [], []
            for query in queries:
                begin = time.perf_counter()
                [hits] = index.search_vectors(query[None], filter=wanted, asked=asked)  # type: ignore[arg-type]
                times.append(time.perf_counter() - begin)
                found.append(hits.numbers)
            truth = exactly(data, queries, allowed)
            recall = np.mean([np.isin(want, one).mean() for one, want in zip(found, truth, strict=True)])
            print(f"| {asked} | {share:,} | {recall:.3f} | {1000 * np.median(times):.1f} |", flush=True)


def exactly(data: Structured, queries: np.ndarray, allowed: np.ndarray) -> list[np.ndarray]:
    """The ten nearest rows of those that may be found."""
    scores = np.full((len(queries), 0), 0.0, np.float32)
    rows = np.empty((len(queries), 0), np.int64)
    for number in range(-(-len(allowed) // SHARD)):
        own = np.flatnonzero(allowed[number * SHARD : (number + 1) * SHARD])
        if len(own):
            products = queries @ data.shard(number)[own].T
            scores = np.concatenate([scores, products], axis=1)
            rows = np.concatenate([rows, np.tile(own + number * SHARD, (len(queries), 1))], axis=1)
            order = np.argsort(-scores, axis=1)[:, :10]
            scores, rows = np.take_along_axis(scores, order, 1), np.take_along_axis(rows, order, 1)
    return list(rows)


if __name__ == "__main__":
    main()
