"""What tells of an image's place, mask and time: .aux.xml and .msk files, control points, a camera's clock."""

from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pytest
import rasterio
from PIL import ExifTags, Image
from pyproj import CRS
from rasterio.control import GroundControlPoint
from rasterio.errors import NotGeoreferencedWarning
from rasterio.rpc import RPC
from rasters import write_tif  # type: ignore[import-not-found] # beside this file

from rsvlm.imagery import Grid, ImageryError, SceneReader, open_scene
from rsvlm.imagery.items import ChipOptions, list_items

UTM = "EPSG:32632"


def image(path: Path) -> Path:
    """A colour image without a place."""
    Image.new("RGB", (30, 20), (40, 80, 120)).save(path)
    return path


def aux(path: Path, content: str) -> Path:
    """Write an .aux.xml beside an image."""
    file = Path(f"{path}.aux.xml")
    file.write_text(f"<PAMDataset>{content}</PAMDataset>", encoding="utf-8")
    return file


SRS = f"<SRS>{escape(CRS(UTM).to_wkt())}</SRS>"


def test_an_aux_xml_gives_a_place_and_nodata(tmp_path: Path) -> None:
    plain = image(tmp_path / "a.png")
    aux(plain, f"{SRS}<GeoTransform> 500000, 10, 0, 5400000, 0, -10</GeoTransform>")
    assert open_scene(plain).grid == Grid(30, 20, UTM, (10.0, 0.0, 500_000.0, 0.0, -10.0, 5_400_000.0))
    world = image(tmp_path / "b.jpg")
    aux(world, SRS)
    (tmp_path / "b.jgw").write_text("10\n0\n0\n-10\n500005\n5399995\n", encoding="ascii")
    assert open_scene(world).grid == open_scene(plain).grid
    pixels = np.zeros((3, 20, 30), np.uint8)
    pixels[:, :, 10:] = 90
    filled = write_tif(tmp_path / "c.tif", pixels)
    told = "".join(
        f'<PAMRasterBand band="{n}"><NoDataValue>0</NoDataValue></PAMRasterBand>' for n in (1, 2, 3)
    )
    aux(filled, told)
    scene = open_scene(filled)
    assert [band.nodata for band in scene.bands] == [0.0] * 3
    with SceneReader(scene) as reader:
        assert reader.read(0, 0, 30, 20).valid.mean() == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "content",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><PAMDataset>&b;</PAMDataset>',
        "<PAMDataset><SRS>",
        f"<PAMDataset>{' ' * 5 * 2**20}</PAMDataset>",
        "<PAMDataset><SRS>no such system</SRS></PAMDataset>",
    ],
)
def test_an_aux_xml_that_cannot_be_read_is_a_note(tmp_path: Path, content: str) -> None:
    path = image(tmp_path / "a.png")
    aux(path, "").write_text(content, encoding="utf-8")
    scene = open_scene(path)
    assert scene.grid.crs is None
    (note,) = scene.notes
    assert note.startswith("its .aux.xml file was not read: ")
    assert str(tmp_path) not in note
    assert "\n" not in note


def test_an_aux_xml_leads_to_no_other_file(tmp_path: Path) -> None:
    path = image(tmp_path / "a.png")
    aux(path, '<Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">/etc/passwd</MDI></Metadata>')
    assert (open_scene(path).grid, open_scene(path).notes) == (Grid(30, 20), ())


def test_a_mask_file_counts(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", np.full((3, 20, 30), 90, np.uint8))
    mask = np.full((1, 20, 30), 255, np.uint8)
    mask[:, :, :10] = 0
    write_tif(tmp_path / "mask.tif", mask).rename(f"{path}.msk")
    scene = open_scene(path)
    with SceneReader(scene) as reader:
        valid = reader.read(0, 0, 30, 20).valid
    assert not valid[:, :10].any()
    assert valid[:, 10:].all()
    assert scene.notes == ()


@pytest.mark.parametrize(
    ("shape", "said"), [((1, 5, 5), "5 x 5 pixels and 1 bands"), ((3, 20, 30), "3 bands")]
)
def test_a_mask_of_another_shape_is_a_note(tmp_path: Path, shape: tuple[int, ...], said: str) -> None:
    path = write_tif(tmp_path / "a.tif", np.full((3, 20, 30), 90, np.uint8))
    write_tif(tmp_path / "mask.tif", np.zeros(shape, np.uint8)).rename(f"{path}.msk")
    scene = open_scene(path)
    assert scene.mask is None
    assert said in scene.notes[0]


def test_a_mask_that_names_other_files_is_a_note(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", np.full((3, 20, 30), 90, np.uint8))
    Path(f"{path}.msk").write_text("<VRTDataset rasterXSize='30' rasterYSize='20'/>", encoding="utf-8")
    assert "is refused: it is a GDAL VRT" in open_scene(path).notes[0]


def test_what_speaks_of_a_place_in_vain_is_told(tmp_path: Path) -> None:
    world = image(tmp_path / "a.png")
    (tmp_path / "a.wld").write_text("10\n0\n0\n-10\n500005\n5399995\n", encoding="ascii")
    assert (
        open_scene(world).no_place == "a.wld gives it coordinates but nothing their CRS: put a.prj beside it"
    )
    bare = write_tif(tmp_path / "b.tif", np.zeros((1, 9, 9), np.uint8), crs=None)
    assert "coordinates but no CRS" in open_scene(bare).notes[0]
    (tmp_path / "b.prj").write_text(CRS(UTM).to_wkt(), encoding="utf-8")
    assert open_scene(bare).grid.crs == UTM
    assert open_scene(bare).notes == ()
    [failed] = list_items(world, ChipOptions(size="640m"))
    assert "needs an image with a place" in str(failed.error)
    assert "put a.prj beside it" in str(failed.error)


@pytest.mark.parametrize(
    ("off", "count", "placed"), [(0.0, 4, True), (2.0, 4, True), (50.0, 4, False), (0.0, 3, False)]
)
def test_control_points_on_a_straight_grid_are_a_place(
    tmp_path: Path, off: float, count: int, placed: bool
) -> None:
    points = [
        GroundControlPoint(row, column, 500_000 + 10 * column, 5_400_000 - 10 * row)
        for row, column in ((0, 0), (0, 64), (32, 0), (32, 64))
    ][:count]
    points[-1].x += off  # metres; the pixels have 10
    path = write_tif(tmp_path / "a.tif", np.zeros((1, 32, 64), np.uint8), place=False)
    with pytest.warns(NotGeoreferencedWarning), rasterio.open(path, "r+") as file:
        file.gcps = (points, CRS(UTM).to_wkt())
    scene = open_scene(path)
    assert (scene.grid.crs == UTM) is placed
    if placed:
        assert scene.grid.transform == pytest.approx((10, 0, 500_000, 0, -10, 5_400_000), abs=2.1)
    else:
        assert "control points" in str(scene.no_place)


def test_rational_polynomials_are_told(tmp_path: Path) -> None:
    path = write_tif(tmp_path / "a.tif", np.zeros((1, 32, 64), np.uint8), place=False)
    ones, zeros = [1.0, *[0.0] * 19], [0.0] * 20
    with pytest.warns(NotGeoreferencedWarning), rasterio.open(path, "r+") as file:
        file.rpcs = RPC(0, 1, 48, 0.1, ones, zeros, 16, 16, 9, 0.1, ones, zeros, 32, 32, None, None)
    assert "gdalwarp -rpc" in str(open_scene(path).no_place)


def test_a_full_disk_is_told_what_to_do(tmp_path: Path) -> None:
    disk = CRS.from_proj4("+proj=geos +h=35785831 +lon_0=0 +sweep=y +ellps=WGS84").to_wkt()
    place = rasterio.Affine(3000, 0, -5_000_000, 0, -3000, 5_300_000)
    path = write_tif(tmp_path / "a.tif", np.zeros((1, 32, 64), np.uint8), crs=disk, transform=place)
    with pytest.raises(ImageryError, match=r"past what its CRS can describe \(Geostationary.*gdalwarp"):
        open_scene(path)


@pytest.mark.parametrize(
    ("offset", "time"),
    [
        ("+09:00", "2023-05-05T22:08:09Z"),
        (None, "2023-05-06"),
        ("   :  ", "2023-05-06"),
        ("Z", "2023-05-06T07:08:09Z"),
    ],
)
def test_a_cameras_clock_is_local_time(tmp_path: Path, offset: str | None, time: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2023:05:06 07:08:09"
    if offset:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.OffsetTimeOriginal] = offset
    Image.new("RGB", (30, 20)).save(tmp_path / "a.jpg", exif=exif)
    assert open_scene(tmp_path / "a.jpg").datetime == time
