"""Pictures for language models: not larger than asked, as data addresses, and known by their content."""

import base64
import hashlib
import io
from collections.abc import Sequence

from PIL import Image as PillowImage

from rsvlm.models.errors import ModelError
from rsvlm.models.pictures import rgb_picture
from rsvlm.models.protocol import Image

IMAGE_SIDE = 1536
"""Pixels of the longer side at most, by default: what most vision-language models look at, or more."""

LOSSLESS = 512 * 512
"""Pixels up to which a picture is sent as PNG; larger ones as JPEG."""

JPEG_QUALITY = 95


def fitted(image: Image, side: int | None) -> PillowImage.Image:
    """Return a picture in RGB, made smaller where its longer side exceeds `side` pixels."""
    picture = rgb_picture(image)
    if side is None or max(picture.size) <= side:
        return picture
    share = side / max(picture.size)
    width, height = (max(1, round(length * share)) for length in picture.size)
    return picture.resize((width, height), PillowImage.Resampling.LANCZOS)


def check_side(side: int | None) -> int | None:
    """Return the limit of the longer side.

    Raises:
        ModelError: No picture is that small.
    """
    if side is not None and side < 1:
        raise ModelError(f"images of {side} pixels cannot be sent: take an image side of at least 1")
    return side


def data_address(image: Image, side: int | None) -> str:
    """Return a picture as a data address, PNG where it is small and JPEG of quality 95 where it is not."""
    picture = fitted(image, side)
    small = picture.width * picture.height <= LOSSLESS
    buffer = io.BytesIO()
    if small:
        picture.save(buffer, "PNG")
    else:
        picture.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    text = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f"data:image/{'png' if small else 'jpeg'};base64,{text}"


def digests(images: Sequence[Image]) -> list[str]:
    """Return what tells pictures apart by content: size and pixels, as they were given."""
    return [_digest(rgb_picture(image)) for image in images]


def _digest(picture: PillowImage.Image) -> str:
    digest = hashlib.sha256(f"{picture.width} {picture.height} ".encode("ascii"))
    digest.update(picture.tobytes())
    return digest.hexdigest()
