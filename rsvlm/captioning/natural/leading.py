"""Sentences on the focus alone: where it is, and how other things lie to it.

Each pattern returns the words of a sentence, without capital and full stop, or "" where it does not fit
the chip.
"""

from rsvlm.captioning.natural.interest import ground, ranked
from rsvlm.captioning.natural.lines import line_clause, through
from rsvlm.captioning.natural.parts import (
    and_ground,
    beside,
    contents,
    cover_clause,
    holder,
    near,
    on_side,
    opener,
    side_words,
    some,
    stand,
    surrounding,
    with_some,
)
from rsvlm.captioning.natural.shares import ALMOST_ALL, group_share
from rsvlm.captioning.natural.story import Item, Story, listed, verb


def _opened(story: Story) -> Item:
    """Name the focus with its size and place, by chance."""
    item = story.focus(size=story.chance(0.3))
    placed = len(story.facts.groups) == 1 or story.chance(0.75)
    return item._replace(where=story.where([story.hero]) if placed else "")


def plain(story: Story) -> str:
    """A church in the north, with 12 houses and a car park."""
    item = _opened(story)
    return f"{opener(story, [item])}{item}{with_some(story, story.rng.choice((2, 2, 3)))}"


def located(story: Story) -> str:
    """A church stands in the north, with 12 houses."""
    item = story.focus(size=story.chance(0.3))
    shape = story.hero.label["shape"]
    if shape == "line":
        way = through(story, [story.hero])
        return way and f"{item} runs {way}{with_some(story, 2)}"
    where = story.where([story.hero])
    if not where:
        return ""
    if shape == "point" or story.chance(0.4):
        return f"{where} {verb([item])} {item}{with_some(story, 2)}"
    return f"{item} {stand(item, story.hero)} {where}{with_some(story, 2)}"


def encircled(story: Story) -> str:
    """A church in the centre, surrounded by 12 houses."""
    groups = surrounding(story)
    if not groups:
        return ""
    item = _opened(story)
    others = [story.item(g) for g in groups]
    if story.chance(0.25) and not any(other.late for other in others):
        return f"{listed(others)} {verb(others, 'surrounds', 'surround')} {item}"
    if story.chance(0.5):
        return f"{opener(story, [item])}{item}, with {listed(others)} around it"
    return f"{opener(story, [item])}{item}, surrounded by {listed(others)}"


def neighboured(story: Story) -> str:
    """A church next to a car park."""
    item = _opened(story)
    others = some(story, 2, beside(story), where=0.0)
    if not others:
        return ""
    preposition = story.pick("next to", "beside")
    form = story.rng.randrange(5)
    if form == 0:
        return f"{preposition} {item} {verb(others)} {listed(others)}"
    if form == 1 and item.where:
        return f"{item.where}, {item.words} {stand(item, story.hero)} {preposition} {listed(others)}"
    if form == 2:
        return f"{opener(story, [item])}{item}, with {listed(others)} {preposition} it"
    rest = with_some(story, 1) if story.chance(0.4) else ""
    return f"{opener(story, [item])}{item.words} {preposition} {listed(others)}{rest}"


def with_things_near(story: Story) -> str:
    """A church in the north, with a school and three houses nearby."""
    item = _opened(story)
    others = some(story, 3, near(story), where=0.0)
    if not others:
        return ""
    if story.chance(0.5):
        return f"{opener(story, [item])}{item.words} near {listed(others)}"
    return f"{opener(story, [item])}{item}, with {listed(others)} {story.pick('nearby', 'close by')}"


def with_things_on_a_side(story: Story) -> str:
    """A church, with three houses to the north of it."""
    item = _opened(story)
    for side in story.rng.sample("nswe", 4):
        others = some(story, 2, on_side(story, side), where=0.0)
        if others:
            return f"{opener(story, [item])}{item}, with {listed(others)} {side_words(story, side)}"
    return ""


def held(story: Story) -> str:
    """A church in a residential area, with a car park beside it."""
    group = holder(story)
    if group is None:
        return ""
    item = story.focus(size=story.chance(0.25))
    inside = f"{opener(story, [item])}{item.words} in {story.item(group).words}"
    relation, word = story.rng.choice(((beside, "beside it"), (near, "nearby")))
    others = some(story, 2, relation(story), where=0.0)
    return f"{inside}, with {listed(others)} {word}" if others else inside + with_some(story, 2)


def on_its_ground(story: Story) -> str:
    """Forest covers most of the image, with a church in the north."""
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


def containing(story: Story) -> str:
    """A farmyard in the north-west with two barns and a silo."""
    groups = contents(story)
    if not groups:
        return ""
    item = _opened(story)
    inside = sorted(groups[: story.rng.choice((2, 2, 3))], key=lambda g: g.phrase == "building")
    others = [story.item(g) for g in inside]
    others += some(story, 3 - len(others), where=0.0) if len(others) < 2 or story.chance(0.5) else []
    comma = "," if item.where and story.chance(0.5) else ""
    return f"{opener(story, [item])}{item}{comma} with {listed(others)}"


def running(story: Story) -> str:
    """A river crosses the image from west to east, with farmland and two sheds."""
    told = line_clause(story, story.facts.groups[story.hero.phrase])
    return and_ground(story, f"{told[0]} {told[1]}") if told else ""
