"""`rsvlm search`: find images of an index by words, by example, by where and when."""

from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.table import Table

from .common import AsJson, Debug, Offline, console, print_json, tell
from .encoders import Device, Precision, Weights, load, load_judge
from .progress import progress_bar

Place = Annotated[
    str, typer.Argument(metavar="INDEX", help="The folder of the index, or milvus+http://HOST/NAME.")
]
Text = Annotated[str | None, typer.Argument(metavar="[WORDS]", help="What to find.")]
Image = Annotated[str | None, typer.Option(help="Find what looks like this image.")]
Weight = Annotated[float, typer.Option(help="How much the image counts beside words: 0 to 1.")]
Unlike = Annotated[str | None, typer.Option("--not", help="Words for what it shall not look like.")]
Fold = Annotated[float | None, typer.Option(help="Leave out what is as like a better hit as this: 0.98.")]
Variety = Annotated[float, typer.Option(help="Prefer hits that are unlike one another: 0 to 1.")]
Where = Annotated[str, typer.Option("--in", help="pictures, captions, or both: by what images are found.")]
By = Annotated[str, typer.Option(help="Captions by their words, their meaning, or both.")]
RerankerName = Annotated[
    str | None, typer.Option("--reranker", help="Order hits by a cross-encoder: a folder, hf:OWNER/MODEL.")
]
K = Annotated[int, typer.Option("-k", help="How many.", min=1)]
Offset = Annotated[int, typer.Option(help="Pass over so many of the best: the next page.", min=0)]
BBox = Annotated[str | None, typer.Option(help="W,S,E,N in degrees; west > east crosses the antimeridian.")]
Area = Annotated[
    Path | None, typer.Option(help="Polygons: a .geojson; .gpkg, .fgb or .shp by rsvlm\\[vector].")
]
Near = Annotated[str | None, typer.Option(help="LON,LAT: put first what is also near to it.")]
Start = Annotated[str | None, typer.Option(help="Not before: 2023, 2023-09, 2023-09-14T02:11:00Z.")]
End = Annotated[str | None, typer.Option(help="Not after; 2023 lasts to the end of the year.")]
Gsd = Annotated[str | None, typer.Option(help="Metres a pixel: 0.1-1, -10 (at most), 5- (at least).")]
Label = Annotated[list[str] | None, typer.Option(help="Has this label; may be given several times.")]
Licence = Annotated[list[str] | None, typer.Option(help="Has this licence; may be given several times.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Also write the hits: .gpkg, .geojson, .parquet (GeoParquet) or .csv."),
]
Page = Annotated[
    Path | None, typer.Option("--page", help="Also write an offline page with pictures and a small map.")
]
Sheet = Annotated[Path | None, typer.Option("--sheet", help="Also draw a contact sheet: a .png or .jpg.")]


def search(
    place: Place,
    text: Text = None,
    image: Image = None,
    weight: Weight = 0.5,
    unlike: Unlike = None,
    fold: Fold = None,
    variety: Variety = 0.0,
    where: Where = "pictures",
    by: By = "both",
    reranker: RerankerName = None,
    k: K = 10,
    offset: Offset = 0,
    bbox: BBox = None,
    area: Area = None,
    near: Near = None,
    start: Start = None,
    end: End = None,
    gsd: Gsd = None,
    label: Label = None,
    licence: Licence = None,
    out: Out = None,
    page: Page = None,
    sheet: Sheet = None,
    weights: Weights = None,
    device: Device = "auto",
    precision: Precision = "auto",
    as_json: AsJson = False,
    debug: Debug = False,
    offline: Offline = False,
) -> None:
    """Find images of an index.

    [bold]By words[/bold]
      rsvlm search index/ "tennis courts beside a school"

    [bold]By example, and by both[/bold]
      rsvlm search index/ --image court.png
      rsvlm search index/ "in a forest" --image court.png --weight 0.7 --not "bare soil"

    [bold]By captions, and by both[/bold]
      rsvlm search index/ "two storage tanks" --in captions
      rsvlm search index/ "natural=water" --in both --by words

    [bold]To look at[/bold]
      rsvlm search index/ "a harbour" -k 30 --page harbours.html --sheet harbours.png

    [bold]Where and when[/bold]
      rsvlm search index/ "flooded fields" --bbox 126,34,128,36 --start 2023-07 --end 2023-09
      rsvlm search index/ "a harbour" --near 9.98,53.54
      rsvlm search index/ "solar panels" -k 100 --area county.geojson --out hits.gpkg
    """
    from rsvlm import retrieval

    if text is None and image is None:
        raise typer.BadParameter('say what to find: words, --image, or both: rsvlm search index/ "a harbour"')
    _check_where(
        where, text, any(one is not None for one in (image, unlike, fold, near)) or variety != 0 or weight != 0.5,
        bool(reranker or by != "both"),
    )  # fmt: skip
    if out is not None:
        retrieval.check_output(out)
    for drawn in (page, sheet):
        if drawn is not None and drawn.is_dir():
            raise typer.BadParameter(f"{drawn}: is a folder; name a file in it")
    if sheet is not None and sheet.suffix.casefold() not in (".png", ".jpg", ".jpeg"):
        raise typer.BadParameter(f"--sheet {sheet}: draws .png or .jpg")
    filters: dict[str, Any] = {
        "bbox": _numbers(bbox), "area": None if area is None else retrieval.read_area(area),
        "start": start, "end": end, "gsd": _range(gsd), "labels": label or (), "licences": licence or (),
    }  # fmt: skip
    if where == "pictures":
        opened: Any = retrieval.open_index(
            place, load(retrieval.open_index(place).made_by.name, weights, device, precision, None, offline)
        )
        found = opened.search(
            text, image, k=k, offset=offset, weight=weight, unlike=unlike, fold=fold, variety=variety,
            near=_point(near), **filters,
        )  # fmt: skip
    else:
        folder = retrieval.folder_of(place, "searched by captions")
        opened = retrieval.Index(folder)
        if where == "both":
            opened = retrieval.Index(
                folder, load(opened.made_by.name, weights, device, precision, None, offline)
            )
        judge = None if reranker is None else load_judge(reranker, device, offline)
        with progress_bar("Encoding captions", "captions", "Looking at the captions") as show:
            found = opened.search_captions(
                str(text), k=k, offset=offset, by=cast(Any, by), pictures=where == "both", reranker=judge,
                filter=retrieval.Filter(**filters), device=device, progress=show,
            )  # fmt: skip
    hits = found if isinstance(found, retrieval.Hits) else found[0]
    if out is not None:
        retrieval.write_hits(hits, out)
    title = " and ".join(part for part in (text, image and Path(image).name) if part)
    if page is not None:
        retrieval.write_page(hits, page, title)
    if sheet is not None:
        retrieval.write_contact_sheet(hits, sheet, title)
    rows = hits.to_list()
    if as_json:
        print_json({"total": hits.total, "hits": [_plain(row) for row in rows]})
        return
    _print(rows, hits.total, len(opened), captions=where != "pictures", offset=offset)
    for path in (out, page, sheet):
        if path is not None:
            tell(f"Written: {path}")


def _check_where(where: str, text: str | None, of_pictures: bool, of_captions: bool) -> None:
    """Refuse options that have nothing to say where is searched."""
    if where not in ("pictures", "captions", "both"):
        raise typer.BadParameter(f"--in {where!r}: give pictures, captions or both")
    if where == "pictures" and of_captions:
        raise typer.BadParameter("--by and --reranker are for captions: add --in captions or --in both")
    if where != "pictures" and (text is None or of_pictures):
        raise typer.BadParameter(
            f"--in {where} takes words alone: leave out --image, --weight, --not, --fold, --variety, --near"
        )


def _print(rows: list[dict[str, Any]], total: int, count: int, *, captions: bool, offset: int) -> None:
    from rsvlm.retrieval.hits import short_names

    if not rows:
        none = ""
        if total and offset:
            none = f", and none comes after the first {offset:,}"
        elif total and captions:
            none = ", and no caption has a word of it"
        tell(f"Nothing: {total:,} of {count:,} rows fit the filter{none}")
        return
    table = Table(title=f"of {total:,} rows", title_justify="left")
    for name in ("", "score", "image", "where", "when", *(["caption"] if captions else [])):
        table.add_column(name, overflow="fold")
    for row, name in zip(rows, short_names(rows), strict=True):
        place = _centre(row) if row["west"] is not None else ""
        if row.get("km") is not None:
            place += f", {row['km']:,.1f} km away"
        when = f"{row['datetime']:%Y-%m-%d}" if row["datetime"] else ""
        words = [row["caption"] or next(filter(None, row["captions"] or ()), "")] if captions else []
        score = f"{row['score']:.4f}" if captions else f"{row['score']:.3f}"
        table.add_row(str(row["rank"]), score, name, place, when, *words)
    console.print(table)


def _centre(row: dict[str, Any]) -> str:
    """The middle of a footprint, of which the west may lie beyond the antimeridian, with the names of its numbers."""
    width = row["east"] - row["west"] + (360 if row["east"] < row["west"] else 0)
    longitude, latitude = (row["west"] + width / 2 + 180) % 360 - 180, (row["south"] + row["north"]) / 2
    return f"{abs(latitude):.3f}°{'NS'[latitude < 0]} {abs(longitude):.3f}°{'EW'[longitude < 0]}"


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if name == "datetime" and value else value for name, value in row.items()}


def _numbers(text: str | None) -> Any:
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"--bbox {text!r}: give west,south,east,north: 126,34,128,36") from None
    return west, south, east, north


def _point(text: str | None) -> Any:
    if text is None:
        return None
    try:
        longitude, latitude = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"--near {text!r}: give longitude,latitude: 9.98,53.54") from None
    return longitude, latitude


def _range(text: str | None) -> tuple[float | None, float | None] | None:
    if text is None:
        return None
    low, dash, high = text.partition("-")
    try:
        if not dash or not (low or high):
            raise ValueError
        return float(low) if low else None, float(high) if high else None
    except ValueError:
        raise typer.BadParameter(f"--gsd {text!r}: give 0.1-1, -10 or 5-") from None
