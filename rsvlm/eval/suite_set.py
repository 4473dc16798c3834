"""All that a suite does on one data set."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsvlm.datasets.labels import distinct_names
from rsvlm.datasets.sets import EvalSet
from rsvlm.models.identity import own_code
from rsvlm.vocabularies import vocabulary_from_classes

from .caption_retrieval import search_captions
from .class_retrieval import BY_CLASS, search_classes
from .errors import EvalError
from .layout import FoundSet, file_name
from .left_out import labelled_rows, left_out_notes
from .probes import cross_validate, evaluate_few_shot, evaluate_probe, probe_data
from .probes.data import ProbeData
from .probes.splits import stratified
from .result import EvalResult
from .suite_options import SuiteOptions
from .vectors import encoder_record, image_vectors
from .vocabulary_choice import vocabulary_for
from .zeroshot import evaluate_zero_shot

_FORMAT = 4  # rises when the same run would give other numbers

FAILURES = (ValueError, OSError, RuntimeError)
"""What a data set may do to those who read it, and a model to those who run it."""

_PARTS: dict[str, tuple[str, ...]] = {
    "linear": ("judged", "train", "validation"), "knn": ("judged", "train", "validation"),
    "few-shot": ("judged", "train"), "folding": ("train",),
}  # fmt: skip
"""The splits that each probe looks at."""


@dataclass(frozen=True)
class Task:
    """One result that is to be made: its name, what decides it, and how it is made."""

    name: str
    decided: Callable[[], list[Any] | None]
    run: Callable[[], EvalResult]


class SetWork:
    """All that is done on one data set; what is read and encoded is kept until the next."""

    def __init__(
        self,
        encoder: Any,
        found: FoundSet,
        out: Path,
        options: SuiteOptions,
        progress: Callable[[str, int], None] | None,
    ) -> None:
        self.encoder, self.found, self.options, self.cache = encoder, found, options, out / "vectors"
        self.judged = found.judged()
        self.vocabulary = vocabulary_for(self.judged)
        self._progress = progress
        self._probe_data: dict[str, ProbeData] = {}
        self._parts: dict[str, EvalSet] = {"judged": self.judged}

    def tasks(self) -> Iterator[Task]:
        """What can be measured on this set."""
        labelled, texts = self.judged.labels is not None, hasattr(self.encoder, "encode_texts")
        if labelled and texts:
            for protocol in self.options.protocols:
                yield self._task("zero-shot", protocol, self._zero_shot)
        for name in self.options.conventions if texts else ():
            if self._can_search(name):
                yield self._task("retrieval", name, self._retrieval)
        if labelled and self.found.train is not None:
            for kind in self.options.probes:
                if (kind != "folding" or self._can_fold()) and (kind != "few-shot" or not self._several):
                    yield self._task("probe", kind, self._probe)

    def why_nothing(self) -> str:
        """Why there is no task."""
        if self.judged.labels is None and self.judged.captions is None:
            return "nothing is measured: it has no labels and no captions"
        if not hasattr(self.encoder, "encode_texts") and self.found.train is None:
            return "nothing is measured: an encoder of pictures alone is only probed, and there is no training split"
        return "nothing is measured: none of the protocols, conventions and probes that were chosen fits it"

    def _task(self, task: str, by: str, run: Callable[[str], EvalResult]) -> Task:
        parts = _PARTS[by] if task == "probe" else ("judged",)
        return Task(f"{self.title}-{task}-{by}", partial(self._decided, by, parts), partial(run, by))

    def _decided(self, by: str, parts: Sequence[str]) -> list[Any] | None:
        """All that decides a result; None where something does not say what it is, so that nothing is kept."""
        if self.found.validation is None:
            parts = [part for part in parts if part != "validation"]
        states = [self._part(part).state for part in parts]
        if not self.encoder.revision or None in states:
            return None
        told = [encoder_record(self.encoder), *own_code(self.encoder)]
        return [_FORMAT, *told, states, by, str(self.vocabulary), self.options.seed]

    @property
    def title(self) -> str:
        """Name and split, as files are named."""
        parts = (self.found.name, self.judged.split)
        return file_name("-".join(part for part in parts if part))

    def _zero_shot(self, protocol: str) -> EvalResult:
        # where a paper's own list of class names is there, its protocol means these words
        own = self.found.own_classes and protocol == "skyscript"
        return evaluate_zero_shot(
            self.encoder, self.judged, None if own else self.vocabulary, protocol=protocol, cache=self.cache,
            seed=self.options.seed, progress=self._tell,
        )  # fmt: skip

    def _can_search(self, convention: str) -> bool:
        if convention != BY_CLASS:
            return self.judged.captions is not None
        return self.judged.labels is not None and not self._several

    @property
    def _several(self) -> bool:
        """Whether an image may have several classes."""
        return self.judged.multi_label or (self.vocabulary is not None and self.vocabulary.multi_label)

    def _can_fold(self) -> bool:
        try:
            return self._part("train").places is not None
        except FAILURES:  # which the task will say
            return True

    def _retrieval(self, convention: str) -> EvalResult:
        kept: dict[str, Any] = {"cache": self.cache, "seed": self.options.seed, "progress": self._tell}
        if convention == BY_CLASS:
            return search_classes(self.encoder, self.judged, self.vocabulary, **kept)
        return search_captions(self.encoder, self.judged, convention, **kept)

    def _probe(self, kind: str) -> EvalResult:
        train, test, seed = self._data("train"), self._data("judged"), self.options.seed
        if kind == "few-shot":
            result = evaluate_few_shot(train, test, seed=seed)
        elif kind == "folding":
            result = cross_validate(train, schemes=("spatial", "random"), seed=seed)
        else:
            validation = None if self.found.validation is None else self._data("validation")
            result = evaluate_probe(train, test, validation=validation, kind=kind, seed=seed)
        result.config |= {"encoder": encoder_record(self.encoder), "protocol": kind}
        if self.judged.split is not None and kind != "folding":
            result.config["split"] = self.judged.split
        for part in ("train",) if kind == "folding" else ("train", "judged"):
            result.notes += left_out_notes(self._part(part), self._labelled(part), "label")
        return result

    def _data(self, part: str) -> ProbeData:
        """What a probe is given of a split; classes that occur in any split are classes in all."""
        if part not in self._probe_data:
            eval_set = self._part(part)
            classes = self.vocabulary
            if classes is None:
                names = distinct_names(
                    name for one in ("train", "judged") for name in self._part(one).label_names
                )
                classes = vocabulary_from_classes(names, self.judged.name)
            vectors = image_vectors(self.encoder, eval_set, cache=self.cache, progress=self._tell)
            rows = self._labelled(part)
            self._probe_data[part] = probe_data(eval_set.take(rows), vectors.take(rows), classes)
        return self._probe_data[part]

    def _labelled(self, part: str) -> NDArray[np.int64]:
        """The rows of a split that a probe is given."""
        eval_set = self._part(part)
        several = self.vocabulary is not None and self.vocabulary.multi_label
        return labelled_rows(eval_set, multi_label=several or eval_set.multi_label)

    def _part(self, part: str) -> EvalSet:
        """A split; of one to learn from or to choose on only what is used, so that no more is encoded."""
        if part not in self._parts:
            reader = self.found.train if part == "train" else self.found.validation
            if reader is None:
                raise EvalError(f"{self.judged.name}: has no split {part}")
            whole = reader()
            strata = ["|".join(names) for names in whole.labels or ()]
            rows = stratified(strata, self.options.train_limit, self.options.seed)
            self._parts[part] = whole.take(rows)
        return self._parts[part]

    def _tell(self, images: int) -> None:
        if self._progress is not None:
            self._progress(self.title, images)
