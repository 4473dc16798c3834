"""One run of pretraining: from a plan to an adapter, its card and its report."""

import shutil
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from rsvlm.files import write_json
from rsvlm.models.adapters import Learned, adapted_state
from rsvlm.models.loading import load_tower
from rsvlm.models.versions import versions
from rsvlm.models.writing import base_of

from .best import BestEpoch
from .card import write_card
from .data import PairLoader
from .data.examples import mixed
from .data.loader import NAMED
from .data.specs import set_name
from .emissions import measured_emissions
from .judging import Judge, Measure
from .lora import Adapted
from .plan import Plan
from .preparing import prepare
from .processes import Processes
from .progress import CHECKPOINT, read_metrics
from .report import PretrainReport
from .step import loss_scale
from .tradeoff import Encoders, Point, choose, measure_base, measuring_encoder, trace
from .training import train
from .watching import Watcher

WORK, PLAN = "work", "plan.json"
"""Folder of what a run needs until it is done, and in it what was begun."""


class Run:
    """One run, from reading the data to the card.

    Args:
        plan: What is wanted.
        out: Folder of the adapter.
        processes: Who trains.
        threads: That read images.
        offline: Fetch nothing.
        watcher: Told what goes on.

    Raises:
        PretrainingError: Data that cannot be used.
    """

    def __init__(
        self,
        plan: Plan,
        out: Path,
        processes: Processes,
        threads: int | None,
        offline: bool,
        watcher: Watcher,
    ) -> None:
        self._plan, self._out, self._processes = plan, out, processes
        self._offline, self._watcher = offline, watcher
        watcher.told("Reading the data")
        seed = plan.training.seed
        sets = (plan.retain, plan.target) if processes.first else ((), ())
        # Before the model is loaded, so that what is wrong here is told at once.
        self._judge = Judge(*sets, seed=seed)
        self._prepared = prepare(plan, processes, out, offline=offline)
        self._judge.held_out, self._judge.replayed = self._prepared.held_out, self._prepared.replayed
        tower = load_tower(plan.encoder, weights=plan.weights, offline=offline)
        self._base = base_of(plan.encoder, plan.weights, tower)
        self._loader = PairLoader(
            self._prepared.mixture, tower, augmentation=plan.augmentation, seed=seed, threads=threads,
            part=(processes.rank, processes.count),
        )  # fmt: skip
        torch.manual_seed(mixed(seed, "first weights") % 2**63)  # of LoRA's matrices
        self._adapted = Adapted(tower, plan.lora, self._base)

    def report(self) -> PretrainReport | None:
        """Train, choose, and write all that is told of it."""
        began, resumed = time.monotonic(), (self._out / CHECKPOINT).exists()
        with measured_emissions(self._processes.first) as emissions:
            best, before = self._trained()
            if before is None:
                return None
            points, kept, targets = self._measured(*before)
            self._adapted.save(self._out, kept.strength, self._plan.store, self._learned())
        loader = self._loader
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
            notes=(*self._prepared.notes, *self._judge.notes), retention_measured=self._judge.retains,
            seconds=round(time.monotonic() - began, 1), emissions=emissions,
            resumed=resumed, losses=_losses(read_metrics(self._out)),
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
        work, before = self._out / WORK, None
        if self._processes.first:
            work.mkdir(parents=True, exist_ok=True)
            write_json(work / PLAN, plan.record)
            encoder = measuring_encoder(self._adapted.tower, self._processes.device)
            tell = self._told("Measuring the base")
            before = measure_base(encoder, self._judge, tell), self._judge.measure_targets(encoder, tell)
            self._watcher.base([*before[0].measures, *before[1]])
        best = BestEpoch(self._adapted, prepared.held_out, prepared.mixture.batch_size, self._out, work)
        self._watcher.read(self._sizes())
        self._watcher.told("Training")
        train(
            self._adapted, self._loader, settings, self._out, processes=self._processes, extra=plan.negatives,
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
        self._adapted.save(work, store=self._plan.store)
        tower = load_tower(self._plan.encoder, weights=self._plan.weights, offline=self._offline)
        encoders = Encoders(tower, adapted_state(tower.module, work), self._processes.device)
        points = trace(encoders, self._judge, base, tell=tell)
        kept = choose(points, self._plan.tolerance)
        after = self._judge.measure_targets(encoders.at(kept.strength), tell) if targets else []
        return points, kept, list(zip(targets, after, strict=True))

    def _learned(self) -> list[Learned]:
        """What was learned from, by the names of the sets, and its licences."""
        specs = [*self._plan.data, *(spec for spec, _ in self._plan.replay)]
        return [
            Learned(name=set_name(spec.data), licences=tuple(licences))
            for spec, licences in zip(specs, self._prepared.licences, strict=True)
        ]

    def _sizes(self) -> str:
        """What was read, in a line."""
        prepared, mixture = self._prepared, self._prepared.mixture
        known = [len(source) for source in mixture.sources if not source.streaming]
        pairs = f"{sum(known):,} examples" if len(known) == len(mixture.sources) else "a stream"
        held = "none" if prepared.held_out is None else f"{len(prepared.held_out):,}"
        epochs = f"{prepared.epochs} epoch{'s' * (prepared.epochs != 1)}"
        return (
            f"Learning from {pairs}, judged by {held}: batches of {mixture.batch_size}, {mixture.steps} steps an "
            f"epoch, {epochs}"
        )

    def _told(self, doing: str) -> Any:
        return lambda what: self._watcher.told(f"{doing}: {what}")

    def _resolved(self) -> dict[str, Any]:
        """What the plan left open."""
        mixture, tower = self._prepared.mixture, self._adapted.tower
        scale, bias = loss_scale(tower, self._plan.training)
        problems = self._loader.problems
        unread = Counter(name for name, _ in {(one.source, one.key) for one in problems})
        known = self._processes.count == 1 and len(problems) < NAMED  # else there are more of them
        return {
            "base": self._base.model_dump(), "licence": tower.info.get("licence"),
            "scale": scale, "bias": bias, "context_length": tower.context_length,
            "shown": sum(line["pairs"] for line in read_metrics(self._out)),
            "epochs": self._prepared.epochs, "batch_size": mixture.batch_size,
            "sources": [
                {
                    "name": source.name, "pairs": None if source.streaming else len(source),
                    "captions": source.columns.caption, "unread": unread[source.name] if known else None,
                }
                for source in mixture.sources
            ],
            "processes": self._processes.count, "device": str(self._processes.device),
            "versions": versions("torch", "peft", "open_clip_torch", "timm", "transformers", "datasets"),
        }  # fmt: skip


def _losses(steps: Sequence[dict[str, Any]]) -> tuple[float, float] | None:
    """The mean loss of the first tenth of the steps, and of the last one; None where there are too few to tell."""
    part = len(steps) // 10
    if not part:
        return None
    values = [step["loss"] for step in steps]
    return sum(values[:part]) / part, sum(values[-part:]) / part
