"""Vocabularies: the classes of a data set in its own order, and the words that people say for them."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rsvlm.vocabularies.errors import VocabularyError
from rsvlm.vocabularies.templates import template_set

Color = tuple[int, int, int]


@dataclass(frozen=True)
class VocabularyClass:
    """One class.

    Attributes:
        name: the data set's own label, exactly ("AnnualCrop").
        words: what people say for it, best first, lower case unless a proper name ("annual crop land", ...);
            they fit "a satellite photo of {}". Never empty.
        code: the data set's own code (LCZ "A", CORINE 111, FAO 110), or None.
        color: red, green, blue (0-255), or None.
        parent: name of the class one level up, one of the `parents` of its vocabulary, or None.
    """

    name: str
    words: tuple[str, ...]
    code: int | str | None = None
    color: Color | None = None
    parent: str | None = None


@dataclass(frozen=True)
class Vocabulary:
    """The classes of a data set, and what is known of its images.

    Attributes:
        name: its short name ("eurosat").
        title: its name for people.
        classes: the leaves, in the data set's own order: class `i` is label `i` where the set counts from 0.
        parents: wider classes of a hierarchy, the widest first; empty where there is none.
        multi_label: true where an image may have several classes, or none.
        gsd: metres per pixel, typical, or None.
        extent: metres along one side of a typical image: the size of chip that is cut by default, or None.
        sensor: what took the images.
        templates: name of the template set that suits it (`template_set_names()`).
        protocol_words: for a protocol whose authors published other class words: one a class, in class order.
        protocol_splits: for a protocol: the split on which its authors report ("test", "train", "all").
        licence: licence of the data set as its authors state it, or None where they state none.
        citation: authors, year, DOI or arXiv number.
        url: home of the data set.
        source: where order and names were taken from.
    """

    name: str
    title: str
    classes: tuple[VocabularyClass, ...]
    parents: tuple[VocabularyClass, ...] = ()
    multi_label: bool = False
    gsd: float | None = None
    extent: float | None = None
    sensor: str | None = None
    templates: str = "default"
    protocol_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    protocol_splits: Mapping[str, str] = field(default_factory=dict, hash=False)
    licence: str | None = None
    citation: str | None = None
    url: str | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be told apart or leads nowhere (`VocabularyError`)."""
        if not self.classes:
            raise VocabularyError(f"vocabulary {self.name} has no classes; name at least one")
        _check_texts(self)
        _check_distinct(self)
        _check_parents(self)
        template_set(self.templates)
        for protocol, words in self.protocol_words.items():
            if len(words) != len(self.classes):
                raise VocabularyError(
                    f"vocabulary {self.name}: protocol_words of {protocol} are {len(words)} for "
                    f"{len(self.classes)} classes; give one a class, in class order"
                )

    def __len__(self) -> int:
        """How many classes there are, those of `parents` not among them."""
        return len(self.classes)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes, in the data set's order."""
        return tuple(c.name for c in self.classes)

    @cached_property
    def _known_as(self) -> dict[str, VocabularyClass]:
        every = (*self.classes, *self.parents)
        codes = {str(c.code): c for c in reversed(every) if c.code is not None}
        words = {word: c for c in reversed(every) for word in reversed(c.words)}
        names = {c.name: c for c in reversed(every)}
        plain: dict[str, VocabularyClass] = {}
        for table in (codes, words, names):  # a name goes before a word, a word before a code
            plain |= {plain_name(text): c for text, c in table.items()}
        return plain

    def by_name(self, text: str) -> VocabularyClass | None:
        """Return the class of a name, else of one of its words, else of a code; None where there is none.

        Case, spaces, `_`, `-` and other punctuation do not matter: "annual crop" is AnnualCrop. Where a class
        and a wider one share a name, it is the class.
        """
        return self._known_as.get(plain_name(text))


def plain_name(text: str) -> str:
    """Return what is compared of a name: its letters and digits, without case ("AnnualCrop": "annualcrop")."""
    # folders of some systems have accents apart from their letters
    folded = unicodedata.normalize("NFC", text.casefold())
    return "".join(letter for letter in folded if letter.isalnum()) or folded.strip()


def _check_texts(vocabulary: Vocabulary) -> None:
    for item in (*vocabulary.classes, *vocabulary.parents):
        if not item.words:
            raise VocabularyError(
                f"vocabulary {vocabulary.name}: {item.name} has no words; give at least one"
            )
        for text in (item.name, *item.words):
            if not text.strip() or not text.isprintable() or len(text) > 200:
                shown = text if len(text) <= 60 else text[:60] + "..."
                raise VocabularyError(
                    f"vocabulary {vocabulary.name}: {shown!r} cannot be the name or word of a class; "
                    "write 1 to 200 printable characters"
                )


def _check_distinct(vocabulary: Vocabulary) -> None:
    words = [
        word for c in vocabulary.classes for word in {plain_name(word): word for word in c.words}.values()
    ]
    for what, texts in (
        ("class", [c.name for c in vocabulary.classes]),
        ("parent", [c.name for c in vocabulary.parents]),
        ("word", words),
    ):
        twice = _repeated(texts)
        if twice is not None:
            raise VocabularyError(
                f"vocabulary {vocabulary.name}: the {what} {twice!r} is there twice, so nothing could tell the "
                "two apart; keep one of them"
            )


def _repeated(texts: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for text in texts:
        if plain_name(text) in seen:
            return text
        seen.add(plain_name(text))
    return None


def _check_parents(vocabulary: Vocabulary) -> None:
    above: set[str] = set()
    for place, item in enumerate((*vocabulary.parents, *vocabulary.classes)):
        if item.parent is not None and item.parent not in above:
            raise VocabularyError(
                f"vocabulary {vocabulary.name}: {item.name} has the parent {item.parent!r}, which is not among "
                "the parents above it; list wider classes under `parents`, the widest first"
            )
        if place < len(vocabulary.parents):
            above.add(item.name)
