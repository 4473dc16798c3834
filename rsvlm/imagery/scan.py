"""Looking for images in files, folders and patterns: each image and each product once, and nothing is opened.

What only comes with an image (world files, overviews, metadata, the bands of a product) is no image of its own.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from rsvlm.imagery.bandfiles import band_products, is_bandfiles
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.guard import check_path
from rsvlm.imagery.metafiles import reason
from rsvlm.imagery.safe import is_safe, names_product
from rsvlm.imagery.stac import Item, item_files, item_image, read_item

_IMAGES = frozenset((".tif", ".tiff", ".jp2", ".j2k", ".png", ".jpg", ".jpeg"))
_MAGIC = re.compile(r"[*?\[]")


class Failure(NamedTuple):
    """An input that gave no image.

    Attributes:
        path: What was tried.
        reason: What was wrong with it, and what to do.
    """

    path: str
    reason: str


@dataclass
class Scan:
    """What was found so far.

    Attributes:
        found: Real path -> path as the user's input leads to it, of files, products and STAC items.
        failures: What was named, or clearly meant, and gives no image.
        empty: Inputs that led to nothing at all, with the reason.
    """

    found: dict[str, Path] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    empty: list[Failure] = field(default_factory=list)
    _folders: set[str] = field(default_factory=set)

    def add(self, text: str) -> None:
        """Add what one input names: a file, a folder with all below it, or a pattern such as `tiles/**/*.tif`."""
        before = len(self.found) + len(self.failures)
        path = Path(text)
        if os.path.isdir(text) and text:  # noqa: PTH112 - unlike Path, it takes any text
            known = os.path.realpath(path) in self._folders
            self._folder(path)
            if not known and before == len(self.found) + len(self.failures):
                self.empty.append(Failure(text, "holds no image"))
        elif os.path.exists(text):  # noqa: PTH110
            self._file(path)
        elif _MAGIC.search(text):
            self._pattern(path)
            if before == len(self.found) + len(self.failures) and not any(map(os.path.exists, [text])):
                self.empty.append(Failure(text, "matches no image"))
        elif text and is_bandfiles(path):
            self.found.setdefault(os.path.realpath(path), path)
        else:
            self.empty.append(Failure(text, _why_missing(text)))
