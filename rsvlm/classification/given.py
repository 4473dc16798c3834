"""What a user gives a classifier, checked before any work: classes, templates, an encoder, a memory, labels."""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from rsvlm.imagery.items import PathLike
from rsvlm.models import Encoder, load_encoder
from rsvlm.retrieval import Index, folder_of
from rsvlm.vocabularies import Vocabulary, template_set
from rsvlm.vocabularies.protocols import Protocol

from .errors import ClassificationError

Template = str | Callable[[str], str]
"""A text with one `{}`, or what makes a prompt of a word, as open_clip's templates do."""

_OF_ENCODERS = ("name", "revision", "dimension", "encode_images", "encode_texts")


def templates_of(
    templates: Template | Sequence[Template] | None, protocol: Protocol, vocabulary: Vocabulary
) -> tuple[Template, ...]:
    """Return the templates that are meant: those given, those of a set, or the protocol's for these classes.

    Raises:
        ClassificationError: One of them is neither a text nor makes one.
        rsvlm.vocabularies.VocabularyError: There is no such set.
    """
    if templates is None:
        return tuple(protocol.template_strings(vocabulary))
    if isinstance(templates, str):
        return (templates,) if "{}" in templates else tuple(template_set(templates))
    listed = tuple(templates) if isinstance(templates, Iterable) else (templates,)
    for template in listed:
        if not isinstance(template("{}") if callable(template) else template, str):
            raise ClassificationError(
                f"template {shown(template)}: a template is a text with one {{}}, or a function that makes a text "
                "of a word"
            )
    return listed


def template_names(templates: Iterable[Template]) -> tuple[str, ...]:
    """Return templates as texts: of a function what it makes of `{}`."""
    return tuple(template("{}") if callable(template) else template for template in templates)


def encoder_of(encoder: Encoder | PathLike) -> Encoder:
    """Return an encoder, loaded where it is named.

    Raises:
        ClassificationError: It is none.
        rsvlm.models.ModelError: It cannot be loaded.
    """
    if isinstance(encoder, str | os.PathLike):
        return load_encoder(encoder)
    lacking = [name for name in _OF_ENCODERS if not hasattr(encoder, name)]
    if lacking:
        raise ClassificationError(
            f"{shown(encoder)} is no encoder, for it has no {lacking[0]}: give what rsvlm.load_encoder takes or returns"
        )
    return encoder


def memory_index(memory: Index | PathLike, encoder: Encoder) -> Index:
    """Return the index that is to be a memory, by this encoder.

    Raises:
        ClassificationError: It is no index and no place of one.
        rsvlm.retrieval.RetrievalError: Another encoder made it, or it is damaged.
    """
    if not isinstance(memory, Index | str | os.PathLike):
        raise ClassificationError(
            f"a memory is an index with labels, or its folder, but this is a {type(memory).__name__}: "
            "rsvlm.Index.build makes one of images, and its label() labels them"
        )
    # also one that is open already: its vectors must be of this encoder
    return Index(folder_of(memory.folder if isinstance(memory, Index) else memory, "a memory"), encoder)


def label_names(labels: Iterable[str | Iterable[str] | None]) -> list[tuple[str, ...]]:
    """Return for each image the names of its classes; none of them is "none of these".

    Raises:
        ClassificationError: A label is no name, such as a number: classes are matched by name, never by position.
    """
    return [_names_of(label, row) for row, label in enumerate(labels)]


def _names_of(label: Any, row: int) -> tuple[str, ...]:
    if label is None:
        return ()
    names = (label,) if isinstance(label, str) or not isinstance(label, Iterable) else tuple(label)
    if not all(isinstance(name, str) for name in names):
        raise ClassificationError(
            f"the label of image {row} is {shown(label)}: give a class name, a list of them, or None where no class "
            "fits; numbers become names by [classifier.names[number] for number in numbers]"
        )
    return cast(tuple[str, ...], names)


def shown(value: object) -> str:
    """A value in one short line, for error messages."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:60] + "..."
