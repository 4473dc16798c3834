"""What the composer finds for one thing that is asked, and what it finds it in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from rsvlm.captioning.english import article
from rsvlm.rag.evidence import Evidence
from rsvlm.rag.nearby import Nearby
from rsvlm.rag.questions import Asked, Box, Option, Thing

from .lexicon import Lexicon
from .likelihood import Likelihood
from .look import Look
from .remembered import Remembered
from .statements import headed, statements_of


@dataclass(frozen=True)
class Finding:
    """An answer to one thing that was asked, not yet put together with others.

    Attributes:
        text: A sentence, without citations.
        short: What it comes to; "" where there is none.
        probability: How likely it is right, 0..1.
        evidence: What it rests on.
        known: False: it is "I don't know".
        fitted: Whether the probability was held against images with known answers, rather than being a rule of thumb.
    """

    text: str
    short: str = ""
    probability: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    known: bool = True
    fitted: bool = False


def unknown(why: str, evidence: Sequence[Evidence] = ()) -> Finding:
    """Say that there is no answer, and why."""
    return Finding(f"I don't know: {why}.", evidence=tuple(evidence), known=False)


@dataclass(frozen=True)
class Scene:
    """All that an answer may rest on.

    Attributes:
        looks: The images that are asked about: none, one, two to be compared, or one for each option.
        lexicon: Vectors of words.
        likelihood: Tells how likely images show things.
        sentences: Makes (n, d) sentence vectors; None without a base.
        find: Finds evidence for words, the best first; so many.
        nearby: Named places near to the first image, the nearest first; none where no place is known.
    """

    looks: tuple[Look, ...]
    lexicon: Lexicon
    likelihood: Likelihood
    sentences: Remembered | None
    find: Callable[[str, int], list[Evidence]]
    nearby: Callable[[], Sequence[Nearby]] = tuple

    @cached_property
    def look(self) -> Look:
        """The image that is asked about."""
        return self.looks[0]

    def only(self, number: int) -> "Scene":
        """One of the images by itself, from 1; named places are known near to the first one."""
        nearby = self.nearby if number == 1 else tuple
        return replace(self, looks=(self.looks[number - 1],), nearby=nearby)

    def can_look(self) -> bool:
        """Whether there is an image."""
        return bool(self.looks)


Answering = Callable[[Asked, Scene], Finding]
"""Answers one kind of question."""

NO_IMAGE = "no image was given"
NO_THING = "the question names nothing that I could look for"


def about(scene: Scene, name: str) -> tuple[Evidence, ...]:
    """Return what the base says of how a class looks: the note that stands under its name, with its first sentence."""
    for one in scene.find(f"{name} from above looks like", 4):
        heading = headed(one.chunk.text, one.chunk.where)[0].rpartition(" > ")[2]
        if heading.lower() in (name.lower(), f"{name.lower()}s"):
            return (replace(one, quote=statements_of(one.chunk.text, one.chunk.where)[0].text),)
    return ()


def chosen(
    options: Sequence[Option], best: int, probability: float, evidence: Sequence[Evidence] = ()
) -> Finding:
    """Say which of some options it is: by its label where it has one."""
    label, text, _ = options[best]
    said = f"{label}: {text}" if label else text
    return Finding(f"{said[0].upper()}{said[1:]}.", label or text, probability, tuple(evidence))


def told(thing: Thing) -> str:
    """A thing in an answer, as it was asked."""
    return thing.phrase


def whole_of(region: Box | None) -> str:
    """What a share is one of."""
    return "the image" if region is None else "that part of the image"


_MASS = ("land", "ice", "water", "forest", "vegetation", "grass", "sand", "snow", "soil", "rock", "sea", "s")
"""How words end that stand without an article."""


def with_article(name: str) -> str:
    """A thing as it stands in a sentence: "a river", "farmland"."""
    return name if name.lower().endswith(_MASS) else f"{article(name)} {name}"


def a_list(words: Sequence[str]) -> str:
    """Words as people list them: "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
