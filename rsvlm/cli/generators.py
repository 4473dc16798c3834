"""Options of every command that asks a generator, and loading it."""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
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
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Setting of the generator, NAME=VALUE; repeat it for more: max_tokens=64, temperature=0, timeout=30, "
        "key_variable=MY_KEY, price_in=0.1, cache=false (docs/generators.md has all).",
    ),
]
Limit = Annotated[int | None, typer.Option(help="Only the first N, as a trial.", min=1)]
Images = Annotated[Path | None, typer.Option(help="Folder that the paths of images start from.")]
Workers = Annotated[int | None, typer.Option(help="Items asked for side by side.", min=1)]


def check_asking(generator: str | None, answers: Path | None) -> Path | None:
    """Return the file of answers; a generator without one is refused."""
    if generator is not None and answers is None:
        raise typer.BadParameter(
            "--generator needs --answers: the file in which answers are kept as they come"
        )
    return answers


def load(name: str, offline: bool, options: Sequence[str] | None = None) -> Any:
    """Load the generator that the options name, with its settings."""
    from rsvlm.models.generators import load_generator

    given = settings(options)
    with console.status("Loading the generator"):
        return load_generator(name, offline=offline, **given)


def settings(texts: Sequence[str] | None, option: str = "--set") -> dict[str, Any]:
    """The settings of a generator that an option names."""
    found = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name.isidentifier():
            raise typer.BadParameter(f"{option} {text}: write NAME=VALUE, such as max_tokens=64")
        found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    """Numbers, true and false, lists and maps, as JSON or else YAML has them, which takes 1e-3 for text; else text."""
    import yaml

    with suppress(ValueError):
        return json.loads(text)
    with suppress(yaml.YAMLError):
        read = yaml.safe_load(text)
        return text if isinstance(read, date) else read
    return text


def refuse_idle(given: dict[str, Any], needed: str) -> None:
    """Refuse options that would do nothing, as what they need was not given."""
    idle = [name for name, value in given.items() if value is not None]
    if idle:
        raise typer.BadParameter(f"{', '.join(idle)}: does nothing without {needed}; leave it out")
