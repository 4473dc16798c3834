"""What questions are made from: the user's own labels, named in Python or in a YAML file."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from rsvlm.datasets.textfiles import read_utf8
from rsvlm.eval.errors import EvalError
from rsvlm.vocabularies import VocabularyError
from rsvlm.vocabularies.yaml_files import first_error, load_yaml


class _Source(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ClassMap(_Source):
    """Rasters of classes, over images or alone.

    Attributes:
        labels: A class raster or a folder of them; file names tell the dates ("202309_00.tif").
        legend: Name of a shipped legend, or a YAML file; its background classes are taken as unlabelled.
        images: The images that they lie over, of the same names or in the same place. None: the map itself is drawn
            in the legend's colours, and the question says so.
    """

    kind: Literal["class map"] = "class map"
    labels: Path
    legend: str
    images: Path | None = None


class Objects(_Source):
    """Outlines of things of one kind over one image.

    Attributes:
        image: A georeferenced image.
        features: GeoJSON polygons.
        noun: What one of them is called.
        plural: What several are called; None: the noun with an s.
        uncertain: Properties of outlines that cannot be seen for certain ({"name": "Occlusion"}): no question is
            asked about a window that holds one.
    """

    kind: Literal["objects"] = "objects"
    image: Path
    features: Path
    noun: str = "building"
    plural: str | None = None
    uncertain: dict[str, str] = Field(default_factory=dict)


class Scenes(_Source):
    """Images with one class or several: anything that `rsvlm.datasets.read_eval_set` reads.

    Attributes:
        path: Class folders, parquet, csv, or a folder of BigEarthNet patches.
        vocabulary: Whose words the classes have; None: their own names.
        split: Which split, where there are several.
    """

    kind: Literal["scenes"] = "scenes"
    path: Path
    vocabulary: str | None = None
    split: str | None = None


class Pairs(_Source):
    """The same places before and after an event: two folders with images of the same names.

    Attributes:
        before: Folder of the images before it.
        after: Folder of those after it.
        event: What it is called in questions: "the flood".
    """

    kind: Literal["pairs"] = "pairs"
    before: Path
    after: Path
    event: str


Source = Annotated[ClassMap | Objects | Scenes | Pairs, Field(discriminator="kind")]
_SOURCES: TypeAdapter[list[Source]] = TypeAdapter(list[Source])
_PATHS = ("labels", "images", "image", "features", "path", "before", "after")


def read_sources(path: str | Path) -> list[Source]:
    """Read a YAML list of sources; relative paths start at the folder of the file.

        - {kind: class map, labels: masks/, images: images/, legend: korea}
        - {kind: objects, image: image.tif, features: buildings.geojson, noun: building}

    Raises:
        EvalError: It is no such list.
    """
    place = Path(path)
    try:
        rows = load_yaml(read_utf8(place).encode(), str(place), "list of sources")
    except VocabularyError as error:
        raise EvalError(str(error)) from error
    if not isinstance(rows, list) or not rows:
        raise EvalError(f"{place}: must be a list of sources, such as `- {{kind: scenes, path: eurosat/}}`")
    return load_sources([_rooted(row, place.parent) for row in rows], str(place))


def load_sources(rows: list[Any], place: str) -> list[Source]:
    """Return the sources of plain data; `place` is where it came from, for messages.

    Raises:
        EvalError: A source is none.
    """
    try:
        return _SOURCES.validate_python(rows)
    except ValidationError as error:
        raise EvalError(f"{place}: {first_error(error)}") from None


def _rooted(row: Any, folder: Path) -> Any:
    if not isinstance(row, dict):
        return row
    return {
        key: str(folder / value) if key in _PATHS and isinstance(value, str) else value
        for key, value in row.items()
    }
