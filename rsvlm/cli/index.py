"""`rsvlm index`: make an index of images, change it, look at it and check it."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from rsvlm.models.shipped import DEFAULT

from .common import AsJson, Debug, Offline, console, print_json
from .cutting import Bands, Chips, MinValid, Sensor, Size, Stretch, chip_options
from .encoders import BatchSize, Device, EncoderName, Precision, Weights, load
from .engines import Engine
from .progress import progress_bar

Folder = Annotated[Path, typer.Argument(metavar="INDEX", help="The folder of the index.")]
Images = Annotated[
    list[str], typer.Argument(help="Images: files, folders, globs, .SAFE folders or zips; data sets, pairs.")
]
Licence = Annotated[str | None, typer.Option(help="Of all the images; kept with each.")]
Kind = Annotated[
    str, typer.Option(help="auto, exact, ivf-sq8, hnsw-sq8, ivf-flat; coarse, small: ivf-pq, ivf-rabitq.")
]
Recall = Annotated[float, typer.Option(help="Share of the true first ten that a search shall find.")]
MaxMemory = Annotated[
    str | None, typer.Option(help="That a graph may take: 8GiB. (default: half of the machine's)")
]
Workers = Annotated[
    int, typer.Option(help="That encode side by side, with --engine ray; each loads the encoder.", min=1)
]

app = typer.Typer(
    no_args_is_help=True,
    help="Make an index of images, to be searched by words, by example, by where and when.",
    rich_markup_mode="rich",
)


@app.command(no_args_is_help=True)
def build(
    images: Images,
    out: Annotated[Path, typer.Option("--out", help="Folder of the index.")],
    encoder: EncoderName = DEFAULT,
    weights: Weights = None,
    chips: Chips = None,
    size: Size = None,
    min_valid: MinValid = 0.5,
    sensor: Sensor = None,
    bands: Bands = None,
    stretch: Stretch = "auto",
    licence: Licence = None,
    kind: Kind = "auto",
    recall: Recall = 0.99,
    max_memory: MaxMemory = None,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    engine: Engine = "local",
    workers: Workers = 1,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Make an index of images. Stopped, the same command goes on.

    rsvlm index build tiles/ --out index/
    rsvlm index build pairs/ train.parquet --out index/
    rsvlm index build S2.SAFE.zip --size 640m --out index/ --licence "Copernicus Sentinel data"
    rsvlm index build archive/ --out index/ --recall 0.95 --max-memory 4GiB
    RAY_ADDRESS=auto rsvlm index build archive/ --out index/ --engine ray --workers 8
    """
    from rsvlm.retrieval import Index

    plan = _plan(kind, recall, max_memory)
    loaded = load(encoder, weights, device, precision, batch_size, offline)
    options = chip_options(chips, size, min_valid, sensor, bands, stretch)
    with progress_bar("Encoding", "chips") as show:
        index = Index.build(
            images, out, loaded, options=options, licence=licence, plan=plan,
            engine=engine, workers=workers, progress=show,
        )  # fmt: skip
    _tell(index, index.report, as_json)


@app.command(no_args_is_help=True)
def add(
    folder: Folder,
    images: Images,
    weights: Weights = None,
    chips: Chips = None,
    size: Size = None,
    min_valid: MinValid = 0.5,
    sensor: Sensor = None,
    bands: Bands = None,
    stretch: Stretch = "auto",
    licence: Licence = None,
    kind: Kind = "auto",
    recall: Recall = 0.99,
    max_memory: MaxMemory = None,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    engine: Engine = "local",
    workers: Workers = 1,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Add images, by the encoder that made the index. Those that are in it are encoded anew.

    rsvlm index add index/ new-tiles/
    """
    from rsvlm.retrieval import Index

    plan = _plan(kind, recall, max_memory)
    own = Index(folder).manifest.encoder.name
    index = Index(folder, load(own, weights, device, precision, batch_size, offline))
    options = chip_options(chips, size, min_valid, sensor, bands, stretch)
    with progress_bar("Encoding", "chips") as show:
        report = index.add(
            images, options=options, licence=licence, plan=plan, engine=engine, workers=workers, progress=show
        )
    _tell(index, report, as_json)


@app.command(no_args_is_help=True)
def remove(
    folder: Folder,
    keys: Annotated[list[str], typer.Argument(help="Keys of rows, as a search shows them.")],
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Remove rows. Their files stay where they are.

    rsvlm index remove index/ /data/tiles/a.tif "/data/scene.tif#256,512,256,256"
    """
    from rsvlm.retrieval import Index

    index = Index(folder)
    removed = index.remove(keys)
    if as_json:
        print_json({"removed": removed, "rows": len(index)})
    else:
        console.print(f"{removed:,} rows removed, {len(index):,} left", highlight=False)


@app.command(no_args_is_help=True)
def label(
    folder: Folder,
    file: Annotated[
        Path, typer.Argument(help="A .csv (path,label), or points and polygons: .geojson, .gpkg.")
    ],
    column: Annotated[
        str | None, typer.Option(help="The column of labels. (default: label, labels, class)")
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Give rows labels, in place of those that they have.

    A path labels its image, or all chips of it; a point the footprints that hold it; a polygon those whose middle lies
    in it.

      rsvlm index label index/ labels.csv
      rsvlm index label index/ fields.gpkg --column crop
    """
    from rsvlm.retrieval import Index

    index = Index(folder)
    labelled = index.label(file, column)
    if as_json:
        print_json({"labelled": labelled, "rows": len(index)})
    else:
        console.print(
            f"{labelled:,} of {len(index):,} rows have labels of {file}", highlight=False, soft_wrap=True
        )


@app.command(no_args_is_help=True)
def info(folder: Folder, as_json: AsJson = False, debug: Debug = False, offline: Offline = False) -> None:
    """Show what an index consists of.

    rsvlm index info index/
    """
    from rsvlm.retrieval import Index

    index = Index(folder)
    summary = index.summary()
    if as_json:
        print_json(summary)
        return
    table = Table(title=str(folder), title_justify="left", show_header=False)
    for name, value in summary.items():
        table.add_row(name.replace("_", " "), _shown(value))
    console.print(table)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(one)}" for name, one in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


@app.command(no_args_is_help=True)
def verify(folder: Folder, as_json: AsJson = False, debug: Debug = False, offline: Offline = False) -> None:
    """Read everything and compare it with what was written; exit code 1 where something is damaged.

    rsvlm index verify index/
    """
    from rsvlm.retrieval import verify as check

    with console.status("Reading the index"):
        problems = check(folder)
    if as_json:
        print_json({"problems": problems})
    else:
        for problem in problems:
            console.print(f"[red]damaged:[/red] {problem}", highlight=False, soft_wrap=True)
        if not problems:
            console.print(f"{folder}: is whole", highlight=False, soft_wrap=True)
    if problems:
        raise typer.Exit(1)


def _plan(kind: Any, recall: float, max_memory: str | None) -> Any:
    from rsvlm.retrieval import Plan, memory_of

    return Plan(kind=kind, recall=recall, max_memory=None if max_memory is None else memory_of(max_memory))


def _tell(index: Any, report: Any, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "index": str(index.folder), "rows": len(index), "chips": report.chips,
                "failed": report.failed, "resumed": report.resumed, "reasons": dict(report.reasons),
            }
        )  # fmt: skip
        return
    from rich.markup import escape

    done = report.chips - report.failed
    console.print(
        f"{done:,} chips encoded; {index.folder} has {len(index):,} rows",
        highlight=False,
        soft_wrap=True,
    )
    if report.failed:
        console.print(f"[yellow]{report.failed:,} chips could not be encoded:[/yellow]")
        for reason, count in report.reasons.most_common(5):
            console.print(f"  {count:,}  {escape(reason)}", highlight=False, soft_wrap=True)
        console.print(f"  the first: {escape(report.failures[0][0])}", highlight=False, soft_wrap=True)
    console.print(
        f'Search it: rsvlm search {shlex.quote(str(index.folder))} "a harbour with boats"',
        highlight=False,
        soft_wrap=True,
    )
