"""Finding images: files, folders, patterns, products and items; sorted, once each, and with reasons."""

import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from make_safe import make_safe, zip_safe  # type: ignore[import-not-found] # beside this file
from PIL import Image

from rsvlm.imagery.discover import Failure, find_scenes, natural_order
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.opening import open_scene
from rsvlm.imagery.scene import Scene

windows = sys.platform == "win32"
_count = iter(range(1_000_000))


def image(path: Path, seed: int | None = None) -> Path:
    """A colour image without a place, of its own content unless a seed is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([1, next(_count)] if seed is None else seed)
    Image.fromarray(rng.integers(0, 255, (20, 30, 3), np.uint8)).save(path)
    return path


def tif(path: Path, x: float = 0, value: int = 1) -> Path:
    """A grey GeoTIFF at x."""
    path.parent.mkdir(parents=True, exist_ok=True)
    profile = {"driver": "GTiff", "width": 8, "height": 8, "count": 1, "dtype": "uint8", "crs": "EPSG:32632"}
    with rasterio.open(path, "w", transform=rasterio.Affine(10, 0, x, 0, -10, 5e6), **profile) as dataset:
        dataset.write(np.full((1, 8, 8), value, np.uint8))
    return path


def patch(folder: Path, stem: str = "S2A_MSIL2A_20170617T113321_36_85") -> Path:
    """A folder with three bands and BigEarthNet's JSON."""
    for number, name in enumerate(("B02", "B03", "B04")):
        tif(folder / f"{stem}_{name}.tif", value=10 + number)
    (folder / f"{stem}_labels_metadata.json").write_text('{"labels": ["Pastures"]}', encoding="utf-8")
    return folder


def found(*inputs: str | Path) -> list[str]:
    """Names of what was found, once nothing failed."""
    scenes, failures = find_scenes(inputs)
    assert failures == []
    return [scene.name for scene in scenes]


def paths(scenes: list[Scene]) -> list[Path]:
    return [Path(scene.path) for scene in scenes]


# What is found, and in which order


def test_a_folder_gives_its_images_and_nothing_that_comes_with_them(tmp_path: Path) -> None:
    image(tmp_path / "b" / "photo.JPG")
    image(tmp_path / "a" / "deep" / "down" / "shot.png")
    tif(tmp_path / "a" / "ortho.tiff")
    for name in (
        "ortho.tif.aux.xml",
        "ortho.tfw",
        "ortho.prj",
        "photo.jgw",
        "notes.txt",
        "boxes.json",
        "x.tif.ovr",
    ):  # a broken .prj, too, where the image knows its place
        (tmp_path / "a" / name).write_text("{}", encoding="utf-8")
    (tmp_path / "a" / "._ortho.tif").write_bytes(b"AppleDouble")
    image(tmp_path / ".cache" / "thumb.png")
    with zipfile.ZipFile(tmp_path / "a" / "other.zip", "w") as archive:
        archive.writestr("a.tif", "x")
    assert found(tmp_path) == ["shot", "ortho", "photo"]


def test_the_order_counts_numbers_and_ignores_case(tmp_path: Path) -> None:
    for name in ("tile_10", "Tile_2", "tile_1", "äpfel", "Zoo"):
        image(tmp_path / f"{name}.png")
    assert found(tmp_path) == ["tile_1", "Tile_2", "tile_10", "Zoo", "äpfel"]


@given(st.lists(st.text("aAäß0129²٣/_.-", min_size=1, max_size=12), max_size=8))
def test_the_order_is_the_same_however_the_system_lists(names: list[str]) -> None:
    assert sorted(names, key=natural_order) == sorted(sorted(names, reverse=True), key=natural_order)


def test_composed_and_decomposed_names_sort_alike() -> None:
    assert natural_order("Ä1.tif")[0] == natural_order("A\u03081.tif")[0]


@pytest.mark.parametrize(
    "name", ["with space.png", "größe-中文-🛰.png", "[1].png", "a*b.png", "semi;colon & co.png"]
)
def test_names_of_all_kinds(tmp_path: Path, name: str) -> None:
    if windows and "*" in name:
        pytest.skip("no such file name on Windows")
    path = image(tmp_path / "füß [x]" / name)
    assert found(path) == found(path.parent) == [path.stem]  # a name that exists is no pattern


def test_files_folders_and_patterns_that_overlap_give_each_image_once(tmp_path: Path) -> None:
    a, b = image(tmp_path / "a.png"), image(tmp_path / "sub" / "b.png")
    relative = os.path.relpath(a)
    assert found(a, a, str(a), relative, tmp_path, tmp_path / "sub", tmp_path / "**" / "*.png", b) == [
        "a",
        "b",
    ]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.png", ["a", "b"]),
        ("?.png", ["a", "b"]),
        ("[ab].png", ["a", "b"]),
        ("**/*.png", ["a", "b", "c", "d"]),
        ("sub/**", ["c", "d"]),
        ("s*", ["c", "d"]),
        ("*/deep/*", ["d"]),
        ("*", ["a", "b", "c", "d"]),
        (".hidden/*", ["e"]),
    ],
)
def test_patterns_are_expanded_here_too(tmp_path: Path, pattern: str, expected: list[str]) -> None:
    for name in ("a.png", "b.png", "sub/c.png", "sub/deep/d.png", ".hidden/e.png"):
        image(tmp_path / name)
    (tmp_path / "a.pgw").write_text("1\n0\n0\n-1\n0\n0\n", encoding="ascii")
    assert found(f"{tmp_path.as_posix()}/{pattern}") == expected


def test_patterns_relative_to_where_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image(tmp_path / "sub" / "a.png")
    monkeypatch.chdir(tmp_path)
    scenes, _ = find_scenes(["s*/*.png"])
    assert paths(scenes) == [Path("sub/a.png")]
    assert paths(find_scenes(["."])[0]) == [Path("sub/a.png")]


# Products


def test_a_safe_product_is_one_image_wherever_it_lies(tmp_path: Path) -> None:
    safe = Path(make_safe(tmp_path / "tiles", "L1C"))
    expected = [safe.stem]
    images = next(safe.glob("GRANULE/*/IMG_DATA"))
    assert found(safe) == found(tmp_path) == expected
    assert (
        found(tmp_path / "**" / "*.jp2")
        == found(tmp_path / "**")
        == found(tmp_path / "*" / "*.SAFE")
        == expected
    )
    assert found(images / "*.jp2") == expected
    assert found(images) == [
        "T32UPU_20221005T115411"
    ]  # a folder inside it, named itself: its bands as they are


def test_a_zip_with_a_product_is_one_image_and_the_same_as_its_folder(tmp_path: Path) -> None:
    safe = Path(make_safe(tmp_path / "tiles", "L1C"))
    zipped = Path(zip_safe(safe))
    scenes, failures = find_scenes([tmp_path])
    assert paths(scenes) == [safe]
    assert failures == [Failure(str(zipped), f"same content as {safe}")]
    shutil.rmtree(safe)
    assert found(tmp_path) == found(zipped) == [safe.stem]


def test_a_hostile_zip_of_a_product_is_a_failure_in_a_scanned_folder(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("x.SAFE/MTD_MSIL1C.xml", "<a/>")
        archive.writestr("../../evil", "x")
    scenes, failures = find_scenes([tmp_path])
    assert len(scenes) == 1
    assert failures == [
        Failure(str(tmp_path / "bad.zip"), "has an entry that points outside of it ('../../evil'): refused")
    ]


def test_band_files_are_one_image_and_images_beside_them_their_own(tmp_path: Path) -> None:
    folder = patch(tmp_path / "patches" / "one")
    stem = "S2A_MSIL2A_20170617T113321_36_85"
    tif(folder / f"{stem}_TCI.tif", value=9)  # comes with the bands
    tif(folder / f"{stem}_photo.tif", value=8)  # does not
    assert found(tmp_path) == [stem, f"{stem}_photo"]
    assert found(folder / "*_B0?.tif") == found(tmp_path / "**" / "*B0[34].tif") == [stem]
    assert found(folder / "*_B04.tif") == found(folder / f"{stem}_B04.tif") == [f"{stem}_B04"]


def test_products_in_one_folder_are_told_apart_and_each_can_be_named(tmp_path: Path) -> None:
    patch(tmp_path, "east")
    patch(tmp_path, "west")
    tif(tmp_path / "west_B03.tif", value=77)
    assert found(tmp_path) == ["east", "west"]
    scenes, _ = find_scenes([tmp_path / "west", tmp_path])
    assert [scene.path for scene in scenes] == [str(tmp_path / "east"), str(tmp_path / "west")]


# STAC items


def item(path: Path, href: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "properties": {
            "datetime": "2023-06-01T10:20:30Z",
            "proj:epsg": 32632,
            "proj:transform": [10, 0, 0, 0, -10, 0],
        },
        "assets": {"image": {"href": href}},
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_an_item_above_its_image_places_it_and_gives_it_once(tmp_path: Path) -> None:
    path = image(tmp_path / "assets" / "a.png")
    described = item(tmp_path / "item.json", "assets/a.png")
    for inputs in ([tmp_path], [described], [path, described], [described, path], [tmp_path / "**" / "*"]):
        scenes, failures = find_scenes(inputs)
        assert failures == []
        assert paths(scenes) == [path]
        assert scenes[0].grid.crs == "EPSG:32632"


def test_an_item_beside_its_image_is_no_second_image(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    item(tmp_path / "anything.json", "a.png")
    image(tmp_path / "b.png")
    item(tmp_path / "b.json", "https://example.org/b.tif")  # the original of what lies beside it
    scenes, failures = find_scenes([tmp_path])
    assert failures == []
    assert [(s.name, s.datetime) for s in scenes] == [
        ("a", "2023-06-01T10:20:30Z"),
        ("b", "2023-06-01T10:20:30Z"),
    ]


def test_an_item_whose_image_is_elsewhere_is_a_failure_that_says_to_download(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    described = item(tmp_path / "remote.json", "https://example.org/b.tif")
    for inputs in ([tmp_path], [tmp_path / "a.png", described]):
        scenes, failures = find_scenes(inputs)
        assert len(scenes) == 1
        assert [failure.path for failure in failures] == [str(described)]
        assert failures[0].reason.startswith(
            "its asset 'image' is not here (https://example.org/b.tif): download it"
        )


# What fails


def test_what_cannot_be_read_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    image(tmp_path / "good.png")
    broken = image(tmp_path / "half.png")
    broken.write_bytes(broken.read_bytes()[:20])
    (tmp_path / "empty.tif").touch()
    (tmp_path / "vrt.tif").write_text(
        "<VRTDataset><SourceFilename>/etc/passwd</SourceFilename>", encoding="utf-8"
    )
    (tmp_path / "text.jpg").write_text("hello", encoding="utf-8")
    scenes, failures = find_scenes([tmp_path])
    assert [scene.name for scene in scenes] == ["good"]
    assert [Path(failure.path).name for failure in failures] == [
        "empty.tif",
        "half.png",
        "text.jpg",
        "vrt.tif",
    ]
    reasons = [failure.reason for failure in failures]
    assert reasons[0].startswith("is empty (0 bytes)")
    assert reasons[1].startswith("cannot be opened")
    assert reasons[2].startswith("is refused: its first bytes are b'hello'")
    assert reasons[3].startswith("is refused: it is a GDAL VRT")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("notes.txt", b"hello", "is refused"),
        ("a.tfw", b"1\n0\n0\n-1\n0\n0\n", "is refused"),
        ("boxes.json", b"{}", "is refused"),
        ("other.zip", b"PK\5\6" + bytes(18), "is refused"),
        ("gone.tif", None, "does not exist"),
        ("*.bmp", None, "matches no image"),
        ("folder/", None, "holds no image"),
    ],
)
def test_what_is_named_and_is_no_image_is_a_failure(
    tmp_path: Path, name: str, content: bytes | None, reason: str
) -> None:
    if name.endswith("/"):
        (tmp_path / name).mkdir()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    good = image(tmp_path / "good.png")
    scenes, failures = find_scenes([tmp_path / name, good])
    assert paths(scenes) == [good]
    assert [failure.path for failure in failures] == [str(tmp_path / name)]
    assert failures[0].reason.startswith(reason)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a\0b",
        "/vsizip/x.zip/a.tif",
        "https://example.org/a.tif",
        "WMS:https://x",
        "/nope/*.tif",
        "/nope/**x",
    ],
)
def test_nothing_at_all_is_an_error_that_names_the_inputs(text: str) -> None:
    with pytest.raises(ImageryError, match=r"^no image: ") as caught:
        find_scenes([text])
    shown = text.strip().replace("\0", "\\x00")
    assert shown in str(caught.value)
    assert "\n" not in str(caught.value)


def test_many_inputs_that_lead_nowhere_are_named_up_to_five(tmp_path: Path) -> None:
    with pytest.raises(ImageryError, match=r"gone_4 does not exist; and 3 more inputs$"):
        find_scenes([tmp_path / f"gone_{i}" for i in range(8)])
    with pytest.raises(ImageryError, match=r"holds no image$"):
        find_scenes([tmp_path])
    with pytest.raises(ImageryError, match="the list of inputs is empty"):
        find_scenes([])


def test_an_unknown_sensor_is_one_error_and_not_one_an_image(tmp_path: Path) -> None:
    with pytest.raises(ImageryError, match="unknown sensor 'nosuch'"):
        find_scenes([image(tmp_path / "a.png")], sensor="nosuch")


def test_sensor_bands_and_stretch_reach_every_image(tmp_path: Path) -> None:
    tif(tmp_path / "a.tif")
    scenes, _ = find_scenes([tmp_path], bands=["pan"], stretch="0..100")
    assert (scenes[0].shown, scenes[0].stretch) == (("pan",), ((0.0, 100.0),))
    assert find_scenes([tmp_path], sensor="panchromatic")[0][0].sensor == "panchromatic"


# Copies


def test_the_same_content_at_another_time_is_another_image(tmp_path: Path) -> None:
    for name, time in (
        ("a", "2023-06-01T10:00:00Z"),
        ("b", "2023-07-01T10:00:00Z"),
        ("c", "2023-07-01T10:00:00Z"),
    ):
        image(tmp_path / f"{name}.png", seed=1)
        item: dict[str, object] = {
            "type": "Feature", "stac_version": "1.0.0", "id": name, "geometry": None, "links": [],
            "properties": {"datetime": time}, "assets": {"image": {"href": f"./{name}.png"}},
        }  # fmt: skip
        (tmp_path / f"{name}.json").write_text(json.dumps(item), encoding="utf-8")
    assert [scene.name for scene in find_scenes([tmp_path])[0]] == ["a", "b"]


def test_the_same_content_twice_is_taken_once(tmp_path: Path) -> None:
    first = image(tmp_path / "a.png", seed=1)
    shutil.copy(first, tmp_path / "b.png")
    big = bytes(100_000)
    for name, tail in (("c.png", b"1"), ("d.png", b"2"), ("e.png", b"2")):  # alike for their first 64 KiB
        (tmp_path / name).write_bytes(image(tmp_path / name, seed=2).read_bytes() + big + tail)
    scenes, failures = find_scenes([tmp_path])
    assert [scene.name for scene in scenes] == ["a", "c", "d"]
    assert failures == [
        Failure(str(tmp_path / "b.png"), f"same content as {first}"),
        Failure(str(tmp_path / "e.png"), f"same content as {tmp_path / 'd.png'}"),
    ]


def test_equal_pixels_at_different_places_are_no_copies(tmp_path: Path) -> None:
    tif(tmp_path / "a.tif", x=0)
    tif(tmp_path / "b.tif", x=80)
    for number, name in enumerate(("sea_1", "sea_2")):  # blank tiles, each with its world file
        image(tmp_path / f"{name}.png", seed=3)
        (tmp_path / f"{name}.pgw").write_text(f"10\n0\n0\n-10\n{number * 300}\n0\n", encoding="ascii")
        (tmp_path / f"{name}.prj").write_text(rasterio.crs.CRS.from_epsg(32632).to_wkt(), encoding="utf-8")
    assert found(tmp_path) == ["a", "b", "sea_1", "sea_2"]


# Links, rights and odd folders


def link(path: Path, target: Path) -> None:
    try:
        path.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:
        pytest.skip("links may not be made here")


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    image(tmp_path / "data" / "a.png")
    image(tmp_path / "elsewhere" / "b.png")
    link(tmp_path / "data" / "up", tmp_path / "data")
    link(tmp_path / "data" / "out", tmp_path / "elsewhere")
    link(tmp_path / "data" / "again.png", tmp_path / "data" / "a.png")
    link(tmp_path / "data" / "self.png", tmp_path / "data" / "self.png")
    link(tmp_path / "data" / "broken.png", tmp_path / "gone.png")
    assert found(tmp_path / "data") == ["a", "b"]
    assert found(tmp_path / "data" / "**" / "*.png") == ["a"]


def test_a_link_beside_what_it_leads_to_gives_way_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    image(tmp_path / "with space.png")
    link(tmp_path / "link.png", tmp_path / "with space.png")
    image(tmp_path / "real" / "b.png")
    link(tmp_path / "a_folder", tmp_path / "real")
    link(tmp_path / "only.png", image(tmp_path / ".elsewhere" / "c.png"))
    scenes, failures = find_scenes([tmp_path])
    assert failures == []
    assert paths(scenes) == [tmp_path / "only.png", tmp_path / "real" / "b.png", tmp_path / "with space.png"]
    assert "left out as links to images or folders that are listed themselves: 2 (the first: " in caplog.text
    scenes, _ = find_scenes([tmp_path / "link.png"])  # named alone, it is what was meant
    assert paths(scenes) == [tmp_path / "link.png"]
    assert caplog.text.count("left out") == 1


@pytest.mark.skipif(windows, reason="named pipes of POSIX")
@pytest.mark.parametrize("name", ["pipe.png", "pipe.json"])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    reason = "is no regular file: name an image file (of a pipe: write it to a file first)"
    assert find_scenes([tmp_path / name]) == ([], [Failure(str(tmp_path / name), reason)])
    with pytest.raises(ImageryError, match=r"pipe.* is no regular file: name an image file"):
        open_scene(tmp_path / name)


def test_a_folder_is_listed_once_however_many_links_lead_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image(tmp_path / "a.png")
    link(tmp_path / "one", tmp_path)  # two loops: 2^40 ways before the system gives up
    link(tmp_path / "two", tmp_path)
    listed: list[Path] = []
    real = os.scandir

    def scandir(path: Path) -> object:
        listed.append(path)
        assert len(listed) < 10
        return real(path)

    monkeypatch.setattr("rsvlm.imagery.scan.os.scandir", scandir)
    assert found(tmp_path) == ["a"]
    assert listed == [tmp_path]


@pytest.mark.skipif(windows, reason="rights work otherwise on Windows")
def test_a_folder_that_may_not_be_read_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image(tmp_path / "a.png")
    closed = tmp_path / "closed"
    closed.mkdir()
    real = os.scandir

    def scandir(path: Path) -> object:  # root may read everything, and tests may run as root
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr("rsvlm.imagery.scan.os.scandir", scandir)
    scenes, failures = find_scenes([tmp_path])
    assert len(scenes) == 1
    assert failures == [Failure(str(closed), "cannot be read: Permission denied")]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux allows such names")
def test_a_name_that_is_no_unicode_is_a_failure_that_can_be_written(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    odd = os.fsencode(tmp_path) + b"/caf\xe9.png"
    shutil.copy(os.fsencode(tmp_path / "a.png"), odd)
    scenes, failures = find_scenes([tmp_path])
    assert len(scenes) == 1
    assert failures == [
        Failure(str(tmp_path / "caf\\udce9.png"), "has a name that is no valid Unicode: rename it")
    ]


# Real data


def test_real_data_sets(data_dir: Path) -> None:
    assert len(found(data_dir / "bigearthnet-s2")) == 11
    assert len(found(data_dir / "bigearthnet-s2" / "*" / "*.tif")) == 11
    scenes, failures = find_scenes([data_dir / "eurosat-georeferenced"])
    assert (len(scenes), failures) == (35, [])
    assert {scene.grid.crs for scene in scenes} <= {"EPSG:32632", "EPSG:32629"}
    shown = {scene.name: scene.shown for scene in find_scenes([data_dir / "sen1floods11"])[0]}
    assert shown == {
        "Spain_7370579_LabelHand": ("gray",),
        "Spain_7370579_S1Hand": ("VV",),
        "Spain_7370579_S2Hand": ("B04", "B03", "B02"),
    }
    cubes = data_dir / "eurosat-multispectral"
    scenes, failures = find_scenes([cubes])
    assert (len(scenes), len(failures)) == (0, 60)
    assert failures[0].reason.startswith(
        "the file does not say what its 13 bands are: name them with --sensor"
    )
    assert len(find_scenes([cubes], sensor="eurosat")[0]) == 60
