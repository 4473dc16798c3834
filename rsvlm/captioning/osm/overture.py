"""Overture Maps features, said in OpenStreetMap's words.

Overture derives `subtype` and `class` of its buildings, base and transportation themes mostly from
OpenStreetMap tags (https://docs.overturemaps.org/schema/); this is the way back. Where a feature passes on
its `source_tags`, those go first. What has no clear tag stays without: names, places and divisions are no
sights.
"""

from collections.abc import Mapping
from typing import Any

from rsvlm.captioning.osm.attributes import value_text
from rsvlm.captioning.osm.tags import Tag

SOURCE = {
    "name": "Overture Maps",
    "licence": "ODbL-1.0, CDLA-Permissive-2.0 (by theme and source)",
    "attribution": "© OpenStreetMap contributors, Overture Maps Foundation",
    "url": "https://docs.overturemaps.org/attribution/",
}

COLUMNS = frozenset(
    {"subtype", "class", "subclass", "num_floors", "height", "roof_shape", "roof_material", "is_underground"}
    | {"is_salt", "is_intermittent", "road_surface", "road_flags", "surface", "type"}
)
"""Columns of Overture's schema that are looked at."""

_CLASSES = {
    "aerialway": "cable_car chair_lift gondola",
    "aeroway": "apron helipad heliport runway taxiway terminal",
    "amenity": "college fountain hospital kindergarten parking school university",
    "barrier": "bollard cable_barrier city_wall fence gate guard_rail hedge retaining_wall wall",
    "golf": "bunker driving_range fairway green lateral_water_hazard rough tee water_hazard",
    "landuse": "allotments brownfield cemetery commercial construction depot farmland farmyard forest grass "
    "garages greenfield greenhouse_horticulture industrial landfill meadow military orchard plant_nursery "
    "quarry railway recreation_ground residential retail village_green vineyard",
    "leisure": "dog_park garden golf_course marina nature_reserve park pitch playground stadium "
    "swimming_pool track water_park",
    "man_made": "bridge communications_tower lighthouse pier pipeline silo storage_tank water_tower works",
    "natural": "bare_rock bay beach cliff dune fell geyser glacier grassland heath hot_spring reef ridge "
    "rock sand scree scrub shingle shrub spring stone strait tree tree_row tundra valley volcano wetland wood",
    "place": "island islet",
    "power": "generator minor_line plant substation transformer",
    "tourism": "camp_site caravan_site theme_park zoo",
    "waterway": "dam weir",
}
"""Classes of land, land_use, water and infrastructure that are the value of one OpenStreetMap key, by key."""
_KEY_OF = {name: key for key, names in _CLASSES.items() for name in names.split()}

_RENAMED: dict[str, Tag] = {
    "airport": ("aeroway", "aerodrome"),
    "communication_tower": ("man_made", "communications_tower"),
    "plaza": ("place", "square"),
    "power_line": ("power", "line"),
    "power_pole": ("power", "pole"),
    "power_tower": ("power", "tower"),
    "railway_station": ("railway", "station"),
    "wind_turbine": ("generator:source", "wind"),
}
_LAND_COVER = {
    "crop": ("landuse", "farmland"),
    "forest": ("natural", "wood"),
    "grass": ("natural", "grassland"),
    "mangrove": ("natural", "wetland"),
    "shrub": ("natural", "scrub"),
    "wetland": ("natural", "wetland"),
}
_WATERWAYS = frozenset({"canal", "ditch", "drain", "river", "stream"})
_BUILDING_USES = frozenset({"civic", "commercial", "industrial", "religious", "residential"})
_RAILWAYS = {"standard_gauge": "rail", "unknown": "rail"}
_FOOTWAYS = {"sidewalk": "sidewalk", "crosswalk": "crossing"}
_SERVICES = frozenset({"alley", "driveway", "parking_aisle"})


def overture_type(columns: frozenset[str], told: str | None) -> str | None:
    """Return the Overture type of a row, or of a file by its columns; None where it is not Overture's."""
    if "subtype" not in columns or not {"sources", "version"} <= columns:
        return None
    if told:
        return told
    for kind, mark in (("building", "num_floors"), ("segment", "road_surface"), ("water", "is_salt")):
        if mark in columns:
            return kind
    return "land" if "class" in columns else "land_cover"


def overture_tags(kind: str, row: Mapping[str, Any], is_area: bool) -> list[Tag]:
    """Return the tags of one feature.

    Args:
        kind: `building`, `building_part`, `segment`, `land`, `land_use`, `land_cover`, `water` or
            `infrastructure`.
        row: Its columns, of `COLUMNS`.
        is_area: Whether its geometry is one.
    """
    subtype, name = value_text(row.get("subtype")), value_text(row.get("class"))
    if kind in {"building", "building_part"}:
        return _building(subtype, name, row)
    if kind == "segment":
        return _segment(subtype, name, row)
    if kind == "land_cover":
        return [_LAND_COVER[subtype]] if subtype in _LAND_COVER else []
    if kind == "water":
        return _water(subtype, name, row, is_area)
    tags = [_RENAMED[name]] if name in _RENAMED else [(_KEY_OF[name], name)] if name in _KEY_OF else []
    if name == "wind_turbine":
        tags.append(("power", "generator"))
    return tags + _given("surface", row.get("surface")) if tags else []


def _building(subtype: str, name: str, row: Mapping[str, Any]) -> list[Tag]:
    tags = [("building", name or (subtype if subtype in _BUILDING_USES else "yes"))]
    tags += _given("roof:shape", value_text(row.get("roof_shape")).replace("half_hipped", "half-hipped"))
    tags += _given("roof:material", row.get("roof_material")) + _given(
        "building:levels", row.get("num_floors")
    )
    return tags + ([("location", "underground")] if row.get("is_underground") else [])


def _segment(subtype: str, name: str, row: Mapping[str, Any]) -> list[Tag]:
    if subtype == "rail":
        tags = [("railway", _RAILWAYS.get(name, name) or "rail")]
    elif subtype == "road" and name not in {"", "unknown"}:
        kind = value_text(row.get("subclass"))
        tags = [("highway", f"{name}_link" if kind == "link" else name)]
        tags += _given("footway", _FOOTWAYS.get(kind)) + _given(
            "service", kind if kind in _SERVICES else None
        )
    else:
        return []
    tags += _given("surface", _throughout(row.get("road_surface"), "value"))
    flags = _throughout(row.get("road_flags"), "values") or []
    return tags + [(key, "yes") for key in ("bridge", "tunnel") if f"is_{key}" in flags]


def _water(subtype: str, name: str, row: Mapping[str, Any], is_area: bool) -> list[Tag]:
    kind = name or subtype
    if kind in _KEY_OF:
        return [(_KEY_OF[kind], kind)]
    if kind in _WATERWAYS and not is_area:
        return [("waterway", kind)]
    if kind == "ocean" or not is_area:
        return []
    flags = [(key, "yes") for key in ("salt", "intermittent") if row.get(f"is_{key}")]
    return [("natural", "water"), *([("water", kind)] if kind != "water" else []), *flags]


def _given(key: str, value: Any) -> list[Tag]:
    text = value_text(value)
    return [(key, text)] if text and text != "unknown" else []


def _throughout(rules: Any, field: str) -> Any:
    """The value of a property that may change along a segment, where it holds for the whole of it."""
    return next((rule[field] for rule in rules or () if not rule.get("between")), None)
