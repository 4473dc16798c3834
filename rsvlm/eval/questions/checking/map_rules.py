"""Whether answers about class maps follow from the polygons of the classes."""

import re
from datetime import date
from pathlib import Path

import numpy as np

from rsvlm.eval.agromind.boxes import Box, iou

from ..drawing import scale_of
from .asked import WrittenQuestion, need, only_largest, rule
from .mapview import MapView

_MONTHS = [date(2000, month, 1).strftime("%B") for month in range(1, 13)]
_EIGHTHS = ["Right", "Lower Right", "Below", "Lower Left", "Left", "Upper Left", "Above", "Upper Right"]


def heading(dx: float, dy: float) -> str:
    """The eighth that a way lies in; y runs down."""
    return _EIGHTHS[int(np.floor((np.degrees(np.arctan2(dy, dx)) % 360 + 22.5) / 45)) % 8]


def _cell(name: str, view: MapView) -> tuple[float, float, float, float]:
    """The part of a window that an option names."""
    words = name.replace("-", " ").lower().split()
    if "region" in words:
        row = "Upper" in name, "Lower" in name
        column = "left" in words, "right" in words
        number = 3
        y = 0 if row[0] else 2 if row[1] else 1
        x = 0 if column[0] else 2 if column[1] else 1
    else:
        number, y, x = 2, int("bottom" in words), int("right" in words)
    wide, high = view.width / number, view.height / number
    return round(x * wide), round(y * high), round((x + 1) * wide), round((y + 1) * high)


@rule("SL_1_1_1", "SL_1_1_2")
def _regions(asked: WrittenQuestion) -> None:
    view, what = asked.map(), asked.words["what"]
    cells = [_cell(name, view) for name in asked.options.values()]
    lows = [view.area(what, cell) for cell in cells]
    only_largest(
        lows, [low + view.void(cell) for low, cell in zip(lows, cells, strict=True)], asked.place, asked.right
    )


def _only_option(asked: WrittenQuestion, truth: str) -> None:
    texts = list(asked.options.values())
    need(len(set(texts)) == len(texts), "two options are the same")
    need(asked.right == truth, f"the labels say {truth or 'nothing'}, not {asked.right}")


@rule("SL_1_1_3")
def _coordinates(asked: WrittenQuestion) -> None:
    view, words = asked.map(), asked.words
    scale = int(words["width"]) / view.width
    _only_option(asked, view.at(int(words["x"]) / scale, int(words["y"]) / scale))


@rule("OC_2_1_1")
def _at_dot(asked: WrittenQuestion) -> None:
    left, top, right, bottom = asked.marks()[0]
    _only_option(asked, asked.map().at((left + right) / 2, (top + bottom) / 2))


@rule("SR_1_2_1")
def _between(asked: WrittenQuestion) -> None:
    view = asked.map()
    (x, y), (a, b) = view.centre(asked.words["first"]), view.centre(asked.words["second"])
    _only_option(asked, heading(a - x, b - y))


@rule("SR_1_2_2")
def _nearest(asked: WrittenQuestion) -> None:
    left, top, right, bottom = asked.marks()[0]
    _, dx, dy = asked.map().way(asked.words["what"], (left + right) / 2, (top + bottom) / 2)
    _only_option(asked, heading(dx, dy))


@rule("BD_1_3_1")
def _box(asked: WrittenQuestion) -> None:
    bounds = Box(*asked.map().bounds(asked.words["what"]))
    need(iou(bounds, Box(*asked.answer)) > 0.98, f"the box is {asked.answer}, that of the labels {bounds}")


@rule("BD_1_3_2")
def _boxes(asked: WrittenQuestion) -> None:
    one_box(asked, Box(*asked.map().bounds(asked.words["what"])))


def one_box(asked: WrittenQuestion, bounds: Box) -> None:
    """Refuse unless the right option, and no other, is a box."""
    for letter, text in asked.options.items():
        overlap = iou(bounds, Box(*(float(side) for side in text.strip("[]").split(","))))
        need(
            overlap > 0.9 if letter == asked.answer else overlap < 0.55,
            f"option {letter} covers {overlap:.0%} of the box",
        )


@rule("OC_2_1_2")
def _any(asked: WrittenQuestion) -> None:
    view = asked.map()
    area = view.area(asked.words["what"])
    if asked.answer == "Yes":
        need(area > 0.02 * view.size, f"the class covers {area:.0f} pixels only")
    else:
        need(
            area == 0 and view.void() <= 0.06 * view.size,
            f"{area:.0f} pixels of the class, {view.void():.0f} unlabelled",
        )


@rule("SC_3_1_1")
def _most(asked: WrittenQuestion) -> None:
    views = [asked.map(place) for place in range(4)]
    lows = [view.area(asked.words["what"]) / view.size for view in views]
    only_largest(
        lows,
        [low + view.void() / view.size for low, view in zip(lows, views, strict=True)],
        asked.place,
        "the image",
    )


@rule("AR_4_2_2")
def _lacking(asked: WrittenQuestion) -> None:
    for place in range(4):
        view = asked.map(place)
        area = view.area(asked.words["what"])
        fits = (
            area == 0 and view.void() <= 0.06 * view.size if place == asked.place else area > 0.08 * view.size
        )
        need(fits, f"image {place + 1} has {area:.0f} pixels of the class")


@rule("SC_3_1_6")
def _halves(asked: WrittenQuestion) -> None:
    view, half = asked.map(), asked.map().width / 2
    boxes = [(0.0, 0.0, half, float(view.height)), (half, 0.0, float(view.width), float(view.height))]
    lows = [view.area(asked.words["what"], box) for box in boxes]
    highs = [low + view.void(box) for low, box in zip(lows, boxes, strict=True)]
    only_largest(lows, highs, 0 if asked.answer == "Yes" else 1, "that half")


@rule("AS_3_3_5")
def _more(asked: WrittenQuestion) -> None:
    view = asked.map()
    lows = [view.area(asked.words[name]) for name in ("first", "second")]
    only_largest(lows, [low + view.void() for low in lows], 0 if asked.answer == "Yes" else 1, "that class")


@rule("AS_3_3_4")
def _largest(asked: WrittenQuestion) -> None:
    view = asked.map()
    names = list(dict.fromkeys([*asked.options.values(), *view.phrases]))
    lows = [view.area(name) for name in names]
    only_largest(lows, [low + view.void() for low in lows], names.index(asked.right), asked.right)


@rule("VPR_4_1_3")
def _most_of_box(asked: WrittenQuestion) -> None:
    view, box = asked.map(), asked.marks()[0]
    names = list(dict.fromkeys([*asked.options.values(), *view.phrases]))
    lows = [view.area(name, box) for name in names]
    only_largest(lows, [low + view.void(box) for low in lows], names.index(asked.right), asked.right)


@rule("AS_3_3_1", "AS_3_3_2", "VPR_4_1_4")
def _share(asked: WrittenQuestion) -> None:
    view = asked.map()
    box = asked.marks()[0] if asked.kind == "VPR_4_1_4" else (0.0, 0.0, float(view.width), float(view.height))
    room = (box[2] - box[0]) * (box[3] - box[1])
    low = view.area(asked.words["what"], box) / room * 100
    high = low + view.void(box) / room * 100
    for letter, text in asked.options.items():
        least, most = (float(number) for number in re.findall(r"\d+", text))
        within = least - 1e-6 <= low and high <= most + 1e-6
        need(
            within == (letter == asked.answer),
            f"the share is {low:.1f} to {high:.1f} %, option {letter} says {text}",
        )


@rule("AS_3_3_3")
def _hectares(asked: WrittenQuestion) -> None:
    view = asked.map()
    need(
        abs(float(asked.words["total"].replace(",", "")) / view.hectares - 1) < 0.01,
        f"the image covers {view.hectares:.1f} ha",
    )
    nearest_number(asked, view.area(asked.words["what"]) / view.size * view.hectares)


def nearest_number(asked: WrittenQuestion, truth: float) -> None:
    """Refuse unless the right option says a number, and all others are far from it."""
    for letter, text in asked.options.items():
        said = float(re.sub(r"[^\d.]", "", text.replace("m²", "")))
        off = abs(np.log(said / truth))
        need(
            off < 0.06 if letter == asked.answer else off > 0.25,
            f"it is {truth:.4g}, option {letter} says {text}",
        )


@rule("CO_3_2_2")
def _patches(asked: WrittenQuestion) -> None:
    view = asked.map()
    side = int(asked.words["side"]) / scale_of(max(view.width, view.height))
    found = view.patches(asked.words["what"], side**2)
    need(str(found) == asked.answer, f"there are {found} patches, not {asked.answer}")


@rule("PL_4_4_1")
def _sites(asked: WrittenQuestion) -> None:
    view = asked.map()
    for place, box in enumerate(asked.marks()):
        room = (box[2] - box[0]) * (box[3] - box[1])
        low = view.area(asked.words["what"], box) / room
        high = low + view.void(box) / room
        need(
            low > 0.999 if place == asked.place else high < 0.5,
            f"site {place + 1} has {low:.0%} to {high:.0%} of it",
        )


@rule("PL_4_4_2")
def _nearest_site(asked: WrittenQuestion) -> None:
    view = asked.map()
    far = [view.way(asked.words["what"], (a + c) / 2, (b + d) / 2)[0] for a, b, c, d in asked.marks()]
    rest = [one for place, one in enumerate(far) if place != asked.place]
    need(far[asked.place] * 1.2 < min(rest), f"the sites are {far} away")


@rule("AR_4_2_1")
def _changed(asked: WrittenQuestion) -> None:
    names = []
    for panel, when in enumerate(("earlier", "later")):
        image = asked.pictures[0][panel]["image"]
        need(asked.words[when][:4] in image, f"{image} is not of {asked.words[when]}")
        left, top, right, bottom = asked.marks(0, panel)[0]
        names.append(asked.map(0, panel).at((left + right) / 2, (top + bottom) / 2))
    need(
        all(names) and (names[0] != names[1]) == (asked.answer == "Yes"),
        f"the classes are {' and '.join(names)}",
    )
    need(same_ground(asked), "the halves show different ground")


def month_of(image: str) -> str:
    """The month in the name of an image."""
    found = re.search(r"(?<!\d)(?:19|20)\d\d[-_]?(\d\d)(?:[-_]?\d\d)?(?!\d)", Path(image).stem)
    return _MONTHS[int(found[1]) - 1] if found else ""


@rule("CTR_4_3_1")
def _season(asked: WrittenQuestion) -> None:
    need(same_ground(asked), "the halves show different ground")
    left, right = (month_of(panel["image"]) for panel in asked.pictures[0])
    need(
        {left, right} == {asked.words["first"], asked.words["second"]},
        f"the images are of {left} and {right}",
    )
    need((left == asked.words["second"]) == (asked.answer == "Yes"), f"the left half is of {left}")


@rule("CTR_4_3_2")
def _seasons(asked: WrittenQuestion) -> None:
    months = [month_of(picture[0]["image"]) for picture in asked.pictures]
    wanted = [asked.words["second" if place == asked.place else "first"] for place in range(4)]
    need(months == wanted, f"the images are of {', '.join(months)}")


def same_ground(asked: WrittenQuestion) -> bool | None:
    """Whether the halves of a picture show the same ground; None where in part."""
    (one, crs), (two, other) = (asked.map(0, panel).corners for panel in range(2))
    need(crs == other, "the halves are in two projections")
    close = np.ptp(one, axis=0).max() * 1e-3
    if np.abs(one - two).max() < close:
        return True
    apart = (one.max(axis=0) <= two.min(axis=0) + close) | (two.max(axis=0) <= one.min(axis=0) + close)
    return False if apart.any() else None
