"""The objects that a caption can speak of, in groups of the same noun (section 1.1 of the caption grammar)."""

from dataclasses import dataclass, field
from functools import cached_property

from rsvlm.captioning.labels import Labels, ObjectLabel
from rsvlm.captioning.verify.words import NUMBER_WORDS, tokens
from rsvlm.vocabularies import load_tags

Box = tuple[float, float, float, float]

_SMALL_NUMBERS = {str(n): word for word, n in NUMBER_WORDS.items() if 2 <= n <= 10}
_LONGEST_VALUE = 20


class Thing:
    """One object: its label, and what is derived from it."""

    __slots__ = ("area", "box", "cx", "cy", "group", "key", "label", "value")

    def __init__(self, label: ObjectLabel, key: str, value: str, group: "Group") -> None:
        x0, y0, x1, y1 = label["box"]
        self.label, self.key, self.value, self.group = label, key, value, group
        self.box: Box = (x0, y0, x1, y1)
        self.cx, self.cy = (x0 + x1) / 2, (y0 + y1) / 2
        self.area = (x1 - x0) * (y1 - y0)

    def adjectives(self) -> list[str]:
        """Phrases of kind adjective, from tags after the first, in the order of the labels."""
        found = (load_tags().entry(key, value) for key, value in list(self.label["tags"].items())[1:])
        return [entry.phrase for entry in found if entry is not None and entry.kind == "adjective"]

    def details(self) -> dict[str, tuple[str, ...]]:
        """By key: the tokens of each detail that may be said of this object, from tags after the first."""
        found: dict[str, tuple[str, ...]] = {}
        for key, value in list(self.label["tags"].items())[1:]:
            entry = load_tags().entry(key, value)
            if entry is None or entry.kind != "detail":
                continue
            said = entry.filling(value)
            if "{}" not in entry.phrase or _sayable(said):
                found[key] = tuple(tokens(entry.phrase.replace("{}", _SMALL_NUMBERS.get(said, said))))
        return found


def _sayable(value: str) -> bool:
    if not 1 <= len(value) <= _LONGEST_VALUE or value == "1" or value.count(".") > 1:
        return False
    return all(letter.isalpha() or letter.isdigit() or letter in " ." for letter in value)


@dataclass
class Group:
    """The objects with the same noun."""

    phrase: str
    plural: str
    members: list[Thing] = field(default_factory=list)

    @cached_property
    def kind(self) -> str:
        """`mass`, `line` or `count`."""
        if self.phrase == self.plural:
            return "mass"
        return "line" if any(m.label["shape"] == "line" for m in self.members) else "count"

    @cached_property
    def details(self) -> list[tuple[tuple[str, ...], str]]:
        """Every detail that any member has, as (tokens, key), the longest first."""
        found = {(words, key) for member in self.members for key, words in member.details().items()}
        return sorted(found, key=lambda item: (-len(item[0]), item))


@dataclass
class Things:
    """The objects of one chip: groups by noun, and the focus (None where there is none with a noun)."""

    width: float
    height: float
    gsd: float | None
    north_up: bool
    groups: dict[str, Group]
    focus: Thing | None
    stretch: float = 1.0

    def offset(self, thing: Thing) -> tuple[float, float]:
        """How far east and south of the focus a thing lies on the ground, by the boxes' centres, in pixel heights."""
        assert self.focus is not None, "callers ask for the focus first"
        return (thing.cx - self.focus.cx) * self.stretch, thing.cy - self.focus.cy


def things_of(labels: Labels) -> Things:
    """Sort the objects of a chip into groups; slivers and objects without a noun are left out."""
    groups: dict[str, Group] = {}
    focus: Thing | None = None
    entry_of = load_tags().entry
    for label in labels["objects"]:
        if not label["tags"]:
            continue
        key, value = next(iter(label["tags"].items()))
        entry = entry_of(key, value)
        if entry is None or entry.kind != "object" or _is_sliver(label):
            continue
        group = groups.get(entry.phrase)
        if group is None:
            group = groups[entry.phrase] = Group(entry.phrase, entry.plural)
        thing = Thing(label, key, value, group)
        group.members.append(thing)
        if label["role"] == "focus" and focus is None:
            focus = thing
    stretch = labels.get("stretch", 1.0)
    return Things(
        labels["width"], labels["height"], labels["gsd"], labels["north_up"], groups, focus, stretch
    )


def _is_sliver(label: ObjectLabel) -> bool:
    if label["whole"] or label["role"] == "focus" or label["shape"] == "point":
        return False
    x0, y0, x1, y1 = label["box"]
    if label["shape"] == "area":
        return x1 - x0 < 4 or y1 - y0 < 4
    return x1 - x0 < 8 and y1 - y0 < 8
