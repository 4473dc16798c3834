"""`rsvlm eval vqa`: answers to questions about images, given or asked for, measured."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from .answering import Composer, Knowledge, check_answering, with_knowledge
from .common import AsJson, Debug, Offline
from .evaluation_output import Out, finish
from .generators import Answers, GeneratorName, Images, Limit, Options, Workers, load, refuse_idle
from .progress import progress_bar
from .stopping import goes_on

Synonyms = Annotated[
    bool,
    typer.Option("--synonyms/--no-synonyms", help="METEOR's synonyms, which take WordNet 3.0.", metavar=""),
]


def vqa(
    file: Annotated[
        Path,
        typer.Argument(
            help="Questions (.jsonl, .csv or .parquet with image, question, answer, type; RSVQA's ..._questions.json; "
            "RS-RAG's files), or .jsonl that has the prediction, too."
        ),
    ],
    generator: GeneratorName = None,
    composer: Composer = False,
    knowledge: Knowledge = None,
    answers: Answers = None,
    images: Images = None,
    prompt: Annotated[
        str | None,
        typer.Option(
            help="What is asked: a text with {question} in it, or a file of one. (default: asks for a short answer)"
        ),
    ] = None,
    workers: Workers = None,
    options: Options = None,
    limit: Limit = None,
    questions: Annotated[
        Path | None, typer.Option(help="The questions (.jsonl), where FILE holds only the predictions.")
    ] = None,
    compat: Annotated[
        str | None,
        typer.Option(
            help="rs-rag: read and score as RS-RAG does; strict: its files, nothing left out; rsvqa: counts and areas "
            "by RSVQA's intervals."
        ),
    ] = None,
    synonyms: Synonyms = True,
    out: Out = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Ask a model questions about images, or score answers that are there. An interrupted run goes on.

    A question without an answer is wrong.

    rsvlm eval vqa questions.jsonl --generator http://localhost:8000/v1#MODEL --answers answers.jsonl
    rsvlm eval vqa LR_split_test_questions.json --images Images_LR --generator hf:OWNER/MODEL --answers lr.jsonl
    rsvlm eval vqa questions.jsonl --composer --knowledge knowledge/ --answers composed.jsonl
    rsvlm eval vqa answered.jsonl
    rsvlm eval vqa RSWK_answer_llama.jsonl --compat rs-rag --json
    """
    from rsvlm.eval.rsrag import score_rsrag
    from rsvlm.eval.vqa import RSVQA, score_vqa

    mode: Any = compat
    check_answering(generator, composer, knowledge, answers)
    asks = generator is not None or composer
    goes_on(when=asks)
    refuse_idle({"--set": options or None} if generator is None else {}, "--generator")
    refuse_idle({} if asks else {"--prompt": prompt, "--workers": workers}, "--generator or --composer")
    refuse_idle({"--images": images, "--limit": limit} if answers is None else {}, "--answers")
    if questions is not None and (answers is not None or compat not in (None, RSVQA)):
        raise typer.BadParameter(
            "--questions goes with a FILE of predictions only: leave it out with "
            + ("--answers, where FILE holds the questions" if answers is not None else f"--compat {compat}")
        )
    if answers is not None:

        def model() -> Any:
            if generator is None:
                return with_knowledge(None, knowledge) if composer else None
            return with_knowledge(load(generator, offline, options), knowledge)

        result = _asked_questions(file, model, answers, images, prompt, workers, limit, mode, synonyms)
    elif compat not in (None, RSVQA):
        result = score_rsrag(file, mode, synonyms=synonyms)
    elif questions is None:
        result = score_vqa(file, compat=compat, name=file.stem)
    else:
        result = score_vqa(questions, file, compat=compat, name=questions.stem)
    finish(result, out, as_json)


def _asked_questions(
    file: Path,
    load_model: Callable[[], Any],
    answers: Path,
    images: Path | None,
    prompt: str | None,
    workers: int | None,
    limit: int | None,
    mode: Any,
    synonyms: bool,
) -> Any:
    from rsvlm.eval.answer_file import read_answers
    from rsvlm.eval.asking import answers_within, evaluate_vqa, read_prompt, score_answers
    from rsvlm.eval.data.questions import read_question_set

    whole = read_question_set(file, images)
    asked = whole if limit is None else whole.first(limit)
    scoring: dict[str, Any] = {"mode": mode or "strict", "synonyms": synonyms}
    words = None if prompt is None else read_prompt(prompt, question=True)
    model = load_model()
    if model is None:
        return score_answers(asked, answers_within(read_answers(answers), asked, whole), **scoring)
    with progress_bar("Asking", "questions", before="Reading the questions") as show:
        return evaluate_vqa(asked, model, answers, prompt=words, workers=workers, progress=show, **scoring)
