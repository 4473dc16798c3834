"""How fast a million vectors are searched on a GPU, beside faiss on the processor and torch's matrix product.

    python retrieval/devices.py --data DIR --work FOLDER --device cuda
    python retrieval/devices.py --data DIR --work FOLDER --device cpu --count 20000

DIR has whurs19-embeddings/SkyCLIP50-ViT-B-32.npz. The clustered set of `benchmark.py`, 1,000 pictures that are not in
it, 256 at a time and one at a time. What was built stays in FOLDER.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from structured import SHARD, Structured  # type: ignore[import-not-found] # beside this file

from rsvlm.retrieval import Index, Plan

K = 10
SECONDS = 3.0
Vectors = NDArray[np.float32]
Ask = Callable[[Vectors], NDArray[np.int64]]


def built(folder: Path, kind: str, data: Structured, count: int) -> Path:
    """An index of the drawn vectors."""
    if not folder.exists():
        shards = (data.shard(number)[: count - number * SHARD] for number in range(-(-count // SHARD)))
        table = pa.table({"key": pa.array(np.arange(count)).cast(pa.string())})
        plan = Plan(kind=kind)  # type: ignore[arg-type]
        Index.from_vectors(folder, shards, table, encoder="SkyCLIP-50", plan=plan)
    return folder


def of(index: Index) -> Ask:
    return lambda asked: np.stack([one.rows for one in index.nearest(asked, K, asked="pictures")])


def by_torch(vectors: Vectors, device: str) -> Ask:
    held = torch.from_numpy(vectors).to(device).T.contiguous()

    def ask(asked: Vectors) -> NDArray[np.int64]:
        found: NDArray[np.int64] = (torch.from_numpy(asked).to(device) @ held).topk(K).indices.cpu().numpy()
        return found

    return ask


def rate(ask: Ask, queries: Vectors, size: int) -> float:
    """Queries a second, so many at a time, warm."""
    ask(queries[:size])
    begin, done = time.perf_counter(), 0
    while time.perf_counter() - begin < SECONDS:
        start = done % (len(queries) - size + 1)
        ask(queries[start : start + size])
        done += size
    return done / (time.perf_counter() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--count", type=int, default=1_000_000)
    options = parser.parse_args()
    data = Structured(options.data / "whurs19-embeddings" / "SkyCLIP50-ViT-B-32.npz", "clustered")
    queries = data.image_queries()
    folder = options.work / f"devices-{options.count}"
    indexes = {kind: built(folder / kind, kind, data, options.count) for kind in ("exact", "ivf-sq8")}
    plain = Index(indexes["exact"])
    vectors = plain.vectors(np.arange(options.count))
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    ways: dict[str, Ask] = {"faiss Flat, processor": lambda asked: flat.search(asked, K)[1]}
    for kind, place in indexes.items():
        ways[f"rsvlm {kind}, processor"] = of(Index(place))
        if options.device == "cuda":
            index = Index(place)
            index.to_gpus()
            ways[f"rsvlm {kind}, GPU"] = of(index)
    ways[f"torch matmul + topk, {options.device}"] = by_torch(vectors, options.device)
    truth = of(plain)(queries)
    print(f"{options.count:,} x {vectors.shape[1]}, k {K}\n")
    print("| way | recall@10 | one at a time, a second | 256 at a time, a second |\n|---|---|---|---|")
    for name, ask in ways.items():
        found = ask(queries)
        recall = np.mean([np.isin(want, got).mean() for want, got in zip(truth, found, strict=True)])
        print(
            f"| {name} | {recall:.4f} | {rate(ask, queries, 1):,.0f} | {rate(ask, queries, 256):,.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
