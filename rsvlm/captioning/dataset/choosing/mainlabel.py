"""The one label that a pair is of, so that rare ones can be told from common ones."""

from ...labels import OVERALL, Labels

NO_LABEL = "no label"


def main_label(labels: Labels, style: str) -> str:
    """Return the main label of a pair: what its caption speaks of first.

    That is the first tag of the focus object ("landuse=quarry"); where there is no object, the land-cover class with
    most pixels ("Tree cover"); where there is none either, the first name of the whole scene. Captions of land cover
    (styles chatearthnet...) are of their land-cover class before that, and those of scenes of their scene.
    """
    found = {
        "objects": _focus_tag(labels),
        "land cover": _main_class(labels),
        "scene": next(iter(labels["scene"]), None),
    }
    first = "land cover" if style.startswith("chatearthnet") else "scene" if style == "scene" else "objects"
    return found[first] or next((label for label in found.values() if label), NO_LABEL)


def _focus_tag(labels: Labels) -> str | None:
    objects = labels["objects"]
    focus = next((item for item in objects if item["role"] == "focus"), objects[0] if objects else None)
    tag = next(iter(focus["tags"].items()), None) if focus else None
    return None if tag is None else "=".join(tag)


def _main_class(labels: Labels) -> str | None:
    cover = labels["landcover"]
    shares = cover["regions"].get(OVERALL, []) if cover else []
    return shares[0]["name"] if shares else None
