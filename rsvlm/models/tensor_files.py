"""Weights as safetensors: written whole or not at all, and as readable as any other file; and read."""

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from rsvlm.errors import one_line
from rsvlm.files import atomic_write
from rsvlm.models.errors import ModelError


def write_tensors(tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    """Write tensors of any device, shared storage or not, under their names."""
    # One storage a tensor: safetensors refuses shared ones.
    stored = {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}
    with atomic_write(path) as temporary:
        temporary.touch()
        mode = temporary.stat().st_mode
        try:
            save_file(stored, temporary)
        except SafetensorError as error:
            raise _told(path, error) from error
        temporary.chmod(mode)  # safetensors leaves files that their owner alone may read


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a file by their names.

    Raises:
        ModelError: It is missing, truncated or damaged.
    """
    try:
        return load_file(path)
    except Exception as error:  # its own, and the system's
        raise ModelError(f"{path}: is missing, truncated or damaged ({one_line(error)})") from None


def _told(path: Path, error: SafetensorError) -> OSError:
    """What the system said, a full disk for instance; safetensors has the number of it in its words alone."""
    told = OSError(f"{path}: cannot be written ({error})")
    number = re.search(r"os error (\d+)", str(error))
    told.errno = int(number[1]) if number else None
    return told
