"""Legends: what the codes or colours of a land-cover product mean, and what a caption calls them.

A legend is a YAML file. Those that ship lie in `legends/`. A user's own is given by its path; it has the same
form or, in the simplest one, is a mapping from code or colour to name:

    1: water
    2: {name: forest, color: "#00ff00"}
    "#ff0000": built-up
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path

from rsvlm.vocabularies.errors import VocabularyError
from rsvlm.vocabularies.legend_files import LARGEST_FILE, ClassLine, parse_legend

Color = tuple[int, int, int]


@dataclass(frozen=True)
class LegendClass:
    """One class of a land-cover product.

    Attributes:
        code: the value in the product's raster; None where it is known by colour or by name only.
        name: the product's own name. Several codes may share it: they are one class to a reader.
        phrase: words for captions: lower case, fits "covered by {phrase}".
        color: red, green, blue (0-255), or None.
        background: true where it means no data or no label: captions ignore it.
        parent: the class one level up, or None.
        chatearthnet: what ChatEarthNet calls it (arXiv 2402.11325), or None.
        grid_code: a second value under which rasters hold it (CORINE's `GRID_CODE`), or None.
        aliases: other names that `Legend.by_name` knows it by.
    """

    code: int | None
    name: str
    phrase: str
    color: Color | None
    background: bool = False
    parent: "LegendClass | None" = None
    chatearthnet: str | None = None
    grid_code: int | None = None
    aliases: tuple[str, ...] = ()

    def at_level(self, level: int) -> "LegendClass":
        """Return the class of this level that holds it (1 = the widest), itself where it lies no deeper."""
        line = [self]
        while line[-1].parent is not None:
            line.append(line[-1].parent)
        return line[max(len(line) - level, 0)]


@dataclass(frozen=True)
class Legend:
    """The classes of a land-cover product, and where they come from. `gsd` is the product's, in metres."""

    name: str
    title: str
    classes: tuple[LegendClass, ...]
    licence: str | None = None
    attribution: str | None = None
    url: str | None = None
    citation: str | None = None
    gsd: float | None = None

    @cached_property
    def _codes(self) -> dict[int, LegendClass]:
        grid = {c.grid_code: c for c in self.classes if c.grid_code is not None}
        return grid | {c.code: c for c in self.classes if c.code is not None}

    @cached_property
    def _colors(self) -> dict[Color, LegendClass]:
        return {c.color: c for c in self.classes if c.color is not None}

    @cached_property
    def _names(self) -> dict[str, LegendClass]:
        def names(known_as: Callable[[LegendClass], Iterable[str]]) -> dict[str, LegendClass]:
            return {_plain(name): c for c in reversed(self.classes) for name in known_as(c)}

        return names(lambda c: (c.phrase, *c.aliases)) | names(lambda c: (c.name,))

    def by_code(self, code: int) -> LegendClass | None:
        """Return the class of a raster value, None where the legend has no such code."""
        return self._codes.get(int(code))

    def by_color(self, rgb: Color) -> LegendClass | None:
        """Return the class of a colour (red, green, blue, 0-255), None where there is no such colour."""
        red, green, blue = rgb
        return self._colors.get((int(red), int(green), int(blue)))

    def by_name(self, name: str) -> LegendClass | None:
        """Return the class of a name, else of a phrase or alias; case, spaces and punctuation do not matter.

        Where two levels share a name ("Pastures" of CORINE), it is the one that comes first in the legend.
        """
        return self._names.get(_plain(name))

    def at_level(self, level: int) -> "Legend":
        """Return the legend with every code speaking of its class at this level (1 = the widest)."""
        tops = [(c, c.at_level(level)) for c in self.classes]
        merged = [replace(c, name=top.name, phrase=top.phrase, parent=top.parent) for c, top in tops]
        return replace(self, name=f"{self.name}-level-{level}", classes=tuple(merged))


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def phrase_of(name: str) -> str:
    """Turn a class name into words for a caption: `TreeCover` and `tree_cover` give "tree cover"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.split(r"[\s_]+", words.strip(" \t\n_"))).lower()


def _sayable(words: str) -> str:
    """Words without what ends a sentence or a line: "Agric.  land" gives "Agric land"."""
    return " ".join(re.sub(r"[.!?;]+", "", words).split())


def read_legend(content: bytes, source: str) -> Legend:
    """Read a legend from the bytes of a YAML file; `source` is its path in error messages.

    Raises:
        VocabularyError: when it cannot be read, two classes share a code or colour, or a parent is not there.
    """
    file = parse_legend(content, source)
    _check_distinct(file.classes, source)
    classes = tuple(_build(line, file.classes, source) for line in file.classes)
    return Legend(**{**file.model_dump(), "classes": classes})


def _build(line: ClassLine, lines: list[ClassLine], source: str, depth: int = 0) -> LegendClass:
    parent = None
    if line.parent is not None:
        above = next((c for c in lines if line.parent in (c.code, c.name) and c is not line), None)
        if above is None or depth > 10:
            raise VocabularyError(
                f"legend {source}: {line.name} has the parent {line.parent!r}, which leads nowhere"
            )
        parent = _build(above, lines, source, depth + 1)
    phrase = _sayable(line.phrase or phrase_of(line.name))
    if not phrase and not line.background:
        raise VocabularyError(f"legend {source}: {line.name!r} is no word: give it a phrase")
    there = line.chatearthnet and _sayable(line.chatearthnet)
    return LegendClass(**{**line.model_dump(), "phrase": phrase, "chatearthnet": there, "parent": parent})


def _check_distinct(lines: list[ClassLine], source: str) -> None:
    codes = [code for c in lines for code in (c.code, c.grid_code) if code is not None]
    colors = ["#{:02x}{:02x}{:02x}".format(*c.color) for c in lines if c.color]
    for what, values in (("code", codes), ("colour", colors)):
        seen: set[int | str] = set()
        for value in values:
            if value in seen:
                raise VocabularyError(
                    f"legend {source}: {what} {value} stands for two classes; keep one of them"
                )
            seen.add(value)


LEVELS = {"corine": (1, 2)}
"""Legends that are also shipped at their wider levels, as `corine-level-1` and `corine-level-2`."""


@cache
def legend_names() -> tuple[str, ...]:
    """Return the names of the legends that ship with the package."""
    folder = files(__package__).joinpath("legends")
    names = [file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml")]
    return tuple(
        sorted(names + [f"{name}-level-{level}" for name in names for level in LEVELS.get(name, ())])
    )


@cache
def _shipped(name: str) -> Legend:
    base, _, level = name.partition("-level-")
    if level:
        return _shipped(base).at_level(int(level))
    file = files(__package__).joinpath("legends", f"{name}.yaml")
    return read_legend(file.read_bytes(), file.name)


def load_legend(name_or_path: str | Path) -> Legend:
    """Return a legend that ships (`legend_names()`), or read a user's YAML file.

    Raises:
        VocabularyError: when there is no such legend or file, or the file is not a legend.
    """
    name = str(name_or_path)
    if name in legend_names():
        return _shipped(name)
    path = Path(name_or_path)
    if path.is_file():
        try:
            with path.open("rb") as file:
                return read_legend(file.read(LARGEST_FILE + 1), str(path))
        except OSError as error:
            raise VocabularyError(f"legend {path} cannot be read: {error.strerror}") from error
    near = get_close_matches(name.lower(), legend_names(), n=3)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    known = ", ".join(legend_names())
    raise VocabularyError(
        f"no legend or legend file {name!r}; {hint}there are {known}, or give a YAML file's path"
    )
