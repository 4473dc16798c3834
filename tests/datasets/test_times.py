"""Times as people write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.datasets.times import day_first, moment


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (datetime(2019, 1, 1, 3, tzinfo=timezone(timedelta(hours=9))), datetime(2018, 12, 31, 18, tzinfo=UTC)),
        (2019, datetime(2019, 1, 1, tzinfo=UTC)), (2019.0, datetime(2019, 1, 1, tzinfo=UTC)),
        ("2019-05-31T10:00:00+02:00", datetime(2019, 5, 31, 8, tzinfo=UTC)),
        ("2019/05/31", datetime(2019, 5, 31, tzinfo=UTC)),
        ("31/05/2019", datetime(2019, 5, 31, tzinfo=UTC)), ("05/31/2019", datetime(2019, 5, 31, tzinfo=UTC)),
        ("5/5/2019", datetime(2019, 5, 5, tzinfo=UTC)), ("05.06.2011", datetime(2011, 6, 5, tzinfo=UTC)),
        ("05/06/2011", None), ("05-06-2011", None), ("31/31/2019", None), ("31.02.2019", None),
        ("31/05/2019 9:20", datetime(2019, 5, 31, 9, 20, tzinfo=UTC)), ("04/2019", datetime(2019, 4, 1, tzinfo=UTC)),
        ("June 8 2019", datetime(2019, 6, 8, tzinfo=UTC)), ("Sept. 8, 2019", datetime(2019, 9, 8, tzinfo=UTC)),
        ("8 June 2019", datetime(2019, 6, 8, tzinfo=UTC)), ("08-Jun-2019", datetime(2019, 6, 8, tzinfo=UTC)),
        ("Jan 2019", datetime(2019, 1, 1, tzinfo=UTC)), ("summer 2019", None), ("mayor 2019", None),
        ("2019:05:31 10:20:30", datetime(2019, 5, 31, 10, 20, 30, tzinfo=UTC)),
        ("2019/5/1", datetime(2019, 5, 1, tzinfo=UTC)), (20190531, datetime(2019, 5, 31, tzinfo=UTC)),
        (1559298000, datetime(2019, 5, 31, 10, 20, tzinfo=UTC)),
        ("1559298000123", datetime(2019, 5, 31, 10, 20, 0, 123000, tzinfo=UTC)), ("2019:05:32", None),
        ("4.2019", None), ("2019-13", None), ("soon", None), ("", None), ("99999", None),
    ],
)  # fmt: skip
def test_times(told: object, found: datetime | None) -> None:
    when = moment(told)
    assert when == found
    assert when is None or when.tzinfo is UTC


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (["05/06/2011", "31/05/2011"], True), (["05/06/2011", "05/31/2011 7:00"], False), (["05/06/2011"], None),
        (["31/05/2011", "05/31/2011"], None), (["31.05.2011", "5/6/2011"], None), ([None, 3, "31-05-2011"], True),
    ],
)  # fmt: skip
def test_dates_that_can_be_read_in_two_ways_are_read_as_those_beside_them(
    values: list[object], first: bool | None
) -> None:
    assert day_first(values) is first


@given(st.datetimes(datetime(1971, 1, 1), datetime(2199, 12, 31)), st.booleans())
def test_both_orders(when: datetime, first: bool) -> None:
    when = when.replace(second=0, microsecond=0)
    text = when.strftime("%d/%m/%Y %H:%M" if first else "%m/%d/%Y %H:%M")
    assert moment(text, first) == when.replace(tzinfo=UTC)
