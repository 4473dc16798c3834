"""Writing in pictures: lines keep their width, and every letter is drawn or replaced by a near one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFont

from rsvlm.imagery import ImageryError
from rsvlm.imagery.drawing import Lettering, lettering, save_picture

OWN = Lettering()
LONG = "wastewater treatment plants beside a river, surrounded by farmland; a road of footway"


def test_plain_text_takes_the_font_that_is_always_there() -> None:
    assert lettering(["Annual crop … 0.93 · b"]) == OWN
    assert lettering([]) == OWN


def test_other_letters_take_a_font_that_has_them_or_near_ones() -> None:
    found = lettering(["Städte"])
    assert found.drawable("Städte") in ("Städte", "Stadte")
    assert OWN.drawable("Städte \u2013 Dörfer 2\u00d73 m²") == "Stadte - Dorfer 2x3 m2"
    assert OWN.drawable("森林 a\tb\n\x07c") == "?? a b  c"
    try:
        ImageFont.truetype("DejaVuSans.ttf", 16)
    except OSError:
        pytest.skip("this system has no DejaVu Sans")
    assert found.file == "DejaVuSans.ttf"
    assert found.drawable("Städte, Gelände") == "Städte, Gelände"


@pytest.mark.parametrize("end", ["\n", "\r", "\x85", "\u2029", "\x1c", "\ud800"])
def test_ends_of_lines_are_drawn_as_spaces_in_every_font(end: str) -> None:
    text = f"river{end}lake"
    for font in (
        OWN,
        lettering([text]),
        lettering([f"{text} Städte"]),
    ):  # the last one takes a font of the system
        assert font.drawable(text) == "river lake"
        assert font.width(text, 14) > 0


def test_lines_are_filled_and_the_last_says_what_is_missing() -> None:
    lines = OWN.wrap(LONG, 200, 14, most=9)
    assert " ".join(lines) == LONG
    assert all(OWN.width(line, 14) <= 200 for line in lines)
    short = OWN.wrap(LONG, 200, 14, most=2)
    assert short[0] == lines[0]
    assert len(short) == 2
    assert short[1].endswith(" …")
    assert OWN.wrap("", 200, 14, most=2) == []


@given(text=st.text(), width=st.integers(20, 300), size=st.integers(6, 24), most=st.integers(1, 5))
def test_nothing_is_wider_than_it_may_be(text: str, width: int, size: int, most: int) -> None:
    lines = OWN.wrap(text, width, size, most)
    assert len(lines) <= most
    for line in (*lines, OWN.shorten(text, width, size), OWN.abridge(text, width, size)):
        assert OWN.width(line, size) <= max(width, OWN.width(" …", size), OWN.width("…W", size))
        assert "\n" not in line


def test_short_texts_stay_whole() -> None:
    assert OWN.shorten("River", 200, 14) == "River"
    assert OWN.shorten("a" * 500, 50, 14).endswith("a…")
    assert OWN.abridge("tile_0123", 200, 14) == "tile_0123"


def test_abridged_names_keep_their_end() -> None:
    short = OWN.abridge("S2A_MSIL2A_20230911T020651_N0509_R103_T52SCE_0064_0128", 200, 12)
    assert short.startswith("S2A")
    assert short.endswith("_0064_0128")
    assert OWN.width(short, 12) <= 200


def test_pictures_are_what_their_ending_says(tmp_path: Path) -> None:
    for name, kind in (("a.png", "PNG"), ("deep/a.JPG", "JPEG"), ("a.jpeg", "JPEG")):
        save_picture(Image.new("RGB", (8, 6), (200, 10, 10)), tmp_path / name)
        with Image.open(tmp_path / name) as picture:
            assert (picture.format, picture.size) == (kind, (8, 6))
    with pytest.raises(ImageryError, match=r"a\.gif: pictures are written as \.png or \.jpg"):
        save_picture(Image.new("RGB", (8, 6)), tmp_path / "a.gif")
