"""What goes wrong in pretraining."""

from collections.abc import Callable

from pydantic import ValidationError

from rsvlm.errors import RsvlmError
from rsvlm.shards import BusyError

_WORDS = {
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than": "must be below {lt:g}",
    "less_than_equal": "must be {le:g} or less",
    "literal_error": "must be {expected}",
    "finite_number": "must be a finite number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "too_short": "must not be empty",
    "extra_forbidden": "there is no such setting",
}


class PretrainingError(RsvlmError, ValueError):
    """Settings, data or adapters that cannot be used; the message says what was wrong and what to do."""


class BusyPretrainingError(PretrainingError, BusyError):
    """Another run is writing there."""


def _dotted(place: tuple[int | str, ...]) -> str:
    return ".".join(map(str, place))


def first_fault(error: ValidationError, named: Callable[[tuple[int | str, ...]], str] = _dotted) -> str:
    """Say which setting was wrong first, its value, and what it must be.

    Args:
        error: What pydantic found.
        named: What a setting is called, by its place.
    """
    first = error.errors()[0]
    known, given = _WORDS.get(first["type"]), first.get("ctx", {})
    words = first["msg"].removeprefix("Value error, ") if known is None else known.format(**given)
    value = f" {first['input']!r}" if isinstance(first["input"], str | int | float) else ""
    return f"{named(first['loc'])}{value}: {words}"
