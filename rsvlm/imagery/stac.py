"""STAC items (1.0 and 1.1): the JSON files that describe an image, and the files that they name.

What an item says of place, time and licence is read in `stac_place`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.metafiles import parse_json, read_bytes

Json = Mapping[str, Any]

_ASSETS = ("data", "visual", "image")  # the keys under which an item holds its one image, first choice first
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters at least: "C:" is a drive
_LONGEST = 1000


@dataclass(frozen=True)
class Item:
    """A STAC item on disk: the path of its JSON and the parsed content."""

    path: Path
    content: Json

    @property
    def properties(self) -> Json:
        """The item's properties."""
        return mapping(self.content.get("properties"))

    @property
    def assets(self) -> Mapping[str, Json]:
        """The well-formed assets by key."""
        assets = mapping(self.content.get("assets")).items()
        return {key: asset for key, asset in assets if isinstance(asset, Mapping)}

    def local(self, href: object) -> Path | None:
        """The file that an href names within the item's folder; None for URLs and what is outside."""
        if not isinstance(href, str) or not 0 < len(href) <= _LONGEST or _SCHEME.match(href):
            return None
        candidates = [href, unquote(href)]  # an href is a URI reference, but many write plain file names
        if not all(map(_stays_inside, candidates)):
            return None
        paths = [self.path.parent / text for text in candidates]
        return next((path for path in paths if path.exists()), paths[-1])


def read_item(path: Path) -> Item | None:
    """Read a STAC item; None where the file is some other JSON, or cannot be read.

    Raises:
        ImageryError: It says that it is a STAC item, and is broken.
    """
    try:
        data = read_bytes(path)
    except ImageryError:
        return None
    if b'"stac_version"' not in data:  # spares the parsing of other JSON, of which there may be a lot
        return None
    content = parse_json(data, path)
    if not isinstance(content, dict) or content.get("type") != "Feature" or "stac_version" not in content:
        return None
    return Item(path, content)


def item_image(item: Item) -> Path:
    """The local file of an item's image: asset `data`, `visual` or `image`, or the only one of such a role.

    Raises:
        ImageryError: It has none, or it is not here: on a server, outside of the item's folder, or missing.
    """
    keys = _image_keys(item)
    if not keys:
        listed = ", ".join(map(repr, list(item.assets)[:8])) or "none"
        raise ImageryError(
            f"{item.path}: no asset 'data', 'visual' or 'image', only {listed}: name the image itself"
        )
    href = item.assets[keys[0]].get("href")
    path = item.local(href)
    if path is None:
        raise ImageryError(f"{item.path}: its asset {keys[0]!r} {_why_not_here(str(href))}")
    if not path.is_file():
        raise ImageryError(f"{item.path}: its asset {keys[0]!r} names {path.name!r}, which is not there")
    return path


def item_files(item: Item) -> set[Path]:
    """The local files that the item's assets name, existing or not."""
    paths = (item.local(asset.get("href")) for asset in item.assets.values())
    return {path for path in paths if path is not None}


def mapping(value: object) -> Json:
    """The value where it is a JSON object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: object) -> list[Any]:
    """The value where it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def _stays_inside(href: str) -> bool:
    parts = href.replace("\\", "/").split("/")
    return parts[0] != "" and ".." not in parts and ":" not in parts[0] and "\0" not in href


def _image_keys(item: Item) -> list[str]:
    """Keys of the assets that can be the item's image, those that lie here first."""
    if keys := [key for key in _ASSETS if key in item.assets]:
        return sorted(keys, key=lambda key: item.local(item.assets[key].get("href")) is None)
    roles = {key: set(map(str, sequence(asset.get("roles")))) for key, asset in item.assets.items()}
    keys = [key for key, said in roles.items() if said & {"data", "visual"}]
    return keys if len(keys) == 1 else []


def _why_not_here(href: str) -> str:
    if _SCHEME.match(href):
        return f"is not here ({href[:200]}): download it first, and name it by a relative path"
    return f"lies outside of the item's folder ({href[:200]!r}): name the image itself"
