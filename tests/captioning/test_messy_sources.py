"""`rsvlm.caption` on sources as people have them: masks without names, own legends, corrected files, clouds."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rasterio.crs import CRS
from rasterio.warp import transform
from small_rasters import halves, picture, raster  # type: ignore[import-not-found] # beside this file

import rsvlm
from rsvlm.captioning import CaptioningError, identity
from rsvlm.captioning.dataset import open_dataset, read_problems
from rsvlm.captioning.gather import _share_seen
from rsvlm.captioning.sample import SamplePaths
from rsvlm.captioning.verify import verify
from rsvlm.imagery.frames import unique_names


def said(folder: Path) -> dict[str, str]:
    """The captions of a dataset by key; each is held against its labels as they were stored."""
    rows = list(open_dataset(folder))
    for pair in rows:
        for caption in pair.captions:
            assert verify(caption["text"], pair.labels, caption["style"]) == []
    return {pair.key: pair.caption for pair in rows}


def photo(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(picture(seed).transpose(1, 2, 0)).save(path)


def test_one_mask_is_not_that_of_images_of_other_names(tmp_path: Path) -> None:
    for number in range(3):
        photo(tmp_path / "images" / f"tile {number}.png", number)
    (tmp_path / "masks").mkdir()
    Image.fromarray(halves()[0]).save(tmp_path / "masks" / "tile 1.png")
    rsvlm.caption(tmp_path / "images", landcover=tmp_path / "masks", out=tmp_path / "pairs")
    assert list(said(tmp_path / "pairs")) == ["tile_1"]
    reasons = [problem.reason for problem in read_problems(tmp_path / "pairs")]
    assert len(reasons) == 2
    assert all("no raster of its name" in reason for reason in reasons)


def test_one_image_and_one_mask_need_no_common_name(tmp_path: Path) -> None:
    photo(tmp_path / "photo.png")
    Image.fromarray(halves()[0]).save(tmp_path / "mask.png")
    report = rsvlm.caption(tmp_path / "photo.png", landcover=tmp_path / "mask.png", out=tmp_path / "pairs")
    assert report.pairs == 1


@pytest.mark.parametrize("style", ["natural", "chatearthnet"])
@pytest.mark.parametrize("name", ["mine", "korea"])  # korea ships, with other words for these names
def test_a_legend_of_ones_own_says_what_its_classes_are_called(tmp_path: Path, style: Any, name: str) -> None:
    image, cover = (
        raster(tmp_path / "a.tif", picture()),
        raster(tmp_path / "cover.tif", halves(left=1, right=2)),
    )
    legend = tmp_path / f"{name}.yaml"
    legend.write_text(
        "1: {name: road, phrase: railway tracks}\n2: {name: U.S.  forest, chatearthnet: trees}\n", "utf-8"
    )
    rsvlm.caption(image, landcover=cover, legend=legend, style=style, out=tmp_path / "pairs")
    [caption] = said(tmp_path / "pairs").values()
    assert "railway tracks" in caption.lower()
    assert ("us forest" if style == "natural" else "trees") in caption.lower()
    assert "roads" not in caption


def test_what_was_corrected_is_captioned_anew(tmp_path: Path) -> None:
    image = raster(tmp_path / "a.tif", picture(size=512))
    (tmp_path / "cover").mkdir()
    cover = raster(tmp_path / "cover" / "a.tif", halves(size=512))
    rsvlm.caption(image, landcover=tmp_path / "cover", out=tmp_path / "pairs")
    size = cover.stat().st_size
    raster(cover, halves(size=512, left=40))
    assert cover.stat().st_size == size
    with pytest.raises(rsvlm.shards.ShardError, match="other settings"):
        rsvlm.caption(image, landcover=tmp_path / "cover", out=tmp_path / "pairs")


@pytest.mark.parametrize("whole", [True, False])
def test_a_correction_anywhere_in_a_large_land_cover_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    image = raster(tmp_path / "a.tif", picture())
    codes = np.full((1, 1024, 1024), 10, np.uint8)
    cover = raster(tmp_path / "cover.tif", codes)
    if not whole:  # as if it were more than is read whole
        monkeypatch.setattr(identity, "_WHOLE", 2**18)
    rsvlm.caption(image, landcover=cover, out=tmp_path / "pairs")
    assert rsvlm.caption(image, landcover=cover, out=tmp_path / "pairs").pairs == 1
    before = cover.stat()
    with cover.open("r+b") as file:
        file.seek(before.st_size // 2 + 20_000)  # between the blocks that are sampled
        file.write(bytes([80]))
    os.utime(cover, ns=(before.st_atime_ns, before.st_mtime_ns + 10**9))
    with pytest.raises(rsvlm.shards.ShardError, match="other settings"):
        rsvlm.caption(image, landcover=cover, out=tmp_path / "pairs")


def test_a_moved_image_is_captioned_anew(tmp_path: Path) -> None:
    photo(tmp_path / "a.png")
    (tmp_path / "a.prj").write_text(CRS.from_epsg(32632).to_wkt(), "utf-8")
    place = "10.0\n0.0\n0.0\n-10.0\n{}\n4999995.0\n"
    (tmp_path / "a.pgw").write_text(place.format(500005.0), "utf-8")
    cover = raster(tmp_path / "cover.tif", halves(size=128))
    rsvlm.caption(tmp_path / "a.png", landcover=cover, out=tmp_path / "pairs")
    (tmp_path / "a.pgw").write_text(place.format(500065.0), "utf-8")
    with pytest.raises(rsvlm.shards.ShardError, match="other settings"):
        rsvlm.caption(tmp_path / "a.png", landcover=cover, out=tmp_path / "pairs")


def test_a_tag_that_was_corrected_is_read_anew(town: SamplePaths, tmp_path: Path) -> None:
    osm = tmp_path / "town.osm"
    osm.write_bytes(town.osm.read_bytes())
    rsvlm.caption(town.image, osm=osm, size=512, limit=2, out=tmp_path / "pairs")
    content = osm.read_bytes()
    middle = content.index(b'v="house"', len(content) // 2)
    osm.write_bytes(content[:middle] + b'v="hotel"' + content[middle + 9 :])
    with pytest.raises(rsvlm.shards.ShardError, match="other settings"):
        rsvlm.caption(town.image, osm=osm, size=512, limit=2, out=tmp_path / "pairs")


def church(path: Path, east: float, north: float) -> None:
    """A GeoJSON file of one church of 8 m by 8 m, in UTM 32."""
    corners = ((0, 0), (8, 0), (8, 8), (0, 8), (0, 0))
    lon, lat = transform(
        "EPSG:32632", "EPSG:4326", [east + x for x, _ in corners], [north + y for _, y in corners]
    )
    ring = list(zip(lon, lat, strict=True))
    feature: dict[str, Any] = {"type": "Feature", "properties": {"building": "church"}}
    feature["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")


def test_what_lies_under_nodata_is_not_told(tmp_path: Path) -> None:
    pixels, codes = picture(), halves()
    pixels[:, :, :10] = 0
    codes[:, :, :] = 10
    codes[:, :, :10] = 80  # water, where nothing can be seen
    image = raster(tmp_path / "a.tif", pixels, pixel=1.0, nodata=0)
    cover = raster(tmp_path / "cover.tif", codes, pixel=1.0)
    unseen, in_sight = tmp_path / "unseen.geojson", tmp_path / "sight.geojson"
    for path, east in ((unseen, 500_001), (in_sight, 500_031)):
        church(path, east, 4_999_970)
    for path in (unseen, in_sight):
        out = tmp_path / path.stem
        rsvlm.caption(image, osm=path, landcover=cover, style="natural", out=out)
        [caption] = said(out).values()
        assert "water" not in caption
        assert ("church" in caption) == (path == in_sight)
    report = rsvlm.caption(image, osm=unseen, out=tmp_path / "silent")
    assert report.pairs == 0
    (problem,) = read_problems(tmp_path / "silent")
    assert problem.reason.endswith("lie in pixels without data")


@pytest.mark.parametrize("date", ["2021-9", "2021/10", "10.2021", "2021-13", "yesterday"])
def test_a_date_that_is_none_is_refused(tmp_path: Path, date: str) -> None:
    (tmp_path / "cover").mkdir()
    raster(tmp_path / "cover" / "map_2021-08.tif", halves())
    with pytest.raises(CaptioningError, match="no date; give a year"):
        rsvlm.caption([], landcover=tmp_path / "cover", landcover_date=date, out=tmp_path / "pairs")


def test_long_names_and_names_like_those_of_chips(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    raster(images / f"{'long' * 20}.tif", picture(1))
    raster(images / "scene.tif", picture(2, size=96))
    raster(images / "scene_00000_00000_64.tif", picture(3))
    cover = raster(tmp_path / "cover.tif", halves(size=128))
    report = rsvlm.caption(images, landcover=cover, size=64, chips="grid", out=tmp_path / "pairs")
    assert report.pairs == len(said(tmp_path / "pairs")) == 1 + 4 + 1


def test_names_stay_as_they_are_where_they_can() -> None:
    sentinel = "S2A_MSIL2A_20230907T020651_N0509_R103_T52SBG_20230907T051500"
    assert unique_names([sentinel, "b_00000_00000_64"], ["x.tif", "y.tif"]) == [sentinel, "b_00000_00000_64"]


def test_a_dataset_among_its_images_is_none_of_them(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    raster(images / "a.tif", picture())
    cover = raster(tmp_path / "cover.tif", halves())
    for _ in range(2):
        report = rsvlm.caption(images, landcover=cover, out=images / "pairs")
        assert report.images == 1
    assert report.resumed == 1
    assert ("chips", "1 in 1 shard, 1 of them found done") in report.rows()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chips": "whole", "size": 64}, "--chips whole takes images as they are, and --size 64 cuts them"),
        ({"landcover": None, "legend": "korea"}, "say what --landcover holds: name it, too"),
        ({"landcover": None, "landcover_date": "2021"}, "say what --landcover holds: name it, too"),
    ],
)
def test_options_that_would_do_nothing_are_refused(tmp_path: Path, options: Any, message: str) -> None:
    image, cover = raster(tmp_path / "a.tif", picture()), raster(tmp_path / "cover.tif", halves())
    with pytest.raises(CaptioningError, match=message):
        rsvlm.caption(image, **{"landcover": cover, "out": tmp_path / "pairs"} | options)


def test_the_share_of_a_box_that_is_seen() -> None:
    seen = np.zeros((8, 8), bool)
    seen[:, 4:] = True
    assert _share_seen([0, 0, 8, 8], seen) == 0.5
    assert _share_seen([6.2, 3.0, 6.2, 3.0], seen) == 1  # a point
    assert _share_seen([8.0, 8.0, 8.0, 8.0], seen) == 1  # on the very edge
    assert _share_seen([0.0, 2.0, 3.9, 3.0], seen) == 0


def test_colours_that_the_legend_lacks_are_told_as_colours(tmp_path: Path) -> None:
    colours = np.zeros((3, 64, 64), np.uint8)
    colours[1] = 255
    colours[:, :, :9] = [[[255]], [[0]], [[255]]]
    image, mask = raster(tmp_path / "a.tif", picture()), raster(tmp_path / "mask.tif", colours)
    (tmp_path / "mine.yaml").write_text('"#00ff00": forest\n', "utf-8")
    report = rsvlm.caption(image, landcover=mask, legend=tmp_path / "mine.yaml", out=tmp_path / "pairs")
    assert report.unknown_codes == {"#ff00ff": 9 * 64}


def test_a_paragraph_on_all_of_an_image_needs_labels_on_half_of_it(tmp_path: Path) -> None:
    codes = halves(left=10, right=0)
    codes[:, :, 20:] = 0  # no class
    image, cover = raster(tmp_path / "a.tif", picture()), raster(tmp_path / "cover.tif", codes)
    assert rsvlm.caption(image, landcover=cover, out=tmp_path / "pairs").pairs == 0
    [problem] = read_problems(tmp_path / "pairs")
    assert "only 31.2% of it has land-cover labels" in problem.reason
    rsvlm.caption(image, landcover=cover, style="natural", out=tmp_path / "natural")
    assert "labelled area" in said(tmp_path / "natural")["a"]


@pytest.mark.parametrize(
    ("style", "columns", "told"), [(None, 20, True), (None, 2, False), ("natural", 2, False)]
)
def test_style_natural_is_advised_only_where_it_would_help(
    tmp_path: Path, style: Any, columns: int, told: bool
) -> None:
    codes = halves(left=0, right=0)
    codes[:, :, :columns] = 10
    image, cover = raster(tmp_path / "a.tif", picture()), raster(tmp_path / "cover.tif", codes)
    rsvlm.caption(image, landcover=cover, style=style, out=tmp_path / "pairs")
    [problem] = read_problems(tmp_path / "pairs")
    assert f"only {columns / 64:.1%} of it has land-cover labels" in problem.reason
    assert ("style natural" in problem.reason) is told


def test_bands_may_be_one_text(tmp_path: Path) -> None:
    image, cover = raster(tmp_path / "a.tif", picture()), raster(tmp_path / "cover.tif", halves())
    for number, bands in enumerate(("blue, green,red", ["blue", "green", "red"])):
        rsvlm.caption(image, landcover=cover, bands=bands, out=tmp_path / f"pairs{number}")
    assert said(tmp_path / "pairs0") == said(tmp_path / "pairs1")
    first, second = (
        json.loads((tmp_path / f"pairs{number}" / "run.json").read_text("utf-8")) for number in (0, 1)
    )
    assert (
        first["config"]["settings"]["bands"]
        == second["config"]["settings"]["bands"]
        == ["blue", "green", "red"]
    )
