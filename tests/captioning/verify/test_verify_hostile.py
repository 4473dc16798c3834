"""The check on strange labels and captions: it never fails, stays fast, and needs none of the makers' code."""

import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import area, labels, point  # type: ignore[import-not-found]
from random_labels import random_labels  # type: ignore[import-not-found]

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.labels import Labels
from rsvlm.captioning.verify import STYLES, verify

STRANGE = [
    "道路",
    "😀😀",
    "<b>x</b>",
    "a" * 10_000,
    "; with , and",
    "",
    " ",
    "no",
    "yes",
    "{}",
    "%s",
    "\n",
    "١٢",
    "İ",
    "16000",
]


@given(st.text(max_size=200), st.sampled_from(sorted(STYLES)), st.integers(0, 20))
def test_any_text_is_read(caption: str, style: str, seed: int) -> None:
    assert verify(caption, random_labels(random.Random(seed)), style)


WORDS = (
    "a an two 12 houses house church forest farmland with and , ; . in the north beside it surrounded by covers most "
    "of the image about 20 metres long is are while another other crosses 30 % ( ) cropland tree cover mainly"
)


@given(st.lists(st.sampled_from(WORDS.split()), max_size=40), st.integers(0, 40))
def test_any_row_of_known_words_is_read(words: list[str], seed: int) -> None:
    for style in STYLES:
        problems = verify(" ".join(words) + ".", random_labels(random.Random(seed)), style)
        assert all(isinstance(problem, str) and problem for problem in problems)


@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize("style", sorted(STYLES))
def test_strange_values(value: str, style: str) -> None:
    tags = {"building": "church", "name": value, "lanes": value, "roof:shape": value, value: value}
    strange: Labels = labels(
        [area(tags, (0, 0, 9, 9), role="focus"), point({value: value}, 1, 1), point({}, 2, 2)], scene=[value]
    )
    for caption in ("A church.", value, f"{value}.", f"A church with {value} lanes."):
        assert isinstance(verify(caption, strange, style), list)


def test_an_unknown_style_is_an_error() -> None:
    with pytest.raises(CaptioningError, match=r"no style 'haiku' .* skyscript"):
        verify("A church.", labels(), "haiku")


@pytest.mark.parametrize(
    "piece",
    ["A house, with a house. ", "house, ", "a ", "two ", "Crops dominate the north. ", "; ", "<", ", "],
)
def test_work_is_linear(piece: str) -> None:
    """Eight times the text takes about eight times the calls; a reader that went back and forth would take 64."""
    held = next(
        made
        for seed in range(99)
        if (made := random_labels(random.Random(seed)))["landcover"] and made["objects"]
    )
    for style in STYLES:
        verify(piece, held, style)  # builds the tables that all readings share
        assert _calls(piece * 1600, held, style) < 12 * _calls(piece * 200, held, style) + 1000


def _calls(caption: str, held: Labels, style: str) -> int:
    """How many functions run during a check: work that no other program on the machine can change."""
    count = 0

    def note(*event: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        verify(caption, held, style)
    finally:
        sys.setprofile(before)
    return count


def test_the_check_imports_nothing_of_the_makers() -> None:
    """The check reads captions by the page alone: a fault of the makers is no fault of the check."""
    code = (
        "import sys, rsvlm.captioning.verify; print(*sorted(m for m in sys.modules if m.startswith('rsvlm')))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8"
    ).stdout.split()
    rooms = {name.split(".")[1] for name in loaded if "." in name}
    parts = {name.split(".")[2] for name in loaded if name.startswith("rsvlm.captioning.")}
    assert rooms == {"captioning", "errors", "vocabularies"}
    assert parts == {"errors", "labels", "verify"}
