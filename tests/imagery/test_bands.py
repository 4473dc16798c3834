"""Band names: descriptions, colours, presets, and errors instead of guesses."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.imagery import Band, Grid, ImageryError, Scene
from rsvlm.imagery.bands import FileBands, canonical, choose_shown, name_bands, opaque
from rsvlm.imagery.quality import cloud_mask
from rsvlm.imagery.sensors import SENSORS, load_sensor

S2 = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")


def named(
    *descriptions: str | None, colours: str = "", sensor: str | None = None, bands: list[str] | None = None
) -> tuple[str, ...]:
    tags = colours.split() or ["undefined"] * len(descriptions)
    texts = descriptions or (None,) * len(tags)
    return name_bands(FileBands(texts, tuple(tags)), SENSORS[sensor] if sensor else None, bands)


def test_presets_hold_together() -> None:
    for name, sensor in SENSORS.items():
        assert sensor.name == name
        assert len(set(sensor.bands)) == len(sensor.bands)
        assert set(sensor.shown) <= set(sensor.bands)
        assert set(sensor.common.values()) <= set(sensor.bands)
        assert len(sensor.shown) in (1, 3)
        if sensor.common:
            assert sensor.shown == tuple(sensor.common[colour] for colour in ("red", "green", "blue"))
        assert choose_shown(sensor.bands, sensor) == sensor.shown
    assert SENSORS["sentinel-2-l1c"].bands == S2
    assert SENSORS["eurosat"].bands[-1] == "B8A"
    assert SENSORS["eurosat"].bands[8] == "B09"
    assert set(SENSORS["eurosat"].bands) == set(S2)
    assert len(SENSORS["sentinel-2-l2a"].bands) == 12
    assert SENSORS["sentinel-1"].shown == ("VV",)
    with pytest.raises(ImageryError, match=r"unknown sensor 'landsat'.*landsat-8-9"):
        load_sensor("landsat")
    assert load_sensor(" NAIP ").name == "naip"


def test_credit_names_the_year() -> None:
    sensor = SENSORS["sentinel-2-l2a"]
    assert sensor.credit("2022-10-05T11:54:11Z") == "contains modified Copernicus Sentinel data 2022"
    assert sensor.credit(None) == "contains modified Copernicus Sentinel data"
    assert SENSORS["rgb"].credit("2022-10-05") is None


@pytest.mark.parametrize(
    ("text", "sensor", "name"),
    [
        ("B4", None, "B04"),
        ("B04", None, "B04"),
        ("b8a", None, "B8A"),
        ("B4, central wavelength 665 nm", None, "B04"),
        ("B8A (narrow near infrared)", "sentinel-2-l2a", "B8A"),
        ("SR_B4", "landsat-8-9", "B4"),
        ("B04", "landsat-8-9", "B4"),
        ("qa_pixel", "landsat-8-9", "QA_PIXEL"),
        ("Red", None, "red"),
        ("Red", "sentinel-2-l2a", "B04"),
        ("NIR", "sentinel-2-l2a", "B08"),
        ("nir", "naip", "nir"),
        ("Near-Infrared", None, "nir"),
        ("grey", None, "gray"),
        ("vv", None, "VV"),
        ("scl", None, "SCL"),
        ("NDVI", None, "ndvi"),
        ("B10m", None, "b10m"),
    ],
)
def test_canonical_names(text: str, sensor: str | None, name: str) -> None:
    assert canonical(text, SENSORS[sensor] if sensor else None) == name


def test_names_that_the_user_gives_count_first() -> None:
    assert named("red", "green", "blue", bands=["nir", "red", "green"]) == ("nir", "red", "green")
    assert named(colours="red green blue alpha", bands=["red", "green", "blue", "nir"])[3] == "nir"
    assert named(None, None, sensor="sentinel-2-l2a", bands=["red", "8a"]) == ("B04", "8a")
    with pytest.raises(ImageryError, match="2 band names for 3 bands"):
        named(None, None, None, bands=["red", "green"])
    with pytest.raises(ImageryError, match="different"):
        named(None, None, bands=["red", "Red"])
    with pytest.raises(ImageryError, match="not empty"):
        named(None, None, bands=["red", " "])


def test_a_preset_names_by_order() -> None:
    assert named(*[None] * 13, sensor="eurosat") == SENSORS["eurosat"].bands
    assert named(colours="red green blue alpha", sensor="naip") == ("red", "green", "blue", "nir")
    assert named(colours="red green blue alpha", sensor="rgb") == ("red", "green", "blue", "alpha")
    assert named(colours="alpha red green blue", sensor="rgb") == ("alpha", "red", "green", "blue")
    with pytest.raises(ImageryError, match=r"naip has 4 bands, but the file has 3"):
        named(None, None, None, sensor="naip")
    with pytest.raises(ImageryError, match=r"rgb has 3 bands, but the file has 4"):
        named(None, None, None, None, sensor="rgb")
    with pytest.raises(ImageryError, match=r"naip has 4 bands, but the file has 3"):
        named(colours="red green alpha", sensor="naip")


def test_a_preset_believes_the_file_where_it_names_its_bands() -> None:
    assert named("B4", "B3", "B2", "B8", sensor="sentinel-2-l2a") == ("B04", "B03", "B02", "B08")
    assert named("B4", "B3", "SCL", sensor="sentinel-2-l2a") == ("B04", "B03", "SCL")
    assert named(*S2, sensor="sentinel-2-l1c") == S2
    with pytest.raises(ImageryError, match="in the order"):
        named(*S2, sensor="eurosat")


def test_descriptions() -> None:
    assert named("B4", "B3", "B2", "B8") == ("B04", "B03", "B02", "B08")
    assert named(*(name.replace("B0", "B") for name in S2)) == S2
    assert named("VV", "VH") == ("VV", "VH")
    assert named("Red", "Green", "Blue", "NIR", colours="gray undefined undefined undefined") == (
        "red",
        "green",
        "blue",
        "nir",
    )
    assert named("temperature") == ("temperature",)
    # what tools write is no name
    assert named("Band 1", "Band 2", "Band 3") == ("red", "green", "blue")
    assert named("1", "2", "3", colours="red green blue") == ("red", "green", "blue")
    assert named("image", "image", "image", colours="blue green red") == ("blue", "green", "red")
    with pytest.raises(ImageryError, match=r"B1, B2, B3, B4, B5, B7 may be those of several sensors"):
        named("B1", "B2", "B3", "B4", "B5", "B7")


def test_colours() -> None:
    assert named(colours="gray") == ("gray",)
    assert named(colours="undefined") == ("gray",)
    assert named(colours="red green blue") == ("red", "green", "blue")
    assert named(colours="gray undefined undefined") == ("red", "green", "blue")
    assert named(colours="gray alpha") == ("gray", "alpha")
    assert named(colours="red green blue nir") == ("red", "green", "blue", "nir")
    assert named(colours="gray undefined undefined alpha") == ("red", "green", "blue", "alpha")
    assert named(colours="gray gray gray") == ("red", "green", "blue")
    assert named(colours="nir") == ("nir",)
    assert named(colours="alpha red green blue") == ("alpha", "red", "green", "blue")


@pytest.mark.parametrize(
    "colours",
    [
        "gray undefined",
        "palette",
        "red red",
        "gray undefined undefined undefined",
        "red green blue undefined",
        "red green blue alpha alpha",
        "cyan magenta yellow black",
        "hue saturation lightness",
        "undefined " * 13,
    ],
)
def test_bands_without_names_are_an_error_and_no_guess(colours: str) -> None:
    with pytest.raises(ImageryError, match=r"does not say what its \d+ bands are.*--sensor.*--bands"):
        named(colours=colours)


def test_the_message_names_presets_that_fit() -> None:
    with pytest.raises(ImageryError, match="--sensor sentinel-2-l1c or eurosat"):
        named(*[None] * 13)


def test_what_is_shown() -> None:
    assert choose_shown(S2, None) == ("B04", "B03", "B02")
    assert choose_shown(("nir", "red", "green", "blue"), None) == ("red", "green", "blue")
    assert choose_shown(("VV", "VH"), None) == ("VV",)
    assert choose_shown(("ndvi",), None) == ("ndvi",)
    with pytest.raises(ImageryError, match="none of the bands nir, ndvi is known to be red, green and blue"):
        choose_shown(("nir", "ndvi"), None)


@given(st.lists(st.text(max_size=8), min_size=1, max_size=6), st.sampled_from([None, *SENSORS]))
def test_any_descriptions_give_names_or_an_error(texts: list[str], sensor: str | None) -> None:
    try:
        names = named(*texts, sensor=sensor)
    except ImageryError:
        return
    assert len(names) == len(texts) == len(set(names))


def scene_of(mask: Band) -> Scene:
    bands = tuple(Band(name, "a.tif", index) for index, name in enumerate(("red", "green", "blue"), start=1))
    return Scene("a.tif", "a", Grid(2, 2), bands, "uint8", ("red", "green", "blue"), mask=mask)


@pytest.mark.parametrize(("dtype", "full"), [("uint8", 255), ("uint16", 65535), ("float32", 1)])
def test_an_alpha_band_of_two_values_is_the_mask(dtype: str, full: int) -> None:
    mask = Band("alpha", "a.tif", 4)
    values: Any = np.array([[0, full], [full, full]], dtype=dtype)
    assert opaque(values, mask, scene_of(mask)).tolist() == [[False, True], [True, True]]


def test_an_alpha_band_of_other_values_is_an_error_that_names_both_readings() -> None:
    mask = Band("alpha", "a.tif", 4)
    values = np.array([[0, 255], [77, 255]], dtype="uint8")
    with pytest.raises(ImageryError) as raised:
        opaque(values, mask, scene_of(mask))
    for words in ("holds 77", "--bands red,green,blue,nir", "--sensor naip", "--bands red,green,blue,alpha"):
        assert words in str(raised.value)
    asked = Band("alpha", "a.tif", 4, nodata=0.0)
    assert opaque(values, asked, scene_of(asked)).tolist() == [[False, True], [True, True]]


def test_clouds() -> None:
    scl = np.arange(12, dtype="uint8")
    assert np.flatnonzero(cloud_mask(scl, "SCL")).tolist() == [0, 1, 3, 8, 9, 10]
    # clear, water, fill, dilated cloud, cirrus, cloud, shadow, snow
    # (Landsat 8-9 Collection 2 Level 2 Science Product Guide, table of QA_PIXEL values)
    landsat = np.array([21824, 21952, 1, 21826, 54596, 22280, 23888, 30048], dtype="uint16")
    assert cloud_mask(landsat, "QA_PIXEL").tolist() == [False, False, True, True, False, True, True, False]
    with pytest.raises(ImageryError, match="unknown quality band"):
        cloud_mask(scl, "QA60")
