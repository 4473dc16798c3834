"""Captions of labelled images: the words of their classes in templates."""

from collections.abc import Sequence
from typing import Any

from rsvlm.datasets.errors import DatasetError
from rsvlm.datasets.labels import label_names
from rsvlm.pretraining.errors import PretrainingError
from rsvlm.vocabularies import (
    Vocabulary,
    VocabularyError,
    read_classes,
    template_set,
    vocabulary_from_classes,
)


class LabelCaptions:
    """Makes the captions of an image from its labels: each word of each class in each template.

    Args:
        place: The source, for messages.
        names: What labels that are numbers stand for, in order; None where the source does not say.
        vocabulary: Words of the classes: one of `rsvlm.vocabularies`, or what `read_classes` takes. None: the names of
            the classes, split into words.
        templates: Name of a template set, or texts with one `{}`; None: those that suit the vocabulary.

    Raises:
        PretrainingError: There is no such vocabulary or set, a template has no `{}`, or a class is not in the
            vocabulary.
    """

    def __init__(
        self,
        place: str,
        names: Sequence[str] | None = None,
        vocabulary: str | Vocabulary | None = None,
        templates: str | Sequence[str] | None = None,
    ) -> None:
        self._place = place
        try:
            self._vocabulary = read_classes(vocabulary) if isinstance(vocabulary, str) else vocabulary
            suited = "default" if self._vocabulary is None else self._vocabulary.templates
            given = suited if templates is None else templates
            self._templates = template_set(given) if isinstance(given, str) else tuple(given)
        except VocabularyError as error:
            raise PretrainingError(str(error)) from None
        for text in self._templates:
            if text.count("{}") != 1 or text.count("{") != 1 or text.count("}") != 1:
                raise PretrainingError(f"the template {text!r} needs one {{}}, where the class goes")
        if not self._templates:
            raise PretrainingError("templates: give one at least, such as 'a satellite photo of a {}.'")
        own = None if self._vocabulary is None else self._vocabulary.names
        self._names = own if names is None else tuple(names)
        self._known: dict[str, tuple[str, ...]] = {}

    def check(self, labels: Sequence[Any]) -> None:
        """Refuse labels that have no name, or of which the vocabulary has no class (`PretrainingError`)."""
        found = {name for label in labels for name in self._classes(label)}
        if self._vocabulary is None:
            return
        unknown = sorted(name for name in found if self._vocabulary.by_name(name) is None)
        if unknown:
            shown = ", ".join(unknown[:10]) + (f" and {len(unknown) - 10} more" if len(unknown) > 10 else "")
            raise PretrainingError(
                f"{self._place}: classes that the vocabulary {self._vocabulary.name} lacks: {shown}; "
                f"it has {', '.join(self._vocabulary.names[:10])}..."
            )

    def __call__(self, label: Any) -> tuple[str, ...]:
        """Return the captions of a label or of several; none for what has no name or is not in the vocabulary."""
        try:
            return tuple(text for name in self._classes(label) for text in self._captions(name))
        except PretrainingError:
            return ()

    def _classes(self, label: Any) -> tuple[str, ...]:
        if label == -1:  # how `datasets` says that there is none
            return ()
        try:
            return label_names([label], self._names, self._place)[0]
        except DatasetError as error:
            raise PretrainingError(str(error)) from None

    def _captions(self, name: str) -> tuple[str, ...]:
        if name not in self._known:
            own = self._vocabulary or vocabulary_from_classes([name])
            found = own.by_name(name)
            words = () if found is None else found.words
            self._known[name] = tuple(text.format(word) for word in words for text in self._templates)
        return self._known[name]
