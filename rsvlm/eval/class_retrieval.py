"""Retrieval where everything of the query's class is right: words or a picture against images with labels."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from rsvlm.classification import ZeroShotClassifier
from rsvlm.datasets.sets import EvalSet
from rsvlm.imagery.looks import TRUE_COLOUR
from rsvlm.vocabularies import Vocabulary, vocabulary_from_classes

from .errors import EvalError
from .intervals import mean_intervals
from .left_out import labelled_rows, left_out_notes
from .ranking import Ints, Vectors, similarity_blocks, unit_rows
from .result import EvalResult
from .vectors import Progress, encoder_record, image_vectors
from .zeroshot import domain_notes, label_places

BY_CLASS = "classes"
"""Name of this way to search, beside the protocols for captions."""
KS = (1, 5, 10)
_LARGEST_BLOCK = 2**23


def search_classes(
    encoder: Any,
    eval_set: EvalSet,
    vocabulary: Vocabulary | None = None,
    *,
    cache: Path | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> EvalResult:
    """Search a labelled data set's images by the words for a class, and by example; all images of the class are right.

    Args:
        encoder: Any encoder of images and texts.
        eval_set: Images with one label each; those with none are left out, and counted in a note.
        vocabulary: The classes and their words; None: the set's own class names.
        cache: Folder in which vectors are kept.
        seed: Of the bootstrap.
        progress: Called with the number of images that were encoded.

    Returns:
        `retrieve_by_class` twice: t2i_map, t2i_p@k, t2i_success@k of the classes that occur, whose queries are the
        class vectors of zero-shot classification; i2i_... of the images. Groups: "class", of the images.

    Raises:
        EvalError: There are no labels, or several of an image.
    """
    vocabulary = vocabulary or vocabulary_from_classes(eval_set.label_names, eval_set.name)
    rows = labelled_rows(eval_set, multi_label=False)
    judged = eval_set.take(rows)
    truth = np.array([place[0] for place in label_places(judged, vocabulary, multi_label=False)], np.int64)
    classifier = ZeroShotClassifier(vocabulary, encoder, stored_calibration=False)
    vectors = image_vectors(encoder, eval_set, cache=cache, progress=progress).take(rows)
    occur = np.unique(truth)
    by_words = retrieve_by_class(
        classifier.classes.vectors[occur], occur, vectors.values, truth, names=vocabulary.names, name=eval_set.name,
        seed=seed,
    )  # fmt: skip
    result, ways, keys, asked = (
        by_words,
        {"t2i": by_words},
        [vocabulary.names[label] for label in occur],
        occur,
    )
    if len(occur) < len(truth):
        result = retrieve_by_class(
            vectors.values, truth, vectors.values, truth, same=True, names=vocabulary.names, name=eval_set.name,
            seed=seed,
        )  # fmt: skip
        ways["i2i"], keys, asked = result, list(judged.keys), truth
    result.metrics = {
        f"{way}_{name}": value for way, one in ways.items() for name, value in one.metrics.items()
    }
    result.intervals = {
        f"{way}_{name}": ends for way, one in ways.items() for name, ends in one.intervals.items()
    }
    words = classifier.record((TRUE_COLOUR,))
    result.config |= {
        name: words[name] for name in ("vocabulary", "classes", "words", "templates", "averaging")
    }
    result.config |= {"encoder": encoder_record(encoder), "data": eval_set.record, "protocol": BY_CLASS}
    if eval_set.split is not None:
        result.config["split"] = eval_set.split
    if result.items is not None:
        kept = [int(row) for row in result.items["key"].to_pylist()]
        names = [vocabulary.names[asked[row]] for row in kept]
        result.items = result.items.set_column(0, "key", pa.array([keys[row] for row in kept]))
        result.items = result.items.set_column(1, "class", pa.array(names))
    result.notes = [f"{way}: {note}" for way, one in ways.items() for note in one.notes]
    if "i2i" not in ways:
        result.notes.append("no class has a second image, so that none is searched by example")
    result.notes += left_out_notes(eval_set, rows, "label")
    result.notes += domain_notes(encoder, eval_set.name, vocabulary.name)
    return result


def retrieve_by_class(
    query_vectors: ArrayLike,
    query_classes: ArrayLike,
    vectors: ArrayLike,
    classes: ArrayLike,
    *,
    same: bool = False,
    ks: Sequence[int] = KS,
    names: Sequence[str] | None = None,
    name: str = "custom",
    seed: int = 0,
) -> EvalResult:
    """Search items by vector, and say how many of the first are of the query's class.

    The order is as in `rsvlm.eval.ranking`: of equals the lower index first. A query that failed (NaN) finds nothing;
    an item that failed is never found.

    Args:
        query_vectors: (q, d): texts of classes, or images.
        query_classes: (q,) whole numbers.
        vectors: (n, d), the items.
        classes: (n,) of the items, in the same numbers.
        same: Queries are the items themselves, and no query finds itself.
        ks: For p@k and success@k.
        names: Of the classes, by number; numbers without them.
        name: The data set's.
        seed: Of the bootstrap, which draws queries.

    Returns:
        map (mean average precision over the whole ranking), p@k (items of the class among the first k, divided by k)
        and success@k. A query whose class has no (other) item is left out, and
        counted in a note. Groups: "class".

    Raises:
        EvalError: Shapes that do not fit, no queries, or none whose class has an item.
    """
    queries, items = unit_rows(query_vectors), unit_rows(vectors)
    asked, held = _labels(query_classes, len(queries.vectors)), _labels(classes, len(items.vectors))
    if not len(asked) or not len(held) or (same and len(asked) != len(held)):
        raise EvalError(
            f"{len(asked)} queries for {len(held)} items; give at least 1, and as many where they are same"
        )
    # All items of the class are to be found, failed ones too, but not the query itself.
    totals = np.array([np.count_nonzero(held == label) for label in asked.tolist()]) - same
    kept = np.flatnonzero(totals > 0)
    if not len(kept):
        raise EvalError(
            f"{name}: nothing can be found, for no class has {'another image' if same else 'an item'}; give more images"
        )
    found = []
    for start, scores in similarity_blocks(queries, items, _LARGEST_BLOCK):
        if same:
            rows = np.arange(len(scores))
            scores[rows, start + rows] = -np.inf
        found.append(
            _judge(scores, asked[start : start + len(scores)], held, totals[start : start + len(scores)], ks)
        )
    values, asked = np.concatenate(found)[kept], asked[kept]
    columns = ["map", *(f"p@{k}" for k in ks), *(f"success@{k}" for k in ks)]
    return EvalResult(
        task="retrieval",
        name=name,
        metrics=dict(zip(columns, values.mean(axis=0).tolist(), strict=True)),
        n=len(asked),
        n_failed=int(queries.failed[kept].sum()),
        groups={"class": _by_class(asked, values, columns, names)},
        intervals=mean_intervals(dict(zip(columns, values.T, strict=True)), seed=seed),
        config={
            "protocol": "class relevance", "same": same, "ties": "lower index first",
            "n_items": len(held), "seed": seed,
        },
        items=pa.table(
            {"key": [str(row) for row in kept.tolist()], "class": asked, "average_precision": values[:, 0]}
        ),
        notes=_limits(totals, ks),
    )  # fmt: skip


def _limits(totals: Ints, ks: Sequence[int]) -> list[str]:
    """Say which queries nothing can answer, and what precision at k even a perfect order has."""
    lone, judged = int((totals <= 0).sum()), totals[totals > 0]
    notes = [f"{lone:,} queries are left out, for their class has nothing to be found"] if lone else []
    for k in ks:
        most = float(np.minimum(judged, k).mean()) / k
        if most < 1:
            notes.append(f"p@{k} is at most {most:.4f}: some queries have fewer than {k} right items")
    return notes


def _judge(scores: Vectors, asked: Ints, held: Ints, totals: Ints, ks: Sequence[int]) -> NDArray[np.float64]:
    """Return average precision, precision at each k and success at each k of each query: (q, 1 + 2 len(ks))."""
    order = np.argsort(-scores, axis=1, kind="stable")
    right = (held[order] == asked[:, None]) & np.isfinite(np.take_along_axis(scores, order, axis=1))
    hits = np.cumsum(right, axis=1)
    precision = hits / np.arange(1, scores.shape[1] + 1)
    among = [hits[:, min(k, scores.shape[1]) - 1] for k in ks]
    columns = [(right * precision).sum(axis=1) / np.maximum(totals, 1)]
    columns += [count / k for count, k in zip(among, ks, strict=True)]
    columns += [count > 0 for count in among]
    return np.stack(columns, axis=1).astype(np.float64)


def _by_class(
    asked: Ints, values: NDArray[np.float64], columns: Sequence[str], names: Sequence[str] | None
) -> dict[str, dict[str, float]]:
    groups = {}
    for label in np.unique(asked).tolist():
        own = values[asked == label]
        means = dict(zip(columns, own.mean(axis=0).tolist(), strict=True))
        groups[str(label) if names is None else names[label]] = {**means, "n": float(len(own))}
    return groups


def _labels(classes: ArrayLike, n: int) -> Ints:
    labels = np.asarray(classes)
    if labels.shape != (n,) or (n and not np.issubdtype(labels.dtype, np.integer)):
        raise EvalError(
            f"classes of shape {labels.shape} and type {labels.dtype} for {n} vectors; give one whole number each"
        )
    return labels.astype(np.int64)
