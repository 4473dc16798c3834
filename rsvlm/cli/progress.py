"""The progress bar of long work: done, rate, time gone and time left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from .common import console


@contextmanager
def progress_bar(
    description: str, unit: str, before: str = "Looking for images"
) -> Iterator[Callable[[int, int | None], None]]:
    """Show a bar; gives a function that takes what is done and what there is in all.

    Args:
        description: What is going on.
        unit: Of the rate ("chips").
        before: What is going on until the first call.
    """
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), console=console, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task(before, total=None, rate="")

        def show(done: int, total: int | None) -> None:
            seconds = bar.tasks[0].elapsed or 0
            rate = f"{done / seconds:,.0f} {unit}/s" if done and seconds else ""
            bar.update(task, description=description, completed=done, total=total, rate=rate)

        yield show


@contextmanager
def counting_bar(
    description: str, unit: str, total: int | None = None, before: str = "Looking for images"
) -> Iterator[Callable[[int], None]]:
    """As `progress_bar`, for work that tells each step."""
    done = 0
    with progress_bar(description, unit, before) as show:

        def step(count: int) -> None:
            nonlocal done
            done += count
            show(done, total)

        yield step
