"""What a run is judged by: held-out pairs, sets that must not get worse, and sets that one hopes to get better at."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsvlm.classification import ZeroShotClassifier
from rsvlm.datasets.errors import DatasetError
from rsvlm.datasets.karpathy import splits_inside
from rsvlm.datasets.splits import splits_of
from rsvlm.eval import EvalResult, EvalSet, read_eval_set
from rsvlm.eval.caption_retrieval import search_captions
from rsvlm.eval.vectors import image_vectors
from rsvlm.eval.vocabulary_choice import vocabulary_for
from rsvlm.eval.zeroshot import evaluate_zero_shot

from .errors import PretrainingError
from .heldout import UNSURE, HeldOut

Role = Literal["held-out", "retain", "target"]

CHANGE_VOCABULARY, CHANGE_TEMPLATES = "resisc45", ("a satellite photo of a {}.",)
"""The classes whose answers are compared where nothing says what was to be retained, and the one prompt for each."""


class Measure(NamedTuple):
    """One number about an encoder.

    Attributes:
        role: What it is for: "held-out" and "retain" decide, "target" is reported only.
        name: The data set's, with its split.
        metric: "accuracy" (zero-shot), "mean recall" (both ways, at 1, 5 and 10) or "recall@1" (both ways).
        value: 0..1.
        low, high: 95 % interval.
        n: Images.
        reciprocal: Mean reciprocal rank, beside "recall@1"; else None.
    """

    role: Role
    name: str
    metric: str
    value: float
    low: float
    high: float
    n: int
    reciprocal: float | None = None


class Judge:
    """Measures encoders on the same sets again and again.

    Args:
        retain: Data sets that must not get worse, as `read_eval_set` takes them.
        target: Data sets that are reported only.
        seed: Of the bootstrap.

    Attributes:
        held_out: Pairs that are not learned from, or None.
        replayed: Pairs of what is replayed that are not learned from, or None; they must not get worse.

    Raises:
        PretrainingError: A set cannot be read, has neither labels nor captions, or has no split to choose on.
    """

    def __init__(self, retain: Sequence[str] = (), target: Sequence[str] = (), seed: int = 0) -> None:
        self.held_out: HeldOut | None = None
        self.replayed: HeldOut | None = None
        self._seed = seed
        self._before: NDArray[np.int64] | None = None
        self._sets: list[tuple[Role, EvalSet]] = [
            *(("retain", _read(one, ("validation",))) for one in retain),
            *(("target", _read(one, ("test", "validation"))) for one in target),
        ]
        for _, one in self._sets:
            if one.labels is None and one.captions is None:
                raise PretrainingError(f"{one.title}: has neither labels nor captions to measure by")

    @property
    def retains(self) -> bool:
        """Whether there is something that must not get worse."""
        return self.replayed is not None or any(role == "retain" for role, _ in self._sets)

    def measure(self, encoder: Any, tell: Callable[[str], None] | None = None) -> list[Measure]:
        """Measure an encoder on what decides: held-out pairs, and what must not get worse.

        Args:
            encoder: Any encoder.
            tell: Told what is being measured.
        """
        found = []
        held: list[tuple[Role, str, HeldOut | None]] = [
            ("held-out", "", self.held_out),
            ("retain", " of the replay", self.replayed),
        ]
        for role, of, pairs in held:
            if pairs is not None:
                name = f"{pairs.kind} pairs{of}"
                _told(tell, name)
                score = pairs.score(encoder)
                found.append(
                    Measure(
                        role,
                        name,
                        "recall@1",
                        score.recall,
                        score.low,
                        score.high,
                        score.n,
                        score.reciprocal,
                    )
                )
        return found + self._on_sets("retain", encoder, tell)

    def measure_targets(self, encoder: Any, tell: Callable[[str], None] | None = None) -> list[Measure]:
        """Measure an encoder on what is reported only; the arguments are as of `measure`."""
        return self._on_sets("target", encoder, tell)

    def _on_sets(self, role: Role, encoder: Any, tell: Callable[[str], None] | None) -> list[Measure]:
        found = []
        for one in (one for own, one in self._sets if own == role):
            _told(tell, one.title)
            found += [_measure(role, one, metric, result) for metric, result in self._results(encoder, one)]
        return found

    @property
    def notes(self) -> list[str]:
        """What is wrong with what was measured by."""
        return [
            pairs.note
            for pairs in (self.held_out, self.replayed)
            if pairs is not None and pairs.note is not None
        ]

    def remember(self, encoder: Any) -> None:
        """Keep what the base answers, for `changed`."""
        self._before = self._answers(encoder)

    def changed(self, encoder: Any) -> float | None:
        """Return the share of held-out images whose likeliest RESISC45 class is another than the base's.

        None without held-out pairs.
        """
        now = self._answers(encoder)
        return None if now is None or self._before is None else float((now != self._before).mean())

    def _answers(self, encoder: Any) -> NDArray[np.int64] | None:
        if self.held_out is None:
            return None
        classes = ZeroShotClassifier(CHANGE_VOCABULARY, encoder, templates=CHANGE_TEMPLATES).classes
        found: NDArray[np.int64] = (self.held_out.vectors(encoder) @ classes.vectors.T).argmax(axis=1)
        return found

    def _results(self, encoder: Any, one: EvalSet) -> list[tuple[str, EvalResult]]:
        found = []
        vectors = image_vectors(encoder, one)
        if one.labels is not None:
            result = evaluate_zero_shot(encoder, one, vocabulary_for(one), vectors=vectors, seed=self._seed)
            found.append(("mean AP" if "map" in result.metrics else "accuracy", result))
        if one.captions is not None:
            found.append(
                ("mean recall", search_captions(encoder, one, "remoteclip", vectors=vectors, seed=self._seed))
            )
        return found


def _measure(role: Role, one: EvalSet, metric: str, result: EvalResult) -> Measure:
    name, value = next(iter(result.metrics.items()))
    return Measure(role, one.title, metric, value, *result.intervals.get(name, UNSURE), n=len(one))


def _told(tell: Callable[[str], None] | None, what: str) -> None:
    if tell is not None:
        tell(what)


def _read(place: str, wanted: Sequence[str]) -> EvalSet:
    """A data set; of several splits the first wanted one. A file that is a split is called after its folder."""
    path = Path(place)
    try:
        if path.is_dir():
            splits = splits_of(path)
            split = next((split for split in wanted if split in splits), None) if len(splits) > 1 else None
            return read_eval_set(path, split=split)
        if path.suffix.casefold() == ".json" and path.is_file():
            inside = splits_inside(path)
            split = next((split for split in wanted if split in inside), None) if len(inside) > 1 else None
            return read_eval_set(path, split=split)
        beside = splits_of(path.parent) if path.parent.is_dir() else {}
        split = next((split for split, files in beside.items() if files == [path]), None)
        return read_eval_set(path) if split is None else read_eval_set(path.parent, split=split)
    except DatasetError as error:
        raise PretrainingError(str(error)) from None
