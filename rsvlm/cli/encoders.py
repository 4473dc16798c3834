"""Options of every command that takes an encoder, and loading it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from rsvlm.models.shipped import DEFAULT

from .common import console

EncoderName = Annotated[
    str,
    typer.Option(
        "--encoder", help="Image-text model: ViT-B-32/openai, remoteclip-vit-b-32, hf:OWNER/MODEL, a folder."
    ),
]
OwnEncoder = Annotated[
    str | None,
    typer.Option(
        "--encoder", help="Image-text model. (default: what made the index that is named, else built-in)"
    ),
]
MadeBy = Annotated[
    str | None,
    typer.Option("--encoder", help="What made it, where its name does not lead there: a folder that moved."),
]
Weights = Annotated[str | None, typer.Option(help="Weights file of --encoder: .pt or .safetensors.")]
MadeByWeights = Annotated[
    str | None,
    typer.Option("--weights", help="Weights file of the encoder that made it: .pt or .safetensors."),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:1.")]
Precision = Annotated[str, typer.Option(help="auto (measured once), fp32 or bf16.")]
BatchSize = Annotated[int | None, typer.Option(help="Pictures at a time. (default: by the device)", min=1)]


def named(name: str | None, *places: str | Path | None) -> str:
    """The encoder that is named; where none is, the one that made the index among some places, or the default."""
    from rsvlm.retrieval import Index, is_index

    if name is not None:
        return name
    found = [Path(place) for place in places if place is not None and is_index(Path(place))]
    return Index(found[0]).manifest.encoder.name if found else DEFAULT


def load(
    name: str, weights: str | None, device: str, precision: str, batch_size: int | None, offline: bool
) -> Any:
    """Load the encoder that the options name."""
    from rsvlm.models import load_encoder

    with console.status("Loading the encoder"):
        return load_encoder(
            name, weights=weights, device=device, precision=precision, batch_size=batch_size, offline=offline
        )


def load_maker(
    what: str, made_by: str, name: str | None, weights: str | None, device: str, precision: str, batch_size: int | None,
    offline: bool,
) -> Any:  # fmt: skip
    """Load the encoder of an index or a base: the one that is named, else what made it, where its name leads there."""
    from rsvlm.models import ModelError

    try:
        return load(name or made_by, weights, device, precision, batch_size, offline)
    except ModelError as error:
        if name is not None or isinstance(error.__cause__, ImportError):
            raise
        raise ModelError(f"the {what} was made by {made_by}: name that one by --encoder ({error})") from None


def load_judge(name: str, device: str, offline: bool) -> Any:
    """Load the cross-encoder that an option names."""
    from rsvlm.models import load_reranker

    with console.status("Loading the reranker"):
        return load_reranker(name, device=device, offline=offline)
