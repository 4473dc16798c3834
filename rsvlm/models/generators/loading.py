"""`load_generator`: from what the user calls a model to a generator."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rsvlm.models.errors import ModelError
from rsvlm.models.generators.cache import AnswerCache, CachedGenerator
from rsvlm.models.generators.functions import as_generator
from rsvlm.models.generators.protocol import Generator

OPENAI = "https://api.openai.com/v1"
FORMS = (
    "a folder with a model of transformers, hf:owner/model, http://localhost:8000/v1#MODEL (any OpenAI-compatible "
    "endpoint), openai:MODEL, or a function (prompt, images) -> str"
)

HERE = frozenset({"device", "precision", "quantization", "batch_size", "template_options"})
"""Options of models that run here."""

ELSEWHERE = frozenset(
    {
        "key_variable",
        "timeout",
        "retries",
        "first_wait",
        "longest_wait",
        "workers",
        "price_in",
        "price_out",
        "extra",
    }
)
"""Options of endpoints."""

BOTH = frozenset({"max_tokens", "temperature", "seed", "image_side"})


def load_generator(
    spec: str | os.PathLike[str] | Generator | Callable[..., str],
    *,
    cache: bool | str | os.PathLike[str] = True,
    offline: bool = False,
    **options: Any,
) -> Generator:
    """Load a model that answers prompts, with pictures or without, by text.

    Args:
        spec: One of

            - a folder with an image-text-to-text or causal language model of Hugging Face transformers
            - "hf:owner/model": the same from the hub, fetched when not in its cache
            - "http://localhost:8000/v1#MODEL": an OpenAI-compatible endpoint, and the model's name there
            - "openai:MODEL": the endpoint of `OPENAI_BASE_URL`, else OpenAI's own, with the key in `OPENAI_API_KEY`
            - a generator, or a function `(prompt, images) -> str`, which is returned as a generator
        cache: Whether answers are kept, so that a rerun pays nothing: in the user's cache folder, or the folder
            named here. Functions and generators of others are not cached.
        offline: Fetch nothing, and refuse endpoints that are not on this machine.
        **options: Settings of the generator; None is the default. For all: max_tokens (512), temperature (0),
            seed (0), image_side (1536). For models that run here: device, precision, quantization ("4bit"),
            batch_size, template_options. For endpoints: key_variable (the NAME of the environment variable with the
            key), timeout (120 s for one try), retries (3), first_wait (1 s) and longest_wait (60 s)
            between tries, workers (8), price_in, price_out (of a million tokens),
            extra (fields of the request).

    Raises:
        ModelError: There is no such model, it cannot be loaded, or an option does not belong to it.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if not isinstance(spec, str | os.PathLike):
        _check_options(given, frozenset(), "a function or a generator of one's own")
        return as_generator(spec)
    name = os.fspath(spec)
    if name.startswith(("http://", "https://", "openai:")):
        generator: Generator = _endpoint(name, given, offline)
    else:
        generator = _model(name, given, offline)
    if cache is False:
        return generator
    return CachedGenerator(generator, AnswerCache(None if cache is True else Path(cache)))


def _endpoint(name: str, options: dict[str, Any], offline: bool) -> Any:
    from rsvlm.models.generators.endpoint import EndpointGenerator

    _check_options(options, BOTH | ELSEWHERE, "an endpoint")
    if name.startswith("openai:"):
        address, model = os.environ.get("OPENAI_BASE_URL") or OPENAI, name.removeprefix("openai:")
        options = {"key_variable": "OPENAI_API_KEY", **options}
    else:
        address, _, model = name.partition("#")
    return EndpointGenerator(address, model, offline=offline, **options)


def _model(name: str, options: dict[str, Any], offline: bool) -> Any:
    _check_options(options, BOTH | HERE, "a model that runs here")
    if not name.startswith("hf:") and not Path(name).is_dir():
        raise ModelError(f"there is no generator {name!r}: name {FORMS}")
    if name.startswith("hf:") and name.count("/") != 1:
        raise ModelError(f"{name!r} names no model of the hub: write hf:owner/model")
    try:
        from rsvlm.models.generators.huggingface import HuggingFaceGenerator
        from rsvlm.models.generators.weights import hub_snapshot

        repository = name.removeprefix("hf:")
        folder = hub_snapshot(repository, offline=offline) if name.startswith("hf:") else Path(name)
        return HuggingFaceGenerator(name, folder, **options)
    except ImportError as error:
        raise ModelError(
            f"models that run here need PyTorch and transformers ({error}): pip install 'rsvlm[cpu]' or 'rsvlm[gpu]'"
        ) from error


def _check_options(options: Mapping[str, Any], known: frozenset[str], what: str) -> None:
    foreign = sorted(set(options) - known)
    if foreign:
        names = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
        raise ModelError(f"{', '.join(foreign)} is no option of {what}: {names}")
