"""Area or line: what a closed way stands for.

OpenStreetMap has no area type. A closed way is an area or a line that happens to end where it began (a
roundabout, a fence round a field), and its tags decide. The rule here is the community's, as in the editors'
and osmtogeojson's lists:

1. `area=no` is a line, `area=` anything else an area.
2. Else it is an area when one of its tags speaks of areas: a key of `AREA_KEYS` with a value that is not
   among the exceptions (`natural=cliff` is a line), or a key of `AREA_VALUES` with one of the values named
   there (`railway=station`); `no` never speaks of an area.
3. Else it is a line: `highway=*` and `barrier=*` round a block stay lines, unless the same way has a tag of
   2 too.

A way that is not closed is a line, whatever its tags.
"""

from collections.abc import Iterable

AREA_KEYS: dict[str, frozenset[str]] = {
    "aeroway": frozenset({"jet_bridge", "parking_position", "taxiway"}),
    "allotments": frozenset(),
    "amenity": frozenset(),
    "area:highway": frozenset(),
    "attraction": frozenset(
        {"dark_ride", "river_rafting", "roller_coaster", "summer_toboggan", "train", "water_slide"}
    ),
    "building": frozenset(),
    "building:part": frozenset(),
    "club": frozenset(),
    "craft": frozenset(),
    "golf": frozenset({"cartpath", "hole", "path"}),
    "healthcare": frozenset(),
    "historic": frozenset({"citywalls"}),
    "industrial": frozenset(),
    "landcover": frozenset(),
    "landuse": frozenset(),
    "leisure": frozenset({"slipway", "track"}),
    "man_made": frozenset(
        {
            "cutline",
            "dyke",
            "embankment",
            "goods_conveyor",
            "guard_rail",
            "pipeline",
            "snow_fence",
            "video_wall",
        }
    ),
    "military": frozenset({"trench"}),
    "natural": frozenset(
        {"arete", "cliff", "coastline", "earth_bank", "gully", "ridge", "tree_row", "valley"}
    ),
    "office": frozenset(),
    "place": frozenset(),
    "playground": frozenset({"balancebeam", "rope_traverse", "zipwire"}),
    "public_transport": frozenset(),
    "ruins": frozenset(),
    "shop": frozenset(),
    "telecom": frozenset(),
    "tourism": frozenset(),
    "water": frozenset(),
    "wetland": frozenset(),
}
"""Keys whose values speak of areas, but for the values named."""

AREA_VALUES: dict[str, frozenset[str]] = {
    "aerialway": frozenset({"station"}),
    "emergency": frozenset({"assembly_point", "landing_site", "water_tank"}),
    "highway": frozenset({"elevator", "escape", "rest_area", "services"}),
    "power": frozenset(
        {"compensator", "converter", "generator", "plant", "substation", "switchgear", "transformer"}
    ),
    "railway": frozenset({"platform", "roundhouse", "station", "traverser", "turntable", "wash", "yard"}),
    "waterway": frozenset({"boatyard", "dam", "dock", "fuel", "riverbank"}),
}
"""Keys whose values speak of lines, but for the values named."""


def is_area(tags: Iterable[tuple[str, str]]) -> bool:
    """Say whether a closed way with these tags, all that it carries, is an area."""
    speaks = False
    for key, value in tags:
        if key == "area":
            return value != "no"
        if speaks or value == "no":
            continue
        if key in AREA_KEYS:
            speaks = value not in AREA_KEYS[key]
        elif key in AREA_VALUES:
            speaks = value in AREA_VALUES[key]
    return speaks
