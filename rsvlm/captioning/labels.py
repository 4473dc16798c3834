"""What a caption may say: the labels of one chip, as plain data.

The same structure is written to the `labels` column of a pairs dataset (tags and regions as lists there, see
`dataset.row`), as JSON text to each `<key>.json` of its shards, and is what `rsvlm.captioning.verify` holds a caption
against. It is plain data (dict, list, str, float), so that a dataset can be checked again by anybody, years later,
without the code that made it.
"""

from typing import Literal, NotRequired, TypedDict

OVERALL = "overall"
REGIONS = ("top left", "top right", "bottom left", "bottom right", "middle")
"""The five regions of ChatEarthNet, in the order in which captions speak of them."""

Role = Literal["focus", "surrounding"]
Shape = Literal["point", "line", "area"]


class ObjectLabel(TypedDict):
    """One map object as it is seen in a chip.

    `box` is west-to-east, top-to-bottom pixels `[x0, y0, x1, y1]`, cut at the chip's edges. `whole` is false where the
    object goes on outside of the chip; `area_m2` and `length_m` are those of the part inside (None where the chip
    has no ground sample distance, or the shape has no such size). `distance_m` is to the focus object, 0 where they
    touch, None for the focus itself. `tags` are only those that can be seen at the chip's ground sample distance, the
    main one first. `inferred` holds, for each key whose tag the vocabulary does not know, the score (0 to 1) by which
    the tag classifier chose it; it is there only where there is such a tag.
    """

    id: str
    role: Role
    shape: Shape
    tags: dict[str, str]
    box: list[float]
    whole: bool
    area_m2: float | None
    length_m: float | None
    distance_m: float | None
    inferred: NotRequired[dict[str, float]]


class CoverShare(TypedDict):
    """How many of a region's labelled pixels a land-cover class takes."""

    name: str
    pixels: int


class ClassWords(TypedDict):
    """What captions call a class: in style `natural`, and in style `chatearthnet`."""

    name: str
    natural: str
    chatearthnet: str


class LandCover(TypedDict):
    """Land cover of a chip: for "overall" and each of `REGIONS`, the classes from most to fewest pixels.

    Background and unlabelled pixels are in no list. `coverage` is the share of the chip's pixels that are labelled.
    `words` is there where the legend is a file of the user's: what that calls each class.
    """

    legend: str
    date: str | None
    coverage: float
    regions: dict[str, list[CoverShare]]
    words: NotRequired[list[ClassWords]]


class Labels(TypedDict):
    """All that is known of one chip. `scene` holds names of a whole image without shares (multi-labels).

    `stretch` is how much wider than high a pixel is on the ground; it is there only where that is not 1, as in images
    in degrees away from the equator.
    """

    width: int
    height: int
    gsd: float | None
    north_up: bool
    objects: list[ObjectLabel]
    landcover: LandCover | None
    scene: list[str]
    stretch: NotRequired[float]
