"""Which date a land-cover raster is of, from its name, its folders or its tags."""

import datetime
import re
from collections.abc import Mapping

# Land-cover maps begin with the first Landsat; 2048 is more often a size in pixels than a year.
_FIRST, _LAST = 1972, 2047
# Longest first; "2020_04" is as often the fourth tile of 2020, so that months need a dash or nothing before
# them.
_FORMS = (
    re.compile(r"(?<!\d)(\d{4})([-_.]?)(\d{2})\2(\d{2})(?!\d)"),
    re.compile(r"(?<!\d)(\d{4})(-?)(\d{2})(?!\d)"),
    re.compile(r"(?<!\d)(\d{4})()(?!\d)"),
)
_WORLDCOVER = {"v100": "2020", "v200": "2021"}
_TAGS = ("time_start", "TIFFTAG_DATETIME")


def date_in(text: str) -> str | None:
    """The first date in a name, as "2021", "2021-09" or "2021-09-30"; None without one.

    ESA WorldCover's versions stand for years: v100 is the map of 2020, v200 that of 2021.

    >>> date_in("ESA_WorldCover_10m_2020_v100_N00E006_Map"), date_in("202309_00"),
    date_in("U2018_CLC2018_V2020") ('2020', '2023-09', '2018')
    """
    found = [
        (match.start(), order, day)
        for order, form in enumerate(_FORMS)
        for match in form.finditer(text)
        if (day := _real(match[1], *match.groups()[2:]))
    ]
    if found:
        return min(found)[2]
    lower = text.lower()
    versions = [
        year for version, year in _WORLDCOVER.items() if re.search(rf"(?<![a-z0-9]){version}(?!\d)", lower)
    ]
    return versions[0] if "worldcover" in lower and versions else None


def date_of(stem: str, tags: Mapping[str, str], folders: tuple[str, ...], placed: bool) -> str | None:
    """The date of a raster.

    Its name says it, else its tags' start of time, else the folders it lies in (inmost first), else
    TIFFTAG_DATETIME.

    Args:
        stem: File name without its ending.
        tags: The raster's own tags.
        folders: Names of the folders between the one that was given and the file.
        placed: Whether it has a place. Numbered masks ("2001.png") have none, and their number is no year.
    """
    plain_number = stem.isdecimal() and len(stem) == 4
    found = None if plain_number and not placed else date_in(stem)
    if found:
        return found
    start = date_in(tags.get(_TAGS[0], "").split("T")[0])
    if start:
        return start[:4] if start.endswith("-01-01") else start
    for folder in reversed(folders):
        if found := date_in(folder):
            return found
    return date_in(tags.get(_TAGS[1], "").split(" ")[0].replace(":", "-"))


def agrees(date: str | None, wanted: str) -> bool:
    """Whether a raster's date lies in the year, month or day that was asked for."""
    return date is not None and (date == wanted or date.startswith(wanted + "-"))


def _real(year: str, *rest: str) -> str | None:
    """The parts joined by dashes, if there is such a day."""
    month, day = (*rest, "01", "01")[:2]
    if not _FIRST <= int(year) <= _LAST:
        return None
    try:
        datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None
    return "-".join((year, *rest))
