"""One batch of everything: a result or a row with the reason, and the others go on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
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


class ColoursOfAnything(Colours):  # type: ignore[misc]
    """Takes any text."""

    def encode_texts(self, texts: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        found = [np.random.default_rng(list(text.encode())).normal(size=3) for text in texts]
        return np.array([vector / np.linalg.norm(vector) for vector in found], np.float32)
