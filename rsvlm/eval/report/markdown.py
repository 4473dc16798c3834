"""A report as Markdown, with its diagrams as PNG files in a folder beside it."""

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image

import rsvlm
from rsvlm.imagery.drawing import save_picture

from ..result import EvalResult
from .drawings import Drawing, class_drawing, confusion_drawing, curve_drawings, main_metric
from .facts import NO_FIGURE, Facts, config_text, counts_line, first_published, published_line
from .groups import MOST_ROWS, SORTED, absent_note, ordered_parts, shown_columns
from .heatmap import common_mistakes, read_confusion
from .html import LONGEST
from .numbers import metric_label, show, show_interval, unit
from .picture import cut, cut_middle, to_image
from .summary import has_published, shown_metrics, summaries, task_title
from .thumbnails import ReportThumbnails
from .words import MOST_GROUPS, NOTES, measures, said
from .worst import answer_column, failures, worst_items

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$])")


class Pictures:
    """The folder beside a Markdown file, and the names of what is in it."""

    def __init__(self, out: Path) -> None:
        self.folder = out.with_name(f"{out.stem}_files")

    def add(self, name: str, image: Image.Image, alt: str) -> str:
        """Store a picture as PNG and return what shows it."""
        save_picture(image, self.folder / f"{name}.png")
        # a link: blanks and the like in the folder's name would end it
        return f"![{text(alt, 500)}](<{self.folder.name.replace('<', '').replace('>', '')}/{name}.png>)"


def markdown_report(
    title: str, all_facts: Sequence[Facts], thumbnails: ReportThumbnails, worst: int, out: Path
) -> Iterator[str]:
    """The report, part by part; pictures are stored on the way."""
    pictures = Pictures(out)
    yield f"# {text(title)}\n\n"
    yield "Shares are in percent; intervals are 95 % bootstrap ones; items without an answer count as wrong.\n\n"
    for heading, some in summaries(all_facts).items():
        yield f"## {text(heading)}\n\n" + _summary(some)
    for facts in all_facts:
        yield from _section(facts, thumbnails, worst, pictures)
    yield f"---\n\nMade by rsvlm {rsvlm.__version__}.\n"


def text(given: object, most: int = LONGEST) -> str:
    """A text from outside: one line, of bounded length, with nothing that Markdown or HTML would read."""
    return _SPECIAL.sub(r"\\\1", escape(cut(str(given), most), quote=False))


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A table; columns with these numbers stand on the right."""
    rules = ["---:" if number in numbers else "---" for number in range(len(head))]
    lines = [head, rules, *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def _summary(some: Sequence[Facts]) -> str:
    metrics = shown_metrics(some)
    with_published = has_published(some)
    head = ["data set", "model", "by", *(text(metric_label(metric)) + unit(metric) for metric in metrics)]
    head += ["items", "unanswered", "failed", *(["published"] if with_published else []), "marks"]
    rows = []
    for facts in some:
        result, shown = facts.result, first_published(facts)
        named = shown is None or shown == next(iter(result.metrics))
        published = published_line(facts, shown) if shown else NO_FIGURE
        beside = [published if named else f"{text(metric_label(shown or ''))} {published}"]
        rows.append([
            text(facts.title, 60), text(facts.model, 60), text(facts.protocol),
            *(_value(result, metric) for metric in metrics),
            f"{result.n:,}", f"{result.n_unanswered:,}", f"{result.n_failed:,}",
            *(beside if with_published else []),
            text(", ".join(mark.kind for mark in facts.marks)),
        ])  # fmt: skip
    return table(head, rows, range(3, len(metrics) + 6))


def _value(result: EvalResult, metric: str) -> str:
    ends = show_interval(metric, result.intervals.get(metric), result.n)
    value = show(metric, result.metrics.get(metric), result.n)
    return f"{value} ({ends})" if ends else value


def _section(facts: Facts, thumbnails: ReportThumbnails, worst: int, pictures: Pictures) -> Iterator[str]:
    result = facts.result
    yield f"## {text(facts.title, 80)}: {text(facts.model or task_title(result.task))}\n\n"
    parts = [task_title(result.task), facts.protocol, counts_line(result)]
    yield text(" · ".join(part for part in parts if part)) + "\n\n"
    lines = [f"**{text(mark.kind)}**: {text(mark.why, 400)}" for mark in facts.marks]
    lines += [text(note, 400) for note in facts.notes[:NOTES]]
    yield "".join(f"- {line}\n" for line in lines) + ("\n" if lines else "")
    yield _metrics(facts)
    drawing = confusion_drawing(result)
    if drawing is not None:
        yield _drawn(facts, drawing, pictures) + _common(result)
    for curve in curve_drawings(result):
        yield _drawn(facts, curve, pictures)
    for group in list(result.groups)[:MOST_GROUPS]:
        bars = class_drawing(result, group) if group in SORTED else None
        yield f"### By {text(group, 60)}\n\n"
        yield (_drawn(facts, bars, pictures, heading=False) if bars else "") + _group(result, group)
    yield _worst(facts, thumbnails, worst, pictures)
    failed = failures(result)
    if failed:
        yield (
            "### Failed\n\n"
            + "".join(f"- {text(cut_middle(key, 80))}: {text(why)}\n" for key, why in failed)
            + "\n"
        )
    yield _config(result)


def _metrics(facts: Facts) -> str:
    result = facts.result
    rows = [
        [
            text(metric_label(metric)), show(metric, value, result.n) + unit(metric),
            show_interval(metric, result.intervals.get(metric), result.n), published_line(facts, metric),
        ]
        for metric, value in result.metrics.items()
    ]  # fmt: skip
    none = "" if facts.published else f"{NO_FIGURE.capitalize()}.\n\n"
    return table(["metric", "value", "95 % interval", "published"], rows, (1, 2)) + none


def _drawn(facts: Facts, drawing: Drawing, pictures: Pictures, *, heading: bool = True) -> str:
    shown = pictures.add(f"{facts.number}-{drawing.name}", to_image(drawing.picture), drawing.picture.alt)
    top = f"### {text(drawing.heading)}\n\n" if heading else ""
    return top + (f"{text(drawing.note)}\n\n" if drawing.note else "") + shown + "\n\n"


def _common(result: EvalResult) -> str:
    confusion = read_confusion(result.confusion)
    pairs = common_mistakes(confusion) if confusion is not None else []
    rows = [
        [text(pair.true, 80), text(pair.answer, 80), f"{pair.items:,}", f"{100 * pair.share:.1f} %"]
        for pair in pairs
    ]
    return table(["true class", "answer", "items", "of the class"], rows, (2, 3)) if rows else ""


def _group(result: EvalResult, group: str) -> str:
    parts = ordered_parts(result, group)
    main = main_metric(result, group)
    columns = [*([main] if main else []), *shown_columns(parts, main)]
    head = [text(group, 60), *(text(metric_label(name)) + unit(name) for name in columns)]
    rows = [
        [text(name, 80), *(show(column, part.get(column), part.get("n", 1000)) for column in columns)]
        for name, part in list(parts.items())[:MOST_ROWS]
    ]
    more = len(parts) - MOST_ROWS
    rest = f"{more:,} more are in the result's JSON file.\n\n" if more > 0 else ""
    absent = absent_note(result, group)
    rest += f"{text(absent)}\n\n" if absent else ""
    return table(head, rows, range(1, len(head))) + rest


def _worst(facts: Facts, thumbnails: ReportThumbnails, count: int, pictures: Pictures) -> str:
    result = facts.result
    found = worst_items(result, count)
    if found is None:
        return ""
    answer = answer_column(result.items) if result.items is not None else None
    rows = []
    for number, row in enumerate(found.rows, start=1):
        content = thumbnails.of(result, row)
        image = ""
        if content is not None:
            with Image.open(io.BytesIO(content)) as picture:
                image = pictures.add(f"{facts.number}-worst-{number}", picture, str(row.get("key", "")))
        rows.append([image, *_words(result, row, answer)])
    head = ["", "item", "question", "is", "said", "measures"]
    empty = [place for place in (0, 2) if not any(row[place] for row in rows)]
    kept = [place for place in range(len(head)) if place not in empty]
    body = [[row[place] for place in kept] for row in rows]
    return f"### {found.heading}\n\n" + table([head[place] for place in kept], body)


def _words(result: EvalResult, row: Mapping[str, Any], answer: str | None) -> list[str]:
    return [
        text(cut_middle(str(row.get("key", "")), 60)),
        text(row.get("question") or "", 240),
        text(said(row["gold"]), 200) if row.get("gold") is not None else "",
        text(said(row.get(answer)), 200) if answer else "",
        text(", ".join(f"{name} {value}" for name, value in measures(result, row))),
    ]


def _config(result: EvalResult) -> str:
    if not result.config:
        return ""
    # indented by four: nothing inside can end a block of code that has no fence
    lines = "".join(f"    {line}\n" for line in config_text(result.config).splitlines())
    return f"### What decided the numbers\n\n{lines}\n"
