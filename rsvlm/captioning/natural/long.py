"""The long version of `natural`: two to five sentences that go through all kinds of things in a chip.

First what covers the ground, then the focus and what lies about it, then roads and waters with their
course, then the
rest: sights, buildings, small things.
"""

import random
from collections.abc import Iterator

from rsvlm.captioning.english import sentence
from rsvlm.captioning.natural.facts import GROUND_KEYS, Facts, Group
from rsvlm.captioning.natural.interest import ground, interest, is_ground, leads, ranked
from rsvlm.captioning.natural.lines import course
from rsvlm.captioning.natural.parts import (
    beside,
    contents,
    cover_clause,
    holder,
    near,
    on_side,
    side_words,
    some,
    stand,
    surrounding,
)
from rsvlm.captioning.natural.places import place_of
from rsvlm.captioning.natural.shares import ALMOST_ALL, group_share
from rsvlm.captioning.natural.story import Item, Story, in_order, listed, verb

MOST_SENTENCES = 5
PER_LIST = 5
"""Kinds of things in one sentence; more cannot be read."""


def long(facts: Facts, rng: random.Random, before: str = "", wanted: frozenset[str] = frozenset()) -> str:
    """Tell all that is known of a chip in up to five sentences, after a sentence that goes before.

    Args:
        facts: the chip.
        rng: where all choices of words come from.
        before: the sentences on land cover.
        wanted: phrases of groups that must be named: those of the short version.

    Returns:
        The sentences, "" where there is nothing to tell.
    """
    story = Story(facts, rng)
    told = [before] if before else []
    for words in _clauses(story, not before, wanted):
        told.append(sentence(words))
        story.new_sentence()
        if len(told) == MOST_SENTENCES or (len(told) == MOST_SENTENCES - 1 and wanted - story.told):
            break
    if missing := [facts.groups[phrase] for phrase in sorted(wanted - story.told)]:
        items = in_order([_rest_item(story, group) for group in missing])
        told.append(sentence(f"there {verb(items[:1])} also {listed(items)}"))
    return " ".join(told)


def _clauses(story: Story, cover: bool, wanted: frozenset[str]) -> Iterator[str]:
    if story.facts.groups and cover:
        yield from _ground(story)
    own = story.facts.focus_group
    if leads(story.facts) and own and not story.tells(own):
        yield from _focus(story)
    yield from _lines(story)
    yield from _rest(story, wanted, cover)


def _ground(story: Story) -> Iterator[str]:
    facts = story.facts
    first = ground(facts, ranked(facts))
    if first is None:
        return
    clause = cover_clause(story, first)
    others = [g for g in ranked(facts) if not story.tells(g) and 0.15 <= (group_share(facts, g) or 0.0) < 0.6]
    others = [g for g in others if is_ground(g) and not (leads(facts) and g is facts.focus_group)]
    if others and story.chance(0.6):
        clause = cover_clause(story, others[0], after=clause) or clause
    yield f"seen from above, {clause}" if story.chance(0.15) else clause


def _focus(story: Story) -> Iterator[str]:
    run = course(story, story.facts.groups[story.hero.phrase])
    item = story.focus(size=not run and story.chance(0.6))
    if run:
        yield f"{item} {run}"
        yield from _about(story)
        return
    where = story.where([story.hero])
    if where and story.hero.label["shape"] == "area" and story.chance(0.5):
        opening = f"{item} {stand(item, story.hero)} {where}"
    else:
        opening = f"there {verb([item])} {item._replace(where=where)}"
        if not where and (group := holder(story)):
            opening += f" in {story.item(group).words}"
    story.new_sentence()
    yield opening + _with_others(story)
    yield from _about(story)


def _with_others(story: Story) -> str:
    """Say what lies around the focus, or else beside it."""
    around = [story.item(g) for g in surrounding(story)]
    inside = [] if around else [story.item(g) for g in contents(story)[:3]]
    if inside:
        return f", with {listed(inside)}"
    if around:
        return story.pick(f", surrounded by {listed(around)}", f", with {listed(around)} around it")
    others = some(story, 3, beside(story), where=0.0)
    return f", with {listed(others)} {story.pick('next to', 'beside')} it" if others else ""


def _about(story: Story) -> Iterator[str]:
    """A sentence on what lies near the focus or to one side of it."""
    if story.chance(0.4):
        return
    if story.chance(0.5):
        items = some(story, 3, near(story), where=0.0)
        if items:
            yield f"nearby {verb(items)} {listed(items)}"
        return
    for side in story.rng.sample("nswe", 4):
        items = some(story, 3, on_side(story, side), where=0.0)
        if items:
            yield f"{side_words(story, side)} {verb(items)} {listed(items)}"
            return


def _lines(story: Story) -> Iterator[str]:
    told: list[str] = []
    for group in [g for g in ranked(story.facts) if g.kind == "line" and interest(g.first) >= 2]:
        run = course(story, group) if len(told) < 2 else ""
        if run and not any(clause.endswith(run) for clause in told):
            told.append(f"{story.item(group)} {run}")
    if told:
        yield story.pick("; ", ", and ", ", while ").join(told)


def _rest(story: Story, wanted: frozenset[str], cover: bool) -> Iterator[str]:
    unsaid = {g.phrase for g in story.facts.groups.values() if _adds(story, g)} | wanted
    groups = [g for g in ranked(story.facts) if story.left(g) and (not story.tells(g) or _counts(g))]
    own = story.facts.focus_group
    groups.sort(key=lambda g: (g is not own or story.tells(g), story.tells(g) or g.phrase == "building"))
    groups = [g for g in groups if g.phrase in unsaid]
    openers = _openers(story, first=cover and not story.named)
    for part in _evenly(groups):
        items = in_order([_rest_item(story, g) for g in part])
        yield f"{next(openers).format(be=verb(items[:1]), be_all=verb(items))} {listed(items)}"
        story.new_sentence()


def _evenly(groups: list[Group]) -> Iterator[list[Group]]:
    """Cut a list into parts of about the same length, none of them too long to read."""
    parts = -(-len(groups) // PER_LIST)
    for n in range(parts):
        yield groups[n * len(groups) // parts : (n + 1) * len(groups) // parts]


def _openers(story: Story, first: bool) -> Iterator[str]:
    """Yield how lists are introduced, never twice in a row alike; "also" only after something was told."""
    if first:
        yield story.pick("there {be}", "there {be}", "the image shows")
    forms = ["there {be} also", "also visible {be_all}", "the image also shows", "there {be}"]
    last = ""
    while True:
        last = story.pick(*(form for form in forms if form != last))
        yield last


def _adds(story: Story, group: Group) -> bool:
    """Say whether a group adds to land cover: of what was told there, only what lies in one place."""
    facts = story.facts
    return (
        group.phrase not in facts.said
        or group is facts.focus_group
        or (not story.tells(group) and place_of(facts, group.things) is not None)
    )


def _counts(group: Group) -> bool:
    """Say whether "five other ..." is worth telling: of trees and houses, but not of meadows and roads."""
    return group.kind == "count" and (
        group.first.key not in GROUND_KEYS or group.first.label["shape"] == "point"
    )


def _rest_item(story: Story, group: Group) -> Item:
    whole = (group_share(story.facts, group) or 0.0) >= ALMOST_ALL
    if group.phrase in story.facts.said:
        return story.item(group, where=1.0)
    return story.item(group, where=0.0 if whole else 0.6)
