"""Lines that the width of a page ended: which ones go on, and which ones are of lists, tables and headings."""

from pathlib import Path

import pytest

from rsvlm.rag.sources import read_source
from rsvlm.rag.sources.pdf import _LIGATURES
from rsvlm.rag.sources.wrapping import unwrapped

_PAGE = """Monitoring of the Torvik basin
The Torvik basin in the north of the country drains 1,250 km2 of land, and it gets 1340 mm of
rain a year. The Torvik dam, which was built in 1987, is 41 m high and its lake holds 12 mil-
lion cubic metres. The lowest temperature ever measured at the station, in the winter of 1987,
was
-31.5 degrees.
2 Methods
The map was made from forty scenes of Landsat-
8 and has a kappa of 0.81.
Station Elevation (m) Rain (mm) NDVI
Alder 412 1340 0.41
Cedar Gap 95 990 0.3
It was checked in the field in 2019, by the people of the forestry service, who went to:
- the old mill
- the fen at the end of the road, which was still frozen in May, and the
  lake below it
Alder station, on the shore of the lake, at 412 m
Birch station, on top of the mountain, at 1388 m
Cedar station, in the middle of the town, at 95 m"""
"""As pypdf reads one, without a line between paragraphs."""


def test_a_page_of_a_pdf() -> None:
    assert unwrapped(_PAGE).split("\n") == [
        "Monitoring of the Torvik basin",
        "The Torvik basin in the north of the country drains 1,250 km2 of land, and it gets 1340 mm of rain a year. "
        "The Torvik dam, which was built in 1987, is 41 m high and its lake holds 12 million cubic metres. The lowest "
        "temperature ever measured at the station, in the winter of 1987, was -31.5 degrees.",
        "2 Methods",
        "The map was made from forty scenes of Landsat-8 and has a kappa of 0.81.",
        "Station Elevation (m) Rain (mm) NDVI",
        "Alder 412 1340 0.41",
        "Cedar Gap 95 990 0.3",
        "It was checked in the field in 2019, by the people of the forestry service, who went to:",
        "- the old mill",
        "- the fen at the end of the road, which was still frozen in May, and the lake below it",
        "Alder station, on the shore of the lake, at 412 m",
        "Birch station, on top of the mountain, at 1388 m",
        "Cedar station, in the middle of the town, at 95 m",
    ]


@pytest.mark.parametrize(
    ("end", "begin", "joined"),
    [
        ("the forestry administra-", "tion of it", "administration"), ("the Medi-", "terranean sea", "Mediterranean"),
        ("a scene of Landsat-", "8 in the summer", "Landsat-8"), ("the day of 2014-", "07-12, at noon", "2014-07-12,"),
        ("between 10-", "15 m above it", "10-15"), ("a method that is NDVI-", "based and fast", "NDVI-based"),
        ("the well-", "known method of it", "well-known"), ("the state-of-the-", "art method", "state-of-the-art"),
        ("the river of Baden-", "Baden in the west", "Baden-Baden"), ("it rose by 3 -", "and fell by 5", "3 - and"),
        ("a temperature of\n-", "31.5 degrees below", "of -31.5"),
    ],
)  # fmt: skip
def test_hyphens_at_the_ends_of_lines(end: str, begin: str, joined: str) -> None:
    page = f"The classification of all of the peatland was made with {end}\n{begin}, and it was checked in the field."
    assert f" {joined} " in unwrapped(page)
    assert "\n" not in unwrapped(page)


@pytest.mark.parametrize(
    "text",
    [
        "Name: Alder station\nElevation: 412 m\nOpened: 1962",
        "apples\npears\nplums",
        "Station     Elevation   Rain in the year before the one of the flood\nAlder       412         1340 mm",
        "Alder weir  412 metres  1340 mm of water\nbirch weir  1388 metres  2210 mm of water",
        "The first line of a poem about the long river,\nThe second line that tells of its far source,\n"
        "The third line in which it has come to the sea",
        "It was checked in the field in 2019, by the people of the forestry service of it.\n3 Results",
        "| lake of the region | its depth in metres |\n| moos, which is old | twelve of them here |",
    ],
)
def test_lines_that_stay(text: str) -> None:
    assert unwrapped(text) == text


def test_a_short_line_above_does_not_keep_the_others_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "FIELD REPORT 12\nThe peatland covers 412 hectares, and the mean depth of its peat\nis 2.35 m. It was drained "
        "in 1962 by the forestry admin\u00ad\nistration.  It was restored in 2009\nand then left.\n",
        encoding="utf-8",
    )
    [chunk] = read_source(path).chunks()
    assert chunk.text == (
        "FIELD REPORT 12\nThe peatland covers 412 hectares, and the mean depth of its peat is 2.35 m. It was drained "
        "in 1962 by the forestry administration.  It was restored in 2009 and then left."
    )


def test_a_paragraph_of_many_lines_takes_no_longer_for_each() -> None:
    lines = ["and the river goes on and on through the long valley"] * 50_000
    assert unwrapped("\n".join(lines)) == " ".join(lines)
    assert unwrapped("1 2 3, " * 100_000 + "\nx") == "1 2 3, " * 100_000 + "\nx"


def test_letters_that_are_set_as_one() -> None:
    assert (
        "the \ufb02ow of the e\ufb03cient \ufb01lter, x\u00b2".translate(_LIGATURES)
        == "the flow of the efficient filter, x²"
    )
