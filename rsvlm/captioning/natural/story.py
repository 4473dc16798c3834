"""The teller of one caption: names things, remembers which it has named, and never names one twice.

`Story` makes the noun phrases of docs/caption-grammar.md, section 1.2. The patterns that set them into
sentences are in `short`, `long` and `lines`.
"""

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rsvlm.captioning.english import article, is_plural, joined, number, round_below
from rsvlm.captioning.natural.facts import GROUND_KEYS, Facts, Group, Thing
from rsvlm.captioning.natural.places import Place, around, is_scattered, place_of, place_words
from rsvlm.captioning.natural.sizes import size_words

RUN_GAP = 3.0
"""Pixels by which the boxes of one road's pieces may be apart."""

BARE_COVER = frozenset({"forest"})
"""Nouns that stand without an article for what covers ground: "mostly forest"."""

Relation = Callable[[Thing], bool]


class Item(NamedTuple):
    """A noun phrase, where its things lie, whether it is plural, whether it goes last ("other buildings")."""

    words: str
    where: str
    plural: bool
    late: bool = False

    def __str__(self) -> str:
        return f"{self.words} {self.where}" if self.where else self.words


class Story:
    """What has been said of a chip so far.

    Attributes:
        facts: the chip.
        rng: where all choices of words come from.
        compass: whether places are told by compass or by position in the image; one of both all through.
        named: things that were named.
        alone: whether the focus was named alone, so that "it" means something.
    """

    def __init__(self, facts: Facts, rng: random.Random, compass: bool | None = None) -> None:
        self.facts = facts
        self.rng = rng
        self.compass = facts.north_up and rng.random() < 0.6 if compass is None else compass
        self.named: set[Thing] = set()
        self.alone = False
        self._told: set[str] = set()
        self._places: set[Place] = set()
        self._scattered = False

    @property
    def hero(self) -> Thing:
        """The focus, where there is one."""
        assert self.facts.focus is not None
        return self.facts.focus

    def chance(self, probability: float) -> bool:
        """Toss a coin."""
        return self.rng.random() < probability

    def pick(self, *choices: str) -> str:
        """Choose among words that mean the same."""
        return self.rng.choice(choices)

    def left(self, group: Group, relation: Relation | None = None) -> list[Thing]:
        """Return things of a group that were not named, and for which a relation is true."""
        return [t for t in group.things if t not in self.named and (relation is None or relation(t))]

    def tells(self, group: Group) -> bool:
        """Say whether any thing of a group was named."""
        return group.phrase in self._told

    @property
    def told(self) -> frozenset[str]:
        """The phrases of the groups that were named."""
        return frozenset(self._told)

    def focus(self, size: bool = False) -> Item:
        """Name the focus alone, with an adjective or detail now and then, and its size if asked for."""
        thing = self.hero
        group = self.facts.groups[thing.phrase]
        words = self._described(group, [thing], thing.phrase)
        if group.kind != "mass":
            words = f"{article(words)} {words}"
        extra = size_words(thing) if size else ""
        if not extra and len(thing.details) > 0 and self.chance(0.6):
            extra = thing.details[0]
        self._note(group, [thing])
        self.alone = True
        return Item(f"{words} {extra}".strip(), "", group.kind == "mass" and is_plural(group.phrase))

    def item(self, group: Group, relation: Relation | None = None, where: float = 0.0) -> Item:
        """Name the things of a group that are left (and in a relation), with their place by a chance."""
        things = self.left(group, relation)
        other = self._needs_other(group)
        words, plural = self._phrase(group, things, other)
        self._note(group, things)
        place = self.where(things) if where and not other and self.chance(where) else ""
        return Item(words, place, plural, other)

    def cover(self, group: Group, bare: bool = True) -> Item:
        """Name a whole group without a number, as what covers ground; `bare` nouns may go without article."""
        things = list(group.things)
        uncounted = group.kind == "mass" or (bare and group.phrase in BARE_COVER)
        several = not uncounted and len(things) > 1
        words = self._described(group, things, group.plural if several else group.phrase)
        if not uncounted and not several:
            words = f"{article(words)} {words}"
        self._note(group, things)
        self.alone = self.alone or things == [self.facts.focus]
        return Item(words, "", several or (group.kind == "mass" and is_plural(group.phrase)))

    def where(self, things: Sequence[Thing]) -> str:
        """Say where things lie; "" where no word fits, or this sentence has said the place already."""
        place = place_of(self.facts, things)
        if place is None:
            counted = self.facts.groups[things[0].phrase].kind == "count"
            if self._scattered or not counted or not is_scattered(self.facts, things):
                return ""
            self._scattered = True
            return self.pick("scattered over the image", "spread across the image")
        if place in self._places:
            return ""
        self._places.add(place)
        words = place_words(place, self.compass, corner=self.chance(0.3))
        return f"{words} of the image" if self.chance(0.15) else words

    def new_sentence(self) -> None:
        """Allow places to be said again."""
        self._places.clear()

    def _note(self, group: Group, things: Sequence[Thing]) -> None:
        self.named.update(things)
        self._told.add(group.phrase)

    def _phrase(self, group: Group, things: Sequence[Thing], other: bool) -> tuple[str, bool]:
        count = len(things)
        # "another red-roofed house" would say that those named before are red-roofed, too
        alike = group.things if other else things
        if group.kind == "mass":
            words = self._described(group, alike, group.phrase)
            return ("other " if other else "") + words, is_plural(group.phrase)
        if group.kind == "line":
            if count == 1 or (not other and is_run(things)):
                return self._one(group, things, other, counted=False), False
            return ("other " if other else "") + self._described(group, alike, group.plural), True
        if count == 1:
            return self._one(group, things, other, counted=True), False
        words = ("other " if other else "") + self._described(group, alike, group.plural)
        if self._is_ground(things) and self.chance(0.75):
            return words, True
        if count == 2 and not other and self.chance(0.15):
            return f"a pair of {words}", True
        return f"{self._number(count)} {words}", True

    def _one(self, group: Group, things: Sequence[Thing], other: bool, counted: bool) -> str:
        words = self._described(group, group.things if other else things, group.phrase)
        if other:
            return f"{self.pick('another', 'another', 'one other') if counted else 'another'} {words}"
        detail = things[0].details[:1] if len(things) == 1 and self.chance(0.3) else ()
        words = " ".join((words, *detail))
        return f"{article(words)} {words}"

    def _needs_other(self, group: Group) -> bool:
        if group.phrase in self._told:
            return True
        told = (self.facts.groups[phrase] for phrase in self._told)
        return group.phrase == "building" and any(g.first.key == "building" for g in told)

    def _described(self, group: Group, things: Sequence[Thing], noun: str) -> str:
        if not self.chance(0.25 if group.kind == "line" else 0.6):
            return noun
        shared = [a for a in things[0].adjectives if all(a in t.adjectives for t in things)]
        # "a grass path" beside "grass" reads as two things; "an industrial industrial building" as a slip.
        fitting = [
            a for a in shared if a not in self.facts.groups and not set(a.split()) & set(group.phrase.split())
        ]
        return " ".join((*fitting[:1], noun))

    def is_last_building(self, group: Group) -> bool:
        """Say whether a group is one plain building beside named ones: "another building" tells nothing."""
        named = any(g.first.key == "building" and g is not group for g in self.facts.groups.values())
        return group.phrase == "building" and named and len(group.things) == 1

    def _is_ground(self, things: Sequence[Thing]) -> bool:
        return all(t.label["shape"] == "area" and t.key in GROUND_KEYS for t in things)

    def _number(self, count: int) -> str:
        if count > 23 and self.chance(0.4):
            return "dozens of" if count < 100 else f"more than {round_below(count):,}"
        if count > 20 and self.chance(0.2):
            return f"more than {round_below(count):,}"
        return number(count)


def is_run(things: Sequence[Thing]) -> bool:
    """Say whether two to four lines go on into each other, as the pieces of one road do."""
    if not 2 <= len(things) <= 4:
        return False
    reached, rest = [things[0]], list(things[1:])
    while rest:
        joining = [t for t in rest if any(_meet(t, r) for r in reached)]
        if not joining:
            return False
        reached += joining
        rest = [t for t in rest if t not in joining]
    return True


def _meet(a: Thing, b: Thing) -> bool:
    x0, y0, x1, y1 = around((a.box, b.box))
    widths = a.box[2] - a.box[0] + b.box[2] - b.box[0]
    heights = a.box[3] - a.box[1] + b.box[3] - b.box[1]
    return x1 - x0 <= widths + 2 * RUN_GAP and y1 - y0 <= heights + 2 * RUN_GAP


def listed(items: Sequence[Item]) -> str:
    """Join items, those with a place first, so that a place is not read as that of the items before it."""
    return joined([str(i) for i in in_order(items)])


def in_order(items: Sequence[Item]) -> list[Item]:
    """Return items as they are listed: those with a place first, "other ..." last."""
    return sorted(items, key=lambda i: (i.late, not i.where))


def verb(items: Sequence[Item], singular: str = "is", plural: str = "are") -> str:
    """Return the verb form that a list of items takes."""
    return plural if len(items) > 1 or items[0].plural else singular
