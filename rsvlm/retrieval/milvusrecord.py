"""What a collection of Milvus says of the index in it."""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

import rsvlm

from .manifest import CutRecord, EncoderRecord
from .milvusrows import ID_LENGTH, id_of


class CollectionRecord(BaseModel):
    """Written when a collection is made, and never changed.

    Attributes:
        format: Of the fields; a number for each way to keep an index in Milvus.
        rsvlm: What made it.
        encoder: What made the vectors.
        cut: How the images that it was made of were cut; None: it was made of vectors.
        making: What it was made of: the sum of the primary keys. Who was stopped while making it goes on with the same.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    rsvlm: str = rsvlm.__version__
    encoder: EncoderRecord
    cut: CutRecord | None = None
    making: str = Field(pattern=rf"^[0-9a-f]{{{ID_LENGTH}}}$")


def making_of(keys: Iterable[str]) -> str:
    """The sum of the primary keys of rows, whatever their order."""
    return f"{sum(int(id_of(key), 16) for key in keys) % 16**ID_LENGTH:0{ID_LENGTH}x}"
