"""Token counts against CLIP's own encoding where it is at hand, and a few by heart."""

import importlib.util
import os
import random
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from chips import chip, thing  # type: ignore[import-not-found]
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.captioning import natural
from rsvlm.captioning.clip_tokens import count_tokens
from rsvlm.vocabularies import load_tags

RECIPE = Path(__file__).resolve().parents[2] / "captioning" / "clip_words.py"


@pytest.fixture(scope="module")
def count_words() -> Callable[[str], int]:
    """Counter of the tokens of one word, with CLIP's merges."""
    named = os.environ.get("RSVLM_CLIP_VOCAB")
    found = importlib.util.find_spec("open_clip")
    path = (
        Path(named) if named else found and Path(found.origin or "").with_name("bpe_simple_vocab_16e6.txt.gz")
    )
    if not path or not path.is_file():
        pytest.skip("no CLIP vocabulary: install open_clip_torch, or name the file in RSVLM_CLIP_VOCAB")
    spec = importlib.util.spec_from_file_location("clip_words", RECIPE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["clip_words"] = module
    spec.loader.exec_module(module)
    count: Callable[[str], int] = module.BytePairs(path).count
    return count


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 2),
        ("a", 3),
        ("A church stands in the centre.", 9),
        ("23 houses", 5),  # each digit is a token
        ("Tennis   courts,\nbeside a school", 8),
        ("broadleaved", 5),
        ("sclerophyllous vegetation", 8),
        ("fields (62%).", 9),  # "%)." is one run of signs, counted by its bytes
    ],
)
def test_by_heart(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_bounds(text: str) -> None:
    folded = text.casefold()
    assert 2 <= count_tokens(text) <= 2 + 3 * len((text + folded).encode("utf-8"))


def test_unknown_words_count_by_their_bytes() -> None:
    assert count_tokens("zzqxj") == 2 + 5
    assert count_tokens("дом") == 2 + 6
    assert count_tokens("🏠") == 2 + 4


def test_all_words_of_the_tags_are_known() -> None:
    """Run captioning/clip_words.py again when this fails: unknown words only count as too long."""
    phrases = [p for e in load_tags().entries if e.max_gsd is not None for p in (e.phrase, e.plural)]
    words = {
        word for phrase in phrases for word in phrase.lower().replace("-", " ").split() if word.isalpha()
    }
    unknown = sorted(word for word in words if count_tokens(word) - 2 == len(word) > 1)  # as many as bytes
    assert len(unknown) <= 0.02 * len(words), unknown


def test_table_equals_clip(count_words: Callable[[str], int]) -> None:
    lines = files("rsvlm.captioning").joinpath("clip_words.txt").read_text(encoding="utf-8").splitlines()
    words = [word for line in lines for word in line.split(" ")[1:]]
    assert len(words) > 1000
    assert {word: count_tokens(word) - 2 for word in words} == {word: count_words(word) for word in words}


@given(word=st.text(st.characters(categories=["Ll", "Lo"]), min_size=1, max_size=20))
def test_never_below_clip(count_words: Callable[[str], int], word: str) -> None:
    assert count_tokens(word.lower()) - 2 >= count_words(word.lower())


def test_captions_count_exactly(count_words: Callable[[str], int]) -> None:
    labels = chip(
        thing("amenity=school", (10, 10, 30, 30), role="focus"),
        thing("highway=residential", (0, 50, 100, 55)),
    )
    text = natural.captions(labels, random.Random(1))[0]
    words = text.lower().replace(".", " . ").replace(",", " , ").split()
    assert count_tokens(text) == 2 + sum(map(count_words, words))
