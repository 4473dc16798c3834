"""Reports as files."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rsvlm.files import atomic_write
from rsvlm.models.storable import storable

from ..compare import Comparison
from ..errors import EvalError
from ..result import EvalResult, load_result
from .facts import Facts, facts_of
from .html import page
from .markdown import markdown_report
from .section import result_section
from .summary import summary_tables
from .thumbnails import Images, ReportThumbnails
from .versus import comparison_lead, comparison_sections

WORST = 12
"""Of the worst items, shown for each result."""
MOST_WORST = 240
"""Of them on a whole page, so that pages of many results stay small."""
_LEAD = (
    "Shares are in percent, with 95 % bootstrap intervals below. "
    "Items that were not answered or failed count as wrong."
)


def write_report(
    results: Sequence[EvalResult | str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    images: Images | None = None,
    title: str = "Evaluation report",
) -> None:
    """Write one page of results: numbers beside published ones, diagrams, and the worst mistakes.

    The page is complete in one file, opens offline, asks no network for anything and runs no script; its size does not
    grow with the number of items. The same results give the same bytes.

    Args:
        results: Results, or the .json files that `EvalResult.save` wrote.
        out: An .html file, or an .md file; beside the latter its pictures lie in a folder, "report_files".
        images: Gives the image of an item for thumbnails: a path, bytes of a file, a picture; or None. Without it, what
            the items hold is taken: bytes, or paths of files that exist.
        title: Of the page.

    Raises:
        EvalError: There are no results, one cannot be read, or `out` ends in something else.
    """
    out = Path(out)
    if not results:
        raise EvalError("there are no results to report; name at least one")
    read = [result if isinstance(result, EvalResult) else load_result(Path(result)) for result in results]
    folders = {
        id(result): Path(given).parent
        for result, given in zip(read, results, strict=True)
        if not isinstance(given, EvalResult)
    }
    thumbnails = ReportThumbnails(images, folders)
    all_facts = [facts_of(number, result) for number, result in enumerate(read, start=1)]
    worst = max(1, min(WORST, MOST_WORST // len(read)))
    if _kind(out) == ".md":
        _write(out, markdown_report(title, all_facts, thumbnails, worst, out))
    else:
        _write(out, page(title, _LEAD, _sections(all_facts, thumbnails, worst)))


def write_comparison(
    comparison: Comparison, out: str | os.PathLike[str], *, images: Images | None = None
) -> None:
    """Write a page of two results compared.

    Args:
        comparison: From `compare_results`.
        out: An .html file.
        images: As of `write_report`.

    Raises:
        EvalError: `out` ends in something else.
    """
    out = Path(out)
    if _kind(out) == ".md":
        raise EvalError(f"{out}: comparisons are written as .html")
    body = comparison_sections(comparison, ReportThumbnails(images))
    _write(out, page("Two results compared", comparison_lead(comparison), body))


def _sections(all_facts: Sequence[Facts], thumbnails: ReportThumbnails, worst: int) -> Iterator[str]:
    yield from summary_tables(all_facts)
    for facts in all_facts:
        yield from result_section(facts, thumbnails, worst)


def _kind(out: Path) -> str:
    ending = out.suffix.lower()
    if ending not in (".html", ".htm", ".md"):
        raise EvalError(f"{out}: reports are written as .html or .md: end the name in one of these")
    return ending


def _write(out: Path, parts: Iterable[str]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(out) as path, path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(map(storable, parts))
