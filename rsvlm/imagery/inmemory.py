"""Pictures in memory, in the forms that people and their libraries have them."""

from collections.abc import Iterable, Mapping
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from .chip import Chip
from .encoded import decoded, size_of
from .errors import ImageryError
from .pictures import cut_picture
from .rgb import rgb_of

Picture = PillowImage.Image | Chip | NDArray[Any] | bytes
"""A PIL image, a chip, (height, width, 3) uint8, or the bytes of a file."""


class SupportsArray(Protocol):
    """What numpy makes an array of: one of its own, a tensor of torch, an array of xarray."""

    def __array__(self, *arguments: Any, **options: Any) -> Any: ...


Given = Picture | SupportsArray | IO[bytes] | Mapping[str, Any] | float | None
"""A picture in memory as people have it, also an open file or a cell {"bytes", "path"}; None and NaN: there is none."""

Shown = PillowImage.Image | NDArray[np.uint8]

Window = tuple[int, int, int, int]

LARGEST_KEPT = 1024
"""Files in memory that are no larger are decoded when they are looked at; of larger ones chips are cut."""

_COLOURS = (1, 3, 4)
_FORMS = "give paths, PIL images, (height, width, 3) uint8 arrays, bytes of image files or chips"


def is_one(images: Any) -> bool:
    """Whether what a user named is one picture in memory, and not several."""
    if isinstance(images, PillowImage.Image | Chip | bytes | bytearray | memoryview | Mapping):
        return True
    if hasattr(images, "read"):
        return True
    kind = getattr(getattr(images, "dtype", None), "kind", None)
    return getattr(images, "ndim", 0) in (2, 3) and kind not in ("O", "U", "S")


def listed(images: Any) -> list[Any]:
    """Return what a user named as a list of pictures, paths and scenes.

    Raises:
        ImageryError: It is nothing of the kind.
    """
    if is_one(images):
        return [images]
    if isinstance(images, Iterable):
        return [one.as_py() if hasattr(one, "as_py") else one for one in images]  # of an Arrow column
    raise ImageryError(f"images: {_told(images)}: {_FORMS}; alone or in a list")


def picture_of(given: Any, number: int) -> Picture:
    """Return a picture in a form that is looked at.

    Args:
        given: A PIL image; a chip; an array, or what numpy and torch make one of: (H, W), (H, W, 1), (H, W, 3) or
            (H, W, 4), the colours also first, uint8 or floats from 0 to 1; the bytes of a file, or an open one.
        number: Its place, for messages.

    Raises:
        ImageryError: It is something else.
    """
    if isinstance(given, PillowImage.Image | Chip):
        return given
    if hasattr(given, "read_masks"):
        raise ImageryError(
            f"image {number} is {_told(given)} of rasterio: write it to a file, and give its path"
        )
    if is_open_file(given):
        given = content_of(given)
    if isinstance(given, bytes | bytearray | memoryview):
        content = bytes(given)
        if max(size_of(content)) <= LARGEST_KEPT:
            return content
        try:
            return decoded(content)
        except (ImageryError, OSError):
            return content  # told when its turn comes
    if hasattr(given, "detach"):  # a tensor, perhaps on a GPU
        given = given.detach().cpu()
        if str(getattr(given, "dtype", "")) == "torch.bfloat16":  # which numpy has not
            given = given.float()
    if hasattr(given, "__array__") and not isinstance(given, np.generic):
        return _of_array(np.ma.asanyarray(given) if np.ma.isMaskedArray(given) else np.asarray(given), number)
    raise ImageryError(f"image {number} is {_told(given)}: {_FORMS}")


def is_open_file(given: Any) -> bool:
    """Whether it is an open file of bytes, and not one of rasterio."""
    return hasattr(given, "read") and not hasattr(given, "read_masks")


def content_of(file: Any) -> Any:
    """Return all of an open file, wherever it stands, as PIL reads it.

    Raises:
        ImageryError: It is closed, or cannot be read.
    """
    try:
        if getattr(file, "seekable", bool)():
            file.seek(0)
        return file.read()
    except (OSError, ValueError) as error:  # a ValueError of one that is closed
        raise ImageryError(f"the file cannot be read ({error})") from None


def size(picture: Picture) -> tuple[int, int]:
    """Width and height in pixels; 0, 0 of bytes that claim none."""
    if isinstance(picture, bytes):
        return size_of(picture)
    if isinstance(picture, Chip):
        return picture.grid.width, picture.grid.height
    return picture.size if isinstance(picture, PillowImage.Image) else (picture.shape[1], picture.shape[0])


def shown(picture: Shown | bytes, window: Window, min_valid: float) -> Shown:
    """Return a window of a picture in RGB, as its file would be; what is transparent is black.

    Args:
        picture: What `picture_of` gave.
        window: x, y, width, height; beyond the edges it is black.
        min_valid: Least share of the window that must not be transparent.

    Raises:
        ImageryError: All of it is transparent, or more than it may, or it cannot be read.
        OSError: Bytes end too early.
    """
    if isinstance(picture, bytes):
        picture = decoded(picture)
        window = (0, 0, *size(picture))
    if isinstance(picture, np.ndarray):
        return cut_picture(picture, *window)
    x, y, width, height = window
    if window != (0, 0, *picture.size):
        picture = picture.crop((x, y, x + width, y + height))
    return _opaque(picture, min_valid) if _has_alpha(picture) else rgb_of(picture)


def check_valid(share: float, min_valid: float) -> None:
    """Refuse what too little was seen of (`ImageryError`)."""
    if share == 0:
        raise ImageryError("has no valid pixels")
    if share < min_valid:
        told = f"{share:.1%}" if share >= 0.001 else "under 0.1%"
        raise ImageryError(f"only {told} of its pixels are valid, less than {min_valid:.0%}")


def _has_alpha(picture: PillowImage.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info


def _opaque(picture: PillowImage.Image, min_valid: float) -> NDArray[np.uint8]:
    if picture.mode in ("La", "RGBa"):
        picture = picture.convert({"La": "LA", "RGBa": "RGBA"}[picture.mode])
    pixels = np.asarray(picture.convert("RGBA"))
    seen = pixels[..., 3] > 0
    check_valid(float(seen.mean()) if seen.size else 0.0, min_valid)
    found: NDArray[np.uint8] = pixels[..., :3] * seen[..., None]
    return found


def _of_array(array: NDArray[Any], number: int) -> Picture:
    mask = np.ma.getmaskarray(array) if isinstance(array, np.ma.MaskedArray) else None
    values = np.asarray(array)
    if values.ndim == 3 and values.shape[2] not in _COLOURS and values.shape[0] in (1, 3):
        values = values.transpose(1, 2, 0)
        mask = None if mask is None else mask.transpose(1, 2, 0)
    if values.ndim == 2:
        values, mask = values[..., None], None if mask is None else mask[..., None]
    if values.ndim != 3 or values.shape[2] not in _COLOURS or not values.size:
        raise ImageryError(f"{_an_array(array, number)}: give (height, width, 3) uint8, or {_A_FILE}")
    if values.dtype.kind == "f" and (gone := np.isnan(values)).any():
        mask = gone if mask is None else mask | gone  # NaN is how arrays say that there is nothing
    pixels = _of_8_bits(values, array, number)
    if mask is not None and mask.any():
        alpha = np.where(mask.any(axis=2), 0, 255).astype(np.uint8)[..., None]
        pixels = np.concatenate([_three(pixels), alpha], axis=2)
    if pixels.shape[2] == 4:
        return PillowImage.fromarray(np.ascontiguousarray(pixels))
    return _three(pixels)


_A_FILE = "a file whose bands are known"


def _of_8_bits(values: NDArray[Any], array: NDArray[Any], number: int) -> NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind == "f":
        known = np.where(np.isnan(values), 0, values)
        if known.min() >= 0 and known.max() <= 1:
            scaled: NDArray[np.uint8] = np.rint(known * 255).astype(np.uint8)
            return scaled
    remedy = f"bring it to 8 bits, 0 to 255 in uint8 (or 0 to 1 in floats), or give {_A_FILE}"
    raise ImageryError(f"{_an_array(array, number)}: {remedy}")


def _three(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels[..., :3]


def _an_array(array: NDArray[Any], number: int) -> str:
    shape = "x".join(str(side) for side in array.shape)
    return f"image {number} is an array of {shape} {array.dtype}"


def _told(given: Any) -> str:
    if given is None:
        return "None"
    if isinstance(given, Mapping):
        keys = ", ".join(map(str, list(given)[:5]))
        return f"a {type(given).__name__} with {keys or 'nothing'}: give what is its image"
    return f"a {type(given).__name__}"
