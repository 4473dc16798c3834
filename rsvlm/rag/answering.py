"""`rsvlm.VisualQuestionAnswerer`: a question and an image in, an answer with its evidence out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from rsvlm import __version__
from rsvlm.imagery.bands import band_names
from rsvlm.imagery.items import PathLike, Picture
from rsvlm.models import Encoder
from rsvlm.models.generators import Answer as Reply
from rsvlm.models.generators import Generator, Request, as_generator, ask_all, load_generator
from rsvlm.models.generators.functions import Function
from rsvlm.models.shipped import DEFAULT
from rsvlm.retrieval import Filter
from rsvlm.retrieval.exact import Floats
from rsvlm.retrieval.searchable import loaded

from .answer import Answer
from .answerfile import AnswerFile, key_of, open_answers
from .base import ALPHA, KnowledgeBase
from .citations import checked, is_unknown
from .composer import Composer
from .composer.composing import LOOK_ALIKES
from .composer.look import Look, Neighbour, neighbours_of
from .errors import RagError
from .evidence import Evidence
from .items import Images, Item, failed, image_and_question, prepare, several
from .nearby import Nearby, Places, nearby_places, places_of
from .prompting import BUDGET, FilledPrompt, Prompt, ask_with, read_prompt
from .seen import Pixels, Seen, see
from .shippedbase import shipped_base
from .shippednotes import NAME as BUILT_IN

Knowledge = KnowledgeBase | PathLike | None
NO_KNOWLEDGE = "none"
UNKNOWN = "I don't know."
_NEAREST, _SURROUNDINGS = 10, 1000
"""Named places that a generator is told, and those that the composer looks among."""
_BATCH = 16
"""Questions whose images are read and encoded together."""


class VisualQuestionAnswerer:
    """Answers questions about overhead images, with the evidence for it, or says that it does not know.

    Without a generator the built-in composer answers: from what the encoder sees, what is said of pictures of the base
    that look alike, and by quoting the sentence of the base that holds a fact. A generator is given the image and
    the evidence, as RS-RAG does it (Wen et al. 2025, arXiv:2504.04988); citations that it makes up are taken out.

    Attributes:
        knowledge: The base; None: there is none.
        encoder: What looks at images.
        generator: What writes answers; None: the composer.
    """

    def __init__(
        self,
        knowledge: Knowledge = BUILT_IN,
        encoder: Encoder | PathLike | None = None,
        generator: Generator | Function | str | None = None,
        *,
        alpha: float = ALPHA,
        k: int = 5,
        types: str | Sequence[str] = (),
        filter: Filter | None = None,
        prompt: PathLike | None = None,
        budget: int = BUDGET,
        sensor: str | None = None,
        bands: Sequence[str] | None = None,
    ) -> None:
        """Get ready to answer.

        Args:
            knowledge: A base or its folder; "built-in": the small one that ships; "none" or None: none.
            encoder: What looks at images, or what `load_encoder` takes; None: what made the base, else the built-in
                one.
            generator: What writes answers: a generator, a function (prompt, images) -> text, or what `load_generator`
                takes; None: the built-in composer, which needs no model.
            alpha: 0..1: how much the picture counts beside the words, in finding evidence for a generator.
            k: How many pieces of evidence a generator is given.
            types: Evidence of these types only; none: of any.
            filter: What all evidence must be.
            prompt: A file with the words that a generator is asked with; None: those that ship.
            budget: Tokens that evidence may take in a prompt.
            sensor: Preset that names the bands of images whose files do not.
            bands: Their names, in order.

        Raises:
            RagError: The base is none, or has no text of a type, or a prompt lacks a field.
            rsvlm.models.ModelError: An encoder that cannot be loaded.
            rsvlm.models.generators.GenerationError: A generator that cannot be.
        """
        _check(alpha, k, budget)
        self.knowledge, self.encoder = _opened(knowledge, encoder)
        if self.knowledge is not None:
            self.knowledge.check_types(types)
        self.generator = load_generator(generator) if isinstance(generator, str) else generator
        self.alpha, self.k, self.filter = alpha, k, filter
        self.types = (types,) if isinstance(types, str) else tuple(types)
        self.prompt: Prompt = read_prompt(prompt)
        self.budget, self.sensor, self.bands = budget, sensor, band_names(bands) if bands else None
        sentences = None if self.knowledge is None else self.knowledge.texts.encoder
        self.composer = Composer(self.encoder, sentences)

    def ask(
        self, image: Images, question: str, *, alpha: float | None = None, k: int | None = None
    ) -> Answer:
        """Answer a question.

        Args:
            image: What it is about: a file, PIL image, (H, W, 3) uint8 array or chip; two in a list to be compared,
                or one for each option of a question; None: none.
            question: In anybody's words.
            alpha: For this question, in place of the answerer's own.
            k: Likewise.

        Raises:
            RagError: There is no question, an image cannot be read, more than two are to be compared, or the generator
                failed.
        """
        [answer] = self.ask_many([(image, question)], alpha=alpha, k=k)
        if answer.error is not None:
            raise RagError(answer.error)
        return answer

    def ask_many(
        self,
        items: Iterable[tuple[Images, str]],
        *,
        answers: PathLike | None = None,
        alpha: float | None = None,
        k: int | None = None,
    ) -> Iterator[Answer]:
        """Answer many questions, in order: images are encoded, and a generator is asked, some at a time.

        Args:
            items: Images and questions, as of `ask`; taken as the answers are.
            answers: A file (.jsonl) that answers are kept in as they come: a stopped run goes on there, and asks what
                has no answer yet, failures included.
            alpha: For these questions, in place of the answerer's own.
            k: Likewise.

        Yields:
            An answer for each; where an image cannot be read or the generator failed, one with its `error`.

        Raises:
            RagError: An item is no image and question, or the file holds answers of another run, or one is writing it.
        """
        weights = self.alpha if alpha is None else alpha, self.k if k is None else k
        _check(*weights, self.budget)
        settings = self.settings | dict(zip(("alpha", "k"), weights, strict=True))
        with nullcontext() if answers is None else open_answers(Path(answers), settings) as kept:
            some = iter(items)
            while batch := [image_and_question(one) for one in islice(some, _BATCH)]:
                if kept is None:
                    yield from self._answered(batch, *weights)
                else:
                    yield from self._kept(batch, kept, *weights)

    def _kept(
        self, batch: Sequence[tuple[Images, str]], kept: AnswerFile, alpha: float, k: int
    ) -> Iterator[Answer]:
        """Answers of a file, and new ones, which go into it."""
        keys = [key_of(several(images), question) for images, question in batch]
        known = {place: one for place, key in enumerate(keys) if (one := kept.get(key))}
        new = [item for place, item in enumerate(batch) if place not in known]
        asked = iter(self._answered(new, alpha, k))
        for place, key in enumerate(keys):
            answer = known[place] if place in known else next(asked)
            if place not in known:
                kept.put(key, answer)
            yield answer

    @property
    def settings(self) -> dict[str, Any]:
        """What decides answers, as plain data."""
        base, encoder = self.knowledge, self.encoder
        generator = None if self.generator is None else as_generator(self.generator)
        return {
            "knowledge": None if base is None else [one.digest for one in base.record.sources],
            "sentences": None if base is None else base.texts.manifest.encoder.model_dump(),
            "encoder": [encoder.name, encoder.revision],
            "generator": [getattr(generator, one, None) for one in ("name", "revision", "info")],
            "rsvlm": __version__,
            "alpha": self.alpha, "k": self.k, "types": list(self.types), "filter": repr(self.filter),
            "prompt": self.prompt.text, "budget": self.budget, "sensor": self.sensor, "bands": self.bands,
        }  # fmt: skip

    def _answered(self, batch: Sequence[tuple[Images, str]], alpha: float, k: int) -> Iterator[Answer]:
        prepared = prepare(batch, self.encoder, self._read) if batch else []
        if self.generator is None:
            yield from (self._composed(one) for one in prepared)
        elif prepared:
            yield from self._generated(prepared, alpha, k)

    def evidence(
        self,
        seen: Sequence[Seen],
        vector: Floats | None,
        question: str,
        *,
        alpha: float | None = None,
        k: int | None = None,
    ) -> list[Evidence]:
        """Find what a generator is given; alpha and k are the answerer's own where none are given."""
        if self.knowledge is None:
            return []
        if self.knowledge.record.encoder is None:  # pictures play no part in it
            vector = None
        share, point = self.alpha if alpha is None else alpha, seen[0].point if seen else None
        query = self.knowledge.query(question, vector, alpha=share, near=point)
        return self.knowledge.find(query, k=self.k if k is None else k, types=self.types, filter=self.filter)

    def _read(self, image: Picture | PathLike) -> Seen | str:
        """An image, or the reason why there is none."""
        try:
            return see(image, sensor=self.sensor, bands=self.bands, spectral_views=self.generator is not None)
        except RagError as error:
            return str(error)

    def _composed(self, item: Item) -> Answer:
        if item.error is not None:
            return failed(item, item.error)
        begin = time.perf_counter()
        for look in item.looks:
            look.neighbours = look.neighbours or self._look_alikes(look)
        alike = time.perf_counter()
        try:
            answer = self.composer.compose(
                item.question,
                item.looks,
                lambda words, k: self._found(item, words, k),
                lambda: self._nearby(item, _SURROUNDINGS),
            )
        except RagError as error:  # there is nothing in the question
            return failed(item, str(error))
        seconds = {
            "images": item.seconds,
            "look-alikes": alike - begin,
            "answer": time.perf_counter() - alike - item.finding,
            "evidence": item.finding,
        }
        return replace(answer, seconds=seconds)

    def _look_alikes(self, look: Look) -> tuple[Neighbour, ...]:
        if self.knowledge is None or self.knowledge.pictures is None:
            return ()
        allowed = self.knowledge.allowed(self.types, self.filter)
        return tuple(neighbours_of(self.knowledge.finder.look_alikes(look.vector, LOOK_ALIKES, allowed)))

    def _found(self, item: Item, words: str, k: int) -> list[Evidence]:
        """Evidence for a question of fact: by its words, and near to where the image is."""
        if self.knowledge is None:
            return []
        begin = time.perf_counter()
        query = self.knowledge.query(words, None, near=item.seen[0].point if item.seen else None)
        found = self.knowledge.find(query, k=k, types=self.types, filter=self.filter, fold=False)
        item.finding += time.perf_counter() - begin
        return found

    def _nearby(self, item: Item, limit: int) -> list[Nearby]:
        """Named places of the base near to the first image, the nearest first."""
        point = item.seen[0].point if item.seen else None
        if point is None or not len(self._places):
            return []
        return nearby_places(self._places, *point, limit=limit)

    @cached_property
    def _places(self) -> Places:
        return Places([]) if self.knowledge is None else places_of(self.knowledge)

    def _generated(self, items: Sequence[Item], alpha: float, k: int) -> Iterator[Answer]:
        assert self.generator is not None
        asked = {
            place: ask_with(
                self.prompt,
                item.question,
                self.evidence(
                    item.seen,
                    item.looks[0].vector if item.looks else None,
                    item.question,
                    alpha=alpha,
                    k=k,
                ),
                item.seen,
                nearby=self._nearby(item, _NEAREST),
                budget=self.budget,
            )
            for place, item in enumerate(items)
            if item.error is None
        }
        replies = ask_all(
            self.generator,
            (Request(one.prompt, _pictures(items[place].seen)) for place, one in asked.items()),
            give_up_after=0,
        )
        by_place = dict(zip(asked, replies, strict=True))
        for place, item in enumerate(items):
            if item.error is not None:
                yield failed(item, item.error)
            else:
                yield self._checked(item, asked[place], by_place[place])

    def _checked(self, item: Item, asked: FilledPrompt, reply: Reply) -> Answer:
        """What a generator said, with the citations that it may have."""
        name = getattr(self.generator, "name", "function")
        if reply.text is None:
            return replace(failed(item, f"{name}: {reply.error}"), prompt=asked.prompt, generator=name)
        text, cited, removed = checked(reply.text, asked.evidence)
        notes = []
        if asked.left_out:
            notes.append(
                f"{asked.left_out} pieces of evidence were left out: the prompt has room for {self.budget} tokens."
            )
        if removed:
            notes.append(f"{removed} citations of evidence that there is not were taken out.")
        if reply.cut:
            notes.append("The answer was cut: it is as long as allowed.")
        return Answer(
            question=item.question,
            text=text or UNKNOWN,
            short="" if is_unknown(text) else text,
            evidence=cited or asked.evidence,
            abstained=is_unknown(text),
            notes=tuple(notes),
            prompt=asked.prompt,
            generator=name,
            seconds={"generator": reply.seconds},
        )


def _check(alpha: float, k: int, budget: int) -> None:
    """Refuse what there cannot be.

    Raises:
        RagError: It is such.
    """
    if not 0 <= alpha <= 1 or k < 1 or budget < 0:
        raise RagError(f"alpha {alpha:g}, k {k}, budget {budget}: give alpha 0 to 1, k from 1, budget from 0")


def _pictures(seen: Sequence[Seen]) -> list[Pixels]:
    """What a generator is shown: the six spectral views of a multispectral image, the picture of others."""
    return [picture for one in seen for picture in (one.views.values() if one.views else [one.picture])]


def _opened(knowledge: Knowledge, encoder: Encoder | PathLike | None) -> tuple[KnowledgeBase | None, Encoder]:
    """A base and the encoder of its pictures."""
    made = None if encoder is None else loaded(encoder)
    if knowledge is None or knowledge == NO_KNOWLEDGE:
        return None, loaded(DEFAULT) if made is None else made
    if knowledge == BUILT_IN:
        made = loaded(DEFAULT) if made is None else made
        return shipped_base(made), made
    base = knowledge if isinstance(knowledge, KnowledgeBase) else KnowledgeBase(knowledge, made)
    if made is not None and base.record.encoder is not None and knowledge is base:
        base = KnowledgeBase(base.folder, made, base.texts.encoder)  # refuses what has not made its vectors
    if base.record.encoder is None:
        return base, loaded(DEFAULT) if made is None else made
    return base, base.encoder
