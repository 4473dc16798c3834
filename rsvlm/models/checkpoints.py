"""Weights files: what kind a file is, whether it is whole, and its tensors, without running anything in it.

Two formats are read: safetensors, and PyTorch's zip archive with `torch.load(weights_only=True)`, which builds
tensors and plain containers and nothing else. Everything else stops here with one line that says what the file is.
"""

import argparse
import pickle
import re
import zipfile
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file

from rsvlm.errors import one_line
from rsvlm.files import sha256_of
from rsvlm.models.errors import ModelError
from rsvlm.models.quiet import quiet

_OTHERS = (
    (b"version https://git-lfs", "a Git LFS pointer and not the weights: run git lfs pull, or download it"),
    (b"<", "a web page and not the weights: download the file itself"),
    (
        b"\x80",
        "a bare pickle or PyTorch's format of before 2020, which is not read: save it again as safetensors",
    ),
    (b"\x1f\x8b", "compressed with gzip: unpack it"),
    (b"\x89HDF", "an HDF5 file of another framework"),
    (b"\x93NUMPY", "a numpy array"),
)


class Checkpoint(NamedTuple):
    """What a weights file holds: nested containers of tensors, and the SHA-256 of its bytes in hexadecimal."""

    path: Path
    content: Any
    sha256: str

    @property
    def revision(self) -> str:
        """What identifies these weights in results and stores."""
        return f"sha256:{self.sha256[:16]}"


def read_checkpoint(path: str | PathLike[str]) -> Checkpoint:
    """Read a weights file onto the CPU. The tensors may be views of the file: copy them before it changes.

    Raises:
        ModelError: It is missing, empty, truncated, of another format, or holds more than tensors.
    """
    file = Path(path)
    try:
        kind = _kind(file)
        digest = sha256_of(file)
        content = _read_safetensors(file) if kind == "safetensors" else _read_archive(file)
    except OSError as error:
        raise ModelError(f"weights {file} cannot be read: {error.strerror or one_line(error)}") from error
    return Checkpoint(file, content, digest)


def _kind(file: Path) -> str:
    if file.is_dir():
        raise ModelError(f"weights {file} is a folder: name the weights file in it (.pt or .safetensors)")
    if not file.is_file():
        raise ModelError(f"weights {file} do not exist")
    with file.open("rb") as opened:
        head = opened.read(64)
    if not head:
        raise ModelError(f"weights {file} are empty (0 bytes): copy or download the file again")
    if head.startswith(b"PK\3\4"):
        return "archive"
    if head[8:9] == b"{":  # 8 bytes of header length, then JSON
        return "safetensors"
    what = next((words for magic, words in _OTHERS if head.lstrip().startswith(magic)), None)
    raise ModelError(
        f"weights {file}: it is {what}"
        if what
        else f"weights {file}: its first bytes are {head[:8]!r}, which is neither a PyTorch nor a safetensors file"
    )


def _read_safetensors(file: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(file)
    except Exception as error:  # its own, and what torch makes of types that it does not know
        raise ModelError(
            f"weights {file}: this safetensors file is truncated or damaged ({one_line(error)})"
        ) from error


def _read_archive(file: Path) -> Any:
    _check_archive(file)
    try:
        with quiet(), torch.serialization.safe_globals(_PLAIN):
            return torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        found = re.search(r"GLOBAL ([\w.]+)", str(error))
        if found is None:
            raise ModelError(f"weights {file} are truncated or damaged ({one_line(error)})") from error
        raise ModelError(
            f"weights {file} hold more than tensors ({found[1]}), which is refused because unpacking it could "
            "run code: save the model's state_dict alone, best as safetensors"
        ) from error
    except Exception as error:  # on damaged data, its C++ reader and its unpickler raise almost anything
        raise ModelError(f"weights {file} are truncated or damaged ({one_line(error)})") from error


def _check_archive(file: Path) -> None:
    """Refuse zip archives that are no PyTorch weights, or that unpack to more than their own size."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise ModelError(
            f"weights {file} are truncated or damaged: download or copy the file again"
        ) from error
    names = [member.filename for member in members]
    if any(name.endswith("/constants.pkl") for name in names):
        raise ModelError(
            f"weights {file} are a TorchScript archive, as OpenAI published CLIP, which holds code and is not run: "
            'name the model instead ("ViT-B-32/openai"), or save its state_dict() as safetensors'
        )
    if not any(name.endswith("/data.pkl") or name == "data.pkl" for name in names):
        inside = [name for name in names if name.endswith((".pt", ".pth", ".bin", ".safetensors"))]
        held = inside[0] if inside else (names[0] if names else "nothing")
        raise ModelError(
            f"weights {file} are a zip archive that holds {held} and not PyTorch weights: "
            f"{'unpack it and name the file inside' if inside else 'name the weights file'}"
        )
    size = sum(member.file_size for member in members)
    if size > 2 * file.stat().st_size + 2**20:
        raise ModelError(
            f"weights {file} unpack to {size:,} bytes, far more than the file has: it is refused"
        )


def _numpy_scalars() -> list[Any]:
    """What a float64 written by numpy unpickles through: schedulers leave such learning rates in checkpoints."""
    scalar = np.float64(0).__reduce__()[0]
    kinds = [type(np.dtype(code)) for code in ("f8", "f4", "i8", "i4", "?")]
    return [
        (scalar, "numpy.core.multiarray.scalar"),
        (scalar, "numpy._core.multiarray.scalar"),
        np.dtype,
        *kinds,
    ]


_PLAIN: list[Any] = [argparse.Namespace, *_numpy_scalars()]
"""Types beyond torch's own that only hold values; training loops store them beside the weights."""
