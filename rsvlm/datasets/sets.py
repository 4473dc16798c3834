"""A data set as evaluation sees it: images that are still to be read, and what is known of each."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import DatasetError
from .labels import distinct_names
from .pictures import ImageRef

Float64s = NDArray[np.float64]
Names = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class EvalSet:
    """Images and what is known of them. All that is given for an image has one entry an image, in the same order.

    Attributes:
        name: The data set's.
        images: What `open_picture` reads, when it is needed; one that cannot be read fails then, and is counted.
        keys: What an image is called, each once.
        labels: The class names of each image; none of them where it shows nothing of the kind.
        captions: The texts of each image.
        split: "train", "validation", "test" or what the authors call it; None where the set has none.
        groups: Scene, place or flight of each image: those of one group are not independent.
        places: (n, 2) longitude and latitude in degrees, WGS84; NaN where unknown.
        times: When each image was taken, ISO 8601, or None.
        targets: Numbers to be predicted, by name.
        classes: The set's own class names in its own order, where it says them.
        multi_label: Whether an image may have several classes.
        opening: `sensor`, `bands`, `stretch` of `rsvlm.imagery.open_scene`, for files that need them.
        sources: Name and SHA-256 of the files that it was read from.
    """

    name: str
    images: Sequence[ImageRef]
    keys: Names
    labels: tuple[Names, ...] | None = None
    captions: tuple[Names, ...] | None = None
    split: str | None = None
    groups: Names | None = None
    places: Float64s | None = None
    times: tuple[str | None, ...] | None = None
    targets: Mapping[str, Float64s] = field(default_factory=dict)
    classes: Names | None = None
    multi_label: bool = False
    opening: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        """Refuse a set without images, and entries that are not one an image (`DatasetError`)."""
        if not self.keys:
            raise DatasetError(f"{self.title}: holds no images")
        names = ("images", "labels", "captions", "groups", "places", "times")
        entries = [(name, getattr(self, name)) for name in names]
        for what, given in (*entries, *self.targets.items()):
            if given is not None and len(given) != len(self.keys):
                raise DatasetError(
                    f"{self.title}: {len(given)} {what} for {len(self.keys)} images; give one each"
                )

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def title(self) -> str:
        """Name and split, for messages."""
        return self.name if self.split is None else f"{self.name}, {self.split}"

    @property
    def label_names(self) -> Names:
        """The class names: the set's own list, else those that occur, sorted; of spellings of one class the first."""
        if self.classes is not None:
            return self.classes
        return distinct_names(name for names in self.labels or () for name in names)

    @property
    def fingerprint(self) -> str | None:
        """16 hex digits for which images these are and how they are read; None where no file says so.

        The same wherever the data set lies.
        """
        if not self.sources:
            return None
        text = json.dumps([[dict(source) for source in self.sources], self.keys, dict(self.opening)])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def state(self) -> str | None:
        """As `fingerprint`, and for images that are files of their own their sizes and times, too.

        What is kept for later runs hangs on it: a list of files says nothing of what is in them.
        """
        if self.fingerprint is None:
            return None
        digest = hashlib.sha256(self.fingerprint.encode())
        for image in self.images:
            path = image if isinstance(image, str) else getattr(image, "path", None)
            if isinstance(path, str):
                digest.update(repr(_size_and_time(path)).encode())
        return digest.hexdigest()[:16]

    @property
    def record(self) -> dict[str, Any]:
        """What a result says of its data."""
        return {
            "name": self.name,
            "split": self.split,
            "n": len(self),
            "sources": [dict(source) for source in self.sources],
            "fingerprint": self.fingerprint,
            "opening": dict(self.opening),
        }

    def take(self, rows: ArrayLike) -> "EvalSet":
        """Return the set of some of its images, in the order of these row numbers."""
        index = np.asarray(rows, np.int64).tolist()

        def some(values: Any) -> Any:
            return None if values is None else tuple(values[row] for row in index)

        return replace(
            self,
            images=some(self.images),
            keys=some(self.keys),
            labels=some(self.labels),
            captions=some(self.captions),
            groups=some(self.groups),
            places=None if self.places is None else self.places[index],
            times=some(self.times),
            targets={name: values[index] for name, values in self.targets.items()},
        )


def _size_and_time(path: str) -> tuple[int, int] | None:
    """None where there is no such file."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a Path for each of a million files takes longer
    except (OSError, ValueError):
        return None
    return found.st_size, found.st_mtime_ns


def unique_keys(names: Sequence[str]) -> Names:
    """Return names of which each is there once: the second "a.jpg" is "a.jpg #2".

    An image that a file lists twice is evaluated twice, as the file asks.
    """
    seen: Counter[str] = Counter()
    taken = set(names)
    keys = []
    for name in names:
        seen[name] += 1
        key = name
        while seen[name] > 1 and key in taken:
            key = f"{name} #{seen[name]}"
            seen[name] += key in taken
        taken.add(key)
        keys.append(key)
    return tuple(keys)
