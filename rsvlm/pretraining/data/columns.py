"""Which column of a source holds what."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import datasets

from rsvlm.datasets.columns import CAPTIONS, GROUP, IMAGE, LABEL, LATITUDE, LONGITUDE, column_of
from rsvlm.pretraining.errors import PretrainingError

JSON = "json"
"""Where WebDataset keeps what is known of a sample; its fields count as columns."""
_TAR_IMAGE = ("jpg", "jpeg", "png", "webp", "tif", "tiff", "bmp", "gif")
_TAR_CAPTION, _TAR_LABEL = ("txt",), ("cls",)
_NUMBERED = re.compile(r"(captions?|text|sentences?|title|raw)[ _-]?\d+", re.IGNORECASE)
"""Tables with a column for each caption of an image."""
_KEY, _LICENCE = ("__key__", "key"), ("licence", "license")
_GROUND = ("crs", "gsd")
"""What pairs datasets say beside a box on the Earth."""


@dataclass(frozen=True)
class Columns:
    """The columns of a source by what they hold; None where there is none. Exactly one of captions and labels is used.

    Attributes:
        image: Bytes, {bytes, path} or paths.
        caption: A text, texts, or {text} of several styles; the first column of them, where there are several.
        label: Classes.
        key: Names of the images.
        longitude, latitude, bbox: Places.
        scene: What the image was cut from.
        sources: The credits of a pairs dataset.
        licence: A text.
        more: Further columns of captions.
    """

    image: str
    caption: str | None
    label: str | None
    key: str | None
    longitude: str | None
    latitude: str | None
    bbox: str | None
    scene: str | None
    sources: str | None
    licence: str | None
    more: tuple[str, ...] = ()

    @property
    def captions(self) -> tuple[str, ...]:
        """All columns of captions."""
        return () if self.caption is None else (self.caption, *self.more)

    @property
    def used(self) -> set[str]:
        """Names of the columns that are read."""
        return {name for name in vars(self).values() if isinstance(name, str)} | {*self.more}


def choose_columns(
    names: Sequence[str],
    features: Mapping[str, Any],
    place: str,
    image: str | None = None,
    caption: str | None = None,
    label: str | None = None,
) -> Columns:
    """Say which column holds what.

    Args:
        names: The columns that are there.
        features: Their types by `datasets`, where known: an image or a class label is one whatever its name.
        place: The source, for messages.
        image: The column of images that the user named.
        caption: That of captions, or several with commas between them.
        label: That of classes.

    Raises:
        PretrainingError: A named column is not there, captions and labels were both named, or there are neither images
            nor texts.
    """
    present = f"its columns are {', '.join(names) or 'none'}"
    texts = [] if caption is None else [caption] if caption in names else _listed(caption)
    for wanted in (image, *texts, label):
        if wanted is not None and wanted not in names:
            raise PretrainingError(f"{place}: has no column {wanted}; {present}")
    if texts and label is not None:
        raise PretrainingError(
            f"{place}: captions come from the column {caption} or are made from {label}; name one"
        )
    image = image or column_of(names, (*IMAGE, *_TAR_IMAGE)) or _of_type(features, datasets.Image)
    if image is None:
        raise PretrainingError(
            f"{place}: has no column of images, name it with image_column (--image-column); {present}"
        )
    if label is None and not texts:
        known = column_of(names, (*CAPTIONS, *_TAR_CAPTION))
        texts = [name for name in names if _NUMBERED.fullmatch(name)] if known is None else [known]
    if label is None and not texts:
        label = column_of(names, (*LABEL, *_TAR_LABEL)) or _of_type(features, datasets.ClassLabel)
    if label is None and not texts:
        raise PretrainingError(
            f"{place}: has no column of captions or labels, name it with caption_column (--caption-column) "
            f"or label_column (--label-column); {present}"
        )
    return Columns(
        image=image,
        caption=texts[0] if texts else None,
        label=label,
        key=column_of(names, _KEY),
        longitude=column_of(names, LONGITUDE),
        latitude=column_of(names, LATITUDE),
        # detection sets have boxes of pixels under that name, and those of small chips could be degrees
        bbox=column_of(names, ("bbox",)) if column_of(names, _GROUND) else None,
        scene=column_of([name for name in names if name not in (label, *texts)], GROUP),
        sources=column_of(names, ("sources",)),
        licence=column_of(names, _LICENCE),
        more=tuple(texts[1:]),
    )


def _listed(columns: str) -> list[str]:
    return [name.strip() for name in columns.split(",")]


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with the fields of its json beside its own columns, which go before them."""
    known = row.get(JSON)
    return {**known, **row} if isinstance(known, Mapping) else dict(row)


def _of_type(features: Mapping[str, Any], kind: type) -> str | None:
    return next((name for name, feature in features.items() if isinstance(feature, kind)), None)
