"""Places in words: the side of the Earth is that of the number that is said."""

import pytest

from rsvlm.imagery.coordinates import in_words


@pytest.mark.parametrize(
    ("longitude", "latitude", "words"),
    [
        (9.52, 47.15, "47.1500° N, 9.5200° E"),
        (-70.5, -33.4, "33.4000° S, 70.5000° W"),
        (179.99999, 1, "1.0000° N, 180.0000°"),
        (-180, 1, "1.0000° N, 180.0000°"),
        (-0.00001, -0.00001, "0.0000° N, 0.0000° E"),
    ],
)
def test_in_words(longitude: float, latitude: float, words: str) -> None:
    assert in_words(longitude, latitude) == words


def test_in_fewer_digits_and_without_signs() -> None:
    assert in_words(179.996, 1, digits=2) == "1.00° N, 180.00°"
    assert in_words(9.52, 47.15, sign="", between=" ") == "47.1500 N 9.5200 E"
