"""What covers the regions of a chip, in ChatEarthNet's words and by its rules (section 4 of the caption grammar)."""

from dataclasses import dataclass

from rsvlm.captioning.labels import OVERALL, REGIONS, LandCover
from rsvlm.captioning.verify.lexicon import chatearthnet_word

_FEWEST_PIXELS = 20
_LEAST_LABELLED = 0.5


@dataclass
class RegionCover:
    """The land cover of one chip in words, by region.

    `regions`: the classes that are spoken of, with their pixels; none where half of a region is unlabelled. `totals`:
    the pixels that a share is of. `all_pixels`: the pixels of every class. `first`: the first class that is spoken of.
    """

    regions: dict[str, list[tuple[str, int]]]
    totals: dict[str, int]
    all_pixels: dict[str, dict[str, int]]
    first: dict[str, str | None]

    @property
    def overall(self) -> list[str]:
        """The classes that are spoken of in the whole image, in their order."""
        return [word for word, _ in self.regions[OVERALL]]

    def main_region(self) -> str:
        """The region that holds most of the dominant class."""
        dominant = self.overall[0]
        return max(REGIONS, key=lambda region: self.all_pixels[region].get(dominant, 0))


def region_cover(landcover: LandCover) -> RegionCover:
    """Sort the labels of regions by words: classes with the same words are one."""
    told: dict[str, list[tuple[str, int]]] = {}
    totals: dict[str, int] = {}
    all_pixels: dict[str, dict[str, int]] = {}
    first: dict[str, str | None] = {}
    for region in (OVERALL, *REGIONS):
        pixels: dict[str, int] = {}
        for share in landcover["regions"].get(region, []):
            word = chatearthnet_word(landcover, share["name"])
            pixels[word] = pixels.get(word, 0) + share["pixels"]
        order = sorted(pixels.items(), key=lambda item: -item[1])
        totals[region] = sum(pixels.values())
        quarter = totals[OVERALL] / landcover["coverage"] / 4 if landcover["coverage"] < 1 else 0
        is_told = region == OVERALL or totals[region] >= _LEAST_LABELLED * quarter
        told[region] = [(word, n) for word, n in order if n >= _FEWEST_PIXELS] if is_told else []
        all_pixels[region] = pixels
        first[region] = told[region][0][0] if told[region] else None
    return RegionCover(told, totals, all_pixels, first)
