"""Does retrieval help? Captions and classes of real images, with and without look-alikes from a base.

    rsvlm knowledge build DIR/rsicd/train.parquet --out WORK/rsicd
    rsvlm knowledge build DIR/ucm/train.parquet --out WORK/ucm
    python rag/retrieval_helps.py --data DIR --base WORK/rsicd --captions
    python rag/retrieval_helps.py --data DIR --base WORK/ucm --classes

Captions of RSICD validation images come from a base of its training split: of the k pieces that score best by alpha x
cosine of the pictures + (1 - alpha) x cosine of a template with the likeliest class and the text, the one that is most
like the others (`rsvlm.rag.composer.describing`). Without retrieval the template is the caption. Controls: k random
pieces of the same base, and the caption of the nearest picture. `new` are the images none of whose captions stands in
the base. Classes of UC Merced validation: cosines with the class names, and with them the classes of k look-alikes.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pictures import SHARPNESS, Pictures, pictures  # type: ignore[import-not-found] # beside this file

from rsvlm.eval.text.scores import score_captions
from rsvlm.rag import KnowledgeBase
from rsvlm.rag.composer.describing import FIT
from rsvlm.rag.composer.lexicon import Lexicon
from rsvlm.rag.composer.look import called
from rsvlm.rag.composer.naming import scene_names
from rsvlm.retrieval.stored import Vectors
from rsvlm.vocabularies import vocabulary

METRICS = {"cider": "CIDEr", "bleu4": "BLEU-4", "rouge_l": "ROUGE-L", "meteor_nltk": "METEOR"}
_MEMORY = 0.05
Floats = NDArray[np.float64]


def consensus(vectors: Vectors, fits: Floats, weights: Floats) -> int:
    """The text that is most like all, each as much as it weighs, and like the picture: as the composer chooses."""
    likeness = (vectors @ vectors.T).astype(np.float64) @ (weights / weights.sum())
    return int(np.argmax(likeness + FIT * fits))


def interval(differences: Floats) -> str:
    """Mean and 95 % interval of a paired difference, by 2,000 draws of the images."""
    draws = np.random.default_rng(0).integers(len(differences), size=(2000, len(differences)))
    low, high = np.percentile(differences[draws].mean(axis=1), [2.5, 97.5])
    return f"{differences.mean():+.2f} ({low:+.2f} to {high:+.2f})"


def captions(base: KnowledgeBase, asked: Pictures) -> None:
    """Print the tables of captions."""
    lexicon, chunks = Lexicon(base.encoder), list(base.chunks())
    texts = [one.text for one in chunks]
    meanings = base.texts.snapshot.stores.take(np.arange(len(chunks)))
    assert base.pictures is not None
    rows = {key: row for row, key in enumerate(base.pictures.column("key").to_pylist())}
    owners = np.array([rows[str(one.image)] for one in chunks])
    looks = base.pictures.stores.take(np.arange(len(rows)))
    fits = lexicon.texts(texts)
    names = list(scene_names())
    best = (asked.vectors @ lexicon.vectors(names).T).argmax(axis=1)
    templates = [f"An overhead image of {names[one]}." for one in best]
    by_text = base.texts.encoder.encode_texts(templates) @ meanings.T
    by_image = (asked.vectors @ looks.T)[:, owners]
    fit = asked.vectors @ fits.T
    known = set(texts)
    new = [place for place, own in enumerate(asked.captions) if not known & {text.strip() for text in own}]
    print(
        f"{len(chunks):,} captions of {len(rows):,} pictures; {len(asked.captions):,} images, {len(new)} of them new\n"
    )

    def chosen(scores: NDArray[np.float32], k: int) -> list[str]:
        said = []
        for place, row in enumerate(scores):
            top = np.argpartition(-row, k - 1)[:k]
            weights = np.exp(SHARPNESS * (row[top] - row[top].max()).astype(np.float64))
            said.append(texts[top[consensus(meanings[top], fit[place, top].astype(np.float64), weights)]])
        return said

    random = np.random.default_rng(0).random(by_image.shape, np.float32)
    ways = {"none: a template with the class": templates, "20 random pieces": chosen(random, 20),
            "nearest picture's caption": chosen(by_image, 1)}  # fmt: skip
    for alpha in (0.0, 0.3, 0.5, 0.7, 1.0):
        for k in (1, 5, 20, 50):
            ways[f"alpha {alpha:g}, k {k}"] = chosen(
                np.float32(alpha) * by_image + np.float32(1 - alpha) * by_text, k
            )
    _table(ways, asked.captions, new)


def _table(ways: dict[str, list[str]], golds: Sequence[Sequence[str]], new: Sequence[int]) -> None:
    columns = [*METRICS.values(), *(f"{name}, new" for name in METRICS.values())]
    print(
        "| evidence | "
        + " | ".join(columns)
        + " | CIDEr above random, new |\n"
        + "|---" * (len(columns) + 2)
        + "|"
    )
    of_random: Floats | None = None
    for name, said in ways.items():
        cells, each = [], np.empty(0)
        for some in (range(len(said)), new):
            scored = score_captions(
                [said[one] for one in some],
                [golds[one] for one in some],
                "coco",
                keys=[str(one) for one in some],
                synonyms=True,
            ).result("captions")
            cells += [f"{scored.metrics[metric]:.3f}" for metric in METRICS]
            assert scored.items is not None
            each = scored.items["cider"].to_numpy()
        if name == "20 random pieces":
            of_random = each
        gain = "" if of_random is None or each is of_random else interval(each - of_random)
        print(f"| {name} | {' | '.join(cells)} | {gain} |", flush=True)


def classes(base: KnowledgeBase, asked: Pictures) -> None:
    """Print the table of classes."""
    lexicon, names = Lexicon(base.encoder), vocabulary("ucmerced")
    own = [called(one.name) for one in names.classes]
    words = np.stack([lexicon.vectors(one.words).mean(axis=0) for one in names.classes])
    scores = lexicon.scale * (
        asked.vectors @ (words / np.linalg.norm(words, axis=1, keepdims=True)).T
    ).astype(np.float64)
    assert base.pictures is not None
    labels = [called(one[0]) for one in base.pictures.column("labels").to_pylist()]
    of_row = np.array([own.index(one) for one in labels])
    likeness = (asked.vectors @ base.pictures.stores.take(np.arange(len(labels))).T).astype(np.float64)
    truth = np.array([own.index(one) for one in asked.labels])
    print("| evidence | accuracy, % | above none |\n|---|---|---|")
    right = scores.argmax(axis=1) == truth
    print(f"| none | {100 * right.mean():.1f} | |")
    random = np.random.default_rng(0).random(likeness.shape)
    for way, near in (("random pictures", random), ("look-alikes", likeness)):
        for k in (1, 5, 10, 20, 50):
            votes = np.zeros(scores.shape)
            for place, row in enumerate(near):
                top = np.argpartition(-row, k - 1)[:k]
                weights = np.exp(SHARPNESS * (row[top] - row[top].max()))
                np.add.at(votes[place], of_row[top], weights / weights.sum())
            found = (scores + np.log(votes + _MEMORY)).argmax(axis=1) == truth
            print(f"| {k} {way} | {100 * found.mean():.1f} | {interval(100.0 * found - 100.0 * right)} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument(
        "--work", type=Path, required=True, help="where vectors of the validation images are kept"
    )
    parser.add_argument("--captions", action="store_true")
    parser.add_argument("--classes", action="store_true")
    options = parser.parse_args()
    base = KnowledgeBase(options.base)
    if options.captions:
        captions(base, pictures(options.data / "rsicd" / "validation.parquet", base.encoder, options.work))
    if options.classes:
        classes(base, pictures(options.data / "ucm" / "validation.parquet", base.encoder, options.work))


if __name__ == "__main__":
    main()
