"""The plan of a long run: every chip that will be looked at, before any pixel is read."""

from collections.abc import Sequence

import numpy as np

from rsvlm.imagery import planning
from rsvlm.imagery.items import ChipOptions, PathLike
from rsvlm.imagery.planning import Numbers, Planned
from rsvlm.vocabularies import Vocabulary

from .chips import chip_size
from .errors import ClassificationError


def plan_images(images: Sequence[PathLike], options: ChipOptions, vocabulary: Vocabulary) -> list[Planned]:
    """All images that the inputs lead to, sorted, with windows as large as the classes are about.

    Copies of an image are planned, too: each is to have its answer.
    """
    return planning.plan_images(
        images, options, lambda grid: chip_size(grid, options, vocabulary), copies=True
    )


def choose(total: int, limit: int | None, seed: int) -> Numbers:
    """Numbers of the chips to be classified, ascending, of so many in all."""
    if limit is None or limit >= total:
        return np.arange(total)
    if limit < 1:
        raise ClassificationError(f"limit {limit}: at least 1 chip")
    return np.sort(np.random.default_rng(seed).choice(total, limit, replace=False))
