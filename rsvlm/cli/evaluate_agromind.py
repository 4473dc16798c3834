"""`rsvlm eval agromind`: a model's answers to AgroMind's questions, measured."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .answering import Composer, check_answering, with_knowledge
from .common import AsJson, Debug, Offline, console
from .evaluate import Seed
from .evaluation_output import Out, check_out, finish, finish_comparison
from .generators import Answers, GeneratorName, Images, Options, Workers, load
from .progress import progress_bar
from .stopping import goes_on
from .texts import names


def agromind(
    data: Annotated[
        Path, typer.Argument(help="The folder QA_Pairs, with the questions in their four folders.")
    ],
    generator: GeneratorName = None,
    composer: Composer = False,
    knowledge: Annotated[
        str | None,
        typer.Option(
            help="Folder of a knowledge base, or built-in: every question is asked without evidence and with it, and "
            "the two are compared."
        ),
    ] = None,
    answers: Answers = None,
    baseline: Annotated[str | None, typer.Option(help="random or majority, instead of a generator.")] = None,
    mode: Annotated[str, typer.Option(help="compat: the reference's rules; strict: one answer.")] = "compat",
    images: Images = None,
    blank: Annotated[
        bool,
        typer.Option(
            "--blank", help="A grey picture for every image: what is known without looking.", metavar=""
        ),
    ] = False,
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
    rsvlm eval agromind questions/ --composer --knowledge knowledge/ --answers composed.jsonl
    """
    from rsvlm.eval.agromind import (
        beside,
        evaluate_agromind,
        read_agromind,
        read_answers,
        score_agromind,
    )
    from rsvlm.eval.agromind.freetext import load_sentence_embedder
    from rsvlm.eval.agromind.tasks import QuestionType

    asks = generator is not None or composer
    if (asks and baseline is not None) or not (asks or baseline or answers):
        raise typer.BadParameter(
            "give one of --generator or --composer (with --answers), --baseline, or --answers to score"
        )
    check_answering(generator, composer, knowledge, answers)
    if knowledge is not None and out is not None:
        check_out(beside(out))
    goes_on(when=asks)
    kept: Any = answers
    questions = read_agromind(data)
    if files is not None:
        questions = questions.only(names(files))
    judge = None
    if embedder != "none" and any(item.kind is QuestionType.FREE_TEXT for item in questions.items):
        with console.status("Loading the judge of free text"):
            judge = load_sentence_embedder() if embedder == "default" else load_sentence_embedder(embedder)
    scoring: dict[str, Any] = {"mode": mode, "seed": seed, "embedder": judge}
    if baseline is not None:
        config = {"model": f"{baseline} baseline"}
        result = score_agromind(questions, _baseline(baseline, questions, seed), config=config, **scoring)
    elif asks:
        model = None if generator is None else load(generator, offline, options)
        asking: dict[str, Any] = {"images": images, "blank": blank, "workers": workers, **scoring}
        if knowledge is not None:
            both = _with_and_without(questions, model, knowledge, kept, asking)
            finish_comparison(both, out, None if out is None else beside(out), as_json)
            return
        with progress_bar("Asking", "questions", before="Reading the questions") as show:
            result = evaluate_agromind(questions, with_knowledge(model, None), kept, progress=show, **asking)
    else:
        result = score_agromind(questions, read_answers(kept), **scoring)
    finish(result, out, as_json)


def _with_and_without(
    questions: Any, model: Any, knowledge: str, answers: Path, asking: dict[str, Any]
) -> Any:
    """Ask everything without evidence, and with it."""
    from rsvlm.eval.agromind import compare_knowledge
    from rsvlm.rag import ComposerGenerator

    informed = with_knowledge(model, knowledge)
    alone = ComposerGenerator(None, informed.encoder) if model is None else model
    with progress_bar("Asking", "questions", before="Reading the questions") as show:
        return compare_knowledge(questions, alone, informed, answers, progress=show, **asking)


def _baseline(name: str, questions: Any, seed: int) -> Any:
    from rsvlm.eval.agromind import majority_answers, random_answers

    if name == "random":
        return random_answers(questions.items, seed)
    if name == "majority":
        return majority_answers(questions.items)
    raise typer.BadParameter(f"--baseline {name}: choose random or majority")
