"""What a caption has named so far, and whether each noun phrase is true of what is left (sections 1.1 to 1.5)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rsvlm.captioning.verify.lexicon import not_held
from rsvlm.captioning.verify.phrases import NounPhrase
from rsvlm.captioning.verify.relations import is_one_run
from rsvlm.captioning.verify.things import Group, Thing, Things
from rsvlm.captioning.verify.words import article_before

_GROUNDS = ("landuse", "landcover", "natural")
"""Main keys of areas that need no count: "forests", "meadows"."""

_RELATION_WORDS = {"up": "above", "down": "below", "in": "that hold"} | {
    side: f"{side} of" for side in ("north", "east", "south", "west", "left", "right")
}


@dataclass
class State:
    """The reading of a caption up to a point: which objects it has named, and what is wrong with it."""

    things: Things
    named: set[int] = field(default_factory=set)
    focus_alone: bool = False
    problems: list[str] = field(default_factory=list)

    def copy(self) -> "State":
        """A state to go on from without touching this one; its problems start empty."""
        return State(self.things, set(self.named), self.focus_alone)

    def say(self, problem: str) -> None:
        """Note something that is wrong."""
        self.problems.append(problem)

    def unnamed(self, group: Group) -> list[Thing]:
        """The members of a group that were not named before."""
        return [m for m in group.members if id(m) not in self.named]

    def name(
        self, phrase: NounPhrase, test: Callable[[Thing], bool] | None = None, relation: str = ""
    ) -> list[Thing]:
        """Name the members of a group that a noun phrase speaks of, in the scope of a relation where there is one."""
        group = phrase.group(self.things.groups)
        if group is None:
            self.say(not_held(phrase.text))
            return []
        left = self.unnamed(group)
        if test is not None:
            left = [m for m in left if m is not self.things.focus]
        members = left if test is None else [m for m in left if test(m)]
        if relation in ("around", "in") and len(members) < len(left):
            self.say(
                f"'{phrase.text}': {len(left) - len(members)} of the {group.plural} are not {relation} it"
            )
        if not members:
            said = (
                f"{_RELATION_WORDS.get(relation, relation)} the focus"
                if test
                else "that were not named before"
            )
            self.say(f"says '{phrase.text}'; the labels hold no {group.plural} {said}")
            return []
        self._check_other(phrase, group)
        self._check_words(phrase, members)
        for problem in form_problems(phrase, group, members):
            self.say(problem)
        self._take(members)
        return members

    def name_focus(self, phrase: NounPhrase) -> list[Thing]:
        """Name the focus, and nothing else."""
        focus, group = self.things.focus, phrase.group(self.things.groups)
        if group is None:
            self.say(not_held(phrase.text))
            return []
        if focus is None or group is not focus.group or id(focus) in self.named:
            self.say(f"says of '{phrase.text}' what can be said of the focus only")
            return []
        if self.unnamed(group) == [focus]:
            return self.name(phrase)
        if (
            phrase.quantity != ("" if group.kind == "mass" else "article")
            or phrase.noun.singular != group.phrase
        ):
            self.say(
                f"says '{phrase.text}' of the focus alone; the labels hold {len(group.members)} {group.plural}"
            )
        self._check_other(phrase, group)
        self._check_words(phrase, [focus])
        self._take([focus])
        return [focus]

    def name_cover(self, phrase: NounPhrase, group: Group) -> None:
        """Name a whole group as that which covers the image."""
        n, quantity = len(group.members), phrase.quantity
        if quantity == "article":
            right = phrase.noun.singular == group.phrase and n == 1
        elif quantity == "":
            mass = group.kind == "mass" or (phrase.noun.singular == group.phrase == "forest")
            right = mass or (phrase.noun.plural == group.phrase and n >= 2)
        else:
            right = False
        if not right or phrase.other:
            self.say(f"says '{phrase.text}' of all {group.plural}; the labels hold {n}")
        self._check_words(phrase, group.members)
        self._take(group.members)

    def _take(self, members: Sequence[Thing]) -> None:
        self.named.update(id(m) for m in members)
        self.focus_alone = self.focus_alone or (len(members) == 1 and members[0] is self.things.focus)

    def _check_other(self, phrase: NounPhrase, group: Group) -> None:
        again = any(id(m) in self.named for m in group.members)
        if again and not phrase.other:
            self.say(f"names '{phrase.text}' again without 'other'")
        if phrase.other and not again and not (group.phrase == "building" and self._building_named(group)):
            self.say(f"says '{phrase.text}', and no {group.plural} were named before")

    def _building_named(self, but: Group) -> bool:
        return any(
            m.key == "building" and id(m) in self.named
            for group in self.things.groups.values()
            if group is not but
            for m in group.members
        )

    def _check_words(self, phrase: NounPhrase, members: Sequence[Thing]) -> None:
        """The article's form, adjectives and detail of a noun phrase."""
        if phrase.article is not None:
            article, word = phrase.article
            if article != article_before(word):
                self.say(f"says '{article} {word}', should be '{article_before(word)} {word}'")
        for member in members if phrase.adjectives else ():
            held = member.adjectives()
            if any(word not in held for word in phrase.adjectives):
                self.say(f"says '{phrase.text}'; the labels of {member.label['id']} hold {_listed(held)}")
                break
            places = [held.index(word) for word in phrase.adjectives]
            if places != sorted(set(places)):
                self.say(f"says '{phrase.text}'; the order of the labels is {_listed(held)}")
                break
        if phrase.post is not None:
            key, words = phrase.post
            wrong = next((m for m in members if m.details().get(key) != words), None)
            if wrong is not None:
                self.say(f"says '{phrase.text}', which is not so of {wrong.label['id']}")


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words) or "no adjectives"


def form_problems(phrase: NounPhrase, group: Group, members: Sequence[Thing]) -> list[str]:
    """What is wrong with how many a noun phrase says, and with singular and plural."""
    n, quantity = len(members), phrase.quantity
    said = f"says '{phrase.text}'; the labels hold {n}"
    singular, plural = phrase.noun.singular == group.phrase, phrase.noun.plural == group.phrase
    if group.kind == "mass":
        right = quantity in ("", "patch", "patches", "number patches") and _patches_are_right(phrase, members)
    elif quantity in ("article", "another"):
        run = group.kind == "line" and quantity == "article" and is_one_run(members)
        right = singular and (n == 1 or run)
    elif quantity == "single":
        right = singular and n == 1 and len(group.members) == 1 and group.kind == "count"
    elif group.kind == "line":
        right = plural and quantity == "" and n >= 2
    elif quantity == "":
        right = plural and n >= 2 and all(m.label["shape"] == "area" and m.key in _GROUNDS for m in members)
    else:
        right = plural and number_is_right(quantity, phrase.number, n)
    return [] if right else [said]


def _patches_are_right(phrase: NounPhrase, members: Sequence[Thing]) -> bool:
    if phrase.quantity == "":
        return True
    if any(m.label["shape"] != "area" for m in members):
        return False
    n = len(members)
    if phrase.quantity == "patch":
        return n == 1
    return n >= 2 and (phrase.quantity == "patches" or phrase.number == n)


def number_is_right(quantity: str, said: float | None, n: int) -> bool:
    """Whether "two", "dozens of", "more than 20" and the like are true of `n` things."""
    if quantity == "more than":
        step = 10 if n <= 100 else 100
        return n >= 21 and said == step * ((n - 1) // step)
    if quantity == "number":
        return n >= 2 and said == n
    return {"pair": n == 2, "dozens": 24 <= n <= 99, "hundreds": 200 <= n <= 999}.get(quantity, False)
