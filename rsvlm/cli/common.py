"""What every command shares: the console for people, the options that all take, and JSON for programs."""

import json
import os
import sys
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from rsvlm.offlinepage import CONTROLS


class _Console(Console):
    """A console that shows control characters as their codes: by these a file's name could give a terminal orders.

    Its own colours are added to what comes out of here.
    """

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=segment.text.translate(CONTROLS))


# Paths, captions and reasons are printed as they are: their brackets are no markup, and their colons no emoji.
console = _Console(stderr=True, markup=False, emoji=False, highlight=False)
"""Progress, notes and warnings, and what is told of files that were written: on stderr."""

results = _Console(markup=False, emoji=False, highlight=False)
"""What was asked for, where that is text and no file: on stdout, so that it can be piped. `--json` takes its place."""

_state = {"debug": False}


def is_debug() -> bool:
    """Whether errors are shown with their traceback."""
    return _state["debug"]


def _set_debug(value: bool) -> bool:
    _state["debug"] = _state["debug"] or value
    return value


def _set_offline(value: bool) -> bool:
    """Forbid the network to the libraries that could use it."""
    if value:
        for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"):
            os.environ[name] = "1"
    return value


Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.", callback=_set_debug, metavar="")]
Offline = Annotated[
    bool, typer.Option("--offline", help="Never use a network.", callback=_set_offline, metavar="")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the result as one JSON document on stdout.", metavar="")
]


def tell(text: str | Text, style: str = "", lead: str = "", on: Console = console) -> None:
    """Print a line for people, in one piece however long; after a lead ("warning:") in the style, the text is plain."""
    line = Text.assemble((f"{lead} ", style), text) if lead else Text.assemble(text, style=style)
    on.print(line, soft_wrap=True)


def counted(number: int, noun: str) -> str:
    """A number of things: "1 chip", "2,048 chips"."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def print_table(table: Table, on: Console = results) -> None:
    """Write a table, with no value cut: what is too long goes on in the next line."""
    for column in table.columns:
        column.overflow = "fold"
        # here already, as columns are as wide as what is in them; a line feed in a name would break its row
        column._cells = [
            cell.translate(CONTROLS | {ord("\n"): "\\n"}) if isinstance(cell, str) else cell
            for cell in column.cells
        ]
    on.print(table)


def print_json(document: Any) -> None:
    """Write one JSON document to stdout, UTF-8 whatever the terminal's code page."""
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False, default=str)
    sys.stdout.buffer.write(text.encode("utf-8") + b"\n")
    sys.stdout.flush()
