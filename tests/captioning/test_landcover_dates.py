"""Dates of land-cover rasters."""

import pytest

from rsvlm.captioning.landcover.dates import agrees, date_in, date_of


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("ESA_WorldCover_10m_2020_v100_N00E006_Map", "2020"),
        ("WorldCover_v200_N00E006", "2021"),
        ("model_v200", None),
        ("202309_00", "2023-09"),
        ("dw-2021-06", "2021-06"),
        ("dw_20210630T101031", "2021-06-30"),
        ("dw_2021_06_30", "2021-06-30"),
        ("2020_04", "2020"),
        ("U2018_CLC2018_V2020_20u1", "2018"),
        ("nlcd_2019_land_cover_l48_20210604", "2019"),
        ("tile_2048x2048", None),
        ("20231301", None),
        ("M-33-20-D-c-4-2", None),
        ("", None),
    ],
)
def test_date_in_names(name: str, date: str | None) -> None:
    assert date_in(name) == date


def test_where_dates_are_looked_for() -> None:
    tags = {"time_start": "2021-01-01T00:00:00Z", "TIFFTAG_DATETIME": "2023:04:05 06:07:08"}
    assert date_of("N00E006_2020", tags, ("2019",), placed=True) == "2020"
    assert date_of("N00E006", tags, ("2019",), placed=True) == "2021"
    del tags["time_start"]
    assert date_of("N00E006", tags, ("1990", "2019"), placed=True) == "2019"
    assert date_of("N00E006", tags, (), placed=True) == "2023-04-05"
    assert date_of("N00E006", {}, (), placed=True) is None


def test_a_numbered_mask_is_not_a_year() -> None:
    assert date_of("2001", {}, (), placed=False) is None
    assert date_of("2001", {}, (), placed=True) == "2001"


def test_agrees() -> None:
    assert agrees("2021-09", "2021")
    assert agrees("2021-09", "2021-09")
    assert not agrees("2021-09", "2021-09-01")
    assert not agrees("2021", "2020")
    assert not agrees(None, "2020")
