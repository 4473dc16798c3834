"""What the metadata inside a raster file say of when it was taken and whose it is."""

import re

from rasterio.io import DatasetReader

from rsvlm.imagery.metafiles import utc

# Tags that tell when an image was taken, surest first. TIFF's own DateTime comes last: some tools write there
# when they wrote the file.
_TIMES = (
    "ACQUISITION_DATETIME",
    "ACQUISITIONDATETIME",
    "ACQUISITION_DATE",
    "ACQUISITIONDATE",
    "DATE_ACQUIRED",
    "SENSING_TIME",
    "DATETIME",
    "EXIF_DateTimeOriginal",
    "TIFFTAG_DATETIME",
)
_OFFSETS = {"EXIF_DateTimeOriginal": "EXIF_OffsetTimeOriginal"}
"""A camera's clock shows local time: without its offset from UTC it tells the day only."""
_RIGHTS = ("TIFFTAG_COPYRIGHT", "EXIF_Copyright", "COPYRIGHT")
_TIFF_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d)(.*)", re.DOTALL)
_OFFSET = re.compile(r"[+-]\d\d:\d\d|Z")


def time_of(dataset: DatasetReader) -> str | None:
    """When the image was taken, ISO 8601 UTC, or the day; None where the file does not say it."""
    for name in _TIMES:
        if match := _TIFF_TIME.fullmatch(text := _tag(dataset, name)):
            day, clock = f"{match[1]}-{match[2]}-{match[3]}", match[4].strip()
            if name in _OFFSETS:
                offset = _tag(dataset, _OFFSETS[name])
                clock = clock + offset if _OFFSET.fullmatch(offset) else ""
            text = f"{day} {clock}".strip()
        if (time := utc(text)) is not None:
            return time
    return None


def rights_of(dataset: DatasetReader) -> str | None:
    """Whom the file names as its owner, or None."""
    return next((text for name in _RIGHTS if (text := _tag(dataset, name))), None)


def _tag(dataset: DatasetReader, name: str) -> str:
    """One metadata item, upper or lower case; "" where it is missing or in a code page that nobody names."""
    for domain in (None, "IMAGERY"):
        try:
            if text := dataset.get_tag_item(name, domain):
                return str(text).strip()
        except UnicodeDecodeError:
            continue
    return ""
