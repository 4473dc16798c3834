"""The one picture that is shown with a question: its image, or its images in a grid with titles.

As in AgroMind's program: four images as 2 x 2 with the titles "Option A" to "Option D", two side by side as "Image 1"
and "Image 2", on a white ground of 600 x 600 pixels each; and a single image of more than 2,048 pixels made smaller.
The grid is drawn by Pillow, not by matplotlib: titles and margins are not the same to the pixel.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from PIL import Image, ImageDraw, ImageFont

from rsvlm.eval.agromind.read import Item
from rsvlm.eval.agromind.tasks import OF_IMAGES
from rsvlm.eval.errors import EvalError
from rsvlm.imagery.pictures import MAX_PICTURE_PIXELS
from rsvlm.models.generators.images import fitted
from rsvlm.models.pictures import rgb_picture

LAYOUT = 1
"""Rises when a grid looks different: answers to other pictures are other answers."""
LARGEST_SIDE = 2048
"""Pixels of the longer side of a single image at most."""

_CELL = 600
_MARGIN = 20
_TITLE = 40
_FORMATS = ("JPEG", "PNG", "TIFF")
_COLUMNS = 2


def image_folders(data: Path, images: Path | None) -> tuple[Path, ...]:
    """Return the folders that the paths of images may start from: the one given, else those beside the questions."""
    if images is not None:
        return (images,)
    return (data / "images", data, data.parent / "images", data.parent)


def find_image(name: str, folders: Sequence[Path]) -> Path:
    """Return the file of an image by its path in the question files.

    "./" at its start is left out, and a suffix may be there in capitals or small letters.

    Raises:
        EvalError: There is no such file, or the path leads out of the folders.
    """
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]:
        raise EvalError(f"image {name}: its path leads out of the folder of images")
    for spelt in dict.fromkeys(
        (parts, parts.with_suffix(parts.suffix.lower()), parts.with_suffix(parts.suffix.upper()))
    ):
        for folder in folders:
            if (path := folder.joinpath(*spelt.parts)).is_file():
                return path
    raise EvalError(f"image {name}: is not in {' or '.join(map(str, folders[:2]))}")


def compose_picture(item: Item, folders: Sequence[Path]) -> Image.Image:
    """Return the picture that is shown with an item, in RGB.

    Raises:
        EvalError: One of its images is missing, too large or cannot be decoded.
    """
    images = [_read(find_image(name, folders)) for name in item.images]
    if len(images) == 1:
        return fitted(images[0], LARGEST_SIDE)
    titles = (
        [f"Option {letter}" for letter in item.options] if item.kind in OF_IMAGES else ["Image 1", "Image 2"]
    )
    return grid(images, titles)


def grid(images: Sequence[Image.Image], titles: Sequence[str]) -> Image.Image:
    """Return images in two columns, each as large as its cell allows, in the middle of it, under its title."""
    rows = -(-len(images) // _COLUMNS)
    canvas = Image.new("RGB", (_COLUMNS * _CELL, rows * _CELL), "white")
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(size=24)
    width, height = _CELL - 2 * _MARGIN, _CELL - 2 * _MARGIN - _TITLE
    for place, (image, title) in enumerate(zip(images, titles, strict=True)):
        left, top = place % _COLUMNS * _CELL, place // _COLUMNS * _CELL
        draw.text((left + _CELL // 2, top + _MARGIN), title, "black", font, anchor="mt")
        share = min(width / image.width, height / image.height)
        size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
        corner = (left + (_CELL - size[0]) // 2, top + _MARGIN + _TITLE + (height - size[1]) // 2)
        canvas.paste(image.resize(size, Image.Resampling.BICUBIC), corner)
    return canvas


def _read(path: Path) -> Image.Image:
    try:
        with Image.open(path, formats=_FORMATS) as image:
            if image.width * image.height > MAX_PICTURE_PIXELS:
                raise EvalError(
                    f"{path}: has {image.width} x {image.height} pixels, more than are opened whole"
                )
            return rgb_picture(image)
    except EvalError:
        raise
    except Exception as error:  # Pillow raises many kinds
        raise EvalError(f"{path}: is no picture that can be read ({type(error).__name__}: {error})") from None
