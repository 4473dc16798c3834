"""A page of hits: pictures in their order, and where they lie. Complete in one file, and offline."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from rsvlm.files import atomic_write
from rsvlm.offlinepage import offline_page

from .filters import Filter
from .hits import Hits, short_names
from .minimap import minimap
from .thumbnails import Thumbnails


def write_page(
    hits: Hits, out: Path, title: str = "Hits", *, filter: Filter | None = None, count: int | None = None
) -> None:
    """Write a page of hits.

    It opens offline, runs no script, and is forbidden to load anything from anywhere.

    Args:
        hits: Of a search.
        out: The page.
        title: What was asked.
        filter: What all hits had to be, which is then told.
        count: Images of the index, with and without those that the filter lets through.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(out) as path, path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_page(hits, title, _lead(hits, filter, count)))


def _page(hits: Hits, title: str, lead: str) -> Iterator[str]:
    rows = hits.to_list()
    licences = sorted({row["licence"] for row in rows if row["licence"]})
    credit = f"Licences of the images: {escape('; '.join(licences))}. " if licences else ""
    style = files(__package__).joinpath("page.css").read_text("utf-8")
    return offline_page(title, lead, style, _body(rows), credit)


def _lead(hits: Hits, filter: Filter | None, count: int | None) -> str:
    """How many there are, of how many, and which could be found at all."""
    told = "" if filter is None else filter.told
    all_of_them = f" of {count:,}" if count is not None and (told or count != hits.total) else ""
    fitting = f"{hits.total:,}{all_of_them} images" + (f" with {escape(told)}" if told else "")
    if not len(hits):
        return f"No hit: there are {fitting}."
    first = int(hits.table["rank"][0].as_py())
    some = f"{len(hits):,}" if first == 1 else f"{first:,} to {first + len(hits) - 1:,}"
    return f"{some} of {fitting}, the best first."


def _body(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"{minimap(rows) or ''}\n<ol>\n"
    with Thumbnails() as thumbnails:
        for row, name in zip(rows, short_names(rows), strict=True):
            yield _card(row, name, thumbnails.jpeg(row))
    yield "</ol>\n"


def _card(row: Mapping[str, Any], name: str, jpeg: bytes | None) -> str:
    picture = '<span class="none">its image cannot be opened</span>'
    if jpeg is not None:
        picture = f'<img src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode("ascii")}" alt="">'
    captions = [text for text in (row.get("caption"), *(row["captions"] or ())) if text]
    words = "; ".join(captions[:1] or row["labels"] or [])
    digits = 3 if row["score"] >= 0.1 else 4  # fused ranks are small
    return (
        f'<li id="hit-{row["rank"]}">{picture}<p><b>{row["rank"]}</b> &middot; {row["score"]:.{digits}f}</p>'
        f"{f'<p>{escape(words)}</p>' if words else ''}"
        f'<p class="quiet"><span title="{escape(row["key"])}">{escape(name)}</span>'
        f"{''.join(f'<br>{escape(line)}' for line in _facts(row))}</p></li>\n"
    )


def _facts(row: Mapping[str, Any]) -> list[str]:
    found = []
    if row["west"] is not None:
        east = row["east"] + (360 if row["east"] < row["west"] else 0)
        longitude = ((row["west"] + east) / 2 + 180) % 360 - 180
        found.append(f"{(row['south'] + row['north']) / 2:.4f}, {longitude:.4f}")
    if row.get("km") is not None:
        found.append(f"{row['km']:,.1f} km away")
    if row["datetime"] is not None:
        found.append(f"{row['datetime']:%Y-%m-%d %H:%M} UTC")
    if row["gsd"] is not None:
        found.append(f"{row['gsd']:.3g} m a pixel")
    return found
