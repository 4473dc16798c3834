"""Headers of the plainest pictures, read without GDAL: size and colours of a JPEG or PNG that says nothing else.

Opening a small file takes GDAL longer than decoding it. Anything out of the ordinary (metadata that might tell time
or owner, transparency, palettes, interlacing, other depths than 8 bits) is left to GDAL.

Sources: ITU-T T.81 (JPEG), annex B; PNG specification, third edition, sections 5 and 11.
"""

import struct
from pathlib import Path
from typing import NamedTuple

_MOST_PIXELS = 2**26  # of larger ones GDAL tells whether they can be read
_HEAD = 4096  # bytes; a header of tables alone has some 600
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_IGNORED = {b"sRGB", b"gAMA", b"cHRM", b"pHYs", b"tIME"}  # how to show it, and when it was last changed
_SOI, _SOS = b"\xff\xd8\xff", 0xDA
_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended sequential and progressive, coded by Huffman
_JPEG_IGNORED = {0xDB, 0xC4, 0xDD, 0xE0, 0xFE}  # tables (DQT, DHT), restart interval, JFIF, comment


class Header(NamedTuple):
    """What a plain picture is: width and height in pixels, and 1 band (grey) or 3 (red, green, blue)."""

    width: int
    height: int
    bands: int


def plain_header(path: Path) -> Header | None:
    """The header of a plain 8-bit JPEG or PNG; None for all else, and for what cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return None
    found = None
    if head.startswith(_SOI):
        found = _jpeg(head)
    elif head.startswith(_PNG):
        found = _png(head)
    return found if found and 0 < found.width * found.height <= _MOST_PIXELS else None


def _jpeg(head: bytes) -> Header | None:
    """Walks the segments up to the start of the scan."""
    found, at = None, 2
    while at + 4 <= len(head) and head[at] == 0xFF:
        marker, length = head[at + 1], int.from_bytes(head[at + 2 : at + 4], "big")
        if marker == _SOS:
            return found
        if marker in _FRAMES and found is None and at + 10 <= len(head):
            depth, height, width, bands = struct.unpack_from(">BHHB", head, at + 4)
            if depth != 8 or bands not in (1, 3):
                return None
            found = Header(width, height, bands)
        elif marker not in _JPEG_IGNORED:
            return None
        at += 2 + length
    return None


def _png(head: bytes) -> Header | None:
    """Walks the chunks up to the first one of the image's data."""
    if len(head) < 33 or head[12:16] != b"IHDR":
        return None
    width, height, depth, colours, *rest = struct.unpack_from(">IIBBBBB", head, 16)
    if depth != 8 or colours not in (0, 2) or any(rest):
        return None
    at = 33
    while at + 8 <= len(head):
        length, kind = struct.unpack_from(">I4s", head, at)
        if kind == b"IDAT":
            return Header(width, height, 3 if colours == 2 else 1)
        if kind not in _PNG_IGNORED:
            return None
        at += 12 + length
    return None
