"""What a knowledge base says of itself: `knowledge.json`, written last; and what a folder of one is told by."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from rsvlm.files import write_json
from rsvlm.retrieval.manifest import NAME as INDEX
from rsvlm.retrieval.manifest import EncoderRecord

from .errors import RagError

NAME = "knowledge.json"
TEXTS, PICTURES, WORDS = "texts", "pictures", "words"
"""Folders of a base: chunks with their sentence vectors; pictures; texts of chunks without one, by the encoder of
pictures."""
LOCK = ".knowledge.lock"


class SourceRecord(BaseModel):
    """A source as it was when it was last read.

    Attributes:
        name: Path of it.
        kind: What it was found to be.
        digest: Of its contents.
        licence: That was named for what does not say its own; None: none was.
        chunks: How many it gave.
        problems: How many files or rows of it could not be read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: str
    digest: str
    licence: str | None = None
    chunks: int = 0
    problems: int = 0


class Record(BaseModel):
    """What a base consists of.

    Attributes:
        rsvlm: Version that wrote it.
        encoder: What pictures, and texts that pictures find, were encoded by; None: pictures play no part in it.
        sources: In the order in which they were added.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rsvlm: str
    encoder: EncoderRecord | None
    sources: tuple[SourceRecord, ...] = ()


def is_base(folder: Path) -> bool:
    """Whether a folder is a base, also one that was stopped while it was made.

    Its record alone does not tell: a table may be called so, too.
    """
    texts = folder / TEXTS
    return ((folder / NAME).is_file() and (texts / INDEX).is_file()) or (
        (folder / LOCK).is_file() and texts.is_dir()
    )


def read_record(folder: Path) -> Record:
    """Read what a base says of itself.

    Raises:
        RagError: It is no base, or a damaged one.
    """
    file = folder / NAME
    try:
        return Record.model_validate_json(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RagError(
            f"{folder}: is no knowledge base (it has no {NAME}): make one with `rsvlm knowledge build`"
        ) from None
    except (OSError, ValidationError, ValueError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        newer = isinstance(error, ValidationError) and error.errors()[0]["type"] == "extra_forbidden"
        remedy = (
            "update rsvlm, if a newer one made the base, or build it anew" if newer else "build the base anew"
        )
        raise RagError(f"{file}: cannot be read ({reason}): {remedy}") from None


def write_record(folder: Path, record: Record) -> None:
    """Write it, whole or not at all."""
    write_json(folder / NAME, record.model_dump(mode="json"), indent=1)
