"""The command line: one module a command. It parses, calls the library and prints; there is no logic here."""

import io
import logging
import os
import sys

import typer

from rsvlm.errors import one_line

from . import (
    ask,
    caption,
    classify,
    demo,
    doctor,
    evaluate,
    evaluate_agromind,
    evaluate_answers,
    evaluate_captions,
    evaluate_questions,
    evaluate_suite,
    index,
    knowledge,
    merge,
    pairs,
    pretrain,
    search,
)
from .common import is_debug, tell
from .stopping import stop_signals, tell_stopped

app = typer.Typer(
    name="rsvlm",
    help="""Vision-language remote sensing: from unlabelled overhead imagery to trusted answers.

    Begin with what ships inside:  [bold]rsvlm caption --sample --out pairs/[/bold]""",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command("caption", no_args_is_help=True)(caption.caption)
app.command("classify", no_args_is_help=True)(classify.classify)
app.add_typer(pairs.app, name="pairs")
evaluate.app.command("captions", no_args_is_help=True)(evaluate_captions.captions)
evaluate.app.command("vqa", no_args_is_help=True)(evaluate_answers.vqa)
evaluate.app.command("agromind", no_args_is_help=True)(evaluate_agromind.agromind)
evaluate.app.command("suite", no_args_is_help=True)(evaluate_suite.suite)
evaluate.app.command("report", no_args_is_help=True)(evaluate_suite.report)
evaluate.app.command("compare", no_args_is_help=True)(evaluate_suite.compare)
evaluate.app.add_typer(evaluate_questions.app, name="questions")
evaluate.app.command("export", no_args_is_help=True)(evaluate_questions.export)
app.command("pretrain", no_args_is_help=True)(pretrain.pretrain)
app.command("merge", no_args_is_help=True)(merge.merge)
app.add_typer(index.app, name="index")
app.command("search", no_args_is_help=True)(search.search)
app.add_typer(knowledge.app, name="knowledge")
app.command("ask", no_args_is_help=True)(ask.ask)
app.add_typer(evaluate.app, name="eval")
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)


@app.callback(invoke_without_command=True)
def root(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", is_eager=True, metavar=""
    ),
) -> None:
    """Vision-language remote sensing."""
    if version:
        from rsvlm import __version__

        typer.echo(f"rsvlm {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 failed work, 2 bad input, 130 interrupted (143, 129: by signals)."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("rasterio").setLevel(
        logging.CRITICAL
    )  # what matters of it is raised, and told in one line
    # classifiers keep their warnings, and `rsvlm classify` prints them with the answers
    logging.getLogger("rsvlm.classification.classifier").setLevel(logging.ERROR)
    if isinstance(
        sys.stdout, io.TextIOWrapper
    ):  # stderr is so by itself: a name that is no Unicode ends nothing
        sys.stdout.reconfigure(errors="backslashreplace")
    with stop_signals() as stopped:
        try:
            app()
        except (KeyboardInterrupt, SystemExit) as end:
            if isinstance(end, SystemExit) and end.code != 130:  # typer turns an interrupt into this code
                raise
            tell_stopped()
            sys.exit(stopped())
        except BrokenPipeError:  # `rsvlm ... | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except ModuleNotFoundError as error:
            if is_debug() or (error.name or "").startswith("rsvlm"):
                raise
            missing = f"{error.name} is needed for this and is not installed: {_extra_for(error.name)}"
            tell(missing, "red", "rsvlm:")
            sys.exit(2)
        except (ValueError, OSError, RuntimeError) as error:
            if is_debug():
                raise
            tell(one_line(error, most=None), "red", "rsvlm:")
            sys.exit(_exit_code(error))


def _exit_code(error: Exception) -> int:
    """2 for bad input, 1 for work that failed, though its input was good."""
    from rsvlm.files import is_disk_full
    from rsvlm.shards import BusyError

    if is_disk_full(error) or isinstance(error, BusyError):
        return 1
    return 2 if isinstance(error, ValueError | FileNotFoundError) else 1


def _extra_for(module: str | None) -> str:
    """How to get a package that is not here: by the extra that adds it."""
    from rsvlm.environment import extra_of

    extra = extra_of(module or "")
    return f"pip install 'rsvlm[{extra}]'" if extra else "see rsvlm doctor"
