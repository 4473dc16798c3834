"""Words as an encoder sees them: vectors of the things that people ask about, and of all others to compare with."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from rsvlm.classification.class_vectors import class_vectors, fill_templates
from rsvlm.models import Encoder
from rsvlm.rag.questions import Thing, class_names
from rsvlm.rag.questions.reading import table
from rsvlm.retrieval.exact import Floats
from rsvlm.retrieval.stored import Ints, Vectors
from rsvlm.vocabularies import template_set

from .remembered import Remembered

_PHRASES, _TEXTS = 2000, 20_000
"""Of which vectors are kept: some 4 and 40 MB."""


class Lexicon:
    """Vectors of words, each encoded once.

    Args:
        encoder: What makes them.

    Attributes:
        scale: What cosines are multiplied with before they are compared as probabilities.
        vectors: (n, d) unit vectors of words, each the mean of its prompts.
        texts: (n, d) vectors of whole texts, as they are.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.scale = float(getattr(encoder, "logit_scale", 100.0))
        self.vectors = Remembered(self._of_prompts, _PHRASES)
        self.texts = Remembered(encoder.encode_texts, _TEXTS)

    @cached_property
    def concepts(self) -> tuple[str, ...]:
        """What a thing is compared with: the common things that overhead images show."""
        return tuple(table("synonyms.yaml")["concepts"])

    @cached_property
    def background(self) -> Vectors:
        """(concepts, d) their vectors."""
        return self.vectors(self.concepts)

    def _of_prompts(self, words: Sequence[str]) -> Vectors:
        prompts = fill_templates([[word] for word in words], template_set("default"))
        found: Vectors = class_vectors(self._encoder, prompts, "normalized").vectors
        return found

    def of(self, thing: Thing) -> Vectors:
        """(n, d) vectors of a thing and of all kinds of it."""
        return self.vectors(thing.classes or (thing.phrase.lower(),))

    def others(self, thing: Thing) -> Ints:
        """Numbers of the concepts that are neither the thing, nor a kind of it, nor what it is a kind of."""
        own = set(thing.classes or (thing.name,))
        return np.array(
            [
                number
                for number, concept in enumerate(self.concepts)
                if concept not in own and thing.name not in class_names(concept)
            ]
        )

    def standing(self, vectors: Floats | Vectors, thing: Thing) -> Floats:
        """Return (n,) how far pictures stand out towards a thing: standard deviations above the mean of all concepts.

        Args:
            vectors: (n, d) of pictures.
            thing: What they may show.
        """
        seen = np.asarray(vectors, np.float64)
        rest = seen @ self.background.T.astype(np.float64)
        own = (seen @ self.of(thing).T.astype(np.float64)).max(axis=1)
        found: Floats = (own - rest.mean(axis=1)) / np.maximum(rest.std(axis=1), 1e-9)
        return found
