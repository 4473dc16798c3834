"""Questions about images in the formats of lmms-eval and VLMEvalKit, so that their models can be asked them."""

import base64
import csv
import hashlib
import io
import json
import os
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from rsvlm.datasets.pictures import ImageRef, open_picture
from rsvlm.files import atomic_write
from rsvlm.imagery import ChipReader
from rsvlm.models.pictures import rgb_picture

from .agromind.read import AgroMind
from .agromind.tasks import MANY_LETTERS, OF_IMAGES, TYPE_NAMES
from .errors import EvalError

LETTERS = string.ascii_uppercase

_READABLE = {"JPEG": ".jpg", "PNG": ".png"}
"""Formats of image files that are passed on as they are."""

# What pandas, with which VLMEvalKit reads its tables, takes for a cell without content
_MISSING = frozenset((
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
))  # fmt: skip
_NUMBER = re.compile(r"\s*[+-]?(\d[\d_]*\.?\d*|\.\d+|inf|infinity)(e[+-]?\d+)?\s*", re.IGNORECASE)
_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}")
_KEPT = "\u00a0"
"""A no-break space at the end of a cell: then pandas reads it as it is written."""


@dataclass(frozen=True)
class ExportItem:
    """One question as it is handed to another program.

    Attributes:
        key: Names it.
        images: What it is about, in order: paths, bytes of image files, or pictures.
        question: The words.
        answer: The right answer: a letter, several with commas between ("A,C"), or words.
        options: What can be chosen, the first being A; empty for questions that are answered in words.
        type: Kind of question.
        category: What its score is grouped by.
        several: Whether several options may be right.
    """

    key: str
    images: tuple[ImageRef, ...]
    question: str
    answer: str
    options: tuple[str, ...] = ()
    type: str = ""
    category: str = ""
    several: bool = False


class Exported(NamedTuple):
    """What an export wrote: its files, and how many questions each table of them holds."""

    files: tuple[Path, ...]
    counts: dict[str, int]


def agromind_items(data: AgroMind, images: str | os.PathLike[str]) -> list[ExportItem]:
    """Return AgroMind's questions for an export.

    Args:
        data: From `read_agromind`.
        images: The folder below which the paths of its images lie.
    """
    folder = Path(images)
    found = []
    for item in data.items:
        # options that are images are shown, and named by their place
        options = (
            [f"image {place}" for place, _ in enumerate(item.options, 1)]
            if item.kind in OF_IMAGES
            else item.options.values()
        )
        found.append(
            ExportItem(
                item.key, tuple(str(folder / name) for name in item.images), item.question, item.gold, tuple(options),
                TYPE_NAMES[item.kind], item.task, item.kind in MANY_LETTERS,
            )
        )  # fmt: skip
    return found


def export_lmms_eval(items: Sequence[ExportItem], folder: Path, name: str) -> Exported:
    """Write a task of lmms-eval: `lmms_eval --include_path FOLDER --tasks NAME`.

    The folder holds NAME.yaml, the questions as NAME.jsonl, their images in images/ and utils.py, which asks them and
    judges the answers. An answer that names more options than were asked for is wrong.

    Args:
        items: The questions.
        folder: Where; made if it is not there.
        name: Of the task: letters, digits and `_`.

    Raises:
        EvalError: Nothing to export, a name or an answer that does not fit, or an image that cannot be read.
    """
    _check(items, name)
    names: dict[str, str] = {}
    rows = []
    for item in items:
        paths = [_store(_image_bytes(image, item), folder / "images", names) for image in item.images]
        rows.append({
            "key": item.key, "images": paths, "question": item.question, "options": list(item.options),
            "several": item.several, "answer": item.answer, "type": item.type, "category": item.category,
        })  # fmt: skip
    texts = {
        f"{name}.jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
        "utils.py": files(__package__).joinpath("lmms_task.py").read_text("utf-8"),
        f"{name}.yaml": _YAML.format(name=name),
    }
    for file, text in texts.items():
        _write(folder / file, text)
    return Exported(tuple(folder / file for file in texts), {f"{name}.jsonl": len(rows)})


def export_vlmevalkit(items: Sequence[ExportItem], folder: Path, name: str) -> Exported:
    """Write tables for VLMEvalKit: put them into $LMUData and run it with `--data NAME`.

    VLMEvalKit scores questions of which one option is right, as a custom multiple-choice set: NAME.tsv. All others go
    to NAME_open.tsv, options written into the question; it answers these and leaves the scoring to others. Images are
    base64 in the tables, one that comes again by the number of the row that has it.

    Cells that pandas would read as a number or as nothing ("None", "007") end in a no-break space.

    Args:
        items: The questions.
        folder: Where; made if it is not there.
        name: Of the data set: letters, digits and `_`.

    Raises:
        EvalError: As of `export_lmms_eval`.
    """
    _check(items, name)
    choice = [item for item in items if item.options and not item.several]
    rest = [item for item in items if not item.options or item.several]
    written, counts = [], {}
    for some, file in ((choice, f"{name}.tsv"), (rest, f"{name}_open.tsv")):
        if some:
            _write_table(some, folder / file)
            written.append(folder / file)
            counts[file] = len(some)
    return Exported(tuple(written), counts)


_YAML = """\
task: {name}
dataset_path: json
dataset_kwargs:
  data_files:
    test: {name}.jsonl
test_split: test
output_type: generate_until
doc_to_visual: !function utils.doc_to_visual
doc_to_text: !function utils.doc_to_text
doc_to_target: answer
process_results: !function utils.process_results
generation_kwargs:
  max_new_tokens: 64
  temperature: 0
  do_sample: false
metric_list:
  - metric: accuracy
    aggregation: mean
    higher_is_better: true
metadata:
  - version: 1.0
"""


def _check(items: Sequence[ExportItem], name: str) -> None:
    if not items:
        raise EvalError("there are no questions to export")
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
        raise EvalError(f"{name!r} is no name for a task: take letters, digits and _, a letter first")
    for item in items:
        if not item.images:
            raise EvalError(f"{item.key}: shows no image; leave such questions out")
        if not item.options:
            continue
        right, known = item.answer.split(","), set(LETTERS[: len(item.options)])
        if (
            len(item.options) > len(LETTERS)
            or not set(right) <= known
            or (len(right) > 1 and not item.several)
        ):
            raise EvalError(
                f"{item.key}: {item.answer!r} is no answer to a question of {len(item.options)} options; answers are "
                "letters from A, and where `several` is set more than one, with commas between them"
            )


def _write_table(items: Sequence[ExportItem], out: Path) -> None:
    """One table of VLMEvalKit."""
    single = not items[0].several and bool(items[0].options)
    options = max(len(item.options) for item in items) if single else 0
    texts = {
        "question": _cells([item.question if single else _with_options(item) for item in items]),
        **{
            LETTERS[place]: _cells(
                [item.options[place] if place < len(item.options) else None for item in items]
            )
            for place in range(options)
        },
        "answer": _cells([item.answer for item in items]),
        "category": _cells([item.category or "all" for item in items]),
        "type": _cells([item.type or "all" for item in items]),
        "key": _cells([item.key for item in items]),
    }
    many = any(len(item.images) > 1 for item in items)
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(out) as path, path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(["index", "image", *(["image_path"] if many else []), *texts])
        seen: dict[str, int] = {}
        for row, item in enumerate(items):
            paths = [_paths(row, len(item.images))] if many else []
            columns = [column[row] for column in texts.values()]
            writer.writerow([row, _image_cell(item, row, seen), *paths, *columns])


def _image_cell(item: ExportItem, row: int, seen: dict[str, int]) -> str:
    """The images of a question in base64, or the number of the row that has the same ones."""
    contents = [_image_bytes(image, item)[0] for image in item.images]
    digest = hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in contents)).hexdigest()
    if digest in seen:
        return str(seen[digest])
    seen[digest] = row
    texts = [base64.b64encode(content).decode("ascii") for content in contents]
    return texts[0] if len(texts) == 1 else str(texts)


def _paths(row: int, images: int) -> str:
    names = [f"{row}_{place}.png" for place in range(images)]
    return names[0] if images == 1 else str(names)


def _with_options(item: ExportItem) -> str:
    if not item.options:
        return item.question
    lines = [f"{LETTERS[place]}. {option}" for place, option in enumerate(item.options)]
    return "\n".join([item.question, *lines, "Answer with the letters of all options that fit."])


def _cells(values: Sequence[str | None]) -> list[str]:
    """A column so that pandas reads every cell as it stands; None is an empty cell."""
    whole = all(value is not None and _WHOLE.fullmatch(value) for value in values)
    return [
        ""
        if value is None
        else value + _KEPT
        if value in _MISSING or (not whole and _NUMBER.fullmatch(value))
        else value
        for value in values
    ]


def _image_bytes(image: ImageRef, item: ExportItem) -> tuple[bytes, str]:
    """An image as the bytes of a JPEG or PNG file with its ending; such files are passed on as they are."""
    try:
        content = image() if callable(image) else image
        raw = Path(content).read_bytes() if isinstance(content, str) else content
        if isinstance(raw, bytes) and (plain := _plain_file(raw)) is not None:
            return plain
        with ChipReader() as reader:
            shown = open_picture(content, reader)
    except (OSError, ValueError) as error:
        remedy = "export only questions whose images are there"
        raise EvalError(f"{item.key}: an image cannot be read ({error}); {remedy}") from None
    return _png(shown if isinstance(shown, Image.Image) else Image.fromarray(np.asarray(shown))), ".png"


def _plain_file(content: bytes) -> tuple[bytes, str] | None:
    """A picture of 8 bits that every program shows the same way, and its ending; None for rasters and all else."""
    try:
        with Image.open(io.BytesIO(content), formats=tuple(_READABLE)) as image:
            if image.mode.startswith(("I", "F")):
                return None
            if image.mode in ("L", "RGB"):
                return content, _READABLE[image.format or ""]
            return _png(image), ".png"
    except (UnidentifiedImageError, Image.DecompressionBombError):
        return None


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    rgb_picture(image).save(file, "PNG")
    return file.getvalue()


def _store(image: tuple[bytes, str], folder: Path, names: dict[str, str]) -> str:
    """Put an image into a folder, each once, and return its path from the folder above."""
    content, ending = image
    digest = hashlib.sha256(content).hexdigest()[:20]
    if digest not in names:
        names[digest] = f"{folder.name}/{digest}{ending}"
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(folder / f"{digest}{ending}") as path:
            path.write_bytes(content)
    return names[digest]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))
