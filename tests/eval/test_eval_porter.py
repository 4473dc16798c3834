"""The stemmer: the examples of Porter's paper, and nltk's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsvlm.eval.text.porter import STEP_2, STEP_3, STEP_4, stem

ENDINGS = [old for old, _ in STEP_2 + STEP_3] + [
    *STEP_4,
    "ed",
    "ing",
    "ies",
    "ied",
    "eed",
    "logi",
    "ll",
    "y",
    "s",
    "",
]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("caresses", "caress"), ("ponies", "poni"), ("ties", "tie"), ("cats", "cat"), ("agreed", "agre"),
        ("feed", "feed"),
        ("plastered", "plaster"), ("hopping", "hop"), ("falling", "fall"), ("filing", "file"), ("happy", "happi"),
        ("enjoy", "enjoy"), ("relational", "relat"), ("vietnamization", "vietnam"), ("hopefulness", "hope"),
        ("adjustable", "adjust"), ("controlling", "control"), ("probate", "probat"), ("skies", "sky"),
        ("Buildings", "build"), ("is", "is"), ("", ""),
    ],
)  # fmt: skip
def test_words_of_the_paper(word: str, expected: str) -> None:
    assert stem(word) == expected


made_words = st.builds(
    "{}{}{}".format,
    st.text("aeiouybcdlstzxw'-1é", max_size=6),
    st.sampled_from(ENDINGS),
    st.sampled_from(["", "s", "ly", "ed", "ing"]),
)


@settings(max_examples=500, deadline=None)  # the first import of nltk takes seconds
@given(made_words | st.text(max_size=8).filter(lambda text: "*d" not in text))
def test_equals_nltk(word: str) -> None:
    porter = pytest.importorskip("nltk.stem.porter")
    assert stem(word) == porter.PorterStemmer().stem(word)
