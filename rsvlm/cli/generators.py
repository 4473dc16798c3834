"""Options of every command that asks a generator, and loading it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .common import console

GeneratorName = Annotated[
    str | None,
    typer.Option(
        "--generator",
        help="Who answers: a model folder, hf:OWNER/MODEL, http://localhost:8000/v1#MODEL or openai:MODEL.",
    ),
]
Answers = Annotated[
    Path | None,
    typer.Option(
        help="File of answers (.jsonl): where they are kept as they come, or what is scored without a generator."
    ),
]
Images = Annotated[Path | None, typer.Option(help="Folder that the paths of images start from.")]
Workers = Annotated[int | None, typer.Option(help="Items asked for side by side.", min=1)]


def check_asking(generator: str | None, answers: Path | None) -> Path | None:
    """Return the file of answers; a generator without one is refused."""
    if generator is not None and answers is None:
        raise typer.BadParameter(
            "--generator needs --answers: the file in which answers are kept as they come"
        )
    return answers


def load(name: str, offline: bool) -> Any:
    """Load the generator that the options name."""
    from rsvlm.models.generators import load_generator

    with console.status("Loading the generator"):
        return load_generator(name, offline=offline)
