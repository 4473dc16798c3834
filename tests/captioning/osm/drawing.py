"""Small OpenStreetMap files, written by hand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from rsvlm.captioning.osm import ObjectTable

Tags = Mapping[str, str]
SQUARE = {1: (0.0, 0.0), 2: (0.001, 0.0), 3: (0.001, 0.001), 4: (0.0, 0.001)}
"""Corners of a square of 111 m at the equator, by node id."""
RING = (1, 2, 3, 4, 1)


def osm_text(
    nodes: Mapping[int, tuple[float, float]],
    tagged: Mapping[int, Tags] | None = None,
    ways: Mapping[int, tuple[Sequence[int], Tags]] | None = None,
    relations: Mapping[int, tuple[Sequence[tuple[int, str]], Tags]] | None = None,
) -> str:
    """Return OSM XML: nodes by id, tags of some of them, ways of node ids, relations of ways with roles."""
    lines = ["<?xml version='1.0' encoding='UTF-8'?>", "<osm version='0.6'>"]
    for number, (lon, lat) in nodes.items():
        own = _tags((tagged or {}).get(number, {}))
        lines.append(f"<node id='{number}' version='1' lon='{lon:.7f}' lat='{lat:.7f}'>{own}</node>")
    for number, (refs, tags) in (ways or {}).items():
        inner = "".join(f"<nd ref='{ref}'/>" for ref in refs)
        lines.append(f"<way id='{number}' version='1'>{inner}{_tags(tags)}</way>")
    for number, (members, tags) in (relations or {}).items():
        inner = "".join(f"<member type='way' ref='{ref}' role='{role}'/>" for ref, role in members)
        lines.append(f"<relation id='{number}' version='1'>{inner}{_tags(tags)}</relation>")
    return "\n".join([*lines, "</osm>"])


def _tags(tags: Tags) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())


def write(path: Path, text: str) -> Path:
    """Write a file of text, and return where."""
    path.write_text(text, encoding="utf-8")
    return path


def told(table: ObjectTable) -> dict[str, tuple[str, dict[str, str]]]:
    """Return shape and tags of the objects by their names."""
    rows = table.table.to_pylist()
    return {
        f"{row['type']}/{row['id']}": (row["shape"], {tag["key"]: tag["value"] for tag in row["tags"]})
        for row in rows
    }
