"""What a run of captioning is known by: all that decides what it writes, so that no other one goes on with it."""

import hashlib
from pathlib import Path
from typing import Any

from rsvlm import __version__
from rsvlm.files import sha256_of
from rsvlm.imagery.frames import fingerprint

from .plan import Plan

_WHOLE = 2**31
"""Bytes of a land cover that are read in some seconds."""


def identity(plan: Plan) -> dict[str, Any]:
    """All that decides what a run writes: settings, and the contents of the sources rather than their places."""
    settings = plan.settings
    digest = hashlib.sha256()
    for part in plan.ranges:
        scene = part.frame.scene
        content = fingerprint(scene.path) if scene else {}
        # a STAC item beside an image says these, and is written into the pairs
        credit = (scene.datetime, scene.licence, scene.attribution, scene.url) if scene else ()
        grid = part.frame.grid  # a world file beside an image moves it, and not a byte of it changes
        where = (grid.width, grid.height, grid.crs, grid.transform)
        known = (part.frame.name, part.frame.title, where, part.frame.scene_names, content, credit)
        digest.update(repr(known).encode("utf-8", "surrogateescape"))
    kept = settings.model_dump(exclude={"images", "osm", "landcover", "legend", "tag_encoder"})
    return {
        "made by": f"rsvlm {__version__} caption",
        "settings": kept | {"styles": list(settings.chosen_styles())},
        "images": {"count": len(plan.ranges), "chips": plan.chips, "sha256": digest.hexdigest()},
        # of all of it: a tag that was corrected may leave the file as long as it was
        "osm": settings.osm and {"name": Path(settings.osm).name, "sha256": sha256_of(settings.osm)},
        "unknown tags": plan.inferred.record,
        "landcover": _of_landcover(settings.landcover),
        "legend": None
        if plan.legend is None
        else hashlib.sha256(repr(plan.legend).encode("utf-8")).hexdigest()[:16],
    }


def _of_landcover(path: str | None) -> dict[str, Any] | None:
    """Name of a land cover, and a hash of all of its files: a correction leaves a raster as long as it was.

    To read more than `_WHOLE` takes minutes each time that a run goes on. Of those files their sizes, samples and times
    of change are hashed instead, so that a copy that does not keep the times is another land cover.
    """
    if path is None:
        return None
    place = Path(path)
    inside = [file for file in place.rglob("*") if file.is_file()] if place.is_dir() else [place]
    files = sorted((file.relative_to(place).as_posix(), file) for file in inside)
    small = sum(file.stat().st_size for file in inside) <= _WHOLE
    digest = hashlib.sha256()
    for name, file in files:
        content = sha256_of(file) if small else (fingerprint(file), file.stat().st_mtime_ns)
        digest.update(repr((name, content)).encode("utf-8", "surrogateescape"))
    return {"name": place.name, "files": len(files), "sha256": digest.hexdigest()}
