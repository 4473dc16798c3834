"""Sentences on a chip without a leading thing: what covers it, what is in it, how its roads and rivers run.

Each pattern returns the words of a sentence, without capital and full stop, or "" where it does not fit
the chip.
"""

from rsvlm.captioning.natural.facts import Group
from rsvlm.captioning.natural.interest import ground, interest, is_district, is_ground, leads, ranked
from rsvlm.captioning.natural.lines import line_clause, through
from rsvlm.captioning.natural.parts import (
    and_ground,
    choose,
    cover_clause,
    opener,
    some,
    stand,
    with_some,
)
from rsvlm.captioning.natural.places import place_of
from rsvlm.captioning.natural.shares import ALMOST_ALL, MOST, group_share
from rsvlm.captioning.natural.story import Story, in_order, listed, verb

LEAST_LINE = 3.0
"""Interest of a line that can open a caption: no footpaths."""


def district(story: Story) -> str:
    """A residential area with 12 houses and a playground."""
    group = next((g for g in ranked(story.facts) if is_district(story.facts, g)), None)
    if group is None or len(group.things) > 1:
        return ""
    opening = story.pick("", "", "this is ", "the image shows ", "a view of ")
    item = story.cover(group)
    return f"{opening}{item}{with_some(story, story.rng.choice((2, 3, 3, 4)), comma=False)}"


def covered(story: Story) -> str:
    """Forest covers most of the image, with a track and a stream."""
    group = ground(story.facts, ranked(story.facts))
    if group is None:
        return ""
    share = group_share(story.facts, group) or 0.0
    if share < MOST or story.chance(0.6):
        clause = cover_clause(story, group)
        return clause and f"{clause}{with_some(story, 3)}"
    if share >= ALMOST_ALL:
        return f"{story.item(group)}{with_some(story, 3)}"
    item = story.cover(group)
    rest = with_some(story, 3)
    return rest and f"mostly {item}{rest}"


def in_cover(story: Story) -> str:
    """In a forest, there is a track and a stream."""
    group = ground(story.facts, ranked(story.facts))
    if group is None or len(group.things) > 1 or (group_share(story.facts, group) or 0.0) < ALMOST_ALL:
        return ""
    lead = f"in {story.cover(group, bare=False)}, "
    items = some(story, story.rng.choice((2, 3, 3)))
    return f"{lead}there {verb(in_order(items)[:1])} {listed(items)}" if items else ""


def several(story: Story) -> str:
    """Two ponds in the north, a park and 12 houses."""
    items = some(story, story.rng.choice((3, 3, 4)), where=0.5)
    return f"{opener(story, in_order(items))}{listed(items)}" if items else ""


def only(story: Story) -> str:
    """There is one kind of thing: how much of the image it takes, or where it is."""
    if len(story.facts.groups) > 1:
        return ""
    group = ranked(story.facts)[0]
    if group.phrase in story.facts.said:
        return _named_again(story, group)
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
    return f"{above or opener(story, [item])}{f'there {verb([item])} ' if above else ''}{item}"


def _named_again(story: Story, group: Group) -> str:
    """Name ground that land cover has told, as a map calls it: "this is a mixed forest"."""
    item = story.item(group, where=1.0)
    if item.where or item.plural:
        return f"there {verb([item])} {item}" if story.chance(0.5) else f"the image shows {item}"
    return f"{story.pick('this is', 'this is', 'a view of', 'the image shows')} {item}"


def line_first(story: Story) -> str:
    """A main road crosses the image, while farmland covers about half."""
    lines = [g for g in ranked(story.facts) if g.kind == "line" and interest(g.first) >= LEAST_LINE]
    for group in sorted(lines[:3], key=lambda _: story.rng.random()):
        if told := line_clause(story, group):
            return and_ground(story, f"{told[0]} {told[1]}")
    return ""


def placed(story: Story) -> str:
    """Twelve houses stand in the northern half, with a playground."""
    for group in choose(story, 2):
        things = story.left(group)
        if group.kind == "line":
            if way := through(story, things):
                item = story.item(group)
                return f"{item} {verb([item], 'runs', 'run')} {way}{with_some(story, 2)}"
        elif where := story.where(things):
            item = story.item(group)
            does = stand(item, group.first)
            if where.startswith(("scattered", "spread")):
                does = verb([item])
            elif does in ("is", "are"):
                return f"there {does} {item} {where}{with_some(story, 2)}"
            return f"{item} {does} {where}{with_some(story, 2)}"
    return ""
