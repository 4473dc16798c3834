"""Generators: a prompt and images to a text, by a model here, an endpoint, or a function."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rsvlm.models.generators.asking import ask_all
from rsvlm.models.generators.errors import GenerationError
from rsvlm.models.generators.functions import FunctionGenerator, as_generator
from rsvlm.models.generators.loading import load_generator
from rsvlm.models.generators.protocol import Answer, Generator, Request, Totals

if TYPE_CHECKING:
    from rsvlm.models.generators.cache import AnswerCache, CachedGenerator
    from rsvlm.models.generators.endpoint import EndpointGenerator
    from rsvlm.models.generators.huggingface import HuggingFaceGenerator

_HOMES = {
    "AnswerCache": "cache",
    "CachedGenerator": "cache",
    "EndpointGenerator": "endpoint",
    "HuggingFaceGenerator": "huggingface",
}

__all__ = [
    "Answer",
    "AnswerCache",
    "CachedGenerator",
    "EndpointGenerator",
    "FunctionGenerator",
    "GenerationError",
    "Generator",
    "HuggingFaceGenerator",
    "Request",
    "Totals",
    "as_generator",
    "ask_all",
    "load_generator",
]


def __getattr__(name: str) -> Any:
    """Import what needs more than the standard library when it is first used."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
