"""Encoders: images and texts to vectors of one space, whatever model they come from."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rsvlm.models.errors import ModelError
from rsvlm.models.protocol import Encoder, Image, Reranker, TextEncoder

if TYPE_CHECKING:
    from rsvlm.models.loading import load_encoder
    from rsvlm.models.presets import Preset, encoder_presets
    from rsvlm.models.runtime import TorchEncoder
    from rsvlm.models.sentences import SentenceEncoder, load_reranker, load_sentence_encoder
    from rsvlm.models.stream import Encoded, encode_stream

_HOMES = {
    "Encoded": "stream",
    "Preset": "presets",
    "SentenceEncoder": "sentences",
    "TorchEncoder": "runtime",
    "encode_stream": "stream",
    "encoder_presets": "presets",
    "load_encoder": "loading",
    "load_reranker": "sentences",
    "load_sentence_encoder": "sentences",
}

__all__ = [
    "Encoded",
    "Encoder",
    "Image",
    "ModelError",
    "Preset",
    "Reranker",
    "SentenceEncoder",
    "TextEncoder",
    "TorchEncoder",
    "encode_stream",
    "encoder_presets",
    "load_encoder",
    "load_reranker",
    "load_sentence_encoder",
]


def __getattr__(name: str) -> Any:
    """Import what needs torch when it is first used."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
