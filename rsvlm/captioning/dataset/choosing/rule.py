"""What is asked for when pairs are chosen."""

from dataclasses import dataclass
from typing import Any, Literal

from ...errors import CaptioningError

Per = Literal["style", "none"]


@dataclass(frozen=True)
class Rule:
    """Which pairs are kept.

    Attributes:
        top: The best share of each group, above 0 to 1; None for all that have a score.
        min_score: No pair with a lower score, in whatever group.
        per: "style" ranks captions of a style among themselves, "none" all together.
        balanced: Ranks within each main label (and style), so that rare labels are not filtered away.

    Raises:
        CaptioningError: A value that cannot be meant.
    """

    top: float | None = None
    min_score: float | None = None
    per: Per = "style"
    balanced: bool = False

    def __post_init__(self) -> None:
        if self.top is None and self.min_score is None:
            raise CaptioningError("nothing says which pairs to keep: give --top 0.3 or --min-score X")
        if self.top is not None and not 0 < self.top <= 1:
            raise CaptioningError(f"--top {self.top:g}: is a share above 0 and at most 1; 0.3 keeps 30 %")
        if self.min_score is not None and not -1 <= self.min_score <= 1:
            raise CaptioningError(f"--min-score {self.min_score:g}: is a cosine, from -1 to 1")
        if self.per not in ("style", "none"):
            raise CaptioningError(f"--per {self.per!r}: is style or none")
        if self.balanced and self.top is None:
            raise CaptioningError("--balanced keeps a share of each label: give it with --top 0.3")

    def record(self) -> dict[str, Any]:
        """The rule as plain data."""
        return dict(vars(self))

    def reason(self, score: float, begins: float, group: str) -> str:
        """Why a pair is not kept.

        Args:
            score: The pair's.
            begins: The lowest score among the best of its group.
            group: What its group is called.
        """
        if self.top is None or (self.min_score is not None and score >= begins and score < self.min_score):
            return f"similarity {score:.4f}, below {self.min_score:g}"
        return f"similarity {score:.4f}; the best {percent(self.top)} of {group} begin at {begins:.4f}"


def percent(share: float) -> str:
    """A share for people: 0.3 is "30 %"."""
    return f"{share * 100:.4g} %"
