"""RSWK's knowledge of landmarks, in the seven types of chunks and the templates of RS-RAG's builder of it.

Wen et al. 2025 (arXiv 2504.04988). A chunk that does not say what it is about has the landmark's name before it, so
that it can be understood, and found, alone; in RS-RAG the picture says it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import Any

from rsvlm.datasets.times import MONTHS, moment

from ..chunk import Chunk
from ..errors import RagError
from .documents import BLANK
from .nothing import is_empty
from .picturepaths import Pictures
from .places import place_of
from .sections import shortened
from .source import Note
from .splitting import LONGEST, split, words
from .text import cleaned

WORLD, EXPERT = "world knowledge", "remote sensing expert knowledge"
MONTHLY, DESCRIPTION = "monthly expert knowledge", "description"
BASIC = ("Name", "Category", "Area", "Location", "Address", "Physical_Area", "Construction_Period")

_MONTH = re.compile(rf"\s*(.+?)\s+(\d{{4}})\s+({'|'.join(MONTHS)})\s*$", re.IGNORECASE)
_PICTURE = re.compile(r"\.(?:png|jpe?g|tiff?)$", re.IGNORECASE)


def is_rswk(start: bytes) -> bool:
    """Whether a JSON file is RSWK's by its beginning: an entry names an image and one of the kinds of knowledge."""
    kinds = (WORLD, EXPERT, MONTHLY, DESCRIPTION)
    return b'"image_name"' in start and any(f'"{kind}"'.encode() in start for kind in kinds)


def read_rswk(entries: Iterable[tuple[str, Any]], note: Note, folder: Path) -> Iterator[Chunk]:
    """The chunks of RSWK's lists, one after the other; a `caption` joins what all of them say of an image.

    Args:
        entries: Of the lists of world and expert, monthly and image knowledge: where each is, and what it says.
        note: Takes entries that are broken, which give the chunks of what is whole in them.
        folder: What pictures lie in, in its folder `images` if it has one.
    """
    pictures = Pictures(folder / "images" if (folder / "images").is_dir() else folder, folder, note)
    captions: dict[str, list[tuple[bool, str]]] = {}
    abouts: dict[str, Chunk] = {}
    for entry, item in entries:
        if not isinstance(item, Mapping) or is_empty(image := item.get("image_name")):
            note(entry, "is no object with an image_name")
            continue
        try:
            landmark = _Landmark(item, str(image), entry, note, pictures)
            texts = list(landmark.texts())
            yield from landmark.months()
        except RecursionError:
            note(entry, "is nested too deep")
            continue
        abouts.setdefault(landmark.name, landmark.about)
        for kind, text in texts:
            captions.setdefault(landmark.name, []).append((kind == "image_description", text))
            yield from landmark.pieces(kind, text)
    for name, parts in captions.items():
        ordered = [text for _, text in sorted(parts, key=itemgetter(0))]  # the description is the last
        for number, piece in enumerate(split("\n\n".join(ordered)), 1):
            text = piece if number == 1 else f"{shortened(name)}: {piece}"
            yield replace(abouts[name], where=_where(name, "caption", number), text=text, type="caption")


class _Landmark:
    """An entry, and what it says.

    Attributes:
        name: Of its image, without an ending.
        about: What all its chunks have.
    """

    def __init__(
        self, item: Mapping[str, Any], image: str, entry: str, note: Note, pictures: Pictures
    ) -> None:
        self._item, self._entry, self._note = item, entry, note
        file = cleaned(image) if _PICTURE.search(image) else f"{cleaned(image)}.png"
        self.name = _PICTURE.sub("", file)
        self._world = self._known(WORLD)
        self._called = shortened(cleaned(str(self._world.get("Name") or self.name)))
        try:
            box = place_of({str(key).lower(): value for key, value in item.items()})
        except RagError as error:
            note(entry, f"{error}; it is taken without a place")
            box = None
        self.about = replace(BLANK, image=pictures.path(file, entry), bbox=box)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Type and text of all but the months."""
        yield from (
            (kind, text)
            for kind, text in (
                ("basic_info_and_history", self._basic()),
                (
                    "architecture_and_function",
                    self._told("Architectural_Characteristics", "Primary_Function", "Details"),
                ),
                ("culture_and_visitor", self._told("Cultural_Significance", "Notable_Visitors")),
                ("expert_knowledge", self._expert()),
                ("image_description", self._description()),
            )
            if text
        )

    def months(self) -> Iterator[Chunk]:
        """What was measured, a chunk a month."""
        found: dict[tuple[int, int], list[str]] = {}
        for key, value in self._known(MONTHLY).items():
            told = _MONTH.match(str(key))
            if told is None or is_empty(value):
                self._note(self._entry, f"{self._called}: {str(key)[:60]!r} is no variable, year and month")
                continue
            month = MONTHS.index(told[3].capitalize()) + 1
            found.setdefault((int(told[2]), month), []).append(f"{cleaned(str(key))}: {_said(value)}")
        for (year, month), values in found.items():
            of = f"{year} {MONTHS[month - 1]}"
            text = f"monthly expert knowledge - of {of}:\n" + "; ".join(values)
            for piece in self.pieces("monthly_expert_knowledge", text, of):
                yield replace(piece, datetime=moment(f"{year:04}-{month:02}"))

    def pieces(self, kind: str, text: str, of: str = "") -> Iterator[Chunk]:
        """A text in chunks of its type."""
        short = LONGEST - words(self._called)
        for number, piece in enumerate(split(text, short), 1):
            said = piece if piece.startswith("Name:") else f"{self._called}: {piece}"
            where = _where(self.name, f"{kind}, {of}" if of else kind, number)
            yield replace(self.about, where=where, text=said, type=kind)

    def _basic(self) -> str:
        fields = [(name, self._world[name]) for name in BASIC if not is_empty(self._world.get(name))]
        lines = ["; ".join(f"{name}: {_said(value)}" for name, value in fields)]
        lines += [self._told("Historical_Background")]
        events = self._world.get("Major_Events") or []
        if not isinstance(events, list):
            self._note(self._entry, f"{self._called}: Major_Events is no list")
            events = []
        told = [
            f"- {_said(event.get('Event'))} ({_said(event.get('Year'))}): {_said(event['Description'])}"
            for event in events
            if isinstance(event, Mapping) and not is_empty(event.get("Description"))
        ]
        return "\n".join(filter(None, [*lines, *(["Major Events:", *told] if told else [])]))

    def _told(self, *names: str) -> str:
        return "\n".join(
            f"{name}: {_said(self._world[name])}" for name in names if not is_empty(self._world.get(name))
        )

    def _expert(self) -> str:
        values = [
            f"{name}: {_said(value)}" for name, value in self._known(EXPERT).items() if not is_empty(value)
        ]
        return f"expert knowledge: {'; '.join(values)}" if values else ""

    def _description(self) -> str:
        told = self._item.get(DESCRIPTION)
        if is_empty(told):
            return ""
        if not isinstance(told, str):
            self._note(self._entry, f"{self._called}: its description is no text")
            return ""
        return f"Image Description: {cleaned(told)}"

    def _known(self, kind: str) -> Mapping[str, Any]:
        """The values of a kind of knowledge; none where it is broken."""
        found = self._item.get(kind)
        if found is None or isinstance(found, Mapping):
            return found or {}
        self._note(self._entry, f"{cleaned(str(self._item['image_name']))}: its {kind} is no object")
        return {}


def _where(name: str, kind: str, number: int) -> str:
    return f"{name}, {kind}" if number == 1 else f"{name}, {kind}, {number}"


def _said(value: Any) -> str:
    """A value as text: the items of a list one after the other."""
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_said(one)}" for name, one in value.items())
    return "" if is_empty(value) else cleaned(str(value))
