"""The short version of `natural`: one or two sentences, of one of many patterns."""

import random
from collections.abc import Callable, Sequence

from rsvlm.captioning.clip_tokens import count_tokens
from rsvlm.captioning.english import sentence
from rsvlm.captioning.natural.facts import Facts
from rsvlm.captioning.natural.interest import ground, interest, is_district, is_ground, leads, ranked
from rsvlm.captioning.natural.lines import line_clause, through
from rsvlm.captioning.natural.parts import (
    beside,
    choose,
    cover_clause,
    holder,
    near,
    on_side,
    side_words,
    some,
    stand,
    surrounding,
    with_some,
)
from rsvlm.captioning.natural.places import place_of
from rsvlm.captioning.natural.shares import ALMOST_ALL, MOST, group_share
from rsvlm.captioning.natural.story import Item, Story, in_order, listed, verb

MOST_TOKENS = 77
"""The context of CLIP's text tower, start and end included."""

SHOWS = "the image shows "

Pattern = Callable[[Story], str]
"""Returns the words of a sentence, without capital and full stop; "" where the pattern does not fit the chip."""


def short(facts: Facts, rng: random.Random, before: str = "", limit: int = MOST_TOKENS) -> str:
    """Tell a chip in one or two sentences that fit CLIP's context together with the sentence that goes before.

    Returns:
        The sentences, "" where there is nothing to tell.
    """
    if not facts.groups:
        return before
    compass = facts.north_up and rng.random() < 0.6
    for pattern in _shuffled(_LEADING if leads(facts) else _SCENES, rng):
        if before and pattern in _OF_COVER:
            continue  # the land cover has said it
        story = Story(facts, rng, compass)
        words = pattern(story)
        if not words:
            continue
        text = f"{before} {sentence(words)}".strip()
        more = "" if before else _coda(story, words)
        longer = f"{text} {sentence(more)}" if more else text
        for candidate in (longer, text):
            if count_tokens(candidate) <= limit and _names_focus(story):
                return candidate
    return f"{before} {sentence(_fallback(Story(facts, rng, compass)))}".strip()


def _names_focus(story: Story) -> bool:
    own = story.facts.focus_group
    return own is None or story.tells(own)


def _shuffled(patterns: Sequence[tuple[Pattern, float]], rng: random.Random) -> list[Pattern]:
    """Order patterns by chance, heavier ones earlier (Efraimidis and Spirakis 2006)."""
    return [p for _, p in sorted(((rng.random() ** (1 / w), p) for p, w in patterns), key=lambda k: -k[0])]


def _fallback(story: Story) -> str:
    own = story.facts.focus_group or ranked(story.facts)[0]
    item = story.item(own)
    return f"there {verb([item])} {item}"


# The focus alone, and how other things lie to it --------------------------------------------------------------------


def _opened(story: Story, size: float = 0.3, where: float = 0.75) -> Item:
    """Name the focus with its size and place, by chance."""
    focus = story.facts.focus
    assert focus is not None
    item = story.focus(size=story.chance(size))
    return item._replace(where=story.where([focus]) if story.chance(where) else "")


def _plain_opener(story: Story, items: Sequence[Item]) -> str:
    return story.pick("", "", f"there {verb(items[:1])} ", SHOWS)


def _plain(story: Story) -> str:
    item = _opened(story)
    return f"{_plain_opener(story, [item])}{item}{with_some(story, story.rng.choice((1, 2, 2, 3)))}"


def _located(story: Story) -> str:
    focus = story.facts.focus
    assert focus is not None
    item = story.focus(size=story.chance(0.3))
    if focus.label["shape"] == "line":
        run = through(story, [focus])
        return run and f"{item} runs {run}{with_some(story, 2)}"
    where = story.where([focus])
    if not where:
        return ""
    if story.chance(0.4) or focus.label["shape"] == "point":
        return f"{where} {verb([item])} {item}{with_some(story, 2)}"
    return f"{item} {stand(story, item, focus)} {where}{with_some(story, 2)}"


def _around(story: Story) -> str:
    groups = surrounding(story)
    if not groups:
        return ""
    item = _opened(story)
    others = [story.item(g) for g in groups]
    if story.chance(0.25):
        return f"{listed(others)} {verb(others, 'surrounds', 'surround')} {item}"
    if story.chance(0.5):
        return f"{_plain_opener(story, [item])}{item}, with {listed(others)} around it"
    return f"{_plain_opener(story, [item])}{item}, surrounded by {listed(others)}"


def _beside(story: Story) -> str:
    focus = story.facts.focus
    assert focus is not None
    item = _opened(story)
    others = some(story, 2, beside(story), where=0.0)
    if not others:
        return ""
    preposition = story.pick("next to", "beside")
    form = story.rng.randrange(5)
    if form == 0:
        return f"{preposition} {item} {verb(others)} {listed(others)}"
    if form == 1 and item.where:
        return f"{item.where}, {item.words} {stand(story, item, focus)} {preposition} {listed(others)}"
    if form == 2:
        return f"{_plain_opener(story, [item])}{item}, with {listed(others)} {preposition} it"
    rest = with_some(story, 1) if story.chance(0.4) else ""
    return f"{_plain_opener(story, [item])}{item.words} {preposition} {listed(others)}{rest}"


def _near(story: Story) -> str:
    item = _opened(story)
    others = some(story, 3, near(story), where=0.0)
    if not others:
        return ""
    if story.chance(0.5):
        return f"{_plain_opener(story, [item])}{item.words} near {listed(others)}"
    return f"{_plain_opener(story, [item])}{item}, with {listed(others)} {story.pick('nearby', 'close by')}"


def _beside_one_side(story: Story) -> str:
    item = _opened(story)
    for side in story.rng.sample("nswe", 4):
        others = some(story, 2, on_side(story, side), where=0.0)
        if others:
            return f"{_plain_opener(story, [item])}{item}, with {listed(others)} {side_words(story, side)}"
    return ""


def _inside(story: Story) -> str:
    group = holder(story)
    if group is None:
        return ""
    item = story.focus(size=story.chance(0.25))
    inside = f"{_plain_opener(story, [item])}{item.words} in {story.item(group).words}"
    relation, word = story.rng.choice(((beside, "beside it"), (near, "nearby")))
    others = some(story, 2, relation(story), where=0.0)
    if others:
        return f"{inside}, with {listed(others)} {word}"
    return inside + with_some(story, 2)


def _in_its_ground(story: Story) -> str:
    """What covers the chip goes first, the focus stands in it."""
    group = ground(story.facts, [g for g in ranked(story.facts) if g is not story.facts.focus_group])
    if group is None:
        return ""
    share = group_share(story.facts, group) or 0.0
    if share >= ALMOST_ALL and len(group.things) == 1 and story.chance(0.6):
        lead = f"in {story.cover(group, bare=False)}, "
        item = _opened(story)
        return f"{lead}there {verb([item])} {item}{with_some(story, 2)}"
    clause = cover_clause(story, group)
    return clause and f"{clause}{with_some(story, 3)}"


# Scenes without a leading thing -------------------------------------------------------------------------------------


def _district(story: Story) -> str:
    group = next((g for g in ranked(story.facts) if is_district(story.facts, g)), None)
    if group is None or len(group.things) > 1:
        return ""
    opener = story.pick("", "", "this is ", "the image shows ", "a view of ")
    tail = with_some_after(story, story.cover(group), story.rng.choice((2, 3, 3, 4)))
    return f"{opener}{tail}"


def with_some_after(story: Story, item: Item, most: int) -> str:
    """Return an item with a list of what is in it."""
    return f"{item}{with_some(story, most, comma=False)}"


def _covered(story: Story) -> str:
    group = ground(story.facts, ranked(story.facts))
    if group is None:
        return ""
    if (group_share(story.facts, group) or 0.0) < MOST or story.chance(0.6):
        clause = cover_clause(story, group)
        return clause and f"{clause}{with_some(story, 3)}"
    if (group_share(story.facts, group) or 0.0) >= ALMOST_ALL:
        return f"{story.item(group)}{with_some(story, 3)}"
    item = story.cover(group)
    rest = with_some(story, 3)
    return rest and f"mostly {item}{rest}"


def _in_cover(story: Story) -> str:
    group = ground(story.facts, ranked(story.facts))
    if group is None or (group_share(story.facts, group) or 0.0) < ALMOST_ALL:
        return ""
    if len(group.things) > 1:
        return ""
    lead = f"in {story.cover(group, bare=False)}, "
    items = some(story, story.rng.choice((2, 3, 3)))
    return f"{lead}there {verb(in_order(items)[:1])} {listed(items)}" if items else ""


def _list(story: Story) -> str:
    items = some(story, story.rng.choice((2, 3, 3, 4)), where=0.5)
    if not items:
        return ""
    return f"{_plain_opener(story, in_order(items))}{listed(items)}"


def _only(story: Story) -> str:
    """There is one kind of thing: how much of the image it takes, or where it is."""
    if len(story.facts.groups) > 1:
        return ""
    group = ranked(story.facts)[0]
    above = "seen from above, " if story.chance(0.3) else ""
    share = group_share(story.facts, group) or 0.0
    tells_share = is_ground(group) and (share >= 0.45 or place_of(story.facts, group.things) is None)
    if tells_share and (clause := cover_clause(story, group)):
        return above + clause
    if group.kind == "line" and (told := line_clause(story, group)):
        return f"{above}{told[0]} {told[1]}"
    if leads(story.facts):
        return ""
    item = story.item(group, where=0.9)
    return f"{above}there {verb([item])} {item}" if above or story.chance(0.5) else f"{_plain_opener(story, [item])}{item}"


def _line_first(story: Story) -> str:
    lines = [g for g in ranked(story.facts) if g.kind == "line" and interest(g.first) >= 3]
    for group in sorted(lines[:3], key=lambda _: story.rng.random()):
        told = line_clause(story, group)
        if told:
            return _line_and_ground(story, f"{told[0]} {told[1]}")
    return ""


def _focus_line(story: Story) -> str:
    own = story.facts.focus_group
    told = line_clause(story, own) if own else None
    return _line_and_ground(story, f"{told[0]} {told[1]}") if told else ""


def _line_and_ground(story: Story, clause: str) -> str:
    group = ground(story.facts, [g for g in ranked(story.facts) if not story.tells(g)])
    if group is not None and story.chance(0.6):
        covering = cover_clause(story, group)
        if covering:
            return f"{clause}{story.pick(', while ', '; ', ', and ')}{covering}"
    return clause + with_some(story, story.rng.choice((1, 2, 3)))


def _group_placed(story: Story) -> str:
    for group in choose(story, 2):
        things = story.left(group)
        if group.kind == "line":
            run = through(story, things)
            if run:
                item = story.item(group)
                return f"{item} {verb([item], 'runs', 'run')} {run}{with_some(story, 2)}"
            continue
        where = story.where(things)
        if where:
            item = story.item(group)
            word = "" if where.startswith(("scattered", "spread")) else f" {stand(story, item, group.first)}"
            return f"{item}{word or ' ' + verb([item])} {where}{with_some(story, 2)}"
    return ""


# A second sentence ---------------------------------------------------------------------------------------------------


def _coda(story: Story, first_words: str) -> str:
    """Return a second sentence on something not told yet, "" at times."""
    story.new_sentence()
    if story.chance(0.45):
        return ""
    lines = [g for g in ranked(story.facts) if g.kind == "line" and interest(g.first) >= 3]
    for group in lines[:3]:
        told = line_clause(story, group)
        if told:
            return f"{told[0]} {told[1]}"
    items = some(story, 2, where=0.6)
    if not items:
        return ""
    openers = [f"there {verb(in_order(items)[:1])} also ", f"also visible {verb(items)} "]
    if not first_words.startswith(SHOWS):
        openers.append("the image also shows ")
    return f"{story.pick(*openers)}{listed(items)}"


_LEADING: tuple[tuple[Pattern, float], ...] = (
    (_only, 1e6), (_focus_line, 6.0), (_plain, 1.5), (_located, 1.5), (_around, 3.0), (_beside, 2.5), (_near, 1.5), (_beside_one_side, 1.5),
    (_inside, 1.5), (_in_its_ground, 1.5),
)  # fmt: skip
_SCENES: tuple[tuple[Pattern, float], ...] = (
    (_only, 1e6), (_district, 2.0), (_covered, 2.0), (_in_cover, 1.5), (_list, 1.5), (_line_first, 1.5), (_group_placed, 1.0),
)  # fmt: skip
_OF_COVER = (_in_its_ground, _only, _covered, _in_cover)
