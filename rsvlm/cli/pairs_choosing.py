"""`rsvlm pairs score` and `rsvlm pairs filter`: which pairs agree best, and a dataset of those alone."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from rsvlm.models.shipped import DEFAULT

from .common import AsJson, Debug, Offline, console, print_json, print_table, tell
from .encoders import BatchSize, Device, EncoderName, Precision, Weights, load
from .progress import counting_bar, progress_bar
from .stopping import goes_on

Dataset = Annotated[
    Path, typer.Argument(help="Folder of a pairs dataset, as rsvlm caption writes it.", metavar="DIR")
]


def score(
    dataset: Dataset,
    encoder: EncoderName = DEFAULT,
    weights: Weights = None,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Score how well each image and its caption agree: the cosine of the two by an encoder.

    The scores lie in scores/ of the dataset, whose own files stay as they are. An interrupted run goes on.

    Several encoders can score a dataset, side by side. Exit code 1 where no pair could be scored.

      rsvlm pairs score pairs/ --encoder ViT-L-14/openai
      rsvlm pairs score pairs/ --encoder ViT-B-32 --weights RemoteCLIP-ViT-B-32.pt --device cuda
    """
    from rsvlm.captioning.dataset import open_dataset, score_pairs

    goes_on()
    pairs = open_dataset(dataset)
    model = load(encoder, weights, device, precision, batch_size, offline)
    with counting_bar("Scoring", "pairs", total=len(pairs), before="Reading the pairs") as step:
        done = score_pairs(pairs, model, batch_size=batch_size, progress=step)
    if as_json:
        print_json({"scores": str(done.folder), **done.record.model_dump(mode="json")})
    else:
        _print_spread(done.record)
        tell(f"Scores: {done.folder}")
    if not done.record.scored:
        raise typer.Exit(1)
    if as_json:
        return
    place = shlex.quote(str(dataset))
    tell(f"Keep the best: rsvlm pairs filter {place} --out NEW --top 0.3")


def _print_spread(record: Any) -> None:
    rows = {"all": record.all, **(record.styles if len(record.styles) > 1 else {})}
    shares = [f"{float(share) * 100:g} %" for share in record.all.quantiles]
    table = Table(
        "style", "pairs", "mean", *shares, title="Similarity of image and caption", title_justify="left"
    )
    for style, spread in rows.items():
        values = [] if spread.mean is None else [spread.mean, *spread.quantiles.values()]
        table.add_row(style, f"{spread.pairs:,}", *(f"{value:.4f}" for value in values))
    print_table(table, console)
    _print_counts("Without a score", record.unscored)


def keep_best(
    dataset: Dataset,
    out: Annotated[Path, typer.Option("--out", help="Folder of the new dataset.")],
    top: Annotated[float | None, typer.Option(help="Best share that is kept: 0.3 is 30 %.")] = None,
    min_score: Annotated[float | None, typer.Option(help="Keep no pair with a lower score.")] = None,
    scores: Annotated[
        str | None, typer.Option(help="Which scores, where there are several: a folder's name in scores/.")
    ] = None,
    per: Annotated[
        str, typer.Option(help="style: the best of each caption style; none: of all together.")
    ] = "style",
    balanced: Annotated[
        bool,
        typer.Option("--balanced", help="The best of each main label, so that rare ones stay.", metavar=""),
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Keep the pairs whose image and caption agree best, as a new dataset with its scores.

    Score the dataset first. What is left out stands in errors.parquet with the reason.

    The main label of --balanced is the focus object's first tag, else the main land-cover class, else the scene's name.

      rsvlm pairs filter pairs/ --out best/ --top 0.3
      rsvlm pairs filter pairs/ --out best/ --top 0.3 --balanced
      rsvlm pairs filter pairs/ --out best/ --min-score 0.25 --scores vit-l-14-openai-1a2b3c4d
    """
    from rsvlm.captioning.dataset import filter_pairs, open_dataset

    goes_on()
    with progress_bar("Writing", "pairs", before="Choosing") as show:
        new = filter_pairs(
            open_dataset(dataset), out, top=top, min_score=min_score, scores=scores,
            per=per,  # type: ignore[arg-type] # checked there
            balanced=balanced, progress=show,
        )  # fmt: skip
    chosen = new.manifest.report["chosen"]
    if as_json:
        print_json({"out": str(out), **chosen})
    else:
        _print_chosen(chosen, out)


def _print_chosen(chosen: dict[str, Any], out: Path) -> None:
    from rsvlm.captioning.dataset.choosing.words import HEADINGS, rule_text, style_rows

    tell(f"Kept: {rule_text(chosen)}")
    table = Table(*HEADINGS)
    for row in style_rows(chosen):
        table.add_row(*row)
    print_table(table, console)
    _print_counts("Left out", chosen["left_out"])
    if "labels" in chosen:
        tell(f"Main labels: {chosen['labels']['kept']:,} of {chosen['labels']['of']:,}")
    tell(f"{chosen['kept']:,} of {chosen['of']:,} pairs: {out}")


def _print_counts(title: str, counts: dict[str, int]) -> None:
    if counts:
        listed = ", ".join(f"{kind} {count:,}" for kind, count in counts.items())
        tell(f"{title}: {listed}")
