"""The versions of the libraries that decide vectors, for the record."""

import platform
from importlib import metadata


def versions(*distributions: str) -> dict[str, str]:
    """Return the versions of what decides the vectors: Python, rsvlm, torch, Pillow, and those named."""
    names = ("rsvlm", "torch", "pillow", *distributions)
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {"python": platform.python_version(), **found}
