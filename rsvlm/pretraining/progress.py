"""What a run leaves on the disk while it goes on: its checkpoint, and a line for every step."""

import json
import pickle
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch

from rsvlm.errors import one_line
from rsvlm.files import atomic_write, is_disk_full

from .data import Problem, Tally
from .errors import PretrainingError

CHECKPOINT, METRICS = "checkpoint.pt", "metrics.jsonl"


class Place(NamedTuple):
    """Where a training stands: the next step to be made."""

    epoch: int
    step: int


class Checkpoint(NamedTuple):
    """What a run goes on from.

    Attributes:
        place: Where it stands.
        state: Of weights and optimiser.
        tally: What was counted of the pairs up to there.
    """

    place: Place
    state: Mapping[str, Any]
    tally: Tally


def save_checkpoint(folder: Path, identity: Mapping[str, Any], checkpoint: Checkpoint) -> None:
    """Put a checkpoint in the place of the last one, at once or not at all."""
    place, state, (passed_over, cut, problems) = checkpoint
    # into an open file: torch's own says of a full disk only "unexpected pos"
    with atomic_write(folder / CHECKPOINT) as temporary, temporary.open("wb") as file:
        torch.save(
            {
                "identity": json.dumps(identity, sort_keys=True), "place": tuple(place), "state": state,
                "tally": (passed_over, cut, [tuple(problem) for problem in problems]),
            },
            file,
        )  # fmt: skip


@contextmanager
def telling_of_full_disks(folder: Path) -> Iterator[None]:
    """Within the block an error that the disk is full says in a line what to do (`OSError`)."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        if not is_disk_full(error):
            raise
        again = "goes on from the last checkpoint" if (folder / CHECKPOINT).exists() else "begins again"
        raise OSError(f"no space left for {folder}: free some, then the same command {again}") from error


def load_checkpoint(folder: Path, identity: Mapping[str, Any]) -> Checkpoint | None:
    """Return what a run of this folder goes on from; None where none was begun.

    Raises:
        PretrainingError: It was a run of something else, or the file is damaged.
    """
    path = folder / CHECKPOINT
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        before, place = json.loads(content["identity"]), Place(*content["place"])
        passed_over, cut, problems = content["tally"]
        tally = Tally(passed_over, cut, tuple(Problem(*problem) for problem in problems))
    except FileNotFoundError:
        return None
    except (
        OSError,
        RuntimeError,
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        KeyError,
        TypeError,
    ) as error:
        raise PretrainingError(
            f"{path}: cannot be read ({one_line(error)}); delete it to begin anew"
        ) from None
    now = json.loads(json.dumps(identity, sort_keys=True))
    changed = [
        f"{name} {before.get(name)} then and {now.get(name)} now"
        for name in sorted({*before, *now}) if before.get(name) != now.get(name)
    ]  # fmt: skip
    if changed:
        raise PretrainingError(
            f"{folder}: a run was begun there with {'; '.join(changed)}: name another folder, or delete it"
        )
    return Checkpoint(place, content["state"], tally)


class Metrics:
    """`metrics.jsonl`: a line for every step, and the lines before the step that a run goes on from.

    Args:
        folder: Of the run.
        place: The next step: lines from there on are of steps that are made again.
    """

    def __init__(self, folder: Path, place: Place) -> None:
        self._path = folder / METRICS
        kept = [line for line in read_lines(self._path) if Place(line["epoch"], line["step"]) < place]
        write_lines(self._path, kept)

    def add(self, line: Mapping[str, Any]) -> None:
        """Write a line."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(line)}\n")


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a run's `metrics.jsonl`."""
    return read_lines(folder / METRICS)


def write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Write a .jsonl, at once or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a .jsonl up to the first that is not whole; none where there is no file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    lines = []
    for line in text.splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:  # the last line of a run that was killed while it wrote
            break
    return lines
