"""`manifest.json`: what an index consists of. It is written last, so that what it names is there and whole."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rsvlm.datasets.pairs import is_pairs_dataset
from rsvlm.files import atomic_write
from rsvlm.imagery.items import ChipOptions

from .errors import RetrievalError
from .kinds import Kind

NAME = "manifest.json"
CAPTIONS = "captions"
"""Folder below an index, of what its captions are found by; no part of it, and not named in its manifest."""
FORMAT = 1
"""Of the folder; a number for each way to store an index."""

MOST_ROWS = 2**40
_LARGEST = 2**24
"""Bytes of a manifest: it names parts, of which there are never many."""

PartName = Annotated[str, Field(pattern=r"^[0-9]{5,9}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileRecord(_Part):
    """A file as it was written: its size, and its SHA-256."""

    bytes: int = Field(ge=0)
    sha256: Digest


class Effort(_Part):
    """How far a search had to look for so many hits, found by measurement when the part was made.

    Attributes:
        hits: How many were wanted.
        effort: Cells that were looked into (nprobe), or candidates that were held (ef).
        recall: Share of the true hits that were found.
    """

    hits: int = Field(ge=1, le=10_000)
    effort: int = Field(ge=1, le=2**31)
    recall: float = Field(ge=0, le=1)


class StructureRecord(_Part):
    """Cells or a graph, for one sort of queries.

    Attributes:
        numbers: That a vector has in it: as many as it has, or fewer by a mapping.
        cells: How many; 0: it is a graph.
        pool: Times as many candidates are looked at as hits are wanted, because codes are not the vectors.
        queries: How many the efforts were measured with.
        efforts: By rising numbers of hits.
        both: The same where a picture is asked together with words; as `efforts` where it is empty.
        index: What faiss reads.
        map: What makes queries as short, (numbers - 1, dimension + 1) float32; None: they are not shorter.
    """

    numbers: int = Field(ge=1, le=65_536)
    cells: int = Field(ge=0, le=2**24)
    pool: int = Field(ge=1, le=10_000)
    queries: int = Field(ge=1, le=MOST_ROWS)
    efforts: Annotated[tuple[Effort, ...], Field(min_length=1, max_length=16)]
    both: Annotated[tuple[Effort, ...], Field(max_length=16)] = ()
    index: FileRecord
    map: FileRecord | None = None


class ApproximateRecord(_Part):
    """How a part is searched without looking at every vector.

    Attributes:
        kind: Cells (ivf), or a graph (hnsw) for pictures; and how vectors are coded.
        pictures: For queries by pictures alone: `pictures.faiss`, `pictures.map`.
        words: For queries with words in them, which lie farther from all images: `words.faiss`, `words.map`; None:
            there were no words to measure with, and for words every vector is compared.
    """

    kind: Kind
    pictures: StructureRecord
    words: StructureRecord | None

    @property
    def files(self) -> dict[str, FileRecord]:
        """Its files by their names."""
        found = {}
        for name, one in (("pictures", self.pictures), ("words", self.words)):
            if one is not None:
                found[f"{name}.faiss"] = one.index
                if one.map is not None:
                    found[f"{name}.map"] = one.map
        return found


class PartRecord(_Part):
    """Vectors and rows that were added together.

    Attributes:
        name: Of the folder below `parts/`.
        rows: Vectors in it.
        vectors: (rows, dimension), little-endian, row by row: float32 in `vectors.f32`, or float16 in `vectors.f16`
            where the search is approximate and only its candidates are looked at.
        table: One row for each: `rows.parquet`.
        approximate: How it is searched; None: every vector is compared.
    """

    name: PartName
    rows: int = Field(ge=1, le=MOST_ROWS)
    vectors: FileRecord
    table: FileRecord
    approximate: ApproximateRecord | None = None

    @property
    def bits_per_number(self) -> int:
        """Of a number in a stored vector."""
        return 32 if self.approximate is None else 16

    @property
    def kind(self) -> Kind:
        """How it is searched."""
        return "exact" if self.approximate is None else self.approximate.kind

    @property
    def files(self) -> dict[str, FileRecord]:
        """All of its files, by their names in its folder."""
        found = {f"vectors.f{self.bits_per_number}": self.vectors, "rows.parquet": self.table}
        return found if self.approximate is None else {**found, **self.approximate.files}


class RemovedRecord(_Part):
    """Which rows do not count any more: a bit for each, of all parts in their order.

    Attributes:
        name: Of the file.
        rows: Bits that are set.
        file: As it was written.
    """

    name: Annotated[str, Field(pattern=r"^removed-[0-9]{1,12}\.bits$")]
    rows: int = Field(ge=1, le=MOST_ROWS)
    file: FileRecord


class LabelsRecord(_Part):
    """Labels that rows were given after they were added.

    Attributes:
        name: Of the file.
        rows: How many rows have them.
        file: As it was written.
    """

    name: Annotated[str, Field(pattern=r"^labels-[0-9]{1,12}\.parquet$")]
    rows: int = Field(ge=1, le=MOST_ROWS)
    file: FileRecord


class EncoderRecord(_Part):
    """What made the vectors; queries must be made by the same.

    Attributes:
        name: What the user called it.
        revision: Of its weights.
        dimension: Length of the vectors.
    """

    name: str = Field(min_length=1, max_length=4096)
    revision: str = Field(max_length=4096)
    dimension: int = Field(ge=1, le=65_536)


class CutRecord(_Part):
    """How images were read and cut into chips; the attributes are those of `ChipOptions`."""

    chips: Literal["whole", "grid"] | None = None
    size: str | None = Field(default=None, max_length=64)
    min_valid: float = Field(default=0.5, ge=0, le=1)
    sensor: str | None = Field(default=None, max_length=4096)
    bands: Annotated[tuple[str, ...], Field(max_length=4096)] | None = None
    stretch: str = Field(default="auto", max_length=64)

    @classmethod
    def of(cls, options: ChipOptions) -> Self:
        """What is kept of options.

        Raises:
            RetrievalError: They are longer than anybody writes them.
        """
        try:
            return cls.model_validate(asdict(options))
        except ValidationError as error:
            first = error.errors()[0]
            raise RetrievalError(f"options: {first['loc'][0]} {first['input']!r}: {first['msg']}") from None

    @property
    def options(self) -> ChipOptions:
        """What was kept."""
        return ChipOptions(**self.model_dump())


class Manifest(_Part):
    """All of an index but the vectors and rows themselves.

    Attributes:
        format: Of the folder.
        rsvlm: Version that wrote it.
        encoder: What made the vectors.
        cut: How the images that it was made of were cut; None: it was made of vectors.
        change: Counts the changes since the index was made.
        parts: In the order of the rows' numbers.
        removed: What was removed, or None.
        labels: Labels that take the place of those that the rows came with, or None.
    """

    format: Literal[1] = 1
    rsvlm: str
    encoder: EncoderRecord
    cut: CutRecord | None = None
    change: int = Field(default=0, ge=0, le=10**12)
    parts: tuple[PartRecord, ...] = ()
    removed: RemovedRecord | None = None
    labels: LabelsRecord | None = None

    @property
    def size(self) -> int:
        """Rows in the parts, those that were removed included."""
        return sum(part.rows for part in self.parts)

    @property
    def count(self) -> int:
        """Rows that can be found."""
        return self.size - (self.removed.rows if self.removed else 0)

    @property
    def kinds(self) -> list[Kind]:
        """How the parts are searched, each kind once."""
        return list(dict.fromkeys(part.kind for part in self.parts)) or ["exact"]

    @property
    def recall_at_10(self) -> dict[str, float]:
        """What was measured of pictures and words when the parts were made, the least of all parts; exact is 1."""
        found = {"pictures": 1.0, "words": 1.0}
        for part in self.parts:
            if part.approximate:
                for name, one in (("pictures", part.approximate.pictures), ("words", part.approximate.words)):
                    found[name] = min(found[name], one.efforts[0].recall if one else 1.0)
        return found

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        names = [part.name for part in self.parts]
        if len(set(names)) != len(names):
            raise ValueError("names a part twice")
        for part in self.parts:
            if part.vectors.bytes != part.rows * self.encoder.dimension * part.bits_per_number // 8:
                raise ValueError(
                    f"part {part.name} has {part.vectors.bytes} bytes for {part.rows} vectors of "
                    f"{self.encoder.dimension} numbers"
                )
            for one in (part.approximate.pictures, part.approximate.words) if part.approximate else ():
                if one and one.map and one.map.bytes != (one.numbers - 1) * (self.encoder.dimension + 1) * 4:
                    raise ValueError(
                        f"part {part.name} has a map of {one.map.bytes} bytes, which does not fit"
                    )
        if self.labels and self.labels.rows > self.size:
            raise ValueError(f"{self.labels.rows} of {self.size} rows have labels, which does not fit")
        if self.removed and (
            self.removed.rows > self.size or self.removed.file.bytes != bitmap_bytes(self.size)
        ):
            raise ValueError(f"{self.removed.rows} of {self.size} rows are removed, which does not fit")
        return self


def bitmap_bytes(rows: int) -> int:
    """Bytes that hold a bit for each row."""
    return (rows + 7) // 8


def rows_digest(manifest: Manifest) -> str:
    """What identifies the rows that an index has, labels that were given later left out."""
    removed = manifest.removed.file.sha256 if manifest.removed else ""
    return _digest({"parts": [part.table.sha256 for part in manifest.parts], "removed": removed})


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put a manifest in place, with the hash of what it says: from then on the index is what it names."""
    content = manifest.model_dump(mode="json")
    with atomic_write(folder / NAME) as temporary:
        temporary.write_bytes(_text({**content, "sha256": _digest(content)}))


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of an index, trusting nothing in it.

    Raises:
        RetrievalError: There is none, it is damaged, or it is of another format.
    """
    file = folder / NAME
    try:
        if file.stat().st_size > _LARGEST:
            raise RetrievalError(
                f"{file}: has {file.stat().st_size} bytes, more than any manifest of an index"
            )
        found = file.read_bytes()
    except FileNotFoundError:
        raise RetrievalError(f"{folder}: is no index (no {NAME}); make one: rsvlm index build") from None
    except OSError as error:
        raise RetrievalError(f"{file}: cannot be read ({error.strerror or error})") from None
    try:
        content = json.loads(found.decode("utf-8"))
        if not isinstance(content, dict):
            raise ValueError("is no object")
        if is_pairs_dataset(folder):
            raise RetrievalError(
                f"{folder}: is a pairs dataset; make an index of it: rsvlm index build {folder}"
            )
        _check_format(file, content.get("format"))
        digest = content.pop("sha256", None)
        manifest = Manifest.model_validate(content)
    except RetrievalError:
        raise
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RetrievalError(f"{file}: is damaged ({place + ': ' if place else ''}{first['msg']})") from None
    except (ValueError, RecursionError) as error:
        raise RetrievalError(f"{file}: is damaged ({error})") from None
    if digest != _digest(content) or found != _text({**content, "sha256": digest}):
        raise RetrievalError(
            f"{file}: is damaged (its checksum is another); restore it, or build the index anew"
        )
    return manifest


def _check_format(file: Path, found: Any) -> None:
    if found == FORMAT:
        return
    if isinstance(found, int) and found > FORMAT:
        raise RetrievalError(
            f"{file}: was written by a newer rsvlm (format {found}; this one reads {FORMAT}): "
            "update rsvlm, or build it anew"
        )
    raise RetrievalError(f"{file}: is damaged (format {found!r}; there is {FORMAT} only); build it anew")


def _text(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(_text(content)).hexdigest()
