"""Reading vocabularies: those that ship, a user's YAML file, and legends, whose classes are a vocabulary too.

The file of a vocabulary holds the fields of `Vocabulary`; each class is a name, or the fields of `VocabularyClass`:

    title: My fields
    gsd: 0.5
    classes:
      - orchard
      - {name: OliveGrove, words: [olive grove, field of olive trees], code: 442, color: "#6b8e23"}
"""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from os import PathLike, fspath
from pathlib import Path, PurePath
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from rsvlm.vocabularies.class_lists import Vocabulary, VocabularyClass, plain_name
from rsvlm.vocabularies.errors import VocabularyError
from rsvlm.vocabularies.legend_classes import vocabulary_of_legend
from rsvlm.vocabularies.legend_files import Color
from rsvlm.vocabularies.legends import legend_names, load_legend, phrase_of, read_legend
from rsvlm.vocabularies.yaml_files import LARGEST_FILE, first_error, load_yaml

YAML_SUFFIXES = (".yaml", ".yml")


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _fields(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


class ClassEntry(BaseModel):
    """One class as the file gives it; without `words` they are its name, split where words were glued.

    `background` is true for what stands in the data set's list but is no answer ("no data"): it is left out.
    """

    model_config = ConfigDict(extra="forbid")
    name: StrictStr
    words: Annotated[tuple[StrictStr, ...], BeforeValidator(_listed)] = ()
    code: StrictInt | StrictStr | None = None
    color: Color | None = None
    parent: StrictStr | None = None
    background: bool = False


Entry = Annotated[ClassEntry, BeforeValidator(_fields)]


class VocabularyFile(BaseModel):
    """A vocabulary's file. `name` and `title` default to the name of the file."""

    model_config = ConfigDict(extra="forbid")
    name: StrictStr
    title: StrictStr
    classes: list[Entry] = Field(min_length=1)
    parents: list[Entry] = Field(default_factory=list)
    multi_label: bool = False
    gsd: float | None = Field(None, gt=0)
    extent: float | None = Field(None, gt=0)
    sensor: StrictStr | None = None
    templates: StrictStr = "default"
    protocol_words: dict[str, tuple[StrictStr, ...]] = Field(default_factory=dict)
    protocol_splits: dict[str, StrictStr] = Field(default_factory=dict)
    licence: StrictStr | None = None
    citation: StrictStr | None = None
    url: StrictStr | None = None
    source: StrictStr | None = None


def read_vocabulary(content: bytes, source: str) -> Vocabulary:
    """Read a vocabulary from the bytes of a YAML file; `source` is its path, in error messages.

    The file is a vocabulary, a bare list of class names, or a legend (`rsvlm.vocabularies.legends`).

    Raises:
        VocabularyError: when it cannot be read, has unknown fields, or its classes cannot be told apart.
    """
    data = load_yaml(content, source, "class list")
    if isinstance(data, list):
        data = {"classes": data}
    if not isinstance(data, Mapping) or not data:
        raise VocabularyError(f"class list {source} holds no classes; write a line `- name` for each")
    if _is_legend(data):
        return vocabulary_of_legend(read_legend(content, source))
    stem = PurePath(source).stem
    try:
        file = VocabularyFile.model_validate({"name": stem, "title": data.get("name", stem), **data})
    except ValidationError as error:
        raise VocabularyError(f"class list {source}: {first_error(error)}") from error
    return _build(file)


def _is_legend(data: Mapping[Any, Any]) -> bool:
    """A legend is a mapping from codes or colours, or its classes have phrases."""
    classes = data.get("classes")
    if classes is None:
        return True
    return isinstance(classes, list) and any(isinstance(c, Mapping) and "phrase" in c for c in classes)


def _build(file: VocabularyFile) -> Vocabulary:
    def classes(entries: list[ClassEntry]) -> tuple[VocabularyClass, ...]:
        return tuple(_class(entry) for entry in entries if not entry.background)

    return Vocabulary(
        **{**file.model_dump(), "classes": classes(file.classes), "parents": classes(file.parents)}
    )


def _class(entry: ClassEntry) -> VocabularyClass:
    words = entry.words or (phrase_of(entry.name),)
    return VocabularyClass(entry.name, words, entry.code, entry.color, entry.parent)


@cache
def _class_files() -> tuple[str, ...]:
    folder = files(__package__).joinpath("classes")
    return tuple(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml"))


@cache
def vocabulary_names() -> tuple[str, ...]:
    """Return the names of the vocabularies that ship, those made of legends among them."""
    return tuple(sorted({*_class_files(), *legend_names()}))


@cache
def _shipped(name: str) -> Vocabulary:
    if name not in _class_files():
        return vocabulary_of_legend(load_legend(name))
    file = files(__package__).joinpath("classes", f"{name}.yaml")
    return read_vocabulary(file.read_bytes(), file.name)


ALIASES = {
    "benv2": "bigearthnet-19",
    "bigearthnet": "bigearthnet-19",
    "lcz42": "so2sat-lcz42",
    "m-bigearthnet": "bigearthnet-43",
    "m-forestnet": "forestnet",
    "nwpu-resisc45": "resisc45",
    "reben": "bigearthnet-19",
    "so2sat": "so2sat-lcz42",
    "ucm": "ucmerced",
    "uc-merced": "ucmerced",
}
"""Other names that papers and benchmarks (GEO-Bench 1 and 2) use for a vocabulary."""


def shipped_vocabulary(name: str) -> Vocabulary | None:
    """Return a vocabulary that ships, None where there is none of this name; case, `-` and `_` do not matter."""
    known = {plain_name(alias): target for alias, target in ALIASES.items()}
    known |= {plain_name(known): known for known in vocabulary_names()}
    found = known.get(plain_name(name))
    return None if found is None else _shipped(found)


def near_names(text: str) -> list[str]:
    """Return the names of vocabularies that resemble a text, the nearest first, at most five."""
    plain = plain_name(text)
    known = {plain_name(name): name for name in vocabulary_names()}
    close = get_close_matches(plain, known, n=3)
    close += [name for name in known if len(plain) > 2 and (plain in name or name in plain)]
    return [known[name] for name in dict.fromkeys(close)][:5]


def read_file(path: Path) -> bytes:
    """Return the bytes of a file of classes, one more than allowed at most.

    Raises:
        VocabularyError: when it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise VocabularyError(f"class list {path} cannot be read: {error.strerror}") from error


def vocabulary(name_or_path: str | PathLike[str]) -> Vocabulary:
    """Return a vocabulary that ships (`vocabulary_names()`), or read a YAML file.

    Args:
        name_or_path: "eurosat", the name of a legend ("worldcover", "corine"), or the path of a YAML file.

    Raises:
        VocabularyError: when there is no such vocabulary or file, or the file is no vocabulary.
    """
    text = fspath(name_or_path)
    shipped = shipped_vocabulary(text) if isinstance(name_or_path, str) else None
    if shipped is not None:
        return shipped
    if is_file(text):
        return read_vocabulary(read_file(Path(text)), text)
    if text.endswith(YAML_SUFFIXES):
        raise VocabularyError(f"there is no class list {text!r}; check the path")
    near = near_names(text)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    raise VocabularyError(
        f"no vocabulary {text!r}; {hint}there are {', '.join(vocabulary_names())}, or give a YAML file's path"
    )


def is_file(text: str) -> bool:
    """Say whether a text is the path of a file; a text that no path can be is not."""
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a path, or a null character in it
        return False
