"""Lists, boxes, points and ranges as people type them."""

from collections.abc import Callable
from typing import Any

import pytest
import typer

from rsvlm.cli.places import bbox_of, gsd_of, point_of
from rsvlm.cli.texts import names


def test_what_is_typed_is_read() -> None:
    assert names("red, green,,blue ") == ["red", "green", "blue"]
    assert names("") == []
    assert bbox_of("126,34, 128,36.5") == (126, 34, 128, 36.5)
    assert point_of("-9.98,53.54") == (-9.98, 53.54)
    assert [gsd_of(text) for text in ("0.1-1", "-10", "5-")] == [(0.1, 1), (None, 10), (5, None)]
    assert (bbox_of(None), point_of(None), gsd_of(None)) == (None, None, None)


@pytest.mark.parametrize(
    ("read", "texts"),
    [(bbox_of, ["", "1,2,3", "a,b,c,d"]), (point_of, ["", "1", "1,2,3"]), (gsd_of, ["", "-", "5", "a-b"])],
)
def test_what_cannot_be_read_is_refused_with_an_example(
    read: Callable[[str | None], Any], texts: list[str]
) -> None:
    for text in texts:
        with pytest.raises(typer.BadParameter, match=f"--[a-z]+ {text!r}: give "):
            read(text)
