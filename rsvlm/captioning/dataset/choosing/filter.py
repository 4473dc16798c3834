"""Keeping the best pairs of a dataset, as a dataset of their own."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from rsvlm import __version__
from rsvlm.shards import ShardResult, do_shards, open_run

from ...errors import CaptioningError
from ..finish import finish_dataset
from ..problems import read_problems
from ..reader import PairsDataset, open_dataset
from ..row import pair_from_row
from ..writer import ROW_GROUP, ShardWriter
from .best import Best, Floats, best
from .candidates import Candidates, left_out, read_candidates
from .outcome import outcome
from .rule import Per, Rule
from .scores import ScoreSet, open_scores
from .words import CHOSEN

SHARD_SIZE = 1000
"""Pairs a shard: few large shards load faster than many that the choice has thinned out."""


def filter_pairs(
    dataset: PairsDataset,
    out: str | Path,
    *,
    top: float | None = None,
    min_score: float | None = None,
    scores: str | None = None,
    per: Per = "style",
    balanced: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> PairsDataset:
    """Keep the pairs whose image and caption agree best, as a new dataset.

    Its `score` column holds the scores. What was left out stands in its `errors.parquet` with the reason, behind
    what is in that of the source. The same pairs and scores give the same bytes; a killed run goes on when it is called
    again.

    Args:
        dataset: From `open_dataset`, scored by `score_pairs`.
        out: Folder of the new dataset.
        top: The best share of each group: 0.3. Of n scored pairs ceil(0.3 n) are kept; of equal scores at the border,
            those with the first keys.
        min_score: No pair with a lower score. With `top`, both must hold.
        scores: Which scores, where the dataset has several: a folder's name under `scores/`.
        per: "style" ranks the captions of each style among themselves, since templates score differently; "none" all.
        balanced: Ranks within each main label too, so that each keeps its share and none is lost: the first tag of the
            focus object, else the main land-cover class, else the scene's name (for captions of land cover or of
            scenes, those first).
        progress: Called with pairs written and pairs in all.

    Raises:
        CaptioningError: Scores are missing or several, the rule cannot be meant, or it keeps nothing.
        rsvlm.shards.ShardError: The folder is in use or holds something else, the disk is full, or shards failed.
    """
    rule, out = Rule(top, min_score, per, balanced), Path(out)
    if out.resolve() == dataset.folder.resolve():
        raise CaptioningError(
            f"--out {out}: is the dataset itself; name a folder for the pairs that are kept"
        )
    known = open_scores(dataset, scores)
    candidates = read_candidates(dataset, known, rule)
    chosen = _choose(dataset, candidates, rule)
    config = _config(dataset, known, candidates, chosen, rule)
    numbers = np.flatnonzero(chosen.kept)
    with open_run(out, config) as run:
        work = partial(_write_shard, dataset, candidates.scores)
        shards = (
            {
                "shard": shard,
                "folder": str(run.shards),
                "numbers": numbers[start : start + SHARD_SIZE].tolist(),
            }
            for shard, start in enumerate(range(0, len(numbers), SHARD_SIZE))
        )
        do_shards(work, shards, run, progress=_counting(progress, len(numbers)))
        problems = chain(
            read_problems(dataset.folder),
            left_out(dataset, known, candidates, chosen.kept, chosen.begins, rule),
        )
        finish_dataset(run, config, problems, {CHOSEN: outcome(known, candidates, chosen.kept, rule)})
    return open_dataset(out)


def _choose(dataset: PairsDataset, candidates: Candidates, rule: Rule) -> Best:
    """The best of each group that are good enough."""
    scores = candidates.scores
    if not np.isfinite(scores).any():
        raise CaptioningError(
            f"{dataset.folder}: no pair has a score; `error` in the files of the scores says why"
        )
    share = 1.0 if rule.top is None else rule.top
    chosen = best(
        scores,
        candidates.groups,
        len(candidates.names),
        share,
        keys=lambda: (row["key"] for row in dataset.rows(["key"])),
    )
    if rule.min_score is None:
        return chosen
    kept = chosen.kept & (scores.astype(np.float64) >= rule.min_score)
    if not kept.any():
        raise CaptioningError(
            f"--min-score {rule.min_score:g}: keeps nothing; the highest score is {float(np.nanmax(scores)):.4f}"
        )
    return replace(chosen, kept=kept)


def _config(
    dataset: PairsDataset, scores: ScoreSet, candidates: Candidates, chosen: Best, rule: Rule
) -> dict[str, Any]:
    """All that decides what is written, and where it is from."""
    digest = hashlib.sha256(np.packbits(chosen.kept).tobytes())
    digest.update(candidates.scores[chosen.kept].tobytes())
    record = scores.record
    return {
        "made by": f"rsvlm {__version__} pairs filter",
        "rule": rule.record(),
        "scores": {"name": record.name, "processing_id": record.processing_id, "encoder": record.encoder},
        "pairs": {"count": int(chosen.kept.sum()), "sha256": digest.hexdigest()},
        "source": dataset.manifest.model_dump(mode="json"),
    }


def _write_shard(dataset: PairsDataset, scores: Floats, description: dict[str, Any]) -> dict[str, Any]:
    """Write the pairs of these numbers, a row group in memory at a time."""
    numbers: list[int] = description["numbers"]
    writer = ShardWriter(Path(description["folder"]), description["shard"])
    with writer:
        for start in range(0, len(numbers), ROW_GROUP):
            part = numbers[start : start + ROW_GROUP]
            for number, row in zip(part, dataset.take(part), strict=True):
                writer.add(replace(pair_from_row(row), score=float(scores[number])))
    return writer.stats()


def _counting(progress: Callable[[int, int], None] | None, total: int) -> Callable[[ShardResult], None]:
    done = 0

    def note(result: ShardResult) -> None:
        nonlocal done
        done += result.stats.get("pairs", 0)
        if progress is not None:
            progress(done, total)

    return note
