"""How likely it is that an image shows a thing."""

import math
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict

from rsvlm.models import Encoder
from rsvlm.rag.evidence import Evidence
from rsvlm.rag.questions import Box, Thing
from rsvlm.retrieval.exact import Floats

from .lexicon import Lexicon
from .look import Look, Neighbour, things_named

HINGES = (1.0, 2.0, 3.0)
_PRIOR = 20
"""Pictures that an opinion of look-alikes is worth."""


class Weights(BaseModel):
    """Of logistic regressions.

    Attributes:
        alone: Bias, and weights of the standing and of what it is above 1, 2 and 3: the log odds in straight pieces.
        remembered: Bias, and weights of the standing and of the log odds of look-alikes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    alone: tuple[float, float, float, float, float]
    remembered: tuple[float, float, float]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    encoders: dict[str, Weights]
    default: Weights


class Likely(NamedTuple):
    """How likely a thing is there.

    Attributes:
        probability: 0..1.
        support: What is said of look-alikes that show it, the nearest first.
    """

    probability: float
    support: tuple[Evidence, ...] = ()


class Likelihood:
    """Tells how likely images show things.

    Args:
        lexicon: Vectors of words.
        encoder: What made them.

    Attributes:
        calibrated: Whether the probabilities were fitted to this encoder.
    """

    def __init__(self, lexicon: Lexicon, encoder: Encoder) -> None:
        known = _stored()
        self._lexicon = lexicon
        self.calibrated = encoder.revision in known.encoders
        self._weights = known.encoders.get(encoder.revision, known.default)

    def of(self, look: Look, thing: Thing, region: Box | None = None) -> Likely:
        """Return how likely an image, or a part of it, shows a thing."""
        vector = look.vector if region is None else look.part(region)
        standing = float(self._lexicon.standing(vector[None], thing)[0])
        if not look.neighbours or region is not None:
            return Likely(logistic(float((hinged(np.array([standing])) @ self._weights.alone)[0])))
        share = sum(one.weight for one in look.neighbours if shows(one, thing))
        bias, weight, of_memory = self._weights.remembered
        odds = math.log((share * _PRIOR + 0.5) / ((1 - share) * _PRIOR + 0.5))
        return Likely(logistic(bias + weight * standing + of_memory * odds), support(look, thing))

    def of_tiles(self, look: Look, thing: Thing, count: int) -> Floats:
        """Return (count, count) how likely each tile of an image shows a thing."""
        tiles = look.tiles(count)
        standing = self._lexicon.standing(tiles.reshape(count * count, -1), thing)
        found: Floats = 1 / (1 + np.exp(-(hinged(standing) @ self._weights.alone)))
        return found.reshape(count, count)


def hinged(standing: Floats) -> Floats:
    """(n, 5) what the log odds by words alone are made of: 1, the standing, and what it is above each of `HINGES`."""
    return np.stack(
        [np.ones(len(standing)), standing, *(np.maximum(standing - one, 0) for one in HINGES)], axis=1
    )


def shows(neighbour: Neighbour, thing: Thing) -> bool:
    """Whether a look-alike shows a thing; one that no class is known for, by its words."""
    if thing.classes:
        return neighbour.shows(thing.classes)
    return any(thing.phrase.lower() in one.chunk.text.lower() for one in neighbour.evidence)


def support(look: Look, thing: Thing, most: int = 2) -> tuple[Evidence, ...]:
    """What is said of the nearest look-alikes that show a thing: of each the text that names it."""
    found: list[Evidence] = []
    for one in look.neighbours:
        if len(found) < most and shows(one, thing):
            found.append(
                next((piece for piece in one.evidence if names(piece.chunk.text, thing)), one.evidence[0])
            )
    return tuple(found)


def names(text: str, thing: Thing) -> bool:
    """Whether a text names a thing."""
    return bool(set(thing.classes) & things_named(text)) or thing.phrase.lower() in text.lower()


def logistic(value: float) -> float:
    """1 / (1 + exp(-value)), without overflow."""
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


def softmax(values: Sequence[float]) -> list[float]:
    """Shares that sum to 1."""
    most = max(values)
    weights = [math.exp(value - most) for value in values]
    return [weight / sum(weights) for weight in weights]


@cache
def _stored() -> _File:
    return _File.model_validate(
        yaml.safe_load(files(__package__).joinpath("calibration.yaml").read_text("utf-8"))
    )
