"""What is a place on the map, and what its tags say of it, in words."""

import re
from collections.abc import Mapping

from rsvlm.captioning.english import article
from rsvlm.vocabularies.osm import load_tags

KINDS: dict[str, frozenset[str]] = {
    key: frozenset(values.split())
    for key, values in {
        "place": "country state province region county district municipality city borough town suburb quarter"
        " neighbourhood village hamlet isolated_dwelling farm locality square island islet archipelago sea ocean",
        "aeroway": "aerodrome heliport spaceport",
        "railway": "station halt",
        "amenity": "university college hospital theatre casino place_of_worship townhall prison ferry_terminal"
        " monastery courthouse library",
        "leisure": "stadium park nature_reserve golf_course marina water_park",
        "tourism": "museum zoo theme_park aquarium attraction alpine_hut",
        "historic": "castle ruins fort monument archaeological_site monastery palace manor city_gate church",
        "natural": "peak volcano ridge glacier saddle cliff cave_entrance water spring hot_spring bay strait cape"
        " peninsula beach wetland wood heath desert reef valley",
        "waterway": "dam waterfall",
        "landuse": "forest reservoir quarry military industrial port salt_pond",
        "boundary": "national_park protected_area",
        "man_made": "lighthouse tower observatory pier bridge works wastewater_plant",
        "power": "plant",
        "military": "airfield base naval_base barracks",
    }.items()
}
"""Tags of places that people name, the more telling key first. Rivers and roads are no place but many."""

_WORSHIPPED = "place_of_worship"
_CALLED = {
    "aerodrome": "airport", "halt": "railway halt", "station": "railway station", "water": "lake or pond",
    "wood": "forest", "townhall": "town hall", "works": "factory", "plant": "power station",
    "protected_area": "protected area", "military": "military area", "industrial": "industrial area",
    "attraction": "sight", "saddle": "mountain pass", "peak": "mountain peak",
    _WORSHIPPED: "place of worship", "base": "military base",
}  # fmt: skip
_WORSHIP = {
    "christian": "church", "muslim": "mosque", "jewish": "synagogue", "buddhist": "temple", "hindu": "temple",
    "shinto": "shrine", "sikh": "gurdwara",
}  # fmt: skip
_TOLD = {
    "population": "population {}", "ele": "{} m above sea level", "height": "{} m high", "capacity": "capacity {}",
    "iata": "IATA code {}", "icao": "ICAO code {}", "sport": "for {}", "denomination": "{}", "operator": "run by {}",
    "architect": "by the architect {}", "start_date": "since {}", "is_in": "in {}", "addr:city": "in {}",
    "alt_name": "also called {}", "old_name": "once called {}", "description": "{}",
}  # fmt: skip
"""Tags that say something of a place, and how."""

_COUNTS = ("population", "capacity", "ele")

_LONGEST = 200
"""Letters of a value; a longer one is cut."""


def kind_of(tags: Mapping[str, str]) -> str | None:
    """What sort of place an object of the map is, in words; None: it is no place, or has no name."""
    if not tags.get("name"):
        return None
    key = next((key for key, values in KINDS.items() if tags.get(key) in values), None)
    if key is None:
        return None
    if tags[key] == _WORSHIPPED and tags.get("religion") in _WORSHIP:
        return _WORSHIP[tags["religion"]]
    return _called(key, tags[key])


def in_words(tags: Mapping[str, str], kind: str) -> str:
    """A place as a sentence of a gazetteer: "Vaduz, a town; population 5,696; 455 m above sea level"."""
    told = [f"{called(tags)}, {article(kind)} {kind}"]
    if (capital := tags.get("capital")) and capital != "no":
        told.append("capital of the country" if capital in ("yes", "2") else "capital")
    for key, words in _TOLD.items():
        if value := tags.get(key, "").strip():
            told.append(words.format(_counted(value) if key in _COUNTS else _listed(value)))
    return "; ".join(told)


def called(tags: Mapping[str, str]) -> str:
    """The name of a place, with the English one where that is another."""
    name, english = tags["name"], tags.get("name:en")
    return name if english in (None, "", name) else f"{name} ({english})"


def name_in(text: str) -> str:
    """The name in a sentence as `in_words` makes them, of a source that has no more than the sentence."""
    return text.partition(";")[0].rpartition(", a")[0] or text


def names_in(name: str) -> tuple[str, ...]:
    """A name that `called` made, whole and in parts: "Praha (Prague)", "Praha" and "Prague"."""
    both = re.fullmatch(r"(.+) \((.+)\)", name)
    return (name, both[1], both[2]) if both else (name,)


def sort_in(text: str) -> str:
    """What sort of place it is, in such a sentence: "town"; "" where that is not said."""
    found = re.search(r", an? ([^;,]+)$", text.partition(";")[0])
    return found[1] if found else ""


def _called(key: str, value: str) -> str:
    if value in _CALLED:
        return _CALLED[value]
    entry = load_tags().entry(key, value)
    return entry.phrase if entry and entry.kind == "object" else value.replace("_", " ")


def _counted(value: str) -> str:
    """A count as people write it, thousands with a comma."""
    whole = value.isascii() and value.isdecimal() and len(value) < 12
    return f"{int(value):,}" if whole else value[:_LONGEST]


def _listed(value: str) -> str:
    """A value, or several, as people write them."""
    return ", ".join(part.strip().replace("_", " ") for part in re.split("[;,]", value))[:_LONGEST]
