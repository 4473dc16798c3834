"""`rsvlm pretrain`: adapt an encoder to image-text pairs, and see what it gained and what it lost."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from rsvlm.models.shipped import DEFAULT

from .common import AsJson, Debug, Offline, console, print_json, tell
from .encoders import Device, EncoderName, Weights
from .pretrain_progress import TrainingBar
from .stopping import goes_on
from .texts import names

DATA, LORA, TRAINING, JUDGING = "The pairs", "What learns", "How it learns", "What it is judged by"

Column = Annotated[str | None, typer.Option(rich_help_panel=DATA)]


def pretrain(
    datasets: Annotated[
        list[str],
        typer.Argument(
            help="Pairs: a dataset of rsvlm caption, parquet, WebDataset's tar, csv, jsonl, json, images with a .txt "
            "beside each, class folders, hf:OWNER/NAME, or a .yaml of several with their columns. With :WEIGHT behind "
            "it, its share among them.",
            metavar="DATASET...",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder of the adapter.")],
    encoder: EncoderName = DEFAULT,
    weights: Weights = None,
    epochs: Annotated[
        int | None, typer.Option(help="Times through the pairs. (default: 3; more where they are few)", min=1)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Pairs a step. (default: 256; fewer where they are few)", min=2)
    ] = None,
    lr: Annotated[float, typer.Option(help="Highest learning rate.")] = 2e-4,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    image_column: Annotated[
        str | None, typer.Option(help="Column of images, if not a usual name.", rich_help_panel=DATA)
    ] = None,
    caption_column: Annotated[
        str | None,
        typer.Option(
            help="Column of captions, likewise; or several: caption_1,caption_2.", rich_help_panel=DATA
        ),
    ] = None,
    label_column: Annotated[
        str | None, typer.Option(help="Make captions of the classes in this column.", rich_help_panel=DATA)
    ] = None,
    vocabulary: Annotated[
        str | None, typer.Option(help="Words for these classes: eurosat, a file...", rich_help_panel=DATA)
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Which split. (default: train)", rich_help_panel=DATA)
    ] = None,
    streaming: Annotated[
        bool,
        typer.Option(
            "--streaming",
            help="Read the pairs from where they are, if they are larger than the disk.",
            rich_help_panel=DATA,
            metavar="",
        ),
    ] = False,
    epoch_size: Annotated[
        int | None, typer.Option(help="Pairs in an epoch; needed for streams.", min=2, rich_help_panel=DATA)
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(
            help="Folder that places in a .yaml start from. (default: its own)", rich_help_panel=DATA
        ),
    ] = None,
    replay: Annotated[
        list[str] | None,
        typer.Option(
            help="DATASET:SHARE of what the encoder knows, in every batch: old.parquet:0.5. Columns of other names "
            "in a .yaml.",
            rich_help_panel=DATA,
        ),
    ] = None,
    negatives: Annotated[
        Path | None,
        typer.Option(help="Texts, one a line, that are right for no image here.", rich_help_panel=DATA),
    ] = None,
    crop: Annotated[
        float,
        typer.Option(help="Least part of an image's area in a crop.", min=0.01, max=1, rich_help_panel=DATA),
    ] = 0.67,
    stretch: Annotated[
        float,
        typer.Option(
            help="How many times as wide as high a crop may be, or the other way.",
            min=1,
            rich_help_panel=DATA,
        ),
    ] = 2.0,
    jitter: Annotated[
        float, typer.Option(help="How much brightness, contrast and colour change.", rich_help_panel=DATA)
    ] = 0.4,
    coarsen: Annotated[
        float,
        typer.Option(help="Share of the images that are shown coarser than they are.", rich_help_panel=DATA),
    ] = 0.0,
    no_turns: Annotated[
        bool,
        typer.Option(
            "--no-turns",
            help="Do not turn and mirror images: for captions that name sides, and are not English.",
            rich_help_panel=DATA,
            metavar="",
        ),
    ] = False,
    no_augmentation: Annotated[
        bool,
        typer.Option(
            "--no-augmentation",
            help="Do not turn, crop or tint the images.",
            rich_help_panel=DATA,
            metavar="",
        ),
    ] = False,
    rank: Annotated[
        int, typer.Option(help="Rank of the LoRA matrices; 0: no LoRA.", min=0, rich_help_panel=LORA)
    ] = 16,
    alpha: Annotated[
        float, typer.Option(help="LoRA's alpha: it scales by alpha / rank.", rich_help_panel=LORA)
    ] = 32.0,
    dropout: Annotated[
        float, typer.Option(help="Dropout rate in the LoRA layers.", rich_help_panel=LORA)
    ] = 0.0,
    rslora: Annotated[
        bool,
        typer.Option(
            "--rslora",
            help="Scale by alpha / sqrt(rank), for ranks of 64 and more.",
            rich_help_panel=LORA,
            metavar="",
        ),
    ] = False,
    dora: Annotated[
        bool, typer.Option("--dora", help="DoRA; slower.", rich_help_panel=LORA, metavar="")
    ] = False,
    sides: Annotated[
        str, typer.Option(help="Which tower learns: image, text or both.", rich_help_panel=LORA)
    ] = "both",
    targets: Annotated[
        str | None,
        typer.Option(
            help="Layers, by ends of their names: out_proj,c_fc. (default: all)", rich_help_panel=LORA
        ),
    ] = None,
    whole: Annotated[
        str | None,
        typer.Option(
            help="Parts that are trained whole, without LoRA: norms,biases,heads,depthwise,all; or image:all.",
            rich_help_panel=LORA,
        ),
    ] = None,
    loss: Annotated[
        str,
        typer.Option(
            help="soft (texts that say the same don't compete), clip or sigmoid.", rich_help_panel=TRAINING
        ),
    ] = "soft",
    warmup: Annotated[
        float,
        typer.Option(help="Share of the steps in which the learning rate rises.", rich_help_panel=TRAINING),
    ] = 0.05,
    heads_first: Annotated[
        float,
        typer.Option(help="Share of the steps in which only the heads learn.", rich_help_panel=TRAINING),
    ] = 0.0,
    weight_decay: Annotated[
        float, typer.Option(help="Weight decay, of matrices.", rich_help_panel=TRAINING)
    ] = 0.01,
    clip: Annotated[
        float, typer.Option(help="Largest norm of the gradient; 0: any.", rich_help_panel=TRAINING)
    ] = 1.0,
    scale: Annotated[
        float | None,
        typer.Option(
            help="What cosines are multiplied with in the loss. (default: the encoder's; for sigmoid without a bias "
            "10, and -10 as bias)",
            rich_help_panel=TRAINING,
        ),
    ] = None,
    train_size: Annotated[
        int | None,
        typer.Option(
            help="Learn from images of this many pixels a side, fewer than the model takes.",
            min=16,
            rich_help_panel=TRAINING,
        ),
    ] = None,
    average: Annotated[
        float, typer.Option(help="Decay of the weights' moving average; 0: none.", rich_help_panel=TRAINING)
    ] = 0.0,
    chunk: Annotated[
        int | None,
        typer.Option(
            help="Encode this many at a time: large batches in little memory. (default: what fits)",
            min=1,
            rich_help_panel=TRAINING,
        ),
    ] = None,
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16.", rich_help_panel=TRAINING)] = "auto",
    validation: Annotated[
        list[str] | None,
        typer.Option(
            help="Pairs to choose by, in place of a held-out part; those with other columns in a .yaml.",
            rich_help_panel=JUDGING,
        ),
    ] = None,
    held_out: Annotated[
        float,
        typer.Option(
            help="Share that is held out, by place or image; 0: none.",
            min=0,
            max=0.9,
            rich_help_panel=JUDGING,
        ),
    ] = 0.1,
    retain: Annotated[
        list[str] | None,
        typer.Option(
            help="Data set with labels or captions that must not get worse.", rich_help_panel=JUDGING
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(help="Data set that is only measured, and decides nothing.", rich_help_panel=JUDGING),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(
            help="Most that each --retain set may lose: 0.01 is one point.", min=0, rich_help_panel=JUDGING
        ),
    ] = 0.01,
    store: Annotated[str, typer.Option(help="Numbers of the adapter's files: fp32 or fp16.")] = "fp32",
    device: Device = "auto",
    threads: Annotated[
        int | None, typer.Option(help="Threads that read images. (default: one a core)", min=1)
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Adapt an encoder to image-text pairs with LoRA, and see what it gained and what it lost.

    The result is an encoder: --encoder ADAPTER of every command opens it. A stopped run goes on. On several GPUs:
    accelerate launch -m rsvlm pretrain ...

      rsvlm pretrain pairs/ --out adapter/
      rsvlm pretrain mine.csv --caption-column text --encoder ViT-B-32/openai --out adapter/ --retain eurosat/
      rsvlm pretrain chips/ --replay old/:0.5 --out adapter/
    """
    from rsvlm.pretraining import Augmentation, LoraSettings, PretrainingError, TrainingSettings
    from rsvlm.pretraining import pretrain as run
    from rsvlm.pretraining.data.negatives import read_negatives
    from rsvlm.pretraining.data.specs import read_arguments, replayed

    goes_on()
    columns = {
        "image_column": image_column, "caption_column": caption_column, "label_column": label_column,
        "vocabulary": vocabulary, "split": split, "streaming": streaming,
    }  # fmt: skip
    for option, given, known in (
        ("--sides", sides, ("image", "text", "both")), ("--store", store, ("fp32", "fp16")),
    ):  # fmt: skip
        if given not in known:
            raise PretrainingError(f"{option} {given!r}: should be {', '.join(known[:-1])} or {known[-1]}")
    try:
        lora = LoraSettings.model_validate(
            {
                "rank": rank, "alpha": alpha, "dropout": dropout, "rslora": rslora, "dora": dora,
                "sides": ("image", "text") if sides == "both" else (sides,),
                "targets": None if targets is None else tuple(names(targets)), "whole": tuple(names(whole or "")),
            }
        )  # fmt: skip
        training = TrainingSettings.model_validate(
            {
                "learning_rate": lr, "warmup": warmup, "heads_first": heads_first,
                "weight_decay": weight_decay, "clip": clip, "loss": loss,
                "scale": scale, "average": average, "chunk": chunk, "train_size": train_size,
                "precision": precision, "seed": seed,
            }
        )  # fmt: skip
        changed = Augmentation.model_validate(
            {
                "turns": not no_turns, "scale": (crop, 1.0), "ratio": (1 / stretch, stretch), "jitter": jitter,
                "coarsen": coarsen,
            }
        )  # fmt: skip
    except ValueError as error:
        raise PretrainingError(_first(error)) from None
    augmentation = None if no_augmentation else changed
    with TrainingBar() as bar:
        report = run(
            read_arguments(datasets, columns, root), out=out, encoder=encoder, weights=weights, lora=lora,
            training=training, augmentation=augmentation, batch_size=batch_size, epochs=epochs,
            epoch_size=epoch_size, replay=[replayed(one, root) for one in replay or ()],
            negatives=() if negatives is None else read_negatives(negatives),
            validation=read_arguments(validation or (), columns | {"split": None}, root), held_out=held_out,
            retain=retain or (), target=target or (),
            tolerance=tolerance,
            store=store,  # type: ignore[arg-type] # checked there
            device=device, threads=threads, offline=offline, watcher=bar,
        )  # fmt: skip
    if report is None:  # another process tells
        return
    if as_json:
        print_json(report.to_dict())
    else:
        _print(report)


def _print(report: Any) -> None:
    from rsvlm.pretraining.card import NOT_MEASURED, changed_text, cut_text, passed_over_text, result_rows
    from rsvlm.pretraining.outcome import outcome

    table = Table("set", "measure", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("images", "base", "adapter", "change"):
        table.add_column(name, no_wrap=True, justify="right")
    for name, *cells in result_rows(report):
        table.add_row(name.replace("\\", ""), *cells)
    if table.row_count:
        console.print(table)
    if report.targets:
        tell("* is reported only, and decided nothing.")
    tell(outcome(report))
    for note in report.notes:
        tell(f"{note}.", "yellow")
    if not report.retention_measured:
        tell(f"{changed_text(report)}{NOT_MEASURED}", "yellow")
    if report.cut:
        tell(cut_text(report), "yellow")
    if report.passed_over:
        tell(passed_over_text(report), "yellow")
    tell(f"Card: {report.adapter / 'README.md'}")
    if report.strength:
        tell(f"Use it: --encoder {shlex.quote(str(report.adapter))} of any command")


def _first(error: ValueError) -> str:
    """What is wrong first, as one line."""
    from pydantic import ValidationError

    from rsvlm.pretraining.errors import first_fault

    def option(place: tuple[int | str, ...]) -> str:
        return f"--{str(place[0]).replace('_', '-').replace('learning-rate', 'lr')}"

    return first_fault(error, option) if isinstance(error, ValidationError) else str(error)
