"""From the 43 classes of BigEarthNet to the 19 of BigEarthNet-19 (reBEN).

BigEarthNet-19 joins classes of CORINE that a single Sentinel-2 image can hardly tell apart, and drops those that
it can hardly show (Sumbul et al. 2021, BigEarthNet-MM; the map is the authors' `label_indices.json`).
"""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache

from rsvlm.vocabularies.class_lists import Vocabulary
from rsvlm.vocabularies.errors import VocabularyError
from rsvlm.vocabularies.vocabulary_files import vocabulary

JOINED_CODES: dict[str, tuple[int, ...]] = {
    "Urban fabric": (111, 112),
    "Industrial or commercial units": (121,),
    "Arable land": (211, 212, 213),
    "Permanent crops": (221, 222, 223, 241),
    "Pastures": (231,),
    "Complex cultivation patterns": (242,),
    "Land principally occupied by agriculture, with significant areas of natural vegetation": (243,),
    "Agro-forestry areas": (244,),
    "Broad-leaved forest": (311,),
    "Coniferous forest": (312,),
    "Mixed forest": (313,),
    "Natural grassland and sparsely vegetated areas": (321, 333),
    "Moors, heathland and sclerophyllous vegetation": (322, 323),
    "Transitional woodland, shrub": (324,),
    "Beaches, dunes, sands": (331,),
    "Inland wetlands": (411, 412),
    "Coastal wetlands": (421, 422),
    "Inland waters": (511, 512),
    "Marine waters": (521, 522, 523),
}
"""Each of the 19 classes, in their order, and the CORINE codes of those that it joins."""


def bigearthnet_19(labels: Iterable[str]) -> tuple[str, ...]:
    """Return the labels that a patch has in BigEarthNet-19.

    Args:
        labels: its labels among the 43; case, spaces and punctuation do not matter.

    Returns:
        Names of `vocabulary("bigearthnet-19")`, each once and in its order. Empty where all the labels are of
        `bigearthnet_dropped()`: BigEarthNet-19 leaves such patches out.

    Raises:
        VocabularyError: for a label that is none of the 43, with those that resemble it.
    """
    joined = {_joins()[_of_43(label)] for label in labels}
    return tuple(name for name in JOINED_CODES if name in joined)


def bigearthnet_dropped() -> tuple[str, ...]:
    """Return the names of the 43 that have no class among the 19, in their order."""
    return tuple(name for name, joined in _joins().items() if joined is None)


@cache
def _joins() -> dict[str, str | None]:
    by_code: dict[object, str] = {code: name for name, codes in JOINED_CODES.items() for code in codes}
    return {c.name: by_code.get(c.code) for c in _corine().classes}


def _corine() -> Vocabulary:
    return vocabulary("bigearthnet-43")


def _of_43(label: str) -> str:
    found = _corine().by_name(label)
    if found is not None and found in _corine().classes:  # not one of CORINE's wider classes
        return found.name
    near = get_close_matches(label, _corine().names, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else '; see vocabulary("bigearthnet-43").names'
    raise VocabularyError(f"BigEarthNet has no class {label!r} among its 43{hint}")
