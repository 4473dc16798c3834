"""AgroMind's question files without their images, asked with evidence and without: what a base is worth unseen.

    python rag/agromind.py --data agromind.tar.xz --knowledge BASE [--count 20]

So many questions of each of the 48 files, with a grey picture in the place of every image: all that can be known is in
the words and in the base.
"""

import argparse
import random
import tarfile
import tempfile
from dataclasses import replace
from pathlib import Path

from rsvlm.eval.agromind import AgroMind, compare_knowledge, read_agromind
from rsvlm.eval.agromind.freetext import load_sentence_embedder
from rsvlm.eval.compare import Comparison
from rsvlm.rag import ComposerGenerator
from rsvlm.rag.answering import NO_KNOWLEDGE


def sample(data: AgroMind, count: int, seed: int) -> AgroMind:
    """So many questions of each file."""
    by_file: dict[str, list[int]] = {}
    for place, item in enumerate(data.items):
        by_file.setdefault(item.file, []).append(place)
    draw = random.Random(seed)
    kept = sorted(
        place for places in by_file.values() for place in draw.sample(places, min(count, len(places)))
    )
    return replace(data, items=tuple(data.items[place] for place in kept))


def table(comparison: Comparison, by: str) -> str:
    """The accuracy of each part without evidence and with it, beside what the most frequent answer gets."""
    first, second = comparison.first, comparison.second
    lines = [
        f"| {by} | questions | majority | without (answered) | with evidence (answered) |",
        "|---" * 5 + "|",
    ]
    for part, one in first.groups[by].items():
        other = second.groups[by][part]
        cells = [
            f"{group['accuracy']:.1%} ({1 - (group['n_unanswered'] + group['n_failed']) / group['n']:.0%})"
            for group in (one, other)
        ]
        lines.append(f"| {part} | {one['n']:.0f} | {one['majority']:.1%} | {' | '.join(cells)} |")
    row = next(row for row in comparison.metrics if row.metric == "accuracy")
    low, high = (100 * end for end in row.interval or (float("nan"), float("nan")))
    cells = [
        f"{result.metrics['accuracy']:.1%} ({result.metrics['coverage']:.0%})" for result in (first, second)
    ]
    lines.append(f"| all | {first.n:,} | {first.metrics['majority']:.1%} | {' | '.join(cells)} |")
    lines.append(
        f"\nWith minus without: {100 * row.difference:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}."
    )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--knowledge", default="built-in")
    parser.add_argument("--count", type=int, default=20, help="questions of each file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(options.data) as archive:
            archive.extractall(folder, filter="data")
        data = sample(read_agromind(Path(folder)), options.count, seed=0)
        comparison = compare_knowledge(
            data,
            ComposerGenerator(NO_KNOWLEDGE),
            ComposerGenerator(options.knowledge),
            Path(folder) / "answers.jsonl",
            blank=True,
            mode="strict",
            embedder=load_sentence_embedder(),
        )
    print(table(comparison, "task"))


if __name__ == "__main__":
    main()
