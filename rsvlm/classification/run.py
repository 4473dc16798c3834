"""Long classification: any number of images into one file, a shard at a time, and going on after an interrupt."""

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rsvlm import __version__
from rsvlm.files import atomic_write, write_json
from rsvlm.imagery import Grid
from rsvlm.imagery.items import ChipOptions, PathLike
from rsvlm.models.identity import own_code
from rsvlm.shards import Run, do_shards, merge_stats, open_run, shard_name, stats_of_all

from .classifier import ZeroShotClassifier
from .drawings import Drawn, Pictures, draw, style_of
from .errors import ClassificationError
from .inputs import Input, input_of
from .scores import checked_k
from .tables import check_output, write_predictions
from .viewnames import check_views

SHARD_SIZE = 1000
"""Chips a shard."""


@dataclass
class ClassifyReport:
    """What a run came to.

    Attributes:
        out: The file of predictions. record: what decided them, beside it, as JSON.
        images: Images named. chips: rows written. failed: rows with a reason instead of an answer.
        resumed: Chips that an earlier run had done.
        labels: Rows of each class, the commonest first.
        reasons: Why rows failed, with their numbers.
        calibrated: Whether scores were fitted on labelled images.
        warnings: What a person should know, a line each.
        pictures: Class maps and contact sheets that were drawn.
        seconds: Of this run.
    """

    out: str
    record: str
    images: int = 0
    chips: int = 0
    failed: int = 0
    resumed: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    calibrated: bool = False
    warnings: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return asdict(self) | {
            "labels": dict(self.labels.most_common()),
            "reasons": dict(self.reasons.most_common()),
        }


def classify_files(
    classifier: ZeroShotClassifier,
    images: Sequence[PathLike],
    out: PathLike,
    *,
    options: ChipOptions = ChipOptions(),  # noqa: B008 - frozen
    views: Sequence[str] = ("true-colour",),
    top_k: int = 5,
    limit: int | None = None,
    seed: int = 0,
    batch_size: int | None = None,
    pictures: Pictures = Pictures(),  # noqa: B008 - frozen
    progress: Callable[[int, int], None] | None = None,
) -> ClassifyReport:
    """Classify images into a file, in bounded memory.

    An interrupted run goes on when it is called again with the same arguments: until the file is whole and its
    pictures are drawn, finished shards lie in a folder `<out>.parts` beside it. `<out>.json` says what decided the
    numbers.

    Args:
        classifier: With or without calibration.
        images: Files, folders, globs, products; or one index by the same encoder, whose vectors are taken as they are.
        out: A .parquet, .csv or .geojson file.
        options: How images are read and cut.
        views: Spectral views that are fused.
        top_k: How many classes a row lists.
        limit: Take a seeded choice of so many chips.
        seed: Seeds it.
        batch_size: Pictures a call of the encoder.
        pictures: Class maps and a contact sheet to be drawn.
        progress: Called with chips done and chips in all.

    Raises:
        ClassificationError: Images, options or an output that cannot be worked with.
        rsvlm.shards.ShardError: The output belongs to other settings or is in use, the disk is full.
    """
    start = time.monotonic()
    target = Path(out)
    check_output(target)
    checked_k(top_k)
    check_views(views)
    classifier.check_apart()
    options = classifier.as_cut(options)
    pictures.check(multi_label=classifier.multi_label)
    chips = input_of(classifier, images, options, views, limit=limit, seed=seed, batch_size=batch_size)
    record = Path(f"{target}.json")
    report = ClassifyReport(
        str(target), str(record), images=chips.images, calibrated=classifier.calibration(views) is not None
    )
    identity = _identity(classifier, chips, views, top_k, limit, seed)
    before = _finished(record, identity, target)
    parts = Path(f"{target}.parts")
    # parts beside a finished file: its pictures could not be drawn
    if before is None or any(parts.glob("shards/*.parquet")):
        with open_run(parts, identity) as run:
            summary = _do(
                partial(_classify_shard, classifier, chips, top_k), run, len(chips), report, progress
            )
            if before is None:
                write_predictions(_batches(run), target, grids=_grids(chips, target))
                style_of(target, classifier.vocabulary, multi_label=classifier.multi_label)
                # before the pictures: where these fail, what is written is known for what it is
                write_json(record, {"identity": identity, "summary": summary}, indent=2)
            drawn = _draw(lambda: pa.Table.from_batches(_batches(run)), chips, classifier, pictures, seed)
        for folder in (run.shards, run.out):  # the settings last: what a kill leaves is then still this run's
            shutil.rmtree(folder, ignore_errors=True)
    else:
        summary, report.resumed = before, len(chips)
        drawn = _draw(lambda: _read(target), chips, classifier, pictures, seed)
    _add(report, summary)
    report.pictures += drawn.written
    report.warnings += [*classifier.warnings, *drawn.unmapped]
    report.seconds = round(time.monotonic() - start, 3)
    return report


def _identity(
    classifier: ZeroShotClassifier,
    chips: Input,
    views: Sequence[str],
    top_k: int,
    limit: int | None,
    seed: int,
) -> dict[str, Any]:
    """All that decides what a run writes, as JSON gives it back: settings, and what is classified."""
    calibration, record = classifier.calibration(views), classifier.record(views)
    if classifier.memory is not None:
        record["memory"] = classifier.memory.identity
    if code := own_code(classifier.encoder):
        record["code"] = code
    identity = {
        "made by": f"rsvlm {__version__} classify",
        "classifier": record,
        "calibration": asdict(calibration) if calibration else None,
        "top_k": top_k,
        "limit": None if limit is None else {"chips": limit, "seed": seed},
        **chips.identity(),
    }
    plain: dict[str, Any] = json.loads(json.dumps(identity))
    return plain


def _finished(record: Path, identity: dict[str, Any], out: Path) -> dict[str, Any] | None:
    """The summary of a file that is there already, made with the same settings; None where there is no file.

    Raises:
        ClassificationError: It is there and was made otherwise.
    """
    if not out.exists():
        return None
    try:
        before = json.loads(record.read_text(encoding="utf-8"))
        if before["identity"] == identity:
            return dict(before["summary"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not ours, or damaged: said below
    raise ClassificationError(
        f"{out}: is there already, made from other images or settings: remove it, or name another file"
    )


def _add(report: ClassifyReport, summary: dict[str, Any]) -> None:
    report.chips += summary.get("chips", 0)
    report.failed += summary.get("failed", 0)
    report.labels.update(summary.get("labels", {}))
    report.reasons.update(summary.get("reasons", {}))


def _do(
    work: Callable[..., dict[str, Any]],
    run: Run,
    count: int,
    report: ClassifyReport,
    progress: Callable[[int, int], None] | None,
) -> dict[str, Any]:
    """Do the shards that are not done, and return the sums over all."""
    done = 0

    def step(more: int) -> None:
        nonlocal done
        done += more
        if progress is not None:
            progress(done, count)

    step(0)
    shards = ({"shard": number, "first": first} for number, first in enumerate(range(0, count, SHARD_SIZE)))
    summary = do_shards(
        partial(work, folder=run.shards, step=step),
        shards,
        run,
        progress=lambda result: step(result.stats["chips"]) if result.skipped else None,
    )
    report.resumed = min(summary.skipped * SHARD_SIZE, count)
    total: dict[str, Any] = {}
    for stats in stats_of_all(run, -(-count // SHARD_SIZE)):
        merge_stats(total, stats)
    return total


def _classify_shard(
    classifier: ZeroShotClassifier,
    chips: Input,
    top_k: int,
    description: dict[str, Any],
    *,
    folder: Path,
    step: Callable[[int], None],
) -> dict[str, Any]:
    """Classify the chips of one shard and write its rows."""
    first = description["first"]
    result = chips.classify(classifier, first, min(first + SHARD_SIZE, len(chips)), top_k, step)
    path = folder / f"{shard_name(description['shard'])}.parquet"
    with atomic_write(path) as temporary:
        pq.write_table(result.to_table(), temporary)
    given = [[label] if isinstance(label, str) else label or [] for label in result.labels]
    reasons = Counter(error for error in result.errors if error)
    return {
        "chips": len(result),
        "failed": reasons.total(),
        "labels": dict(Counter(name for names in given for name in names)),
        "reasons": dict(reasons.most_common(20)),
        "files": {path.name: path.stat().st_size},
    }


def _grids(chips: Input, target: Path) -> dict[str, Grid]:
    """Grids of the images, for the outlines of their chips, where these are written."""
    if target.suffix.lower() != ".geojson":
        return {}
    return {one.scene.path: one.scene.grid for one in chips.planned() if one.scene}


def _batches(run: Run) -> Iterator[pa.RecordBatch]:
    # by number: past 99,999 the names of shards are longer, and as texts in another order
    for path in sorted(run.shards.glob("*.parquet"), key=lambda path: int(path.stem)):
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches()


def _draw(
    rows: Callable[[], pa.Table],
    chips: Input,
    classifier: ZeroShotClassifier,
    pictures: Pictures,
    seed: int,
) -> Drawn:
    if not pictures.wanted:
        return Drawn()
    title = f"{classifier.vocabulary.title}, by {classifier.encoder.name}"
    return draw(rows(), chips.planned(), classifier.vocabulary, pictures, title, seed)


def _read(out: Path) -> pa.Table:
    """The rows of a finished file.

    Raises:
        ClassificationError: They are in a format for people and maps, not to be read again.
    """
    if out.suffix.lower() != ".parquet":
        raise ClassificationError(
            f"{out}: is finished already, and pictures can be added to a .parquet only: remove it, or name another file"
        )
    return pq.read_table(out)
