"""`rsvlm.pretrain`: from pairs and an encoder to an adapter, measured before and after."""

import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rsvlm.files import remove_leftovers
from rsvlm.models.shipped import DEFAULT
from rsvlm.shards.locking import LOCK, locked_folder

from .best import EPOCHS
from .data import Augmentation
from .data.negatives import read_negatives
from .data.specs import SourceSpec, weighted
from .errors import BusyPretrainingError, PretrainingError, first_fault
from .layers import LoraSettings, Store
from .plan import Plan
from .preparing import HELD_KEYS
from .processes import NOT_SHARED, Processes, join_processes
from .progress import CHECKPOINT, METRICS, telling_of_full_disks
from .report import REPORT, PretrainReport, load_report
from .running import PLAN, WORK, Run
from .settings import TrainingSettings
from .tradeoff import TOLERANCE
from .watching import Watcher

LOG = logging.getLogger(__name__)

_BEFORE_THE_PLAN = {LOCK, HELD_KEYS}
"""What a run that was stopped early leaves before its plan is there; without the lock it is somebody else's."""

PathLike = str | os.PathLike[str]
Data = PathLike | SourceSpec
Settings = Mapping[str, Any]
_ONE = (str, os.PathLike, SourceSpec)


def pretrain(
    data: Data | Sequence[Data],
    *,
    out: PathLike,
    encoder: PathLike = DEFAULT,
    weights: PathLike | None = None,
    lora: LoraSettings | Settings | None = None,
    training: TrainingSettings | Settings | None = None,
    augmentation: Augmentation | None = Augmentation(),  # noqa: B008 # it is frozen
    batch_size: int | None = None,
    epochs: int | None = None,
    epoch_size: int | None = None,
    replay: tuple[Data, float] | Sequence[tuple[Data, float]] = (),
    negatives: PathLike | Sequence[PathLike] = (),
    validation: Data | Sequence[Data] = (),
    held_out: float = 0.1,
    retain: PathLike | Sequence[PathLike] = (),
    target: PathLike | Sequence[PathLike] = (),
    tolerance: float = TOLERANCE,
    store: Store = "fp32",
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
        lora: What learns; `LoraSettings`, or a dict of them.
        training: How it learns; `TrainingSettings`, or a dict of them.
        augmentation: How images are changed; None: not at all.
        batch_size: Pairs a step over all processes; None: 256, or fewer where there are few pairs.
        epochs: Times that the pairs are gone through; None: those that `training` was given, else 3, or as many as
            make 100 steps, at most 20.
        epoch_size: Pairs in an epoch; needed for streams.
        replay: Sources of what the base was trained on, and the share of every batch that each of them gets.
        negatives: Captions without images, from which every image is told apart, too: for all that the captions of
            `data` cannot name; or a file of them, one a line. See `TrainingSettings.extra_texts`.
        validation: Pairs to choose the epoch and the strength by, instead of a held-out part of `data`.
        held_out: Share of `data` and `replay` that is held out by geographic blocks; 0: none.
        retain: Labelled or captioned data sets that must not get worse, as `rsvlm.eval` reads them: of several
            splits, "validation".
        target: Such sets that are measured before and after, and decide nothing: of several splits, "test".
        tolerance: What each of what is to be retained may lose, of 1.
        store: The numbers of the adapter's files: "fp32", or "fp16" for half their size.
        device: "auto", "cpu", "cuda".
        threads: That read images; None: one for each core.
        offline: Fetch nothing.
        watcher: Told what goes on.

    Returns:
        What the run gave; None on all processes but the first.

    Raises:
        PretrainingError: Settings or data that cannot be used, a loss that is no number, or `out` holds something else.
    """
    if not isinstance(data, (*_ONE, Sequence)):  # a data frame would be taken for the names of its columns
        raise PretrainingError(
            f"data is a {type(data).__name__}: name the file or folder of the pairs, or a list"
        )
    told: Any = {"lora": lora, "training": training}
    try:
        plan = Plan(
            encoder=_name("encoder", encoder), weights=None if weights is None else _name("weights", weights),
            data=_specs("data", data), replay=tuple(_replayed(replay)),
            validation=_unweighted("validation", _specs("validation", validation)),
            held_out=held_out, retain=tuple(_name("retain", one) for one in _several(retain)),
            target=tuple(_name("target", one) for one in _several(target)), tolerance=tolerance,
            negatives=tuple(_negatives(negatives)), batch_size=batch_size, epochs=epochs, epoch_size=epoch_size,
            augmentation=augmentation, store=store,
            **{name: settings for name, settings in told.items() if settings is not None},
        )  # fmt: skip
    except ValidationError as error:
        raise PretrainingError(first_fault(error)) from None
    if epochs is None and "epochs" in plan.training.model_fields_set:
        plan = plan.model_copy(update={"epochs": plan.training.epochs})
    folder = Path(out)
    done = _finished(folder, plan)
    # what is done is read also where there is no such device any more
    processes = join_processes(device if done is None or device == "cpu" else "auto")
    if len(set(processes.of_all(done is None))) > 1:
        raise PretrainingError(
            f"{folder}: holds a finished run on some nodes and none on others: {NOT_SHARED}"
        )
    if done is not None:
        if not processes.first:
            return None
        (folder / CHECKPOINT).unlink(missing_ok=True)  # of a run that was killed right after its report
        shutil.rmtree(folder / WORK, ignore_errors=True)
        LOG.warning("%s: was finished before, and is what it was: to train anew, name another folder", folder)
        return done
    with telling_of_full_disks(folder), _alone(folder, processes):
        return Run(plan, folder, processes, threads, offline, watcher or Watcher()).report()


def _several(given: Any) -> list[Any]:
    """What may be one, or several: a text is one, and not its letters."""
    return [given] if isinstance(given, _ONE) else list(given)


def _name(what: str, given: Any) -> str:
    if not isinstance(given, str | os.PathLike):
        raise PretrainingError(
            f"{what}: {type(given).__name__} is no name, file or folder: give one, as text or path"
        )
    return os.fspath(given)


def _spec(what: str, given: Any) -> SourceSpec:
    return given if isinstance(given, SourceSpec) else weighted(_name(what, given))


def _negatives(given: Any) -> Iterator[Any]:
    """Texts, and those of files: what is given alone may be the name of one."""
    several = _several(given)
    for one in several:
        named = len(several) == 1 and isinstance(one, str) and os.path.isfile(one)  # noqa: PTH113 # takes texts of any length
        if named or isinstance(one, os.PathLike):
            yield from read_negatives(Path(one))
        else:
            yield one


def _specs(what: str, given: Any) -> tuple[SourceSpec, ...]:
    return tuple(_spec(what, one) for one in _several(given))


def _replayed(given: Any) -> Iterator[tuple[SourceSpec, float]]:
    """Sources and their shares, where one may have been given."""
    alone = isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], _ONE)
    for one in [given] if alone else _several(given):
        if not isinstance(one, tuple | list) or len(one) != 2:
            raise PretrainingError(
                f"replay {one!r}: give its share of every batch, too, such as ('pairs/', 0.2)"
            )
        yield _unweighted("replay", [_spec("replay", one[0])])[0], one[1]


def _unweighted(what: str, specs: Sequence[SourceSpec]) -> tuple[SourceSpec, ...]:
    for spec in specs:
        if spec.weight is not None:
            raise PretrainingError(
                f"{what} {spec.data}: has a weight, {spec.weight:g}, which counts for what is learned from alone: "
                "leave it out"
            )
    return tuple(specs)


def _finished(out: Path, plan: Plan) -> PretrainReport | None:
    """What a run of this plan gave; None where none is done. A run of another plan, done or begun, is refused."""
    if out.exists() and not out.is_dir():
        raise PretrainingError(f"{out}: is a file; name a folder")
    if (out / REPORT).exists():
        report = load_report(out)
        _check_same(out, "a finished run", report.plan, plan)
        return report
    begun = out / WORK / PLAN
    if begun.exists():
        _check_same(out, "a run that was begun", json.loads(begun.read_text(encoding="utf-8")), plan)
    elif out.is_dir():
        there = {path.name for path in out.iterdir()}
        if others := sorted(there - (_BEFORE_THE_PLAN if LOCK in there else set())):
            raise PretrainingError(
                f"{out}: holds something already ({', '.join(others[:3])}): name a new or an empty folder"
            )
    return None


def _check_same(out: Path, what: str, before: dict[str, Any], plan: Plan) -> None:
    changed = [name for name, value in plan.record.items() if before.get(name) != value]
    if changed:
        raise PretrainingError(
            f"{out}: holds {what} with other {', '.join(changed)}: name another folder, or delete it"
        )


@contextmanager
def _alone(out: Path, processes: Processes) -> Iterator[None]:
    """Let no other run write into the folder."""
    if not processes.first:
        yield
        return
    new = not out.exists()
    busy = BusyPretrainingError(f"{out}: another run is writing there: wait for it, or name another folder")
    with locked_folder(out, busy, lambda why: PretrainingError(f"{why}: name another folder")):
        try:
            remove_leftovers(out)
            yield
        finally:
            if not any((out / name).exists() for name in (REPORT, CHECKPOINT, EPOCHS)):
                _clear(out, new)


def _clear(out: Path, new: bool) -> None:
    """Leave nothing of a run that failed before an epoch was through or there was anything to go on from."""
    for name in (HELD_KEYS, METRICS, EPOCHS):
        (out / name).unlink(missing_ok=True)
    shutil.rmtree(out / WORK, ignore_errors=True)
    if new and {path.name for path in out.iterdir()} <= {LOCK}:
        with suppress(OSError):  # Windows keeps a lock that is held, and the folder with it
            (out / LOCK).unlink()
            out.rmdir()
