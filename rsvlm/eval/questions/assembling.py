"""From a draft to an item as AgroMind's files have it, with its pictures and its provenance."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rsvlm.eval.agromind.tasks import MANY_LETTERS, OF_IMAGES, QuestionType
from rsvlm.files import sha256_of

from .drafts import Draft, Mark, Panel, Picture
from .drawing import draw_picture
from .kinds import KINDS

LETTERS = "ABCDEFGHIJ"
FOLDER = "images"


class Data(Protocol):
    """What the data of every source can do."""

    def pixels(self, panel: Panel) -> npt.NDArray[np.uint8]:
        """What a panel shows, (height, width, 3)."""

    def label_files(self, panel: Panel) -> list[Path]:
        """The files that say what is there."""

    def close(self) -> None:
        """Close all files."""


@dataclass
class Question:
    """A question as it is written.

    Attributes:
        kind: Code of its kind.
        item: Its fields, but for `item_id`.
        pictures: Name -> content of its pictures.
        provenance: Where its answer comes from.
    """

    kind: str
    item: dict[str, Any]
    pictures: dict[str, bytes]
    provenance: dict[str, Any]


class Assembler:
    """Gives options their letters, draws pictures, and says where answers come from.

    Args:
        data: The sources' data.
        rng: Decides the order of options.
    """

    def __init__(self, data: Sequence[Data], rng: np.random.Generator) -> None:
        self._data = data
        self._rng = rng
        self._used: dict[str, Counter[str]] = {}
        self._hashes: dict[Path, str] = {}

    def assemble(self, draft: Draft) -> Question:
        """Return the question of a draft.

        Raises:
            EvalError: A picture cannot be read.
        """
        kind = KINDS[draft.kind]
        order = self._order(draft)
        pictures = _in_order(draft, order)
        drawn = [self._draw(picture) for picture in pictures]
        names = [f"./{FOLDER}/{name}" for name, _ in drawn]
        right = [LETTERS[order.index(place)] for place in draft.right]
        item: dict[str, Any] = {"question": self._preface(pictures) + kind.say(**draft.words)}
        if kind.type in OF_IMAGES:
            item["options"] = dict(zip(LETTERS, names, strict=False))
        elif kind.type is QuestionType.DIFFERENCE:
            item |= {"image1": names[0], "image2": names[1]}
        else:
            item["image_path"] = names[0]
        if draft.sites:
            item["options"] = {LETTERS[i]: f"Site {LETTERS[i]}" for i in range(len(order))}
        elif draft.options:
            item["options"] = {LETTERS[i]: draft.options[place] for i, place in enumerate(order)}
        item["answer"] = _answer(draft, sorted(right), kind.type)
        one, two, three = kind.levels
        item |= {"type_id": int(kind.type), "level1_id": one, "level2_id": two, "level3_id": three}
        return Question(draft.kind, item, dict(drawn), self._provenance(draft, pictures, drawn))

    def _order(self, draft: Draft) -> list[int]:
        """An order of the options in which the right one gets the letter that was right least often."""
        number = len(draft.options or draft.sites) or (len(draft.pictures) if draft.right else 0)
        order = [int(place) for place in self._rng.permutation(number)]
        if len(draft.right) == 1:
            used = self._used.setdefault(draft.kind, Counter())
            tied = [
                letter
                for letter in LETTERS[:number]
                if used[letter] == min(used[one] for one in LETTERS[:number])
            ]
            letter = tied[int(self._rng.integers(len(tied)))]
            used[letter] += 1
            now, wanted = order.index(draft.right[0]), LETTERS.index(letter)
            order[now], order[wanted] = order[wanted], order[now]
        return order

    def _draw(self, picture: Picture) -> tuple[str, bytes]:
        sharp = any(getattr(self._data[panel.source], "drawn", False) for panel in picture)
        content = draw_picture(picture, lambda panel: self._data[panel.source].pixels(panel), sharp)
        return f"{hashlib.sha256(content).hexdigest()[:16]}.png", content

    def _preface(self, pictures: Sequence[Picture]) -> str:
        key = getattr(self._data[pictures[0][0].source], "key", None)
        return str(key(len(pictures))) if key else ""

    def _provenance(
        self, draft: Draft, pictures: Sequence[Picture], drawn: Sequence[tuple[str, bytes]]
    ) -> dict[str, Any]:
        shown = [
            {
                "path": f"./{FOLDER}/{name}",
                "sha256": hashlib.sha256(content).hexdigest(),
                "panels": [asdict(panel) | {"labels": self._labels(panel)} for panel in picture],
            }
            for picture, (name, content) in zip(pictures, drawn, strict=True)
        ]
        return {
            "rule": KINDS[draft.kind].rule,
            "values": json.dumps(draft.values, sort_keys=True, ensure_ascii=False),
            "pictures": json.dumps(shown, sort_keys=True, ensure_ascii=False),
        }

    def _labels(self, panel: Panel) -> list[dict[str, str]]:
        files = self._data[panel.source].label_files(panel)
        return [{"file": path.name, "sha256": self._hash(path)} for path in files]

    def _hash(self, path: Path) -> str:
        if path not in self._hashes:
            self._hashes[path] = sha256_of(path)
        return self._hashes[path]


def _in_order(draft: Draft, order: Sequence[int]) -> list[Picture]:
    """The pictures in the order of the letters, with the sites marked where they are what is chosen from."""
    if draft.sites:
        first = draft.pictures[0][0]
        marks = (Mark("site", draft.sites[place], LETTERS[i]) for i, place in enumerate(order))
        return [(replace(first, marks=tuple(marks)),)]
    if draft.right and not draft.options:
        return [draft.pictures[place] for place in order]
    return list(draft.pictures)


def _answer(draft: Draft, right: list[str], kind: QuestionType) -> Any:
    if kind in MANY_LETTERS:
        return right
    if right:
        return right[0]
    return list(draft.answer) if isinstance(draft.answer, tuple) else draft.answer
