"""How sure cosines make one that a thing is there: makes `rsvlm/rag/composer/calibration.yaml`.

    python rag/calibrate.py --data DIR --work WORK       # DIR/rsicd, DIR/ucm; vectors are kept in WORK

Logistic regressions on training images: is a thing, which two captions name or none, there? Of all things that 20
captions name, as many that are there as are not. Prints what to put into the file, and how good it is on the
validation splits, whose look-alikes are training images: accuracy, area under the curve, calibration error.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pictures import Pictures, common_things, memory_weights, pictures  # type: ignore[import-not-found] # beside this

from rsvlm.models import load_encoder
from rsvlm.rag.composer.lexicon import Lexicon
from rsvlm.rag.composer.likelihood import hinged
from rsvlm.rag.questions import Thing

_PRIOR = 20
Floats = NDArray[np.float64]


def examples(
    asked: Pictures, memory: Pictures, lexicon: Lexicon, things: list[Thing], *, itself: bool, seed: int
) -> tuple[Floats, NDArray[np.int8]]:
    """(n, 3) ones, standings and log odds of look-alikes, and (n,) whether the thing is there."""
    weights = memory_weights(asked, memory, itself=itself)
    random, rows, truths = np.random.default_rng(seed), [], []
    for thing in things:
        truth = asked.truth(thing)
        there, gone = np.flatnonzero(truth == 1), np.flatnonzero(truth == 0)
        count = min(len(there), len(gone))
        chosen = np.concatenate([random.choice(one, count, replace=False) for one in (there, gone)])
        if not count:
            continue
        share = (weights[chosen] * memory.shows(thing)).sum(axis=1)
        odds = np.log((share * _PRIOR + 0.5) / ((1 - share) * _PRIOR + 0.5))
        rows.append(
            np.stack([np.ones(len(chosen)), lexicon.standing(asked.vectors[chosen], thing), odds], axis=1)
        )
        truths.append(truth[chosen])
    return np.concatenate(rows), np.concatenate(truths)


def fitted(rows: Floats, truth: NDArray[np.int8]) -> Floats:
    """Weights of a logistic regression, by Newton's method with a little shrinkage."""
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        found = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (found - truth) + 0.1 * weights
        curve = (rows * (found * (1 - found))[:, None]).T @ rows + 0.1 * np.eye(rows.shape[1])
        weights = weights - np.linalg.solve(curve, slope)
    return weights


def group_error(probability: Floats, truth: Floats) -> float:
    """Expected calibration error in 15 groups of as many answers each; bins of equal width would leave most empty."""
    order = np.argsort(probability, kind="stable")
    groups = np.array_split(order, 15)
    gaps = (len(one) * abs(probability[one].mean() - truth[one].mean()) for one in groups)
    return float(sum(gaps) / len(order))


def judged(probability: Floats, truth: NDArray[np.int8]) -> str:
    """Accuracy, area under the curve and expected calibration error in 15 equal groups."""
    order = np.argsort(probability)
    ranks = np.empty(len(order))
    ranks[order] = np.arange(1, len(order) + 1)
    positive = int(truth.sum())
    area = (ranks[truth == 1].sum() - positive * (positive + 1) / 2) / (positive * (len(truth) - positive))
    error = group_error(probability, truth.astype(np.float64))
    return f"{((probability >= 0.5) == truth).mean():.3f} | {area:.3f} | {error:.3f}"


COVERAGES = (1.0, 0.8, 0.6, 0.4, 0.2)


def covered(probability: Floats, truth: NDArray[np.int8]) -> str:
    """Accuracy of the surest share of the answers."""
    sure = np.argsort(-np.abs(probability - 0.5), kind="stable")
    right = (probability >= 0.5) == truth
    return " | ".join(f"{right[sure[: int(share * len(sure))]].mean():.3f}" for share in COVERAGES)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--encoder", default="built-in")
    options = parser.parse_args()
    encoder = load_encoder(options.encoder)
    lexicon = Lexicon(encoder)
    fits, held = [], {}
    for name in ("rsicd", "ucm"):
        train, validation = (
            pictures(options.data / name / f"{split}.parquet", encoder, options.work)
            for split in ("train", "validation")
        )
        things = [one for one in common_things(train, 20) if one.name in lexicon.concepts]
        fits.append(examples(train, train, lexicon, things, itself=True, seed=0))
        held[name] = examples(validation, train, lexicon, things, itself=False, seed=1)
    rows, truth = (np.concatenate(parts) for parts in zip(*fits, strict=True))
    alone, remembered = fitted(hinged(rows[:, 1]), truth), fitted(rows, truth)
    told = ", ".join(
        f"{way}: {np.round(weights, 3).tolist()}"
        for way, weights in (("alone", alone), ("remembered", remembered))
    )
    print(f'  "{encoder.revision}": {{{told}}}\n')
    print("| validation | questions | by | accuracy | area under the curve | calibration error |")
    print("|---" * 6 + "|")
    rows_of_coverage = []
    for name, (rows, truth) in held.items():
        for way, weights, made in (
            ("words alone", alone, hinged(rows[:, 1])), ("look-alikes, too", remembered, rows)
        ):  # fmt: skip
            probability = 1 / (1 + np.exp(-made @ weights))
            print(f"| {name} | {len(truth):,} | {way} | {judged(probability, truth)} |")
            rows_of_coverage.append(f"| {name} | {way} | {covered(probability, truth)} |")
    print(
        "\n| validation | by | "
        + " | ".join(f"{share:.0%}" for share in COVERAGES)
        + " |\n"
        + "|---" * 7
        + "|"
    )
    print("\n".join(rows_of_coverage))


if __name__ == "__main__":
    main()
