"""`rsvlm pairs`: look at a dataset of image-text pairs, let people check it, write it otherwise, choose from it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from . import pairs_choosing
from .common import AsJson, Debug, Offline, print_json, print_table, tell
from .pairs_choosing import Dataset

app = typer.Typer(
    no_args_is_help=True,
    help="Look at a pairs dataset, check it, write it in other formats, keep its best pairs.",
    rich_markup_mode="rich",
)


@app.command()
def show(
    dataset: Dataset,
    page: Annotated[Path, typer.Option("--page", help="The page to write.")] = Path("pairs.html"),
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="Also write a contact sheet: .png or .jpg.")
    ] = None,
    count: Annotated[
        int, typer.Option("-n", "--count", help="How many pairs, chosen by --seed.", min=1)
    ] = 60,
    seed: Annotated[int, typer.Option(help="Seeds the choice.")] = 0,
    reviewed: Annotated[
        Path | None,
        typer.Option("--reviewed", help="A csv saved on the page: print the share that was found right."),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Write a page that shows pairs beside their captions, with the labelled objects drawn on the images.

    It works offline, and is for checking too: keys [bold]r[/bold] and [bold]w[/bold] say right and wrong, a button
    saves them.

      rsvlm pairs show pairs/
      rsvlm pairs show pairs/ -n 200 --page check.html --sheet sheet.png
      rsvlm pairs show pairs/ --reviewed reviewed.csv
    """
    from rsvlm.captioning import CaptioningError
    from rsvlm.captioning.dataset import open_dataset, summarise, write_contact_sheet, write_page

    for file in (page, sheet):
        if file is not None and file.is_dir():
            raise typer.BadParameter(f"{file} is a folder: name a file in it")
    pairs = open_dataset(dataset)
    if reviewed is not None:
        lines = summarise(reviewed, pairs)
        if as_json:
            print_json([vars(line) for line in lines])
            return
        table = Table(
            "style",
            "source",
            "right",
            "of",
            "share",
            "95 % interval",
            title="Found right",
            title_justify="left",
        )
        for line in lines:
            interval = f"{line.low:.1%} to {line.high:.1%}"
            table.add_row(
                line.style or "all",
                line.source or "all",
                f"{line.right:,}",
                f"{line.total:,}",
                f"{line.share:.1%}",
                interval,
            )
        print_table(table)
        return
    if not len(pairs):
        raise CaptioningError(
            f"{dataset}: holds no pair, so there is nothing to show; {page} is left as it is"
        )
    write_page(pairs, page, count=count, seed=seed)
    written = [str(page)]
    if sheet is not None:
        write_contact_sheet(pairs, sheet, count=min(count, 24), seed=seed)
        written.append(str(sheet))
    if as_json:
        print_json({"written": written, "shown": min(count, len(pairs)), "pairs": len(pairs)})
    else:
        tell(f"{min(count, len(pairs))} of {len(pairs):,} pairs: {', '.join(written)}")


@app.command()
def export(
    dataset: Dataset,
    form: Annotated[
        str, typer.Option("--format", help="skyscript (csv) or chatearthnet (json), with images as files.")
    ],
    out: Annotated[Path, typer.Option("--out", help="A new folder.")],
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Write a dataset as SkyScript's csv or ChatEarthNet's json, with its images as files.

    rsvlm pairs export pairs/ --format skyscript --out skyscript/
    rsvlm pairs export pairs/ --format chatearthnet --out chatearthnet/
    """
    from rsvlm.captioning import CaptioningError
    from rsvlm.captioning.dataset import export_dataset, open_dataset

    if form not in ("skyscript", "chatearthnet"):
        raise CaptioningError(f"--format {form!r}: write skyscript or chatearthnet")
    written = export_dataset(open_dataset(dataset), out, form)  # type: ignore[arg-type]
    if as_json:
        print_json(
            {
                "file": str(written.file),
                "pairs": written.pairs,
                "without_image": written.without_image,
                "other_style": written.other_style,
            }
        )
    else:
        left = f"; {written.without_image:,} without an image left out" if written.without_image else ""
        if written.other_style:
            left += f"; {written.other_style:,} have no caption of style {form}, and came with another one"
        tell(f"{written.pairs:,} pairs in {written.file}{left}")


app.command("score", no_args_is_help=True)(pairs_choosing.score)
app.command("filter", no_args_is_help=True)(pairs_choosing.keep_best)
