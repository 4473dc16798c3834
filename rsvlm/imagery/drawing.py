"""Pictures for people: a font that has the letters, lines as wide as they may be, and files."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageFont

from rsvlm.files import atomic_write
from rsvlm.imagery.errors import ImageryError

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

PAPER, INK, QUIET = (255, 255, 255), (29, 31, 34), (98, 102, 109)
"""Colours of the ground, of text, and of text that stands back."""

# Pillow's own font has little beyond ASCII. These are looked for where the system keeps its fonts: what Linux,
# Windows and macOS mostly have, then what has Chinese, Japanese and Korean
_FILES = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "arial.ttf",
    "Arial Unicode.ttf",
    "NotoSansCJK-Regular.ttc",
    "msyh.ttc",
    "wqy-microhei.ttc",
    "PingFang.ttc",
)
_NO_LETTER = "\uffff"
_NO_SHAPE = {"Cc", "Cs", "Zl", "Zp"}
"""Categories of what no font draws: Pillow fails at some ends of lines, and at halves of surrogates."""
_NEAR = str.maketrans("\u2010\u2011\u2012\u2013\u2014\u2212\u2018\u2019\u201c\u201d\u00d7", "------''\"\"x")
"""Dashes, quotation marks and the multiplication sign as ASCII has them."""


@dataclass(frozen=True)
class Lettering:
    """One font for all the text of a picture.

    Attributes:
        file: Name of the font's file; None is the font that comes with Pillow.
    """

    file: str | None = None

    def font(self, size: int) -> Font:
        """The font in a size, in pixels."""
        return _font(self.file, size)

    def width(self, text: str, size: int) -> float:
        """Pixels that a text takes."""
        return self.font(size).getlength(self.drawable(text))

    def drawable(self, text: str) -> str:
        """A text in letters that the font has: without accents where it lacks them, `?` where nothing is near."""
        return "".join(letter if _has(self.file, letter) else self._nearest(letter) for letter in text)

    def shorten(self, text: str, width: float, size: int) -> str:
        """A text cut to a width, with `…` where something was left out."""
        text = self.drawable(text)
        if self.width(text, size) <= width:
            return text
        while text and self.width(f"{text.rstrip()}…", size) > width:
            text = text[:-1]
        return f"{text.rstrip()}…"

    def abridge(self, name: str, width: float, size: int) -> str:
        """A name cut to a width in its middle, since names of files mostly differ at their end."""
        name = self.drawable(name)
        if self.width(name, size) <= width:
            return name
        kept = len(name) - 1
        while kept > 1 and self.width(_without_middle(name, kept), size) > width:
            kept -= 1
        return _without_middle(name, kept)

    def wrap(self, text: str, width: float, size: int, most: int) -> list[str]:
        """A text in lines of a width, at most so many; the last one ends in `…` where not all fits."""
        lines: list[str] = []
        for word in self.drawable(text).split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.width(longer, size) <= width:
                lines[-1] = longer
            else:
                lines.append(self.shorten(word, width, size))
        if len(lines) <= most:
            return lines
        return [*lines[: most - 1], self._ended(lines[most - 1], width, size)]

    def _ended(self, line: str, width: float, size: int) -> str:
        while line and self.width(f"{line} …", size) > width:
            line = line[:-1]
        return f"{line} …"

    def _nearest(self, letter: str) -> str:
        if unicodedata.category(letter).startswith(("C", "Z")):
            return " "
        letter = letter.translate(_NEAR)
        plain = [part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part)]
        return "".join(part if _has(self.file, part) else "?" for part in plain)


def lettering(texts: Iterable[str]) -> Lettering:
    """The font for some texts: Pillow's own where it has all their letters, else the system's that has the most."""
    letters = {letter for text in texts for letter in text}
    best, fewest = Lettering(), len(letters) + 1
    for file in (None, *_FILES):
        if file is None or _exists(file):
            missing = sum(not _has(file, letter) for letter in letters)
            if missing < fewest:
                best, fewest = Lettering(file), missing
            if not missing:
                break
    return best


def save_picture(picture: Image.Image, out: Path) -> None:
    """Write a picture as PNG or JPEG, by the file's ending, whole or not at all.

    Raises:
        ImageryError: The ending is another one.
    """
    formats = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
    kind = formats.get(out.suffix.lower())
    if kind is None:
        raise ImageryError(f"{out}: pictures are written as .png or .jpg: end the name in one of these")
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(out) as path:
        picture.save(path, kind, quality=90)


def _without_middle(name: str, kept: int) -> str:
    """Letters from both ends of a name, more of the last ones."""
    return f"{name[: kept // 3]}…{name[len(name) - (kept - kept // 3) :]}"


@cache
def _font(file: str | None, size: int) -> Font:
    return ImageFont.load_default(size) if file is None else ImageFont.truetype(file, size)


@cache
def _exists(file: str) -> bool:
    try:
        _font(file, 16)
    except OSError:
        return False
    return True


@cache
def _has(file: str | None, letter: str) -> bool:
    """Whether a font has a letter; it draws all that it lacks as one and the same box."""
    if letter == " ":
        return True
    if unicodedata.category(letter) in _NO_SHAPE:
        return False
    font = _font(file, 16)
    shape, box = font.getmask(letter), font.getmask(_NO_LETTER)
    return (shape.size, bytes(shape)) != (box.size, bytes(box))
