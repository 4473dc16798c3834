"""Which release of AgroMind some question files are: by their content, else by how many questions there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

import yaml

V1 = "v1"


@dataclass(frozen=True)
class Release:
    """A release, or what resembles one.

    Attributes:
        name: "v1"; "part of v1" where files are missing; "v2 by its count"; "unknown".
        items: How many questions there are.
        digest: sha256 over the content of all files.
    """

    name: str
    items: int
    digest: str

    @property
    def comparable(self) -> bool:
        """Whether published numbers are of the same questions."""
        return self.name == V1

    @property
    def note(self) -> str:
        """What a reader of numbers must know; empty for the whole of v1."""
        if self.comparable:
            return ""
        return (
            f"the questions are not those of AgroMind v1 but {self.name} ({self.items} questions, sha256 "
            f"{self.digest[:16]}): numbers published for v1 are of others"
        )


@cache
def _known() -> tuple[dict[str, str], dict[int, str]]:
    """The start of the hash of each file of v1, and the names of later releases by their counts."""
    known = yaml.safe_load(files(__package__).joinpath("releases.yaml").read_text(encoding="utf-8"))
    return known[V1], known["counts"]


def identify_release(hashes: Mapping[str, str], items: int) -> Release:
    """Say what release files are of.

    Args:
        hashes: File name without ".json" -> sha256 of its content, as `read_agromind` makes it.
        items: How many questions they have together.
    """
    v1, counts = _known()
    digest = sha256("".join(f"{file} {hashes[file]}\n" for file in sorted(hashes)).encode()).hexdigest()
    if all(file in v1 and value.startswith(v1[file]) for file, value in hashes.items()):
        name = V1 if len(hashes) == len(v1) else f"part of {V1}"
    else:
        name = f"{counts[items]} by its count" if items in counts else "unknown"
    return Release(name, items, digest)
