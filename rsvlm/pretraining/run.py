"""`rsvlm.pretrain`: from pairs and an encoder to an adapter, measured before and after."""

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from pydantic import ValidationError

from rsvlm.models.adapters import adapted_state
from rsvlm.models.loading import base_of, load_tower
from rsvlm.models.versions import versions

from .best import BestEpoch
from .card import write_card
from .data import Augmentation
from .data.examples import mixed
from .data.specs import SourceSpec, weighted
from .emissions import measured_emissions
from .errors import PretrainingError
from .judging import Judge, Measure
from .layers import LoraSettings
from .lora import Adapted
from .plan import Plan
from .preparing import prepare
from .processes import Processes, join_processes
from .progress import CHECKPOINT
from .report import REPORT, PretrainReport, load_report
from .settings import TrainingSettings
from .tradeoff import TOLERANCE, Encoders, Point, choose, measure_base, measuring_encoder, trace
from .training import train
from .watching import Watcher

PathLike = str | os.PathLike[str]
Data = PathLike | SourceSpec

WORK = "work"
"""Folder of what a run needs until it is done."""


def pretrain(
    data: Data | Sequence[Data],
    *,
    out: PathLike,
    encoder: PathLike = "built-in",
    weights: PathLike | None = None,
    lora: LoraSettings | None = None,
    training: TrainingSettings | None = None,
    augmentation: Augmentation | None = Augmentation(),  # noqa: B008 # it is frozen
    batch_size: int | None = None,
    epochs: int | None = None,
    epoch_size: int | None = None,
    replay: Sequence[tuple[Data, float]] = (),
    negatives: Sequence[str] = (),
    validation: Sequence[Data] = (),
    held_out: float = 0.1,
    retain: Sequence[PathLike] = (),
    target: Sequence[PathLike] = (),
    tolerance: float = TOLERANCE,
    device: str = "auto",
    threads: int | None = None,
    offline: bool = False,
    watcher: Watcher | None = None,
) -> PretrainReport | None:
    """Adapt an encoder to image-text pairs with LoRA, and say what it gained and what it lost.

    `load_encoder(out)` then opens base and adapter. A run that was stopped goes on where it was when it is called
    again; one that is done is read again. Several processes (`accelerate launch`) train together.

    Args:
        data: Sources of pairs: what `read_pairs_source` takes, with a weight behind a colon if wished ("pairs/:2").
        out: Folder of the adapter, its model card, its curves and its report.
        encoder: The base: what `load_encoder` takes.
        weights: Weights of it, where its name does not say them.
        lora: What learns.
        training: How it learns.
        augmentation: How images are changed; None: not at all.
        batch_size: Pairs a step over all processes; None: 256, or fewer where there are few pairs.
        epochs: Times that the pairs are gone through; None: those that `training` was given, else 3, or as many as
            make 100 steps, at most 20.
        epoch_size: Pairs in an epoch; needed for streams.
        replay: Sources of what the base was trained on, and the share of every batch that each of them gets.
        negatives: Captions without images, from which every image is told apart, too: for all that the captions of
            `data` cannot name. See `TrainingSettings.extra_texts`.
        validation: Pairs to choose the epoch and the strength by, instead of a held-out part of `data`.
        held_out: Share of `data` and `replay` that is held out by geographic blocks; 0: none.
        retain: Labelled or captioned data sets that must not get worse, as `rsvlm.eval` reads them: of several
            splits, "validation".
        target: Such sets that are measured before and after, and decide nothing: of several splits, "test".
        tolerance: What each of what is to be retained may lose, of 1.
        device: "auto", "cpu", "cuda".
        threads: That read images; None: one for each core.
        offline: Fetch nothing.
        watcher: Told what goes on.

    Returns:
        What the run gave; None on all processes but the first.

    Raises:
        PretrainingError: Settings or data that cannot be used, a loss that is no number, or `out` holds something else.
    """
    one = isinstance(data, str | os.PathLike | SourceSpec)
    sources: Any = [data] if one else data
    try:
        plan = Plan(
            encoder=os.fspath(encoder), weights=None if weights is None else os.fspath(weights),
            data=tuple(map(_spec, sources)), replay=tuple((_spec(source), share) for source, share in replay),
            validation=tuple(map(_spec, validation)), held_out=held_out, retain=tuple(os.fspath(one) for one in retain),
            target=tuple(os.fspath(one) for one in target), tolerance=tolerance, negatives=tuple(negatives),
            batch_size=batch_size, epochs=epochs or _told_epochs(training), epoch_size=epoch_size,
            lora=lora or LoraSettings(), training=training or TrainingSettings(), augmentation=augmentation,
        )  # fmt: skip
    except ValidationError as error:
        first = error.errors()[0]
        raise PretrainingError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    folder = Path(out)
    done = _finished(folder, plan)
    if done is not None:
        return done
    processes = join_processes(device)
    with _alone(folder, processes):
        return _Run(plan, folder, processes, threads, offline, watcher or Watcher()).report()


class _Run:
    """One run, from reading the data to the card."""

    def __init__(
        self,
        plan: Plan,
        out: Path,
        processes: Processes,
        threads: int | None,
        offline: bool,
        watcher: Watcher,
    ) -> None:
        self._plan, self._out, self._processes, self._offline, self._watcher = (
            plan,
            out,
            processes,
            offline,
            watcher,
        )
        watcher.told("Reading the data")
        seed = plan.training.seed
        sets = (plan.retain, plan.target) if processes.first else ((), ())
        self._judge = Judge(
            *sets, seed=seed
        )  # before the model is loaded: what is wrong here is told at once
        tower = load_tower(plan.encoder, weights=plan.weights, offline=offline)
        self._base = base_of(plan.encoder, plan.weights, tower)
        self._prepared = prepare(plan, tower, processes, out, threads)
        self._judge.held_out, self._judge.replayed = self._prepared.held_out, self._prepared.replayed
        torch.manual_seed(mixed(seed, "first weights") % 2**63)  # of LoRA's matrices
        self._adapted = Adapted(tower, plan.lora, self._base)

    def report(self) -> PretrainReport | None:
        """Train, choose, and write all that is told of it."""
        began = time.monotonic()
        with measured_emissions(self._processes.first) as emissions:
            best, before = self._trained()
            if before is None:
                return None
            points, kept, targets = self._measured(*before)
            self._adapted.save(self._out, kept.strength)
        loader = self._prepared.loader
        weights = self._adapted.tower.module.parameters()
        report = PretrainReport(
            adapter=self._out, plan=self._plan.record, resolved=self._resolved(), points=tuple(points),
            strength=kept.strength, targets=tuple(targets),
            epochs=tuple(best.records), best_epoch=best.best, steps=loader.mixture.steps,
            learning=(
                sum(weight.numel() for weight in self._adapted.parameters()),
                sum(weight.numel() for weight in weights if not weight.requires_grad),
            ),
            licences=tuple(self._prepared.licences), passed_over=loader.passed_over,
            problems=tuple(problem._asdict() for problem in loader.problems[:20]), cut=loader.cut,
            retention_measured=self._judge.retains, seconds=round(time.monotonic() - began, 1), emissions=emissions,
        )  # fmt: skip
        write_card(report)
        report.save()
        (self._out / CHECKPOINT).unlink(missing_ok=True)
        shutil.rmtree(self._out / WORK, ignore_errors=True)
        return report

    def _trained(self) -> tuple[BestEpoch, tuple[Point, list[Measure]] | None]:
        """Train; the model then holds the best epoch. Also what the base was measured to do, on the first process."""
        prepared, plan = self._prepared, self._plan
        settings = plan.training.model_copy(update={"epochs": prepared.epochs})
        work, before, encoder = self._out / WORK, None, None
        if self._processes.first:
            work.mkdir(parents=True, exist_ok=True)
            encoder = measuring_encoder(self._adapted.tower, self._processes.device)
            tell = self._told("Measuring the base")
            before = measure_base(encoder, self._judge, tell), self._judge.measure_targets(encoder, tell)
            self._watcher.base([*before[0].measures, *before[1]])
        best = BestEpoch(
            self._adapted, prepared.held_out, encoder, prepared.loader.mixture.batch_size, self._out, work
        )
        self._watcher.told("Training")
        train(
            self._adapted, prepared.loader, settings, self._out, processes=self._processes, extra=plan.negatives,
            on_step=self._watcher.step, on_epoch=lambda epoch, step: self._watcher.epoch(best(epoch, step)),
        )  # fmt: skip
        if self._processes.first:
            best.restore()
        return best, before

    def _measured(
        self, base: Point, targets: list[Measure]
    ) -> tuple[list[Point], Point, list[tuple[Measure, Measure]]]:
        """What encoders between the base and what was learned do, which of them is kept, and what it does elsewhere."""
        work, tell = self._out / WORK, self._told("Measuring")
        self._adapted.save(work)
        tower = load_tower(self._plan.encoder, weights=self._plan.weights, offline=self._offline)
        encoders = Encoders(tower, adapted_state(tower.module, work), self._processes.device)
        points = trace(encoders, self._judge, base, tell=tell)
        kept = choose(points, self._plan.tolerance)
        after = self._judge.measure_targets(encoders.at(kept.strength), tell) if targets else []
        return points, kept, list(zip(targets, after, strict=True))

    def _told(self, doing: str) -> Any:
        return lambda what: self._watcher.told(f"{doing}: {what}")

    def _resolved(self) -> dict[str, Any]:
        """What the plan left open."""
        mixture = self._prepared.loader.mixture
        return {
            "base": self._base.model_dump(), "epochs": self._prepared.epochs, "batch_size": mixture.batch_size,
            "sources": [
                {"name": source.name, "pairs": None if source.streaming else len(source)}
                for source in mixture.sources
            ],
            "processes": self._processes.count, "device": str(self._processes.device),
            "versions": versions("torch", "peft", "open_clip_torch", "timm", "transformers", "datasets"),
        }  # fmt: skip


def _spec(given: Data) -> SourceSpec:
    return given if isinstance(given, SourceSpec) else weighted(os.fspath(given))


def _told_epochs(training: TrainingSettings | None) -> int | None:
    return training.epochs if training is not None and "epochs" in training.model_fields_set else None


def _finished(out: Path, plan: Plan) -> PretrainReport | None:
    """What a run of this plan gave; None where none is done."""
    if not (out / REPORT).exists():
        return None
    report = load_report(out)
    changed = [name for name, value in plan.record.items() if report.plan.get(name) != value]
    if changed:
        raise PretrainingError(
            f"{out}: holds a finished run with other {', '.join(changed)}: name another folder, or delete it"
        )
    return report


@contextmanager
def _alone(out: Path, processes: Processes) -> Iterator[None]:
    """Let no other run write into the folder."""
    if not processes.first:
        yield
        return
    out.mkdir(parents=True, exist_ok=True)
    lock = FileLock(out / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise PretrainingError(
            f"{out}: another run is writing there: wait for it, or name another folder"
        ) from None
    try:
        yield
    finally:
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)
