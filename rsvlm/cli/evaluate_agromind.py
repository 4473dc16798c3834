"""`rsvlm eval agromind`: a model's answers to AgroMind's questions, measured."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .common import AsJson, Debug, Offline, console
from .evaluate import Seed
from .evaluation_output import Out, finish
from .generators import Answers, GeneratorName, Images, Options, Workers, check_asking, load
from .progress import progress_bar


def agromind(
    data: Annotated[
        Path, typer.Argument(help="The folder QA_Pairs, with the questions in their four folders.")
    ],
    generator: GeneratorName = None,
    answers: Answers = None,
    baseline: Annotated[str | None, typer.Option(help="random or majority, instead of a generator.")] = None,
    mode: Annotated[str, typer.Option(help="compat: the reference's rules; strict: one answer.")] = "compat",
    images: Images = None,
    embedder: Annotated[
        str,
        typer.Option(
            help="Judge of free text: a sentence-transformers folder (AgroMind's is paraphrase-MiniLM-L6-v2), default "
            "(all-MiniLM-L6-v2), or none: then it counts as wrong."
        ),
    ] = "default",
    workers: Workers = None,
    options: Options = None,
    files: Annotated[
        str | None, typer.Option(help="Only these files of questions: OC_2_1_4,CO_3_2_1.")
    ] = None,
    out: Out = None,
    seed: Seed = 0,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Ask AgroMind's questions of a model, or score answers that are there. An interrupted run goes on.

    rsvlm eval agromind QA_Pairs/ --baseline random
    rsvlm eval agromind QA_Pairs/ --generator hf:Qwen/Qwen2.5-VL-7B-Instruct --answers qwen.jsonl --out qwen.json
    """
    from rsvlm.eval.agromind import evaluate_agromind, read_agromind, read_answers, score_agromind
    from rsvlm.eval.agromind.freetext import load_sentence_embedder
    from rsvlm.eval.agromind.tasks import QuestionType

    if sum(one is not None for one in (generator, baseline)) > 1 or not (generator or baseline or answers):
        raise typer.BadParameter(
            "give one of --generator (with --answers), --baseline, or --answers to score"
        )
    kept: Any = check_asking(generator, answers)
    questions = read_agromind(data)
    if files is not None:
        questions = questions.only([name.strip() for name in files.split(",")])
    judge = None
    if embedder != "none" and any(item.kind is QuestionType.FREE_TEXT for item in questions.items):
        with console.status("Loading the judge of free text"):
            judge = load_sentence_embedder() if embedder == "default" else load_sentence_embedder(embedder)
    scoring: dict[str, Any] = {"mode": mode, "seed": seed, "embedder": judge}
    if baseline is not None:
        config = {"model": f"{baseline} baseline"}
        result = score_agromind(questions, _baseline(baseline, questions, seed), config=config, **scoring)
    elif generator is not None:
        model = load(generator, offline, options)
        with progress_bar("Asking", "questions", before="Reading the questions") as show:
            result = evaluate_agromind(
                questions, model, kept, images=images, workers=workers, progress=show, **scoring
            )
    else:
        result = score_agromind(questions, read_answers(kept), **scoring)
    finish(result, out, as_json)


def _baseline(name: str, questions: Any, seed: int) -> Any:
    from rsvlm.eval.agromind import majority_answers, random_answers

    if name == "random":
        return random_answers(questions.items, seed)
    if name == "majority":
        return majority_answers(questions.items)
    raise typer.BadParameter(f"--baseline {name}: choose random or majority")
