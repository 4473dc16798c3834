"""Captions rewritten by a language model, each held against its labels before it takes the template caption's place."""

import io
import json
import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image

from rsvlm.captioning.clip_tokens import count_tokens
from rsvlm.captioning.dataset.row import Caption, Pair
from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.rewrite.facts import facts_for
from rsvlm.captioning.rewrite.prompts import Prompt, prompts_by_style
from rsvlm.captioning.verify import verify
from rsvlm.models.generators import Answer, Generator, Request, ask_all, load_generator

MAX_TOKENS = 300
"""Length of an answer, as in ChatEarthNet."""

MOST_CLIP_TOKENS = 77
"""Of a caption of style `natural`, so that CLIP reads all of it."""

KEPT = 300
"""Characters of a refused answer that are kept for who wants to see why."""

ENDING = "-rewritten"
"""Of the style of a caption that a language model wrote."""

_LOADED: dict[str, Generator] = {}
"""Generators of this process by their settings: a model is loaded once, not once a shard."""


@dataclass(frozen=True)
class Rewriter:
    """Who rewrites captions, and how. Plain data (but for a function), so that it reaches worker processes.

    Attributes:
        generator: What `load_generator` takes.
        prompt: Which prompt, where there are several for a style.
        options: Settings of the generator.
    """

    generator: Any
    prompt: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def opened(self) -> Generator:
        """Return the generator, loaded where this process has not loaded it yet."""
        named = isinstance(self.generator, str)
        if not named:
            return load_generator(self.generator, **self.options)  # which says of those that it cannot use
        key = json.dumps([self.generator, self.options], sort_keys=True, default=str)
        if key not in _LOADED:
            _LOADED[key] = load_generator(self.generator, **{"max_tokens": MAX_TOKENS, **self.options})
        return _LOADED[key]

    def record(self) -> dict[str, Any]:
        """Return all that decides what is written, for the run's identity."""
        generator = self.opened()
        prompts = prompts_by_style(self.prompt).values()
        return {
            "generator": generator.name,
            "revision": generator.revision,
            "settings": json.loads(json.dumps(getattr(generator, "identity", {}), default=str)),
            "prompts": {prompt.name: prompt.version for prompt in prompts},
        }


@dataclass
class RewriteTally:
    """What became of the captions that were to be rewritten.

    Attributes:
        counts: "rewritten", "failed the check", "no answer", "no prompt for their style".
        refused: Key, style, beginning of the text and problems of each answer that failed the check.
        errors: Why there was no answer, with counts.
    """

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[list[str]] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "counts": dict(sorted(self.counts.items())),
            "refused": self.refused,
            "errors": dict(self.errors.most_common(20)),
        }


def rewrite(pairs: Iterable[Pair], rewriter: Rewriter, tally: RewriteTally) -> Iterator[Pair]:
    """Yield pairs in order, their captions rewritten where the answer passes the check.

    A pair whose answer fails, or does not come, keeps its template caption. Many are asked for side by side.

    Raises:
        CaptioningError: The generator does not answer at all; what it answered before is in its cache.
    """
    generator = rewriter.opened()
    prompts = prompts_by_style(rewriter.prompt)
    waiting: deque[tuple[Pair, Prompt | None]] = deque()

    def requests() -> Iterator[Request]:
        for pair in pairs:
            prompt = prompts.get(pair.style)
            facts = facts_for(prompt.name, pair.labels, pair.key) if prompt else ""
            waiting.append((pair, prompt if facts else None))
            if prompt and facts:
                yield Request(prompt.filled(facts), _pictures(pair, prompt))

    for answer in ask_all(generator, requests()):
        yield from _passed_by(waiting, tally)
        pair, prompt = waiting.popleft()
        if prompt is not None:
            yield _rewritten(pair, prompt, answer, generator, tally)
    yield from _passed_by(waiting, tally)


def _passed_by(waiting: deque[tuple[Pair, Prompt | None]], tally: RewriteTally) -> Iterator[Pair]:
    """The pairs before the next one that was asked for."""
    while waiting and waiting[0][1] is None:
        tally.counts["no prompt for their style"] += 1
        yield waiting.popleft()[0]


def _pictures(pair: Pair, prompt: Prompt) -> Any:
    data = pair.image
    if data is None or not prompt.name.endswith("vision"):
        return ()
    return lambda: [Image.open(io.BytesIO(data))]


def _rewritten(pair: Pair, prompt: Prompt, answer: Answer, generator: Generator, tally: RewriteTally) -> Pair:
    if not answer.asked:
        raise CaptioningError(f"captions are not rewritten: {answer.error}")
    if answer.text is None:
        tally.counts["no answer"] += 1
        tally.errors[answer.error or ""] += 1
        return pair
    text, style = answer.text.strip(), f"{pair.style}{ENDING}"
    problems = ["was cut off at the limit of tokens"] if answer.cut else verify(text, pair.labels, style)
    if pair.style == "natural" and (count := count_tokens(text)) > MOST_CLIP_TOKENS:
        problems.append(f"has {count} CLIP tokens, more than {MOST_CLIP_TOKENS}")
    if problems:
        tally.counts["failed the check"] += 1
        tally.refused.append([pair.key, style, text[:KEPT], "; ".join(problems)[:KEPT]])
        return pair
    tally.counts["rewritten"] += 1
    captions = [Caption(style=style, text=text), *pair.captions]
    written = f"{generator.name} ({generator.revision}), prompt {prompt.name} {prompt.version}"
    return replace(pair, caption=text, style=style, captions=captions, generator=written)


def make_rewriter(generator: Any, prompt: str | None, options: Mapping[str, Any]) -> Rewriter | None:
    """Return who rewrites; None where nobody shall.

    Raises:
        CaptioningError: There is a prompt or settings without a generator, or no such prompt.
    """
    if generator is None:
        if prompt or options:
            raise CaptioningError("--rewrite-prompt and --rewrite-option need --rewrite GENERATOR")
        return None
    prompts_by_style(prompt)
    name = os.fspath(generator) if isinstance(generator, os.PathLike) else generator
    return Rewriter(name, prompt, dict(options))
