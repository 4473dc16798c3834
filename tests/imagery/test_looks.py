"""Chips that are refused, for too little of them was seen."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from rsvlm.imagery import ChipReader, ImageryError
from rsvlm.imagery.items import ChipOptions, list_items
from rsvlm.imagery.looks import TRUE_COLOUR, Look, loader


def seen_of(folder: Path, valid: int, min_valid: float) -> str:
    """What is said of an image of 10,000 pixels of which some are valid."""
    values = np.zeros((3, 100, 100), np.uint8)
    values.reshape(3, -1)[:, :valid] = 90
    place = Affine(10, 0, 500_000, 0, -10, 5_500_000)
    profile = {
        "width": 100,
        "height": 100,
        "count": 3,
        "dtype": "uint8",
        "crs": "EPSG:32632",
        "transform": place,
    }
    with rasterio.open(folder / "a.tif", "w", driver="GTiff", nodata=0, **profile) as file:
        file.write(values)
    [item] = list_items(folder / "a.tif", ChipOptions(chips="whole"))
    with ChipReader() as reader:
        try:
            loader(reader, min_valid)(Look(item, TRUE_COLOUR))
        except ImageryError as error:
            return str(error)
    return ""


@pytest.mark.parametrize(
    ("valid", "min_valid", "told"),
    [
        (0, 0.0, "has no valid pixels"),
        (0, 0.5, "has no valid pixels"),
        (1, 0.5, "only under 0.1% of its pixels are valid, less than 50%"),
        (30, 0.5, "only 0.3% of its pixels are valid, less than 50%"),
        (4980, 0.5, "only 49.8% of its pixels are valid, less than 50%"),
        (1, 0.0, ""),
        (5000, 0.5, ""),
    ],
)
def test_how_much_of_a_chip_was_seen(tmp_path: Path, valid: int, min_valid: float, told: str) -> None:
    assert seen_of(tmp_path, valid, min_valid) == told


def test_pixels_that_are_not_square_on_the_ground_are_made_so(tmp_path: Path) -> None:
    disc = np.hypot(*(np.indices((40, 80)) - [[[19.5]], [[39.5]]]) * [[[20.0]], [[10.0]]]) < 300
    profile = {"width": 80, "height": 40, "count": 1, "dtype": "uint8", "crs": "EPSG:32632"}
    place = Affine(10, 0, 500_000, 0, -20, 5_500_000)
    with rasterio.open(tmp_path / "a.tif", "w", driver="GTiff", transform=place, **profile) as file:
        file.write(disc[None] * np.uint8(200))
    [item] = list_items(tmp_path / "a.tif", ChipOptions(chips="whole"))
    with ChipReader() as reader:
        as_stored = np.asarray(loader(reader, 0.5)(Look(item, TRUE_COLOUR)))
        seen = np.asarray(loader(reader, 0.5, square=True)(Look(item, TRUE_COLOUR)))
    assert as_stored.shape == (40, 80, 3)
    assert seen.shape == (57, 57, 3)  # 800 m at the mean of 14.1 m
    rows, columns = np.nonzero(seen[..., 0] > 100)
    assert abs(np.ptp(rows) - np.ptp(columns)) <= 1  # round, as on the ground
