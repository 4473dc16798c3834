"""Who looks on while a model is trained."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .judging import Measure


class Watcher:
    """Told what goes on, on the first process; this one does nothing with it."""

    def told(self, what: str) -> None:
        """What begins now."""

    def read(self, sizes: str) -> None:
        """What is learned from, and how long."""

    def base(self, measures: list["Measure"]) -> None:
        """What the base was measured to do."""

    def step(self, line: dict[str, Any], steps: int) -> None:
        """A line of the metrics, and how many steps there are in all."""

    def epoch(self, record: dict[str, Any]) -> None:
        """What was measured after an epoch."""
