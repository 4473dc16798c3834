"""What a run gave, as it stands in its folder."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rsvlm.errors import one_line
from rsvlm.files import write_json

from .errors import PretrainingError
from .heldout import Kind
from .judging import Measure
from .tradeoff import Point

REPORT = "report.json"


@dataclass(frozen=True)
class PretrainReport:
    """What a run gave.

    Attributes:
        adapter: Its folder: what `load_encoder` takes.
        plan: What was wanted.
        resolved: What the plan left open: base with revision, batch size, epochs, pairs, versions.
        points: The base (first), and what was measured along the way to all that was learned.
        strength: How much of it the adapter adds.
        targets: What decides nothing: as the base does it, and as the adapter does.
        epochs: What was measured on held-out pairs after each: "epoch" from 0, "loss", "recall".
        best_epoch: The one that is kept, from 0.
        steps: In an epoch.
        learning: How many numbers learned, and how many did not.
        licences: For each source how many examples have which licence.
        passed_over: Times that a pair could not be used.
        problems: The first of them: "source", "key", "reason".
        cut: Captions that were longer than the model reads.
        notes: What else to know before what was measured is believed.
        retention_measured: Whether anything said what was to be retained.
        seconds: Of training and measuring, since the run last went on.
        emissions: By codecarbon, likewise; empty where it is not installed.
        resumed: Whether it was stopped, and went on.
        losses: The mean of the first tenth of the steps, and of the last one.
    """

    adapter: Path
    plan: dict[str, Any]
    resolved: dict[str, Any]
    points: tuple[Point, ...]
    strength: float
    targets: tuple[tuple[Measure, Measure], ...]
    epochs: tuple[dict[str, Any], ...]
    best_epoch: int
    steps: int
    learning: tuple[int, int]
    licences: tuple[dict[str, int], ...]
    passed_over: int = 0
    problems: tuple[dict[str, str], ...] = ()
    cut: int = 0
    notes: tuple[str, ...] = ()
    retention_measured: bool = False
    seconds: float = 0.0
    emissions: dict[str, Any] = field(default_factory=dict)
    resumed: bool = False
    losses: tuple[float, float] | None = None

    @property
    def judged_by(self) -> Kind:
        """What the pairs are called that decided."""
        return "validation" if self.plan["validation"] else "held-out"

    @property
    def before(self) -> Point:
        """The base."""
        return self.points[0]

    @property
    def compared(self) -> tuple[tuple[Measure, Measure], ...]:
        """All that was measured: as the base does it, and as the adapter does."""
        return (*zip(self.before.measures, self.after.measures, strict=True), *self.targets)

    @property
    def after(self) -> Point:
        """The adapter."""
        return next(point for point in self.points if point.strength == self.strength)

    def to_dict(self) -> dict[str, Any]:
        """All of it, as plain data."""
        points = [
            {
                "strength": one.strength,
                "changed": one.changed,
                "measures": [m._asdict() for m in one.measures],
            }
            for one in self.points
        ]
        targets = [[before._asdict(), after._asdict()] for before, after in self.targets]
        return {**asdict(self), "adapter": str(self.adapter), "points": points, "targets": targets}

    def save(self) -> None:
        """Write `report.json` into the adapter's folder."""
        content = self.to_dict()
        del content["adapter"]  # a folder may be moved
        write_json(self.adapter / REPORT, content, indent=1)


def load_report(folder: Path) -> PretrainReport:
    """Read what a run gave.

    Raises:
        PretrainingError: There is none, or it cannot be read.
    """
    try:
        content = json.loads((folder / REPORT).read_text(encoding="utf-8"))
        content["points"] = tuple(
            Point(one["strength"], tuple(Measure(**m) for m in one["measures"]), one["changed"])
            for one in content["points"]
        )
        content["targets"] = tuple((Measure(**one), Measure(**two)) for one, two in content["targets"])
        for name in ("epochs", "learning", "licences", "problems", "losses", "notes"):
            if content.get(name) is not None:
                content[name] = tuple(content[name])
        return PretrainReport(adapter=folder, **content)
    except FileNotFoundError:
        raise PretrainingError(f"{folder}: holds no finished run; it has no {REPORT}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PretrainingError(f"{folder / REPORT}: cannot be read ({one_line(error)})") from None
