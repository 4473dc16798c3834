"""`rsvlm classify`: images and class names to labels, tables and maps."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from .common import AsJson, Debug, Offline, console, counted, print_json, print_table, tell
from .cutting import Bands, Chips, MinValid, Sensor, Size, Stretch, chip_options
from .encoders import BatchSize, Device, OwnEncoder, Precision, Weights, load, named
from .progress import counting_bar, progress_bar
from .stopping import goes_on

Images = Annotated[
    list[str] | None,
    typer.Argument(help="Images: files, folders, globs, .SAFE folders or zips; or one index."),
]
Classes = Annotated[
    str,
    typer.Option(
        help='A vocabulary (eurosat, resisc45, ...), "one,two,three", or a .txt, .json or .yaml file.'
    ),
]
Templates = Annotated[
    str | None, typer.Option(help='Prompts: the name of a set, or "a satellite photo of {}.".')
]
ProtocolName = Annotated[
    str,
    typer.Option(
        "--protocol", help="rsvlm, or a paper's: skyscript, georsclip, clip-benchmark, rs-transclip."
    ),
]
MultiLabel = Annotated[
    bool | None,
    typer.Option(
        "--multi-label/--single-label",
        help="Several classes an image. (default: as the vocabulary)",
        metavar="",
    ),
]
TopK = Annotated[int, typer.Option("--top-k", help="Classes that a row lists.", min=1)]
Views = Annotated[
    str, typer.Option(help="Spectral views that are fused: true-colour,false-colour,ndvi,ndwi,... or all")
]
Limit = Annotated[int | None, typer.Option(help="Only this many chips, chosen by --seed.", min=1)]
Seed = Annotated[int, typer.Option(help="Seeds --limit.")]
Calibrate = Annotated[
    str | None,
    typer.Option(
        help="Labelled images (class folders, .csv, .parquet): fit the scores on them, and keep that."
    ),
]
Memory = Annotated[
    Path | None,
    typer.Option(
        help="An index: its labelled rows count beside the words for the classes; its encoder is used."
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="File for the rows: .parquet, .csv or .geojson. An interrupted run goes on."),
]
Map = Annotated[
    Path | None,
    typer.Option("--map", help="Folder for class maps (GeoTIFF, QGIS style, picture) of tiled images."),
]
Sheet = Annotated[
    Path | None, typer.Option("--sheet", help="Contact sheet of classified chips: a .png or .jpg.")
]

_SHOWN = 40
"""Rows of a table on the screen."""
_UNCALIBRATED = (
    "Scores are uncalibrated: they rank classes and are no probabilities. "
    "Fit them on labelled images: --calibrate LABELLED"
)


def classify(
    classes: Classes,
    images: Images = None,
    encoder: OwnEncoder = None,
    weights: Weights = None,
    templates: Templates = None,
    protocol: ProtocolName = "rsvlm",
    multi_label: MultiLabel = None,
    top_k: TopK = 5,
    views: Views = "true-colour",
    chips: Chips = None,
    size: Size = None,
    min_valid: MinValid = 0.5,
    limit: Limit = None,
    seed: Seed = 0,
    sensor: Sensor = None,
    bands: Bands = None,
    stretch: Stretch = "auto",
    calibrate: Calibrate = None,
    memory: Memory = None,
    out: Out = None,
    map_folder: Map = None,
    sheet: Sheet = None,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Tell which classes images show, without training: zero-shot, by an encoder of images and text.

    [bold]A few images, answers on the screen[/bold]
      rsvlm classify a.tif b.png --classes "solar farm,orchard,bare soil"

    [bold]A folder, by a vocabulary, into a table[/bold]
      rsvlm classify tiles/ --classes eurosat --encoder remoteclip-vit-b-32 --out predictions.parquet

    [bold]A large scene in chips of 640 m, as a map for QGIS[/bold]
      rsvlm classify S2.SAFE.zip --classes eurosat --size 640m --out tiles.geojson --map maps/

    [bold]Scores that mean something: fit them on labelled images first[/bold]
      rsvlm classify tiles/ --classes eurosat --calibrate labelled/ --out predictions.parquet

    [bold]A few labelled places help: points on a scene in, a class map out[/bold]
      rsvlm index build scene.tif --size 640m --out index/
      rsvlm index label index/ points.geojson
      rsvlm classify scene.tif --classes points.txt --size 640m --memory index/ --out tiles.geojson --map maps/

    [bold]Images that were indexed: their vectors are there, no image is opened[/bold]
      rsvlm classify index/ --classes "solar farm,orchard,bare soil" --out predictions.parquet

    [bold]The numbers of a paper: its prompts, averaging and crop[/bold]
      rsvlm classify test/ --classes resisc45 --encoder skyclip-vit-b-32 --protocol skyscript --out resisc45.csv

    Exit code 1 where no chip at all could be classified; one that failed is a row with its reason.
    """
    from rsvlm.classification import ZeroShotClassifier
    from rsvlm.classification.tables import check_output

    if not images and calibrate is None:
        raise typer.BadParameter("name images to classify, or labelled ones with --calibrate")
    if out is None and (map_folder or sheet):
        raise typer.BadParameter("--map and --sheet draw what --out holds: name a file there")
    if out is None and limit is not None:
        raise typer.BadParameter("--limit is for long runs: it goes with --out")
    if out is not None:
        check_output(out)
    goes_on(when=out is not None)
    chip_options(chips, size, min_valid, sensor, bands, stretch)  # a slip is told before anything is loaded
    encoder = named(encoder, memory, *(images or ()))
    loaded = load(encoder, weights, device, precision, batch_size, offline)
    with console.status("Encoding the classes"):
        classifier = ZeroShotClassifier(
            classes, loaded, templates=templates, protocol=protocol, multi_label=multi_label, memory=memory
        )
    if classifier.memory is not None:
        seen = classifier.memory.record
        tell(
            f"Memory: {seen['labelled']:,} labelled rows of {seen['classes']} classes, weight {seen['weight']:g}"
        )
    looks = _views(views)
    document: dict[str, Any] = {}
    cutting: dict[str, Any] = {
        "chips": chips, "size": size, "min_valid": min_valid, "sensor": sensor,
        "bands": bands or None, "stretch": stretch,
    }  # fmt: skip
    if calibrate:
        reading = {name: cutting[name] for name in ("sensor", "bands", "stretch")}
        document["calibration"] = _calibrate(classifier, calibrate, looks, reading)
    if images and out is None:
        document |= _to_screen(classifier, images, cutting, looks, top_k, as_json)
    elif images and out is not None:
        drawn = {"map_folder": map_folder, "sheet": sheet}
        document |= _to_file(classifier, images, out, cutting, looks, top_k, limit, seed, drawn, as_json)
    if as_json:
        print_json(document)
    if images and _all_failed(document):
        raise typer.Exit(1)


def _all_failed(document: dict[str, Any]) -> bool:
    """Whether there were chips, and none of them could be classified."""
    if "rows" in document:
        return bool(document["rows"]) and all(row["error"] for row in document["rows"])
    return bool(0 < document["chips"] == document["failed"])


def _views(text: str) -> tuple[str, ...]:
    from rsvlm.imagery.views import VIEWS

    return tuple(VIEWS) if text == "all" else tuple(name.strip() for name in text.split(","))


def _calibrate(
    classifier: Any, labelled: str, looks: tuple[str, ...], reading: dict[str, Any]
) -> dict[str, Any]:
    from dataclasses import asdict

    from rsvlm.classification import read_labelled

    found = read_labelled(labelled)
    with counting_bar("Calibrating", "images", len(found.images)) as step:
        calibration = classifier.calibrate(found.images, found.labels, views=looks, progress=step, **reading)
    table = Table(
        title=f"Calibrated on {calibration.n_images:,} images", title_justify="left", show_header=False
    )
    for name, value in calibration.metrics.items():
        table.add_row(name.replace("_", " "), f"{value:.4g}")
    print_table(table, console)
    for note in calibration.notes:
        tell(note, "yellow", "note:")
    return asdict(calibration)


def _to_screen(
    classifier: Any,
    images: list[str],
    cutting: dict[str, Any],
    looks: tuple[str, ...],
    top_k: int,
    as_json: bool,
) -> dict[str, Any]:
    """Classify in memory and show a line for each chip."""
    with counting_bar("Classifying", "chips") as step:
        result = classifier.classify(images, views=looks, top_k=top_k, progress=step, **cutting)
    rows = result.to_table().to_pylist()
    if not as_json:
        _print_rows(rows, result.calibrated)
        _print_warnings(classifier.warnings)
    return {"record": result.record, "rows": rows, "warnings": classifier.warnings}


def _print_rows(rows: list[dict[str, Any]], calibrated: bool) -> None:
    score = "score" if calibrated else "score, uncalibrated"
    table = Table("image", "label", score, "then")
    for row in rows[:_SHOWN]:
        if row["error"]:
            table.add_row(row["key"], Text("-", "red"), "", row["error"])
            continue
        table.add_row(row["key"], *_answer(row))
    print_table(table)
    if len(rows) > _SHOWN:
        tell(f"... and {len(rows) - _SHOWN:,} more: name a file with --out to keep them")
    if not calibrated:
        tell(_UNCALIBRATED)


def _answer(row: dict[str, Any]) -> tuple[str, str, str]:
    """What a chip was taken for, how surely, and the classes that come next."""
    given = row["labels"] if row["label"] is None else [row["label"]]
    top = zip(row["top_labels"], row["top_scores"], strict=True)
    then = [f"{name} {score:.2f}" for name, score in top if name not in given][:2]
    if row["label"] is not None and row["score"] is None:  # "none of these", which only a calibration says
        sure = f"none {row['none_score']:.2f}"
    else:  # of several labels that of the surest
        sure = f"{row['top_scores'][0]:.2f}" if given else ""
    return ", ".join(given) or "(none)", sure, ", ".join(then)


def _to_file(
    classifier: Any,
    images: list[str],
    out: Path,
    cutting: dict[str, Any],
    looks: tuple[str, ...],
    top_k: int,
    limit: int | None,
    seed: int,
    drawn: dict[str, Path | None],
    as_json: bool,
) -> dict[str, Any]:
    """Classify into a file, and draw what was asked for."""
    from rsvlm.classification import Pictures, classify_files

    with progress_bar("Classifying", "chips") as show:
        report = classify_files(
            classifier, images, out, options=classifier.chip_options(**cutting), views=looks, top_k=top_k,
            limit=limit, seed=seed, progress=show, pictures=Pictures(**drawn),
        )  # fmt: skip
    if not as_json:
        _print_report(report)
    return dict(report.to_dict())


def _print_report(report: Any) -> None:
    table = Table(
        "class",
        "chips",
        "share",
        "",
        title=f"{counted(report.chips, 'chip')} of {counted(report.images, 'image')}",
        title_justify="left",
    )
    most = max(report.labels.values(), default=1)
    for name, count in report.labels.most_common(_SHOWN):
        table.add_row(
            name,
            f"{count:,}",
            f"{count / report.chips:.1%}",
            "\u2588" * max(round(30 * count / most), 1),
        )
    print_table(table, console)
    if report.failed:
        tell(f"{report.failed:,} chips gave no answer:", "yellow")
        for reason, count in report.reasons.most_common(5):
            tell(f"  {count:,}  {reason}")
    _print_warnings(report.warnings)
    if report.resumed:
        tell(f"{report.resumed:,} chips were done before")
    rate = f" ({(report.chips - report.resumed) / report.seconds:,.0f} chips/s)" if report.seconds else ""
    tell(f"{report.seconds:,.1f} s{rate}")
    for path in (report.out, *report.pictures):
        tell(f"Written: {path}")
    if not report.calibrated:
        tell(_UNCALIBRATED)


def _print_warnings(warnings: list[str]) -> None:
    for warning in warnings:
        tell(warning, "yellow", "warning:")
