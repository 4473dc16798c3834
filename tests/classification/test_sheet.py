"""The contact sheet: which chips it shows, what it says of them, and that it says nothing that is not known."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from PIL import Image, ImageDraw

from rsvlm.classification.palette import NO_PREDICTION, Color
from rsvlm.classification.result import SCHEMA
from rsvlm.classification.sheet import BAR, CELL, GAP, write_contact_sheet
from rsvlm.imagery import ImageryError

COLORS: dict[str, Color] = {"Forest": (0, 158, 115), "River": (86, 180, 233), "Städte & Dörfer": (213, 94, 0)}
NAMES = list(COLORS)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All that is written in a picture."""
    texts: list[str] = []
    write = ImageDraw.ImageDraw.text

    def listen(self: ImageDraw.ImageDraw, at: Any, text: str, *rest: Any, **more: Any) -> None:
        texts.append(text)
        write(self, at, text, *rest, **more)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", listen)
    return texts


def table(count: int = 20, *, calibrated: bool = True, **change: Any) -> pa.Table:
    rows = []
    for number in range(count):
        order = [NAMES[(number + step) % 3] for step in range(3)]
        score = 1 - number / 100
        rows.append(
            {
                "image": "a.tif", "key": f"a_{number}", "label": order[0], "score": score, "calibrated": calibrated,
                "top_labels": order, "top_scores": [score, (1 - score) * 0.8, (1 - score) * 0.2], **change,
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, SCHEMA)


def grey(seen: list[int] | None = None) -> Callable[[int], npt.NDArray[np.uint8]]:
    """Chips of one grey for each row."""

    def picture(number: int) -> npt.NDArray[np.uint8]:
        if seen is not None:
            seen.append(number)
        return np.full((64, 64, 3), 5 * number + 10, np.uint8)

    return picture


def test_sheet_shows_seeded_chips_in_order_with_their_colours(tmp_path: Path) -> None:
    rows = table()
    shown: dict[int, list[int]] = {}
    for seed in (0, 1):
        shown[seed] = []
        path = tmp_path / f"{seed}.png"
        assert write_contact_sheet(rows, grey(shown[seed]), path, COLORS, count=9, seed=seed) == 9
        with Image.open(path) as sheet:
            assert sheet.width == GAP + 6 * (CELL + GAP)
            pixels = np.asarray(sheet.convert("RGB"))
        top = GAP + 28
        for place, number in enumerate(shown[seed][:6]):
            left = GAP + place * (CELL + GAP)
            assert (pixels[top : top + CELL, left : left + CELL] == 5 * number + 10).all()
            bar = pixels[top + CELL + 4 : top + CELL + 4 + BAR, left : left + CELL].reshape(-1, 3)
            assert {tuple(color) for color in bar.tolist()} == {COLORS[NAMES[number % 3]]}
    assert shown[0] == sorted(shown[0])
    assert shown[0] != shown[1]
    assert len(set(shown[0])) == 9
    again: list[int] = []
    write_contact_sheet(rows, grey(again), tmp_path / "again.png", COLORS, count=9, seed=0)
    assert again == shown[0]
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "0.png").read_bytes()


def test_calibrated_scores_are_shown_in_percent(tmp_path: Path, said: list[str]) -> None:
    write_contact_sheet(table(2), grey(), tmp_path / "s.png", COLORS, title="Zürich")
    assert said[0] in ("Zürich", "Zurich")
    assert said[1] == "2 of 2 chips"
    assert said[2:6] == ["Forest", "100 %", said[4], "a_0"]
    assert said[4].startswith("then River < 1 %, St")
    assert said[7:8] == ["99 %"]


def test_uncalibrated_scores_are_not_shown_at_all(tmp_path: Path, said: list[str]) -> None:
    write_contact_sheet(table(20, calibrated=False), grey(), tmp_path / "s.png", COLORS)
    assert "uncalibrated" in said[0]
    assert not [text for text in said if "%" in text]
    assert any(text.startswith("then River, St") for text in said)


def test_failures_are_counted_and_named(tmp_path: Path, said: list[str]) -> None:
    failed = [
        {"image": "b", "key": f"b_{n}", "calibrated": True, "error": f"b_{n} is empty"} for n in range(9)
    ]
    rows = pa.concat_tables([table(3), pa.Table.from_pylist(failed, SCHEMA)])
    assert write_contact_sheet(rows, grey(), tmp_path / "s.png", COLORS) == 3
    assert said[0] == "3 of 12 chips · 9 failed"
    assert said[-8:] == [
        "9 chips gave no answer",
        *(f"b_{n}: b_{n} is empty" for n in range(6)),
        "and 3 more",
    ]


def test_nothing_but_failures_is_a_sheet_too(tmp_path: Path, said: list[str]) -> None:
    failed = pa.Table.from_pylist([{"image": "b", "key": "b", "calibrated": False, "error": "gone"}], SCHEMA)
    assert write_contact_sheet(failed, grey(), tmp_path / "s.png", COLORS) == 0
    assert said[-2:] == ["1 chip gave no answer", "b: gone"]
    assert write_contact_sheet(SCHEMA.empty_table(), grey(), tmp_path / "e.png", COLORS) == 0


def test_chips_of_no_class_and_of_several(tmp_path: Path, said: list[str]) -> None:
    several = table(1, label=None, labels=["Forest", "River"], score=None)
    nothing = table(1, label=None, labels=[], score=None)
    none = table(1, label="none of these", score=None)
    path = tmp_path / "s.png"
    write_contact_sheet(pa.concat_tables([several, nothing, none]), grey(), path, COLORS)
    assert [text for text in said if text in ("Forest, River", "none of the classes", "none of these")] == [
        "Forest, River",
        "none of the classes",
        "none of these",
    ]
    assert said[3].startswith(("then Städte", "then Stadte"))
    assert any(text.startswith("nearest Forest 100 %") for text in said)
    with Image.open(path) as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    row = pixels[GAP + 28 + CELL + 4]
    assert tuple(row[GAP + 2]) == COLORS["Forest"]
    assert tuple(row[GAP + CELL - 2]) == COLORS["River"]
    for place in (1, 2):
        assert tuple(row[GAP + place * (CELL + GAP)]) == NO_PREDICTION


def test_a_chip_that_cannot_be_read_again_says_why(tmp_path: Path, said: list[str]) -> None:
    def gone(number: int) -> Image.Image:
        if number == 0:
            raise OSError("a.tif does not exist")
        return Image.new("CMYK", (300, 20))

    assert write_contact_sheet(table(2), gone, tmp_path / "s.jpg", COLORS) == 2
    assert "a.tif does not exist" in said
    with Image.open(tmp_path / "s.jpg") as sheet:
        assert sheet.format == "JPEG"


def test_a_chip_of_16_bits_is_shown_from_its_least_to_its_largest_value(tmp_path: Path) -> None:
    chip = Image.fromarray(np.tile(np.arange(64, dtype=np.uint16) * 900, (64, 1)))
    write_contact_sheet(table(1), lambda number: chip, tmp_path / "sheet.png", COLORS)
    with Image.open(tmp_path / "sheet.png") as sheet:
        pixels = np.asarray(sheet)
    rows = [row for row in pixels[..., 0].astype(int) if set(range(8, 248, 16)) <= {*(row // 16 * 16 + 8)}]
    assert len(rows) > CELL / 2


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageryError, match=r"\.png or \.jpg"):
        write_contact_sheet(table(1), grey(), tmp_path / "s.gif", COLORS)
    assert list(tmp_path.iterdir()) == []
