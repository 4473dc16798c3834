"""What is classified: the chips of images, cut to the ground that the classes are about."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from rsvlm.imagery import Chip, Grid, ImageryError, items
from rsvlm.imagery.items import ChipOptions, ChipRef, Images, Item
from rsvlm.imagery.looks import TRUE_COLOUR
from rsvlm.vocabularies import Vocabulary

from .errors import ClassificationError

__all__ = [
    "ChipOptions",
    "ChipRef",
    "check_in_memory",
    "chip_size",
    "far_gsd",
    "list_items",
    "tiny",
    "told_of",
]

FAR = 4.0
"""A vocabulary is about things of some size: beyond this ratio of ground sample distances a warning is due."""
_LEAST = 8
"""Pixels along the shorter side of a chip."""
_ALONE = 1.5
"""An image up to so many chips long on its longer side is one chip."""


def list_items(
    images: Images,
    options: ChipOptions,
    vocabulary: Vocabulary,
) -> list[Item]:
    """Chips of all that is named, in the order given: `rsvlm.imagery.items.list_items`, cut for a vocabulary.

    Of a folder or pattern each image is there, copies of another one as well: each is to have its answer.

    Raises:
        ClassificationError: Nothing was named, or a thing that is no image.
    """
    try:
        return items.list_items(
            images, options, lambda grid: chip_size(grid, options, vocabulary), copies=True
        )
    except ImageryError as error:
        raise ClassificationError(str(error)) from None


def check_in_memory(items: Sequence[Item], options: ChipOptions, views: Sequence[str]) -> None:
    """Refuse options that say how a file's bands are read for pictures that are no files.

    Raises:
        ClassificationError: There are such options, and such a picture.
    """
    named = {
        "sensor": options.sensor, "bands": options.bands, "views": None if TRUE_COLOUR in views else list(views),
        "stretch": None if options.stretch == "auto" else options.stretch,
    }  # fmt: skip
    given = [f"{name}={value!r}" for name, value in named.items() if value is not None]
    held = next(
        (item for item in items if item.picture is not None and not isinstance(item.picture, Chip)), None
    )
    if given and held is not None:
        raise ClassificationError(
            f"image {held.ref.image} is a picture in memory, whose bands nobody named: {', '.join(given)} is for files "
            "and chips"
        )


def chip_size(grid: Grid, options: ChipOptions, vocabulary: Vocabulary) -> tuple[str | None, str | None]:
    """The mode and size for `cut`: what the user asked for, else the ground extent that the classes are about."""
    if options.chips is not None or options.size is not None or not vocabulary.extent:
        return options.chips, options.size
    pixel = grid.pixel_size
    if pixel is None:
        return None, None
    if max(grid.width * pixel[0], grid.height * pixel[1]) <= _ALONE * vocabulary.extent:
        return "whole", None
    # coarse imagery: a chip below a handful of pixels shows nothing
    return "grid", f"{max(vocabulary.extent, _LEAST * max(pixel)):.6f}m"


def far_gsd(chips: Iterable[ChipRef], vocabulary: Vocabulary) -> str | None:
    """One line where images are much coarser or finer than what the classes were defined on; else None."""
    if vocabulary.gsd is None:
        return None
    found = {chip.image: chip.gsd for chip in chips if chip.gsd}
    far = {path: gsd for path, gsd in found.items() if max(gsd / vocabulary.gsd, vocabulary.gsd / gsd) > FAR}
    if not far:
        return None
    path, gsd = next(iter(far.items()))
    return (
        f"{len(far)} of {len(found)} images have another ground sample distance than {vocabulary.name} "
        f"({vocabulary.gsd:g} m): {Path(path).name} has {gsd:.3g} m; its classes may not be what is seen"
    )


def tiny(chips: Sequence[ChipRef]) -> str | None:
    """One line where chips have too few pixels to show anything; else None."""
    found = [chip for chip in chips if 0 < min(chip.window[2:]) < _LEAST]
    if not found:
        return None
    width, height = found[0].window[2:]
    return (
        f"{len(found):,} of {len(chips):,} chips are less than {_LEAST} pixels wide or high, too small to show what "
        f"they are of; the first, {Path(found[0].image).name}, has {width} x {height}"
    )


def told_of(images: Collection[str]) -> str:
    """Which images a line is on."""
    more = f" and {len(images) - 1:,} more" if len(images) > 1 else ""
    return f"{Path(min(images)).name}{more}"
