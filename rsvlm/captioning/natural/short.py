"""The short version of `natural`: one or two sentences, of one of many patterns."""

import random
from collections.abc import Callable, Sequence

from rsvlm.captioning.clip_tokens import count_tokens
from rsvlm.captioning.english import sentence
from rsvlm.captioning.natural import leading, scenes
from rsvlm.captioning.natural.facts import Facts
from rsvlm.captioning.natural.interest import interest, leads, ranked
from rsvlm.captioning.natural.lines import line_clause
from rsvlm.captioning.natural.parts import SHOWS, some
from rsvlm.captioning.natural.story import Story, in_order, listed, verb

MOST_TOKENS = 77
"""The context of CLIP's text tower, start and end included."""

Pattern = Callable[[Story], str]

ALWAYS = 1e6
"""Weight of a pattern that goes first wherever it fits."""

_LEADING: tuple[tuple[Pattern, float], ...] = (
    (scenes.only, ALWAYS),
    (leading.running, 6.0),
    (leading.encircled, 3.0),
    (leading.neighboured, 2.5),
    (leading.plain, 1.5),
    (leading.located, 1.5),
    (leading.with_things_near, 1.5),
    (leading.with_things_on_a_side, 1.5),
    (leading.held, 1.5),
    (leading.on_its_ground, 1.5),
)
_SCENES: tuple[tuple[Pattern, float], ...] = (
    (scenes.only, ALWAYS),
    (scenes.district, 2.0),
    (scenes.covered, 2.0),
    (scenes.in_cover, 1.5),
    (scenes.several, 1.5),
    (scenes.line_first, 1.5),
    (scenes.placed, 1.0),
)
_OF_COVER = (leading.on_its_ground, scenes.only, scenes.covered, scenes.in_cover)
"""Left out where land cover has told what covers the image."""


def short(facts: Facts, rng: random.Random, before: str = "") -> str:
    """Tell a chip in one or two sentences that fit CLIP's context together with the sentence before.

    Returns:
        The sentences, "" where there is nothing to tell.
    """
    if not facts.groups:
        return before
    compass = facts.north_up and rng.random() < 0.6
    for pattern in _shuffled(_LEADING if leads(facts) else _SCENES, rng):
        if before and pattern in _OF_COVER:
            continue
        story = Story(facts, rng, compass)
        words = pattern(story)
        if not words:
            continue
        text = f"{before} {sentence(words)}".strip()
        more = "" if before else _more(story, words)
        for candidate in (f"{text} {sentence(more)}", text) if more else (text,):
            if count_tokens(candidate) <= MOST_TOKENS and _names_focus(story):
                return candidate
    return f"{before} {sentence(_barely(Story(facts, rng, compass)))}".strip()


def _names_focus(story: Story) -> bool:
    own = story.facts.focus_group
    return own is None or story.tells(own)


def _shuffled(patterns: Sequence[tuple[Pattern, float]], rng: random.Random) -> list[Pattern]:
    """Order patterns by chance, heavier ones earlier (Efraimidis and Spirakis 2006)."""
    return [p for _, p in sorted(((rng.random() ** (1 / w), p) for p, w in patterns), key=lambda k: -k[0])]


def _barely(story: Story) -> str:
    item = story.item(story.facts.focus_group or ranked(story.facts)[0])
    return f"there {verb([item])} {item}"


def _more(story: Story, first_words: str) -> str:
    """Return a second sentence on something not told yet, "" at times."""
    story.new_sentence()
    if story.chance(0.45):
        return ""
    lines = [g for g in ranked(story.facts) if g.kind == "line" and interest(g.first) >= scenes.LEAST_LINE]
    for group in lines[:3]:
        if told := line_clause(story, group):
            return f"{told[0]} {told[1]}"
    items = some(story, 2, where=0.6)
    if not items:
        return ""
    openers = [f"there {verb(in_order(items)[:1])} also ", f"also visible {verb(items)} "]
    if not first_words.startswith(SHOWS):
        openers.append("the image also shows ")
    return f"{story.pick(*openers)}{listed(items)}"
