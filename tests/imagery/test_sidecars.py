"""World files and STAC items beside an image: where they put it, and what they are refused for."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pyproj import CRS

from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.metafiles import utc
from rsvlm.imagery.opening import open_scene
from rsvlm.imagery.sidecars import SidecarPlace, read_world_file, sidecar_place
from rsvlm.imagery.stac import Item, item_image, read_item
from rsvlm.imagery.stac_place import item_place

UTM = "EPSG:32632"
WORLD = "10.0\n0.0\n0.0\n-10.0\n600005.0\n5300035.0\n"  # centre of the first pixel
PLACED = (10.0, 0.0, 600000.0, 0.0, -10.0, 5300040.0)  # its corner


def image(path: Path, width: int = 30, height: int = 20) -> Path:
    """A colour image without a place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(7).integers(0, 255, (height, width, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def item(properties: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A minimal STAC item with one image."""
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "scene",
        "geometry": None,
        "properties": {"datetime": "2023-06-01T10:20:30.5Z", **(properties or {})},
        "assets": {"image": {"href": "./scene.png"}},
        "links": [],
        **more,
    }


def write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


# World files


@pytest.mark.parametrize(
    ("name", "world"),
    [
        ("a.png", "a.pgw"),
        ("a.PNG", "a.PGW"),
        ("a.jpg", "a.jgw"),
        ("a.jpeg", "a.jgw"),
        ("a.jpeg", "a.jpegw"),
        ("a.tif", "a.tfw"),
        ("a.tif", "a.wld"),
        ("grün 1.png", "grün 1.pgw"),
    ],
)
def test_a_world_file_with_prj_places_the_corner_of_the_first_pixel(
    tmp_path: Path, name: str, world: str
) -> None:
    path = image(tmp_path / name)
    (tmp_path / world).write_text(WORLD, encoding="ascii")
    path.with_suffix(".prj").write_text(CRS(UTM).to_wkt("WKT1_ESRI"), encoding="ascii")
    grid = open_scene(path).grid
    assert grid.crs == UTM
    assert grid.transform == PLACED


def test_gdal_reads_the_same_transform(tmp_path: Path) -> None:
    path = image(tmp_path / "a.png")
    sheared = tmp_path / "a.pgw"
    sheared.write_text("2.5\n0.25\n-0.5\n-2.0\n1000.0\n2000.0\n", encoding="ascii")
    with rasterio.open(path) as dataset:
        expected = tuple(dataset.transform)[:6]
    assert read_world_file(sheared) == pytest.approx(expected)


def test_a_world_file_without_prj_gives_no_place_however_its_numbers_look(tmp_path: Path) -> None:
    path = image(tmp_path / "a.png")
    (tmp_path / "a.pgw").write_text("0.001\n0\n0\n-0.001\n11.5\n48.1\n", encoding="ascii")
    assert sidecar_place(path, 30, 20) is None
    assert open_scene(path).grid.crs is None


@pytest.mark.parametrize(
    "text",
    ["", "1 2 3", "10\n0\n0\n-10\n5\n", "10\n0\n0\n-10\n5\nnorth", "0\n0\n0\n0\n5\n5", "nan\n0\n0\n1\n5\n5"],
)
def test_a_broken_world_file_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    path = image(tmp_path / "a.png")
    (tmp_path / "a.pgw").write_text(text, encoding="ascii")
    (tmp_path / "a.prj").write_text(CRS(UTM).to_wkt(), encoding="utf-8")
    with pytest.raises(ImageryError, match=r"a\.pgw is no world file"):
        open_scene(path)


def test_a_prj_that_is_no_wkt_is_an_error_that_shows_it(tmp_path: Path) -> None:
    path = image(tmp_path / "a.png")
    (tmp_path / "a.pgw").write_text(WORLD, encoding="ascii")
    (tmp_path / "a.prj").write_text("my own system", encoding="utf-8")
    with pytest.raises(ImageryError, match="'my own system'"):
        open_scene(path)


@given(
    st.tuples(*[st.floats(-1e7, 1e7).map(lambda x: round(x, 3))] * 6).filter(
        lambda n: n[0] * n[3] != n[1] * n[2]
    )
)
def test_the_centre_of_the_first_pixel_lies_where_the_world_file_says(
    tmp_path_factory: pytest.TempPathFactory, numbers: tuple[float, ...]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.wld"
    path.write_text("\r\n".join(map(repr, numbers)), encoding="ascii")
    a, b, c, d, e, f = read_world_file(path)
    assert (a, d, b, e) == numbers[:4]
    assert (a / 2 + b / 2 + c, d / 2 + e / 2 + f) == pytest.approx(numbers[4:], abs=1e-6)


# STAC items: place


@pytest.mark.parametrize(
    "crs",
    [
        {"proj:epsg": 32632},
        {"proj:code": "EPSG:32632"},
        {"proj:epsg": None, "proj:wkt2": CRS(UTM).to_wkt()},
        {"proj:projjson": CRS(UTM).to_json_dict()},
    ],
)
@pytest.mark.parametrize("at_asset", [False, True])
def test_an_item_beside_the_image_places_it(tmp_path: Path, crs: dict[str, Any], at_asset: bool) -> None:
    path = image(tmp_path / "scene.png")
    place = {**crs, "proj:transform": [*PLACED, 0, 0, 1], "proj:shape": [20, 30]}
    content = item({} if at_asset else place)
    if at_asset:
        content["assets"]["image"].update(place)
        content["properties"]["proj:transform"] = [1, 0, 0, 0, -1, 0]  # of another asset
    write(tmp_path / "scene.json", content)
    grid = open_scene(path).grid
    assert grid.crs == UTM
    assert grid.transform == PLACED


def test_an_item_of_another_name_counts_where_an_asset_names_the_image(tmp_path: Path) -> None:
    path = image(tmp_path / "scene.png")
    image(tmp_path / "other.png")
    write(tmp_path / "item.json", item({"proj:epsg": 32632, "proj:transform": [*PLACED]}))
    assert open_scene(path).grid.crs == UTM
    assert open_scene(tmp_path / "other.png").grid.crs is None


def test_a_transform_for_another_shape_is_not_used(tmp_path: Path) -> None:
    path = image(tmp_path / "scene.png")  # a preview of what the item describes
    place = {"proj:epsg": 32632, "proj:transform": [*PLACED], "proj:shape": [2000, 3000]}
    write(tmp_path / "scene.json", item(place))
    assert open_scene(path).grid.crs is None


BOX = [11.0, 48.0, 11.3, 48.2]
RECTANGLE = [[11.0, 48.0], [11.3, 48.0], [11.3, 48.2], [11.0, 48.2], [11.0, 48.0]]


def test_a_bounding_box_places_the_image_where_the_geometry_is_that_rectangle(tmp_path: Path) -> None:
    path = image(tmp_path / "scene.png")
    write(tmp_path / "scene.json", item(bbox=BOX, geometry={"type": "Polygon", "coordinates": [RECTANGLE]}))
    grid = open_scene(path).grid
    assert grid.crs == "EPSG:4326"
    assert grid.transform == pytest.approx((0.01, 0, 11.0, 0, -0.01, 48.2))


@pytest.mark.parametrize(
    "ring",
    [
        [[11.0, 48.0], [11.3, 48.02], [11.3, 48.2], [11.0, 48.18], [11.0, 48.0]],  # a tilted footprint
        [[11.0, 48.0], [11.3, 48.2], [11.3, 48.0], [11.0, 48.2], [11.0, 48.0]],  # a bow tie
        [[11.0, 48.0], [11.3, 48.0], [11.3, 48.2], [11.0, 48.0]],
        [["a", "b"], 3, None, [], [11.0, 48.0]],
    ],
)
def test_a_footprint_of_any_other_form_places_nothing(tmp_path: Path, ring: list[Any]) -> None:
    path = image(tmp_path / "scene.png")
    write(tmp_path / "scene.json", item(bbox=BOX, geometry={"type": "Polygon", "coordinates": [ring]}))
    scene = open_scene(path)
    assert scene.grid.crs is None
    assert scene.datetime == "2023-06-01T10:20:30Z"


def test_a_world_file_counts_before_an_item_and_a_place_inside_the_file_before_both(tmp_path: Path) -> None:
    path = image(tmp_path / "scene.png")
    shifted = [10, 0, 700000, 0, -10, 5300040]
    write(tmp_path / "scene.json", item({"proj:epsg": 32632, "proj:transform": shifted}))
    (tmp_path / "scene.pgw").write_text(WORLD, encoding="ascii")
    (tmp_path / "scene.prj").write_text(CRS(UTM).to_wkt(), encoding="utf-8")
    said = sidecar_place(path, 30, 20)
    assert said is not None
    assert (said.transform, said.datetime) == (PLACED, "2023-06-01T10:20:30Z")
    inside = tmp_path / "scene.tif"
    profile = {"driver": "GTiff", "width": 30, "height": 20, "count": 1, "dtype": "uint8"}
    with rasterio.open(
        inside, "w", crs="EPSG:32633", transform=rasterio.Affine(*shifted), **profile
    ) as dataset:
        dataset.write(np.ones((1, 20, 30), np.uint8))
    assert open_scene(inside).grid.crs == "EPSG:32633"


# STAC items: time, licence, names


def test_time_licence_attribution_and_url_come_from_the_item(tmp_path: Path) -> None:
    path = image(tmp_path / "scene.png")
    providers = [
        {"name": "Space  Agency", "roles": ["licensor", "producer"]},
        {"name": "Mirror Inc.", "roles": ["host"]},
    ]
    links = [
        {"rel": "self", "href": "/home/somebody/scene.json"},
        {"rel": "self", "href": "https://example.org/scene"},
    ]
    properties = {
        "license": "CC-BY-4.0",
        "providers": providers,
        "datetime": "2023-06-01T12:20:30+02:00",
    }
    write(tmp_path / "scene.json", item(properties, links=links))
    scene = open_scene(path)
    assert (scene.datetime, scene.licence, scene.attribution, scene.url) == (
        "2023-06-01T10:20:30Z",
        "CC-BY-4.0",
        "Space Agency",
        "https://example.org/scene",
    )
    place = sidecar_place(path, 30, 20)
    assert place is not None


def test_urls_that_are_no_web_addresses_never_become_links(tmp_path: Path) -> None:
    image(tmp_path / "scene.png")
    links = [{"rel": "self", "href": "javascript:alert(1)"}, {"rel": "license", "href": "file:///etc/passwd"}]
    read = read_item(write(tmp_path / "scene.json", item(links=links)))
    assert read is not None
    place = item_place(read, tmp_path / "scene.png", 30, 20)
    assert (place.url, place.licence) == (None, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-01-29T15:28:34.3964289Z", "2022-01-29T15:28:34Z"),
        ("2017-06-17 11:33:21", "2017-06-17T11:33:21Z"),
        ("2022-01-29", "2022-01-29"),
        ("0001-01-01T00:00:00+23:00", None),
        ("today", None),
        ("", None),
        (None, None),
        (20220129, None),
    ],
)
def test_times_are_iso_8601_in_utc(text: object, expected: str | None) -> None:
    assert utc(text) == expected


# STAC items: which file


def test_the_image_of_an_item_is_opened_through_it(tmp_path: Path) -> None:
    image(tmp_path / "assets" / "scene one.png")
    content = item({"proj:epsg": 32632, "proj:transform": [*PLACED]})
    content["assets"] = {
        "thumbnail": {"href": "assets/small.png"},
        "visual": {"href": "https://example.org/scene.tif"},
        "image": {"href": "assets/scene%20one.png"},
    }
    scene = open_scene(write(tmp_path / "item.json", content))
    assert scene.path == str(tmp_path / "assets" / "scene one.png")
    assert (scene.grid.crs, scene.datetime) == (UTM, "2023-06-01T10:20:30Z")


@pytest.mark.parametrize(
    ("assets", "message"),
    [
        ({"image": {"href": "https://example.org/a.tif"}}, "download it first"),
        ({"image": {"href": "s3://bucket/a.tif"}}, "download it first"),
        ({"image": {"href": "/vsicurl/https://example.org/a.tif"}}, "outside of the item's folder"),
        ({"image": {"href": "../secret.png"}}, "outside of the item's folder"),
        ({"image": {"href": "a/../../secret.png"}}, "outside of the item's folder"),
        ({"image": {"href": "%2e%2e/secret.png"}}, "outside of the item's folder"),
        ({"image": {"href": "..\\secret.png"}}, "outside of the item's folder"),
        ({"image": {"href": "/etc/passwd"}}, "outside of the item's folder"),
        ({"image": {"href": "C:/secret.png"}}, "outside of the item's folder"),
        ({"image": {"href": "\\\\server\\share.png"}}, "outside of the item's folder"),
        ({"image": {"href": 7}}, "outside of the item's folder"),
        ({"image": {"href": "gone.png"}}, "'gone.png', which is not there"),
        ({"B04": {"href": "b4.tif"}, "B03": {"href": "b3.tif"}}, "only 'B04', 'B03'"),
        ([], "only none"),
    ],
)
def test_an_item_whose_image_is_not_in_its_folder_is_refused(
    tmp_path: Path, assets: object, message: str
) -> None:
    image(tmp_path / "secret.png")
    path = write(tmp_path / "catalogue" / "item.json", {**item(), "assets": assets})
    with pytest.raises(ImageryError, match=message):
        open_scene(path)


def test_the_only_asset_with_a_role_of_data_is_the_image(tmp_path: Path) -> None:
    image(tmp_path / "scene.png")
    content = item()
    content["assets"] = {"ortho": {"href": "scene.png", "roles": ["data"]}, "meta": {"href": "a.xml"}}
    read = read_item(write(tmp_path / "scene.json", content))
    assert read is not None
    assert item_image(read) == tmp_path / "scene.png"


@pytest.mark.parametrize(
    "text",
    ['{"stac_version": "1.0.0", "type"', '{"stac_version": ' + "[" * 100_000, '{"stac_version": "\udcff'],
)
def test_an_item_that_is_broken_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    path = image(tmp_path / "scene.png")
    (tmp_path / "scene.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ImageryError, match=r"scene\.json is (not valid JSON|nested too deeply)"):
        open_scene(path)


def test_other_json_beside_an_image_does_not_disturb(tmp_path: Path) -> None:
    path = image(tmp_path / "scene.png")
    (tmp_path / "scene.json").write_text("[1, 2", encoding="utf-8")
    (tmp_path / "huge.json").write_bytes(b'{"stac_version": "1.0.0", "x": "' + b"x" * 5_000_000 + b'"}')
    (tmp_path / "collection.json").write_text(
        '{"stac_version": "1.0.0", "type": "Collection"}', encoding="utf-8"
    )
    assert sidecar_place(path, 30, 20) is None
    assert open_scene(path).grid.crs is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
KEYS = (
    *("datetime", "license", "providers", "proj:epsg", "proj:code", "proj:wkt2", "proj:projjson"),
    *("proj:shape", "proj:transform", "start_datetime"),
)


@given(
    properties=JSON | st.dictionaries(st.sampled_from(KEYS), JSON),
    assets=JSON
    | st.dictionaries(st.sampled_from(("image", "data", "x")), JSON | st.fixed_dictionaries({"href": JSON})),
    bbox=JSON | st.lists(st.floats(), min_size=4, max_size=6),
    geometry=JSON | st.fixed_dictionaries({"type": st.just("Polygon"), "coordinates": JSON}),
    links=JSON | st.lists(st.fixed_dictionaries({"rel": st.just("self"), "href": JSON})),
)
def test_whatever_an_item_holds_it_is_read_or_refused(
    properties: Any, assets: Any, bbox: Any, geometry: Any, links: Any
) -> None:
    content = {
        "properties": properties,
        "assets": assets,
        "bbox": bbox,
        "geometry": geometry,
        "links": links,
    }
    read = Item(Path("folder/item.json"), content)
    place = item_place(read, Path("folder/scene.png"), 30, 20)
    assert isinstance(place, SidecarPlace)
    assert (place.crs is None) == (place.transform is None)
    with pytest.raises(ImageryError):
        item_image(read)
