"""The progress of long work: a bar with done, rate, time gone and time left; where there is no terminal, lines."""

import time
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

_EVERY = 30
"""Seconds between two lines of a log."""


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
    if not console.is_terminal:
        yield progress_lines(description, unit)
        return
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


def progress_lines(
    description: str, unit: str, clock: Callable[[], float] = time.monotonic
) -> Callable[[int, int | None], None]:
    """Tell now and then, in a plain line, how far work is: for logs, which have no bar. It is used as the bar is.

    Args:
        description: What is going on.
        unit: Of the rate.
        clock: Seconds.
    """
    begun = told = clock()

    def show(done: int, total: int | None) -> None:
        nonlocal told
        now = clock()
        if now - told < _EVERY:
            return
        told = now
        of = "" if total is None else f" of {total:,}"
        rate = f", {done / (now - begun):,.0f} {unit}/s" if done else ""
        console.print(f"{description}: {done:,}{of}{rate}", markup=False, highlight=False, soft_wrap=True)

    return show


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
