"""What a language model is told of a chip: the facts of its labels, in words."""

import random
from collections.abc import Iterator

from rsvlm.captioning.chatearthnet import context, parts
from rsvlm.captioning.english import number, number_word
from rsvlm.captioning.labels import REGIONS, Labels, LandCover
from rsvlm.captioning.natural.facts import Facts, Group, read_facts
from rsvlm.captioning.natural.places import place_of, place_words

MOST_THINGS = 12
"""Groups of things that are told; more do not fit into two sentences."""


def facts_for(prompt: str, labels: Labels, key: str) -> str:
    """Return the facts of a chip that a prompt speaks of; "" where the labels hold none.

    Args:
        prompt: The prompt's name.
        labels: What is known of the chip.
        key: The chip's name, which seeds the choice of words.
    """
    if prompt == "osm":
        return "\n".join(_things(read_facts(labels)))
    landcover = labels["landcover"]
    if landcover is None or not parts(landcover, "overall"):
        return ""
    if prompt == "chatearthnet":
        return context(landcover, random.Random(f"{key}:rewrite"))  # noqa: S311 - word choice, not secrets
    return statistics(landcover)


def statistics(landcover: LandCover) -> str:
    """Return ChatEarthNet's statistics for models that see: shares by class and region, then by region and class."""
    told = {region: parts(landcover, region) for region in REGIONS}
    lines = ["Shares of each land cover:"]
    for part in parts(landcover, "overall"):
        shares = []
        for region, found in told.items():
            pixels, of = next(((p.pixels, p.of) for p in found if p.words == part.words), (0, 1))
            shares.append(f"{region} {100 * pixels / of:.2f}%")
        lines.append(f"{part.words}: {', '.join(shares)}")
    lines.append("Land covers of each part, from the largest share:")
    for region, found in told.items():
        if found:
            lines.append(f"{region}: " + " ".join(f"{p.words}: {p.pixels / p.of:.2f};" for p in found))
    return "\n".join(lines)


def _things(facts: Facts) -> Iterator[str]:
    """A line a group: its number and name, and where all of it lies."""
    groups = list(facts.groups.values())
    if facts.focus_group is not None:
        groups.sort(key=lambda group: group is not facts.focus_group)
    for group in groups[:MOST_THINGS]:
        place = place_of(facts, group.things)
        where = f", {place_words(place, facts.north_up, corner=False)}" if place else ""
        yield f"- {_named(group)}{where}"


def _named(group: Group) -> str:
    """The group's number, what all of it is like, and its name."""
    alike = [word for word in group.first.adjectives if all(word in t.adjectives for t in group.things)]
    like, count = "".join(f"{word} " for word in alike[:2]), len(group.things)
    if group.kind == "mass":
        return f"{like}{group.phrase}"
    if count == 1:
        return f"one {like}{group.phrase}"
    if group.kind == "line":
        return f"{like}{group.plural} (not counted)"
    return f"{number_word(count) if count < 100 else number(count)} {like}{group.plural}"
