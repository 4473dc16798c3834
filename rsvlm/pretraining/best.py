"""After each epoch: how the model does on held-out pairs, and the weights of the best epoch."""

from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from rsvlm.models.tensor_files import write_tensors

from .heldout import HeldOut, best_of
from .lora import Adapted
from .optimising import put
from .progress import read_lines, write_lines
from .step import Step

EPOCHS = "epochs.jsonl"


class BestEpoch:
    """Measures each epoch, and keeps what learned in the best one on the disk.

    The best has the highest mean reciprocal rank of those whose recall is within chance of the highest. Without
    held-out pairs it is the last. Weights of others stay as long as they may become the best: what is within chance of
    the highest recall so far need not be of a later one. They also stay until the epoch that leaves them behind is
    in the checkpoint.

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
        self._batch_size, self._file, self._work = batch_size, out / EPOCHS, work

    @property
    def records(self) -> list[dict[str, Any]]:
        """What was measured: "epoch" from 0, "loss", "recall", "reciprocal", "images"; None without held-out pairs."""
        return read_lines(self._file)

    @property
    def best(self) -> int:
        """The best epoch so far."""
        records = self.records
        if records[-1]["recall"] is None:
            return int(records[-1]["epoch"])
        recalls, ranks = ([one[name] for one in records] for name in ("recall", "reciprocal"))
        return int(records[best_of(recalls, ranks, records[0]["images"])]["epoch"])

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
        earlier = [one for one in self.records if one["epoch"] < epoch]
        for one in (
            earlier
        ):  # only now: a run that is killed before its next checkpoint measures its last epoch anew
            if any(_is_never_behind(other, one) for other in earlier):
                self._weights(one["epoch"]).unlink(missing_ok=True)
        if any(_is_never_behind(other, record) for other in earlier):
            self._weights(epoch).unlink(missing_ok=True)
        else:
            write_tensors(self._adapted.learning, self._weights(epoch))
        write_lines(self._file, [*earlier, record])
        return record

    def restore(self) -> None:
        """Give the model the weights of the best epoch."""
        put(self._adapted.learning, load_file(self._weights(self.best)))

    def _weights(self, epoch: int) -> Path:
        return self._work / f"epoch-{epoch}.safetensors"


def _is_never_behind(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether an epoch is better than another, whatever comes after them."""
    if other["recall"] is None:
        return bool(one["epoch"] > other["epoch"])
    ranks, others = ((record["reciprocal"], -record["epoch"]) for record in (one, other))
    return bool(one["recall"] >= other["recall"] and ranks > others)
