"""Shapes and sizes of things: what an encoder of whole images and their parts does not tell."""

from rsvlm.rag.questions import Thing

_QUALITIES = frozenset((
    "big", "circular", "huge", "large", "long", "medium", "narrow", "oval", "rectangular", "round", "short", "small",
    "square", "straight", "tall", "tiny", "triangular", "wide",
))  # fmt: skip


def quality_of(thing: Thing) -> str:
    """Return what a question says of the shape or the size of a thing; "" where that is a part of its name.

    >>> quality_of(Thing("circular roads", ("road",))), quality_of(Thing("medium residential", ("medium residential",)))
    ('circular', '')
    """
    own = thing.name.split()
    return next((word for word in thing.phrase.lower().split() if word in _QUALITIES and word not in own), "")


def unclear(thing: Thing) -> str:
    """Say that a thing is there, and that its shape or size cannot be told."""
    return f"I see {thing.name}, but I cannot tell whether it is {quality_of(thing)}"
