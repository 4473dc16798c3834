"""`rsvlm eval suite|report|compare`: many data sets at once, and results as pages."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from rsvlm.models.shipped import DEFAULT

from .common import AsJson, Debug, Offline, console, print_json, print_table, results, tell
from .encoders import BatchSize, Device, EncoderName, Precision, Weights
from .evaluate import Seed, load_any
from .evaluation_output import print_comparison
from .stopping import goes_on
from .texts import names

Results = Annotated[list[Path], typer.Argument(help="Results: .json files of other `rsvlm eval` commands.")]
Page = Annotated[Path, typer.Option("--out", help="The page: .html, or .md with its pictures beside it.")]


def suite(
    data: Annotated[
        Path, typer.Option(help="A folder of data sets: SET/{train,validation,test}.parquet, ...")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for results and image vectors.")],
    encoder: EncoderName = DEFAULT,
    weights: Weights = None,
    sets: Annotated[str | None, typer.Option(help="Only these: ucm,rsicd,...")] = None,
    protocols: Annotated[
        str,
        typer.Option(help="Protocols of zero-shot: rsvlm,skyscript,georsclip,clip-benchmark,rs-transclip."),
    ] = "rsvlm",
    conventions: Annotated[
        str, typer.Option(help="Protocols of retrieval: skyscript,remoteclip (captions), classes (labels).")
    ] = "skyscript,remoteclip,classes",
    probes: Annotated[
        str, typer.Option(help="linear,knn,few-shot, and folding (spatial cross-validation); or none.")
    ] = "linear,knn,few-shot,folding",
    train_limit: Annotated[
        int, typer.Option(help="Images of a training split that probes learn from.", min=2)
    ] = 10_000,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Evaluate an encoder on all that a folder holds: zero-shot, retrieval, probes. A stopped run goes on.

    SkyScript's benchmark is --protocols skyscript on a folder with aid, eurosat, fmow, millionaid, patternnet, nwpu
    and rsicb256 (and its fine-grained one with roof_shape, smoothness, surface): their mean is printed below. A floor
    (colour-histogram, efficientnet-lite0-imagenet) in place of the encoder is probed only.

    rsvlm eval suite --data sets/ --encoder remoteclip-vit-b-32 --out remoteclip/
    rsvlm eval suite --data sets/ --encoder colour-histogram --out floor/
    rsvlm eval report remoteclip/*.json floor/*.json --data sets/ --out report.html
    """
    from rsvlm.eval.layout import find_sets
    from rsvlm.eval.suite import run_suite
    from rsvlm.eval.suite_options import SuiteOptions

    goes_on()
    options = SuiteOptions(
        protocols=_chosen(protocols), conventions=_chosen(conventions), probes=_chosen(probes),
        train_limit=train_limit, sets=_chosen(sets) if sets else None, seed=seed,
    )  # fmt: skip
    find_sets(data)  # a wrong folder is told before the encoder is loaded
    loaded = load_any(encoder, weights, device, precision, batch_size, offline)
    with console.status("Looking for data sets") as status:

        def show(what: str, count: int) -> None:
            status.update(Text(what + (f": {count:,} images encoded" if count else "")))

        report = run_suite(loaded, data, out, options, progress=show)
    if as_json:
        print_json(
            {
                "results": {name: result.to_dict() for name, result in report.results.items()},
                "means": report.means, "problems": report.problems, "passed_over": report.passed_over,
            }
        )  # fmt: skip
    else:
        _print_suite(report)
        tell(f"Written: {out}")
    if report.problems or not report.results:
        raise typer.Exit(1)


def _chosen(text: str) -> tuple[str, ...]:
    """The names of a list; "none" is none of them."""
    return tuple(name for name in names(text) if name != "none")


def _print_suite(report: Any) -> None:
    # narrow enough for 80 columns: the set stands above its rows
    table = Table(
        "measured", "first metric", "value", "95 % interval", "items", box=SIMPLE_HEAD, padding=(0, 1)
    )
    last = None
    for name, result in report.results.items():
        metric, value = next(iter(result.metrics.items()))
        low, high = result.intervals.get(metric, (None, None))
        ends = "" if low is None else f"{low:.3f} to {high:.3f}"
        split = (result.config.get("data") or {}).get("split")
        title = f"{result.name}, {split}" if split else result.name
        if title != last:
            table.add_row(Text(title, "bold"))
        by = f"  {result.task}, {name.rpartition(f'-{result.task}-')[2]}"
        table.add_row(by, metric, f"{value:.4f}", ends, f"{result.n:,}")
        last = title
    print_table(table)
    failed = sum(result.n_failed for result in report.results.values())
    if failed:
        tell("and count as wrong; the results say which", "yellow", f"{failed:,} items failed", on=results)
    for name, value in report.means.items():
        tell(f"mean, {name}: {value:.4f}", on=results)
    for name, reason in report.problems.items():
        tell(reason, "yellow", f"{name}:", on=results)
    reasons: dict[str, list[str]] = {}
    for name, reason in report.passed_over.items():
        reasons.setdefault(reason, []).append(name)
    for reason, passed_over in reasons.items():
        tell(f"passed over {', '.join(passed_over)}: {reason}", "dim", on=results)


def report(
    results: Results,
    out: Page,
    data: Annotated[
        Path | None, typer.Option(help="The data set, or folder of them, for pictures of the worst mistakes.")
    ] = None,
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "Evaluation report",
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Make one offline page of results: numbers beside published ones, diagrams, the worst mistakes.

    rsvlm eval report ucm.json rsicd.json --out report.html
    rsvlm eval report remoteclip/*.json --data sets/ --out report.html
    """
    from rsvlm.eval.report.images import DataImages
    from rsvlm.eval.report.writing import write_report
    from rsvlm.eval.suite_files import SUMMARY

    kept = [path for path in results if path.name != SUMMARY]  # which remoteclip/*.json takes along
    with console.status("Writing the page"):
        write_report(kept, out, images=None if data is None else DataImages(data), title=title)
    tell(f"Written: {out}")


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
    from rsvlm.eval.compare import compare_results
    from rsvlm.eval.report.writing import write_comparison

    comparison = compare_results(first, second, seed=seed)
    if out is not None:
        write_comparison(comparison, out)
    if as_json:
        print_json(comparison.to_dict())
        return
    print_comparison(comparison)
    if out is not None:
        tell(f"Written: {out}")
