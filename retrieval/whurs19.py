"""How well known vectors are found: WHU-RS19 as RemoteCLIP and SkyCLIP-50 (ViT-B-32) see it.

    python retrieval/whurs19.py --data DIR            # DIR/whurs19-embeddings/*.npz

Text to image: each of the 19 classes is asked by the mean of its 106 prompts, all 1,005 images are ranked: precision@10
and average precision. Image to image: each image is labelled by a vote of its k nearest others.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rsvlm.retrieval import Index

NEIGHBOURS = (1, 5, 10, 20)


def average_precision(relevant: NDArray[np.bool_]) -> float:
    """Mean of the precisions at each relevant one, of a whole ranking."""
    ranks = np.flatnonzero(relevant) + 1
    return float((np.arange(1, len(ranks) + 1) / ranks).mean())


def vote(labels: NDArray[np.int64]) -> int:
    """The commonest label; of equals the one that comes first."""
    counts = np.bincount(labels)
    tied = np.flatnonzero(counts == counts.max())
    return int(next(label for label in labels if label in tied))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data / "whurs19-embeddings"
    names = (folder / "classes.txt").read_text(encoding="utf-8").split()
    found, votes = {}, {}
    for model in ("RemoteCLIP", "SkyCLIP50"):
        with np.load(folder / f"{model}-ViT-B-32.npz") as data:
            images, labels, texts = data["images"], data["labels"], data["texts_average"]
        with tempfile.TemporaryDirectory() as place:
            rows = [{"key": str(row), "labels": [names[label]]} for row, label in enumerate(labels)]
            index = Index.from_vectors(Path(place) / "index", images, rows, encoder=model)
            hits = [labels[one.rows] == asked for asked, one in enumerate(index.nearest(texts, len(labels)))]
            near = [one.rows for one in index.nearest(images, 1 + max(NEIGHBOURS), asked="pictures")]
        found[model] = [(one[:10].mean(), average_precision(one)) for one in hits]
        others = [rows[rows != own] for own, rows in enumerate(near)]
        votes[model] = [
            np.mean([vote(labels[rows[:k]]) == label for rows, label in zip(others, labels, strict=True)])
            for k in NEIGHBOURS
        ]
    print(
        "| class | RemoteCLIP: precision@10 | average precision | SkyCLIP-50: precision@10 | average precision |"
    )
    print("|---|---|---|---|---|")
    for number, name in enumerate(names):
        cells = [f"{value:.3f}" for model in found.values() for value in model[number]]
        print(f"| {name} | {' | '.join(cells)} |")
    means = [f"**{value:.3f}**" for model in found.values() for value in np.mean(model, axis=0)]
    print(f"| **mean** | {' | '.join(means)} |\n")
    print(
        "| model | "
        + " | ".join(f"k = {k}" for k in NEIGHBOURS)
        + " |\n"
        + "|---" * (len(NEIGHBOURS) + 1)
        + "|"
    )
    for model, shares in votes.items():
        print(f"| {model} | {' | '.join(f'{100 * share:.1f}' for share in shares)} |")


if __name__ == "__main__":
    main()
