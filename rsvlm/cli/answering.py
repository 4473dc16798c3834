"""Who answers the questions of an evaluation: a generator, with a knowledge base or without, or the composer."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .common import console

Composer = Annotated[
    bool,
    typer.Option(
        "--composer", help="The built-in composer answers, which needs no model (rsvlm ask).", metavar=""
    ),
]
Knowledge = Annotated[
    str | None,
    typer.Option(
        help="Folder of a knowledge base that answers may rest on; built-in: the small one that ships. (default: none)"
    ),
]


def check_answering(
    generator: str | None, composer: bool, knowledge: str | None, answers: Path | None
) -> None:
    """Refuse two who answer, a base that nobody looks into, and answers that are kept nowhere."""
    if generator is not None and composer:
        raise typer.BadParameter("--generator and --composer: only one can answer")
    if knowledge is not None and generator is None and not composer:
        raise typer.BadParameter("--knowledge needs who looks into it: --generator or --composer")
    if answers is None and (generator is not None or composer):
        who = "--composer" if composer else "--generator"
        raise typer.BadParameter(f"{who} needs --answers: the file in which answers are kept as they come")


def with_knowledge(model: Any, knowledge: str | None) -> Any:
    """Return who answers: a generator, the composer where that is None, with the base that is named."""
    from rsvlm.rag import ComposerGenerator, InformedGenerator

    if model is not None and (knowledge is None or knowledge == "none"):
        return model
    with console.status("Opening the knowledge base"):
        return ComposerGenerator(knowledge) if model is None else InformedGenerator(model, str(knowledge))
