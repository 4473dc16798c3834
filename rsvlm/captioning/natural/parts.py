"""Parts of sentences that both versions share: lists of things, tails, clauses on what covers the ground."""

from collections.abc import Sequence

from rsvlm.captioning.natural.facts import GROUND_KEYS, Group, Thing
from rsvlm.captioning.natural.interest import ground, interest, is_ground, prominence, ranked
from rsvlm.captioning.natural.places import (
    BESIDE,
    COMPASS_SIDES,
    IMAGE_SIDES,
    NEAR,
    holds,
    is_inside,
    is_within,
    side_of,
    surround,
)
from rsvlm.captioning.natural.shares import ALMOST_ALL, MOST, fraction, group_share
from rsvlm.captioning.natural.story import Item, Relation, Story, listed, verb

SHOWS = "the image shows "

LEAST_CONTENT = 3.0
"""Interest of what can be said to be in the focus: buildings and pitches, no trees or paths."""

DULL = 1.5
"""Things of less interest (fences, steps) are left to the long version."""


def choose(story: Story, most: int, relation: Relation | None = None) -> list[Group]:
    """Choose groups to tell next: by interest and some chance, the focus's group always among them."""
    facts = story.facts
    open_groups = [g for g in ranked(facts) if story.left(g, relation) and not story.tells(g)]
    chosen = [g for g in open_groups if interest(g.first) > DULL and not _covers_most(story, g)]
    chosen = [g for g in chosen if not story.is_last_building(g) and g.phrase not in facts.said]
    if relation is not None and facts.focus is not None:
        # "A park near six houses" is odd where seven more are in it.
        chosen = [g for g in chosen if not any(is_inside(t, facts.focus) for t in g.things)]
    chosen = sorted(chosen, key=lambda g: (-prominence(facts, g) - story.rng.uniform(0, 2), g.phrase))[:most]
    own = facts.focus_group
    if own is not None and relation is None and not story.tells(own) and own not in chosen:
        chosen = [own, *chosen][:most]
    return sorted(chosen, key=lambda g: g.phrase == "building")


def _covers_most(story: Story, group: Group) -> bool:
    return is_ground(group) and (group_share(story.facts, group) or 0.0) >= MOST


def some(story: Story, most: int, relation: Relation | None = None, where: float = 0.35) -> list[Item]:
    """Name the groups that `choose` chooses."""
    return [story.item(g, relation, where) for g in choose(story, most, relation)]


def with_some(story: Story, most: int, comma: bool = True) -> str:
    """Return ", with two houses and a footpath", or "" where nothing is left to tell."""
    items = some(story, most)
    return f"{',' if comma else ''} with {listed(items)}" if items else ""


def opener(story: Story, items: Sequence[Item]) -> str:
    """Return how a list of things is introduced, "" (not at all) at times."""
    return story.pick("", "", f"there {verb(items[:1])} ", f"there {verb(items[:1])} ", SHOWS)


def beside(story: Story) -> Relation:
    """Return what tests a thing for lying beside the focus."""
    facts, focus = story.facts, story.hero
    return lambda thing: thing is not focus and is_within(facts, thing, focus, BESIDE)


def near(story: Story) -> Relation:
    """Return what tests a thing for lying near the focus."""
    facts, focus = story.facts, story.hero
    return lambda thing: thing is not focus and is_within(facts, thing, focus, NEAR)


def on_side(story: Story, side: str) -> Relation:
    """Return what tests a thing for lying wholly on one side (n, s, w, e) of the focus."""
    facts, focus = story.facts, story.hero
    return lambda thing: thing is not focus and side_of(facts, thing, focus) == side


def side_words(story: Story, side: str) -> str:
    """Say a side of the focus: "to the north of it" or "above it"."""
    return (COMPASS_SIDES if story.compass else IMAGE_SIDES)[side]


def surrounding(story: Story, most: int = 2) -> list[Group]:
    """Return groups that lie around the focus, each by itself."""
    focus = story.hero
    found = []
    for group in ranked(story.facts):
        things = story.left(group)
        if group.phrase in story.facts.said:
            continue
        if (
            group.kind != "line"
            and focus not in things
            and len(things) <= 40
            and surround(story.facts, things, focus)
        ):
            found.append(group)
    return found[:most]


def contents(story: Story) -> list[Group]:
    """Return what the focus holds, the most prominent first: groups with at least half of their things in it."""
    facts, focus = story.facts, story.hero
    if focus.label["shape"] != "area" or focus.key == "building":
        return []
    return [
        g
        for g in ranked(facts)
        if story.left(g)
        and g is not facts.focus_group
        and interest(g.first) >= LEAST_CONTENT
        and g.phrase not in facts.said
        and 2 * sum(is_inside(t, focus) for t in g.things) >= len(g.things)
    ]


def holder(story: Story) -> Group | None:
    """Return a group that holds the focus: ground with a name of its own, such as a park; grass is none."""
    facts, focus = story.facts, story.hero
    if focus.key in GROUND_KEYS and focus.label["shape"] == "area":
        return None
    found = [
        g
        for g in ranked(facts)
        if not story.tells(g)
        and focus not in g.things
        and interest(g.first) >= 5
        and g.phrase not in facts.said
    ]
    return next((g for g in found if len(g.things) == 1 and holds(facts, g.first, focus)), None)


def stand(item: Item, thing: Thing) -> str:
    """Return the verb for where a thing is: buildings stand, grounds lie."""
    if "building" in thing.label["tags"]:
        return verb([item], "stands", "stand")
    return verb([item], "lies", "lie") if thing.label["shape"] == "area" else verb([item])


def cover_clause(story: Story, group: Group, after: str = "") -> str:
    """Say how much of the image a group covers ("forest covers most of the image"); "" where no words fit.

    With a clause to come `after`, the form is shorter ("..., while grass covers about a third"), and says
    nothing where its share has the same words, or only vague ones.
    """
    share = group_share(story.facts, group)
    words = fraction(share or 0.0)
    if share is None or not words or (after and (words == "part" or words in after)):
        return ""
    item = story.cover(group)
    covers = verb(
        [item], *story.rng.choice((("covers", "cover"), ("covers", "cover"), ("takes up", "take up")))
    )
    if after:
        return f"{after}{story.pick(', while ', '; ', ', and ')}{item} {covers} {words}"
    by = "covered by " if item.plural or story.chance(0.25) else ""
    forms = [f"{item} {covers} {words} of the image", f"{words} of the image is {by}{item}"]
    if share >= MOST:
        forms.append(f"the image is {'almost entirely' if share >= ALMOST_ALL else 'mostly'} {by}{item}")
    return story.pick(*forms)


def and_ground(story: Story, clause: str) -> str:
    """Go on after a clause on a line: with what covers the ground, or with other things."""
    unsaid = [g for g in ranked(story.facts) if not story.tells(g) and g.phrase not in story.facts.said]
    group = ground(story.facts, unsaid)
    if group is not None and story.chance(0.6):
        covering = cover_clause(story, group)
        if covering:
            return f"{clause}{story.pick(', while ', '; ', ', and ')}{covering}"
    return clause + with_some(story, story.rng.choice((1, 2, 3)))
