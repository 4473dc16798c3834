"""Captions made wrong on purpose: exactly one class, place, number or object is changed, or a forbidden word is put in.

`damage` knows the labels, and changes only what becomes false by it: a noun for one that the labels hold nothing of, a
class for another one, a place for one of the same kind that is not equal, a number for another number.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache

from damage_words import FORBIDDEN, REGIONS, ROWS, SHARES, SIDE_ROWS, SIDES, SIZES, WORDS  # type: ignore[import-not-found]

from rsvlm.captioning.labels import Labels
from rsvlm.vocabularies import load_legend, load_tags

KINDS = ("class", "place", "number", "object", "forbidden")

Change = tuple[int, int, str]
"""Start and end of what is changed in the caption, and what stands there then."""


def damage(caption: str, labels: Labels, style: str, rng: random.Random) -> tuple[str, str]:
    """The caption with one thing changed, and the kind of the change (one of `KINDS`)."""
    found = {
        kind: list(dict.fromkeys(changes)) for kind, changes in _changes(caption, labels, style, rng).items()
    }
    kind = rng.choice([kind for kind in KINDS if found.get(kind)])
    start, end, words = rng.choice(found[kind])
    return caption[:start] + words + caption[end:], kind


def _changes(caption: str, labels: Labels, style: str, rng: random.Random) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {"forbidden": list(_insertions(caption, rng))}
    if style.startswith("skyscript"):
        found["number"] = list(_values(caption, labels, rng))
        found["object"] = list(_tags(caption, labels, rng))
        return found
    found["class"] = list(_classes(caption, labels, style, rng))
    if style == "scene":
        return found
    found["number"] = list(_numbers(caption, rng))
    if style == "chatearthnet":
        found["place"] = list(_replacements(caption, r"the {} part", REGIONS, rng))
        found["number"] = list(_replacements(caption, r"an? {}", SIZES, rng))
        return found
    found["object"] = list(_objects(caption, labels, rng))
    found["number"] += _singulars(caption, labels, rng)
    found["place"] = list(_places(caption, labels, rng))
    return found


def _replacements(
    caption: str,
    pattern: str,
    words: tuple[str, ...],
    rng: random.Random,
    false: Callable[[str, str], bool] = lambda old, new: old != new,
) -> Iterator[Change]:
    """Every place where the pattern stands with one of the words, and another of the words in its place."""
    choice = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    for match in re.finditer(
        r"\b" + pattern.replace("{}", f"(?P<word>{choice})") + r"\b", caption, re.IGNORECASE
    ):
        old = match["word"].lower()
        others = [word for word in words if false(old, word)]
        if others:
            yield *match.span("word"), _cased(rng.choice(others), match["word"])


def _cased(new: str, old: str) -> str:
    return new[0].upper() + new[1:] if old[0].isupper() else new


def _insertions(caption: str, rng: random.Random) -> Iterator[Change]:
    gaps = [match.start() for match in re.finditer(" ", caption)] or [len(caption)]
    at = rng.choice(gaps)
    yield at, at, " " + rng.choice(FORBIDDEN.split())


def _classes(caption: str, labels: Labels, style: str, rng: random.Random) -> Iterator[Change]:
    """Each class word of the labels, or name of the image, that the caption says, and another class in its place."""
    held, others = _class_words(labels, style)
    if held and len(others) > 1:
        nouns = _held_nouns(labels)
        yield from _replacements(
            caption, "{}", tuple(held), rng, lambda old, new: new != old and new not in nouns
        )
        yield from (
            (start, end, _cased(rng.choice(others), caption[start]))
            for start, end, _ in _replacements(caption, "{}", tuple(held), rng, lambda old, new: True)
        )


def _class_words(labels: Labels, style: str) -> tuple[list[str], list[str]]:
    """Class words that the labels hold, and some that they do not hold."""
    if labels["landcover"] is None or style == "scene":
        corine = load_legend("corine")
        known = [corine.by_name(name) for name in labels["scene"]]
        names = [c.phrase if c else name.lower() for c, name in zip(known, labels["scene"], strict=True)]
        return names, [
            c.phrase for c in corine.classes if c.phrase not in names and not _meets(c.phrase, names)
        ]
    legend = load_legend(labels["landcover"]["legend"])
    word = {c.name: (style == "chatearthnet" and c.chatearthnet) or c.phrase for c in legend.classes}
    held = list(
        dict.fromkeys(word[s["name"]] for shares in labels["landcover"]["regions"].values() for s in shares)
    )
    unheld = {w for c in load_legend("chatearthnet").classes if not c.background for w in (c.phrase, c.name)}
    unheld |= {word[c.name] for c in legend.classes if not c.background}
    return held, sorted(w for w in unheld if w not in held and w not in _held_nouns(labels))


def _meets(phrase: str, names: list[str]) -> bool:
    return any(phrase in name or name in phrase for name in names)


def _held_nouns(labels: Labels) -> set[str]:
    return {word for noun in _nouns_of(labels) for word in noun}


@cache
def _nouns() -> tuple[tuple[str, str], ...]:
    return tuple(sorted({(e.phrase, e.plural) for e in load_tags().entries if e.kind == "object"}))


def _objects(caption: str, labels: Labels, rng: random.Random) -> Iterator[Change]:
    """Each noun of the labels that the caption says, and another one in the same number.

    The other is one that the labels hold nothing of, or of which they hold fewer than the caption counts.
    """
    held = Counter(_nouns_of(labels))
    for match in _said_nouns(caption, labels):
        old = match.group().lower()
        plural = any(old == p != s for s, p in _nouns())
        mass = any(old == p == s for s, p in _nouns())
        count = _count_before(caption, match.start())
        others = [
            p if plural else s
            for s, p in [*rng.sample(_nouns(), 60), *held]
            if held[s, p] < (count if plural else 1)
            and old not in (s, p)
            and (s == p) == mass
            and (s[0] in "aeiou") == (old[0] in "aeiou")
        ]
        if others:
            yield *match.span(), _cased(rng.choice(others), match.group())


def _nouns_of(labels: Labels) -> Iterator[tuple[str, str]]:
    for label in labels["objects"]:
        entry = load_tags().entry(*next(iter(label["tags"].items()))) if label["tags"] else None
        if entry is not None:
            yield entry.phrase, entry.plural


def _said_nouns(caption: str, labels: Labels) -> Iterator[re.Match[str]]:
    held = sorted({word for noun in _nouns_of(labels) for word in noun}, key=len, reverse=True)
    return re.finditer(rf"\b(?:{'|'.join(map(re.escape, held))})\b", caption, re.I) if held else iter(())


def _count_before(caption: str, at: int) -> int:
    """How many the caption says of the noun at `at`: 1 where no number stands right before it."""
    word = caption[:at].split()[-1:] or [""]
    if word[0].lower() in WORDS[2:]:
        return int(WORDS.index(word[0].lower()))
    return int(word[0]) if word[0].isdecimal() else 1


def _singulars(caption: str, labels: Labels, rng: random.Random) -> Iterator[Change]:
    """Each "a church" where the labels hold one church, as two or more."""
    held = Counter(_nouns_of(labels))
    for singular, plural in held:
        for match in re.finditer(rf"\ban? {re.escape(singular)}\b(?! of)", caption, re.I):
            if held[singular, plural] == 1 and singular != plural:
                yield *match.span(), _cased(f"{rng.choice(WORDS[2:])} {plural}", match.group())


def _places(caption: str, labels: Labels, rng: random.Random) -> Iterator[Change]:
    for pattern, words in ROWS:
        yield from _replacements(caption, pattern, words, rng)
    free = _free_sides(labels)
    for pattern, sides in SIDE_ROWS:
        yield from _replacements(
            caption,
            pattern,
            tuple(sides),
            rng,
            lambda old, new, s=sides: new != old and s[new] in free,  # type: ignore[misc]
        )


def _free_sides(labels: Labels) -> set[str]:
    """The sides of the focus on which the centre of no other object lies: whatever is said to lie there is false."""
    focus = next((o for o in labels["objects"] if o["role"] == "focus"), None)
    if focus is None:
        return set()
    (fx, fy), others = _centre(focus["box"]), [_centre(o["box"]) for o in labels["objects"] if o is not focus]
    return {
        side
        for side, (sx, sy) in SIDES.items()
        if not any((x - fx) * sx + (y - fy) * sy > 0 for x, y in others)
    }


def _centre(box: list[float]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _numbers(caption: str, rng: random.Random) -> Iterator[Change]:
    """Each number in digits or words, and share words, and another in its place."""
    for match in re.finditer(r"\d+(?:,\d{3})*(?:\.\d+)?", caption):
        text = match.group()
        new = _other_number(text, rng, at_most=100 if caption[match.end() :][:1] == "%" else None)
        yield *match.span(), new
    counts = tuple(WORDS[2:])
    yield from _replacements(caption, "{}(?! third| quarter)", counts, rng)
    yield from _replacements(
        caption,
        "{}(?= of the| (?!of ))",
        tuple(SHARES),
        rng,
        lambda old, new: _is_apart(SHARES[old], SHARES[new]),
    )


def _is_apart(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return a[1] < b[0] or b[1] < a[0]


def _other_number(text: str, rng: random.Random, at_most: int | None = None) -> str:
    """Another number with as many decimals, within three times of the old one."""
    decimals = len(text.partition(".")[2])
    old = float(text.replace(",", ""))
    highest = at_most or max(3 * old, 5)
    while True:
        new = f"{rng.uniform(1, highest):,.{decimals}f}"
        if float(new.replace(",", "")) != old:
            return new


def _values(caption: str, labels: Labels, rng: random.Random) -> Iterator[Change]:
    """Numbers in the tags of a `skyscript` caption, changed to ones that no tag of the labels holds."""
    values = " ".join(value for o in labels["objects"] for value in o["tags"].values())
    for match in re.finditer(r"\d+(?:\.\d+)?", caption):
        new = _other_number(match.group(), rng).replace(",", "")
        if new not in values:
            yield *match.span(), new


def _tags(caption: str, labels: Labels, rng: random.Random) -> Iterator[Change]:
    """Values of tags in a `skyscript` caption, changed to values of the same key that the labels do not hold."""
    held = {value for o in labels["objects"] for value in o["tags"].values()}
    for key, value in {pair for o in labels["objects"] for pair in o["tags"].items()}:
        others = [v for v in _values_of(key) if v not in held]
        words = re.escape(value.replace("_", " ").lower())
        for match in re.finditer(rf"(?<=[ (]){words}(?= with |; |, | and |$)", caption):
            if others:
                yield *match.span(), rng.choice(others).replace("_", " ")


@cache
def _values_of(key: str) -> tuple[str, ...]:
    return tuple(e.value for e in load_tags().entries if e.key == key and e.value not in ("*", "yes"))
