"""What a long run classifies: chips of images, or rows of an index; a numbered list that can be done in shards."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from rsvlm.imagery.frames import fingerprint, relative_titles, unique_names
from rsvlm.imagery.items import ChipOptions, PathLike
from rsvlm.imagery.planning import Numbers, Planned, items_at
from rsvlm.imagery.planning import plan_images as plan_whole
from rsvlm.retrieval import Index

from .classifier import ZeroShotClassifier
from .indexed import check_as_cut, index_among
from .planning import choose, plan_images
from .result import ClassificationResult

Step = Callable[[int], None]


class Input(Protocol):
    """What a run classifies."""

    images: int

    def __len__(self) -> int: ...

    def identity(self) -> dict[str, Any]:
        """All that decides what its chips are, for resuming."""
        ...

    def classify(
        self, classifier: ZeroShotClassifier, first: int, last: int, top_k: int, step: Step
    ) -> ClassificationResult:
        """Classify those of these numbers, the last left out."""
        ...

    def planned(self) -> Sequence[Planned]:
        """The images, to draw them."""
        ...


def input_of(
    classifier: ZeroShotClassifier,
    images: Sequence[PathLike],
    options: ChipOptions,
    views: Sequence[str],
    *,
    limit: int | None,
    seed: int,
    batch_size: int | None,
) -> Input:
    """Return what the names stand for; the arguments are those of `classify_files`."""
    index = index_among(images, classifier.encoder)
    if index is None:
        planned = plan_images(images, options, classifier.vocabulary)
        chosen = choose(sum(len(one.windows) for one in planned), limit, seed)
        return ImageChips(planned, chosen, options, views, batch_size)
    check_as_cut(options, views)
    rows = index.numbers()
    return IndexRows(index, rows[choose(len(rows), limit, seed)])


class ImageChips:
    """Chips of images.

    Args:
        planned: The images.
        chosen: Numbers of their chips.
        options: How they were planned.
        views: Spectral views that are fused.
        batch_size: Pictures a call of the encoder.
    """

    def __init__(
        self,
        planned: Sequence[Planned],
        chosen: Numbers,
        options: ChipOptions,
        views: Sequence[str],
        batch_size: int | None,
    ) -> None:
        self._planned, self._chosen, self.images = planned, chosen, len(planned)
        self._options, self._views, self._batch_size = options, views, batch_size

    def __len__(self) -> int:
        return len(self._chosen)

    def identity(self) -> dict[str, Any]:
        """As of `Input`: options, and the contents of the images."""
        digest = hashlib.sha256()
        for one in self._planned:
            content = fingerprint(one.scene.path) if one.scene else {"error": one.error}
            digest.update(repr((one.path, content)).encode("utf-8"))
        return {
            "chips": asdict(self._options),
            "images": {"count": len(self._planned), "sha256": digest.hexdigest()},
        }

    def classify(
        self, classifier: ZeroShotClassifier, first: int, last: int, top_k: int, step: Step
    ) -> ClassificationResult:
        """As of `Input`."""
        return classifier.classify_items(
            items_at(self._planned, self._chosen[first:last]), views=self._views, min_valid=self._options.min_valid,
            top_k=top_k, batch_size=self._batch_size, progress=step,
        )  # fmt: skip

    def planned(self) -> Sequence[Planned]:
        """As of `Input`."""
        return self._planned


class IndexRows:
    """Rows of an index.

    Args:
        index: Made by the classifier's encoder.
        chosen: Numbers of rows.
    """

    def __init__(self, index: Index, chosen: Numbers) -> None:
        self._index, self._chosen, self.images = index, chosen, len(chosen)

    def __len__(self) -> int:
        return len(self._chosen)

    def identity(self) -> dict[str, Any]:
        """As of `Input`: the index as it is now."""
        manifest = self._index.manifest.model_dump_json()
        return {
            "index": {"rows": len(self._index), "sha256": hashlib.sha256(manifest.encode()).hexdigest()},
        }

    def classify(
        self, classifier: ZeroShotClassifier, first: int, last: int, top_k: int, step: Step
    ) -> ClassificationResult:
        """As of `Input`."""
        found = classifier.classify_rows(self._index, self._chosen[first:last], top_k=top_k)
        step(len(found))
        return found

    def planned(self) -> Sequence[Planned]:
        """As of `Input`: image files that are still where they were, with the windows that the rows are of."""
        rows = self._index.rows(self._chosen).select(["image", "window", "opening"]).to_pylist()
        windows: dict[str, list[list[int]]] = {}
        openings: dict[str | None, list[str]] = {}
        for row in rows:
            if row["image"] and Path(row["image"]).exists():
                if row["image"] not in windows:
                    openings.setdefault(row["opening"], []).append(row["image"])
                windows.setdefault(row["image"], []).extend([row["window"]] if row["window"] else [])
        found = [
            replace(one, windows=np.array(windows[one.scene.path], np.int32))
            if one.scene is not None and windows.get(one.scene.path)
            else one
            for opening, images in openings.items()
            for one in plan_whole(images, ChipOptions(chips="whole", **json.loads(opening or "{}")))
        ]
        # those that were opened in several ways were named apart from their own only
        paths = [one.scene.path if one.scene else one.path for one in found]
        names = unique_names(
            [one.scene.name if one.scene else one.name for one in found], relative_titles(paths)
        )
        return [replace(one, name=name) for one, name in zip(found, names, strict=True)]
