"""`rsvlm eval questions make|check` and `rsvlm eval export`: questions from labels, and for other programs."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from .common import AsJson, Debug, Offline, console, print_json, print_table, results, tell
from .texts import names

app = typer.Typer(
    no_args_is_help=True,
    help="""Make questions in AgroMind's layout from your own labels, and check their answers.

    Begin with  [bold]rsvlm eval questions make sources.yaml --out questions/ --count 200[/bold]""",
    rich_markup_mode="rich",
)

SOURCES_HELP = "A YAML list of labels, one a line: - {kind: class map, labels: masks/, legend: worldcover}"


@app.command("make", no_args_is_help=True)
def make(
    sources: Annotated[Path, typer.Argument(help=SOURCES_HELP, metavar="SOURCES.yaml")],
    out: Annotated[Path, typer.Option("--out", help="A new folder for questions and pictures.")],
    count: Annotated[
        int, typer.Option(help="How many; there are fewer where the labels do not allow so many.", min=1)
    ],
    seed: Annotated[int, typer.Option(help="Decides all that is random.")] = 0,
    tasks: Annotated[str | None, typer.Option(help="Only these tasks or kinds: SL,CO,BD_1_3_4.")] = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Make questions whose answers follow from labels: class maps, outlines, scenes, pairs of images.

    Every answer is worked out again in another way before it is written. The same sources, count and seed give the
    same bytes.

      rsvlm eval questions make sources.yaml --out questions/ --count 2000
      rsvlm eval questions make sources.yaml --out counting/ --count 100 --tasks CO,SL_1_1_4
      rsvlm eval agromind questions/ --generator http://localhost:8000/v1#MODEL --answers answers.jsonl
    """
    from rsvlm.eval.questions import make_questions, read_sources

    with console.status("Reading labels") as status:

        def show(what: str, done: int, total: int) -> None:
            status.update(Text(f"{what}: {done:,} of {total:,}"))

        wanted = None if tasks is None else names(tasks)
        report = make_questions(
            read_sources(sources), out, count=count, seed=seed, tasks=wanted, progress=show
        )
    if as_json:
        print_json(report.to_dict())
    else:
        _print_made(report)
    tell(f"Written: {out}")


def _print_made(report: Any) -> None:
    """A table of the tasks, one of the sources, and what is not there with the reason."""
    from rsvlm.eval.agromind.tasks import TASKS

    title = f"{report.count:,} questions of {report.wanted:,}, {report.images:,} pictures"
    table = Table("task", "", "questions", title=title, title_justify="left")
    for task, number in report.tasks.items():
        table.add_row(task, TASKS[task], f"{number:,}")
    print_table(table, console)
    table = Table("source", "questions")
    for source, number in report.sources.items():
        table.add_row(source, f"{number:,}")
    print_table(table, console)
    for reason in report.refused:
        tell(reason, "yellow", "refused by the check:")
    for reason in report.skipped:
        tell(reason, "yellow", "none:")


@app.command("check", no_args_is_help=True)
def check(
    folder: Annotated[Path, typer.Argument(help="What rsvlm eval questions make wrote.", metavar="DIR")],
    sources: Annotated[
        Path | None, typer.Option(help="Where the labels are now, in the same order; else where they were.")
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Work every answer out again from the label files; exit code 1 where one does not follow from them.

    rsvlm eval questions check questions/
    rsvlm eval questions check questions/ --sources moved.yaml --json
    """
    from rsvlm.eval.questions import check_questions, read_sources

    with console.status("Checking answers"):
        report = check_questions(folder, None if sources is None else read_sources(sources))
    if as_json:
        print_json({"count": report.count, "refused": report.refused})
    else:
        _print_checked(report)
    if report.refused:
        raise typer.Exit(1)


def _print_checked(report: Any) -> None:
    if report.refused:
        table = Table("question", "refused because")
        for key, reason in report.refused.items():
            table.add_row(key, reason)
        print_table(table)
    tell(report.lines()[0], on=results)


def export(
    questions: Annotated[
        Path,
        typer.Argument(help="A folder in AgroMind's layout, or a .jsonl: image, question, answer, type."),
    ],
    to: Annotated[str, typer.Option("--to", help="lmms-eval or vlmevalkit.")],
    name: Annotated[str, typer.Option(help="What the task is called there: letters, digits and _.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write; for VLMEvalKit its LMUData.")],
    images: Annotated[
        Path | None,
        typer.Option(help="Folder that the paths of images start from. (default: that of the questions)"),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Write questions with their images so that the models of lmms-eval or VLMEvalKit can be asked them.

    rsvlm eval export questions/ --to lmms-eval --name my_fields --out my_fields/
    rsvlm eval export questions/ --to vlmevalkit --name my_fields --out ~/LMUData
    rsvlm eval export vqa.jsonl --images photos/ --to lmms-eval --name my_vqa --out my_vqa/
    """
    from rsvlm.eval.export_questions import read_export_items
    from rsvlm.eval.exports import export_lmms_eval, export_vlmevalkit

    ways = {
        "lmms-eval": (export_lmms_eval, "lmms_eval --include_path {out} --tasks {names} ..."),
        "vlmevalkit": (export_vlmevalkit, "python run.py --data {names} ..., with LMUData={out}"),
    }
    if to not in ways:
        raise typer.BadParameter(f"--to {to}: choose {' or '.join(ways)}")
    write, command = ways[to]
    with console.status("Reading questions and images"):
        written = write(read_export_items(questions, images), out, name)
    if as_json:
        print_json({"files": [str(file) for file in written.files], "questions": written.counts})
        return
    table = Table("file", "questions")
    for file, number in written.counts.items():
        table.add_row(file, f"{number:,}")
    print_table(table, console)
    tell(f"Written: {out}")
    parts = " ".join(Path(file).stem for file in written.counts)
    tell(f"Ask them with: {command.format(out=out, names=parts)}")
