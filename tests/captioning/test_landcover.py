"""Land cover from rasters, colour masks and folders, on small rasters that the tests write."""

import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.landcover import LandCoverSource
from rsvlm.captioning.landcover import read as read_module
from rsvlm.captioning.landcover.regions import count_regions
from rsvlm.imagery.grid import Grid
from rsvlm.vocabularies import Legend, LegendClass, load_legend

WORLDCOVER = load_legend("worldcover")
KOREA = load_legend("korea")
COLOURS = load_legend("chatearthnet")
UTM = "EPSG:32632"
CODES = np.array([10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100], dtype=np.uint8)


def write(
    path: Path,
    pixels: npt.NDArray[Any],
    *,
    crs: str | None = UTM,
    origin: tuple[float, float] = (500_000.0, 5_500_000.0),
    size: float | tuple[float, float] = 10.0,
    **profile: Any,
) -> Grid:
    """Write (H, W) or (bands, H, W) pixels as a GeoTIFF and return its grid."""
    bands = pixels[None] if pixels.ndim == 2 else pixels
    size_x, size_y = size if isinstance(size, tuple) else (size, size)
    place = (
        {}
        if crs is None
        else {"crs": crs, "transform": rasterio.Affine(size_x, 0, origin[0], 0, -size_y, origin[1])}
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    count, height, width = bands.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=width,
        height=height,
        count=count,
        dtype=bands.dtype,
        **place,
        **profile,
    ) as file:
        file.write(bands)
    if crs is None:
        return Grid(width, height)
    return Grid(width, height, crs, (size_x, 0.0, origin[0], 0.0, -size_y, origin[1]))


def some_codes(height: int, width: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Patches of WorldCover codes, 0 among them."""
    rng = np.random.default_rng(seed)
    small = rng.choice(np.append(CODES, np.uint8(0)), (height // 7 + 1, width // 7 + 1))
    return np.kron(small, np.ones((7, 7), np.uint8))[:height, :width].astype(np.uint8)


def to_codes(classes: npt.NDArray[np.int16], legend: Legend) -> npt.NDArray[np.int64]:
    """Class places as codes; 0 for none."""
    table = np.array([item.code for item in legend.classes] + [-2, 0])  # -2 and -1 count from the end
    return table[classes]


def test_regions_are_counted_as_published(tmp_path: Path) -> None:
    pixels = np.full((9, 11), 10, np.uint8)
    pixels[:4, :5] = 20  # top left: rows 0..3, columns 0..4
    pixels[4:, 5:] = 80  # bottom right
    pixels[4, 2] = 0
    grid = write(tmp_path / "map.tif", pixels, nodata=0)
    cover = LandCoverSource.open(tmp_path / "map.tif", WORLDCOVER).labels("scene", grid).landcover
    assert cover is not None
    assert cover["coverage"] == (9 * 11 - 1) / (9 * 11)
    assert cover["regions"] == {
        "overall": [
            {"name": "Tree cover", "pixels": 24 + 25 - 1},
            {"name": "Permanent water bodies", "pixels": 30},
            {"name": "Shrubland", "pixels": 20},
        ],
        "top left": [{"name": "Shrubland", "pixels": 20}],
        "top right": [{"name": "Tree cover", "pixels": 24}],
        "bottom left": [{"name": "Tree cover", "pixels": 24}],
        "bottom right": [{"name": "Permanent water bodies", "pixels": 30}],
        # rows 2..5, columns 2..7: two rows each way, three columns left and right of the corner
        "middle": [
            {"name": "Tree cover", "pixels": 2 * 3 + 2 * 3 - 1},
            {"name": "Shrubland", "pixels": 2 * 3},
            {"name": "Permanent water bodies", "pixels": 2 * 3},
        ],
    }


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_regions_equal_a_plain_count(height: int, width: int, seed: int) -> None:
    from rsvlm.captioning.landcover.regions import count_regions

    classes = np.random.default_rng(seed).integers(-2, len(KOREA.classes), (height, width)).astype(np.int16)
    h, w = height, width
    cuts = {
        "overall": classes,
        "top left": classes[: h // 2, : w // 2],
        "top right": classes[: h // 2, w // 2 :],
        "bottom left": classes[h // 2 :, : w // 2],
        "bottom right": classes[h // 2 :, w // 2 :],
        "middle": classes[h // 4 : 3 * h // 4, w // 4 : 3 * w // 4],
    }
    for region, shares in count_regions(classes, KOREA).items():
        expected = {
            item.name: int((cuts[region] == place).sum())
            for place, item in enumerate(KOREA.classes)
            if not item.background
        }
        assert {share["name"]: share["pixels"] for share in shares} == {
            k: n for k, n in expected.items() if n
        }
        pixels = [share["pixels"] for share in shares]
        assert pixels == sorted(pixels, reverse=True)


def test_source_is_plain_data(tmp_path: Path) -> None:
    grid = write(tmp_path / "map.tif", some_codes(64, 64), nodata=0)
    source = LandCoverSource.open(tmp_path / "map.tif", WORLDCOVER)
    first = source.labels("scene", grid)
    copy = pickle.loads(pickle.dumps(source))
    assert copy.labels("scene", grid) == first
    source.close()
    assert source.labels("scene", grid) == first


@given(
    crs=st.sampled_from([UTM, "EPSG:32633", "EPSG:3857", "EPSG:3035", "EPSG:4326"]),
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    gsd=st.sampled_from([0.6, 3.0, 10.0, 37.0]),
    turn=st.sampled_from([0.0, 0.3, 2.0]),
    seed=st.integers(0, 9),
)
@settings(max_examples=60, deadline=None)
def test_classes_equal_brute_force_nearest_neighbour(
    tmp_path_factory: pytest.TempPathFactory,
    crs: str,
    width: int,
    height: int,
    gsd: float,
    turn: float,
    seed: int,
) -> None:
    """Each pixel's centre through WGS84; only centres within 0.02 label pixels of a border may differ."""
    pixels = some_codes(300, 300, seed)
    folder = tmp_path_factory.mktemp("cover")
    label = write(
        folder / "map.tif", pixels, crs="EPSG:4326", origin=(9.99, 50.01), size=1 / 12_000, nodata=0
    )
    source = LandCoverSource.open(folder / "map.tif", WORLDCOVER)
    x, y = Grid(1, 1, crs, (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)).to_pixels([10.0], [50.0])
    step = gsd / 111_000 if crs == "EPSG:4326" else gsd
    cos, sin = step * np.cos(turn), step * np.sin(turn)
    chip = Grid(width, height, crs, (cos, sin, float(x[0]), sin, -cos, -float(y[0])))

    cols, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    col, row = label.to_pixels(*chip.to_lonlat(cols, rows))
    inside = (col >= 0) & (col < 300) & (row >= 0) & (row < 300)
    expected = np.where(inside, pixels[np.clip(row, 0, 299).astype(int), np.clip(col, 0, 299).astype(int)], 0)
    on_border = (np.abs(col - np.round(col)) < 0.02) | (np.abs(row - np.round(row)) < 0.02)
    found = to_codes(source.codes(chip), WORLDCOVER)
    assert ((found == expected) | on_border).all()
    source.close()


def test_interpolation_gives_way_where_it_would_be_wrong(tmp_path: Path) -> None:
    """Half the Earth in a polar projection is far from linear: pixels are projected one by one."""
    pixels = some_codes(180, 360)
    label = write(tmp_path / "map.tif", pixels, crs="EPSG:4326", origin=(-180.0, 90.0), size=1.0)
    source = LandCoverSource.open(tmp_path / "map.tif", WORLDCOVER)
    chip = Grid(100, 100, "EPSG:3995", (1e5, 0.0, -5e6, 0.0, -1e5, 5e6))  # the North Pole in its middle
    cols, rows = np.meshgrid(np.arange(100) + 0.5, np.arange(100) + 0.5)
    lon, lat = chip.to_lonlat(cols, rows)
    expected = pixels[np.floor(90 - lat).astype(int), np.floor(lon + 180).astype(int) % 360]
    col, row = label.to_pixels(lon, lat)
    on_border = (np.abs(col - np.round(col)) < 1e-6) | (np.abs(row - np.round(row)) < 1e-6)
    assert ((to_codes(source.codes(chip), WORLDCOVER) == expected) | on_border).all()


def test_antimeridian(tmp_path: Path) -> None:
    """A chip over 180 degrees takes its west from one end of a world map and its east from the other."""
    pixels = np.full((20, 3600), 10, np.uint8)
    pixels[:, :1800] = 80
    write(tmp_path / "world.tif", pixels, crs="EPSG:4326", origin=(-180.0, 1.0), size=0.1)
    write(tmp_path / "pacific.tif", np.roll(pixels, 1800, 1), crs="EPSG:4326", origin=(0.0, 1.0), size=0.1)
    for chip in (
        Grid(
            100, 100, "EPSG:32601", (1000.0, 0.0, 117_000.0, 0.0, -1000.0, 50_000.0)
        ),  # west of it at 166,000
        Grid(100, 100, "EPSG:4326", (0.01, 0.0, 179.5, 0.0, -0.01, 0.5)),
        Grid(100, 100, "EPSG:3857", (1000.0, 0.0, 19_987_508.3, 0.0, -1000.0, 50_000.0)),
    ):
        lon, _ = chip.to_lonlat(np.arange(100) + 0.5, np.full(100, 50.0))
        for name in ("world", "pacific"):
            source = LandCoverSource.open(tmp_path / f"{name}.tif", WORLDCOVER)
            found = to_codes(source.codes(chip), WORLDCOVER)
            assert (found[50] == np.where(lon > 0, 10, 80)).all(), (chip, name)
            assert set(np.unique(found)) == {10, 80}


def test_whole_and_cut_rasters_agree(tmp_path: Path) -> None:
    """Four tiles give the labels of the one that they were cut from, over the seams too, pixel for pixel."""
    pixels = some_codes(300, 280)
    grid = write(
        tmp_path / "whole" / "WorldCover_2020.tif",
        pixels,
        crs="EPSG:4326",
        origin=(9.98, 50.02),
        size=1 / 12_000,
    )
    for j, rows in enumerate((slice(0, 150), slice(150, 300))):
        for i, cols in enumerate((slice(0, 90), slice(90, 280))):
            origin = (9.98 + cols.start / 12_000, 50.02 - rows.start / 12_000)
            path = tmp_path / "cut" / f"WorldCover_2020_{j}{i}.tif"
            write(path, pixels[rows, cols], crs="EPSG:4326", origin=origin, size=1 / 12_000)
    whole = LandCoverSource.open(tmp_path / "whole", WORLDCOVER)
    cut = LandCoverSource.open(tmp_path / "cut", WORLDCOVER)
    (joined,) = cut.rasters()
    assert (joined.name, joined.grid.width, joined.grid.height) == ("WorldCover_2020", 280, 300)
    assert whole.rasters()[0].name == "WorldCover_2020"
    rng = random.Random(1)
    for _ in range(40):
        window = (rng.randrange(-20, 250), rng.randrange(-20, 270), 64, 64)
        assert cut.labels("a", joined.grid.window(*window)) == whole.labels("a", grid.window(*window))
        utm = Grid(
            200,
            200,
            UTM,
            (1.3, 0.0, rng.uniform(570_200, 571_300), 0.0, -1.3, rng.uniform(5_539_500, 5_541_300)),
        )
        assert (cut.codes(utm) == whole.codes(utm)).all()
        assert (cut.codes(utm) >= 0).any()


def test_dates_that_overlap_are_an_error_that_names_them(tmp_path: Path) -> None:
    grid = write(tmp_path / "WorldCover_2020_N00E006.tif", np.full((40, 40), 10, np.uint8))
    write(tmp_path / "WorldCover_2021_N00E006.tif", np.full((40, 40), 80, np.uint8))
    source = LandCoverSource.open(tmp_path, WORLDCOVER)
    for call in (
        lambda: source.labels("scene", grid),
        lambda: source.check("scene", grid),
        lambda: source.rasters(),
    ):
        with pytest.raises(CaptioningError, match=r"different dates.*2020_N00E006\.tif.*2021_N00E006\.tif"):
            call()
    for date, name in (("2020", "Tree cover"), ("2021", "Permanent water bodies")):
        chosen = LandCoverSource.open(tmp_path, WORLDCOVER, date=date)
        cover = chosen.labels("scene", grid).landcover
        assert cover is not None
        assert (cover["date"], cover["regions"]["overall"][0]["name"]) == (date, name)
        assert [raster.name for raster in chosen.rasters()] == [f"WorldCover_{date}_N00E006"]
    with pytest.raises(CaptioningError, match=r"2019.*holds only 2020, 2021"):
        LandCoverSource.open(tmp_path, WORLDCOVER, date="2019")
    with pytest.raises(CaptioningError, match="newest: no date"):
        LandCoverSource.open(tmp_path, WORLDCOVER, date="newest")


def test_dates_side_by_side_are_one_map(tmp_path: Path) -> None:
    """Neighbours of two dates that only touch, a rounding of their headers apart, contradict nothing."""
    left = write(tmp_path / "a_2020.tif", np.full((40, 40), 10, np.uint8))
    write(tmp_path / "b_2021.tif", np.full((40, 40), 80, np.uint8), origin=(500_396.0, 5_500_000.0))
    cover = LandCoverSource.open(tmp_path, WORLDCOVER).labels("scene", left.window(20, 0, 40, 40)).landcover
    assert cover is not None
    assert cover["date"] == "2020/2021"
    assert [share["pixels"] for share in cover["regions"]["overall"]] == [800, 800]


def test_pixels_that_contradict_each_other_are_an_error(tmp_path: Path) -> None:
    grid = write(tmp_path / "a.tif", np.full((40, 40), 10, np.uint8))
    write(tmp_path / "b.tif", np.full((40, 40), 80, np.uint8))
    source = LandCoverSource.open(tmp_path, WORLDCOVER)
    for call in (
        lambda: source.check("scene", grid),
        lambda: LandCoverSource.open(tmp_path, WORLDCOVER).rasters(),
    ):
        with pytest.raises(
            CaptioningError, match=r"contradict each other: a\.tif and b\.tif differ in 100% .*keep one"
        ):
            call()
    # a raster with the image's name is chosen by it
    LandCoverSource.open(tmp_path, WORLDCOVER).check("b.tif", grid)


def test_overlaps_that_say_the_same_are_no_error(tmp_path: Path) -> None:
    """Tiles with a common margin, a tile in the next zone, and a sheet that fills the gaps of another."""
    codes = np.repeat(np.repeat(np.random.default_rng(1).choice([10, 40, 80], (20, 20)), 4, 0), 4, 1).astype(
        np.uint8
    )
    grid = write(tmp_path / "a.tif", codes[:, :60], nodata=0)
    write(tmp_path / "b.tif", codes[:, 40:], origin=(500_400.0, 5_500_000.0), nodata=0)
    half = codes[:, :60].copy()
    half[40:] = 0
    write(tmp_path / "c.tif", half, nodata=0)
    source = LandCoverSource.open(tmp_path, WORLDCOVER)
    source.check("scene", grid)
    assert len(source.rasters()) == 1


def test_products_that_overlap_are_an_error(tmp_path: Path) -> None:
    grid = write(tmp_path / "fine.tif", np.full((40, 40), 10, np.uint8))
    write(tmp_path / "coarse.tif", np.full((14, 14), 10, np.uint8), size=30.0)
    with pytest.raises(CaptioningError, match=r"different products.*coarse\.tif.*30 m.*fine\.tif.*10 m"):
        LandCoverSource.open(tmp_path, WORLDCOVER).labels("scene", grid)


def test_dates_in_two_zones_that_overlap_are_an_error(tmp_path: Path) -> None:
    grid = write(tmp_path / "a_2020.tif", np.full((40, 40), 10, np.uint8), origin=(900_000.0, 5_500_000.0))
    lon, lat = grid.to_lonlat(0, 0)
    x, y = Grid(1, 1, "EPSG:32633", (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)).to_pixels([lon], [lat])
    write(
        tmp_path / "b_2021.tif",
        np.full((40, 40), 10, np.uint8),
        crs="EPSG:32633",
        origin=(float(x[0]), -float(y[0])),
    )
    with pytest.raises(CaptioningError, match=r"different dates.*a_2020\.tif.*b_2021\.tif"):
        LandCoverSource.open(tmp_path, WORLDCOVER).labels("scene", grid)


def test_first_by_name_wins_and_gaps_are_filled_by_the_next(tmp_path: Path) -> None:
    first = np.full((20, 20), 10, np.uint8)
    first[:, 10:] = 0
    grid = write(tmp_path / "a.tif", first, nodata=0)
    write(tmp_path / "b.tif", np.full((20, 20), 80, np.uint8), nodata=0)
    found = to_codes(LandCoverSource.open(tmp_path, WORLDCOVER).codes(grid), WORLDCOVER)
    assert (found[:, :10] == 10).all()
    assert (found[:, 10:] == 80).all()


@pytest.mark.parametrize("code", [0, 77])
def test_background_and_unknown_codes_are_filled_by_the_next(tmp_path: Path, code: int) -> None:
    """Sheets of one map that each stop within the other: WorldCover's 0 is background, and 77 is nothing."""
    first, second = np.full((60, 60), 10, np.uint8), np.full((60, 60), 10, np.uint8)
    first[40:], second[:20] = code, code
    second[40:] = 80
    grid = write(tmp_path / "a.tif", first)
    write(tmp_path / "b.tif", second)
    source = LandCoverSource.open(tmp_path, WORLDCOVER)
    found = to_codes(source.codes(grid), WORLDCOVER)
    assert (found[:40] == 10).all()
    assert (found[40:] == 80).all()
    source.check("scene", grid)  # nothing there contradicts another


def test_same_stem_wins(tmp_path: Path) -> None:
    """Masks named like the images that overlap each other and differ in date, as in the Korean set."""
    grid = write(tmp_path / "masks" / "202309_00.tif", np.full((20, 20), 50, np.uint8))
    write(tmp_path / "masks" / "202412_00.tif", np.full((20, 20), 70, np.uint8))
    source = LandCoverSource.open(tmp_path / "masks", KOREA)
    for name, expected, date in (
        ("202309_00", "field", "2023-09"),
        ("images/202412_00.tif", "forest", "2024-12"),
    ):
        cover = source.labels(name, grid).landcover
        assert cover is not None
        assert (cover["regions"]["overall"][0]["name"], cover["date"]) == (expected, date)
    with pytest.raises(CaptioningError, match="different dates"):
        source.labels("another", grid)


def test_of_equal_stems_the_folder_decides(tmp_path: Path) -> None:
    grid = write(tmp_path / "2020" / "a.tif", np.full((20, 20), 50, np.uint8))
    write(tmp_path / "2021" / "a.tif", np.full((20, 20), 70, np.uint8))
    source = LandCoverSource.open(tmp_path, KOREA)
    cover = source.labels("images/2021/a.tif", grid).landcover
    assert cover is not None
    assert (cover["regions"]["overall"][0]["name"], cover["date"]) == ("forest", "2021")
    with pytest.raises(CaptioningError, match=r"2020/a\.tif.*2021/a\.tif"):
        source.labels("a", grid)


def test_half_covered_and_uncovered_chips(tmp_path: Path) -> None:
    grid = write(tmp_path / "map.tif", np.full((20, 20), 10, np.uint8))
    source = LandCoverSource.open(tmp_path / "map.tif", WORLDCOVER)
    half = source.labels("a", grid.window(-10, 0, 20, 20)).landcover
    assert half is not None
    assert half["coverage"] == 0.5
    assert half["regions"]["top left"] == []
    assert half["regions"]["middle"] == [{"name": "Tree cover", "pixels": 50}]
    assert source.labels("a", grid.window(100, 0, 20, 20)).landcover is None
    far = Grid(20, 20, "EPSG:32752", (10.0, 0.0, 500_000.0, 0.0, -10.0, 5_500_000.0))
    assert source.labels("a", far).landcover is None


def test_background_alone_is_no_land_cover(tmp_path: Path) -> None:
    pixels = np.full((20, 20), 100, np.uint8)
    grid = write(tmp_path / "mask.tif", pixels)
    assert LandCoverSource.open(tmp_path / "mask.tif", KOREA).labels("a", grid).landcover is None


def test_unknown_codes_are_reported(tmp_path: Path) -> None:
    pixels = np.full((20, 20), 10, np.uint8)
    pixels[0, :7] = 33
    pixels[1, :3] = 34
    grid = write(tmp_path / "map.tif", pixels)
    reading = LandCoverSource.open(tmp_path / "map.tif", WORLDCOVER).labels("a", grid.window(0, 0, 5, 5))
    assert reading.unknown == {33: 5, 34: 3}
    assert reading.landcover is not None
    assert reading.landcover["coverage"] == 17 / 25


def test_wrong_legend_is_found_at_once(tmp_path: Path) -> None:
    write(tmp_path / "map.tif", some_codes(60, 60), nodata=0)
    with pytest.raises(CaptioningError, match=r"wrong legend\?.*map\.tif.*chatearthnet.*legend worldcover"):
        LandCoverSource.open(tmp_path / "map.tif", load_legend("chatearthnet"))
    colours = np.zeros((3, 10, 10), np.uint8) + 77
    write(tmp_path / "photo.tif", colours, photometric="RGB")
    with pytest.raises(CaptioningError, match="colours #4d4d4d, of which legend chatearthnet knows 0%"):
        LandCoverSource.open(tmp_path / "photo.tif", COLOURS)


def test_colour_masks(tmp_path: Path) -> None:
    """Exact colours; anything else is background and reported."""
    water, tree, odd = (0, 0, 255), (0, 192, 0), (0, 193, 0)
    pixels = np.array([[water, tree], [odd, (0, 0, 0)]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    reading = LandCoverSource.open(tmp_path / "mask.png", COLOURS).labels("photo", Grid(2, 2))
    assert reading.unknown == {0x00C100: 1}
    assert reading.landcover is not None
    assert reading.landcover["coverage"] == 0.5
    assert {share["name"] for share in reading.landcover["regions"]["overall"]} == {"water", "tree"}
    with pytest.raises(CaptioningError, match=r"mask\.png is coded by colour.*korea has no colours"):
        LandCoverSource.open(tmp_path / "mask.png", KOREA)


@pytest.mark.parametrize("mode", ["as codes", "repainted", "colours only"])
def test_palette_masks(tmp_path: Path, mode: str) -> None:
    legend = COLOURS
    places = np.array([[1, 3], [6, 0]], np.uint8)
    colours = [item.color or (0, 0, 0) for item in COLOURS.classes]
    image = Image.new("P", (2, 2))
    if mode == "as codes":
        image.putpalette([part for colour in colours for part in colour])
        image.putdata(places.ravel().tolist())
    else:  # numbered as they come: crop, tree, water, background
        image.putpalette([part for place in (6, 3, 1, 0) for part in colours[place]])
        image.putdata([2, 1, 0, 3])
    if mode == "colours only":
        classes = tuple(LegendClass(None, c.name, c.phrase, c.color, c.background) for c in COLOURS.classes)
        legend = Legend("mine", "Mine", classes)
    image.save(tmp_path / "mask.png")
    source = LandCoverSource.open(tmp_path / "mask.png", legend)
    assert source.codes(Grid(2, 2)).tolist() == places.tolist()


def test_alpha_and_mask_bands_mean_no_label(tmp_path: Path) -> None:
    rgba = np.zeros((2, 2, 4), np.uint8) + np.array([0, 0, 255, 255], np.uint8)
    rgba[0, 0, 3] = 0
    Image.fromarray(rgba).save(tmp_path / "mask.png")
    cover = LandCoverSource.open(tmp_path / "mask.png", COLOURS).labels("a", Grid(2, 2)).landcover
    assert cover is not None
    assert cover["coverage"] == 0.75


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "float32", "float64"])
def test_types_of_codes(tmp_path: Path, dtype: str) -> None:
    pixels = np.array([[10, 80], [50, 0]], dtype)
    grid = write(tmp_path / "map.tif", pixels, nodata=0)
    found = LandCoverSource.open(tmp_path / "map.tif", WORLDCOVER).codes(grid)
    assert to_codes(found, WORLDCOVER).tolist() == [[10, 80], [50, 0]]


def test_large_and_negative_codes_and_nan(tmp_path: Path) -> None:
    legend = Legend(
        "mine", "Mine", (LegendClass(-1, "sea", "sea", None), LegendClass(40_000, "land", "land", None))
    )
    for name, pixels, nodata in (
        ("a", np.array([[-1, 40_000], [-1, 7]], np.int32), 7),
        ("b", np.array([[-1, 40_000], [-1, np.nan]], np.float32), None),
        ("c", np.array([[-1, 40_000], [-1, np.inf]], np.float32), float("nan")),
        ("d", np.array([[-1, 40_000], [-1, -3.4e38]], np.float32), -3.4e38),
    ):
        grid = write(tmp_path / f"{name}.tif", pixels, nodata=nodata)
        reading = LandCoverSource.open(tmp_path / f"{name}.tif", legend)
        assert reading.codes(grid).tolist() == [[0, 1], [0, -1]], name


def test_numbers_that_are_no_codes(tmp_path: Path) -> None:
    write(tmp_path / "ndvi.tif", np.array([[0.25, 1.0], [1.0, 1.0]], np.float32))
    with pytest.raises(CaptioningError, match=r"ndvi\.tif holds 0\.25.*whole numbers"):
        LandCoverSource.open(tmp_path / "ndvi.tif", WORLDCOVER)


def test_images_without_georeference_match_by_shape(tmp_path: Path) -> None:
    pixels = some_codes(50, 60)
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    source = LandCoverSource.open(tmp_path / "mask.png", WORLDCOVER)
    chip = source.codes(Grid(20, 10), "photo", window=(30, 40, 20, 10), scene_size=(60, 50))
    known = pixels[40:50, 30:50]
    assert (np.where(known == 0, 0, to_codes(chip, WORLDCOVER)) == known).all()
    past = source.codes(Grid(20, 20), "photo", window=(50, 40, 20, 20), scene_size=(60, 50))
    assert (past[10:] == -1).all()
    assert (past[:, 10:] == -1).all()
    with pytest.raises(CaptioningError, match=r"photo has 61 x 50 pixels and mask\.png 60 x 50"):
        source.labels("photo", Grid(20, 10), window=(0, 0, 20, 10), scene_size=(61, 50))


def test_folder_of_masks_without_georeference(tmp_path: Path) -> None:
    for name, code in (("one", 10), ("two", 80)):
        Image.fromarray(np.full((8, 8), code, np.uint8)).save(tmp_path / f"{name}.png")
    source = LandCoverSource.open(tmp_path, WORLDCOVER)
    cover = source.labels("photos/two.jpg", Grid(8, 8)).landcover
    assert cover is not None
    assert cover["regions"]["overall"] == [{"name": "Permanent water bodies", "pixels": 64}]
    with pytest.raises(CaptioningError, match=r"three\.jpg: no georeference.*no raster of its name"):
        source.labels("three.jpg", Grid(8, 8))
    assert [raster.name for raster in source.rasters()] == ["one", "two"]


def test_world_file_places_a_mask(tmp_path: Path) -> None:
    pixels = some_codes(30, 30)
    grid = write(tmp_path / "map.tif", pixels)
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    (tmp_path / "mask.pgw").write_text("10\n0\n0\n-10\n500005\n5499995\n", encoding="ascii")
    (tmp_path / "mask.prj").write_text(rasterio.CRS.from_string(UTM).to_wkt(), encoding="utf-8")
    chip = grid.window(3, 4, 20, 10)
    one, other = (LandCoverSource.open(tmp_path / name, WORLDCOVER) for name in ("map.tif", "mask.png"))
    assert (one.codes(chip) == other.codes(chip)).all()


def test_large_areas_are_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chip over many label pixels, and one larger than a block: the classes stay the same."""
    pixels = some_codes(300, 300)
    grid = write(tmp_path / "map.tif", pixels, size=1.0)
    source = LandCoverSource.open(tmp_path / "map.tif", WORLDCOVER)
    coarse = Grid(30, 30, UTM, (10.0, 0.0, 500_000.0, 0.0, -10.0, 5_500_000.0))
    expected = source.codes(coarse), source.codes(grid)
    monkeypatch.setattr(read_module, "_MOST_LABELS", 64)
    monkeypatch.setattr(read_module, "_BLOCK", 100)
    assert (source.codes(coarse) == expected[0]).all()
    assert (source.codes(grid) == expected[1]).all()
    assert (to_codes(expected[0], WORLDCOVER) == pixels[5::10, 5::10]).all()


def test_many_tiles_with_few_open_files(tmp_path: Path) -> None:
    """25 tiles, more than are held open at once; gaps between tiles are no windows of the joined raster."""
    pixels = some_codes(100, 100)
    for j in range(5):
        for i in range(5):
            if (i, j) != (2, 2):
                origin = (500_000.0 + 200 * i, 5_500_000.0 - 200 * j)
                write(
                    tmp_path / f"t{j}{i}.tif",
                    pixels[20 * j : 20 * j + 20, 20 * i : 20 * i + 20],
                    origin=origin,
                )
    source = LandCoverSource.open(tmp_path, WORLDCOVER)
    (joined,) = source.rasters()
    found = to_codes(source.codes(joined.grid), WORLDCOVER)
    pixels[40:60, 40:60] = 0
    assert (found == pixels).all()
    windows = np.array([[40, 40, 20, 20], [39, 40, 20, 20], [0, 0, 10, 10], [45, 45, 3, 3], [300, 0, 5, 5]])
    assert source.covered(joined.grid, windows).tolist() == [False, True, True, False, False]


def test_what_is_no_land_cover(tmp_path: Path) -> None:
    with pytest.raises(CaptioningError, match="no such file"):
        LandCoverSource.open(tmp_path / "none.tif", WORLDCOVER)
    with pytest.raises(CaptioningError, match="no class raster in this folder"):
        LandCoverSource.open(tmp_path, WORLDCOVER)
    (tmp_path / "text.tif").write_text("<VRTDataset/>", encoding="utf-8")
    with pytest.raises(CaptioningError, match=r"text\.tif.*VRT"):
        LandCoverSource.open(tmp_path / "text.tif", WORLDCOVER)
    Image.new("L", (8, 8), 10).save(tmp_path / "mask.jpg")
    with pytest.raises(CaptioningError, match="JPEG blurs"):
        LandCoverSource.open(tmp_path / "mask.jpg", WORLDCOVER)
    write(tmp_path / "bands.tif", np.zeros((5, 4, 4), np.uint16))
    with pytest.raises(CaptioningError, match=r"bands\.tif has 5 bands of uint16"):
        LandCoverSource.open(tmp_path / "bands.tif", WORLDCOVER)


def test_a_raster_that_breaks_off_is_one_clear_error(tmp_path: Path) -> None:
    grid = write(tmp_path / "map.tif", some_codes(900, 900), tiled=True, blockxsize=128, blockysize=128)
    source = LandCoverSource.open(tmp_path / "map.tif", WORLDCOVER)
    content = (tmp_path / "map.tif").read_bytes()
    (tmp_path / "map.tif").write_bytes(content[: len(content) // 2])
    with pytest.raises(CaptioningError, match=r"map\.tif cannot be read"):
        source.labels("a", grid.window(700, 700, 200, 200))


def test_classes_of_one_name_are_one(tmp_path: Path) -> None:
    legend_file = tmp_path / "coarse.yaml"
    legend_file.write_text("1: forest\n2: forest\n3: water\n", encoding="utf-8")
    codes = np.array([[1, 2, 3, 3], [1, 2, 3, 3], [1, 2, 3, 1], [1, 2, 3, 1]], np.int16)
    regions = count_regions(codes - 1, load_legend(str(legend_file)))
    assert regions["overall"] == [{"name": "forest", "pixels": 10}, {"name": "water", "pixels": 6}]
