"""The words of `words.yaml`."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from rsvlm.datasets.times import MONTHS

_MONTHS = [month.lower() for month in MONTHS]


@cache
def word_table() -> dict[str, Any]:
    """Return what is in the file, by the names of its lists."""
    found: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("words.yaml").read_text("utf-8"))
    return found


@cache
def topic_groups() -> tuple[frozenset[str], ...]:
    """What facts are about: words of a group stand for one another."""
    return tuple(frozenset(group) for group in word_table()["topics"])


@cache
def word_list(name: str) -> frozenset[str]:
    """Return a list of single words."""
    return frozenset(word_table()[name].split())


@cache
def phrases(name: str) -> tuple[str, ...]:
    """Return a list of phrases."""
    return tuple(word_table()[name])


@cache
def months() -> frozenset[str]:
    """Names of months, and their short forms."""
    return frozenset([*_MONTHS, *(month[:3] for month in _MONTHS), "sept"])


@cache
def beside() -> frozenset[str]:
    """Words with a capital that may stand beside a name without being a part of it."""
    return frozenset([*_MONTHS, *word_list("beside")])
