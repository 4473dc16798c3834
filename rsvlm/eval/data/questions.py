"""Questions about images in whichever file they come, each with its image: what a model is asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import Any

from rsvlm.datasets.columns import IMAGE, column_of
from rsvlm.datasets.csv_files import read_table
from rsvlm.datasets.parquet_files import ImageColumn, StoredImage
from rsvlm.datasets.pictures import ImageRef
from rsvlm.datasets.sources import records
from rsvlm.datasets.textfiles import CSV, read_utf8
from rsvlm.eval.errors import EvalError
from rsvlm.eval.jsonlines import Line, read_lines
from rsvlm.eval.rsrag_files import RsRagFile, read_rsrag
from rsvlm.eval.vqa import Question, check_ids, question_of

from .rsvqa import read_rsvqa

_RSVQA = "_questions.json"


@dataclass(frozen=True, eq=False)
class QuestionSet:
    """Questions and the images that they are about.

    Attributes:
        name: The data set's.
        questions: In the order of the file. Of those of one key, which are the same question, one is asked.
        images: The image of each question; what `open_picture` reads when its turn comes.
        sources: Name and SHA-256 of the files that hold the questions.
        rsrag: The file as RS-RAG's rules score it, where it is one of theirs.
    """

    name: str
    questions: tuple[Question, ...]
    images: tuple[ImageRef, ...]
    sources: tuple[Mapping[str, Any], ...]
    rsrag: RsRagFile | None = None

    def first(self, n: int) -> "QuestionSet":
        """Return the first so many questions, of the same file: their answers are those of the whole set, too."""
        if self.rsrag is None:
            return replace(self, questions=self.questions[:n], images=self.images[:n])
        kept = replace(self.rsrag, items=self.rsrag.items[:n])
        asked = sum(not item.error for item in kept.items)
        return replace(self, questions=self.questions[:asked], images=self.images[:asked], rsrag=kept)


def read_question_set(path: Path, images: Path | None = None) -> QuestionSet:
    """Read a file of questions.

    Args:
        path: One of

            * .jsonl with `image`, `question`, `answer` (one or a list), and if wanted `type` and `id`;
            * .csv or .parquet with the same columns; `image` of a parquet may be the bytes, as `datasets` writes them;
            * RSVQA's `..._questions.json`, with `..._answers.json` and `..._images.json` beside it;
            * RS-RAG's .jsonl of `messages` and `images`, or .json of `image_name` and `gpt_output`.
        images: Folder that the paths of images start from; None: the folder of the file. An absolute path that leads
            to nothing, as of the machine on which the file was written, is looked for in that folder by its last part.

    Raises:
        EvalError: It is none of these, cannot be read, a question lacks something, or two have the same `id`.
    """
    kind = path.suffix.casefold()
    if not path.is_file():
        raise EvalError(f"{path}: there is no such file of questions")
    if kind == ".parquet":
        found = _from_parquet(path, images)
    elif kind in CSV:
        found = _from_rows(path, _csv_lines(path), images)
    elif path.name.endswith(_RSVQA):
        found = _from_rsvqa(path, images)
    elif _is_rsrag(path, kind):
        found = _from_rsrag(path, images)
    else:
        found = _from_rows(path, read_lines(path), images)
    _check(path, found)
    return found


def _from_rows(path: Path, lines: Iterable[Line], images: Path | None) -> QuestionSet:
    folder = images or path.parent
    questions = tuple(question_of(path, line) for line in lines)
    found = tuple(_place(folder, question.image) for question in questions)
    return QuestionSet(path.stem, questions, found, records([path]))


def _csv_lines(path: Path) -> list[Line]:
    columns, numbers = read_table(path)
    image = column_of(list(columns), IMAGE)
    names = {name: "image" if name == image else name for name in columns}
    rows = zip(*columns.values(), strict=True)
    return [
        Line(number, {names[name]: text for name, text in zip(columns, row, strict=True) if text}, None)
        for number, row in zip(numbers, rows, strict=True)
    ]


def _from_parquet(path: Path, images: Path | None) -> QuestionSet:
    column = ImageColumn(path, images)
    others = column.others()
    rows: list[dict[str, Any]] = []
    for row, name in enumerate(column.names()):
        values = {key: cells[row] for key, cells in others.items() if cells[row] is not None}
        # the names of stored images are none to tell them apart by: many a file calls all of them "image.png"
        named = {} if column.holds_paths else {"id": f"row {row}"}
        rows.append({"image": name} | named | values)
    questions = tuple(question_of(path, Line(number, row, None)) for number, row in enumerate(rows, start=1))
    folder = images or path.parent
    found: Sequence[ImageRef] = (
        [_place(folder, question.image) for question in questions]
        if column.holds_paths
        else [stored.path or stored for stored in (StoredImage(column, row) for row in range(column.n))]
    )
    return QuestionSet(path.stem, questions, tuple(found), records([path]))


def _from_rsvqa(path: Path, images: Path | None) -> QuestionSet:
    questions = tuple(read_rsvqa(path, images))
    stem = path.name.removesuffix(_RSVQA)
    files = [path.with_name(f"{stem}_{what}.json") for what in ("questions", "answers", "images")]
    return QuestionSet(stem, questions, tuple(question.image for question in questions), records(files))


def _from_rsrag(path: Path, images: Path | None) -> QuestionSet:
    read = read_rsrag(path)
    asked = [item for item in read.items if not item.error]
    questions = tuple(
        Question(f"{item.image}: {item.question}", item.image, item.question, (item.gold,)) for item in asked
    )
    folder = images or path.parent
    found = tuple(_place(folder, item.image, suffix=".png") for item in asked)
    return QuestionSet(path.stem, questions, found, records([path]), read)


def _is_rsrag(path: Path, kind: str) -> bool:
    if kind == ".json" and read_utf8(path).lstrip().startswith("["):
        return True
    return any(line.row is not None and "messages" in line.row for line in read_lines(path)[:20])


def _place(folder: Path, name: str, suffix: str = "") -> str:
    """The path of an image: from the folder, or by its last part where the path is of another machine."""
    path = folder / name
    try:
        if path.is_file():
            return str(path)
        elsewhere = PureWindowsPath(name)  # which knows both kinds of slashes
        if elsewhere.root:
            path = folder / elsewhere.name
        if suffix and not path.is_file() and path.with_name(f"{path.name}{suffix}").is_file():
            path = path.with_name(f"{path.name}{suffix}")
    except (OSError, ValueError):  # too long for a name, or with a null in it
        return str(path)
    return str(path)


def _check(path: Path, found: QuestionSet) -> None:
    """Refuse a set without questions, questions without an image, and keys that name several questions."""
    if not found.questions:
        raise EvalError(f"{path}: holds no questions")
    for question in found.questions:
        if not question.image and found.rsrag is None:  # RS-RAG's odd lines fail one by one
            raise EvalError(f"{path}: question {question.key!r} names no image")
    check_ids(path, found.questions)
