"""The clauses of style `natural` on presence, places and relations of objects (2.1 and 2.2 of the grammar)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rsvlm.captioning.verify.lexemes import Lexeme
from rsvlm.captioning.verify.lexicon import not_held
from rsvlm.captioning.verify.phrases import NounPhrase
from rsvlm.captioning.verify.places import Place, place_of
from rsvlm.captioning.verify.relations import relation_test, surround
from rsvlm.captioning.verify.sizes import group_share, size_problem
from rsvlm.captioning.verify.state import State
from rsvlm.captioning.verify.things import Thing

Parts = dict[str, list[Lexeme]]
"""The lexemes of a clause by the name of the part of the form that they fill; parts that are not there are empty."""


@dataclass
class Item:
    """A noun phrase with what is bound to it."""

    phrase: NounPhrase
    size: Lexeme | None = None
    where: Lexeme | None = None


def items(lexemes: Sequence[Lexeme]) -> list[Item]:
    """The items of a list."""
    found: list[Item] = []
    for lexeme in lexemes:
        if lexeme.code == "N":
            found.append(Item(lexeme.value))
        elif lexeme.code == "S":
            found[-1].size = lexeme
        elif lexeme.code == "W":
            found[-1].where = lexeme
    return found


def check_place(state: State, members: Sequence[Thing], place: Place, compass: bool, words: str) -> None:
    """Hold a place against the members that it is said of."""
    if compass and not state.things.north_up:
        state.say(f"says '{words}'; up is not north in the image")
    elif members and place_of(members, state.things) != place:
        state.say(f"says '{words}' of the {members[0].group.phrase}, which is not there")


def _check_where(state: State, members: Sequence[Thing], where: Lexeme) -> None:
    words, place, compass = where.value
    check_place(state, members, place, compass, words)


def check_item(state: State, item: Item, members: Sequence[Thing]) -> None:
    """Hold what is bound to a noun phrase, its size and place, against the members that it names."""
    if item.size is not None:
        said, is_area = item.size.value
        if len(members) != 1 or item.phrase.post is not None:
            state.say(f"says {said} of '{item.phrase.text}'")
        else:
            problem = size_problem(members[0], said, is_area)
            if problem is not None:
                state.say(problem)
    if item.where is not None:
        _check_where(state, members, item.where)


def name_focus(state: State, lexemes: Sequence[Lexeme]) -> list[Thing]:
    """A list of exactly one item, the focus."""
    (item,) = items(lexemes)
    members = state.name_focus(item.phrase)
    check_item(state, item, members)
    return members


def name_all(state: State, lexemes: Sequence[Lexeme]) -> list[Thing]:
    """A list without relation."""
    found: list[Thing] = []
    for item in items(lexemes):
        members = state.name(item.phrase)
        check_item(state, item, members)
        found += members
    return found


def name_related(
    state: State, lexemes: Sequence[Lexeme], relation: str, compass: bool = False, later: bool = False
) -> None:
    """A list in the scope of a relation to the focus; `later` where the focus is named after it."""
    if state.things.focus is None or not (state.focus_alone or later):
        state.say("speaks of 'it', and no focus was named alone before")
        return
    if compass and not state.things.north_up:
        state.say(f"says '{relation} of it'; up is not north in the image")
    test: Callable[[Thing], bool] = relation_test(relation, state.things)
    found: list[Thing] = []
    for item in items(lexemes):
        members = state.name(item.phrase, test, relation)
        check_item(state, item, members)
        found += members
    if relation == "around" and not surround(found, state.things):
        state.say(f"says {len(found)} objects lie around the {state.things.focus.group.phrase}; they do not")


def tail(state: State, parts: Parts) -> None:
    """What follows a list: `with`, and up to two relations to the focus."""
    if parts["with"]:
        if parts["word"]:
            name_related(state, parts["with"], *parts["word"][0].value)
        else:
            name_all(state, parts["with"])
    if parts["relation"]:
        name_related(state, parts["relation"][1:], parts["relation"][0].value)
    if parts["with2"]:
        if parts["word2"]:
            name_related(state, parts["with2"], *parts["word2"][0].value)
        else:
            name_all(state, parts["with2"])


def _name_subject(state: State, parts: Parts) -> list[Thing]:
    return name_focus(state, parts["focus"]) if parts["focus"] else name_all(state, parts["list"])


def presence(state: State, parts: Parts) -> None:
    """`[lead ','] [opener] list [tail]`, `list 'can be seen'`."""
    if parts["lead"]:
        (cover,) = items(parts["lead"])
        share = name_whole_group(state, cover.phrase)
        if share is None or share < 0.9:
            state.say(f"says 'in {cover.phrase.text}'; it takes {_percent(share)} of the image")
    _name_subject(state, parts)
    tail(state, parts)


def placed(state: State, parts: Parts) -> None:
    """`list verb where [tail]`, `where be list [tail]`, `where ',' focus verb relation-word list`."""
    members = _name_subject(state, parts)
    _check_where(state, members, parts["where"][0])
    tail(state, parts)


def around_it(state: State, parts: Parts) -> None:
    """`near-word be list`, `'it is surrounded by' list`, `'it lies beside' list [tail]`."""
    if parts["word0"]:
        name_related(state, parts["list"], *parts["word0"][0].value)
    tail(state, parts)


def beside_focus(state: State, parts: Parts) -> None:
    """`'beside' focus be list`."""
    name_focus(state, parts["focus"])
    tail(state, parts)


def surrounds(state: State, parts: Parts) -> None:
    """`list 'surround[s]' (focus [where] | 'it')`."""
    name_related(state, parts["list"], "around", later=bool(parts["focus"]))
    if parts["focus"]:
        name_focus(state, parts["focus"])


def it_is(state: State, parts: Parts) -> None:
    """`'it lies' where`, `'it covers about ...'`."""
    focus = state.things.focus
    if focus is None or not state.focus_alone:
        state.say("speaks of 'it', and no focus was named alone before")
        return
    if parts["where"]:
        _check_where(state, [focus], parts["where"][0])
    if parts["size"]:
        problem = size_problem(focus, *parts["size"][0].value)
        if problem is not None:
            state.say(problem)


def name_whole_group(state: State, phrase: NounPhrase) -> float | None:
    """A cover-np: names the whole group; returns its share of the image, None where that cannot be known."""
    group = phrase.group(state.things.groups)
    if group is None:
        state.say(not_held(phrase.text))
        return None
    if len(state.unnamed(group)) < len(group.members):
        state.say(f"names '{phrase.text}' again")
    state.name_cover(phrase, group)
    return group_share(group, state.things)


def _percent(share: float | None) -> str:
    return "an unknown share" if share is None else f"{100 * share:.1f} %"
