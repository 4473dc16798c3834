"""The manifest of a pairs dataset: what it holds and how it was made; written last."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rsvlm.files import write_json

from ..errors import CaptioningError
from .credits import Credit

FILE = "manifest.json"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Counts(_Part):
    """How much the dataset holds.

    Attributes:
        shards: Numbered from 0.
        pairs: Rows; `images` of them have an image, `verified` a caption that passed the check.
        errors: Rows of errors.parquet.
        styles: Pairs that have a caption of each style.
    """

    shards: int = Field(ge=0)
    pairs: int = Field(ge=0)
    images: int = Field(ge=0)
    verified: int = Field(ge=0)
    errors: int = Field(ge=0)
    styles: dict[str, int]


class Manifest(_Part):
    """What `manifest.json` holds.

    Attributes:
        format: What this folder is, and the version of its layout.
        processing_id: Names the configuration that made it; the shards carry it too.
        config: That configuration.
        counts: How much there is.
        sources: Of imagery and labels, grouped by what their licences ask for.
        report: What else the run counted.
        versions: Of the programs that made it, by name.
    """

    format: Literal["rsvlm-pairs-1"] = "rsvlm-pairs-1"
    processing_id: str
    config: dict[str, Any]
    counts: Counts
    sources: list[Credit]
    report: dict[str, Any]
    versions: dict[str, str]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json`, which ends the making of a dataset."""
    write_json(folder / FILE, manifest.model_dump(mode="json"), indent=2)


def read_manifest(folder: Path) -> Manifest:
    """Read and check `manifest.json`.

    Raises:
        CaptioningError: The folder is no dataset, is unfinished, or its manifest is damaged or of another
        version.
    """
    if not folder.is_dir():
        raise CaptioningError(f"{folder}: is not a folder; name the folder of a pairs dataset")
    try:
        return Manifest.model_validate_json((folder / FILE).read_bytes())
    except FileNotFoundError:
        if (folder / "run.json").exists():
            raise CaptioningError(
                f"{folder}: is not finished; run the command that makes it again to go on where it stopped"
            ) from None
        raise CaptioningError(f"{folder}: is not a pairs dataset: it has no {FILE}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        if place == "format" and str(first["input"]).startswith("rsvlm-pairs-"):
            raise CaptioningError(
                f"{folder / FILE}: was written by a newer rsvlm (format {first['input']}; this one reads "
                "rsvlm-pairs-1): update rsvlm, or make the dataset again"
            ) from None
        raise CaptioningError(
            f"{folder / FILE}: {place}: {first['msg']}; make the dataset again, or use the rsvlm that made it"
        ) from None
