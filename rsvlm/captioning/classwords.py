"""What the classes of a legend are called in captions."""

from functools import lru_cache

from rsvlm.vocabularies.errors import VocabularyError
from rsvlm.vocabularies.legends import Legend, LegendClass, load_legend, phrase_of


@lru_cache(maxsize=64)
def _legend(name: str) -> Legend | None:
    """Load a legend; None where its file is gone (labels outlive the files that they came from)."""
    try:
        return load_legend(name)
    except VocabularyError:
        return None


def legend_class(legend: str, name: str) -> LegendClass | None:
    """Return a class of a legend by the name that the labels hold; None where legend or class is unknown."""
    known = _legend(legend)
    return known.by_name(name) if known else None


def class_words(legend: str, name: str) -> str:
    """Return the words for a class in style `natural`: its phrase, or its plain name."""
    known = legend_class(legend, name)
    return known.phrase if known else phrase_of(name)


def chatearthnet_words(legend: str, name: str) -> str:
    """Return the words for a class in style `chatearthnet`: the name that it has there, or its phrase."""
    known = legend_class(legend, name)
    return (known.chatearthnet or known.phrase) if known else phrase_of(name)
