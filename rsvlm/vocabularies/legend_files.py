"""The YAML of a legend: what may stand in it, and one clear line for what may not."""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from rsvlm.vocabularies.errors import VocabularyError
from rsvlm.vocabularies.yaml_files import LARGEST_FILE, first_error, load_yaml

__all__ = ["LARGEST_FILE", "ClassLine", "Color", "LegendFile", "parse_legend"]


def _color(value: object) -> tuple[int, ...]:
    if isinstance(value, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        return tuple(bytes.fromhex(value[1:]))
    if isinstance(value, list) and len(value) == 3 and all(type(v) is int and 0 <= v <= 255 for v in value):
        return tuple(value)
    raise ValueError('a colour is "#rrggbb", in quotes, or [red, green, blue] of 0 to 255')


Color = Annotated[tuple[int, int, int], BeforeValidator(_color)]
"""Red, green, blue, of 0 to 255, from "#rrggbb" or a list of three numbers."""


class ClassLine(BaseModel):
    """One class as the file gives it; the fields are those of `rsvlm.vocabularies.LegendClass`.

    `parent` is the code or the name of another class of the file.
    """

    model_config = ConfigDict(extra="forbid")
    code: StrictInt | None = None
    name: StrictStr = Field(min_length=1, max_length=200)
    phrase: StrictStr | None = Field(None, min_length=1, max_length=200)
    color: Color | None = None
    background: bool = False
    parent: StrictInt | StrictStr | None = None
    chatearthnet: StrictStr | None = None
    grid_code: StrictInt | None = None
    aliases: tuple[StrictStr, ...] = ()


class LegendFile(BaseModel):
    """A legend's file in its full form. `name` and `title` default to the name of the file."""

    model_config = ConfigDict(extra="forbid")
    name: StrictStr
    title: StrictStr
    licence: StrictStr | None = None
    attribution: StrictStr | None = None
    url: StrictStr | None = None
    citation: StrictStr | None = None
    gsd: float | None = Field(None, gt=0)
    classes: list[ClassLine] = Field(min_length=1)


def parse_legend(content: bytes, source: str) -> LegendFile:
    """Check the bytes of a legend file; `source` is its path, for error messages.

    Raises:
        VocabularyError: for too large a file, bad YAML, a repeated key, a bad colour or code, unknown fields.
    """
    data = load_yaml(content, source, "legend")
    if not isinstance(data, Mapping) or not data:
        raise VocabularyError(
            f'legend {source} holds no classes; write lines like `1: water` or `"#0000ff": water`'
        )
    stem = PurePath(source).stem
    full = data if "classes" in data else {"classes": [_full(key, value) for key, value in data.items()]}
    try:
        return LegendFile.model_validate({"name": stem, "title": full.get("name", stem), **full})
    except ValidationError as error:
        raise VocabularyError(f"legend {source}: {first_error(error)}") from error


def _full(key: object, value: object) -> dict[str, object]:
    """Turn a line of the form `code or colour: name, or fields` into the fields of a class."""
    fields = {str(k): v for k, v in value.items()} if isinstance(value, Mapping) else {"name": value}
    if isinstance(key, str) and not re.fullmatch(r"-?[0-9]+", key):
        return fields | {"color": key}
    return fields | {"code": int(key) if isinstance(key, str) else key}
