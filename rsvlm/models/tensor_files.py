"""Weights written as safetensors: whole or not at all, and as readable as any other file."""

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from rsvlm.files import atomic_write


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


def _told(path: Path, error: SafetensorError) -> OSError:
    """What the system said, a full disk for instance; safetensors has the number of it in its words alone."""
    told = OSError(f"{path}: cannot be written ({error})")
    number = re.search(r"os error (\d+)", str(error))
    told.errno = int(number[1]) if number else None
    return told
