"""Ten million vectors on one machine: what building and searching them takes.

    python retrieval/large.py --data DIR --work FOLDER                   # 15 GB of disk, an hour on two cores
    python retrieval/large.py --data DIR --work FOLDER --count 1000000

The vectors (`structured.py`) are made by shards, go straight into the index, and are never on the disk as 32-bit
floats. Building and searching are processes of their own, whose resident memory is what the kernel counts: files that
are mapped included. 10,000 different queries are asked one at a time, 1,007 real texts and pictures that are in no
shard; what is nearest is known, by comparing all, for 1,000 of each.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from benchmark_stores import (  # type: ignore[import-not-found] # beside this file
    K,
    Nearest,
    Vectors,
    recall_of,
    shards_of,
    status_bytes,
)
from structured import CLASSES, SHARD, Structured  # type: ignore[import-not-found] # beside this file

QUERIES, JUDGED = 10_000, 1000
MEMORY = 8 * 2**30


def queries_of(data: Structured) -> dict[str, Vectors]:
    """What is asked: all real texts, and pictures."""
    texts = data.text_queries(tuning=False)
    return {"words": texts, "pictures": data.image_queries(QUERIES - len(texts))}


def build(data: Structured, folder: Path, count: int) -> dict[str, Any]:
    """Build the index; meanwhile find what is nearest to the queries, in time that does not count."""
    import pyarrow as pa

    from rsvlm.retrieval import Index, Plan

    nearest = Nearest({sort: asked[:JUDGED] for sort, asked in queries_of(data).items()})
    aside = 0.0

    def shards() -> Iterator[Vectors]:
        nonlocal aside
        begin = time.perf_counter()
        for number, shard in enumerate(shards_of(data, count)):
            nearest.look(shard, number * SHARD)
            aside += time.perf_counter() - begin
            yield shard
            begin = time.perf_counter()

    keys = pa.array(np.arange(count)).cast(pa.string())
    plan = Plan(max_memory=MEMORY, texts=data.text_queries(tuning=True))
    begin = time.perf_counter()
    Index.from_vectors(folder / "index", shards(), pa.table({"key": keys}), encoder="SkyCLIP-50", plan=plan)
    seconds = time.perf_counter() - begin - aside
    np.savez(folder / "truth.npz", words=nearest.rows["words"], pictures=nearest.rows["pictures"])
    return {"seconds": seconds, "resident": status_bytes("VmHWM")}


def ask(data: Structured, folder: Path) -> dict[str, Any]:
    """Open the index and ask."""
    from rsvlm.retrieval import Index

    begin = time.perf_counter()
    index = Index(folder / "index")
    found: dict[str, Any] = {"open": time.perf_counter() - begin, "kind": index.summary()["kind"]}
    for sort, asked in queries_of(data).items():
        rows = []
        begin = time.perf_counter()
        for query in asked:
            rows.append(index.nearest(query[None], K, asked=sort)[0].rows)  # type: ignore[arg-type] # words or pictures
        found[sort] = {"second": len(asked) / (time.perf_counter() - begin)}
        with np.load(folder / "truth.npz") as truth:
            found[sort]["recall"] = recall_of(np.stack(rows[: len(truth[sort])]), truth[sort])
    files = [file for file in (folder / "index").rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    return {**found, "resident": status_bytes("VmHWM"), "bytes": size}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--count", type=int, default=10_000_000)
    parser.add_argument("--sets", default="clustered", help=f"of {', '.join(CLASSES)}; %(default)s")
    parser.add_argument("--do", choices=("build", "ask"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    npz = options.data / "whurs19-embeddings" / "SkyCLIP50-ViT-B-32.npz"
    if options.do:
        data, folder = Structured(npz, options.sets), options.work / f"{options.sets}-{options.count}-large"
        done = build(data, folder, options.count) if options.do == "build" else ask(data, folder)
        print(json.dumps(done))
        return
    print(
        "| set | kind | built in s | resident while building GiB | on disk GB | open s | words: recall@10 | a second "
        "| pictures: recall@10 | a second | resident after 10,000 queries GiB |\n" + "|---" * 11 + "|"
    )
    for name in options.sets.split(","):
        print(row(name, options), flush=True)


def row(name: str, options: argparse.Namespace) -> str:
    """Build and ask one set, unless it is built: a row of the table."""
    folder = options.work / f"{name}-{options.count}-large"
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, __file__, "--data", str(options.data), "--work", str(options.work)]
    command += ["--count", str(options.count), "--sets", name, "--do"]
    if not (folder / "built.json").exists():
        made = subprocess.run([*command, "build"], check=True, stdout=subprocess.PIPE, text=True).stdout
        (folder / "built.json").write_text(made)
    built = json.loads((folder / "built.json").read_text())
    found = json.loads(
        subprocess.run([*command, "ask"], check=True, stdout=subprocess.PIPE, text=True).stdout
    )
    asked = " | ".join(f"{found[s]['recall']:.3f} | {found[s]['second']:,.0f}" for s in ("words", "pictures"))
    return (
        f"| {name} | {found['kind']} | {built['seconds']:,.0f} | {built['resident'] / 2**30:.2f} "
        f"| {found['bytes'] / 1e9:.1f} | {found['open']:.2f} | {asked} | {found['resident'] / 2**30:.2f} |"
    )


if __name__ == "__main__":
    main()
