"""The composer as a generator, and a generator that is given evidence: whatever asks generators can ask them."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

import rsvlm
from rsvlm.models import Encoder, Image
from rsvlm.models.generators import Answer, Generator, Request, as_generator
from rsvlm.models.generators.asking import answer_batch
from rsvlm.models.generators.functions import Function
from rsvlm.retrieval.exact import Floats

from .answering import NO_KNOWLEDGE, Knowledge, VisualQuestionAnswerer
from .base import ALPHA, KnowledgeBase
from .errors import RagError
from .prompting import inform
from .seen import see
from .shippednotes import NAME as BUILT_IN


class ComposerGenerator:
    """The built-in composer as a generator: its prompts are questions, its answers short ones.

    "I don't know" is an empty answer.

    Attributes:
        name: "composer", and the base that it looks into.
        revision: The version of rsvlm.
        info: Encoder and base.
        encoder: What looks at images.
        batch_size: Questions whose images are encoded together.
        plain: It takes questions as they stand, and the files of images: a GeoTIFF has a scale and a place.
    """

    batch_size = 16
    plain = True

    def __init__(self, knowledge: Knowledge = BUILT_IN, encoder: Encoder | str | None = None) -> None:
        """Get ready to answer; the arguments are those of `VisualQuestionAnswerer`."""
        self._answerer = VisualQuestionAnswerer(knowledge, encoder)
        self.encoder = self._answerer.encoder
        self._lock = Lock()
        self.name = _named("composer", knowledge)
        self.revision = rsvlm.__version__
        self.info = _record(self._answerer)

    def generate(self, prompt: str, images: Sequence[Image] = ()) -> str:
        """Return the short answer to a question; "": I don't know.

        Raises:
            RagError: There is no question, or an image cannot be read.
        """
        [answer] = self.generate_many([Request(prompt, images)])
        if answer.text is None:
            raise RagError(answer.error or "there is no answer")
        return answer.text

    def generate_many(self, requests: Sequence[Request]) -> list[Answer]:
        """Return the short answer to each of several questions."""
        items = [(list(request.pictures), request.prompt) for request in requests]
        with self._lock:
            answers = list(self._answerer.ask_many(items))
        return [
            Answer(error=one.error) if one.error is not None else Answer("" if one.abstained else one.short)
            for one in answers
        ]


class InformedGenerator:
    """A generator that is given, before whatever it is asked, the evidence that a base has for it.

    What it is asked, and what it is shown, is the same as without: so that the two can be compared.

    Attributes:
        name: That of the generator, and the base.
        revision: Of the generator.
        info: What the generator says of itself, and the base.
        batch_size: As of the generator.
        workers: As of the generator.
    """

    def __init__(
        self,
        generator: Generator | Function,
        knowledge: KnowledgeBase | str = BUILT_IN,
        encoder: Encoder | str | None = None,
        *,
        alpha: float = ALPHA,
        k: int = 5,
    ) -> None:
        """Get ready to answer.

        Args:
            generator: What answers.
            knowledge: Where evidence is found, as of `VisualQuestionAnswerer`; there must be one.
            encoder: What looks at images.
            alpha: 0..1: how much the picture counts beside the words.
            k: How many pieces of evidence it is given.

        Raises:
            RagError: The base is none.
        """
        self._generator = as_generator(generator)
        self._answerer = VisualQuestionAnswerer(knowledge, encoder, alpha=alpha, k=k)
        if self._answerer.knowledge is None:
            raise RagError("evidence is found in a knowledge base: name one")
        self._lock = Lock()
        self.name = _named(self._generator.name, knowledge)
        self.revision = self._generator.revision
        own: dict[str, Any] = getattr(self._generator, "info", {})
        self.info = own | {"evidence": _record(self._answerer) | {"alpha": alpha, "k": k}}
        self.batch_size: int = getattr(self._generator, "batch_size", 1)
        self.workers: int = getattr(self._generator, "workers", 1)
        self.abort: Callable[[], object] = getattr(self._generator, "abort", lambda: None)

    def generate(self, prompt: str, images: Sequence[Image] = ()) -> str:
        """Return the answer of the generator, as it gave it."""
        return self._generator.generate(self._informed(Request(prompt, images)).prompt, images)

    def generate_many(self, requests: Sequence[Request]) -> list[Answer]:
        """Return the answers of the generator to several requests."""
        return answer_batch(self._generator, [self._informed(request) for request in requests])

    def _informed(self, request: Request) -> Request:
        seen = [see(picture) for picture in request.pictures]
        with self._lock:
            found = self._answerer.evidence(seen, self._vector(seen), request.question or request.prompt)
        return request._replace(prompt=inform(request.prompt, found))

    def _vector(self, seen: Sequence[Any]) -> Floats | None:
        """Of the first image."""
        if not seen:
            return None
        vector: Floats = self._answerer.encoder.encode_images([seen[0].picture])[0].astype("float64")
        return vector


def _named(name: str, knowledge: Knowledge) -> str:
    """A name with that of the base, by which results are told apart."""
    if knowledge is None or knowledge == NO_KNOWLEDGE:
        return name
    folder = knowledge.folder if isinstance(knowledge, KnowledgeBase) else Path(knowledge)
    return f"{name} with {folder.name}"


def _record(answerer: VisualQuestionAnswerer) -> dict[str, Any]:
    """What decides answers and evidence: the encoder, and what is in the base."""
    encoder, base = answerer.encoder, answerer.knowledge
    return {
        "encoder": {"name": encoder.name, "revision": encoder.revision},
        "knowledge": None if base is None else {"chunks": len(base), "sha256": _digest(base)},
    }


def _digest(base: KnowledgeBase) -> str:
    """What tells a base from others, wherever it and its sources lie."""
    return sha256(" ".join(source.digest for source in base.record.sources).encode("ascii")).hexdigest()
