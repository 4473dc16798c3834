"""Pictures in memory, in the forms that people have them, are seen as their files are."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from rsvlm.imagery import ChipReader, ImageryError, open_scene
from rsvlm.imagery.items import ChipOptions, list_items
from rsvlm.imagery.looks import TRUE_COLOUR, Look, loader

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
WHOLE = ChipOptions(chips="whole")


def seen(given: Any, min_valid: float = 0.5) -> Any:
    """The one picture that something stands for, as RGB pixels."""
    [item] = list_items(given, WHOLE)
    with ChipReader() as reader:
        picture = loader(reader, min_valid)(Look(item, TRUE_COLOUR))
    return np.asarray(picture.convert("RGB") if isinstance(picture, Image.Image) else picture)


def file_of(pixels: Any, form: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, form, **options)
    return stream.getvalue()


class Tensor:
    """What a tensor of torch has of an array, on a GPU."""

    def __init__(self, values: Any) -> None:
        self.values, self.ndim, self.dtype = values, values.ndim, "torch.float32"

    def detach(self) -> "Tensor":
        return self

    def cpu(self) -> Any:
        return self.values


@pytest.mark.parametrize(
    "given",
    [
        PIXELS, Image.fromarray(PIXELS), PIXELS.transpose(2, 0, 1), PIXELS / 255, (PIXELS / 255).astype(np.float32),
        PIXELS[None], [PIXELS], Tensor((PIXELS / np.float32(255)).transpose(2, 0, 1)), np.ma.masked_array(PIXELS),
        file_of(PIXELS), bytearray(file_of(PIXELS)), io.BytesIO(file_of(PIXELS)), file_of(PIXELS, "TIFF"),
        {"bytes": file_of(PIXELS), "path": "x.png"}, [{"bytes": file_of(PIXELS), "path": None}],
        pa.array([file_of(PIXELS)]), pa.chunked_array([[{"bytes": file_of(PIXELS), "path": None}]]),
        np.dstack([PIXELS, np.full((20, 30), 255, np.uint8)]), file_of(PIXELS, "WEBP", lossless=True),
    ],
)  # fmt: skip
def test_forms(given: Any) -> None:
    assert np.array_equal(seen(given), PIXELS)


def test_grey() -> None:
    grey = PIXELS[..., 0]
    for given in (grey, grey[..., None], grey[None], Image.fromarray(grey)):
        assert np.array_equal(seen(given), np.repeat(grey[..., None], 3, axis=2))


def test_a_cell_without_bytes_is_its_path_and_a_scene_is_itself(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(file_of(PIXELS))
    for given in ({"bytes": None, "path": str(file)}, open_scene(file), np.array([str(file)], object)):
        assert np.array_equal(seen(given), PIXELS)
    with file.open("rb") as opened:
        assert np.array_equal(seen(opened), PIXELS)


def test_what_is_transparent_or_masked_is_black_and_counts_as_missing() -> None:
    alpha = np.full((20, 30), 255, np.uint8)
    alpha[:, :10] = 0
    black = PIXELS * (alpha > 0)[..., None]
    clear = Image.fromarray(np.dstack([PIXELS, alpha]))
    files = [file_of(np.asarray(clear)), file_of(np.asarray(clear), "TIFF")]
    masked = np.ma.masked_array(PIXELS, np.dstack([alpha == 0] * 3))
    for given in (clear, np.asarray(clear), masked, [clear], *files, io.BytesIO(files[0])):
        assert np.array_equal(seen(given), black)
        with pytest.raises(ImageryError, match=r"only 66\.7% of its pixels are valid, less than 70%"):
            seen(given, 0.7)
    floats = np.where(alpha[..., None] == 0, np.nan, PIXELS / 255)
    assert np.array_equal(seen(floats), black)
    with pytest.raises(ImageryError, match="has no valid pixels"):
        seen(np.full((4, 4, 3), np.nan), 0.0)
    clear.putalpha(0)
    with pytest.raises(ImageryError, match="has no valid pixels"):
        seen(clear, 0.0)
    clear.putalpha(100)  # half transparent is seen
    assert np.array_equal(seen(clear), PIXELS)
    palette = Image.fromarray(PIXELS).quantize(4)
    palette.info["transparency"] = palette.getpixel((0, 0))
    assert (seen(palette, 0.0)[0, 0] == 0).all()


def test_missing_and_damaged_ones_are_rows_with_their_reason() -> None:
    cut = file_of(PIXELS, "JPEG")[:400]
    items = list_items([PIXELS, None, float("nan"), b"no image", cut, b""], WHOLE)
    assert [item.error for item in items] == [
        None,
        "there is no image",
        "there is no image",
        None,
        None,
        None,
    ]
    with ChipReader() as reader:
        for item in items[1:]:
            with pytest.raises((ImageryError, OSError)):
                loader(reader, 0.0)(Look(item, TRUE_COLOUR))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (None, "images: None: give paths, PIL images"),
        (5, "images: a int: give paths"),
        ([5], "image 0 is a int: give paths"),
        ({"image": PIXELS, "label": 3}, "image 0 is a dict with image, label: give what is its image"),
        ([PIXELS, {"image": PIXELS}], "image 1 is a dict with image: give what is its image"),
        (np.zeros((4, 4), np.uint16), "image 0 is an array of 4x4 uint16: bring it to 8 bits"),
        (PIXELS.astype(np.float64), "0 to 1 in floats"),
        (np.zeros((4, 4, 5), np.uint8), r"array of 4x4x5 uint8: give \(height, width, 3\) uint8"),
        (np.zeros((0, 4, 3), np.uint8), "array of 0x4x3 uint8"),
        (np.zeros((4, 4), bool), "array of 4x4 bool"),
        ([], "the list is empty"),
        (io.StringIO("words"), "image 0 is a str"),
    ],
)
def test_what_is_no_image_is_refused_in_one_line(given: Any, says: str) -> None:
    with pytest.raises(ImageryError, match=says) as raised:
        list_items(given, WHOLE)
    assert "\n" not in str(raised.value)


def test_a_sensor_that_nobody_knows_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(ImageryError, match="sentinel2"):
        list_items([tmp_path / "a.tif"], ChipOptions(sensor="sentinel2"))


def test_bands_may_be_one_text(tmp_path: Path) -> None:
    one_text: Any = "blue, green,red"
    assert ChipOptions(bands=one_text) == ChipOptions(bands=("blue", "green", "red"))
    (tmp_path / "a.png").write_bytes(file_of(PIXELS))
    assert [band.name for band in open_scene(tmp_path / "a.png", bands=one_text).bands] == [
        "blue",
        "green",
        "red",
    ]


def test_of_a_folder_all_rows_are_sorted(tmp_path: Path) -> None:
    for name in ("b.png", "d.png"):
        (tmp_path / name).write_bytes(file_of(PIXELS))
    for name in ("a.png", "c.png"):
        (tmp_path / name).write_bytes(b"no image")
    items = list_items(tmp_path, WHOLE, copies=True)
    assert [Path(item.ref.image).name for item in items] == ["a.png", "b.png", "c.png", "d.png"]
