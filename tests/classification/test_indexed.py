"""An index in place of images: the same answers, and no image is opened."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import rasterio
from colours import CLASSES, Colours  # type: ignore[import-not-found] # in tests/
from PIL import Image
from rasterio.transform import Affine

from rsvlm.classification import ClassificationError, Pictures, ZeroShotClassifier, classify_files
from rsvlm.cli.encoders import named
from rsvlm.imagery.items import ChipOptions
from rsvlm.retrieval import Index, RetrievalError


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    """Thirty tiles of random colours."""
    random = np.random.default_rng(0)
    folder = tmp_path / "kächeln"
    folder.mkdir()
    for number, colour in enumerate(random.integers(0, 256, (30, 3)).tolist()):
        Image.new("RGB", (8, 8), tuple(colour)).save(folder / f"{number:02d}.png")
    return folder


def test_answers_are_those_of_the_images_which_may_be_gone(tiles: Path, tmp_path: Path) -> None:
    classifier = ZeroShotClassifier(CLASSES, Colours())
    by_image = classifier.classify(tiles)
    index = Index.build(tiles, tmp_path / "index", Colours())
    shutil.rmtree(tiles)
    for given in (index, tmp_path / "index", [str(tmp_path / "index")]):
        found = classifier.classify(given)
        assert found.labels == by_image.labels
        np.testing.assert_allclose(found.scores, by_image.scores, atol=1e-6)
    assert [Path(chip.image).name for chip in found.chips] == [f"{n:02d}.png" for n in range(30)]


def test_a_long_run_takes_an_index_and_leaves_out_removed_rows(tiles: Path, tmp_path: Path) -> None:
    index = Index.build(tiles, tmp_path / "index", Colours())
    keys = index.rows(index.numbers())["key"].to_pylist()
    index.remove(keys[:10])
    classifier = ZeroShotClassifier(CLASSES, Colours())
    report = classify_files(classifier, [tmp_path / "index"], tmp_path / "found.parquet")
    assert (report.chips, report.failed) == (20, 0)
    rows = pq.read_table(tmp_path / "found.parquet")
    assert rows["key"].to_pylist() == keys[10:]
    assert rows["label"].to_pylist() == classifier.classify(tiles).labels[10:]
    again = classify_files(classifier, [tmp_path / "index"], tmp_path / "found.parquet")
    assert again.resumed == 20
    index.remove(keys[10:11])
    with pytest.raises(ClassificationError, match="is there already, made from other images"):
        classify_files(classifier, [tmp_path / "index"], tmp_path / "found.parquet")


def test_what_cannot_be_asked_of_an_index_is_said(tiles: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    Index.build(tiles, folder, Colours())
    classifier = ZeroShotClassifier(CLASSES, Colours())
    with pytest.raises(ClassificationError, match="vectors of chips as they were cut"):
        classifier.classify(folder, size=64)
    with pytest.raises(ClassificationError, match="vectors of chips as they were cut"):
        classifier.classify(folder, views=["ndvi"])
    with pytest.raises(ClassificationError, match="is an index, and 1 more things are named"):
        classifier.classify([folder, tiles])
    other = Colours()
    other.revision = "2"
    with pytest.raises(RetrievalError, match="was made by colours"):
        ZeroShotClassifier(CLASSES, other).classify(folder)
    paper = ZeroShotClassifier(CLASSES, Colours(), protocol="clip-benchmark")
    assert paper.classify(folder).labels == paper.classify(tiles).labels


def test_chips_of_a_scene_become_the_same_map(tmp_path: Path) -> None:
    scene = tmp_path / "scene.tif"
    pixels = np.random.default_rng(1).integers(0, 256, (3, 4, 5), np.uint8).repeat(32, 1).repeat(32, 2)
    with rasterio.open(
        scene, "w", driver="GTiff", width=160, height=128, count=3, dtype="uint8", crs="EPSG:32632",
        transform=Affine(10, 0, 500000, 0, -10, 5600000), photometric="RGB",
    ) as file:  # fmt: skip
        file.write(pixels)
    Index.build(scene, tmp_path / "index", Colours(), options=ChipOptions(chips="grid", size="32"))
    classifier = ZeroShotClassifier(CLASSES, Colours())
    maps = []
    for name, given, options in (
        ("image", scene, ChipOptions(chips="grid", size="32")),
        ("index", tmp_path / "index", ChipOptions()),
    ):
        drawn = Pictures(map_folder=tmp_path / name)
        out = tmp_path / f"{name}.geojson"
        report = classify_files(classifier, [given], out, options=options, pictures=drawn)
        features = json.loads(out.read_text())["features"]
        maps.append(
            (
                [(f["geometry"], f["properties"]["label"]) for f in features],
                Path(report.pictures[0]).read_bytes(),
            )
        )
    assert maps[0] == maps[1]


def test_whole_images_are_drawn_as_they_were_opened(tmp_path: Path) -> None:
    """A contact sheet has their pictures, by the bands that the index was built with."""
    scene = tmp_path / "scene.tif"
    pixels = np.random.default_rng(1).integers(0, 256, (4, 40, 40), np.uint8)
    with rasterio.open(
        scene, "w", driver="GTiff", width=40, height=40, count=4, dtype="uint8", crs="EPSG:32632",
        transform=Affine(10, 0, 500000, 0, -10, 5600000),
    ) as file:  # fmt: skip
        file.write(pixels)
    options = ChipOptions(bands=("nir", "red", "green", "blue"))
    Index.build(scene, tmp_path / "index", Colours(), options=options)
    classifier = ZeroShotClassifier(CLASSES, Colours())
    sheets = []
    for name, given, how in (("image", scene, options), ("index", tmp_path / "index", ChipOptions())):
        drawn = Pictures(sheet=tmp_path / f"{name}.png")
        classify_files(classifier, [given], tmp_path / f"{name}.parquet", options=how, pictures=drawn)
        with Image.open(tmp_path / f"{name}.png") as picture:
            sheets.append(np.asarray(picture.convert("RGB"))[60:])
    assert sheets[0].shape == sheets[1].shape
    assert np.mean(sheets[0] != sheets[1]) < 0.02  # the name below it is another
    assert len(np.unique(sheets[1].reshape(-1, 3), axis=0)) > 500


def test_an_encoder_that_is_named_is_taken_at_its_word_the_default_too(tmp_path: Path) -> None:
    index = Index.from_vectors(tmp_path / "index", np.eye(2), [{"key": "a"}, {"key": "b"}], encoder="mine")
    assert named(None, None, index.folder) == "mine"
    assert named("built-in", None, index.folder) == "built-in"
    assert named(None, tmp_path) == "built-in"
