"""`rsvlm doctor`: what is installed, what is missing, what clashes."""

import typer
from rich.table import Table

from rsvlm.environment import Report, examine

from .common import AsJson, Debug, Offline, console, print_json


def doctor(as_json: AsJson = False, debug: Debug = False, offline: Offline = False) -> None:
    """Tell what is installed, what each extra would add, and what clashes.

    Exits with 1 when packages clash, as faiss-cpu and faiss-gpu do.
    """
    report = examine()
    if as_json:
        document = report._asdict()
        document["extras"] = [extra._asdict() for extra in report.extras]
        print_json(document)
    else:
        _print(report)
    if report.conflicts:
        raise typer.Exit(1)


def _print(report: Report) -> None:
    console.print(f"Python {report.python} on {report.system}")
    console.print("  ".join(f"{name} {version}" for name, version in report.core.items()), highlight=False)
    table = Table("extra", "gives", "installed", "would add", title="Extras", title_justify="left")
    for extra in report.extras:
        have = ", ".join(f"{name} {version}" for name, version in extra.present.items()) or "-"
        table.add_row(extra.name, extra.purpose, have, ", ".join(extra.missing) or "-")
    console.print(table)
    if any(extra.name == "gpu" and extra.missing for extra in report.extras):
        console.print('Add one with:  pip install "rsvlm\\[NAME]"   (cpu or gpu, never both)')
    console.print(
        "GPU path not yet run: encoders take --device cuda, but nobody has run `pytest -m gpu` so far."
    )
    for conflict in report.conflicts:
        console.print(f"[red]clash:[/red] {conflict}", highlight=False, soft_wrap=True)
    if not report.conflicts:
        console.print("[green]No clashes.[/green]")
