"""Which tags stay, and which are told as unknown."""

import pytest

from rsvlm.captioning.osm import tags as module
from rsvlm.captioning.osm.areas import is_area
from rsvlm.captioning.osm.tags import TagSorter
from rsvlm.vocabularies.osm import load_tags, read_tags

LINES = """key,value,max_gsd,kind,phrase,plural
building,*,1,object,building,buildings
building,shed,0.2,object,shed,sheds
leisure,pitch,1,object,pitch,pitches
sport,tennis,0.6,object,tennis court,tennis courts
surface,*,0.6,adjective,paved,paved
lanes,*,10,detail,with {} lanes,with {} lanes
tunnel,yes,,hides,,
addr:*,*,,,,
"""


@pytest.fixture
def sorter() -> TagSorter:
    return TagSorter(read_tags(LINES.encode(), "test"))


def test_kept_tags_and_their_coarsest_resolution(sorter: TagSorter) -> None:
    house = sorter.number([("building", "house"), ("addr:street", "x"), ("lanes", "2")])
    shed = sorter.number([("building", "shed"), ("surface", "wood")])
    assert sorter.kept[house] == (("building", "house"), ("lanes", "2"))
    assert (sorter.max_gsd[house], sorter.max_gsd[shed]) == (1.0, 0.2)
    assert sorter.number([("lanes", "2"), ("building", "house")]) != -1


def test_nothing_to_show(sorter: TagSorter) -> None:
    for tags in ([], [("addr:street", "x")], [("lanes", "2")], [("building", "no")], [("sport", "tennis")]):
        assert sorter.number(tags) == -1
    assert sorter.number([("building", "yes"), ("tunnel", "yes")]) == -1


def test_what_tells_a_refining_tag_stays_beside_it(sorter: TagSorter) -> None:
    number = sorter.number([("leisure", "pitch"), ("sport", "tennis")])
    assert sorter.kept[number] == (("leisure", "pitch"), ("sport", "tennis"))


@pytest.mark.parametrize("value", ["1", "1.0", "TRUE", "True", "Y", "t", "Yes", " yes"])
def test_flags_that_are_set_are_yes(value: str) -> None:
    """As tables write them: a building of 1 is a building; one lane is no lane of yes."""
    sorter = TagSorter(load_tags())
    assert sorter.kept[sorter.number([("building", value)])] == (("building", "yes"),)
    road = sorter.number([("highway", "residential"), ("lanes", value)])
    assert ("lanes", "yes") not in sorter.kept[road]


def test_unknown_tags_are_counted_the_commonest_first(sorter: TagSorter) -> None:
    sorter.number([("zzz", "a"), ("building", "yes")])
    sorter.number([("zzz", "b")], 3)
    assert sorter.unknown() == {"zzz=b": 3, "zzz=a": 1}


def test_memory_is_bounded_and_common_unknown_tags_still_lead(
    sorter: TagSorter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROOM", 50)
    monkeypatch.setattr(module, "TOLD", 3)
    for n in range(2000):
        sorter.number([("ref:once", str(n)), ("zzz", str(n % 3)), ("addr:street", str(n))])
    assert set(sorter.unknown()) == {"zzz=0", "zzz=1", "zzz=2"}
    assert len(sorter._known) <= 50
    assert len(sorter._unknown) <= 50


@pytest.mark.parametrize(
    ("tags", "area"),
    [
        ({"building": "yes"}, True),
        ({"building": "no"}, False),
        ({"highway": "pedestrian"}, False),
        ({"highway": "pedestrian", "area": "yes"}, True),
        ({"highway": "services"}, True),
        ({"barrier": "hedge"}, False),
        ({"barrier": "fence", "leisure": "pitch"}, True),
        ({"building": "yes", "area": "no"}, False),
        ({"natural": "coastline"}, False),
        ({"natural": "cliff", "landuse": "grass"}, True),
        ({"natural": "wood"}, True),
        ({"leisure": "track"}, False),
        ({"railway": "rail"}, False),
        ({"railway": "station"}, True),
        ({"waterway": "river"}, False),
        ({"waterway": "riverbank"}, True),
        ({"power": "line"}, False),
        ({"power": "substation"}, True),
        ({"aeroway": "runway"}, True),
        ({"aeroway": "taxiway"}, False),
        ({"man_made": "pipeline"}, False),
        ({"name": "x"}, False),
        ({}, False),
    ],
)
def test_area_or_line(tags: dict[str, str], area: bool) -> None:
    assert is_area(tags.items()) is area
    assert is_area(reversed(tags.items())) is area
