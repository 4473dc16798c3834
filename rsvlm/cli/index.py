"""`rsvlm index`: make an index of images, change it, look at it, check it and copy it."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from rsvlm.models.shipped import DEFAULT

from .common import AsJson, Debug, Offline, console, counted, print_json, print_table, results, tell
from .cutting import (
    Bands,
    Chips,
    MinValid,
    OwnChips,
    OwnMinValid,
    OwnStretch,
    Sensor,
    Size,
    Stretch,
    changed_options,
    chip_options,
)
from .encoders import (
    BatchSize,
    Device,
    EncoderName,
    MadeBy,
    MadeByWeights,
    Precision,
    Weights,
    load,
    load_maker,
)
from .engines import Engine
from .progress import progress_bar
from .stopping import goes_on

Place = Annotated[
    str, typer.Argument(metavar="INDEX", help="The folder of the index, or milvus+http://HOST/NAME.")
]
Images = Annotated[
    list[str], typer.Argument(help="Images: files, folders, globs, .SAFE folders or zips; data sets, pairs.")
]
Licence = Annotated[str | None, typer.Option(help="Licence of all the images; kept with each.")]
Kind = Annotated[
    str, typer.Option(help="auto, exact, ivf-sq8, hnsw-sq8, ivf-flat; coarse, small: ivf-pq, ivf-rabitq.")
]
Recall = Annotated[float, typer.Option(help="Share of the true top ten that a search should find.")]
MaxMemory = Annotated[
    str | None, typer.Option(help="Memory that a graph may take: 8GiB. (default: half of the machine's)")
]
Workers = Annotated[
    int,
    typer.Option(
        help="Processes that encode side by side, with --engine ray; each loads the encoder.", min=1
    ),
]

_NAMED = 3
"""Images that are named for each reason why some were left out."""

app = typer.Typer(
    no_args_is_help=True,
    help="Make an index of images, to be searched by words, by example, by where and when.",
    rich_markup_mode="rich",
)


@app.command(no_args_is_help=True)
def build(
    images: Images,
    out: Annotated[str, typer.Option("--out", help="Folder of the index, or milvus+http://HOST/NAME.")],
    store: Annotated[
        str | None, typer.Option(help="Milvus: milvus+http://HOST; --out is then the NAME there.")
    ] = None,
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
    """Make an index of images. If it is stopped, the same command goes on.

    rsvlm index build tiles/ --out index/
    rsvlm index build pairs/ train.parquet --out index/
    rsvlm index build S2.SAFE.zip --size 640m --out index/ --licence "Copernicus Sentinel data"
    rsvlm index build archive/ --out index/ --recall 0.95 --max-memory 4GiB
    rsvlm index build archive/ --store milvus+http://127.0.0.1:19530 --out archive
    RAY_ADDRESS=auto rsvlm index build archive/ --out index/ --engine ray --workers 8
    """
    from rsvlm import retrieval
    from rsvlm.retrieval.making import check_new

    if store is not None and not retrieval.is_address(store):
        raise typer.BadParameter("--store: give milvus+http://HOST:19530")
    place = out if store is None else f"{store.rstrip('/')}/{out}"
    index_class: Any = retrieval.MilvusIndex if retrieval.is_address(place) else retrieval.Index
    goes_on()
    planned = _planned(place, kind, recall, max_memory)
    options = chip_options(chips, size, min_valid, sensor, bands, stretch)
    if not retrieval.is_address(place):
        check_new(Path(place))
    loaded = load(encoder, weights, device, precision, batch_size, offline)
    with progress_bar("Encoding", "chips") as show:
        index = index_class.build(
            images, place, loaded, options=options, licence=licence, engine=engine, workers=workers,
            progress=show, **planned,
        )  # fmt: skip
    _report(index, index.report, as_json)


@app.command(no_args_is_help=True)
def add(
    place: Place,
    images: Images,
    encoder: MadeBy = None,
    weights: MadeByWeights = None,
    chips: OwnChips = None,
    size: Size = None,
    min_valid: OwnMinValid = None,
    sensor: Sensor = None,
    bands: Bands = None,
    stretch: OwnStretch = None,
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
    """Add images, cut and encoded as the index was made. Those that are in it already are replaced.

    rsvlm index add index/ new-tiles/
    """
    from rsvlm.retrieval import open_index

    goes_on()
    planned = _planned(place, kind, recall, max_memory)
    own = open_index(place)
    options = changed_options(own.cut, chips, size, min_valid, sensor, bands, stretch)
    made = load_maker("index", own.made_by.name, encoder, weights, device, precision, batch_size, offline)
    index: Any = open_index(place, made)
    with progress_bar("Encoding", "chips") as show:
        report = index.add(
            images, options=options, licence=licence, engine=engine, workers=workers, progress=show, **planned
        )
    _report(index, report, as_json)


@app.command(no_args_is_help=True)
def remove(
    place: Place,
    keys: Annotated[
        list[str],
        typer.Argument(help="Images, folders or patterns of them; or keys of rows."),
    ],
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Remove rows. Their files stay where they are.

    rsvlm index remove index/ tiles/a.tif "/data/scene.tif#256,512,256,256"
    rsvlm index remove index/ old-tiles/ "more/*.png"
    """
    from rsvlm.retrieval import open_index

    index = open_index(place)
    removed = index.remove(keys)
    if as_json:
        print_json({"removed": removed, "rows": len(index)})
    else:
        tell(f"{counted(removed, 'row')} removed, {len(index):,} left")


@app.command(no_args_is_help=True)
def label(
    place: Place,
    file: Annotated[
        Path, typer.Argument(help="A .csv or .tsv (path,label), or points and polygons: .geojson, .gpkg.")
    ],
    column: Annotated[
        str | None, typer.Option(help="The column of labels. (default: label, labels, class)")
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Give rows labels, in place of those that they have.

    A path labels its image, or all chips of it; a point the chip that holds it; a polygon those whose middle lies in
    it. Several labels have ";" between them; "none of these" takes labels away.

      rsvlm index label index/ labels.csv
      rsvlm index label index/ fields.gpkg --column crop
    """
    from rsvlm.retrieval import Index, folder_of

    index = Index(folder_of(place, "labelled"))
    labelled = index.label(file, column)
    if as_json:
        print_json({"labelled": labelled, "rows": len(index)})
    else:
        tell(f"{labelled:,} of {len(index):,} rows have labels of {file}")


@app.command(no_args_is_help=True)
def export(
    place: Place,
    out: Annotated[
        Path, typer.Option("--out", help="The file: .gpkg, .geojson, .parquet (GeoParquet) or .csv.")
    ],
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Write the rows of an index, with their footprints and labels, for QGIS, databases and programs.

    rsvlm index export index/ --out rows.gpkg
    rsvlm index export index/ --out rows.parquet
    """
    from rsvlm.retrieval import Index, folder_of

    index = Index(folder_of(place, "exported"))
    with progress_bar("Writing", "rows", "Reading the rows") as show:
        written = index.export(out, progress=show)
    if as_json:
        print_json({"written": str(out), "rows": written})
    else:
        tell(f"Written: {out} ({written:,} rows)")


@app.command(no_args_is_help=True)
def captions(
    place: Place,
    text_encoder: Annotated[
        str | None,
        typer.Option(help="Model of captions: a folder, hf:OWNER/MODEL. (default: all-MiniLM-L6-v2)"),
    ] = None,
    device: Device = "auto",
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Encode captions, so that images can be found by them. A search does this first where it has not been done.

    rsvlm index captions index/
    """
    from rsvlm.retrieval import Index, folder_of

    goes_on()
    index = Index(folder_of(place, "searched by captions"))
    with progress_bar("Encoding captions", "captions", "Looking at the captions") as show:
        report = index.index_captions(text_encoder, device=device, progress=show)
    if as_json:
        print_json(report._asdict())
        return
    tell(
        f"{report.encoded:,} captions encoded; {report.captions:,} captions of {report.images:,} images can be "
        f'searched: rsvlm search {shlex.quote(place)} "a harbour with boats" --in captions'
    )


@app.command(no_args_is_help=True)
def info(place: Place, as_json: AsJson = False, debug: Debug = False, offline: Offline = False) -> None:
    """Show what an index consists of.

    rsvlm index info index/
    """
    from rsvlm.retrieval import open_index

    index = open_index(place)
    summary = index.summary()
    if as_json:
        print_json(summary)
        return
    table = Table(title=index.place, title_justify="left", show_header=False)
    for name, value in summary.items():
        table.add_row(name.replace("_", " "), _shown(value))
    print_table(table)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(one)}" for name, one in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


@app.command(no_args_is_help=True)
def verify(place: Place, as_json: AsJson = False, debug: Debug = False, offline: Offline = False) -> None:
    """Read everything and compare it with what was written; exit code 1 where something is damaged.

    rsvlm index verify index/
    """
    from rsvlm.retrieval import RetrievalError, folder_of, is_index
    from rsvlm.retrieval import verify as check

    folder = folder_of(place, "verified")
    with console.status("Reading the index"):
        try:
            problems = check(folder)
        except RetrievalError as error:
            if not is_index(folder):
                raise
            problems = [str(error)]  # of the manifest, which says what else there is to read
    if as_json:
        print_json({"problems": problems})
    else:
        for problem in problems:
            tell(problem, "red", "damaged:", on=results)
        if not problems:
            tell(f"{folder}: is whole", on=results)
    if problems:
        raise typer.Exit(1)


@app.command(no_args_is_help=True)
def copy(
    place: Place,
    to: Annotated[str, typer.Argument(metavar="TO", help="A new folder, or milvus+http://HOST/NAME.")],
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Copy an index, with its vectors and labels: from a folder to Milvus, or back.

    rsvlm index copy index/ milvus+http://127.0.0.1:19530/tiles
    """
    from rsvlm.retrieval import copy_index, open_index

    with progress_bar("Copying", "rows") as show:
        copied = copy_index(open_index(place), to, progress=show)
    if as_json:
        print_json({"index": copied.place, "rows": len(copied)})
    else:
        tell(f"{copied.place} has {len(copied):,} rows")


def _planned(place: str, kind: Any, recall: float, max_memory: str | None) -> dict[str, Any]:
    from rsvlm.retrieval import Plan, is_address, memory_of

    plan = Plan(kind=kind, recall=recall, max_memory=None if max_memory is None else memory_of(max_memory))
    if not is_address(place):
        return {"plan": plan}
    if plan != Plan():
        raise typer.BadParameter("--kind, --recall and --max-memory: Milvus chooses how it searches")
    return {}


def _report(index: Any, report: Any, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "index": index.place, "rows": len(index), "chips": report.chips,
                "failed": report.failed, "resumed": report.resumed, "reasons": dict(report.reasons),
                "failures": [list(one) for one in report.failures], "notes": report.notes,
            }
        )  # fmt: skip
        return
    done = report.chips - report.failed
    tell(f"{counted(done, 'chip')} encoded; {index.place} has {counted(len(index), 'row')}")
    if report.failed:
        tell(f"{counted(report.failed, 'image')} or chips left out:", "yellow")
        for reason, count in report.reasons.most_common(5):
            tell(f"  {count:,}  {reason}")
            named = [image for image, why in report.failures if why == reason][:_NAMED]
            more = [f"and {count - len(named):,} more"] if count > len(named) else []
            tell(f"     {', '.join(named + more)}")
    for note in report.notes:
        tell(note, "yellow")
    tell(f'Search it: rsvlm search {shlex.quote(index.place)} "a harbour with boats"')
