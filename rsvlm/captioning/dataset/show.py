"""A page that shows pairs to people: image beside caption, labelled objects drawn on it, review keys."""

import base64
import io
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from PIL import Image

from rsvlm.files import atomic_write
from rsvlm.offlinepage import offline_page

from ..labels import Labels, LandCover, ObjectLabel
from .credits import CreditKey, credit_key
from .reader import PairsDataset, Row
from .row import Caption, labels_from_row

LARGEST_IMAGE = 250_000
"""Image files above so many bytes are made smaller for the page."""
LARGEST_SIDE = 900
PIXELATED_BELOW = 200
"""Chips with fewer pixels a side are enlarged with their pixels seen as squares, as they are."""
_BAR = """<div class="bar"><div>
<output id="state"></output>
<span class="keys"><kbd>r</kbd> right <kbd>w</kbd> wrong <kbd>s</kbd> skip <kbd>↑</kbd> <kbd>↓</kbd> move
<kbd>b</kbd> boxes</span>
<label><input type="checkbox" id="boxes" checked> boxes</label>
<button class="save" id="save">Save csv</button>
</div></div>
"""

Titles = Mapping[CreditKey, str]
"""Names of the dataset's sources: captions are counted under these, not under each image file."""


def write_page(dataset: PairsDataset, out: Path, count: int = 50, seed: int = 0) -> int:
    """Write an HTML page of pairs chosen by the seed.

    It is complete in one file, opens offline and asks no network for anything.
    On the page, keys judge each caption (r right, w wrong, s skip) and a button saves `reviewed.csv`, which
    `rsvlm.captioning.dataset.summarise` reads.

    Args:
        dataset: From `open_dataset`.
        out: The page.
        count: How many pairs at most.
        seed: Chooses them.

    Returns:
        How many pairs it shows.
    """
    rows = dataset.sample(count, seed)
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(out) as path, path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_page(dataset, rows))
    return len(rows)


def _page(dataset: PairsDataset, rows: list[Row]) -> Iterator[str]:
    shown = (
        f"{len(rows):,} of {len(dataset):,} pairs" if len(rows) < len(dataset) else f"All {len(rows):,} pairs"
    )
    lead = (
        f"{shown}. Does each caption say only what the image shows? Yellow marks the object that a caption is about, "
        "blue the others that its labels hold."
    )
    titles = {credit_key(vars(credit)): credit.title for credit in dataset.manifest.sources}
    return offline_page(
        dataset.folder.resolve().name or "pairs", lead, _resource("page.css"),
        (_article(row, titles) for row in rows), bar=_BAR, script=_resource("page.js"),
    )  # fmt: skip


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _article(row: Row, titles: Titles) -> str:
    labels = labels_from_row(row)
    picture = _figure(row, labels) if row["image"] else ""
    source = " + ".join(dict.fromkeys(titles[credit_key(source)] for source in row["sources"]))
    captions = "".join(_caption(row["key"], variant, source) for variant in all_captions(row))
    place = "" if picture else f"<figcaption>{_facts(row)}</figcaption>"
    return (
        f"<article{'' if picture else ' class=bare'}>\n{picture}<div>\n<div>\n{captions}</div>\n"
        f"{_labels(labels)}{_sources(row)}{place}</div>\n</article>\n"
    )


def all_captions(row: Mapping[str, Any]) -> list[Caption]:
    """The caption of a row and then its other variants."""
    first = Caption(style=row["style"], text=row["caption"])
    return [first, *(variant for variant in row["captions"] if variant != first)]


def _caption(key: str, variant: Caption, source: str) -> str:
    return (
        f'<div class="caption" data-key="{escape(key)}" data-style="{escape(variant["style"])}" '
        f'data-source="{escape(source)}">\n'
        f'<span class="style">{escape(variant["style"])}</span>\n'
        f"<p>{escape(variant['text'])}</p>\n"
        '<div class="verdict"><button class="say-right">right</button>'
        '<button class="say-wrong">wrong</button></div>\n</div>\n'
    )


def _figure(row: Row, labels: Labels) -> str:
    small = " class=small" if labels["width"] < PIXELATED_BELOW else ""
    shapes = "".join(_shape(number, item) for number, item in reversed(list(enumerate(labels["objects"]))))
    width, height = labels["width"], labels["height"]
    return (
        f'<figure>\n<div class="picture"><img{small} src="{_data_uri(row["image"]["bytes"])}" '
        f'width="{width}" height="{height}" alt="">'
        f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none">{shapes}</svg></div>\n'
        f"<figcaption>{_facts(row)}</figcaption>\n</figure>\n"
    )


def _shape(number: int, item: ObjectLabel) -> str:
    """An object's box, or a circle for a point; the first object, drawn last, is on top."""
    x0, y0, x1, y1 = item["box"]
    shared = f'class="object {"focus" if item["role"] == "focus" else ""}" data-object="{number}"'
    title = f"<title>{escape(_tags(item))}</title>"
    if item["shape"] == "point":
        return f'<circle {shared} cx="{(x0 + x1) / 2:.1f}" cy="{(y0 + y1) / 2:.1f}" r="5">{title}</circle>'
    return (
        f'<rect {shared} x="{x0:.1f}" y="{y0:.1f}" width="{max(x1 - x0, 1):.1f}" '
        f'height="{max(y1 - y0, 1):.1f}">{title}</rect>'
    )


def _data_uri(content: bytes) -> str:
    """An image for the page; a large one smaller."""
    with Image.open(io.BytesIO(content)) as image:
        kind = "png" if image.format == "PNG" else "jpeg"
        if len(content) > LARGEST_IMAGE:
            small = image.convert("RGB")
            small.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
            file = io.BytesIO()
            small.save(file, "JPEG", quality=88)
            content, kind = file.getvalue(), "jpeg"
    return f"data:image/{kind};base64," + base64.b64encode(content).decode("ascii")


def _facts(row: Row) -> str:
    facts = [f"<b>{escape(row['key'])}</b>"]
    if row["bbox"]:
        west, south, east, north = row["bbox"]
        facts.append(f"{west:.5f}, {south:.5f} to {east:.5f}, {north:.5f}")
    if row["gsd"]:
        facts.append(f"{row['gsd']:.3g} m a pixel")
    facts += [escape(str(row[name])) for name in ("crs", "datetime") if row[name] and len(row[name]) < 40]
    if not row["verified"]:
        facts.append("not verified")
    if row["score"] is not None:
        facts.append(f"score {row['score']:.3f}")
    return " · ".join(facts)


def _labels(labels: Labels) -> str:
    cover = labels["landcover"]
    count = len(labels["objects"])
    names = [f"{count} map object{'s' if count > 1 else ''}"] if count else []
    names += ["land cover"] if cover else []
    names += ["whole-image names"] if labels["scene"] else []
    if not names:
        return ""
    parts = _objects(labels["objects"]) + (_landcover(cover) if cover else "")
    if labels["scene"]:
        parts += f"<p>{escape(', '.join(labels['scene']))}</p>"
    return f"<details><summary>Labels: {', '.join(names)}</summary>{parts}</details>\n"


def _objects(objects: list[ObjectLabel]) -> str:
    if not objects:
        return ""
    rows = "".join(
        f'<tr data-object="{number}"><td>{escape(_tags(item))}</td><td>{escape(item["role"])}</td>'
        f"<td>{_size(item)}</td><td>{escape(item['id'])}</td></tr>"
        for number, item in enumerate(objects)
    )
    return (
        '<div class="table"><table><tr><th>tags</th><th>role</th><th>size inside</th><th>id</th></tr>'
        f"{rows}</table></div>"
    )


def _tags(item: ObjectLabel) -> str:
    return ", ".join(f"{key}={value}" for key, value in item["tags"].items())


def _size(item: ObjectLabel) -> str:
    if item["area_m2"] is not None:
        return (
            f"{item['area_m2']:,.0f} m²"
            if item["area_m2"] < 10_000
            else f"{item['area_m2'] / 10_000:,.1f} ha"
        )
    return "" if item["length_m"] is None else f"{item['length_m']:,.0f} m"


def _landcover(cover: LandCover) -> str:
    rows = ""
    for region, classes in cover["regions"].items():
        total = sum(share["pixels"] for share in classes) or 1
        shares = ", ".join(f"{share['name']} {share['pixels'] / total:.1%}" for share in classes)
        rows += f"<tr><td>{escape(region)}</td><td>{escape(shares) or 'nothing labelled'}</td></tr>"
    heading = (
        f"{cover['legend']}{' ' + cover['date'] if cover['date'] else ''}, {cover['coverage']:.0%} labelled"
    )
    return f'<div class="table"><table><tr><th>region</th><th>{escape(heading)}</th></tr>{rows}</table></div>'


def _sources(row: Row) -> str:
    credits = "; ".join(
        ", ".join(part for part in (source["name"], source["attribution"], source["licence"]) if part)
        for source in row["sources"]
    )
    return f'<p class="sources">{escape(credits)}</p>\n' if credits else ""
