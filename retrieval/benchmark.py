"""How fast a million vectors are searched, beside what people use.

    pip install "rsvlm[cpu]" hnswlib usearch lancedb qdrant-client pymilvus "milvus-lite>=3.2"
    python retrieval/benchmark.py --data DIR --work FOLDER             # DIR/whurs19-embeddings/SkyCLIP50-ViT-B-32.npz
    python retrieval/benchmark.py --data DIR --work FOLDER --count 100000 --stores "rsvlm,hnswlib"

Two sets of vectors with the structure of real ones (`structured.py` says how they are made, and the first table how
like real ones they are), each asked 1,000 pictures that are in neither and 1,007 real texts. Each store is filled, and
later asked, in a process of its own; what was built stays in FOLDER and is not built again. Peers have two rows: as
their README or default has it, and looking as far as a recall@10 of 0.99 takes on these very queries. rsvlm has one: it
looks as far as it found out when the index was built, with other queries.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmark_stores import STORES  # type: ignore[import-not-found] # beside this file
from structured import CLASSES, Structured  # type: ignore[import-not-found] # beside this file

SORTS = ("words", "pictures")


def run(do: str, store: str, structure: str, npz: Path, work: Path, count: int) -> dict[str, Any] | None:
    """What a process that fills or asks a store says, or None where it failed."""
    command = [sys.executable, str(Path(__file__).with_name("benchmark_stores.py"))]
    done = subprocess.run(
        [*command, do, store, structure, str(npz), str(work), str(count)], capture_output=True, text=True
    )
    if done.returncode:
        says = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
        print(f"{store}: {says[-1][:300]}", file=sys.stderr)
        return None
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def cells(found: dict[str, Any]) -> str:
    """Recall and queries a second of one row of the table."""
    return f"{found['recall']:.3f} | {found['one']:,.0f} | {found['batch']:,.0f}"


def show(
    structure: str, built: dict[str, dict[str, Any]], asked: dict[str, dict[str, Any]], count: int
) -> None:
    """Print the table of one set of vectors."""
    print(f"\n### {structure}, {count:,} x 512\n")
    print(
        "| store | words: recall@10 | one at a time, a second | 256 at a time, a second | pictures: recall@10 "
        "| one at a time, a second | 256 at a time, a second | built in s | resident GB | on disk GB |"
    )
    print("|---" * 10 + "|")
    for store, found in asked.items():
        made = built.get(store, {})
        seconds = made.get("seconds", found.get("seconds", 0.0))
        size = f"{seconds:,.0f} | {found['resident'] / 1e9:.2f} | {made.get('bytes', 0) / 1e9:.2f}"
        name = f"{store} ({found['name']})" if store == "rsvlm" else store
        if "words readme" in found:
            print(
                f"| {name}, as its README | {' | '.join(cells(found[f'{sort} readme']) for sort in SORTS)} | {size} |"
            )
            name += ", tuned on the queries"
        print(f"| {name} | {' | '.join(cells(found[sort]) for sort in SORTS)} | {size} |")
    if "rsvlm" not in asked:
        return
    ours = asked["rsvlm"]
    peers = {name: found for name, found in asked.items() if not name.startswith("rsvlm")}
    for sort in SORTS:
        able = {name: found[sort]["one"] for name, found in peers.items() if found[sort]["recall"] >= 0.989}
        line = f"\n{sort}, one at a time: rsvlm {ours[sort]['one']:,.0f} a second"
        if able:
            best = max(able, key=lambda name: able[name])
            line += f", {ours[sort]['one'] / able[best]:.1f} x the best peer ({best}, {able[best]:,.0f})"
        if "rsvlm exact" in asked:
            line += f", {ours[sort]['one'] / asked['rsvlm exact'][sort]['one']:.0f} x exact search"
        print(line)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--stores", default=",".join(STORES), help="%(default)s")
    parser.add_argument("--sets", default=",".join(CLASSES), help="%(default)s")
    options = parser.parse_args()
    npz = options.data / "whurs19-embeddings" / "SkyCLIP50-ViT-B-32.npz"
    print("| structure | " + " | ".join(Structured(npz, "clustered").likeness()) + " |\n" + "|---" * 5 + "|")
    for structure in options.sets.split(","):
        figures = Structured(npz, structure).likeness().values()
        print(
            f"| {structure}: real, drawn | "
            + " | ".join(f"{real:.3f}, {drawn:.3f}" for real, drawn in figures)
            + " |"
        )
    for structure in options.sets.split(","):
        built, asked = {}, {}
        for store in options.stores.split(","):
            made = run("build", store, structure, npz, options.work, options.count)
            found = made and run("ask", store, structure, npz, options.work, options.count)
            if made and found:
                built[store], asked[store] = made, found
        show(structure, built, asked, options.count)


if __name__ == "__main__":
    main()
