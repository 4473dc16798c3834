"""After each epoch: how the model does on held-out pairs, and the weights of the best epoch."""

from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from rsvlm.models.tensor_files import write_tensors

from .heldout import HeldOut, beyond_chance
from .lora import Adapted
from .optimising import put
from .progress import read_lines, write_lines
from .step import Step

EPOCHS, BEST = "epochs.jsonl", "best.safetensors"


class BestEpoch:
    """Measures each epoch, and keeps what learned in the best one on the disk.

    The best has the highest recall, and of those that chance cannot tell apart the highest mean reciprocal rank.
    Without held-out pairs it is the last.

    Args:
        adapted: The model.
        held_out: What it is measured on, or None.
        batch_size: Pairs that the loss compares.
        out: Folder of `epochs.jsonl`.
        work: Folder of the weights.
    """

    def __init__(
        self,
        adapted: Adapted,
        held_out: HeldOut | None,
        batch_size: int,
        out: Path,
        work: Path,
    ) -> None:
        self._adapted, self._held_out = adapted, held_out
        self._batch_size, self._file, self._weights = batch_size, out / EPOCHS, work / BEST

    @property
    def records(self) -> list[dict[str, Any]]:
        """What was measured: "epoch" from 0, "loss", "recall", "reciprocal", "images"; None without held-out pairs."""
        return read_lines(self._file)

    @property
    def best(self) -> int:
        """The best epoch so far."""
        return int(max(self.records, key=_worth)["epoch"])

    def __call__(self, epoch: int, step: Step) -> dict[str, Any]:
        """Measure the epoch that is through."""
        record: dict[str, Any] = {
            "epoch": epoch,
            "loss": None,
            "recall": None,
            "reciprocal": None,
            "images": 0,
        }
        if self._held_out is not None:
            score = self._held_out.score(step.encoder, step, self._batch_size)
            record |= {
                "loss": score.loss, "recall": score.recall, "reciprocal": score.reciprocal,
                "images": score.n,
            }  # fmt: skip
        before = [one for one in self.records if one["epoch"] < epoch]
        if all(_worth(record) > _worth(one) for one in before):
            write_tensors(self._adapted.learning, self._weights)
        write_lines(self._file, [*before, record])
        return record

    def restore(self) -> None:
        """Give the model the weights of the best epoch."""
        put(self._adapted.learning, load_file(self._weights))


def _worth(record: dict[str, Any]) -> tuple[int, float, int]:
    if record["recall"] is None:
        return 0, 0.0, int(record["epoch"])
    return beyond_chance(record["recall"], record["images"]), record["reciprocal"], -int(record["epoch"])
