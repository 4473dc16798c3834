"""From what a user named to what is trained on: sources opened, partly held out and mixed, numbers of steps."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from rsvlm.datasets.pairs import is_pairs_dataset
from rsvlm.datasets.splits import splits_of
from rsvlm.files import write_json

from .data import Holdout, Mixture, PairsSource, hold_out, learned_from
from .data.specs import SourceSpec, with_weights
from .errors import PretrainingError
from .heldout import HeldOut
from .plan import Plan
from .processes import Processes

BATCH = 256
FEWEST_STEPS = 100
"""Of a training whose epochs nobody gave: on few pairs three epochs are over before anything is learned."""

_MOST_EPOCHS = 20
_SMALLEST = 4
_LICENCES = 20_000
"""Examples whose licence is looked at."""

HELD_KEYS = "held-out.json"


class Prepared(NamedTuple):
    """What is trained on.

    Attributes:
        held_out: The pairs for validation, or None.
        replayed: The held-out pairs of what is replayed, or None.
        mixture: What each step shows.
        epochs: How often.
        licences: For each source how many of its examples have which licence.
        notes: What to know before what is measured is believed.
    """

    held_out: HeldOut | None
    replayed: HeldOut | None
    mixture: Mixture
    epochs: int
    licences: list[dict[str, int]]
    notes: list[str]


def prepare(plan: Plan, processes: Processes, out: Path, *, offline: bool = False) -> Prepared:
    """Open sources, hold a part out and mix the rest; the keys of what is held out are written to `out`.

    It needs no model, so that what is wrong with the data is told before one is loaded.

    Args:
        plan: What is wanted.
        processes: Who trains.
        out: Folder of the run.
        offline: Fetch nothing.

    Raises:
        PretrainingError: A source cannot be used, or there are too few pairs.
    """
    seed, new = plan.training.seed, len(plan.data)
    opened = [spec.source(offline=offline) for spec in (*plan.data, *(spec for spec, _ in plan.replay))]
    held: list[PairsSource] = [judging(spec).source(offline=offline) for spec in plan.validation]
    train, old = opened, []
    if plan.held_out and not held:
        split = hold_out(opened, plan.held_out, seed)
        train, held, old = split.train, split.held[:new], split.held[new:]
        if processes.first:
            _write_keys(split, opened, out / HELD_KEYS)
    again = [(source, share) for source, (_, share) in zip(train[new:], plan.replay, strict=True)]
    replayed = sum(share for _, share in again)
    size = plan.batch_size or _batch_size(train[:new], plan.epoch_size, replayed, processes.count)
    weights = [weight for _, weight in with_weights(plan.data)]
    mixture = Mixture(
        list(zip(train[:new], weights, strict=True)), batch_size=size, replay=again, seed=seed,
        epoch_size=plan.epoch_size,
    )  # fmt: skip
    first = processes.first
    judges = (
        HeldOut(held, seed, kind="validation" if plan.validation else "held-out") if held and first else None
    )
    return Prepared(
        held_out=judges,
        replayed=HeldOut(old, seed) if old and first else None,
        mixture=mixture,
        epochs=plan.epochs or _epochs(mixture.steps),
        licences=_licences(plan, train) if first else [],
        notes=[] if judges is None or not plan.validation else _memory(judges, train),
    )


def _memory(judges: HeldOut, train: Sequence[PairsSource]) -> list[str]:
    """Say how many images that a model is judged by it is shown in training, too."""
    known = learned_from(judges.examples, train)
    if not known:
        return []
    return [
        f"{known} of the {len(judges)} validation images are also learned from: what is measured there is memory"
    ]


def judging(spec: SourceSpec) -> SourceSpec:
    """A source to choose by: of a folder with splits its validation split, unless another one is named.

    Raises:
        PretrainingError: It has several splits, and none for validation.
    """
    folder = Path(spec.data)
    splits = (
        splits_of(folder) if spec.split is None and folder.is_dir() and not is_pairs_dataset(folder) else {}
    )
    if len(splits) < 2:
        return spec
    if "validation" not in splits:
        raise PretrainingError(
            f"{spec.data}: has no split validation, but {', '.join(splits)}: name a file of it"
        )
    return spec.model_copy(update={"split": "validation"})


def _batch_size(fresh: Sequence[PairsSource], epoch_size: int | None, replayed: float, processes: int) -> int:
    """256, or of few pairs a quarter, so that an epoch has some steps; a power of two, replay included.

    There is a pair for each process.
    """
    streams = [source for source in fresh if source.streaming]
    if streams and not epoch_size:
        raise PretrainingError(
            f"{streams[0].name}: a stream has no length: say how many examples are an epoch (epoch_size, --epoch-size)"
        )
    pairs = epoch_size or sum(len(source) for source in fresh)
    if pairs < _SMALLEST:
        raise PretrainingError(
            f"{fresh[0].name}: {pairs} pair{'s' * (pairs != 1)} to learn from are too few to tell apart: "
            f"give {_SMALLEST} or more"
        )
    share = max(1 - replayed, 1e-9)
    return max(1 << int(math.log2(min(BATCH, max(_SMALLEST, pairs / 4 / share)))), processes)


def _epochs(steps: int) -> int:
    return max(3, min(_MOST_EPOCHS, math.ceil(FEWEST_STEPS / steps)))


def _licences(plan: Plan, sources: Sequence[PairsSource]) -> list[dict[str, int]]:
    """For each source how many of its first examples have which licence; of a stream it is not looked for.

    An example's own licence comes before what the plan says of the source.
    """
    found = []
    for spec, source in zip((*plan.data, *(spec for spec, _ in plan.replay)), sources, strict=True):
        facts = () if source.streaming else islice(source.facts(), _LICENCES)
        counted = Counter(fact.licence or spec.licence or "not stated" for fact in facts)
        found.append(dict(counted.most_common()))
    return found


def _write_keys(split: Holdout, sources: Sequence[PairsSource], file: Path) -> None:
    rule = split.rule
    listed: dict[str, Any] = {
        "share": rule.share, "seed": rule.seed,
        "sources": [
            {"name": source.name, "block_degrees": block, "keys": None if keys is None else list(keys)}
            for source, block, keys in zip(sources, rule.blocks, split.keys, strict=True)
        ],
    }  # fmt: skip
    write_json(file, listed, indent=1)
