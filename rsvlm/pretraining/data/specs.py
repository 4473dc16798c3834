"""What names a source: its place, its columns and its weight, from an argument or a file of several."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rsvlm.datasets.splits import SPLITS, split_name
from rsvlm.errors import one_line
from rsvlm.pretraining.errors import PretrainingError, first_fault
from rsvlm.vocabularies.errors import VocabularyError
from rsvlm.vocabularies.vocabulary_files import YAML_SUFFIXES
from rsvlm.vocabularies.yaml_files import LARGEST_FILE, load_yaml

from .reading import read_pairs_source
from .sources import PairsSource

LISTS = (*YAML_SUFFIXES, ".txt")
"""Of the files that a vocabulary may be."""

_WEIGHT = re.compile(r"(.+):(-?\d+(?:\.\d+)?)")


class SourceSpec(BaseModel):
    """A source of pairs as a user names it; see `read_pairs_source` for the fields.

    Attributes:
        data: Its place.
        weight: Its share among the sources, in relation to theirs; None for all: each example counts once.
        licence: Of examples that state none of their own, for the model card.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    data: str
    weight: float | None = Field(default=None, gt=0)
    licence: str | None = None
    image_column: str | None = None
    caption_column: str | None = None
    label_column: str | None = None
    vocabulary: str | None = None
    templates: str | tuple[str, ...] | None = None
    split: str | None = None
    streaming: bool = False
    sensor: str | None = None
    bands: tuple[str, ...] | None = None
    stretch: str = "auto"

    def source(self, *, offline: bool = False) -> PairsSource:
        """Open it (`PretrainingError`); with `offline` nothing is fetched for it."""
        fields = self.model_dump(exclude={"data", "weight", "licence"})
        return read_pairs_source(self.data, **fields, offline=offline)


def weighted(argument: str) -> SourceSpec:
    """Read "pairs/" or "pairs/:0.5", a source and its weight."""
    found = _WEIGHT.fullmatch(argument)
    if found is None or Path(argument).exists():
        return SourceSpec(data=argument)
    if float(found[2]) <= 0:
        raise PretrainingError(f"{found[1]}: its weight is {found[2]}: give one above 0")
    return SourceSpec(data=found[1], weight=float(found[2]))


def read_specs(file: Path, root: Path | None = None) -> list[SourceSpec]:
    """Read a YAML list of sources, each with `data` and what else of `SourceSpec` it needs.

    The file of a vocabulary may lie beside the list.

    Args:
        file: The list.
        root: The folder that places in it start from; None: that of the file.

    Raises:
        PretrainingError: It cannot be read, or an entry has a field that there is not.
    """
    try:
        with file.open("rb") as opened:
            content = load_yaml(opened.read(LARGEST_FILE + 1), str(file), "list of sources")
    except VocabularyError as error:
        raise PretrainingError(str(error)) from None
    except OSError as error:
        raise PretrainingError(f"{file}: cannot be read ({one_line(error)})") from None
    if not isinstance(content, list) or not content:
        raise PretrainingError(f"{file}: is no list of sources, such as `- data: pairs/`")
    base = file.parent if root is None else root
    return [_placed(_spec(file, entry), base, file.parent) for entry in content]


def read_arguments(
    given: Iterable[str], columns: Mapping[str, Any] | None = None, root: Path | None = None
) -> list[SourceSpec]:
    """Read sources as arguments name them; those of a .yaml have columns of their own.

    Args:
        given: "pairs/", "pairs/:0.5" or "several.yaml".
        columns: Fields of the sources that are in no .yaml.
        root: The folder that places in a .yaml start from; None: its own.

    Raises:
        PretrainingError: A .yaml cannot be read, or a weight is 0.
    """
    found = []
    for one in given:
        if Path(one).suffix.lower() in YAML_SUFFIXES:
            found += read_specs(Path(one), root)
        else:
            found.append(weighted(one).model_copy(update=columns))
    return found


def replayed(given: str, root: Path | None = None) -> tuple[SourceSpec, float]:
    """Read "old/:0.5", a source that is replayed and its share of a batch; a .yaml has one source.

    Raises:
        PretrainingError: There is no such share, or there are several sources.
    """
    place, _, share = given.rpartition(":")
    try:
        part = float(share)
    except ValueError:
        part = 0.0
    if not place or not 0 < part < 1:
        raise PretrainingError(f"--replay {given}: write DATASET:SHARE, such as old.parquet:0.5")
    sources = read_arguments([place], root=root)
    if len(sources) > 1:
        raise PretrainingError(
            f"--replay {given}: lists {len(sources)} sources; give each a --replay of its own"
        )
    return sources[0], part


def with_weights(specs: Iterable[SourceSpec]) -> list[tuple[SourceSpec, float | None]]:
    """Return sources with their weights: where one is given, those that have none have 1."""
    listed = list(specs)
    given = any(spec.weight is not None for spec in listed)
    return [(spec, (spec.weight or 1.0) if given else None) for spec in listed]


def _spec(file: Path, entry: object) -> SourceSpec:
    try:
        return SourceSpec.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "extra_forbidden":
            known, field = ", ".join(SourceSpec.model_fields), ".".join(map(str, first["loc"]))
            raise PretrainingError(f"{file}: {field}: there is no such key; there are {known}") from None
        what = first_fault(error, lambda place: ".".join(map(str, place)) or "an entry")
        raise PretrainingError(f"{file}: {what}") from None


def _placed(spec: SourceSpec, base: Path, beside: Path) -> SourceSpec:
    words = beside / (spec.vocabulary or "")
    if words.suffix in LISTS and words.is_file():
        spec = spec.model_copy(update={"vocabulary": str(words)})
    if spec.data.startswith("hf:") or Path(spec.data).is_absolute():
        return spec
    return spec.model_copy(update={"data": str(base / spec.data)})


def set_name(place: str) -> str:
    """What a data set is called by where it lies: eurosat, of eurosat/train.parquet."""
    path = PurePath(place.removeprefix("hf:"))
    return path.parent.name if path.parent.name and split_name(path.stem) in SPLITS else path.stem
