"""RSWK's source files in its form, made from public facts, for as many landmarks as are wanted."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAVONA: dict[str, Any] = {
    "image_name": "Piazza Navona",
    "world knowledge": {
        "Name": "Piazza Navona", "Category": "Historic Site", "Area": "Parione", "Location": "Rome, Italy",
        "Construction_Period": "15th to 17th century",
        "Historical_Background": "It was built on the site of the Stadium of Domitian.",
        "Major_Events": [
            {"Event": "Fountain", "Year": "1651", "Description": "Bernini's Fountain of the Four Rivers is unveiled."},
            {"Event": "No description", "Year": "1700"},
        ],
        "Architectural_Characteristics": "A long oval with three fountains.", "Primary_Function": "Public square",
        "Details": "", "Cultural_Significance": "Baroque Rome at its best.", "Notable_Visitors": ["Goethe", "Keats"],
    },
    "remote sensing expert knowledge": {"NDVI": 0.13, "LC_Type1": 13},
}  # fmt: skip
MONTHS = ("January", "February")


def write_rswk(folder: Path, names: tuple[str, ...] = ("Piazza Navona", 'Estadio "U"', "Þórsmörk")) -> Path:
    """Write the three files of RSWK about landmarks of these names; the first entry of each is whole."""
    world = [_named(NAVONA, name) for name in names]
    monthly = [
        {
            "image_name": name,
            "monthly expert knowledge": {
                f"{variable} 2019 {month}": f"{place}.{number}mm"
                for number, month in enumerate(MONTHS)
                for variable in ("PRECTOTLAND", "SNOW DEPTH")
            },
        }
        for place, name in enumerate(names)
    ]
    described = [{"image_name": f"{name}.png", "description": f"An oval called {name}."} for name in names]
    for file, items in (("world-expert", world), ("monthly", monthly), ("image_descriptions", described)):
        (folder / f"{file}.json").write_text(json.dumps(items, ensure_ascii=False), encoding="utf-8")
    return folder


def _named(entry: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {**entry, "image_name": name, "world knowledge": {**entry["world knowledge"], "Name": name}}
