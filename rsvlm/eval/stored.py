"""Zero-shot classification from stored vectors, such as authors publish beside their numbers."""

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsvlm.classification.class_vectors import unit
from rsvlm.classification.labelled import match_labels
from rsvlm.datasets.csv_files import class_names_beside
from rsvlm.datasets.sources import records
from rsvlm.datasets.textfiles import read_utf8
from rsvlm.vocabularies import Vocabulary, vocabulary_from_classes
from rsvlm.vocabularies.protocols import protocol_names

from .errors import EvalError
from .result import EvalResult
from .zeroshot import measure_cosines

Floats = NDArray[np.float32]

AVERAGE = "average"
"""The text vectors of all prompts, averaged."""

_LISTS = ("classes.txt", "classnames.txt")


def is_stored(place: str | os.PathLike[str]) -> bool:
    """Whether a name is that of a file of stored vectors."""
    return os.fspath(place).lower().endswith(".npz")


def evaluate_stored(
    path: Path,
    vocabulary: Vocabulary | None = None,
    *,
    prompt: str = AVERAGE,
    protocol: str | None = None,
    seed: int = 0,
) -> EvalResult:
    """Classify images by stored vectors of images and texts.

    Args:
        path: An .npz with `images` (n, d), `labels` (n,) names or numbers from 0, and `texts`: (c, d), or (p, c, d)
            with the names of the p prompts in `prompts`. The names of the c classes are its `classes`, or the lines
            of classes.txt or classnames.txt beside it.
        vocabulary: What the classes are called; must have the same names. None: the stored ones.
        prompt: "average": each text vector made unit length, their mean, made unit length; or the name of one prompt.
        protocol: By which protocol the vectors were made, for the comparison with published figures.
        seed: Of the bootstrap.

    Raises:
        EvalError: The file cannot be read or lacks something, or there is no such prompt.
    """
    if protocol is not None and protocol not in protocol_names():
        raise EvalError(f"there is no protocol {protocol}; take one of {', '.join(protocol_names())}")
    stored = _read(path)
    classes, files = _classes(path, stored)
    texts = _texts(path, stored, prompt)
    if len(classes) != len(texts):
        raise EvalError(f"{path}: has text vectors of {len(texts)} classes, but {len(classes)} class names")
    own = vocabulary_from_classes(classes, path.stem)
    truth = _truth(path, stored["labels"], own)
    if vocabulary is not None:
        own = _renamed(own, vocabulary, path)
    images = stored["images"]
    if images.ndim != 2 or images.shape[1] != texts.shape[1] or len(images) != len(truth):
        raise EvalError(
            f"{path}: images {images.shape}, labels {len(truth)} and texts {texts.shape} do not fit together"
        )
    bad = ~np.isfinite(images).all(axis=1)
    cosines = np.where(bad[:, None], np.nan, unit(np.nan_to_num(images)) @ texts.T).astype(np.float32)
    title = path.stem if vocabulary is None else vocabulary.name
    n_prompts = len(stored["texts"]) if stored["texts"].ndim == 3 and prompt == AVERAGE else 1
    config = {
        "encoder": {"name": path.stem, "revision": records([path])[0]["sha256"]},
        "classes": list(own.names), "vocabulary": own.name, "prompt": prompt, "prompts": n_prompts,
        "averaging": "normalized", "scale": 100.0, "seed": seed,
        # what is published by a protocol is of its averaged prompts
        "protocol": protocol if protocol is None or prompt == AVERAGE else f"{protocol}, one prompt",
        "data": {"name": title, "n": len(images), "sources": list(records([path, *files]))},
    }  # fmt: skip
    return measure_cosines(
        cosines, truth, own, title, keys=[f"{row:06d}" for row in range(len(images))],
        errors=["has no vector" if gone else None for gone in bad], scale=100.0, multi_label=False, seed=seed,
        config=config,
    )  # fmt: skip


def _read(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            found = {key: stored[key] for key in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise EvalError(f"{path}: is no .npz that can be read ({error})") from None
    missing = [key for key in ("images", "labels", "texts") if key not in found]
    if missing:
        raise EvalError(f"{path}: lacks {', '.join(missing)}; it has {', '.join(found) or 'nothing'}")
    return found


def _classes(path: Path, stored: dict[str, NDArray[Any]]) -> tuple[tuple[str, ...], list[Path]]:
    """Class names, and the file that has them if it is another."""
    if "classes" in stored:
        return tuple(str(label) for label in stored["classes"].tolist()), []
    beside = next((path.with_name(file) for file in _LISTS if path.with_name(file).is_file()), None)
    if beside is None:
        raise EvalError(
            f"{path}: says no class names; put a classes.txt beside it, a name a line in the order of texts"
        )
    lines = class_names_beside(path) if beside.name == _LISTS[1] else read_utf8(beside).splitlines()
    return tuple(line.strip() for line in lines or () if line.strip()), [beside]


def _texts(path: Path, stored: dict[str, NDArray[Any]], prompt: str) -> Floats:
    texts = stored["texts"]
    if texts.ndim not in (2, 3):
        raise EvalError(f"{path}: texts have the shape {texts.shape}; they are (c, d) or (prompts, c, d)")
    if prompt == AVERAGE:
        return unit(texts) if texts.ndim == 2 else unit(unit(texts).astype(np.float64).mean(axis=0))
    names = [str(value) for value in stored.get("prompts", np.array([])).tolist()]
    plain = [value.replace("_", " ").strip() for value in names]
    if texts.ndim == 2 or prompt.replace("_", " ").strip() not in plain:
        raise EvalError(
            f"{path}: has no prompt {prompt!r}; it has {', '.join(names[:5]) or 'one set of texts only'}"
        )
    return unit(texts[plain.index(prompt.replace("_", " ").strip())])


def _truth(path: Path, labels: NDArray[Any], classes: Vocabulary) -> list[tuple[int, ...]]:
    if labels.ndim != 1:
        raise EvalError(f"{path}: labels have the shape {labels.shape}; give one an image")
    if not np.issubdtype(labels.dtype, np.integer):
        return match_labels([(str(label),) for label in labels.tolist()], classes)
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(classes.names):
        raise EvalError(
            f"{path}: labels lie in {labels.min()}..{labels.max()}, but there are {len(classes.names)} classes"
        )
    return [(label,) for label in labels.tolist()]


def _renamed(stored: Vocabulary, vocabulary: Vocabulary, path: Path) -> Vocabulary:
    """The vocabulary's classes in the stored order."""
    found = [vocabulary.by_name(name) for name in stored.names]
    lost = [name for name, entry in zip(stored.names, found, strict=True) if entry is None]
    if lost or len(stored.names) != len(vocabulary.names):
        raise EvalError(
            f"{path}: its classes are not those of {vocabulary.name}"
            + (f", which lacks {', '.join(lost[:20])}" if lost else f", which has {len(vocabulary.names)}")
        )
    return vocabulary_from_classes([entry.name for entry in found if entry is not None], vocabulary.name)
