"""Which vocabulary the classes of a data set are, by its name and its labels."""

from rsvlm.datasets.sets import EvalSet
from rsvlm.vocabularies import Vocabulary, vocabulary, vocabulary_names
from rsvlm.vocabularies.class_lists import plain_name

ALIASES = {
    "ucm": ("ucmerced",),
    "nwpu": ("resisc45",),
    "whurs": ("whu-rs19",),
    "rsicb": ("rsi-cb256",),
    "bigearthnet": ("bigearthnet-43", "bigearthnet-19"),
    "ben": ("bigearthnet-43", "bigearthnet-19"),
    "reben": ("bigearthnet-19",),
    "lcz42": ("so2sat-lcz42",),
    "skyscriptroof": ("skyscript-roof-shape",),
    "roofshape": ("skyscript-roof-shape",),
    "smoothness": ("skyscript-smoothness",),
    "surface": ("skyscript-surface",),
}
"""Beginnings of names that authors use for data sets whose vocabulary is called otherwise."""


def vocabulary_for(eval_set: EvalSet) -> Vocabulary | None:
    """Return the shipped vocabulary of a data set; None where there is none.

    Its name must be the beginning of the set's ("eurosat" of "eurosat-rgb"), or an alias of it, and it must have a
    class for every label.
    """
    return next((entry for entry in candidates(eval_set.name) if covers(entry, eval_set.label_names)), None)


def candidates(name: str) -> list[Vocabulary]:
    """Return the vocabularies that a data set of this name may have, the likeliest first."""
    plain = plain_name(name)
    own = [entry for entry in vocabulary_names() if plain.startswith(plain_name(entry))]
    found = sorted(own, key=len, reverse=True)
    for alias in sorted(ALIASES, key=len, reverse=True):
        found += [entry for entry in ALIASES[alias] if plain.startswith(alias) and entry not in found]
    return [vocabulary(entry) for entry in found]


def covers(entry: Vocabulary, labels: tuple[str, ...]) -> bool:
    """Whether a vocabulary has a class, not only a wider one, for each of some labels, and there are any."""
    found = [entry.by_name(label) for label in labels]
    return bool(labels) and all(one is not None and one in entry.classes for one in found)
