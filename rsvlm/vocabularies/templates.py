"""Prompt templates: `str.format` strings with one `{}` for the words of a class, in named sets.

Published sets stand as their authors wrote them, "sattelite" included: a corrected one gives other vectors.
"""

from collections.abc import Iterator

from rsvlm.vocabularies.errors import VocabularyError


def _georsclip() -> Iterator[str]:
    """Yield GeoRSCLIP's 105 in its authors' order: 35 patterns, each for three names of an image."""
    qualities = ["low resolution", "bad", "cropped", "bright", "dark", "close-up"]
    qualities += ["black and white", "jpeg corrupted", "blurry", "good"]
    looks = ["large", "nice", "small", "weird", "cool"]
    patterns = [("", what) for what in ("many", "a", "the", "the hard to see", "a hard to see")]
    patterns += [(f"{quality} ", article) for quality in qualities for article in ("the", "a")]
    patterns += [("", f"{article} {look}") for look in looks for article in ("the", "a")]
    for noun in ("remote sensing image", "aerial image", "satellite image"):
        for quality, what in patterns:
            article = "an" if f"{quality}{noun}".startswith("a") else "a"
            yield f"{article} {quality}{noun} of {what} {{}}."


_GEORSCLIP = tuple(_georsclip())

_SETS: dict[str, tuple[str, ...]] = {
    # Ours: both names of the platform, both of the picture, and no article, since words may be plural or a mass
    "default": (
        "a satellite photo of {}.",
        "a satellite image of {}.",
        "an aerial photo of {}.",
        "an aerial image of {}.",
        "{} seen from above.",
    ),
    # SkyScript, prompt_templates.py; the second has no full stop
    "skyscript": ("a satellite photo of {}.", "a satellite image of {}"),
    "skyscript-roof": ("a satellite photo of building, {}.", "a satellite image of building, {}"),
    "skyscript-road": ("a satellite photo of road, {}.", "a satellite image of road, {}"),
    # CLIP_benchmark, en_zeroshot_classification_templates.json
    "clip-benchmark-eurosat": (
        "a centered satellite photo of {}.",
        "a centered satellite photo of a {}.",
        "a centered satellite photo of the {}.",
    ),
    "clip-benchmark-resisc45": (
        "a sattelite image of {}",
        "an aerial view of {}",
        "a sattelite photo of {}",
        "{} from above",
    ),
    # RS5M, inference/classname_and_prompt
    "georsclip": _GEORSCLIP,
    # RS-TransCLIP, run_featuregeneration.py: "{prompt} {class}." for these prompts
    "rs-transclip": ("a satellite photo of a {}.", *_GEORSCLIP),
}


def template_set_names() -> tuple[str, ...]:
    """Return the names of the template sets."""
    return tuple(_SETS)


def template_set(name: str) -> tuple[str, ...]:
    """Return the templates of a set, in its authors' order.

    Sources: SkyScript (Wang et al. 2024, arXiv 2312.12856), CLIP_benchmark (LAION), GeoRSCLIP (Zhang et al.
    2024, arXiv 2306.11300), RS-TransCLIP (El Khoury et al. 2025, arXiv 2409.00698).

    Raises:
        VocabularyError: when there is no such set.
    """
    if name not in _SETS:
        raise VocabularyError(f"no template set {name!r}; there are {', '.join(_SETS)}")
    return _SETS[name]
