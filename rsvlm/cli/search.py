"""`rsvlm search`: find images of an index by words, by example, by where and when."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .common import AsJson, Debug, Offline, counted, print_json, tell
from .encoders import Device, MadeBy, MadeByWeights, Precision, load_judge, load_maker
from .places import bbox_of, gsd_of, point_of
from .progress import progress_bar
from .search_output import plain, print_hits

Place = Annotated[
    str, typer.Argument(metavar="INDEX", help="The folder of the index, or milvus+http://HOST/NAME.")
]
Text = Annotated[str | None, typer.Argument(metavar="WORDS", help="What to find.")]
Image = Annotated[str | None, typer.Option(help="Find what looks like this image.")]
Weight = Annotated[float, typer.Option(help="How much the image counts beside words: 0 to 1.")]
Unlike = Annotated[str | None, typer.Option("--not", help="Words for what hits should not look like.")]
Fold = Annotated[
    float | None, typer.Option(help="Leave out hits that are at least this similar to a better one: 0.98.")
]
Variety = Annotated[float, typer.Option(help="How much to prefer hits that differ from one another: 0 to 1.")]
Where = Annotated[str, typer.Option("--in", help="What is searched: pictures, captions or both.")]
By = Annotated[str, typer.Option(help="Captions by their words, their meaning, or both.")]
RerankerName = Annotated[
    str | None,
    typer.Option("--reranker", help="Order the first hits by a cross-encoder: a folder, hf:OWNER/MODEL."),
]
K = Annotated[int, typer.Option("-k", help="How many hits.", min=1)]
Offset = Annotated[int, typer.Option(help="Skip this many of the best hits, to see the next page.", min=0)]
BBox = Annotated[str | None, typer.Option(help="W,S,E,N in degrees; west > east crosses the antimeridian.")]
Area = Annotated[
    Path | None, typer.Option(help="Polygons: a .geojson; .gpkg, .fgb or .shp by rsvlm\\[vector].")
]
Near = Annotated[str | None, typer.Option(help="LON,LAT: put hits near this point first.")]
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
    encoder: MadeBy = None,
    weights: MadeByWeights = None,
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
    if image is None and weight != 0.5:
        raise typer.BadParameter("--weight says how much --image counts: name an image, or leave it out")
    _check_outputs(out, page, sheet)
    filters: dict[str, Any] = {
        "bbox": bbox_of(bbox), "area": None if area is None else retrieval.read_area(area),
        "start": start, "end": end, "gsd": gsd_of(gsd), "labels": label or (), "licences": licence or (),
    }  # fmt: skip
    opening = (encoder, weights, device, precision, None, offline)
    if where == "pictures":
        opened, hits = _picture_hits(
            place, text, image, opening, k=k, offset=offset, weight=weight, unlike=unlike, fold=fold, variety=variety,
            near=point_of(near), **filters,
        )  # fmt: skip
    else:
        opened, hits = _caption_hits(
            place, str(text), reranker, opening, k=k, offset=offset, by=by, pictures=where == "both",
            filter=retrieval.Filter(**filters),
        )  # fmt: skip
    title = " and ".join(part for part in (text, image and Path(image).name) if part)
    if out is not None:
        retrieval.write_hits(hits, out)
    if page is not None:
        retrieval.write_page(hits, page, title, filter=retrieval.Filter(**filters), count=len(opened))
    if sheet is not None:
        retrieval.write_contact_sheet(hits, sheet, title)
    rows = hits.to_list()
    if as_json:
        print_json({"total": hits.total, "hits": [plain(row) for row in rows]})
        return
    print_hits(rows, hits.total, len(opened), captions=where != "pictures", offset=offset)
    for path in (out, page, sheet):
        if path is not None:
            tell(f"Written: {path} ({counted(len(rows), 'hit')})")


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


def _check_outputs(out: Path | None, page: Path | None, sheet: Path | None) -> None:
    """Refuse files that cannot be written, before anything is searched."""
    from rsvlm.retrieval import check_output

    if out is not None:
        check_output(out)
    for drawn in (page, sheet):
        if drawn is not None and drawn.is_dir():
            raise typer.BadParameter(f"{drawn}: is a folder; name a file in it")
    if sheet is not None and sheet.suffix.casefold() not in (".png", ".jpg", ".jpeg"):
        raise typer.BadParameter(f"--sheet {sheet}: draws .png or .jpg")


def _picture_hits(
    place: str, text: str | None, image: str | None, opening: Any, **wanted: Any
) -> tuple[Any, Any]:
    """The index, and what it finds by how images look."""
    from rsvlm import retrieval

    index: Any = retrieval.open_index(place, _maker(retrieval.open_index(place), opening))
    found = index.search(text, image, **wanted)
    return index, found if isinstance(found, retrieval.Hits) else found[0]


def _maker(index: Any, opening: Any) -> Any:
    return load_maker("index", index.made_by.name, *opening)


def _caption_hits(
    place: str, text: str, reranker: str | None, opening: Any, *, pictures: bool, **wanted: Any
) -> tuple[Any, Any]:
    """The index, and what it finds by captions; by pictures as well, if asked to."""
    from rsvlm import retrieval

    _, _, device, _, _, offline = opening
    folder = retrieval.folder_of(place, "searched by captions")
    index = retrieval.Index(folder)
    if pictures:
        index = retrieval.Index(folder, _maker(index, opening))
    judge = None if reranker is None else load_judge(reranker, device, offline)
    with progress_bar("Encoding captions", "captions", "Looking at the captions") as show:
        return index, index.search_captions(
            text, pictures=pictures, reranker=judge, device=device, progress=show, **wanted
        )
