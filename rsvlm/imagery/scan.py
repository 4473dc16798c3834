"""Looking for images in files, folders and patterns: each image and each product once, and none is opened.

What only comes with an image (world files, overviews, metadata, bands of a product) is no image of its own.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from rsvlm.imagery.bandfiles import band_products, is_bandfiles, stem_of
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.guard import check_path, check_regular
from rsvlm.imagery.metafiles import reason
from rsvlm.imagery.safe import holds_product, is_safe
from rsvlm.imagery.stac import Item, item_files, item_image, read_item

IMAGE_SUFFIXES = frozenset((".tif", ".tiff", ".jp2", ".j2k", ".png", ".jpg", ".jpeg"))
"""Of the image files that `open_scene` reads."""

_MAGIC = re.compile(r"[*?\[]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Failure(NamedTuple):
    """An input that gave no image.

    Attributes:
        path: What was tried.
        reason: What was wrong with it, and what to do.
    """

    path: str
    reason: str


class Scan:
    """What the inputs lead to, collected input by input.

    Attributes:
        found: Real path -> path by which the user's input leads there, of images, products and STAC items.
        failures: What was meant as an image, and cannot be one.
        empty: Inputs that lead to nothing at all.
        links: Links to images and folders that are there already, and were left out.
    """

    def __init__(self) -> None:
        self.found: dict[str, Path] = {}
        self.failures: list[Failure] = []
        self.empty: list[Failure] = []
        self.links: list[Path] = []
        self._folders: set[str] = set()
        self._met = 0  # images and failures that the inputs led to, those known already included

    def add(self, text: str) -> None:
        """Add what one input names: a file, a folder with all below it, or a pattern as `tiles/**/*.tif`."""
        before = self._met
        if text and os.path.isdir(text):  # noqa: PTH112 - Path raises for some texts
            self._walk(Path(text))
            why = "holds no image"
        elif os.path.exists(text):  # noqa: PTH110
            self._add_file(Path(text))
            why = ""
        elif _MAGIC.search(text):
            why = self._expand(Path(text)) or "matches no image"
        elif text and is_bandfiles(Path(text)):
            self._take(os.path.realpath(text), Path(text))
            why = ""
        else:
            why = _why_missing(text)
        if self._met == before:
            self.empty.append(Failure(printable(text) or "''", why))

    def _take(self, real: str, path: Path) -> None:
        self._met += 1
        if _encodable(path):
            before = self.found.setdefault(real, path)
            if before != path and not self._left_out(path) and self._left_out(before):
                self.found[real] = path
        else:
            self.failures.append(Failure(printable(path), "has a name that is no valid Unicode: rename it"))

    def _left_out(self, path: Path) -> bool:
        """Whether one of two ways to the same thing is a link, and noted: the other one is what is kept."""
        if path.is_symlink():
            self.links.append(path)
            return True
        return False

    def _fail(self, path: Path, why: str) -> None:
        self._met += 1
        self.failures.append(Failure(printable(path), why))

    def _walk(self, folder: Path) -> None:
        pending = [(folder, os.path.realpath(folder))]  # folders may be nested deeper than Python's stack
        linked: list[tuple[Path, str]] = []  # looked at last: what lies in a folder is told by its own name
        while pending or linked:
            below = self._add_folder(*(pending or linked).pop())
            pending += [one for one in reversed(below) if not one[0].is_symlink()]
            linked += [one for one in reversed(below) if one[0].is_symlink()]

    def _add_folder(self, folder: Path, real: str) -> list[tuple[Path, str]]:
        """Add the images in a folder; returns the folders in it. Links that lead back are followed once."""
        if real in self._folders:
            self._met += 1
            self._left_out(folder)
            return []
        self._folders.add(real)
        try:
            with os.scandir(folder) as listing:
                entries = sorted((e for e in listing if not e.name.startswith(".")), key=lambda e: e.name)
        except OSError as error:
            self._fail(folder, f"cannot be read: {reason(error)}")
            return []
        files = {entry.name: _real(entry, real) for entry in entries if _is(entry.is_file)}
        if holds_product(folder, files):
            self._take(real, folder)
            return []
        self._add_files(folder, real, files)
        below = [(folder / entry.name, _real(entry, real)) for entry in entries if _is(entry.is_dir)]
        return [(path, place) for path, place in below if not _is_dataset(path)]

    def _add_files(self, folder: Path, real_folder: str, files: Mapping[str, str]) -> None:
        """Add the images among files of one folder, given as name -> real path."""
        products = band_products(folder, files)
        for stem in products:
            path = folder if len(products) == 1 else folder / stem
            self._take(os.path.join(real_folder, stem), path)  # noqa: PTH118 - a real path, kept as text
        for name, real in files.items():
            suffix = os.path.splitext(name)[1].casefold()  # noqa: PTH122 - a Path for each file costs more
            if (suffix not in IMAGE_SUFFIXES and suffix not in (".json", ".zip")) or stem_of(
                name
            ) in products:
                continue
            path = folder / name
            if suffix == ".json":
                self._add_item(path, named=False)
            elif suffix in IMAGE_SUFFIXES or is_safe(path):
                self._take(real, path)

    def _add_file(self, path: Path) -> None:
        """Add a file that was named itself, and is therefore meant as an image whatever its name."""
        try:
            check_regular(path)
        except ImageryError as error:
            self._fail(path, trimmed(error, path))
            return
        if path.suffix.casefold() != ".json" or not self._add_item(path, named=True):
            self._take(os.path.realpath(path), path)

    def _add_item(self, path: Path, *, named: bool) -> bool:
        """Add the image of a STAC item, to be opened through the item; False where the file is none."""
        item: Item | None = None
        try:
            if (item := read_item(path)) is None:
                return False
            image = item_image(item)
        except ImageryError as error:
            beside = [path.with_suffix(suffix) for suffix in IMAGE_SUFFIXES]
            if named or not any(file.exists() for file in (*beside, *(item_files(item) if item else ()))):
                self._fail(path, trimmed(error, path))  # else it only goes with images that are here
            return True
        real = os.path.realpath(image)
        if image.parent == path.parent:
            self._take(real, image)  # opening it looks for the item beside it
        elif self.found.get(real, image).suffix.casefold() != ".json":
            self._met += 1
            self.found[real] = path
        return True

    def _expand(self, pattern: Path) -> str | None:
        """Add what a pattern matches; returns why it cannot be used, if it cannot."""
        cut = next(i for i, part in enumerate(pattern.parts) if _MAGIC.search(part))
        root, rest = Path(*pattern.parts[:cut]), pattern.parts[cut:]
        try:
            matches = sorted(root.glob("/".join(rest)))
        except (OSError, ValueError, NotImplementedError) as error:
            return f"is no pattern of file names: {error}"
        if not any(part.startswith(".") for part in rest):
            matches = [path for path in matches if not _hidden(path.parts[len(root.parts) :])]
        files: dict[Path, dict[str, str]] = {}
        for path in matches:
            if path.is_dir():
                self._add_matched(path, None)
            elif path.is_file():
                files.setdefault(path.parent, {})[path.name] = os.path.realpath(path)
        for folder, names in files.items():
            self._add_matched(folder, names)
        return None

    def _add_matched(self, folder: Path, files: Mapping[str, str] | None) -> None:
        """Add a folder that a pattern matched, or some files of it; within a SAFE product, that product."""
        if product := _product_around(folder):
            self._take(os.path.realpath(product), product)
        elif files is None:
            self._walk(folder)
        else:
            self._add_files(folder, os.path.realpath(folder), files)


def printable(path: str | Path) -> str:
    """A path as one line of text: control characters, and what is no Unicode, are shown by number."""
    text = str(path).encode("utf-8", "backslashreplace").decode("utf-8")
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def trimmed(error: Exception, path: str | Path) -> str:
    """A message without the path that it begins with, which stands beside it."""
    text = printable(str(error))
    for start in (printable(path), printable(os.path.abspath(path))):  # noqa: PTH100 - keeps links
        if text.startswith(start):
            return text[len(start) :].lstrip(": ")
    return text


def _encodable(path: Path) -> bool:
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except OSError:  # a link that leads to itself, or to where one may not look
        return False


def _real(entry: os.DirEntry[str], real_folder: str) -> str:
    if entry.is_symlink():
        return os.path.realpath(entry.path)
    return os.path.join(real_folder, entry.name)  # noqa: PTH118 - a Path for each file costs more


def _is_dataset(folder: Path) -> bool:
    """Whether rsvlm wrote it: what lies there are chips of images, and not more images."""
    return (folder / "shards").is_dir() and any(
        (folder / name).is_file() for name in ("run.json", "manifest.json")
    )


def _hidden(parts: Iterable[str]) -> bool:
    return any(part.startswith(".") for part in parts)


def _product_around(folder: Path) -> Path | None:
    """The SAFE product that a folder belongs to: its root, or anything below GRANULE."""
    roots = [folder]
    if "GRANULE" in folder.parts:
        roots.append(Path(*folder.parts[: folder.parts.index("GRANULE")]))
    return next((root for root in roots if root.is_dir() and is_safe(root)), None)


def _why_missing(text: str) -> str:
    if not text.strip() or "\0" in text:
        return "is no file name"
    try:
        check_path(text)
    except ImageryError as error:
        return trimmed(error, text)
    return "does not exist"
