"""One class catches what any room refuses."""

from collections.abc import Callable
from pathlib import Path

import pytest

import rsvlm
from rsvlm.errors import one_line


@pytest.mark.parametrize(
    "refused",
    [
        lambda folder: rsvlm.vocabulary("moon"),
        lambda folder: rsvlm.open_scene(folder / "none.tif"),
        lambda folder: rsvlm.load_encoder("no-such-encoder"),
        lambda folder: rsvlm.load_generator("no-such-generator"),
        lambda folder: rsvlm.ZeroShotClassifier([]),
        lambda folder: rsvlm.Index.open(folder),
        lambda folder: rsvlm.KnowledgeBase.open(folder),
        lambda folder: rsvlm.VisualQuestionAnswerer(folder),
        lambda folder: rsvlm.open_pairs(folder / "none"),
        lambda folder: rsvlm.caption(folder / "none.tif", landcover=folder, out=folder / "pairs"),
        lambda folder: rsvlm.pretrain([folder / "none"], out=folder / "adapter"),
        lambda folder: rsvlm.evaluate("zero-shot", data=folder / "none"),
        lambda folder: rsvlm.evaluate("none", data=folder),
    ],
)
def test_all_that_is_refused_is_one_kind_of_error(refused: Callable[[Path], object], tmp_path: Path) -> None:
    with pytest.raises(rsvlm.RsvlmError) as told:
        refused(tmp_path)
    assert "\n" not in str(told.value)
    assert str(told.value)


def test_an_error_is_told_in_one_line() -> None:
    assert one_line(ValueError("two\n  lines")) == "two lines"
    assert one_line(KeyError()) == "KeyError"
    assert one_line("x" * 500) == "x" * 237 + "..."
    assert one_line("x" * 500, most=None) == "x" * 500
