"""What a set of scores says of itself: `scores.json`, written last."""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from rsvlm.models import Encoder
from rsvlm.models.identity import vector_identity
from rsvlm.shards import processing_id

from ...errors import CaptioningError

FORMAT: Literal["rsvlm-scores-1"] = "rsvlm-scores-1"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Spread(_Part):
    """How similarities spread.

    Attributes:
        pairs: How many there are.
        mean: None where there are none.
        quantiles: By their share, "0.5" the median; empty where there are none.
    """

    pairs: int = Field(ge=0)
    mean: float | None
    quantiles: dict[str, float]


class ScoreRecord(_Part):
    """What `scores.json` holds.

    Attributes:
        format: What this file is, and the version of its layout.
        name: Of the set: its folder under `scores/`.
        dataset: Processing id of the pairs dataset.
        encoder: Name, revision and what else decides the vectors.
        processing_id: Names the two together; the shards carry it.
        pairs: How many the dataset has; `scored` of them have a score.
        unscored: The others, by kind of reason.
        all: How the scores spread.
        styles: The same by style of the caption.
    """

    format: Literal["rsvlm-scores-1"] = FORMAT
    name: str
    dataset: str
    encoder: dict[str, Any]
    processing_id: str
    pairs: int = Field(ge=0)
    scored: int = Field(ge=0)
    unscored: dict[str, int]
    all: Spread
    styles: dict[str, Spread]


def encoder_identity(encoder: Encoder) -> dict[str, Any]:
    """Return what decides an encoder's vectors, as plain data.

    Raises:
        CaptioningError: It is no encoder.
    """
    if not isinstance(encoder, Encoder):
        raise CaptioningError(
            f"{type(encoder).__name__} is no encoder: it needs encode_images, encode_texts, name, revision, "
            "dimension and image_size"
        )
    return vector_identity(encoder)


def set_name(identity: dict[str, Any]) -> str:
    """The folder of an encoder's scores: its name as file names allow it, and a digest of what decides its vectors."""
    slug = re.sub(r"[^a-z0-9]+", "-", identity["name"].lower()).strip("-")[:60]
    return f"{slug or 'encoder'}-{processing_id(identity)[:8]}"
