"""`rsvlm eval zero-shot|retrieval|probe|geolocation`: an encoder measured on one data set."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .common import AsJson, Debug, Offline
from .encoders import BatchSize, Device, OwnEncoder, Precision, Weights, load, named
from .evaluation_output import Out, finish
from .progress import counting_bar
from .stopping import goes_on
from .texts import names

app = typer.Typer(
    no_args_is_help=True,
    help="""Measure encoders, captions and answers, so that the numbers can be compared.

    What fails or stays unanswered counts as wrong, and is counted. Each result says what decided it.""",
)

Data = Annotated[
    str,
    typer.Argument(
        help="Class folders, a folder with test.parquet, a .parquet, .csv, Karpathy .json, pairs dataset "
        "or index (no image is opened)."
    ),
]
Split = Annotated[
    str | None, typer.Option(help="train, validation or test: which is judged, where there are several.")
]
Classes = Annotated[
    str | None,
    typer.Option(
        help="Vocabulary of the classes. (default: the one called like the set, else its own names)"
    ),
]
Cache = Annotated[
    Path | None,
    typer.Option(help="Folder for image vectors: no image is encoded twice, whatever is measured."),
]
Seed = Annotated[int, typer.Option(help="Seeds all that is drawn, such as the resamples of intervals.")]


@app.command("zero-shot", no_args_is_help=True)
def zero_shot(
    data: Annotated[
        str, typer.Argument(help="A data set, an index (no image is opened) or an .npz of vectors.")
    ],
    encoder: OwnEncoder = None,
    weights: Weights = None,
    classes: Classes = None,
    protocol: Annotated[
        str | None,
        typer.Option(help="rsvlm, skyscript, georsclip, clip-benchmark or rs-transclip. (default: rsvlm)"),
    ] = None,
    templates: Annotated[str | None, typer.Option(help="A template set, instead of the protocol's.")] = None,
    prompt: Annotated[
        str,
        typer.Option(
            help="Text vectors, of stored ones: average, or one of the prompts that they were made with."
        ),
    ] = "average",
    split: Split = None,
    cache: Cache = None,
    out: Out = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Classify a labelled data set by the words for its classes.

    rsvlm eval zero-shot ucm/ --split test --encoder remoteclip-vit-b-32 --protocol skyscript --out ucm.json
    rsvlm eval zero-shot index/ --classes eurosat
    rsvlm eval zero-shot RemoteCLIP-ViT-B-32.npz --classes whu-rs19 --protocol rs-transclip
    """
    from rsvlm.eval.stored import is_stored

    stored = is_stored(data)
    if stored and (encoder is not None or weights is not None):
        raise typer.BadParameter(
            f"{data} holds vectors, which need no encoder: leave out --encoder and --weights"
        )
    _evaluate(
        "zero-shot", data, None if stored else (encoder, weights, device, precision, batch_size, offline), out,
        as_json, split=split, vocabulary=classes, protocol=protocol, templates=templates, prompt=prompt, cache=cache,
        seed=seed,
    )  # fmt: skip


@app.command("retrieval", no_args_is_help=True)
def retrieval(
    data: Data,
    encoder: OwnEncoder = None,
    weights: Weights = None,
    protocol: Annotated[
        str,
        typer.Option(
            help="For captions remoteclip (mean of six numbers) or skyscript (prefix, distinct texts); "
            "for labels classes (all of the class are right)."
        ),
    ] = "remoteclip",
    split: Split = None,
    cache: Cache = None,
    out: Out = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Find images by their captions and captions by their images, or images by the words for their classes.

    rsvlm eval retrieval dataset_rsicd.json --split test --encoder remoteclip-vit-b-32 --protocol remoteclip
    rsvlm eval retrieval eurosat/ --encoder remoteclip-vit-b-32 --protocol classes
    """
    _evaluate(
        "retrieval", data, (encoder, weights, device, precision, batch_size, offline), out, as_json,
        split=split, protocol=protocol, cache=cache, seed=seed,
    )  # fmt: skip


@app.command("probe", no_args_is_help=True)
def probe(
    data: Data,
    encoder: OwnEncoder = None,
    weights: Weights = None,
    kind: Annotated[str, typer.Option(help="linear, knn, few-shot or fine-tuned.")] = "linear",
    train: Annotated[
        str | None, typer.Option(help="What is learned from: a split, or another data set. (default: train)")
    ] = None,
    folds: Annotated[
        str | None,
        typer.Option(
            help="Cross-validate instead: spatial (blocks of the map), groups or random. Spatial and groups also "
            "show random: the gap is what neighbours flatter."
        ),
    ] = None,
    n_folds: Annotated[int, typer.Option(help="Number of folds of the cross-validation.", min=2)] = 5,
    target: Annotated[
        str | None, typer.Option(help="Column of numbers to predict, instead of classes: R2, RMSE, Spearman.")
    ] = None,
    features: Annotated[
        str, typer.Option(help="What is learned from, fused: image, text, place, place-waves, time.")
    ] = "image",
    classes: Classes = None,
    limit: Annotated[int | None, typer.Option(help="At most this many training items.", min=2)] = None,
    split: Split = None,
    cache: Cache = None,
    out: Out = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Learn classes or numbers from an encoder's vectors by the simplest means, and judge what was learned.

    The encoder may be a floor, which knows nothing of overhead imagery: colour-histogram, or
    efficientnet-lite0-imagenet. A model that does not beat these has learned nothing that is needed there.

    rsvlm eval probe eurosat/ --encoder remoteclip-vit-b-32
    rsvlm eval probe eurosat/ --encoder colour-histogram --kind knn
    rsvlm eval probe villages.csv --encoder remoteclip-vit-b-32 --target wealth --folds spatial --features image,place
    """
    learned = tuple(names(features))
    unseen = not {"image", "text"} & set(learned) and kind != "fine-tuned"
    _evaluate(
        "probe", data, None if unseen else (encoder, weights, device, precision, batch_size, offline), out, as_json,
        split=split, kind=kind, train=train, folds=folds, n_folds=n_folds, target=target, features=learned,
        vocabulary=classes, limit=limit, cache=cache, seed=seed,
    )  # fmt: skip


@app.command("geolocation", no_args_is_help=True)
def geolocation(
    data: Data,
    encoder: OwnEncoder = None,
    weights: Weights = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="Split or data set whose places are searched. (default: the set itself, no image finding itself)"
        ),
    ] = None,
    cell_km: Annotated[float, typer.Option(help="Size of the cells of Recall vs Area.")] = 10.0,
    split: Split = None,
    cache: Cache = None,
    out: Out = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Find where images were taken by their nearest neighbours: distances, and recall by area searched.

    rsvlm eval geolocation eurosat/ --split validation --against train --encoder remoteclip-vit-b-32
    """
    _evaluate(
        "geolocation", data, (encoder, weights, device, precision, batch_size, offline), out, as_json,
        split=split, against=against, cell_km=cell_km, cache=cache, seed=seed,
    )  # fmt: skip


def _evaluate(
    task: str,
    data: str,
    encoder: tuple[str | None, str | None, str, str, int | None, bool] | None,
    out: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    from rsvlm.eval import evaluate

    goes_on(when=options["cache"] is not None)
    loaded = (
        None
        if encoder is None
        else load_any(named(encoder[0], data, options.get("train"), options.get("against")), *encoder[1:])
    )
    with counting_bar("Encoding images", "images", before=f"Measuring {task}") as step:
        result = evaluate(task, encoder=loaded, data=data, progress=step, **options)
    finish(result, out, as_json)


def load_any(
    name: str, weights: str | None, device: str, precision: str, batch_size: int | None, offline: bool
) -> Any:
    """Load the encoder or make the floor that the options name."""
    from rsvlm.eval.floors import FLOORS

    floor = FLOORS.get(name)
    return floor() if floor else load(name, weights, device, precision, batch_size, offline)
