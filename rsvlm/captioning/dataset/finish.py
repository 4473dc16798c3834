"""Closing a dataset whose shards are done: errors, card, and the manifest last."""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from rsvlm import __version__
from rsvlm.shards import Run, Stats, done_stats, merge_stats

from ..errors import CaptioningError
from .card import write_card
from .credits import Credit, Credits
from .manifest import Counts, Manifest, write_manifest
from .problems import write_problems
from .reader import PairsDataset

_OF_THIS_RUN = ("out", "seconds", "resumed", "warnings")


def finish_dataset(
    run: Run,
    config: Mapping[str, Any],
    problems: Iterable[tuple[str, str, str, str]],
    report: Mapping[str, Any],
) -> Manifest:
    """Write what stands beside the shards of a dataset.

    Args:
        run: The folder, still held.
        config: What `run` was opened with.
        problems: Inputs and chips without a pair: source, key, kind of reason, reason.
        report: Counts of the run for the manifest. What differs from one run to the next (out, seconds,
            resumed, warnings) is left out, so that the whole folder repeats.

    Raises:
        CaptioningError: No shard is done.
    """
    totals: Stats = {"pairs": 0, "images": 0, "verified": 0, "styles": {}}
    credits = Credits()
    lengths: list[int] = []
    while (stats := done_stats(run, len(lengths))) is not None:
        merge_stats(totals, {name: stats[name] for name in totals})
        credits.add_stats(stats["credits"])
        lengths.append(stats["pairs"])
    if not lengths:
        raise CaptioningError(f"{run.out}: no shard is done")
    errors = write_problems(run.out, problems)
    manifest = Manifest(
        processing_id=run.processing_id,
        config=dict(config),
        counts=Counts(shards=len(lengths), errors=errors, **totals),
        sources=[Credit(**entry) for entry in credits.to_list()],
        report={name: value for name, value in report.items() if name not in _OF_THIS_RUN},
        versions={
            "rsvlm": __version__,
            **{name: version(name) for name in ("pillow", "pyarrow", "rasterio")},
        },
    )
    write_card(PairsDataset(run.out, manifest, lengths))
    write_manifest(run.out, manifest)
    return manifest
