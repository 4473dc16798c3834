"""The picture of a class map: its colours, its legend, its scale."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from rsvlm.classification.classmap import ClassMap, write_class_map
from rsvlm.classification.mappicture import GAP, write_map_picture
from rsvlm.classification.palette import NO_PREDICTION, palette
from rsvlm.imagery import Grid
from rsvlm.imagery.windows import grid_windows

UTM = (10.0, 0.0, 300_000.0, 0.0, -10.0, 4_000_000.0)
NAMES = ("Forest", "River", "Städte & Dörfer")


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


def make(path: Path, grid: Grid, size: int, classes: list[int], names: tuple[str, ...] = NAMES) -> ClassMap:
    windows = grid_windows(grid.width, grid.height, size)
    return write_class_map(path, grid, windows, classes, names, palette(len(names)))


def test_every_tile_is_drawn_in_its_colour(tmp_path: Path, said: list[str]) -> None:
    class_map = make(tmp_path / "m.tif", Grid(768, 512, "EPSG:32652", UTM), 256, [0, 1, -1, 0, 0, 2])
    write_map_picture(class_map, tmp_path / "m.png", title="A map")
    with Image.open(tmp_path / "m.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    top, step = GAP + 38, 300
    colors = [*palette(3), NO_PREDICTION]
    for place, number in enumerate([0, 1, -1, 0, 0, 2]):
        y, x = top + place // 3 * step, GAP + place % 3 * step
        assert (pixels[y : y + step, x : x + step] == colors[number]).all()
    assert said[0] == "A map"
    assert [text for text in said if "%" in text] == ["50.0 %", "16.7 %", "16.7 %", "16.7 %"]
    assert said[1:4:2] == ["Forest", "River"]
    assert "no class" in said
    assert said[-1] == "2 km"  # 7.68 km are shown


@pytest.mark.parametrize(
    ("grid", "scale"),
    [
        (Grid(512, 512), None),
        (Grid(512, 512, "EPSG:32652", UTM), "1 km"),
        (Grid(512, 512, "EPSG:32652", (0.1, 0.0, 3e5, 0.0, -0.1, 4e6)), "10 m"),
        (Grid(512, 512, "EPSG:32652", (7.0, 7.0, 3e5, 7.0, -7.0, 4e6)), "1 km · north is not up"),
        (
            Grid(512, 512, "EPSG:4326", (0.01, 0.0, 178.0, 0.0, -0.01, 60.0)),
            "100 km",
        ),  # a degree is 60 km here
    ],
)
def test_scale_is_that_of_the_ground(tmp_path: Path, said: list[str], grid: Grid, scale: str | None) -> None:
    class_map = make(tmp_path / "m.tif", grid, 256, [0, 1, 2, 0])
    write_map_picture(class_map, tmp_path / "m.png")
    if scale is None:
        assert said[-1].endswith("%")
    else:
        assert said[-1] == scale


def test_many_classes_and_large_maps(tmp_path: Path, said: list[str]) -> None:
    names = tuple(f"class {number}" for number in range(50))
    grid = Grid(4001, 2003)  # a cell of one pixel
    windows = grid_windows(4001, 2003, 128)
    class_map = write_class_map(
        tmp_path / "m.tif", grid, windows, np.arange(len(windows)) % 50, names, palette(50)
    )
    write_map_picture(class_map, tmp_path / "m.png")
    assert "21 other classes" in said
    assert len([text for text in said if text.endswith("%")]) == 30
    with Image.open(tmp_path / "m.png") as picture:
        assert picture.width < 2000
        assert picture.height < 800
        assert picture.convert("RGB").getpixel((GAP, GAP)) == palette(1)[0]


def test_the_image_stands_beside_its_map(tmp_path: Path) -> None:
    class_map = make(tmp_path / "m.tif", Grid(512, 256), 256, [0, 1])
    write_map_picture(class_map, tmp_path / "m.png", image=Image.new("RGB", (64, 32), (1, 2, 3)))
    with Image.open(tmp_path / "m.png") as picture:
        found = picture.convert("RGB")
        assert found.getpixel((GAP + 450, GAP + 225)) == (1, 2, 3)
        assert found.getpixel((2 * GAP + 900 + 10, GAP + 225)) == palette(1)[0]
