"""One row of a pairs dataset: as Python data, as an Arrow schema, and as Hugging Face features."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypedDict, cast

import pyarrow as pa

from ..labels import CoverShare, Labels, LandCover, ObjectLabel

ImageFormat = Literal["jpg", "png"]


class Caption(TypedDict):
    """One variant of a pair's caption."""

    style: str
    text: str


class Source(TypedDict):
    """Where imagery or labels come from, and what their licence asks for."""

    name: str
    licence: str | None
    attribution: str | None
    url: str | None


@dataclass(frozen=True)
class Pair:
    """An image and its caption, with all that is needed to check and to credit them.

    Attributes:
        key: Name of the chip: letters, digits, `-` and `_`; unique in the dataset.
        image: The encoded image file; None for captions without imagery.
        format: What `image` is: "jpg" or "png".
        caption: The caption to train on.
        style: Its style.
        captions: All variants, the caption above among them.
        labels: What the captions were made from.
        bbox: West, south, east, north in degrees (WGS84); west > east across the antimeridian.
        crs: Of the pixels, e.g. "EPSG:32632".
        gsd: Ground sample distance in metres.
        datetime: When the image was taken, ISO 8601 UTC.
        sources: Of the image and of every kind of label.
        generator: What wrote the caption, e.g. "template".
        verified: Whether the caption passed the check against its labels.
        score: Similarity of image and caption, where a model has measured it.
    """

    key: str
    image: bytes | None = field(repr=False)
    format: ImageFormat | None
    caption: str
    style: str
    captions: list[Caption]
    labels: Labels
    bbox: tuple[float, float, float, float] | None = None
    crs: str | None = None
    gsd: float | None = None
    datetime: str | None = None
    sources: list[Source] = field(default_factory=list)
    generator: str = "template"
    verified: bool = False
    score: float | None = None

    @property
    def file_name(self) -> str | None:
        """Name of the image file in the tar and in exports."""
        return None if self.image is None else f"{self.key}.{self.format}"


_FIELDS = tuple(item.name for item in fields(Pair) if item.name not in ("image", "format"))


def to_record(pair: Pair) -> dict[str, Any]:
    """A pair as `<key>.json` holds it: all that is known but the image, the labels as JSON text.

    Loaders such as `datasets` take the types of all pairs from the first few of them. Labels differ from pair
    to pair, and a value that is null at first would be refused later, so neither is left for them to guess.
    """
    record = {name: getattr(pair, name) for name in _FIELDS}
    record["labels"] = json.dumps(pair.labels, ensure_ascii=False, allow_nan=False)
    record["gsd"] = None if pair.gsd is None else float(pair.gsd)
    record["bbox"] = None if pair.bbox is None else [float(edge) for edge in pair.bbox]
    record["sources"] = [{name: text for name, text in source.items() if text} for source in pair.sources]
    return {name: value for name, value in record.items() if value is not None and value != []}


_TEXT = pa.string()
_OBJECT = pa.struct(
    {
        "id": _TEXT,
        "role": _TEXT,
        "shape": _TEXT,
        "tags": pa.list_(pa.struct({"key": _TEXT, "value": _TEXT, "score": pa.float64()})),
        "box": pa.list_(pa.float64()),
        "whole": pa.bool_(),
        "area_m2": pa.float64(),
        "length_m": pa.float64(),
        "distance_m": pa.float64(),
    }
)
_SHARE = pa.struct({"name": _TEXT, "pixels": pa.int64()})
_LANDCOVER = pa.struct(
    {
        "legend": _TEXT,
        "date": _TEXT,
        "coverage": pa.float64(),
        "regions": pa.list_(pa.struct({"region": _TEXT, "classes": pa.list_(_SHARE)})),
        "words": pa.list_(pa.struct({"name": _TEXT, "natural": _TEXT, "chatearthnet": _TEXT})),
    }
)
_LABELS = pa.struct(
    {
        "width": pa.int64(),
        "height": pa.int64(),
        "gsd": pa.float64(),
        "north_up": pa.bool_(),
        "objects": pa.list_(_OBJECT),
        "landcover": _LANDCOVER,
        "scene": pa.list_(_TEXT),
        "stretch": pa.float64(),
    }
)
_COLUMNS: dict[str, pa.DataType] = {
    "key": _TEXT,
    "image": pa.struct({"bytes": pa.binary(), "path": _TEXT}),
    "caption": _TEXT,
    "style": _TEXT,
    "captions": pa.list_(pa.struct({"style": _TEXT, "text": _TEXT})),
    "labels": _LABELS,
    "bbox": pa.list_(pa.float64()),
    "crs": _TEXT,
    "gsd": pa.float64(),
    "datetime": _TEXT,
    "sources": pa.list_(pa.struct({"name": _TEXT, "licence": _TEXT, "attribution": _TEXT, "url": _TEXT})),
    "generator": _TEXT,
    "verified": pa.bool_(),
    "score": pa.float64(),
}


def _feature(kind: pa.DataType) -> Any:
    """An Arrow type as a Hugging Face feature; lists as `[feature]`, which every `datasets` release reads."""
    if pa.types.is_struct(kind):
        return {item.name: _feature(item.type) for item in kind}
    if pa.types.is_list(kind):
        return [_feature(kind.value_type)]
    return {"dtype": {"double": "float64"}.get(str(kind), str(kind)), "_type": "Value"}


def _schema() -> pa.Schema:
    features = {name: _feature(kind) for name, kind in _COLUMNS.items()} | {"image": {"_type": "Image"}}
    info = json.dumps({"info": {"features": features}}, separators=(",", ":"))
    return pa.schema(_COLUMNS).with_metadata({"huggingface": info})


SCHEMA = _schema()
"""The columns of `shards/*.parquet`."""


def to_row(pair: Pair) -> dict[str, Any]:
    """A pair as a row of `SCHEMA`, for `pa.RecordBatch.from_pylist`."""
    image = None if pair.image is None else {"bytes": pair.image, "path": pair.file_name}
    row = {name: getattr(pair, name) for name in _FIELDS}
    return row | {"image": image, "labels": _labels_to_row(pair.labels)}


def _labels_to_row(labels: Labels) -> dict[str, Any]:
    objects = [_object_to_row(item) for item in labels["objects"]]
    cover = labels["landcover"]
    if cover is None:
        return {**labels, "objects": objects}
    regions = [{"region": region, "classes": classes} for region, classes in cover["regions"].items()]
    return {**labels, "objects": objects, "landcover": {**cover, "regions": regions}}


def _object_to_row(item: ObjectLabel) -> dict[str, Any]:
    """An object with its tags as a list; a tag that the tag classifier chose has its score there."""
    scores = item.get("inferred", {})
    tags = [{"key": key, "value": value, "score": scores.get(key)} for key, value in item["tags"].items()]
    return {**{name: value for name, value in item.items() if name != "inferred"}, "tags": tags}


def _object_from_row(item: Mapping[str, Any]) -> ObjectLabel:
    label = {**item, "tags": {tag["key"]: tag["value"] for tag in item["tags"]}}
    scores = {tag["key"]: tag["score"] for tag in item["tags"] if tag.get("score") is not None}
    return cast(ObjectLabel, label | ({"inferred": scores} if scores else {}))


def labels_from_row(row: Mapping[str, Any]) -> Labels:
    """The labels of a row, as they were before they were stored; `row` is a row by pyarrow or `datasets`."""
    stored = row["labels"]
    objects = [_object_from_row(item) for item in stored["objects"]]
    cover = stored["landcover"]
    landcover: LandCover | None = None
    if cover is not None:
        regions: dict[str, list[CoverShare]] = {item["region"]: item["classes"] for item in cover["regions"]}
        # no words: of a legend that ships, or stored before they were
        known = {name: value for name, value in cover.items() if (name, value) != ("words", None)}
        landcover = cast(LandCover, {**known, "regions": regions})
    # no stretch: of square pixels, or stored before it was
    told = {name: value for name, value in stored.items() if (name, value) != ("stretch", None)}
    return cast(Labels, {**told, "objects": objects, "landcover": landcover})


def pair_from_row(row: Mapping[str, Any]) -> Pair:
    """The pair of a full row, as pyarrow gives it."""
    image = row["image"]
    values = {name: row[name] for name in _FIELDS} | {"labels": labels_from_row(row)}
    values["bbox"] = None if row["bbox"] is None else tuple(row["bbox"])
    form = None if image is None else str(image["path"]).rpartition(".")[2]
    return Pair(
        image=None if image is None else image["bytes"], format=cast("ImageFormat | None", form), **values
    )
