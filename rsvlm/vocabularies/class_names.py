"""Classes as people give them: a vocabulary's name, a list with commas, a text or YAML file."""

import re
from collections.abc import Sequence
from pathlib import Path

from rsvlm.vocabularies.class_lists import Vocabulary, VocabularyClass
from rsvlm.vocabularies.errors import VocabularyError
from rsvlm.vocabularies.legends import phrase_of
from rsvlm.vocabularies.vocabulary_files import (
    YAML_SUFFIXES,
    is_file,
    near_names,
    read_file,
    shipped_vocabulary,
    vocabulary,
)
from rsvlm.vocabularies.yaml_files import LARGEST_FILE

GLUED = re.compile(r"_|[a-z][A-Z]")
"""Names whose words were glued or joined by `_`: they are split for people; others stay as they were written."""


def vocabulary_from_classes(classes: str | Sequence[str], name: str = "custom") -> Vocabulary:
    """Make a vocabulary of class names.

    Args:
        classes: names, or one text with commas between them: "solar farm,orchard,bare soil". Blank ones are
            left out. A name is used as it is written; one glued together (AnnualCrop, sea_ice) is split.
        name: the vocabulary's name.

    Raises:
        VocabularyError: when there is no class, or one is there twice.
    """
    given = classes.split(",") if isinstance(classes, str) else classes
    for text in given:
        if not isinstance(text, str):
            raise VocabularyError(f"a class is a name, but found {text!r}; write it as text")
    names = [" ".join(text.split()) for text in given]
    made = tuple(VocabularyClass(text, (_words(text),)) for text in names if text)
    if not made:
        raise VocabularyError(f"{name} holds no classes; name them like 'solar farm,orchard,bare soil'")
    return Vocabulary(name=name, title=name, classes=made)


def _words(name: str) -> str:
    return phrase_of(name) or name if GLUED.search(name) else name


def read_classes(text_or_path: str) -> Vocabulary:
    """Return the classes that a user asks for.

    Args:
        text_or_path: a vocabulary's name, the path of a YAML file, the path of a text file with a class a line
            (UTF-8; blank lines are left out), or classes with commas between them.

    Raises:
        VocabularyError: for an unknown name, a file that cannot be read or is empty, a class that is there twice.
    """
    text = text_or_path.strip()
    shipped = shipped_vocabulary(text)
    if shipped is not None:
        return shipped
    if text.lower().endswith(YAML_SUFFIXES):
        return vocabulary(Path(text))
    if is_file(text):
        return _read_text(Path(text))
    if "," in text:
        return vocabulary_from_classes(text)
    raise VocabularyError(_unknown(text))


def _read_text(path: Path) -> Vocabulary:
    content = read_file(path)
    if len(content) > LARGEST_FILE:
        raise VocabularyError(f"class list {path} has more than {LARGEST_FILE} bytes; write a class a line")
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise VocabularyError(
            f"class list {path} is not UTF-8 text (byte {error.start}); save it as UTF-8, a class a line"
        ) from error
    if not any(line.strip() for line in lines):
        raise VocabularyError(f"class list {path} is empty; write a class a line")
    return vocabulary_from_classes(lines, path.stem)


def _unknown(text: str) -> str:
    if not text:
        return "no classes were given; name a vocabulary, or write them like 'solar farm,orchard,bare soil'"
    if text.lower().endswith(".txt"):
        return f"there is no class list {text!r}; check the path"
    near = near_names(text)
    shown = text if len(text) <= 60 else text[:60] + "..."
    if near:
        return f"no vocabulary {shown!r}; did you mean {' or '.join(near)}?"
    return (
        f"{shown!r} is no vocabulary and no file; write classes with commas between them "
        "('solar farm,orchard,bare soil'), or a class a line in a .txt file"
    )
