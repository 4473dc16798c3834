"""`rsvlm eval suite|report|compare`: many data sets at once, and results as pages."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from .common import AsJson, Debug, Offline, console, print_json
from .encoders import BatchSize, Device, EncoderName, Precision, Weights, load
from .evaluate import Seed

Results = Annotated[list[Path], typer.Argument(help="Results: .json files of other `rsvlm eval` commands.")]
Page = Annotated[Path, typer.Option("--out", help="The page: .html, or .md with its pictures beside it.")]


def suite(
    data: Annotated[
        Path, typer.Option(help="A folder of data sets: SET/{train,validation,test}.parquet, ...")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for results and image vectors.")],
    encoder: EncoderName = "built-in",
    weights: Weights = None,
    sets: Annotated[str | None, typer.Option(help="Only these: ucm,rsicd,...")] = None,
    train_limit: Annotated[
        int, typer.Option(help="Images of a training split that probes learn from.", min=1)
    ] = 2000,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Evaluate an encoder on all that a folder holds: zero-shot, retrieval, probes. A stopped run goes on.

    rsvlm eval suite --data sets/ --encoder remoteclip-vit-b-32 --out remoteclip/
    rsvlm eval report remoteclip/*.json --out remoteclip.html
    """
    from rsvlm.eval.suite import SuiteOptions, run_suite

    loaded = load(encoder, weights, device, precision, batch_size, offline)
    options = SuiteOptions(train_limit=train_limit, sets=tuple(sets.split(",")) if sets else None, seed=seed)
    with console.status("Looking for data sets") as status:

        def show(what: str, count: int) -> None:
            status.update(escape(what) + (f": {count:,} images encoded" if count else ""))

        report = run_suite(loaded, data, out, options, progress=show)
    if as_json:
        print_json(
            {
                "results": {name: result.to_dict() for name, result in report.results.items()},
                "means": report.means, "problems": report.problems, "passed_over": report.passed_over,
            }
        )  # fmt: skip
        return
    _print_suite(report)
    console.print(f"Written: {out}", highlight=False, soft_wrap=True)


def _print_suite(report: Any) -> None:
    table = Table("result", "first metric", "value", "items", "failed")
    for name, result in report.results.items():
        metric, value = next(iter(result.metrics.items()))
        table.add_row(escape(name), metric, f"{value:.4f}", f"{result.n:,}", f"{result.n_failed:,}")
    console.print(table)
    for name, value in report.means.items():
        console.print(f"{name}: {value:.4f}", highlight=False)
    for name, reason in report.problems.items():
        console.print(f"[yellow]{escape(name)}:[/yellow] {escape(reason)}", highlight=False, soft_wrap=True)


def report(results: Results, out: Page, debug: Debug = False, offline: Offline = False) -> None:
    """Make one offline page of results: numbers beside published ones, diagrams, the worst mistakes.

    rsvlm eval report ucm.json rsicd.json --out report.html
    """
    from rsvlm.eval.report.writing import write_report

    write_report(results, out)
    console.print(f"Written: {out}", highlight=False, soft_wrap=True)


def compare(
    first: Annotated[Path, typer.Argument(help="The result before.")],
    second: Annotated[Path, typer.Argument(help="The result after.")],
    out: Annotated[Path | None, typer.Option("--out", help="Also a page: .html.")] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Set the second of two results of one task beside the first, with paired tests.

    rsvlm eval compare before.json after.json
    """
    from rsvlm.eval import load_result
    from rsvlm.eval.compare import compare_results
    from rsvlm.eval.report.versus import difference_text, names_of
    from rsvlm.eval.report.writing import write_comparison

    comparison = compare_results(load_result(first), load_result(second), seed=seed)
    if out is not None:
        write_comparison(comparison, out)
    if as_json:
        print_json(comparison.to_dict())
        return
    table = Table(
        "metric", *(escape(name) for name in names_of(comparison)), "difference", "95 % interval", "p"
    )
    for row in comparison.metrics:
        table.add_row(row.metric, f"{row.first:.4f}", f"{row.second:.4f}", *difference_text(row))
    console.print(table)
    for note in comparison.notes:
        console.print(f"[yellow]note:[/yellow] {escape(note)}", highlight=False, soft_wrap=True)
    if out is not None:
        console.print(f"Written: {out}", highlight=False, soft_wrap=True)
