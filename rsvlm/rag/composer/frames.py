"""Sentences that say the same of other names and numbers: two sources that tell two mayors."""

import re

_CHANGES = re.compile(r"(?<=[\w,;] )[A-Z][\w'-]*|\d[\d,. ]*\d|\d")


def frame(sentence: str) -> str:
    """A sentence with marks for names and numbers, so that two that differ only in those are equal."""
    words = re.sub(r"\W+", " ", _CHANGES.sub("_", sentence)).strip()
    return re.sub(r"_(?: _)+", "_", words)


def changing(sentence: str) -> list[str]:
    """The names and numbers of a sentence."""
    return _CHANGES.findall(sentence)
