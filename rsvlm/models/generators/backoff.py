"""How long to wait before asking a busy server again."""

import random
import threading
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

PASSING = {408, 409, 425, 429}
"""Statuses below 500 that another try may cure."""

HOPELESS = {"insufficient_quota", "billing_hard_limit_reached"}
"""Codes of errors that come with status 429 and stay: the account is empty."""


def is_passing(status: int, code: str) -> bool:
    """Whether another try may do better after a status and the code of its error."""
    return (status in PASSING or 500 <= status <= 599) and code not in HOPELESS


class Backoff:
    """Waits that double from try to try, with chance in them, so that many workers do not come back as one.

    Args:
        first: Seconds before the second try, at most.
        longest: Seconds of one wait at most, also where the server asks for more.
        seed: Seeds the chance; None draws anew.
    """

    def __init__(self, first: float, longest: float, seed: int | None = None) -> None:
        self._first = first
        self._longest = longest
        self._random = random.Random(seed)  # noqa: S311 - spreads load, hides nothing
        self._lock = threading.Lock()

    def seconds(self, tries: int, headers: Mapping[str, str] | None = None) -> float:
        """Return how long to wait.

        Args:
            tries: How often it was tried.
            headers: Header fields of the reply, lower-case names: `retry-after` sets the least wait.
        """
        most = min(self._longest, self._first * 2.0 ** min(tries - 1, 30))
        with self._lock:
            chance = self._random.uniform(0.5, 1.0)
        asked = retry_after(headers or {})
        return min(self._longest, max(most * chance, asked))


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the wait in seconds that a reply asks for: a number, milliseconds, or a date; 0.0 where none is told."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds:
        return milliseconds / 1000
    told = headers.get("retry-after")
    seconds = _number(told)
    if seconds is not None or told is None:
        return seconds or 0.0
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < 1e9 else 0.0
