"""All that decides what a run gives."""

import hashlib
import json
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from .data import Augmentation
from .data.finding import files_told
from .data.specs import SourceSpec
from .layers import LoraSettings, Store
from .settings import TrainingSettings
from .tradeoff import TOLERANCE


class Plan(BaseModel):
    """All that decides what a run gives; the fields are explained in `rsvlm.pretrain`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    encoder: str
    weights: str | None = None
    data: tuple[SourceSpec, ...] = Field(min_length=1)
    replay: tuple[tuple[SourceSpec, float], ...] = ()
    validation: tuple[SourceSpec, ...] = ()
    held_out: float = Field(default=0.1, ge=0, lt=1)
    retain: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    tolerance: float = Field(default=TOLERANCE, ge=0)
    negatives: tuple[str, ...] = ()
    batch_size: int | None = Field(default=None, ge=2)
    epochs: int | None = Field(default=None, ge=1)
    epoch_size: int | None = Field(default=None, ge=2)
    lora: LoraSettings = LoraSettings()
    training: TrainingSettings = TrainingSettings()
    augmentation: Augmentation | None = Augmentation()
    store: Store = "fp32"

    @cached_property
    def record(self) -> dict[str, Any]:
        """It as plain data; of the negatives, which may be thousands, how many there are and their hash.

        Of the sources also how large they are, so that a run does not go on with other pairs than it began with.
        """
        plain: dict[str, Any] = self.model_dump(mode="json")
        text = json.dumps(self.negatives, ensure_ascii=False)
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        plain["negatives"] = {"n": len(self.negatives), "sha256": digest} if self.negatives else None
        sources = [*self.data, *(spec for spec, _ in self.replay), *self.validation]
        plain["files"] = [files_told(spec.data) for spec in sources]
        return plain
