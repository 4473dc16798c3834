"""`rsvlm ask`: a question about an image, answered with evidence."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from .common import AsJson, Debug, Offline, console, print_json, results, tell
from .cutting import Bands, Sensor
from .encoders import Device, Precision, Weights, load_maker
from .generators import GeneratorName, Options
from .generators import load as load_generator

Image = Annotated[str, typer.Argument(metavar="IMAGE", help="The image: a file; - for none.")]
Question = Annotated[str, typer.Argument(metavar="QUESTION", help="In your words.")]
Second = Annotated[
    str | None, typer.Option("--second", help="A second image, to be compared with the first.")
]
Knowledge = Annotated[
    str, typer.Option(help="Folder of a knowledge base; built-in: the small one that ships; none.")
]
EncoderName = Annotated[
    str | None, typer.Option("--encoder", help="Image-text model. (default: the one that made the base)")
]
Alpha = Annotated[
    float | None,
    typer.Option(help="How much the picture counts beside words, 0 to 1. (default: 0.5)", min=0, max=1),
]
K = Annotated[
    int | None, typer.Option("-k", help="Pieces of evidence that a generator is given. (default: 5)", min=1)
]
Types = Annotated[
    list[str] | None, typer.Option("--type", help="Evidence of this type only; may be given several times.")
]
Prompt = Annotated[Path | None, typer.Option(help="A file with the words that a generator is asked with.")]
ShowPrompt = Annotated[
    bool, typer.Option("--show-prompt", help="Also show what the generator was asked.", metavar="")
]


def ask(
    image: Image,
    question: Question,
    second: Second = None,
    knowledge: Knowledge = "built-in",
    generator: GeneratorName = None,
    options: Options = None,
    encoder: EncoderName = None,
    weights: Weights = None,
    alpha: Alpha = None,
    k: K = None,
    types: Types = None,
    prompt: Prompt = None,
    show_prompt: ShowPrompt = False,
    sensor: Sensor = None,
    bands: Bands = None,
    device: Device = "auto",
    precision: Precision = "auto",
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Ask about an image. The answer cites what it rests on, or says that it does not know.

    [bold]With what ships inside[/bold]
      rsvlm ask scene.tif "What is this, and is there any water?"
      rsvlm ask before.tif "What has changed?" --second after.tif
      rsvlm ask - "What is a solar farm mistaken for?"

    [bold]With your own knowledge[/bold]
      rsvlm ask scene.tif "How many storage tanks are there?" --knowledge knowledge/

    [bold]With a vision-language model[/bold]
      rsvlm ask scene.tif "What crop grows here?" --knowledge knowledge/ --generator hf:Qwen/Qwen2.5-VL-7B-Instruct
      rsvlm ask scene.tif "What crop grows here?" --generator http://localhost:8000/v1#Qwen/Qwen2.5-VL-7B-Instruct

    Exit codes: 0 answered, 3 "I don't know", 2 bad input, 1 failed work.
    """
    from rsvlm.imagery.sensors import load_sensor
    from rsvlm.rag import VisualQuestionAnswerer

    if image == "-" and second is not None:
        raise typer.BadParameter(
            "--second: there is no first image to compare it with; name it in place of -"
        )
    if generator is None:
        _check_unused({
            "--set": options, "--alpha": alpha, "-k": k, "--prompt": prompt, "--show-prompt": show_prompt or None,
        })  # fmt: skip
    if sensor is not None:
        load_sensor(sensor)  # a wrong name is told before a model is loaded
    loaded = _encoder(encoder, knowledge, weights, device, precision, offline)
    asked = None if generator is None else load_generator(generator, offline, options)
    with console.status("Opening the knowledge base"):
        answerer = VisualQuestionAnswerer(
            knowledge, loaded, asked, alpha=0.5 if alpha is None else alpha, k=k or 5, types=types or (), prompt=prompt,
            sensor=sensor, bands=bands,
        )  # fmt: skip
    images = [one for one in (None if image == "-" else image, second) if one is not None]
    with console.status("Looking"):
        [answer] = answerer.ask_many([(images or None, question)])
    if answer.error is not None:  # bad input, unless a generator was asked
        raise ValueError(answer.error) if answer.prompt is None else RuntimeError(answer.error)
    if as_json:
        print_json({**answer.to_dict(), "prompt": answer.prompt})
    else:
        _show(answer, show_prompt)
    if answer.abstained:
        raise typer.Exit(3)


def _check_unused(given: dict[str, Any]) -> None:
    """Refuse what the composer has no use for."""
    for name, value in given.items():
        if value is not None and value != []:
            raise typer.BadParameter(
                f"{name} is for generators, and the built-in composer answers: add --generator"
            )


def _encoder(
    name: str | None, knowledge: str, weights: Any, device: str, precision: str, offline: bool
) -> Any:
    """What looks at images: the one that was named, or that of the base."""
    from rsvlm.models.shipped import DEFAULT
    from rsvlm.rag import KnowledgeBase

    own = None if knowledge in ("built-in", "none") else KnowledgeBase(knowledge).record.encoder
    made_by = DEFAULT if own is None else own.name
    return load_maker("base", made_by, name, weights, device, precision, None, offline)


def _show(answer: Any, show_prompt: bool) -> None:
    """Print an answer for people: on stdout, so that it can be piped; evidence and notes on stderr."""
    tell(answer.text, on=results)
    if answer.confidence is not None:
        sure = min(answer.confidence, 0.99)  # no encoder is sure to 100 %
        tell(f"{sure:.0%} sure", "dim")
    for one in answer.evidence:
        place = f", {one.km:,.1f} km away" if one.km is not None else ""
        tell(Text.assemble((f"\n[{one.number}]", "bold"), f" {one.title}", (place, "dim")))
        tell(Text.assemble("    ", _marked(one)))
    for note in answer.notes:
        tell(note, "yellow")
    if show_prompt and answer.prompt is not None:
        tell(f"\n{answer.prompt}", "dim")


def _marked(one: Any) -> Text:
    """The text of evidence, with what is quoted from it in bold."""
    text, quote = one.chunk.text, one.quote
    if not quote or quote not in text:
        return Text(text)
    before, _, after = text.partition(quote)
    return Text.assemble(before, (quote, "bold"), after)
