"""What making questions came to."""

from dataclasses import dataclass, field
from typing import Any

from rsvlm.eval.agromind.tasks import TASKS


@dataclass
class QuestionReport:
    """The outcome of `make_questions`.

    Attributes:
        count: Questions written.
        wanted: How many were asked for.
        tasks: Questions by task.
        kinds: Questions by kind.
        sources: Questions by source.
        golds: For each kind, how often each answer is right: letters, numbers, yes and no.
        images: Pictures written.
        refused: Questions that the check refused, with the reason; they are not written.
        skipped: Why tasks and sources gave nothing, a sentence each.
    """

    count: int
    wanted: int
    tasks: dict[str, int]
    kinds: dict[str, int]
    sources: dict[str, int]
    golds: dict[str, dict[str, int]]
    images: int
    refused: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return dict(vars(self))

    def lines(self) -> list[str]:
        """The report for people."""
        said = [
            f"{self.count:,} questions of {self.wanted:,}, {len(self.tasks)} tasks, {self.images:,} pictures"
        ]
        said += [f"  {task:4} {TASKS[task]:28} {number:6,}" for task, number in self.tasks.items()]
        said += [f"refused by the check: {one}" for one in self.refused]
        return said + self.skipped
