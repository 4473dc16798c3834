"""`rsvlm doctor`: what is installed, what is missing, what clashes, and whether it works."""

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from rsvlm.environment import Report, examine
from rsvlm.models.shipped import DEFAULT, SHIPPED

from .common import AsJson, Debug, Offline, console, print_json, print_table, results, tell
from .encoders import Device, EncoderName


def doctor(
    check: Annotated[
        bool,
        typer.Option("--check", help="Also read, encode and train a little, for about a minute.", metavar=""),
    ] = False,
    device: Device = "auto",
    encoder: EncoderName = DEFAULT,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Tell what is installed, what each extra would add, and what clashes; with --check whether it works, and how fast.

    Exits with 1 when packages clash, as faiss-cpu and faiss-gpu do, or when a device computes other numbers than the
    processor.

      rsvlm doctor
      rsvlm doctor --check --device cuda
    """
    report = examine()
    document: dict[str, Any] = report._asdict()
    document["extras"] = [extra._asdict() for extra in report.extras]
    document["models"] = [
        {"name": one.name, "licence": one.licence, "installed": one.is_here} for one in SHIPPED.values()
    ]
    if not as_json:
        _print(report)
    good = not report.conflicts
    if check:
        found = _checked(encoder, device)
        good = good and found.good
        document["check"] = {
            **found._asdict(),
            "rows": [row._asdict() for row in found.rows],
            "good": found.good,
        }
        if not as_json:
            _print_check(found)
    if as_json:
        print_json(document)
    if not good:
        raise typer.Exit(1)


def _checked(encoder: str, device: str) -> Any:
    from rsvlm.pretraining.checkup import check_machine

    with console.status("Loading") as status:
        return check_machine(encoder, device, tell=status.update)


def _print_check(found: Any) -> None:
    for name, value in found.machine.items():
        tell(f"{name}: {value}", on=results)
    table = Table(
        "what", "device", "precision", "rate", "off the processor's fp32", title=f"Check with {found.encoder}",
        title_justify="left",
    )  # fmt: skip
    for row in found.rows:
        off = "-" if row.difference is None else f"{row.difference:.1e}"
        shown = off if row.good else Text(f"{off}, too much", "red")
        table.add_row(row.what, row.device, row.precision, f"{row.rate:,.1f} {row.unit}", shown)
    print_table(table)


def _print(report: Report) -> None:
    tell(f"Python {report.python} on {report.system}", on=results)
    tell("  ".join(f"{name} {version}" for name, version in report.core.items()), on=results)
    table = Table("extra", "gives", "installed", "would add", title="Extras", title_justify="left")
    for extra in report.extras:
        have = ", ".join(f"{name} {version}" for name, version in extra.present.items()) or "-"
        table.add_row(extra.name, extra.purpose, have, ", ".join(extra.missing) or "-")
    print_table(table)
    if any(extra.name == "gpu" and extra.missing for extra in report.extras):
        tell('Add one with:  pip install "rsvlm[NAME]"   (cpu or gpu, never both)', on=results)
    for one in SHIPPED.values():
        missing = "" if one.is_here else " (its weights are missing: install rsvlm again)"
        tell(Text.assemble(f"{one.name}: {one.licence}", (missing, "red")), on=results)
    for conflict in report.conflicts:
        tell(conflict, "red", "clash:", on=results)
    if not report.conflicts:
        tell("No clashes.", "green", on=results)
