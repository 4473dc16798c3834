"""What answers, searches and classifies: loaded once, shared by all users. Encoders take turns by themselves."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rsvlm.classification import ZeroShotClassifier
from rsvlm.models import Encoder
from rsvlm.models.generators import Generator
from rsvlm.rag import Answer, Evidence, KnowledgeBase, VisualQuestionAnswerer
from rsvlm.rag.seen import Seen
from rsvlm.retrieval import AnyIndex, Hits, open_index
from rsvlm.vocabularies import vocabulary, vocabulary_names

from .errors import DemoError
from .limits import Limits
from .pictures import Picked

_CLASSIFIERS = 8
"""Sets of classes whose vectors are kept."""
COMPOSER_WORKERS = 2
"""Questions answered side by side without a generator: the encoder takes one at a time, reading goes on beside it."""
MOST_WORKERS = 8


class Engine:
    """All that the page asks.

    Args:
        answerer: What answers.
        index: What is searched; None: nothing is.
        limits: How much a user may ask for.
    """

    def __init__(
        self, answerer: VisualQuestionAnswerer, index: AnyIndex | None = None, limits: Limits = Limits()  # noqa: B008 - frozen
    ) -> None:  # fmt: skip
        self.answerer, self.index, self.limits = answerer, index, limits
        self.encoder: Encoder = answerer.encoder
        self._classifiers: OrderedDict[tuple[str, ...], ZeroShotClassifier] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def load(
        cls,
        knowledge: str,
        index: str | None,
        encoder: Encoder | str | None,
        generator: Generator | str | None,
        limits: Limits,
        sensor: str | None = None,
        bands: Sequence[str] | None = None,
    ) -> Engine:
        """Load what the names name; the arguments are those of `VisualQuestionAnswerer` and `open_index`."""
        answerer = VisualQuestionAnswerer(knowledge, encoder, generator, sensor=sensor, bands=bands)
        engine = cls(answerer, limits=limits)
        if index is not None:
            opened = open_index(index)
            alike = opened.made_by.name == engine.encoder.name
            engine.index = open_index(index, engine.encoder) if alike else opened
        return engine

    @property
    def workers(self) -> int:
        """How many questions are answered side by side."""
        if self.answerer.generator is None:
            return COMPOSER_WORKERS
        return min(MOST_WORKERS, max(1, getattr(self.answerer.generator, "workers", 1)))

    @property
    def generator(self) -> str | None:
        """Name of what writes answers; None: the composer."""
        made = self.answerer.generator
        return None if made is None else str(getattr(made, "name", "function"))

    @property
    def opening(self) -> dict[str, Any]:
        """What is told of uploads' bands."""
        return {"sensor": self.answerer.sensor, "bands": self.answerer.bands}

    @property
    def has_knowledge(self) -> bool:
        """Whether there is anything to cite."""
        return self.answerer.knowledge is not None

    def look(self, picked: Picked) -> tuple[Picked, Seen]:
        """Read and encode an image; return it with what is known of it, and its pixels.

        Raises:
            DemoError: It cannot be read.
        """
        seen = picked.seen()
        vector = self.encoder.encode_images([seen.picture])[0].astype(np.float64)
        return replace(picked, vector=vector, point=seen.point, bbox=seen.bbox), seen

    def ask(self, images: Sequence[Picked], question: str, alpha: float, k: int) -> Answer:
        """Answer a question about no, one or two images."""
        named = any(self.opening.values())  # what fits only some of the images is not told of the others
        given = [one.chip() if named and not one.opening else one.image() for one in images]
        [answer] = self.answerer.ask_many([(given, question)], alpha=alpha, k=k)
        if answer.error is not None:
            message = answer.error
            for one in images:
                message = one.told(message)
            raise DemoError(message)
        return answer

    def evidence(self, picked: Picked | None, question: str, alpha: float, k: int) -> list[Evidence]:
        """Find what is known about a question and an image."""
        base: KnowledgeBase | None = self.answerer.knowledge
        vector = None if picked is None or base is None or base.record.encoder is None else picked.vector
        if base is None or (vector is None and not question.strip()):
            return []
        query = base.query(question, vector, alpha=alpha, near=None if picked is None else picked.point)
        return base.find(query, k=k)

    def search(self, words: str, picked: Picked | None, weight: float, k: int) -> Hits:
        """Find images of the index."""
        if self.index is None:
            raise DemoError("there is no index to search: start the demo with --index INDEX")
        if not words.strip() and picked is None:
            raise DemoError(
                "say what to find: write words, or choose an image in the Ask tab and tick the box, or both"
            )
        image = None if picked is None else picked.seen().picture
        return self.index.search(words.strip() or None, image, k=k, weight=weight)

    def classify(self, picked: Picked, classes: str | Sequence[str]) -> tuple[list[tuple[str, float]], bool]:
        """Tell the five likeliest classes with their scores, and whether these are calibrated."""
        classifier = self._classifier(classes)
        result = classifier.classify(
            [picked.image()], top_k=5, chips="whole", min_valid=0.0, **picked.opening
        )
        if result.errors[0] is not None:
            raise DemoError(picked.told(result.errors[0]))
        return result.top(5)[0], result.calibrated

    def _classifier(self, classes: str | Sequence[str]) -> ZeroShotClassifier:
        """The classifier of a vocabulary that ships, or of class names: never of a file that a user names."""
        key = ("vocabulary", classes) if isinstance(classes, str) else ("classes", *classes)
        if isinstance(classes, str) and classes not in vocabulary_names():
            raise DemoError(f"there is no vocabulary {classes[:40]!r}")
        with self._lock:
            if key not in self._classifiers:
                named: Any = vocabulary(classes) if isinstance(classes, str) else list(classes)
                self._classifiers[key] = ZeroShotClassifier(named, self.encoder)
            self._classifiers.move_to_end(key)
            while len(self._classifiers) > _CLASSIFIERS:
                self._classifiers.popitem(last=False)
            return self._classifiers[key]
