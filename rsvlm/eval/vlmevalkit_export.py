"""Questions about images as tables of VLMEvalKit."""

import base64
import csv
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from rsvlm.files import atomic_write

from .export_images import image_bytes
from .export_items import LETTERS, Exported, ExportItem, check

# What pandas, with which VLMEvalKit reads its tables, takes for a cell without content
_MISSING = frozenset((
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
))  # fmt: skip
_NUMBER = re.compile(r"\s*[+-]?(\d[\d_]*\.?\d*|\.\d+|inf|infinity)(e[+-]?\d+)?\s*", re.IGNORECASE)
_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}")
_KEPT = "\u00a0"
"""A no-break space at the end of a cell: then pandas reads it as it is written."""


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
    check(items, name)
    choice = [item for item in items if item.options and not item.several]
    rest = [item for item in items if not item.options or item.several]
    written, counts = [], {}
    for some, file in ((choice, f"{name}.tsv"), (rest, f"{name}_open.tsv")):
        if some:
            _write_table(some, folder / file)
            written.append(folder / file)
            counts[file] = len(some)
    return Exported(tuple(written), counts)


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
    contents = [image_bytes(image, item)[0] for image in item.images]
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
