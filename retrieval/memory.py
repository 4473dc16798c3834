"""Do a few labelled tiles help? Accuracy of the built-in model with a memory of 0 to all training tiles a class.

    python retrieval/memory.py --data DIR             # DIR/{ucm,rsicd}/{train,validation}.parquet

Tiles are drawn from the training split, `--draws` times with other seeds, and the validation split is classified.
Weight and sharpness of the memory are chosen on the drawn tiles alone. The interval is the 95 % one of the mean over
the validation images (bootstrap over images, draws averaged).
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import rsvlm
from rsvlm.classification.memory import Memory
from rsvlm.datasets import read_eval_set
from rsvlm.eval.vectors import image_vectors
from rsvlm.eval.vocabulary_choice import vocabulary_for
from rsvlm.models import Encoder
from rsvlm.retrieval import Index
from rsvlm.vocabularies import vocabulary_from_classes

SETS = ("ucm", "rsicd")
COUNTS = (0, 1, 4, 16, None)


def read(encoder: Encoder, folder: Path, split: str) -> tuple[NDArray[np.float32], list[str]]:
    """Vectors of the images of a split, and the class name of each."""
    data = read_eval_set(folder, split=split)
    return image_vectors(encoder, data, cache=None).values, [names[0] for names in data.labels or ()]


def drawn(labels: list[str], count: int | None, seed: int) -> NDArray[np.int64]:
    """So many rows of each class, or all."""
    random, names = np.random.default_rng(seed), np.array(labels)
    return np.concatenate(
        [random.permutation(np.flatnonzero(names == name))[:count] for name in sorted(set(labels))]
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--sets", default=",".join(SETS))
    options = parser.parse_args()
    encoder = rsvlm.load_encoder("built-in")
    print(
        "| validation | "
        + " | ".join("all" if n is None else str(n) for n in COUNTS)
        + " |\n"
        + "|---" * 6
        + "|"
    )
    for name in options.sets.split(","):
        train, train_labels = read(encoder, options.data / name, "train")
        asked, labels = read(encoder, options.data / name, "validation")
        words = vocabulary_for(read_eval_set(options.data / name, split="validation"))
        words = words or vocabulary_from_classes(sorted(set(labels)), name)
        classifier = rsvlm.ZeroShotClassifier(words, encoder)
        truth = np.array(
            [classifier.names.index(entry.name) if (entry := words.by_name(one)) else -1 for one in labels]
        )
        cosines = asked @ classifier.classes.vectors.T
        cells = []
        for count in COUNTS:
            right = []
            for seed in range(1 if count in (0, None) else options.draws):
                rows = drawn(train_labels, count, seed) if count != 0 else np.empty(0, np.int64)
                with tempfile.TemporaryDirectory() as folder:
                    given = [{"key": str(row), "labels": [train_labels[row]]} for row in rows]
                    vectors = train[rows]
                    if not len(rows):
                        given, vectors = [{"key": "none"}], train[:1]
                    index = Index.from_vectors(Path(folder) / "index", vectors, given, encoder="built-in")
                    memory = Memory(index, words, classifier.classes.vectors, classifier.scale)
                right.append((cosines + memory.evidence(asked)).argmax(axis=1) == truth)
            means = np.mean(right, axis=0)
            random = np.random.default_rng(0)
            samples = [means[random.integers(len(means), size=len(means))].mean() for _ in range(1000)]
            low, high = np.percentile(samples, [2.5, 97.5])
            cells.append(f"{100 * means.mean():.1f} ({100 * low:.1f}-{100 * high:.1f})")
        print(
            f"| {name} ({len(labels):,} images, {len(words.names)} classes) | {' | '.join(cells)} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
