"""The classes that words stand for: those of all vocabularies, and `synonyms.yaml`."""

from collections.abc import Iterator
from functools import cache

from rsvlm.vocabularies import load_tags, vocabulary, vocabulary_names

from .reading import singular, stop_words, table, words_of

LONGEST_NAME = 12
"""Words of a class name at most; CORINE's longest has ten."""


class Classes:
    """The names of all classes by the words for them."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        concepts = table("synonyms.yaml")["concepts"]
        self._kinds: dict[str, list[str]] = {name: data.get("kinds", []) for name, data in concepts.items()}
        for name, data in concepts.items():
            self.names[key_of(name)] = name
            for word in data["words"]:
                self.names.setdefault(key_of(word), name)
        skipped = {key_of(word) for word in table("synonyms.yaml")["skip"].split()}
        for phrase in _phrases():
            key = key_of(phrase)
            if key not in skipped and key not in stop_words():
                self.names.setdefault(key, _singular_name(phrase))
        for name in _glued_names():
            whole = self.names.get(key_of(_split(name)))
            if whole:
                self.names.setdefault(key_of(name), whole)
        self.words = frozenset(singular(word) for key in self.names for word in key.split())

    def with_kinds(self, name: str) -> tuple[str, ...]:
        """Return a class and all kinds of it, each once."""
        found = [name]
        for one in found:
            found += [kind for kind in self._kinds.get(one, ()) if kind not in found]
        return tuple(found)


@cache
def classes() -> Classes:
    """Return the classes, read once."""
    return Classes()


def class_names(words: str) -> tuple[str, ...]:
    """Return the class that words stand for and the kinds of it; empty where they stand for none.

    It brings names of different vocabularies together: those of "Woodland" and of EuroSAT's "Forest" are the same.

    >>> class_names("AnnualCrop")
    ('cropland', 'rice field')
    """
    known = classes()
    name = known.names.get(key_of(words))
    return known.with_kinds(name) if name else ()


def key_of(phrase: str) -> str:
    """Return what is compared of a phrase: its words, the last one in the singular."""
    words = [word.text for word in words_of(phrase.replace("_", " ")) if word.text.isalnum()]
    return " ".join([*words[:-1], singular(words[-1])]) if words else ""


def _split(name: str) -> str:
    """Split words that were glued: "AnnualCrop" to "Annual Crop"."""
    return "".join(f" {letter}" if letter.isupper() else letter for letter in name)


def _singular_name(phrase: str) -> str:
    head, _, last = phrase.lower().rpartition(" ")
    return f"{head} {singular(last)}".strip()


def _phrases() -> Iterator[str]:
    """Words of all classes and names of objects that a question can hold as one; lists of several things are none."""
    for name in vocabulary_names():
        for one in vocabulary(name).classes:
            yield one.name if " " in one.name else _split(one.name).strip().lower()
            yield from (word for word in one.words if _names_one(word))
    for entry in load_tags().entries:
        if entry.kind == "object":
            yield entry.phrase


def _glued_names() -> Iterator[str]:
    """Names of classes like "AnnualCrop"."""
    for name in vocabulary_names():
        yield from (one.name for one in vocabulary(name).classes if " " not in one.name)


def _names_one(phrase: str) -> bool:
    return not {"or", "and", ",", "with", "without"} & {word.text for word in words_of(phrase)}
