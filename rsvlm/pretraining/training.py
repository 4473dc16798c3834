"""The training itself: batch after batch, from where it stood, to the end."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from .data import Batch, PairLoader, Tally
from .data.loader import NAMED
from .errors import PretrainingError
from .interrupting import finishing_steps
from .layers import is_head
from .lora import Adapted
from .optimising import Optimising
from .processes import NOT_SHARED, Processes
from .progress import CHECKPOINT, Checkpoint, Metrics, Place, load_checkpoint, save_checkpoint
from .settings import TrainingSettings
from .step import Step

SAVE_SECONDS = 300.0
"""Seconds of work that a killed run loses at most."""


def train(
    adapted: Adapted,
    loader: PairLoader,
    settings: TrainingSettings,
    out: Path,
    *,
    processes: Processes,
    extra: Sequence[str] = (),
    on_step: Callable[[dict[str, Any], int], None] | None = None,
    on_epoch: Callable[[int, Step], None] | None = None,
    save_seconds: float = SAVE_SECONDS,
) -> None:
    """Train what learns in a model, which then holds what the last epoch gave. A run that was stopped goes on.

    A run goes on to the same losses, step for step: batches, captions, augmentations and dropout hang on the seed and
    the number of the step alone, and the checkpoint holds weights and optimiser in full.

    Args:
        adapted: The model.
        loader: The pairs; on several processes, each has its part of every batch.
        settings: How.
        out: Folder of the checkpoint and of `metrics.jsonl`.
        processes: Who trains.
        extra: Texts without an image: see `TrainingSettings.extra_texts`.
        on_step: Told each line of the metrics, and how many steps there are in all, on the first process.
        on_epoch: Told the number of each epoch that is through, and what it was made with, while the model holds its
            result, on the first process; told again where a run was stopped within or right after it.
        save_seconds: Seconds between checkpoints; there is one after every epoch, too.

    Raises:
        PretrainingError: The loss is no number (the checkpoint of the last good step is kept), `out` holds a run of
            something else or is not the same folder for all processes, or no pairs can be read.
    """
    out.mkdir(parents=True, exist_ok=True)
    step = Step(adapted, settings, processes, extra)
    steps = loader.mixture.steps
    optimising = Optimising(adapted.learning, settings.epochs * steps, settings)
    identity = _identity(adapted, loader, settings, processes, extra)
    found = load_checkpoint(out, identity)
    place = Place(0, 0) if found is None else found.place
    places = processes.of_all(tuple(place))
    if len(set(places)) > 1:
        told = ", ".join(f"epoch {epoch + 1} step {number + 1}" for epoch, number in sorted(set(places)))
        raise PretrainingError(f"{out}: processes would go on from different places ({told}): {NOT_SHARED}")
    if found is not None:
        optimising.restore(found.state)
        loader.count_from(found.tally)
    metrics = Metrics(out, place) if processes.first else None

    def save(now: Place, tally: Tally) -> None:
        if processes.first:
            save_checkpoint(out, identity, Checkpoint(now, optimising.state(), tally))

    heads = settings.head_steps(settings.epochs * steps)
    if heads and not any(map(is_head, adapted.learning)):
        raise PretrainingError("heads-first: no head learns: add heads to what learns whole")
    adapted.set_dropout(on=True)
    saved = time.monotonic()
    for epoch in range(place.epoch, settings.epochs):
        start = place.step if epoch == place.epoch else 0
        counted = loader.tally
        alone = processes.count == 1
        with finishing_steps(alone=alone) as stopping, closing(loader.batches(epoch, start)) as batches:
            pending, tally = next(batches, None), loader.tally
            for number in range(start, steps):
                began = time.monotonic()
                batch = None
                if pending is not None and pending.step == number:
                    tally = (
                        loader.tally
                    )  # without the batch that is read ahead, which a run that goes on reads again
                    batch, pending = pending, next(batches, None)
                # What one process cannot read would leave the others waiting for its vectors.
                pairs = processes.counts(0 if batch is None else len(batch))
                if not all(pairs) or batch is None:
                    continue
                adapted.set_learning(heads_only=epoch * steps + number < heads)
                line = _made(step, optimising, batch, epoch * steps + number, out)
                line["pairs"] = sum(pairs)
                line["seconds"] = round(time.monotonic() - began, 4)
                if metrics is not None:
                    metrics.add(line)
                    if on_step is not None:
                        on_step(line, settings.epochs * steps)
                if time.monotonic() - saved >= save_seconds or stopping():
                    save(Place(epoch, number + 1), tally)
                    saved = time.monotonic()
                if stopping():
                    raise KeyboardInterrupt
        loader.count_from(_of_all(loader.tally, counted, processes))
        adapted.set_dropout(on=False)
        if on_epoch is not None and processes.first:
            with optimising.settled():
                on_epoch(epoch, step)
        adapted.set_dropout(on=True)
        save(Place(epoch + 1, 0), loader.tally)
    adapted.set_dropout(on=False)
    optimising.settle()


def _of_all(tally: Tally, before: Tally, processes: Processes) -> Tally:
    """What all processes have counted: what they had together before, and what each has since.

    Of an epoch that was interrupted only the first process's own is in the checkpoint.
    """
    several = processes.of_all(
        (tally.passed_over - before.passed_over, tally.cut - before.cut, tally.problems)
    )
    problems = dict.fromkeys((*before.problems, *(one for _, _, own in several for one in own)))
    return Tally(
        before.passed_over + sum(passed_over for passed_over, _, _ in several),
        before.cut + sum(cut for _, cut, _ in several),
        tuple(problems)[:NAMED],
    )


def _made(step: Step, optimising: Optimising, batch: Batch, number: int, out: Path) -> dict[str, Any]:
    """Make one step; return its line of the metrics."""
    try:
        loss = step(batch)
        rate, length = optimising.step(number)
    except PretrainingError as error:
        few = ", ".join(batch.keys[:3]) + (f" and {len(batch) - 3} more" if len(batch) > 3 else "")
        kept = f"; {out / CHECKPOINT} is from before" if (out / CHECKPOINT).exists() else ""
        raise PretrainingError(
            f"epoch {batch.epoch + 1}, step {batch.step + 1} ({few}): {error}{kept}"
        ) from error
    return {
        "epoch": batch.epoch, "step": batch.step, "loss": loss, "learning_rate": rate,
        "gradient": length, "pairs": len(batch), "total": number + 1,
    }  # fmt: skip


def _identity(
    adapted: Adapted,
    loader: PairLoader,
    settings: TrainingSettings,
    processes: Processes,
    extra: Sequence[str],
) -> dict[str, Any]:
    """What must be the same for a run to go on as it began."""
    mixture = loader.mixture
    return {
        "base": adapted.base.revision,
        "settings": settings.model_dump(),
        "learning": {name: list(weight.shape) for name, weight in adapted.learning.items()},
        "sources": [[source.name, None if source.streaming else len(source)] for source in mixture.sources],
        "batch_size": mixture.batch_size,
        "steps": mixture.steps,
        "processes": processes.count,
        "extra": len(extra),
    }
