"""Whether a statement is of the day, the month and the year that a question asks for."""

from rsvlm.rag.chunk import Chunk
from rsvlm.rag.questions import HardWords

from .names import hard_words_of
from .statements import Statement
from .times import day_months, days_in
from .wanted import Wanted


def same_time(wanted: Wanted, statement: Statement, around: str, chunk: Chunk) -> bool:
    """Whether days, months and years of a question are those of a statement, or else of what it stands under."""
    asked, dated = wanted.hard, chunk.datetime
    said: list[HardWords] = [hard_words_of(text) for text in (statement.text, around, statement.row)]
    if wanted.days:
        days = next(
            (found for text in (statement.text, around, statement.row) if (found := days_in(text))), None
        )
        return bool(wanted.days & days) if days else dated is not None and dated.date() in wanted.days
    if dates := day_months(wanted.text):  # of any year
        told = (day_months(text) for text in (statement.text, around, statement.row))
        if not dates & next(filter(None, told), frozenset()):
            return False
    # the first moment of a year stands for all of it where no month was told
    month_known = dated is not None and (dated.month, dated.day, dated.hour, dated.minute) != (1, 1, 0, 0)
    months = next((one.months for one in said if one.months), ())
    months = months or ((f"{dated:%Y-%m}",) if dated and month_known else ())
    years = next((one.years for one in said if one.years), ()) or ((dated.year,) if dated else ())
    for month in asked.months:
        year, number = month.rpartition("-")[::2]
        own = {one.rpartition("-")[0] for one in months if one.endswith(number)} - {""}
        if not any(one.endswith(number) for one in months):
            return False
        if year and year not in (own or {*map(str, years)}):
            return False
    return bool(asked.months) or all(year in years for year in asked.years)
