"""Reading AgroMind's question files as their authors distribute them.

48 JSON lists in four folders with spaces in their names. What differs between files is brought to one form here:
`question` or `questions`, options that are whole numbers, one image, two, or one an option.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rsvlm.eval.agromind.golds import MalformedError, gold_text, options_of
from rsvlm.eval.agromind.release import Release, identify_release
from rsvlm.eval.agromind.tasks import DIMENSIONS, OF_IMAGES, QuestionType
from rsvlm.eval.errors import EvalError

_NAME = re.compile(r"([A-Z]+)_(\d+)_(\d+)_(\d+)")


@dataclass(frozen=True, slots=True)
class Item:
    """One question.

    Attributes:
        file: Name of its file without ".json": "OC_2_1_4".
        item_id: Its number there, from 1.
        kind: What is asked for.
        dimension: "Object Understanding".
        task: "OC".
        question: As it is written there.
        options: Letter -> text, or path of an image; empty where nothing is to be chosen.
        gold: The right answer as a person would give it: "B", "A,C", "12", "Yes", words, "0.1, 0.2, 0.8, 0.9".
        images: Paths as they are written there: one, two, or one an option.
    """

    file: str
    item_id: int
    kind: QuestionType
    dimension: str
    task: str
    question: str
    options: dict[str, str]
    gold: str
    images: tuple[str, ...]

    @property
    def key(self) -> str:
        """Names the item within the benchmark: "OC_2_1_4/17"."""
        return f"{self.file}/{self.item_id}"

    @property
    def content(self) -> tuple[object, ...]:
        """All that a person sees of it: equal for items that differ by their number only."""
        return (self.question, tuple(self.options.items()), self.gold, self.images)


@dataclass(frozen=True)
class AgroMind:
    """The questions of a release, in the order of dimensions, files and their own.

    Attributes:
        folder: Where they were found.
        items: All of them.
        hashes: File -> sha256 of its content, whatever the layout of its JSON and its line ends.
        release: Which release of the benchmark this is.
    """

    folder: Path
    items: tuple[Item, ...]
    hashes: dict[str, str]
    release: Release

    def only(self, files: Collection[str]) -> "AgroMind":
        """Return the part of it that is in some of the files, by their names without ".json".

        Raises:
            EvalError: A name is of no file, or none is named.
        """
        if not files:
            raise EvalError(f"no file is named; AgroMind in {self.folder} has {', '.join(self.hashes)}")
        if unknown := sorted(set(files) - set(self.hashes)):
            raise EvalError(
                f"AgroMind in {self.folder} has no file {unknown[0]}; it has {', '.join(self.hashes)}"
            )
        items = tuple(item for item in self.items if item.file in files)
        hashes = {file: value for file, value in self.hashes.items() if file in files}
        return replace(self, items=items, hashes=hashes, release=identify_release(hashes, len(items)))


def read_agromind(folder: Path) -> AgroMind:
    """Read all question files in a folder and those below it.

    Args:
        folder: AgroMind's repository, its `QA_Pairs`, or a folder that holds them, in any depth; other files are
            passed over.

    Raises:
        EvalError: There are none, one is there twice, or something in one is malformed: which, and where.
    """
    paths = _question_files(folder)
    items: list[Item] = []
    hashes = {}
    for path in paths:
        rows = _rows(path)
        content = json.dumps(rows, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        hashes[path.stem] = hashlib.sha256(content.encode("ascii")).hexdigest()
        items += _items(path, rows)
    return AgroMind(folder, tuple(items), hashes, identify_release(hashes, len(items)))


def near_duplicates(items: Collection[Item]) -> dict[str, int]:
    """Return how many items of each file say the same as an earlier one of it, files without any left out."""
    seen: set[tuple[object, ...]] = set()
    counts: dict[str, int] = {}
    for item in items:
        same = (item.file, *item.content)
        if same in seen:
            counts[item.file] = counts.get(item.file, 0) + 1
        seen.add(same)
    return counts


def _question_files(folder: Path) -> list[Path]:
    """Find the files by their names, in the order of dimension, task and number."""
    if not folder.is_dir():
        raise EvalError(f"{folder}: no such folder; give the one with AgroMind's question files (QA_Pairs)")
    pairs = folder / "QA_Pairs"
    found: dict[str, Path] = {}
    for path in sorted((pairs if pairs.is_dir() else folder).rglob("*.json")):
        if not _NAME.fullmatch(path.stem):
            continue
        if path.stem in found:
            raise EvalError(
                f"{path.name} is there twice, as {found[path.stem]} and {path}; give the folder of one release"
            )
        found[path.stem] = path
    if not found:
        raise EvalError(
            f"{folder}: has no question file of AgroMind (such as OC_2_1_1.json) in it or below it"
        )
    return sorted(found.values(), key=lambda path: (_levels(path.stem), path.stem))


def _levels(stem: str) -> tuple[int, ...]:
    return tuple(int(part) for part in stem.split("_")[1:])


def _rows(path: Path) -> list[Any]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EvalError(f"{path}: is no JSON that can be read ({line})") from None
    if not isinstance(rows, list) or not rows:
        raise EvalError(f"{path}: is no list of questions, or an empty one")
    return rows


def _items(path: Path, rows: list[Any]) -> Iterator[Item]:
    seen = set()
    for place, row in enumerate(rows, 1):
        number = row.get("item_id") if isinstance(row, dict) else None
        try:
            item = _item(path, row)
            if item.item_id in seen:
                raise MalformedError("its item_id is that of an earlier item; each must be there once")
        except MalformedError as error:
            name = f"item {number}" if number is not None else f"the item at place {place}"
            raise EvalError(f"{path}, {name}: {error}") from None
        seen.add(item.item_id)
        yield item


def _item(path: Path, row: Any) -> Item:
    """Bring one question to the common form."""
    if not isinstance(row, dict):
        raise MalformedError(f"is {type(row).__name__}, not an object")
    kind = _kind(row)
    options = options_of(row, kind)
    question = row.get("question", row.get("questions"))
    if not isinstance(question, str) or not question.strip():
        raise MalformedError("has no question")
    return Item(
        file=path.stem,
        item_id=_whole(row, "item_id"),
        kind=kind,
        dimension=DIMENSIONS.get(_levels(path.stem)[0], path.parent.name),
        task=path.stem.split("_")[0],
        question=question,
        options=options,
        gold=gold_text(row.get("answer"), kind, options),
        images=_images(row, kind, options),
    )


def _kind(row: dict[str, Any]) -> QuestionType:
    number = _whole(row, "type_id")
    try:
        return QuestionType(number)
    except ValueError:
        raise MalformedError(f"its type_id is {number}; it must be 1 to 11") from None


def _whole(row: dict[str, Any], name: str) -> int:
    value = row.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise MalformedError(f"its {name} is {value!r:.40}; it must be a whole number")


def _images(row: dict[str, Any], kind: QuestionType, options: dict[str, str]) -> tuple[str, ...]:
    if kind in OF_IMAGES:
        return tuple(options.values())
    names = ("image1", "image2") if kind is QuestionType.DIFFERENCE else ("image_path",)
    for name in names:
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise MalformedError(f"has no {name}")
    return tuple(row[name] for name in names)
