"""Classes as people give them: a vocabulary's name, a list or dict, a text with commas, a text, YAML or JSON file."""

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from rsvlm.errors import one_line
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

Classes = str | Iterable[str] | Mapping[str, str | Iterable[str]]
"""Names, a text with commas between them, or names with the words that people say for each."""

GLUED = re.compile(r"_|[a-z][A-Z]")
"""Names whose words were glued or joined by `_`: they are split for people; others stay as they were written."""

_TABLES = (".csv", ".tsv")


def vocabulary_from_classes(classes: Classes, name: str = "custom") -> Vocabulary:
    """Make a vocabulary of class names.

    Args:
        classes: names, in the order that their columns of scores will have; or a dict of each name and what people
            say for it, one text or several; or one text with commas between names, where blank ones are left out.
            A name is used as it is written; without words of its own, one glued together (AnnualCrop, sea_ice) is
            split.
        name: the vocabulary's name.

    Raises:
        VocabularyError: when there is no class, one is blank, no text or there twice, or they have no order.
    """
    if isinstance(classes, Mapping):
        made = tuple(_with_words(text, words) for text, words in classes.items())
    else:
        made = tuple(VocabularyClass(text, (_words(text),)) for text in _names(classes))
    if not made:
        raise VocabularyError(f"{name} holds no classes; name them like 'solar farm,orchard,bare soil'")
    return Vocabulary(name=name, title=name, classes=made)


def _names(classes: str | Iterable[str]) -> list[str]:
    if isinstance(classes, str):
        return [text for text in map(_tidy, classes.split(",")) if text]
    if isinstance(classes, set | frozenset):
        raise VocabularyError(
            "classes in a set have another order in every run; give a list, such as sorted(classes)"
        )
    if not isinstance(classes, Iterable):
        raise VocabularyError(f"classes are names, but found {one_line(repr(classes))}; give a list of texts")
    return [_name(text) for text in classes]


def _name(text: object) -> str:
    if not isinstance(text, str):
        raise VocabularyError(f"a class is a name, but found {one_line(repr(text))}; write it as text")
    if not text.strip():
        raise VocabularyError(
            f"a class is a name, but found {text!r}; leave it out, and mind that the classes after it move up"
        )
    return _tidy(text)


def _with_words(text: object, words: object) -> VocabularyClass:
    name = _name(text)
    listed = (
        [words] if isinstance(words, str) else list(words) if isinstance(words, list | tuple) else [words]
    )
    if not all(isinstance(word, str) for word in listed):
        raise VocabularyError(
            f"class {name}: its words are texts, but found {one_line(repr(words))}; write "
            '{"forest": ["dense green trees", "woodland"]}, or a list of names alone'
        )
    return VocabularyClass(name, tuple(map(_tidy, listed)))


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _words(name: str) -> str:
    return phrase_of(name) or name if GLUED.search(name) else name


def classes_of(classes: Vocabulary | os.PathLike[str] | Classes) -> Vocabulary:
    """Return classes in whatever form a user has them.

    Args:
        classes: A vocabulary, what `read_classes` takes, a list of names, or a dict of names and words.

    Raises:
        VocabularyError: As of `read_classes` and `vocabulary_from_classes`.
    """
    if isinstance(classes, Vocabulary):
        return classes
    if isinstance(classes, str | os.PathLike):
        return read_classes(os.fspath(classes))
    return vocabulary_from_classes(classes)


def read_classes(text_or_path: str) -> Vocabulary:
    """Return the classes that a user asks for.

    Args:
        text_or_path: a vocabulary's name, the path of a YAML file, of a JSON file (a list of names, or an object of
            names and their words), of a text file with a class a line (UTF-8; blank lines are left out), or classes
            with commas between them.

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
        return _read_file(Path(text))
    if "," in text:
        return vocabulary_from_classes(text)
    raise VocabularyError(_unknown(text))


def _read_file(path: Path) -> Vocabulary:
    kind = path.suffix.lower()
    if kind in _TABLES:
        raise VocabularyError(
            f"class list {path}: of a table it is not known which column names the classes; "
            "write their names into a .txt file, a class a line"
        )
    content = read_file(path)
    if len(content) > LARGEST_FILE:
        raise VocabularyError(f"class list {path} has more than {LARGEST_FILE} bytes; write a class a line")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise VocabularyError(
            f"class list {path} is not UTF-8 text (byte {error.start}); save it as UTF-8, a class a line"
        ) from error
    if kind == ".json":
        return vocabulary_from_classes(_of_json(text, path), path.stem)
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise VocabularyError(f"class list {path} is empty; write a class a line")
    return vocabulary_from_classes(lines, path.stem)


def _of_json(text: str, path: Path) -> Classes:
    """A list of names, or an object of names and their words."""
    try:
        found = json.loads(text, object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as error:
        raise VocabularyError(f"class list {path} is not JSON that can be read: {one_line(error)}") from error
    if not isinstance(found, list | dict):
        raise VocabularyError(
            f'class list {path} holds no classes; write a list, ["forest", "river"], or {{"forest": ["woodland"]}}'
        )
    return found


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of JSON; of a key that is there twice the last would be taken, in silence."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for place, (key, _) in enumerate(pairs) if key in dict(pairs[:place]))
        raise ValueError(f"{twice} is there twice; keep one of them")
    return found


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
