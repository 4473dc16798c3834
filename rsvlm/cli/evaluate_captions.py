"""`rsvlm eval captions`: captions, given or asked for, held against those of people or against labels."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .common import AsJson, Debug, Offline
from .encoders import BatchSize, Device, Precision, Weights
from .encoders import load as load_encoder
from .evaluate import Cache, Split
from .evaluate_answers import Synonyms
from .evaluation_output import Out, finish
from .generators import Answers, GeneratorName, Options, Workers, check_asking, load, refuse_idle
from .progress import counting_bar, progress_bar
from .stopping import goes_on


def captions(
    predictions: Annotated[
        Path | None,
        typer.Argument(help="Lines of JSON: image, prediction. Not needed where a generator writes them."),
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Captions written by people: parquet, csv or Karpathy .json.")
    ] = None,
    facts: Annotated[
        Path | None, typer.Option(help="A pairs dataset: captions of its chips are held against its labels.")
    ] = None,
    split: Split = None,
    generator: GeneratorName = None,
    answers: Answers = None,
    prompt: Annotated[
        str | None,
        typer.Option(help="What is asked: a text, or a file of one. (default: asks for a sentence)"),
    ] = None,
    workers: Workers = None,
    options: Options = None,
    convention: Annotated[str, typer.Option(help="coco, or rs-rag for one caption an image.")] = "coco",
    synonyms: Synonyms = True,
    encoder: Annotated[
        str | None,
        typer.Option(help="Adds CLIPScore and RefCLIPScore by this encoder; the paper's is ViT-B-32/openai."),
    ] = None,
    weights: Weights = None,
    cache: Cache = None,
    reading: Annotated[
        str | None,
        typer.Option(
            help="How captions are read against labels: natural-rewritten (objects) or chatearthnet-rewritten (land "
            "cover). (default: by what the labels hold)"
        ),
    ] = None,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = None,
    out: Out = None,
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Score captions against those of people, or against the labels of a pairs dataset; a model may write them first.

    rsvlm eval captions captions.jsonl --data dataset_rsicd.json --split test
    rsvlm eval captions captions.jsonl --data dataset_rsicd.json --split test --encoder ViT-B-32/openai
    rsvlm eval captions --generator hf:OWNER/MODEL --answers said.jsonl --data dataset_rsicd.json --split test
    rsvlm eval captions captions.jsonl --facts pairs/
    """
    kept = check_asking(generator, answers)
    goes_on(when=generator is not None or cache is not None)
    if (data is None) == (facts is None) or (predictions is None) == (kept is None):
        raise typer.BadParameter("give --data or --facts, and PREDICTIONS or --answers")
    if facts is not None and (encoder is not None or split is not None):
        raise typer.BadParameter("--encoder and --split go with --data, not with --facts")
    idle = {"--prompt": prompt, "--workers": workers, "--set": options or None}
    refuse_idle(idle if generator is None else {}, "--generator")
    asking = (generator, kept, prompt, workers, offline, options)
    if facts is not None:
        finish(_factuality(facts, predictions, reading, asking), out, as_json)
        return
    from rsvlm.datasets import read_eval_set
    from rsvlm.eval.clipscore_captions import add_clip_scores

    eval_set = read_eval_set(str(data), split=split)
    model = (
        None if encoder is None else load_encoder(encoder, weights, device, precision, batch_size, offline)
    )
    result = _likeness(eval_set, predictions, asking, convention=convention, synonyms=synonyms)
    if model is not None:
        with counting_bar("Encoding", "images", total=len(eval_set)) as step:
            add_clip_scores(result, eval_set, model, cache=cache, progress=step)
    finish(result, out, as_json)


_Asking = tuple[str | None, Path | None, str | None, int | None, bool, list[str] | None]
"""Generator, file of answers, prompt, workers, whether to stay offline, and settings."""


def _likeness(eval_set: Any, predictions: Any, asking: _Asking, **scoring: Any) -> Any:
    """Captions against those of people."""
    from rsvlm.eval.asking import evaluate_captioner, read_kept
    from rsvlm.eval.captions import evaluate_captions

    generator, kept, prompt, workers, offline, options = asking
    if kept is None:
        return evaluate_captions(predictions, eval_set, **scoring)
    if generator is None:
        said, errors = read_kept(kept)
        return evaluate_captions(said, eval_set, errors=errors, **scoring)
    words, model = _prompt(prompt), load(generator, offline, options)
    with progress_bar("Asking", "captions", before="Reading the images") as show:
        return evaluate_captioner(
            eval_set, model, kept, prompt=words, workers=workers, progress=show, **scoring
        )


def _factuality(facts: Path, predictions: Any, reading: str | None, asking: _Asking) -> Any:
    """Captions against the labels of the chips that they are of."""
    from rsvlm.captioning.dataset import open_dataset
    from rsvlm.eval.asking import read_kept
    from rsvlm.eval.factuality import evaluate_captioner_facts, evaluate_factuality

    generator, kept, prompt, workers, offline, options = asking
    pairs = open_dataset(facts)
    if kept is None:
        return evaluate_factuality(predictions, pairs, reading=reading)
    if generator is None:
        said, errors = read_kept(kept)
        return evaluate_factuality(said, pairs, errors=errors, reading=reading)
    words, model = _prompt(prompt), load(generator, offline, options)
    with progress_bar("Asking", "captions", before="Reading the chips") as show:
        return evaluate_captioner_facts(
            pairs, model, kept, prompt=words, reading=reading, workers=workers, progress=show
        )


def _prompt(given: str | None) -> Any:
    from rsvlm.eval.asking import CAPTION_PROMPT, read_prompt

    return CAPTION_PROMPT if given is None else read_prompt(given, question=False)
