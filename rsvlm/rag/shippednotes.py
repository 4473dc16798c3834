"""The texts that come with rsvlm: what scenes and land covers look like from above, with sources."""

from importlib.resources import files
from pathlib import Path, PurePosixPath

NAME = "built-in"
"""What they are called among sources, and the base that is made of them alone."""


def shipped_notes() -> Path:
    """Their folder; rsvlm is always unpacked, as the weights that ship are files, too."""
    return Path(str(files("rsvlm.rag") / "seen-from-above"))


def is_of_no_place(source: str) -> bool:
    """Whether a chunk is of these texts, which speak of no place in particular."""
    return PurePosixPath(source).name == shipped_notes().name
