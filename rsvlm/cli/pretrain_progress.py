"""What a person sees while a model is trained: what goes on, loss, rate and time left, and each epoch's result."""

from collections import deque
from types import TracebackType
from typing import Any, Self

from rich.box import SIMPLE_HEAD
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from rsvlm.pretraining.watching import Watcher

from .common import console, tell


class TrainingBar(Watcher):
    """A bar on the console; use it in a `with`."""

    def __init__(self) -> None:
        self._bar = Progress(
            SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(),
            TextColumn("{task.fields[count]}"), TextColumn("{task.fields[now]}"), TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console, transient=True,
        )  # fmt: skip
        self._task = self._begun("Loading")
        self._judge = ""
        self._recent: deque[dict[str, Any]] = deque(maxlen=20)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def _begun(self, what: str) -> TaskID:
        """A bar of its own, with a clock that starts at 0; how long it is going to take is not known."""
        return self._bar.add_task(what, total=None, count="", now="", left="")

    def told(self, what: str) -> None:
        """Show what begins now."""
        self._bar.remove_task(self._task)
        self._task = self._begun(what)

    def read(self, sizes: str) -> None:
        """Print what is learned from, and how long."""
        tell(sizes)

    def base(self, measures: list[Any]) -> None:
        """Print what the base does."""
        if not measures:
            return
        self._judge = next(
            (one.name.removesuffix(" pairs") for one in measures if one.role == "held-out"), ""
        )
        table = Table("set", "measure", title="Before", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        for name in ("images", "base"):
            table.add_column(name, no_wrap=True, justify="right")
        for one in measures:
            interval = f"{100 * one.value:.1f} ({100 * one.low:.1f}-{100 * one.high:.1f})"
            table.add_row(one.name, one.metric, f"{one.n:,}", interval)
        console.print(table)

    def step(self, line: dict[str, Any], steps: int) -> None:
        """Show a step: the mean loss of the last 20, pairs a second, and the time left at that rate."""
        self._recent.append(line)
        seconds = sum(one["seconds"] for one in self._recent) or 1e-9
        loss = sum(one["loss"] for one in self._recent) / len(self._recent)
        rate = sum(one["pairs"] for one in self._recent) / seconds
        left = (steps - line["total"]) * seconds / len(self._recent)
        minutes, rest = divmod(round(left), 60)
        self._bar.update(
            self._task, description=f"Training, epoch {line['epoch'] + 1}", completed=line["total"], total=steps,
            count=f"{line['total']}/{steps}",
            now=f"loss {loss:.3f}  {rate:,.0f} pairs/s", left=f"left {minutes // 60}:{minutes % 60:02d}:{rest:02d}",
        )  # fmt: skip

    def epoch(self, record: dict[str, Any]) -> None:
        """Print an epoch's result."""
        losses = [line["loss"] for line in self._recent]
        told = [f"loss {sum(losses) / len(losses):.3f}"] if losses else []
        if record["recall"] is not None:
            told += [f"{self._judge} loss {record['loss']:.3f}", f"recall@1 {record['recall']:.1%}"]
        if told:
            tell(f"Epoch {record['epoch'] + 1}: {', '.join(told)}")
