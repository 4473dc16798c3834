"""`rsvlm knowledge`: make a knowledge base, add to it, take out of it, look at it."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from rsvlm.models.shipped import DEFAULT

from .common import AsJson, Debug, Offline, print_json, print_table, results, tell
from .encoders import BatchSize, Device, EncoderName, MadeBy, Precision, Weights, load, load_maker
from .progress import progress_bar
from .stopping import goes_on

Base = Annotated[Path, typer.Argument(metavar="KB", help="The folder of the base.")]
Sources = Annotated[
    list[str],
    typer.Argument(
        help="Texts, tables, PDFs, map extracts, pairs datasets, indexes; built-in: the notes that ship."
    ),
]
Licence = Annotated[str | None, typer.Option(help="Licence of sources that do not name one.")]

_SHOWN = 5
"""Problems with sources that are told, of all that there are."""

app = typer.Typer(
    no_args_is_help=True,
    help="Make a knowledge base: texts and pictures that answers rest on.",
    rich_markup_mode="rich",
)


@app.command(no_args_is_help=True)
def build(
    sources: Sources,
    out: Annotated[Path, typer.Option("--out", help="Folder of the base; a new one.")],
    encoder: EncoderName = DEFAULT,
    weights: Weights = None,
    no_pictures: Annotated[
        bool,
        typer.Option("--no-pictures", help="Texts only: pictures neither find nor are found.", metavar=""),
    ] = False,
    text_encoder: Annotated[
        str | None, typer.Option(help="Model of texts: a folder, hf:OWNER/MODEL. (default: all-MiniLM-L6-v2)")
    ] = None,
    licence: Licence = None,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Make a knowledge base. The kind of a source is told by its file. If it is stopped, the same command goes on.

    Exit code 1 where a source could not be read at all; the others are in the base.

    rsvlm knowledge build notes/ report.pdf stations.csv --out knowledge/
    rsvlm knowledge build pairs/ region.osm.pbf built-in --out knowledge/
    rsvlm knowledge build RSWK.json --out knowledge/ --licence "research use"
    """
    from rsvlm.models.sentences import SENTENCES
    from rsvlm.rag import KnowledgeBase

    goes_on()
    made = None if no_pictures else load(encoder, weights, device, precision, batch_size, offline)
    with progress_bar("Encoding", "items", "Reading the sources") as show:
        base = KnowledgeBase.build(
            sources, out, made, sentences=text_encoder or SENTENCES, licence=licence, progress=show
        )
    _report(base, as_json)
    if base.report is not None and base.report.unread:
        raise typer.Exit(1)


@app.command(no_args_is_help=True)
def add(
    place: Base,
    sources: Sources,
    encoder: MadeBy = None,
    weights: Weights = None,
    licence: Licence = None,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Add sources. Of those that are there already, only what changed is encoded, and what is gone is dropped.

    Exit code 1 where a source could not be read at all; what the base has of it stays.

    rsvlm knowledge add knowledge/ notes/ new-report.pdf
    """
    from rsvlm.rag import KnowledgeBase

    goes_on()
    own = KnowledgeBase(place).record.encoder
    reading = weights, device, precision, batch_size, offline
    made = None if own is None else load_maker("base", own.name, encoder, *reading)
    base = KnowledgeBase(place, made)
    with progress_bar("Encoding", "items", "Reading the sources") as show:
        base.add(sources, licence=licence, progress=show)
    _report(base, as_json)
    if base.report is not None and base.report.unread:
        raise typer.Exit(1)


@app.command(no_args_is_help=True)
def remove(
    place: Base,
    sources: Annotated[list[str], typer.Argument(help="As `rsvlm knowledge info` names them.")],
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Take sources out of a base. They need not be there any more: one that was renamed is added and removed.

    rsvlm knowledge remove knowledge/ old-report.pdf
    rsvlm knowledge remove knowledge/ built-in
    """
    from rsvlm.rag import KnowledgeBase

    base = KnowledgeBase(place)
    report = base.remove(sources)
    if as_json:
        print_json({"base": str(place), "chunks": report.chunks, "removed": report.removed})
        return
    tell(f"{report.removed:,} chunks removed; {place} has {report.chunks:,}")


@app.command(no_args_is_help=True)
def info(place: Base, as_json: AsJson = False, debug: Debug = False, offline: Offline = False) -> None:
    """Show what a base consists of: its sources, its chunks by type.

    rsvlm knowledge info knowledge/
    """
    from rsvlm.rag import KnowledgeBase

    summary = KnowledgeBase(place).summary()
    if as_json:
        print_json(summary)
        return
    types = ", ".join(f"{count:,} {name}" for name, count in summary["types"].items())
    tell(f"{place}: {summary['chunks']:,} chunks ({types}), {summary['pictures']:,} pictures", on=results)
    encoders = f"{summary['sentences']} and {summary['encoder'] or 'no encoder of pictures'}"
    tell(f"found by {encoders}", on=results)
    table = Table()
    for name in ("source", "what it is", "chunks", "problems", "licence"):
        table.add_column(name)
    for one in summary["sources"]:
        counts = f"{one['chunks']:,}", f"{one['problems']:,}" if one["problems"] else ""
        table.add_row(one["name"], one["kind"], *counts, one["licence"] or "")
    print_table(table)


def _report(base: Any, as_json: bool) -> None:
    report = base.report
    if as_json:
        print_json(
            {
                "base": str(base.folder), "chunks": report.chunks, "encoded": report.encoded,
                "removed": report.removed, "unchanged_sources": report.unchanged,
                "unread_sources": report.unread, "pictures": report.pictures,
                "problems": [{"file": one.file, "reason": one.reason} for one in report.problems],
            }
        )  # fmt: skip
        return
    parts = [f"{report.encoded:,} chunks encoded", f"{report.pictures:,} pictures"]
    parts += [f"{report.removed:,} dropped"] if report.removed else []
    parts += [f"{report.unchanged} sources unchanged"] if report.unchanged else []
    tell(f"{', '.join(parts)}; {base.folder} has {len(base):,} chunks")
    if report.problems:
        many = len(report.problems)
        tell(f"{many:,} {'problem' if many == 1 else 'problems'}:", "yellow")
        for one in report.problems[:_SHOWN]:
            tell(f"  {one.file}: {one.reason}")
        if many > _SHOWN:
            tell(f"  and {many - _SHOWN:,} more (--json has all)")
    tell(f'Ask it: rsvlm ask IMAGE "What is this?" --knowledge {shlex.quote(str(base.folder))}')
