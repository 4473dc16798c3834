"""`rsvlm eval captions|vqa|agromind`: texts that models wrote, measured."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .common import AsJson, Debug, Offline, console
from .evaluate import Seed, Split
from .evaluation_output import Out, finish
from .progress import progress_bar

Generator = Annotated[
    str | None,
    typer.Option(
        help="Who answers: a model folder, hf:OWNER/MODEL, http://localhost:8000/v1#MODEL or openai:MODEL."
    ),
]
Synonyms = Annotated[
    bool, typer.Option("--synonyms/--no-synonyms", help="METEOR's synonyms, which take WordNet 3.0.")
]


def captions(
    predictions: Annotated[Path, typer.Argument(help="Lines of JSON: image, prediction.")],
    data: Annotated[str, typer.Option(help="The captions of people: parquet, csv or Karpathy .json.")],
    split: Split = None,
    convention: Annotated[str, typer.Option(help="coco, or rs-rag for one caption an image.")] = "coco",
    synonyms: Synonyms = True,
    out: Out = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Score captions against those of people: BLEU, METEOR, ROUGE-L, CIDEr.

    rsvlm eval captions captions.jsonl --data dataset_rsicd.json --split test
    """
    from rsvlm.eval.captions import evaluate_captions

    finish(
        evaluate_captions(predictions, data, split=split, convention=convention, synonyms=synonyms),
        out,
        as_json,
    )


def vqa(
    answers: Annotated[
        Path, typer.Argument(help="Lines of JSON: image, question, answer, type, prediction.")
    ],
    questions: Annotated[
        Path | None, typer.Option(help="The questions, where ANSWERS holds only the predictions.")
    ] = None,
    compat: Annotated[
        str | None,
        typer.Option(help="rs-rag: read and score as RS-RAG does; strict: its files, nothing left out."),
    ] = None,
    synonyms: Synonyms = True,
    out: Out = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Score answers to questions about images; a question without an answer is wrong.

    rsvlm eval vqa answers.jsonl
    rsvlm eval vqa RSWK_answer_llama.jsonl --compat rs-rag --json
    """
    from rsvlm.eval.rsrag import score_rsrag
    from rsvlm.eval.vqa import score_vqa

    if compat is not None:
        mode: Any = compat
        finish(score_rsrag(answers, mode, synonyms=synonyms), out, as_json)
    elif questions is None:
        finish(score_vqa(answers, name=answers.stem), out, as_json)
    else:
        finish(score_vqa(questions, answers, name=questions.stem), out, as_json)


def agromind(
    data: Annotated[
        Path, typer.Argument(help="The folder QA_Pairs, with the questions in their four folders.")
    ],
    generator: Generator = None,
    answers: Annotated[
        Path | None,
        typer.Option(
            help="File of answers: where they are kept as they come, or what is scored without a generator."
        ),
    ] = None,
    baseline: Annotated[str | None, typer.Option(help="random or majority, instead of a generator.")] = None,
    mode: Annotated[str, typer.Option(help="compat: the reference's rules; strict: one answer.")] = "compat",
    images: Annotated[Path | None, typer.Option(help="Folder that the paths of images start from.")] = None,
    embedder: Annotated[
        str | None, typer.Option(help="Judge of free text: a sentence-transformers folder, or default.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Questions asked side by side.", min=1)] = None,
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
    from rsvlm.eval.agromind import read_agromind, score_agromind
    from rsvlm.eval.agromind.baselines import majority_answers, random_answers
    from rsvlm.eval.agromind.freetext import load_sentence_embedder

    if sum(one is not None for one in (generator, baseline)) > 1 or not (generator or baseline or answers):
        raise typer.BadParameter(
            "give one of --generator (with --answers), --baseline, or --answers to score"
        )
    if generator and answers is None:
        raise typer.BadParameter(
            "--generator needs --answers: the file in which answers are kept as they come"
        )
    questions = read_agromind(data)
    judge = None
    if embedder is not None:
        judge = load_sentence_embedder() if embedder == "default" else load_sentence_embedder(embedder)
    options: dict[str, Any] = {"mode": mode, "seed": seed, "embedder": judge}
    if baseline is not None:
        ways = {
            "random": lambda: random_answers(questions.items, seed),
            "majority": lambda: majority_answers(questions.items),
        }
        if baseline not in ways:
            raise typer.BadParameter(f"--baseline {baseline}: choose random or majority")
        result = score_agromind(
            questions, ways[baseline](), config={"model": f"{baseline} baseline"}, **options
        )
    elif generator is None:
        result = _score_file(questions, answers, options)
    else:
        result = _ask(questions, generator, answers, images, workers, offline, options)
    finish(result, out, as_json)


def _score_file(questions: Any, answers: Path | None, options: dict[str, Any]) -> Any:
    from rsvlm.eval.agromind import read_answers, score_agromind

    if answers is None:
        raise typer.BadParameter("--answers: name the file of answers")
    return score_agromind(questions, read_answers(answers), **options)


def _ask(
    questions: Any,
    generator: str,
    answers: Path | None,
    images: Path | None,
    workers: int | None,
    offline: bool,
    options: dict[str, Any],
) -> Any:
    from rsvlm.eval.agromind import evaluate_agromind
    from rsvlm.models.generators import load_generator

    if answers is None:
        raise typer.BadParameter("--answers: name the file in which answers are kept")
    with console.status("Loading the generator"):
        model = load_generator(generator, offline=offline)
    with progress_bar("Asking", "questions", before="Reading the questions") as show:
        return evaluate_agromind(
            questions, model, answers, images=images, workers=workers, progress=show, **options
        )
