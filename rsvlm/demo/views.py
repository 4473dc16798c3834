"""Images, hits and classes as HTML."""

from collections.abc import Mapping, Sequence
from typing import Any

from rsvlm.imagery.coordinates import in_words
from rsvlm.rag.seen import Seen
from rsvlm.retrieval.hits import short_names
from rsvlm.retrieval.thumbnails import Thumbnails

from .escaping import data_address, plain
from .pictures import EXAMPLES, Picked, example

PREVIEW = 640
"""Pixels of the image that is asked about."""
_HIT = 256
_EXAMPLE = 160


def picked_card(picked: Picked, seen: Seen) -> str:
    """Return the image that is asked about, and how it was read."""
    height, width = seen.picture.shape[:2]
    facts = [("Size", f"{width:,} x {height:,} px" + (f", {seen.gsd:.3g} m a pixel" if seen.gsd else ""))]
    if picked.bands:
        facts.append(("Bands", ", ".join(picked.bands)))
    if seen.views:
        facts.append(("Views", ", ".join(seen.views)))
    facts.append(("Place", _place(seen.point)))
    facts.append(("Date", f"{seen.datetime:%Y-%m-%d}" if seen.datetime else "not told by the file"))
    rows = "".join(f"<div><dt>{name}</dt><dd>{plain(value)}</dd></div>" for name, value in facts)
    small = " small" if max(width, height) < 256 else ""
    return (
        f'<figure class="picked{small}"><img src="{data_address(seen.picture, PREVIEW)}" '
        f'alt="The image that is asked about: {plain(picked.name)}"><figcaption>'
        f"<strong>{plain(picked.name)}</strong><dl>{rows}</dl></figcaption></figure>"
    )


def nothing_picked() -> str:
    """Return what stands in place of the image while there is none."""
    return '<p class="picked none">No image yet: upload one, or take one of these.</p>'


def example_buttons() -> str:
    """Return a button for each image that ships."""
    buttons = "".join(
        f'<button type="button" data-pick="{name}"><img src="{data_address(example(name).seen().picture, _EXAMPLE)}" '
        f'alt=""><span>{plain(title)}</span></button>'
        for name, title in EXAMPLES.items()
    )
    return f'<div class="picks" role="group" aria-label="Examples">{buttons}</div>'


def hit_buttons(rows: Sequence[Mapping[str, Any]], total: int) -> str:
    """Return a button for each hit."""
    found = []
    with Thumbnails(_HIT) as thumbnails:
        for row, name in zip(rows, short_names(rows), strict=True):
            picture = thumbnails.picture(row)
            image = (
                '<span class="none">cannot be opened</span>'
                if picture is None
                else f'<img src="{data_address(picture, _HIT)}" alt="">'
            )
            words = next(filter(None, row["captions"] or ()), "") or "; ".join(row["labels"] or ())
            told = f'<span class="words">{plain(words[:200])}</span>' if words else ""
            found.append(
                f'<li id="hit-{row["rank"]}"><button type="button" data-pick="{row["rank"]}">{image}'
                f'<span><span class="unseen">Ask about hit </span><b>{row["rank"]}</b> {row["score"]:.3f}</span>'
                f'<span class="quiet">{plain(name)}</span>{told}</button></li>'
            )
    lead = (
        f'<p class="quiet">{len(rows):,} of {total:,} images, the best first. Choose one to ask about it.</p>'
    )
    return f'{lead}<ol class="hits">{"".join(found)}</ol>'


def class_bars(top: Sequence[tuple[str, float]], *, calibrated: bool) -> str:
    """Return the likeliest classes as bars."""
    rows = "".join(
        f'<li><span id="class-{number}">{plain(name)}</span><span class="value">{100 * score:.1f}&nbsp;%</span>'
        f'<div class="bar" role="meter" aria-labelledby="class-{number}" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{100 * score:.1f}"><span style="width:{100 * score:.1f}%"></span></div></li>'
        for number, (name, score) in enumerate(top)
    )
    told = (
        "calibrated on labelled images"
        if calibrated
        else "not calibrated: they rank classes, and are no probabilities"
    )
    lead = f'<p class="quiet">Scores are {told}.</p>'
    return f'<section aria-label="Classes"><ol class="classes">{rows}</ol>{lead}</section>'


def _place(point: tuple[float, float] | None) -> str:
    if point is None:
        return "not told by the file"
    return in_words(*point)
