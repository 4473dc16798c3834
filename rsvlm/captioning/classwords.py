"""What the classes of a legend are called in captions."""

from functools import lru_cache

from rsvlm.vocabularies import Legend, legend_names, load_legend
from rsvlm.vocabularies.legends import LegendClass, phrase_of

from .errors import CaptioningError
from .labels import ClassWords, LandCover
from .verify.cover import is_class


@lru_cache(maxsize=64)
def _legend(name: str) -> Legend | None:
    """A legend that ships, by the name that the labels hold; None for others."""
    return load_legend(name) if name in legend_names() else None


def legend_class(legend: str, name: str) -> LegendClass | None:
    """Return a class of a legend that ships by its name; None where legend or class is unknown."""
    known = _legend(legend)
    return known.by_name(name) if known else None


def class_words(landcover: LandCover, name: str) -> str:
    """Return the words for a class in style `natural`: its phrase, or its plain name."""
    if own := _own(landcover, name):
        return own["natural"]
    known = legend_class(landcover["legend"], name)
    return known.phrase if known else phrase_of(name)


def chatearthnet_words(landcover: LandCover, name: str) -> str:
    """Return the words for a class in style `chatearthnet`: the name that it has there, or its phrase."""
    if own := _own(landcover, name):
        return own["chatearthnet"]
    known = legend_class(landcover["legend"], name)
    return (known.chatearthnet or known.phrase) if known else phrase_of(name)


def own_words(legend: Legend) -> list[ClassWords]:
    """What a user's legend calls its classes; nothing for one that ships, whose words are known by its name."""
    if _legend(legend.name) == legend:
        return []
    named = {c.name: c for c in reversed(legend.classes) if not c.background}
    return [
        ClassWords(name=name, natural=c.phrase, chatearthnet=c.chatearthnet or c.phrase)
        for name, c in named.items()
    ]


def check_words(legend: Legend) -> None:
    """Refuse a legend of which captions could not be told apart from the words around them (`CaptioningError`)."""
    for words in own_words(legend):
        unread = [phrase for phrase in (words["natural"], words["chatearthnet"]) if not is_class(phrase)]
        if unread:
            raise CaptioningError(
                f"legend {legend.name}: {unread[0]!r} cannot be read as a class in a sentence: "
                f"give the class {words['name']!r} a phrase of other words"
            )


def _own(landcover: LandCover, name: str) -> ClassWords | None:
    return next((words for words in landcover.get("words", ()) if words["name"] == name), None)
