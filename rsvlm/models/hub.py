"""The Hugging Face hub: what is in this machine's cache of it, and, only where the user named it, fetching."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from rsvlm.errors import one_line
from rsvlm.models.errors import ModelError

_TRUE = {"1", "on", "true", "yes"}

ADAPTER_RECORD = "rsvlm_adapter.json"
"""What makes a folder an adapter of rsvlm's."""

OPEN_CLIP_CONFIG = "open_clip_config.json"
OPEN_CLIP_WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
)
TRANSFORMERS_WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)


def is_offline(offline: bool) -> bool:
    """Whether fetching is off: by the argument, or by the environment variables that the hub's own client heeds."""
    return offline or any(
        os.environ.get(name, "").lower() in _TRUE for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    )


def cache_folder() -> Path:
    """Where the hub's client keeps what it fetched; `HF_HUB_CACHE` and `HF_HOME` move it."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def cached(repository: str, names: Iterable[str]) -> Path | None:
    """Return the first of these files of a repository that is in the cache, None where there is none."""
    from huggingface_hub import try_to_load_from_cache

    for name in names:
        found = try_to_load_from_cache(repository, name)
        if isinstance(found, str):
            return Path(found)
    return None


def commit_of(path: Path) -> str | None:
    """Return the commit that a file or folder in the hub's cache belongs to, None for any other."""
    for folder in (path, *path.parents):
        if folder.parent.name == "snapshots" and folder.parent.parent.name.startswith("models--"):
            return folder.name
    return None


def hub_file(repository: str, names: Sequence[str], *, offline: bool) -> Path:
    """Return the first of these files that a repository has: from the cache, else fetched.

    Raises:
        ModelError: It is not in the cache and fetching is off, or it cannot be fetched.
    """
    found = cached(repository, names)
    if found is not None:
        return found
    _refuse_offline(repository, offline)
    present = _listed(repository)
    name = next((name for name in names if name in present), None)
    if name is None:
        raise ModelError(f"the hub's {repository} has none of {', '.join(names)}")
    return _fetched(repository, name)


def named_file(name: str, *, offline: bool) -> Path:
    """Return the file that "hf:owner/model/path/to/file" names: from the cache, else fetched.

    Raises:
        ModelError: It names none, or it is not in the cache and fetching is off, or it cannot be fetched.
    """
    owner, _, rest = name.removeprefix("hf:").partition("/")
    model, _, file = rest.partition("/")
    if not (owner and model and file):
        raise ModelError(f"{name} names no file on the hub: write hf:owner/model/file")
    return hub_file(f"{owner}/{model}", [file], offline=offline)


def hub_folder(repository: str, *, offline: bool) -> Path:
    """Return a folder with a repository's configuration, tokenizer and weights: from the cache, else fetched.

    Raises:
        ModelError: It is not in the cache and fetching is off, or it cannot be fetched.
    """
    complete = cached(repository, OPEN_CLIP_WEIGHTS) or cached(repository, TRANSFORMERS_WEIGHTS)
    if complete is not None:
        return complete.parent
    _refuse_offline(repository, offline)
    paths = [_fetched(repository, name) for name in _needed(_listed(repository))]
    if not paths:
        raise ModelError(f"the hub's {repository} holds no open_clip or transformers model")
    return paths[0].parent


def tokenizer_folder(repository: str, *, offline: bool) -> Path:
    """Return a folder with a repository's configuration and tokenizer, without weights."""
    found = cached(repository, ("tokenizer_config.json", "tokenizer.json"))
    if found is not None:
        return found.parent
    _refuse_offline(repository, offline)
    paths = [_fetched(repository, name) for name in _listed(repository) if _is_small(name)]
    if not paths:
        raise ModelError(f"the hub's {repository} has no tokenizer")
    return paths[0].parent


def _refuse_offline(repository: str, offline: bool) -> None:
    if is_offline(offline):
        raise ModelError(
            f"{repository} is not on this machine (looked in {cache_folder()}) and fetching is off: "
            "run once without offline and HF_HUB_OFFLINE, or copy that folder from a machine that has it"
        )


def _listed(repository: str) -> list[str]:
    from huggingface_hub import HfApi

    try:
        return list(HfApi().list_repo_files(repository))
    except Exception as error:  # the client's own, its HTTP library's and the system's
        raise ModelError(f"{repository} cannot be reached on the hub: {one_line(error)}") from error


def _fetched(repository: str, name: str) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(repository, name))
    except Exception as error:  # the client's own, its HTTP library's and the system's
        raise ModelError(
            f"{name} of {repository} cannot be fetched from the hub: {one_line(error)}"
        ) from error


def _needed(names: Sequence[str]) -> list[str]:
    """The files to fetch, weights in one format only, and last, so that a folder with weights is a whole one."""
    candidates = OPEN_CLIP_WEIGHTS if OPEN_CLIP_CONFIG in names else TRANSFORMERS_WEIGHTS
    weights = next((name for name in candidates if name in names), None)
    if weights is None:
        return []
    stem = weights.removesuffix(".index.json")
    parts = [name for name in names if name.startswith(f"{stem.rpartition('.')[0]}-")]
    shards = parts if weights.endswith(".index.json") else []
    return [name for name in names if _is_small(name) and name != weights] + shards + [weights]


def _is_small(name: str) -> bool:
    return "/" not in name and name.endswith((".json", ".txt", ".model")) and not name.endswith(".index.json")
