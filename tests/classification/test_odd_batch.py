"""One batch of everything: a result or a row with the reason, and the others go on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
import rasterio
from colours import CLASSES, Colours  # type: ignore[import-not-found] # in tests/
from PIL import Image
from rasterio.transform import Affine

from rsvlm.classification import ZeroShotClassifier
from rsvlm.imagery.views import VIEWS

RNG = np.random.default_rng(0)


def noise(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return RNG.integers(0, 255, shape, dtype=np.uint8)


def raster(path: Path, bands: np.ndarray[tuple[int, ...], np.dtype[np.generic]], *, names: str = "") -> None:
    count, height, width = bands.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=count, dtype=bands.dtype.name,
        crs="EPSG:32632", transform=Affine(10, 0, 500_000, 0, -10, 5_500_000), photometric="MINISBLACK", alpha="NO",
    ) as file:  # fmt: skip
        file.write(bands)
        for number, name in enumerate(names.split(), start=1):
            file.set_band_description(number, name)


def truncated(path: Path) -> None:
    Image.fromarray(noise(64, 64, 3)).save(path)
    path.write_bytes(path.read_bytes()[:700])


def with_alpha(value: int) -> Image.Image:
    return Image.fromarray(np.dstack([noise(64, 64, 3), np.full((64, 64), value, np.uint8)]))


WAYS: dict[str, tuple[Callable[[Path], object], bool]] = {
    "rgb.png": (lambda p: Image.fromarray(noise(64, 64, 3)).save(p), True),
    "palette.png": (lambda p: Image.fromarray(noise(64, 64, 3)).quantize(16).save(p), True),
    "alpha.png": (lambda p: with_alpha(255).save(p), True),
    "see-through.png": (lambda p: with_alpha(0).save(p), False),
    "grey.png": (lambda p: Image.fromarray(noise(64, 64)).save(p), True),
    "cmyk.jpg": (lambda p: Image.new("CMYK", (64, 64), (9, 90, 20, 3)).save(p), True),
    "sixteen bit.png": (lambda p: Image.fromarray(noise(64, 64).astype(np.uint16) * 256).save(p), True),
    "one pixel.png": (lambda p: Image.fromarray(noise(1, 1, 3)).save(p), True),
    "wide.png": (lambda p: Image.fromarray(noise(3, 20_000, 3)).save(p), True),
    "wide.tif": (lambda p: raster(p, noise(3, 64, 20_000)), True),
    "panchromatic.tif": (lambda p: raster(p, noise(1, 64, 64).astype(np.uint16) * 4), True),
    "naip.tif": (lambda p: raster(p, noise(4, 64, 64), names="red green blue nir"), True),
    "twelve.tif": (lambda p: raster(p, noise(12, 64, 64).astype(np.uint16)), False),
    "Äcker & Öd.jpg": (lambda p: Image.fromarray(noise(64, 64, 3)).save(p), True),
    "truncated.jpg": (truncated, False),
    "empty.tif": (lambda p: p.write_bytes(b""), False),
    "words.png": (lambda p: p.write_bytes(b"these are words"), False),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("views", [("true-colour",), VIEWS], ids=["true colour", "all views"])
def test_every_kind_of_file_is_a_result_or_a_reason(tmp_path: Path, views: tuple[str, ...]) -> None:
    for name, (make, _) in WAYS.items():
        make(tmp_path / name)
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=["{}"])
    paths = [tmp_path / name for name in WAYS]
    result = classifier.classify(paths, views=views, chips="whole")
    assert len(result) == len(WAYS)
    for name, label, error in zip(WAYS, result.labels, result.errors, strict=True):
        assert (label is not None) == WAYS[name][1], f"{name}: {label}, {error}"
        assert (error is None) == (label is not None)
        assert error is None or "\n" not in error
    assert np.isfinite(result.scores).all(axis=1).tolist() == [fine for _, fine in WAYS.values()]


def test_a_wide_raster_is_tiled(tmp_path: Path) -> None:
    raster(tmp_path / "wide.tif", noise(3, 64, 20_000))
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=["{}"])
    result = classifier.classify(tmp_path / "wide.tif", size=64)
    assert len(result) == 313
    assert {chip.gsd is not None for chip in result.chips} == {True}
    assert len({chip.key for chip in result.chips}) == 313


@pytest.mark.parametrize("views", [("true-colour",), VIEWS], ids=["true colour", "all views"])
def test_multispectral_files(data_dir: Path, views: tuple[str, ...]) -> None:
    classifier = ZeroShotClassifier("eurosat", ColoursOfAnything(), templates=["{}"])
    result = classifier.classify(data_dir / "eurosat-multispectral", views=views, sensor="eurosat")
    assert len(result) == 60
    assert result.errors == [None] * 60


class Faulty(Colours):  # type: ignore[misc]
    """Gives no numbers for what is blue, and zeros for what is green."""

    def encode_images(self, images: list[object]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        found: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = super().encode_images(images)
        best = found.argmax(axis=1)
        found[best == 2] = np.nan
        found[best == 1] = 0
        return found


def test_a_vector_that_tells_nothing_is_a_reason() -> None:
    pictures = [Image.new("RGB", (8, 8), colour) for colour in ("#c81e1e", "#1ec81e", "#1e1ec8")]
    result = ZeroShotClassifier(CLASSES, Faulty(), templates=["{}"]).classify(pictures)
    assert result.labels == ["red", None, None]
    assert result.errors[1] == "the encoder gave a vector of zeros"
    assert "not numbers" in str(result.errors[2])


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "I", "F", "I;16"])
def test_an_encoder_gets_pictures_of_any_mode_in_rgb(mode: str) -> None:
    shapes: list[object] = []

    class Looking(Colours):  # type: ignore[misc]
        def encode_images(self, images: list[object]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
            shapes.extend((np.asarray(image).shape, np.asarray(image).dtype) for image in images)
            found: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = super().encode_images(images)
            return found

    deep = Image.fromarray(noise(8, 8).astype(np.uint16) * 256)
    picture = deep if mode == "I;16" else Image.fromarray(noise(8, 8, 3)).convert("L").convert(mode)
    result = ZeroShotClassifier(CLASSES, Looking(), templates=["{}"]).classify([picture])
    assert result.errors == [None]
    assert shapes == [((8, 8, 3), np.uint8)]


def test_what_is_closed_or_missing_is_a_row_and_an_open_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    Image.new("RGB", (8, 8), (200, 30, 30)).save(path)
    shut = Image.open(path)
    shut.close()
    with path.open("rb") as gone:
        pass
    with path.open("rb") as sniffed:
        sniffed.read(10)
        images = [path, shut, gone, sniffed, None, np.float32("nan"), pd.NA, pd.NaT]
        result = ZeroShotClassifier(CLASSES, Colours(), templates=["{}"]).classify(images)
    assert [label == "red" for label in result.labels] == [True, False, False, True, *[False] * 4]
    assert "closed" in str(result.errors[1])
    assert "closed" in str(result.errors[2])
    assert result.errors[4:] == ["there is no image"] * 4


class ColoursOfAnything(Colours):  # type: ignore[misc]
    """Takes any text."""

    def encode_texts(self, texts: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        found = [np.random.default_rng(list(text.encode())).normal(size=3) for text in texts]
        return np.array([vector / np.linalg.norm(vector) for vector in found], np.float32)
