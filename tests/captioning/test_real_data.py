"""The whole of `rsvlm.caption` on real data sets (the folder that `RSVLM_TEST_DATA` names)."""

from pathlib import Path

import pytest

import rsvlm
from rsvlm.captioning import CaptioningError
from rsvlm.captioning.dataset import read_problems
from rsvlm.captioning.labels import OVERALL


@pytest.mark.parametrize(("place", "images", "least"), [("heidelberg", 14, 7), ("porto", 21, 16)])
def test_eurosat_chips_and_openstreetmap(
    data_dir: Path, tmp_path: Path, place: str, images: int, least: int
) -> None:
    folder = data_dir / "eurosat-georeferenced" / place
    report = rsvlm.caption(
        folder,
        osm=data_dir / "osm" / f"{place}.osm.pbf",
        style=["natural", "skyscript"],
        out=tmp_path / "pairs",
    )
    assert report.chips == images
    assert report.pairs + report.skipped["nothing to say"] == images
    assert report.pairs >= least
    assert report.verified == report.pairs
    assert report.rejected == 0
    for pair in rsvlm.open_pairs(tmp_path / "pairs"):
        assert pair.gsd == pytest.approx(10, rel=0.02)
        assert (
            "way" in pair.caption.lower() or "road" in pair.caption.lower()
        )  # these extracts are mostly roads
        assert not any("building" in item["tags"] for item in pair.labels["objects"])  # none is seen at 10 m


def test_half_metre_image_and_its_building_polygons(data_dir: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyogrio", reason="GeoJSON needs rsvlm[vector]")
    folder = data_dir / "spacenet-atlanta"
    report = rsvlm.caption(folder / "image.tif", osm=folder / "buildings.geojson", out=tmp_path / "pairs")
    (pair,) = rsvlm.open_pairs(tmp_path / "pairs")
    assert report.map_objects["kept"] == 43
    assert len(pair.labels["objects"]) == 43
    assert (
        "orty-three buildings" in pair.caption
        or "43 buildings" in pair.caption
        or "dozens" in pair.caption.lower()
    )


def test_korean_scenes_and_their_masks(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "korea-sentinel2-landcover"
    chips = empty = 0
    for size in (64, 256):
        out = tmp_path / str(size)
        report = rsvlm.caption(
            folder / "images",
            landcover=folder / "masks",
            legend="korea",
            size=size,
            out=out,
            imagery_licence="MIT",
        )
        chips += report.chips
        empty += sum("no labelled" in problem.reason for problem in read_problems(out))
        assert report.pairs + report.skipped["nothing to say"] == report.chips
        assert report.verified == report.pairs
        assert report.rejected == 0
        assert report.warnings == []
    assert chips == 1904
    assert empty == 273


@pytest.mark.parametrize("year", ["2020", "2021"])
def test_worldcover_without_images(data_dir: Path, tmp_path: Path, year: str) -> None:
    folder = data_dir / "worldcover-sao-tome"
    report = rsvlm.caption([], landcover=folder, landcover_date=year, out=tmp_path / "pairs")
    pairs = list(rsvlm.open_pairs(tmp_path / "pairs"))
    assert report.pairs == len(pairs) == report.chips == 144
    assert all(pair.image is None for pair in pairs)
    assert all(pair.labels["landcover"] and pair.labels["landcover"]["date"] == year for pair in pairs)


def test_worldcover_of_two_dates_must_be_chosen(data_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(CaptioningError, match=r"2020.*2021.*--landcover-date"):
        rsvlm.caption([], landcover=data_dir / "worldcover-sao-tome", out=tmp_path / "pairs")


def test_bigearthnet_patches_and_their_corine_labels(data_dir: Path, tmp_path: Path) -> None:
    report = rsvlm.caption(data_dir / "bigearthnet-s2", out=tmp_path / "pairs")
    pairs = list(rsvlm.open_pairs(tmp_path / "pairs"))
    assert report.pairs == report.verified == len(pairs) == 11
    assert {pair.style for pair in pairs} == {"scene"}
    assert all(pair.labels["scene"] and pair.datetime and pair.labels["landcover"] is None for pair in pairs)
    assert all(OVERALL not in pair.caption for pair in pairs)
