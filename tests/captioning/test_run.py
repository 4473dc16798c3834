"""The whole of `rsvlm.caption` on the sample town and on small rasters made here."""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.crs import CRS
from rasterio.transform import Affine
from small_rasters import halves, picture, raster  # type: ignore[import-not-found] # beside this file

import rsvlm
from rsvlm.captioning import CaptioningError
from rsvlm.captioning.dataset import read_problems
from rsvlm.captioning.sample import SamplePaths
from rsvlm.captioning.settings import Style
from rsvlm.captioning.verify import verify
from rsvlm.shards import ShardError


def contents(folder: Path) -> dict[str, str]:
    """Hash of every file under `shards/`."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((folder / "shards").iterdir())
    }


def test_sample_town(town: SamplePaths, tmp_path: Path) -> None:
    report = rsvlm.caption(town.image, osm=town.osm, landcover=town.landcover, out=tmp_path / "pairs")
    pairs = list(rsvlm.open_pairs(tmp_path / "pairs"))
    assert report.pairs == len(pairs) > 10
    assert report.verified == report.pairs
    assert report.rejected == 0
    assert report.sources["map objects"] > 10
    assert report.sources["land cover"] > 10
    for pair in pairs:
        assert pair.image is not None
        assert not [
            problem
            for caption in pair.captions
            for problem in verify(caption["text"], pair.labels, caption["style"])
        ]
        assert {source["licence"] for source in pair.sources}
    assert (tmp_path / "pairs" / "README.md").exists()


def test_all_styles_are_variants(town: SamplePaths, tmp_path: Path) -> None:
    styles: list[Style] = ["skyscript", "natural", "chatearthnet"]
    rsvlm.caption(
        town.image, osm=town.osm, landcover=town.landcover, style=styles, out=tmp_path / "pairs", limit=8
    )
    pair = next(iter(rsvlm.open_pairs(tmp_path / "pairs")))
    assert pair.style == "skyscript"
    assert {caption["style"] for caption in pair.captions} >= {"skyscript", "natural", "chatearthnet"}


def test_limit_gives_the_captions_of_the_full_run(town: SamplePaths, tmp_path: Path) -> None:
    rsvlm.caption(town.image, osm=town.osm, out=tmp_path / "full")
    rsvlm.caption(town.image, osm=town.osm, out=tmp_path / "some", limit=5, seed=0)
    full = {pair.key: pair.captions for pair in rsvlm.open_pairs(tmp_path / "full")}
    some = {pair.key: pair.captions for pair in rsvlm.open_pairs(tmp_path / "some")}
    assert 0 < len(some) <= 5
    assert all(full[key] == captions for key, captions in some.items())


def test_chips_around_objects(town: SamplePaths, tmp_path: Path) -> None:
    report = rsvlm.caption(
        town.image,
        osm=town.osm,
        chips="objects",
        size=200,
        style="skyscript",
        out=tmp_path / "pairs",
        limit=40,
    )
    assert report.pairs > 20
    for pair in rsvlm.open_pairs(tmp_path / "pairs"):
        focus = [item for item in pair.labels["objects"] if item["role"] == "focus"]
        assert len(focus) == 1
        assert pair.labels["width"] == pair.labels["height"] == 200


@pytest.mark.parametrize("workers", [1, 4])
def test_any_number_of_workers_gives_the_same_bytes(
    town: SamplePaths, tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rsvlm.captioning.run.SHARD_SIZE", 7)
    rsvlm.caption(town.image, osm=town.osm, landcover=town.landcover, out=tmp_path / "one")
    rsvlm.caption(town.image, osm=town.osm, landcover=town.landcover, out=tmp_path / "more", workers=workers)
    assert len(contents(tmp_path / "one")) > 9
    assert contents(tmp_path / "one") == contents(tmp_path / "more")


RUN = """
import sys
import rsvlm.captioning.run as run
if __name__ == "__main__":
    run.SHARD_SIZE = 4
    image, osm, cover, out, cache = sys.argv[1:]
    run.caption(image, osm=osm, landcover=cover, out=out, size=128, workers=2, cache=cache)
"""


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_with_the_same_bytes(town: SamplePaths, tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(RUN, encoding="utf-8")
    cache = tmp_path / "cache"

    def start(out: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, *map(str, (script, town.image, town.osm, town.landcover, out, cache))]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL)

    begin = time.monotonic()
    assert start(tmp_path / "whole").wait() == 0
    length = time.monotonic() - begin
    moments = random.Random(5)
    kills = 0
    for _ in range(60):
        process = start(tmp_path / "killed")
        try:
            process.wait(moments.uniform(0.3, 0.8) * length)
            shutil.rmtree(tmp_path / "killed")  # it got through: begin anew, so that 20 runs are killed
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
        if kills == 20:
            break
    assert kills == 20
    assert start(tmp_path / "killed").wait() == 0
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    assert not list((tmp_path / "killed").rglob("*.tmp"))


def test_second_run_on_the_folder_is_refused(town: SamplePaths, tmp_path: Path) -> None:
    from rsvlm.shards import open_run

    with (
        open_run(tmp_path / "pairs", {"any": 1}),
        pytest.raises(ShardError, match="another run is writing here"),
    ):
        rsvlm.caption(town.image, osm=town.osm, out=tmp_path / "pairs")


def test_other_settings_are_refused_by_name(town: SamplePaths, tmp_path: Path) -> None:
    rsvlm.caption(town.image, osm=town.osm, out=tmp_path / "pairs", limit=3)
    with pytest.raises(ShardError, match="seed: was 0, now 1"):
        rsvlm.caption(town.image, osm=town.osm, out=tmp_path / "pairs", limit=3, seed=1)


def test_a_finished_run_is_done_again_in_no_time(town: SamplePaths, tmp_path: Path) -> None:
    first = rsvlm.caption(town.image, osm=town.osm, out=tmp_path / "pairs")
    again = rsvlm.caption(town.image, osm=town.osm, out=tmp_path / "pairs")
    assert again.resumed == again.shards == first.shards
    assert (again.pairs, again.skipped) == (first.pairs, first.skipped)


def test_dry_run_writes_nothing(town: SamplePaths, tmp_path: Path) -> None:
    report = rsvlm.caption(town.image, osm=town.osm, out=tmp_path / "pairs", dry_run=True)
    assert report.chips > 10
    assert "verified" not in dict(report.rows(planned=True))
    assert not (tmp_path / "pairs").exists()


def test_image_without_a_place(town: SamplePaths, tmp_path: Path) -> None:
    image = raster(tmp_path / "plain.tif", picture(), crs=None)
    codes = raster(tmp_path / "codes.tif", halves(), crs=None)
    report = rsvlm.caption(image, landcover=codes, out=tmp_path / "pairs")
    assert report.pairs == 1
    with pytest.raises(CaptioningError, match=r"plain\.tif: no georeference, so --osm cannot be matched"):
        rsvlm.caption(image, osm=town.osm, out=tmp_path / "more")


def test_a_full_disk_beside_an_image_is_a_problem_of_its_own(town: SamplePaths, tmp_path: Path) -> None:
    disk = tmp_path / "disk.tif"
    profile = {"driver": "GTiff", "count": 3, "height": 300, "width": 300, "dtype": "uint8"}
    crs = CRS.from_string("+proj=ortho +lat_0=0 +lon_0=0 +datum=WGS84")
    place = Affine(13e6 / 300, 0, -6.5e6, 0, -13e6 / 300, 6.5e6)  # whose corners are not on the Earth
    with rasterio.open(disk, "w", **profile, crs=crs, transform=place) as file:
        file.write(np.full((3, 300, 300), 90, np.uint8))
    report = rsvlm.caption([town.image, disk], osm=town.osm, out=tmp_path / "pairs", limit=2)
    assert report.pairs == 2
    [problem] = read_problems(tmp_path / "pairs")
    assert (Path(problem.source).name, problem.kind) == ("disk.tif", "no place")
    assert "reaches past what its CRS can describe" in problem.reason


def test_other_shape_is_named(tmp_path: Path) -> None:
    image = raster(tmp_path / "plain.tif", picture(), crs=None)
    codes = raster(tmp_path / "codes.tif", halves(32), crs=None)
    rsvlm.caption(image, landcover=codes, out=tmp_path / "pairs")
    (problem,) = read_problems(tmp_path / "pairs")
    assert "64 x 64" in problem.reason
    assert "32 x 32" in problem.reason


def test_land_cover_alone(tmp_path: Path) -> None:
    codes = raster(tmp_path / "codes.tif", halves())
    report = rsvlm.caption(None, landcover=codes, out=tmp_path / "pairs")
    (pair,) = rsvlm.open_pairs(tmp_path / "pairs")
    assert report.pairs == 1
    assert pair.image is None
    assert pair.bbox is not None
    assert "tree" in pair.caption
    assert "water" in pair.caption


def test_land_cover_that_covers_half_or_none(tmp_path: Path) -> None:
    image = raster(tmp_path / "image.tif", picture())
    half = raster(tmp_path / "half.tif", halves(32))
    rsvlm.caption(image, landcover=half, style="natural", out=tmp_path / "half")
    (pair,) = rsvlm.open_pairs(tmp_path / "half")
    assert pair.labels["landcover"] is not None
    assert pair.labels["landcover"]["coverage"] == 0.25
    far = raster(tmp_path / "far.tif", halves(), crs="EPSG:32640")
    report = rsvlm.caption(image, landcover=far, out=tmp_path / "none")
    assert report.pairs == 0
    assert any("used in no pair" in warning for warning in report.warnings)
    assert [problem.kind for problem in read_problems(tmp_path / "none")] == ["nothing to say"]


def test_unknown_codes_are_left_unlabelled_and_named(tmp_path: Path) -> None:
    image = raster(tmp_path / "image.tif", picture())
    codes_array = halves()
    codes_array[:, :8, :8] = 77
    codes = raster(tmp_path / "codes.tif", codes_array)
    report = rsvlm.caption(image, landcover=codes, out=tmp_path / "pairs")
    assert report.unknown_codes == {"77": 64}
    assert any("77" in warning for warning in report.warnings)


@pytest.mark.parametrize("name", ["12", "Cover", "The image", "is", "Part"])
def test_names_of_classes_that_no_sentence_can_hold_are_refused(name: str, tmp_path: Path) -> None:
    legend = tmp_path / "mine.yaml"
    legend.write_text(
        f'name: mine\ntitle: Mine\nclasses:\n  - {{code: 10, name: "{name}"}}\n', encoding="utf-8"
    )
    cover = raster(tmp_path / "cover.tif", halves(left=10, right=10))
    with pytest.raises(
        CaptioningError, match=f"legend mine: '{name.lower()}' .* the class '{name}' a phrase"
    ):
        rsvlm.caption([], landcover=cover, legend=legend, out=tmp_path / "pairs")
    legend.write_text(legend.read_text("utf-8").replace("}", ", phrase: cover crops}"), encoding="utf-8")
    assert (
        rsvlm.caption([], landcover=cover, legend=legend, out=tmp_path / "pairs", style="natural").rejected
        == 0
    )


def test_wrong_legend_is_refused(tmp_path: Path) -> None:
    image = raster(tmp_path / "image.tif", picture())
    codes = raster(tmp_path / "codes.tif", halves(left=71, right=42))
    with pytest.raises(CaptioningError, match="legend"):
        rsvlm.caption(image, landcover=codes, out=tmp_path / "pairs")


def test_chips_with_little_valid_area_are_rows_of_errors(tmp_path: Path) -> None:
    values = picture(size=128)
    values[:, :, :64] = 0
    image = raster(tmp_path / "image.tif", values, nodata=0)
    codes = raster(tmp_path / "codes.tif", halves(128))
    report = rsvlm.caption(image, landcover=codes, size=64, out=tmp_path / "pairs")
    assert report.pairs == 2
    assert report.skipped == {"too little valid area": 2}


def test_unreadable_image_in_the_middle(tmp_path: Path) -> None:
    for number in range(3):
        raster(tmp_path / f"{number}.tif", picture(number))
    (tmp_path / "1.tif").write_bytes((tmp_path / "1.tif").read_bytes()[:200])
    codes = raster(tmp_path.parent / f"{tmp_path.name}-codes.tif", halves())
    report = rsvlm.caption(tmp_path, landcover=codes, out=tmp_path / "pairs")
    assert report.pairs == 2
    (problem,) = read_problems(tmp_path / "pairs")
    assert problem.source == "1.tif"


def test_names_with_accents_spaces_and_twins(tmp_path: Path) -> None:
    folder = tmp_path / "bölgé 1"
    (folder / "x").mkdir(parents=True)
    raster(folder / "Zürich (1).tif", picture(1))
    raster(folder / "scene.tif", picture(2))
    raster(folder / "x" / "Scene.tif", picture(3))
    codes = raster(tmp_path / "codes.tif", halves())
    report = rsvlm.caption(folder, landcover=codes, out=tmp_path / "données")
    keys = [pair.key for pair in rsvlm.open_pairs(tmp_path / "données")]
    assert report.pairs == 3
    assert len({key.lower() for key in keys}) == 3
    assert all(key.isascii() for key in keys)


def test_osm_with_odd_values(town: SamplePaths, tmp_path: Path) -> None:
    """Tags in other scripts, emoji, HTML and very long values reach labels or are left out, and break nothing."""
    text = town.osm.read_text(encoding="utf-8")
    odd = ["<script>alert(1)</script>", "مسجد", "🏠🏠", "x" * 255]
    for value in odd:
        escaped = value.replace("<", "&lt;").replace(">", "&gt;")
        text = text.replace('v="yes"', f'v="yes"/><tag k="voltage" v="{escaped}"', 1)
    osm = tmp_path / "odd.osm"
    osm.write_text(text, encoding="utf-8")
    report = rsvlm.caption(town.image, osm=osm, style=["natural", "skyscript"], out=tmp_path / "pairs")
    assert report.verified == report.pairs > 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"style": "haiku"}, "--style 'haiku'"),
        ({"min_valid": 2}, "--min-valid 2"),
        ({"size": "12 parsecs"}, "12 parsecs"),
        ({"chips": "objects", "osm": None}, "needs --osm"),
        ({"legend": "worldcovr", "landcover": "x"}, "worldcover"),
        ({"osm": "missing.osm.pbf"}, "missing.osm.pbf"),
    ],
)
def test_bad_options_get_one_line(
    town: SamplePaths, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        rsvlm.caption(town.image, **{"osm": town.osm, "out": tmp_path / "pairs", **options})
    assert "\n" not in str(caught.value)


def test_empty_osm_is_refused(town: SamplePaths, tmp_path: Path) -> None:
    empty = tmp_path / "empty.osm"
    empty.write_text('<osm version="0.6"></osm>', encoding="utf-8")
    with pytest.raises(CaptioningError, match=r"empty\.osm"):
        rsvlm.caption(town.image, osm=empty, out=tmp_path / "pairs")


@pytest.mark.skipif(not hasattr(os, "statvfs"), reason="needs /dev/full or the like")
def test_disk_full_is_one_line_and_nothing_is_lost(
    town: SamplePaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    from rsvlm.captioning.dataset import ShardWriter

    monkeypatch.setattr("rsvlm.captioning.run.SHARD_SIZE", 7)
    real = ShardWriter.__enter__

    def full(self: ShardWriter) -> ShardWriter:
        if len(list((tmp_path / "pairs" / "shards").glob("*.json"))) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self)

    monkeypatch.setattr(ShardWriter, "__enter__", full)
    with pytest.raises(ShardError, match="the disk is full"):
        rsvlm.caption(town.image, osm=town.osm, out=tmp_path / "pairs")
    assert len(contents(tmp_path / "pairs")) == 6
    monkeypatch.setattr(ShardWriter, "__enter__", real)
    assert rsvlm.caption(town.image, osm=town.osm, out=tmp_path / "pairs").resumed == 2


def test_another_date_or_licence_of_an_image_is_another_run(tmp_path: Path) -> None:
    """The STAC item beside an image is corrected, and no byte of the image changes."""
    folder = tmp_path / "images"
    folder.mkdir()
    Image.fromarray(picture().transpose(1, 2, 0)).save(folder / "x.png")
    cover = raster(tmp_path / "cover.tif", halves())

    def stac(day: str, licence: str) -> None:
        properties = {
            "datetime": f"{day}T00:00:00Z", "license": licence, "proj:epsg": 32632,
            "proj:transform": [10, 0, 500000, 0, -10, 5000000], "proj:shape": [64, 64],
        }  # fmt: skip
        item: dict[str, Any] = {
            "type": "Feature", "stac_version": "1.0.0", "id": "x", "geometry": None, "bbox": None,
            "properties": properties, "links": [], "assets": {"image": {"href": "x.png"}},
        }  # fmt: skip
        (folder / "x.json").write_text(json.dumps(item), encoding="utf-8")

    stac("2020-01-01", "CC-BY-4.0")
    rsvlm.caption(folder, landcover=cover, out=tmp_path / "pairs")
    for day, licence in (("2020-01-01", "CC-BY-NC-4.0"), ("2023-07-07", "CC-BY-4.0")):
        stac(day, licence)
        with pytest.raises(ShardError, match="images"):
            rsvlm.caption(folder, landcover=cover, out=tmp_path / "pairs")
    stac("2020-01-01", "CC-BY-4.0")
    assert rsvlm.caption(folder, landcover=cover, out=tmp_path / "pairs").resumed == 1
