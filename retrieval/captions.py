"""Are pictures found by what their captions say? By words, by meaning, by both, and with the pictures themselves.

    python retrieval/captions.py --data DIR           # DIR/rsicd/validation.parquet

Of each picture with two captions or more that differ, one (drawn) asks, and the others are what can be found. Only the
picture itself is right, although others look and read alike. rank_bm25 ranks the same captions by the same words.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rank_bm25 import BM25Okapi

import rsvlm
from rsvlm.datasets import read_eval_set
from rsvlm.eval.vectors import image_vectors
from rsvlm.retrieval import Index
from rsvlm.retrieval.tokens import tokens

DEEP = 10


def split(captions: list[list[str]], seed: int) -> tuple[list[str], list[dict[str, Any]]]:
    """A query of each picture, and the captions that stay."""
    random, queries, rows = np.random.default_rng(seed), [], []
    for number, given in enumerate(captions):
        different = list(dict.fromkeys(given))
        if len(different) > 1:
            queries.append(different.pop(int(random.integers(len(different)))))
            rows.append({"key": str(number), "captions": different})
    return queries, rows


def peer(rows: list[dict[str, Any]]) -> Callable[[str], list[int]]:
    """Rank_bm25 over the same captions: pictures by the best of theirs."""
    owner = np.repeat(np.arange(len(rows)), [len(row["captions"]) for row in rows])
    ranker = BM25Okapi([tokens(text) for row in rows for text in row["captions"]])

    def search(query: str) -> list[int]:
        best = np.zeros(len(rows))
        np.maximum.at(best, owner, ranker.get_scores(tokens(query)))
        order: list[int] = np.argsort(-best, kind="stable")[:DEEP].tolist()
        return order

    return search


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--encoder", default="built-in")
    parser.add_argument("--text-encoder", default="all-MiniLM-L6-v2")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    data = read_eval_set(options.data / "rsicd" / "validation.parquet")
    queries, rows = split([list(one) for one in data.captions or ()], options.seed)
    encoder = rsvlm.load_encoder(options.encoder)
    vectors = image_vectors(encoder, data, cache=None).values[[int(row["key"]) for row in rows]]
    print(f"{len(queries):,} queries, {sum(len(row['captions']) for row in rows):,} captions\n")
    print("| found by | recall@1 | recall@10 | MRR@10 | ms a query |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        index = Index.from_vectors(
            Path(folder) / "index", vectors, rows, encoder=options.encoder, revision=encoder.revision
        )
        index = Index(index.folder, encoder)
        index.index_captions(options.text_encoder)
        row_of = {row["key"]: number for number, row in enumerate(rows)}

        def found(search: Callable[..., Any], **how: Any) -> Callable[[str], list[int]]:
            return lambda query: [row_of[key] for key in search(query, k=DEEP, **how).keys]

        ways = {
            "words: rank_bm25 (BM25Okapi)": peer(rows),
            "words: BM25": found(index.search_captions, by="words"),
            f"meaning: {options.text_encoder}": found(index.search_captions, by="meaning"),
            "both (the default of `--in captions`)": found(index.search_captions),
            f"pictures: {options.encoder}": found(index.search),
            "pictures and captions (`--in both`)": found(index.search_captions, pictures=True),
        }
        for name, way in ways.items():
            way(queries[0])
            start = time.perf_counter()
            ranks = [one.index(n) + 1 if n in one else 0 for n, one in enumerate(map(way, queries))]
            spent = 1000 * (time.perf_counter() - start) / len(queries)
            place = np.array(ranks, float)
            place[place == 0] = np.inf
            print(
                f"| {name} | {np.mean(place <= 1):.3f} | {np.mean(place <= 10):.3f} | {np.mean(1 / place):.3f} "
                f"| {spent:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
