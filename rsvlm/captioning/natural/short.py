"""The short version of `natural`: one or two sentences, of one of many patterns."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from rsvlm.captioning.clip_tokens import count_tokens
from rsvlm.captioning.english import sentence
from rsvlm.captioning.natural import leading, scenes
from rsvlm.captioning.natural.facts import Facts
from rsvlm.captioning.natural.interest import interest, leads, ranked, star
from rsvlm.captioning.natural.lines import line_clause
from rsvlm.captioning.natural.parts import SHOWS, contents, some
from rsvlm.captioning.natural.story import Story, in_order, listed, verb

MOST_TOKENS = 77
"""The context of CLIP's text tower, start and end included."""

Pattern = Callable[[Story], str]

ALWAYS = 1e6
"""Weight of a pattern that goes first wherever it fits."""

_LEADING: tuple[tuple[Pattern, float], ...] = (
    (scenes.only, ALWAYS),
    (leading.running, 6.0),
    (leading.containing, 60.0),
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


class Told(NamedTuple):
    """A caption, and the phrases of the groups that it names."""

    text: str
    kinds: frozenset[str] = frozenset()


def short(facts: Facts, rng: random.Random, before: str = "") -> Told:
    """Tell a chip in one or two sentences that fit CLIP's context together with the sentence before.

    Of several ways to tell it, those are taken that name the most prominent thing beside the focus.

    Returns:
        The sentences, "" where there is nothing to tell.
    """
    if not facts.groups:
        return Told(before)
    wanted = star(facts)
    if leads(facts) and (inside := contents(Story(facts, rng, compass=False))):
        wanted = inside[0]
    spare: list[Told] = []
    for told in _candidates(facts, rng, before):
        if wanted is None or wanted.phrase in told.kinds:
            return told
        spare.append(told)
    if spare:
        return spare[0]
    story = Story(facts, rng)
    return Told(f"{before} {sentence(_barely(story))}".strip(), story.told)


def _candidates(facts: Facts, rng: random.Random, before: str) -> Iterator[Told]:
    compass = facts.north_up and rng.random() < 0.6
    for pattern in _shuffled(_LEADING if leads(facts) else _SCENES, rng):
        if before and pattern in _OF_COVER and not _adds_cover(facts, pattern):
            continue
        story = Story(facts, rng, compass)
        words = pattern(story)
        if not words:
            continue
        text = f"{before} {sentence(words)}".strip()
        kinds = story.told
        more = "" if before else _more(story, words)
        both = [Told(f"{text} {sentence(more)}", story.told)] if more else []
        own = facts.focus_group
        for told in (*both, Told(text, kinds)):
            if count_tokens(told.text) <= MOST_TOKENS and (own is None or own.phrase in told.kinds):
                yield told
                break


def _adds_cover(facts: Facts, pattern: Pattern) -> bool:
    """Say whether a pattern on what covers the image adds to land cover: the focus alone, with its name."""
    return pattern is scenes.only and set(facts.groups) <= facts.said


def _shuffled(patterns: Sequence[tuple[Pattern, float]], rng: random.Random) -> list[Pattern]:
    """Order patterns by chance, heavier ones earlier (Efraimidis and Spirakis 2006)."""
    return [p for _, p in sorted(((rng.random() ** (1 / w), p) for p, w in patterns), key=lambda k: -k[0])]


def _barely(story: Story) -> str:
    item = story.item(story.facts.focus_group or ranked(story.facts)[0])
    return f"there {verb([item])} {item}"


def _more(story: Story, first_words: str) -> str:
    """Return a second sentence on something not told yet, "" at times, but never if a star was left out."""
    story.new_sentence()
    wanted = star(story.facts)
    missed = wanted is not None and not story.tells(wanted)
    if story.chance(0.45) and not missed:
        return ""
    lines = [g for g in ranked(story.facts) if g.kind == "line" and interest(g.first) >= scenes.LEAST_LINE]
    for group in lines[:3]:
        if missed and group is not wanted:
            continue
        if told := line_clause(story, group):
            return f"{told[0]} {told[1]}"
    items = some(story, 2, where=0.6)
    if not items:
        return ""
    openers = [f"there {verb(in_order(items)[:1])} also ", f"also visible {verb(items)} "]
    if not first_words.startswith(SHOWS):
        openers.append("the image also shows ")
    return f"{story.pick(*openers)}{listed(items)}"
