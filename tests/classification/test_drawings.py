"""Maps and sheets of a long run: refused before any work, drawn after a failure, and told where there are none."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from colours import CLASSES, Colours  # type: ignore[import-not-found] # in tests/
from PIL import Image
from rasterio.transform import Affine

from rsvlm.classification import (
    ChipOptions,
    ClassificationError,
    ClassifyReport,
    Pictures,
    ZeroShotClassifier,
    classify_files,
)

TILED = ChipOptions(chips="grid", size="32")


class Unasked(Colours):  # type: ignore[misc]
    """Fails where it is shown a picture, unless it is told to look."""

    def __init__(self, looks: bool = False) -> None:
        super().__init__()
        self.looks = looks

    def encode_images(self, images: Any) -> Any:
        if not self.looks:
            raise AssertionError(f"{len(images)} pictures")
        return super().encode_images(images)


def run(images: Path, out: Path, encoder: Any = None, **options: Any) -> ClassifyReport:
    classifier = ZeroShotClassifier(CLASSES, encoder or Colours(), templates=["{}"])
    return classify_files(classifier, [images], out, options=TILED, **options)


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """Two scenes of 3 x 2 chips, one that is a chip, and one that cannot be opened."""
    folder = tmp_path / "scenes"
    folder.mkdir()
    for number, name in enumerate(("a", "b")):
        pixels = (
            np.random.default_rng(number).integers(0, 256, (3, 2, 3), np.uint8).repeat(32, 1).repeat(32, 2)
        )
        with rasterio.open(
            folder / f"{name}.tif", "w", driver="GTiff", width=96, height=64, count=3, dtype="uint8", crs="EPSG:32632",
            transform=Affine(10, 0, 500000 + 960 * number, 0, -10, 5600000), photometric="RGB",
        ) as file:  # fmt: skip
            file.write(pixels)
    Image.new("RGB", (32, 32), (9, 9, 200)).save(folder / "small.png")
    (folder / "torn.png").write_bytes(b"no picture")
    return folder


def test_images_without_a_map_are_named_with_the_reason(scenes: Path, tmp_path: Path) -> None:
    report = run(scenes, tmp_path / "out.csv", pictures=Pictures(map_folder=tmp_path / "maps"))
    assert sorted(path.name for path in (tmp_path / "maps").glob("*.tif")) == [
        "a.classes.tif",
        "b.classes.tif",
    ]
    assert report.warnings == [
        f"no class map of {scenes / 'torn.png'}: is refused: its first bytes are b'no pictu', but no GeoTIFF, "
        "JPEG 2000, PNG or JPEG",
        f"no class map of {scenes / 'small.png'}: one chip is all of it; a smaller size makes several",
    ]


def test_an_image_that_cannot_be_cut_is_named_with_its_own_reason(scenes: Path, tmp_path: Path) -> None:
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=["{}"])
    options, pictures = ChipOptions(size="320m"), Pictures(map_folder=tmp_path / "maps")
    report = classify_files(classifier, [scenes], tmp_path / "out.csv", options=options, pictures=pictures)
    assert report.warnings[-1].endswith("and 1 more: cannot be opened or cut, as the row of each says")
    (scenes / "torn.png").unlink()
    report = classify_files(classifier, [scenes], tmp_path / "two.csv", options=options, pictures=pictures)
    assert "needs an image with a place" in " ".join(report.warnings)


def test_an_image_of_which_no_chip_was_chosen_is_passed_over(scenes: Path, tmp_path: Path) -> None:
    (scenes / "small.png").unlink()
    (scenes / "torn.png").unlink()
    report = run(scenes, tmp_path / "out.csv", limit=1, pictures=Pictures(map_folder=tmp_path / "maps"))
    (drawn,) = (tmp_path / "maps").glob("*.tif")
    (other,) = {"a.tif", "b.tif"} - {drawn.name.replace(".classes", "")}
    assert report.warnings == [f"no class map of {scenes / other}: no chip of it was classified"]
    assert not (tmp_path / "out.csv.parts").exists()


def test_what_cannot_be_drawn_is_refused_before_any_work(scenes: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for pictures, said in (
        (Pictures(sheet=tmp_path / "s.gif"), "s.gif: contact sheets are written as .png or .jpg"),
        (Pictures(sheet=tmp_path / "s"), "end the name in one of these"),
        (Pictures(map_folder=tmp_path / "file"), "file is a file: name a folder"),
    ):
        with pytest.raises(ClassificationError, match=said):
            run(scenes, tmp_path / "out.csv", Unasked(), pictures=pictures)
    (tmp_path / "s.png").mkdir()
    with pytest.raises(ClassificationError, match=r"s.png is a folder"):
        run(scenes, tmp_path / "out.csv", Unasked(), pictures=Pictures(sheet=tmp_path / "s.png"))
    several = ZeroShotClassifier(CLASSES, Unasked(), templates=["{}"], multi_label=True)
    with pytest.raises(ClassificationError, match="one class a pixel"):
        classify_files(
            several, [scenes], tmp_path / "out.csv", pictures=Pictures(map_folder=tmp_path / "maps")
        )
    assert not list(tmp_path.glob("out.csv*"))


def test_a_run_whose_pictures_fail_is_whole_and_draws_them_when_repeated(
    scenes: Path, tmp_path: Path
) -> None:
    """Also into a format that is not read again: its rows lie in the parts until all is drawn."""
    out, maps = tmp_path / "out.csv", tmp_path / "maps"
    (maps / "b.classes.tif").mkdir(parents=True)  # a folder where a map is to be
    with pytest.raises(OSError, match=r"b\.classes\.tif"):
        run(scenes, out, Unasked(looks=True), pictures=Pictures(map_folder=maps))
    rows = out.read_bytes()
    assert json.loads((tmp_path / "out.csv.json").read_text("utf-8"))["summary"]["chips"] == 14
    (maps / "b.classes.tif").rmdir()
    report = run(scenes, out, Unasked(), pictures=Pictures(map_folder=maps))
    assert (report.chips, report.resumed) == (14, 14)
    assert len(report.pictures) == 4
    assert out.read_bytes() == rows
    assert not (tmp_path / "out.csv.parts").exists()
    with pytest.raises(ClassificationError, match=r"pictures can be added to a .parquet only"):
        run(scenes, out, Unasked(), pictures=Pictures(map_folder=maps))
    assert run(scenes, out, Unasked()).resumed == 14


def test_the_style_of_a_geojson_goes_by_the_classifier(scenes: Path, tmp_path: Path) -> None:
    several = ZeroShotClassifier(CLASSES, Colours(), templates=["{}"], multi_label=True)
    classify_files(several, [scenes], tmp_path / "several.geojson", options=TILED)
    run(scenes, tmp_path / "one.geojson")
    assert [path.name for path in tmp_path.glob("*.qml")] == ["one.qml"]
