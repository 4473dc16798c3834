"""Answers made alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.eval.text.normalize import normalize_answer, same_answer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Forest.", "forest"),
        ("a  residential\narea!", "residential area"),
        ("Twelve", "12"),
        ("twenty-one houses", "21 houses"),
        ("ninety", "90"),
        ("one hundred", "100"),
        ("a hundred", "100"),
        ("one hundred and five", "105"),
        ("two hundred forty-three", "243"),
        ("twelve hundred houses", "1200 houses"),
        ("two thousand", "2000"),
        ("two thousand and twenty-one", "2021"),
        ("three hundred thousand five hundred", "300500"),
        ("1.5 million", "1500000"),
        ("2 hundred", "200"),
        ("one thousand and a house", "1000 and house"),
        ("one million two hundred thousand", "1200000"),
        ("hundreds", "hundreds"),
        ("five six", "5 6"),
        ("twenty ten", "20 10"),
        ("none", "0"),
        ("1,250.50 m", "1250.5 m"),
        ("12.0", "12"),
        ("0", "0"),
        ("-0.0", "0"),
        ("\N{MINUS SIGN}5 °C", "-5 ° c"),
        ("10-20", "10 20"),
        ("1,2,3", "1 2 3"),
        ("12mm", "12 mm"),
        ("50%", "50 %"),
        ("<10", "< 10"),
        ("it's", "its"),
        ("single-family", "single family"),
        ("\uff11\uff12", "12"),
        ("湖泊", "湖泊"),
        ("A", "a"),
        ("...", "..."),
        ("9" * 40, "9" * 40),
        ("", ""),
    ],
)
def test_normalize(text: str, expected: str) -> None:
    assert normalize_answer(text) == expected


@given(st.text(max_size=30))
def test_anything_is_the_same_as_itself_in_capitals_and_stops(text: str) -> None:
    normal = normalize_answer(text)
    assert normalize_answer(f"  {text} ") == normal
    assert "\n" not in normal


@given(st.integers(-(10**12), 10**12))
def test_numbers(number: int) -> None:
    assert normalize_answer(f"{number:,}") == normalize_answer(f"{number}.00") == str(number)


@pytest.mark.parametrize(
    ("answer", "gold", "same"),
    [
        ("Yes.", "yes", True),
        ("Yes, there is a river", "yes", True),
        ("No, there is no river", "no", True),
        ("yes, no", "yes", False),
        ("no or yes", "no", False),
        ("There is no river", "no", False),
        ("nothing", "no", False),
        ("yesterday", "yes", False),
        ("three", "3", True),
        ("33", "3", False),
        ("<10", ">10", False),
        ("-3", "3", False),
        ("!!", "??", False),
        ("the urban", "Urban", True),
    ],
)
def test_same(answer: str, gold: str, same: bool) -> None:
    assert same_answer(answer, gold) is same
