"""Words as an encoder sees them: vectors of the things that people ask about, and of all others to compare with."""

import threading
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

_MOST = 2000
"""Phrases that are kept."""


class Lexicon:
    """Vectors of words, each encoded once.

    Args:
        encoder: What makes them.

    Attributes:
        scale: What cosines are multiplied with before they are compared as probabilities.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.scale = float(getattr(encoder, "logit_scale", 100.0))
        self._known: dict[str, Vectors] = {}
        self._lock = threading.Lock()

    @cached_property
    def concepts(self) -> tuple[str, ...]:
        """What a thing is compared with: the common things that overhead images show."""
        return tuple(table("synonyms.yaml")["concepts"])

    @cached_property
    def background(self) -> Vectors:
        """(concepts, d) their vectors."""
        return self.vectors(self.concepts)

    def vectors(self, words: Sequence[str]) -> Vectors:
        """(n, d) unit vectors of words, each the mean of its prompts."""
        with self._lock:
            if len(self._known) > _MOST:
                self._known = {}
            known = self._known  # another thread may begin anew while words are encoded here
        new = [word for word in dict.fromkeys(words) if word not in known]
        if new:
            prompts = fill_templates([[word] for word in new], template_set("default"))
            made = class_vectors(self._encoder, prompts, "normalized").vectors
            known.update(zip(new, made, strict=True))
        return np.stack([known[word] for word in words])

    def texts(self, texts: Sequence[str]) -> Vectors:
        """(n, d) vectors of whole texts, as they are; equal ones are encoded once."""
        different = list(dict.fromkeys(texts))
        vectors = dict(zip(different, self._encoder.encode_texts(different), strict=True))
        return np.stack([vectors[text] for text in texts])

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
