"""Style `skyscript`: the published caption forms of SkyScript, from tags, without changing a letter.

Wang et al. 2024 (arXiv 2312.12856, AAAI-24) turn each tag into key, connecting word and value, and write
two captions a
chip: the focus object's tags ("landuse of quarry, resource of bauxite"), and the same with the other
objects ("amenity of fountain, surrounded by natural tree; road of footway"). The table of connecting words
is not published; this one gives every example that is. Limits: docs/caption-grammar.md, section 3.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from rsvlm.captioning.clip_tokens import count_tokens
from rsvlm.captioning.labels import Labels

JUXTAPOSED = frozenset({"power", "man_made", "natural"})
"""Keys that stand before their value without a connecting word: "power pole", "natural tree"."""
RENAMED = {"highway": "road"}
WHOLE = {("power", "minor_line"): "power (minor) line"}

MOST_TOKENS = 77
MOST_TAGS = 6
MOST_OTHERS = 8
LONGEST_TAG = 60


def captions(labels: Labels, rng: random.Random) -> list[str]:  # noqa: ARG001 - nothing here is left to chance
    """Return the single-object and the multi-object caption; nothing without a tag to tell."""
    objects = sorted(labels["objects"], key=lambda o: o["role"] != "focus")
    tags = [list(_tags(o["tags"])) for o in objects]
    if not tags or not tags[0]:
        return []
    focus, *others = tags
    single = _fitting(focus, lambda kept: ", ".join(kept))
    main = _fitting(focus, _object)
    if not single or not main:
        return []
    short = [tags for tags in others if tags and len(tags[0]) <= LONGEST_TAG]
    around = [o for o in dict.fromkeys(map(_object, short)) if o != main]
    return [single, _fitting([main, *around[:MOST_OTHERS]], _multi)]


def tag_words(key: str, value: str) -> str:
    """Return a tag in SkyScript's words: "road of footway", "natural tree", "bridge is yes"."""
    if (key, value) in WHOLE:
        return WHOLE[key, value]
    spoken = RENAMED.get(key) or _spaced(key).lower()
    plain = _spaced(value)
    if not plain[:1].isdigit():
        plain = plain.lower()
    if plain in ("yes", "no"):
        return f"{spoken} is {plain}"
    return f"{spoken} {plain}" if key in JUXTAPOSED else f"{spoken} of {plain}"


def _spaced(text: str) -> str:
    return " ".join(text.replace("_", " ").replace(":", " ").split())


def _tags(tags: Mapping[str, str]) -> Iterator[str]:
    """The tags to tell of an object: the first, which says what it is, and those of the others that are short."""
    words = [tag_words(key, value) for key, value in tags.items()]
    yield from [w for number, w in enumerate(words) if not number or len(w) <= LONGEST_TAG][:MOST_TAGS]


def _object(tags: Sequence[str]) -> str:
    main, *more = tags
    return f"{main} with {' and '.join(more)}" if more else main


def _multi(objects: Sequence[str]) -> str:
    main, *others = objects
    return f"{main}, surrounded by {'; '.join(others)}" if others else main


def _fitting(parts: Sequence[str], join: Callable[[Sequence[str]], str]) -> str:
    """Join as many parts as fit CLIP's context, leaving out from the end; "" if not even one fits."""
    for count in range(len(parts), 0, -1):
        text = join(parts[:count])
        if count_tokens(text) <= MOST_TOKENS:
            return text
    return ""
