"""The two stages: can a tag be seen from above, and down to which ground sample distance. NumPy alone."""

import hashlib
import io
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from rsvlm.captioning.errors import CaptioningError
from rsvlm.vocabularies.osm import GSD_CLASSES

Floats = npt.NDArray[np.float32]

FILE = "tag_classifier.npz"
STEPS = len(GSD_CLASSES) - 1


@dataclass(frozen=True, eq=False)
class TagClassifier:
    """Logistic regressions over the text vectors of a tag, its key and its value, side by side.

    Attributes:
        seen: Weights of stage I and, last, its intercept (3 d + 1,).
        coarser: Stage II as ordinal regression: weights and intercepts of "visible at `GSD_CLASSES[i + 1]` too"
            (4, 3 d + 1).
        known_key: Least score for another value of a key of which the vocabulary knows sights.
        new_key: Least score for a key that the vocabulary does not know.
        sure: Least probability of each step of stage II.
        version: SHA-256 of the file, its first 16 hexadecimal digits.
        info: How it was trained, and its cross-validated accuracy.
    """

    seen: Floats
    coarser: Floats
    known_key: float
    new_key: float
    sure: float
    version: str
    info: dict[str, Any]

    @property
    def dimension(self) -> int:
        """Length of one text vector."""
        return (len(self.seen) - 1) // 3

    def scores(self, vectors: Floats) -> npt.NDArray[np.float64]:
        """Stage I: the probability that a tag can be seen from above.

        Args:
            vectors: Text vectors of unit length of tag, key and value (n, 3, d).

        Returns:
            (n,), 0 to 1.
        """
        return logistic(_flat(vectors) @ self.seen[:-1] + self.seen[-1])

    def max_gsd(self, vectors: Floats) -> npt.NDArray[np.float64]:
        """Stage II: the coarsest ground sample distance at which a tag is surely still visible, in metres (n,).

        It goes up from 0.1 m a class at a time, only as far as each step is sure: a thing called too fine is left
        out of some captions, one called too coarse is told of images that do not show it.
        """
        steps = logistic(_flat(vectors) @ self.coarser[:, :-1].T + self.coarser[:, -1])
        return np.array(GSD_CLASSES)[gsd_steps(steps, self.sure)]


def logistic(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(values, np.float64))))


def gsd_steps(probabilities: npt.NDArray[np.float64], sure: float) -> npt.NDArray[np.intp]:
    """How many steps up each row of probabilities (n, 4) is sure, up to the first that is not (n,)."""
    return np.asarray((probabilities >= sure).cumprod(axis=1).sum(axis=1), np.intp)


def _flat(vectors: Floats) -> npt.NDArray[np.float64]:
    return np.asarray(vectors, np.float64).reshape(len(vectors), -1)


def write_classifier(seen: Floats, coarser: Floats, info: dict[str, Any]) -> bytes:
    """Return the bytes of a weights file; `info` holds `known_key`, `new_key` and `sure` too."""
    file = io.BytesIO()
    np.savez(
        file,
        seen=seen.astype("<f4"),
        coarser=coarser.astype("<f4"),
        info=np.array(json.dumps(info, sort_keys=True)),
    )
    return file.getvalue()


def read_classifier(content: bytes, source: str) -> TagClassifier:
    """Read a weights file from its bytes; `source` is its name in error messages.

    Raises:
        CaptioningError: It is damaged or no such file.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as data:
            seen, coarser, info = data["seen"], data["coarser"], json.loads(str(data["info"]))
        known_key, new_key, sure = (float(info[name]) for name in ("known_key", "new_key", "sure"))
        if coarser.shape != (STEPS, len(seen)) or len(seen) % 3 != 1:
            raise ValueError(f"weights of shapes {seen.shape} and {coarser.shape}")
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise CaptioningError(
            f"{source} is no weights file of the tag classifier ({error}): install rsvlm again"
        ) from error
    return TagClassifier(
        seen=np.asarray(seen, np.float32),
        coarser=np.asarray(coarser, np.float32),
        known_key=known_key,
        new_key=new_key,
        sure=sure,
        version=hashlib.sha256(content).hexdigest()[:16],
        info=info,
    )


@cache
def load_classifier() -> TagClassifier:
    """Return the classifier that ships with the package."""
    file = files(__package__).joinpath(FILE)
    return read_classifier(file.read_bytes(), file.name)
