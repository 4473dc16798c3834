"""What a generator is asked: the rules, the evidence as data, the question.

Prompts are text files that a user can read and replace; `{image}`, `{evidence}` and `{question}` are filled in. What
was retrieved, and the question, stand as JSON strings in which marks of HTML and of chat templates, and letters that
nobody sees, are escaped: a text cannot close its own quotes, end a line, open another turn, or hide what it says.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from string import Formatter

from rsvlm.imagery.views import describe_view

from .chunk import CAPTION
from .errors import RagError
from .evidence import Evidence
from .nearby import Nearby, as_block
from .quoting import quoted
from .seen import Seen

BUDGET = 2000
"""Tokens that evidence may take, unless said otherwise."""
_CHARACTERS = 3.5
"""Of a token of English prose with numbers; of other scripts a token has fewer, and is counted by its bytes."""
_FIELDS = {"image", "evidence", "question"}


@dataclass(frozen=True)
class Prompt:
    """A prompt with its fields.

    Attributes:
        text: With `{evidence}` and `{question}`, and `{image}` where that is wanted.
    """

    text: str

    def __post_init__(self) -> None:
        try:
            fields = [field[1:] for field in Formatter().parse(self.text) if field[1] is not None]
        except ValueError as error:
            raise RagError(f"prompt: {error}; write braces that are no fields twice") from None
        found = [
            "".join(filter(None, parts)) for parts in fields
        ]  # with what is to be done to it, it is none of ours
        if not {"evidence", "question"} <= set(found) <= _FIELDS:
            raise RagError(
                f"prompt: has the fields {', '.join(found) or 'none'}; it needs {{evidence}} and {{question}}, and may "
                "have {image}"
            )


@dataclass(frozen=True)
class FilledPrompt:
    """What a generator is asked.

    Attributes:
        prompt: The words.
        evidence: What is in it.
        left_out: How many pieces of evidence were too many for the budget.
    """

    prompt: str
    evidence: tuple[Evidence, ...]
    left_out: int


def read_prompt(prompt: str | os.PathLike[str] | None = None) -> Prompt:
    """Return a prompt that a user gave as a file, or the one that ships.

    Raises:
        RagError: The file cannot be read, or lacks a field.
    """
    if prompt is None:
        return Prompt(_shipped("answer.txt"))
    try:
        return Prompt(Path(prompt).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RagError(f"{prompt}: cannot be read as a prompt ({error})") from None


def ask_with(
    prompt: Prompt,
    question: str,
    evidence: Sequence[Evidence],
    seen: Sequence[Seen],
    *,
    nearby: Sequence[Nearby] = (),
    budget: int = BUDGET,
) -> FilledPrompt:
    """Fill a prompt; what is too much for the budget is left out, the least relevant first.

    A piece of evidence that would take more than all of the budget is left out, and costs the others nothing.

    Args:
        prompt: The words.
        question: What is asked.
        evidence: The best first.
        seen: The images that go with it, in order.
        nearby: Named places near to the first image.
        budget: Tokens that evidence may take, as counted by `tokens`.
    """
    lines, kept = _fitting(evidence, budget)
    text = prompt.text.format(
        image=_images(seen) + _places(seen, nearby),
        evidence="\n".join(lines) or "(none was found)",
        question=quoted(question),
    )
    return FilledPrompt(text, kept, len(evidence) - len(kept))


def inform(prompt: str, evidence: Sequence[Evidence]) -> str:
    """Put evidence before a prompt that is asked as it stands; where there is none, it is the prompt alone."""
    lines, _ = _fitting(evidence, BUDGET)
    return _shipped("informed.txt").format(evidence="\n".join(lines), prompt=prompt) if lines else prompt


def _fitting(evidence: Sequence[Evidence], budget: int) -> tuple[list[str], tuple[Evidence, ...]]:
    """Evidence as lines, as much as the budget allows, and which it is."""
    lines, kept, taken = [], list[Evidence](), 0
    for one in evidence:
        line = _line(one)
        if (needed := tokens(line)) > budget:
            continue
        taken += needed
        if taken > budget:
            break
        lines.append(line)
        kept.append(one)
    return lines, tuple(kept)


def tokens(text: str) -> int:
    """Return about how many tokens a text is, rather too many than too few."""
    return int(max(len(text) / _CHARACTERS, len(text.encode("utf-8", "replace")) / 4)) + 1


def _line(one: Evidence) -> str:
    """Evidence as data. Of what is about a picture only the source is named: where in it, says the name of its file.

    That may tell what is to be found out, and be the name of the very image that is asked about.
    """
    pictured = one.chunk.type == CAPTION or one.chunk.image is not None
    named = replace(one, chunk=replace(one.chunk, where="")) if pictured else one
    facts = [
        f'"number": {one.number}',
        f'"source": {quoted(named.title)}',
        f'"text": {quoted(one.chunk.text)}',
    ]
    if one.km is not None:
        facts.append(f'"km_from_the_image": {one.km:.1f}')
    if one.chunk.datetime is not None:
        facts.append(f'"date": "{one.chunk.datetime:%Y-%m-%d}"')
    return "{" + ", ".join(facts) + "}"


def _images(seen: Sequence[Seen]) -> str:
    """What the model is shown, in words."""
    if not seen:
        return "No image was given."
    return "\n".join(
        _image(one, f"image {number}" if len(seen) > 1 else "image") for number, one in enumerate(seen, 1)
    )


def _places(seen: Sequence[Seen], nearby: Sequence[Nearby]) -> str:
    """What is near to the first image."""
    if not nearby or not seen or seen[0].point is None:
        return ""
    block = as_block(*seen[0].point, nearby)
    return f"\nWhere the {'first ' if len(seen) > 1 else ''}image is, by a map; data, as the evidence is. {block}"


def _image(seen: Seen, name: str) -> str:
    if not seen.views:
        return f"The {name}: {seen.describe()}."
    views = "\n".join(f"{number}. {describe_view(name)}" for number, name in enumerate(seen.views, 1))
    told = _shipped("bands.txt").format(name=name, count=len(seen.views), views=views)
    return f"{told}The scene: {seen.describe()}."


def _shipped(name: str) -> str:
    return (files("rsvlm.rag") / "prompts" / name).read_text(encoding="utf-8")
