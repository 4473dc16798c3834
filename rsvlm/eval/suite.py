"""One encoder on all the data sets of a folder, at one go.

The folder has a folder for each data set, in any of these forms:

    data/
      eurosat-rgb/train.parquet, validation.parquet, test.parquet   as `datasets` writes them: `image`, `label`, and if
                                                                   there are any `captions`, `latitude`, `longitude`
      aid/train/<class>/*.jpg, test/<class>/*.jpg                   class folders by split
      eurosat-multispectral/<class>/*.tif                           class folders of a known vocabulary, without splits
      rsitmd/dataset_RSITMD.json, images/                           captions in Karpathy's json
      patternnet/patternnet_img_txt_pairs_train.csv, classnames.txt SkyScript's benchmark: `filepath`, `label`
      bigearthnet/<patch>/<patch>_labels_metadata.json              BigEarthNet-S2 v1, with its files by band
      town/manifest.json, shards/                                   a pairs dataset, as `rsvlm caption` writes it

The test split is judged, else the validation split, else all there is. What has labels is classified without training;
what has captions is searched both ways by both conventions; where there is a training split, probes learn from it.
Vocabularies are found by the names of the sets (`vocabulary_for`), else a set's own class names serve.

SkyScript's benchmark is this command with `protocols=("skyscript",)` on a folder that has `aid`, `eurosat`, `fmow`,
`millionaid`, `patternnet`, `nwpu` (or `resisc45`) and `rsicb256`; its fine-grained one has `roof_shape`, `smoothness`
and `surface`. Where all of them are there, their mean is in the summary.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsvlm.datasets.labels import distinct_names
from rsvlm.datasets.sets import EvalSet
from rsvlm.errors import one_line
from rsvlm.files import write_json
from rsvlm.models import Encoder
from rsvlm.models.identity import own_code
from rsvlm.models.versions import versions
from rsvlm.vocabularies import Vocabulary, vocabulary_from_classes
from rsvlm.vocabularies.protocols import protocol_names

from .caption_retrieval import search_captions
from .class_retrieval import BY_CLASS, search_classes
from .errors import EvalError
from .layout import FoundSet, file_name, find_sets
from .left_out import labelled_rows, left_out_notes
from .probes import cross_validate, evaluate_few_shot, evaluate_probe, probe_data
from .probes.data import ProbeData
from .probes.splits import stratified
from .published import compare
from .result import EvalResult, check_place, load_result
from .retrieval_protocols import retrieval_protocol_names
from .suite_means import capability_means, suite_means
from .vectors import ImageEncoder, encoder_record, image_vectors
from .vocabulary_choice import vocabulary_for
from .zeroshot import domain_notes, evaluate_zero_shot

_FORMAT = 4  # rises when the same run would give other numbers

_FAILURES = (ValueError, OSError, RuntimeError)
"""What a data set may do to those who read it, and a model to those who run it."""

SUMMARY = "suite.json"
"""What is written beside the results, last."""

PROBES = ("linear", "knn", "few-shot", "folding")

TRAIN_LIMIT = 10_000
"""Images of a training split that probes learn from: some minutes of a MobileNet on two cores."""


@dataclass(frozen=True)
class SuiteOptions:
    """What is evaluated.

    Attributes:
        protocols: Of zero-shot classification.
        conventions: Of retrieval: "skyscript" and "remoteclip" for sets with captions, "classes" for sets with labels.
        probes: "linear", "knn", "few-shot", "folding" (spatial beside random cross-validation, for sets with places).
        train_limit: Images of a training split that probes learn from, drawn by class.
        sets: Only these data sets; None: all.
        seed: Of all that is drawn.
    """

    protocols: tuple[str, ...] = ("rsvlm",)
    conventions: tuple[str, ...] = ("skyscript", "remoteclip", BY_CLASS)
    probes: tuple[str, ...] = PROBES
    train_limit: int = TRAIN_LIMIT
    sets: tuple[str, ...] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what there is not (`EvalError`), before anything is encoded."""
        for what, given, known in (
            ("protocol", self.protocols, protocol_names()),
            ("convention", self.conventions, (*retrieval_protocol_names(), BY_CLASS)),
            ("probe", self.probes, PROBES),
        ):
            unknown = [name for name in given if name not in known]
            if unknown:
                raise EvalError(f"there is no {what} {', '.join(unknown)}; take some of {', '.join(known)}")


@dataclass(frozen=True)
class SuiteReport:
    """What a run gave.

    Attributes:
        results: By name of their file, without .json.
        problems: Why a data set could not be evaluated, by its name.
        passed_over: What of the folder is no data set, and sets of which nothing can be measured; and why.
        means: Means over sets: SkyScript's, and those of GEO-Bench-2's capability groups.
    """

    results: dict[str, EvalResult]
    problems: dict[str, str]
    passed_over: dict[str, str]
    means: dict[str, float]


@dataclass(frozen=True)
class _Task:
    """One result that is to be made: its name, what decides it, and how it is made."""

    name: str
    decided: Callable[[], list[Any] | None]
    run: Callable[[], EvalResult]


_PARTS: dict[str, tuple[str, ...]] = {
    "linear": ("judged", "train", "validation"), "knn": ("judged", "train", "validation"),
    "few-shot": ("judged", "train"), "folding": ("train",),
}  # fmt: skip
"""The splits that each probe looks at."""


def run_suite(
    encoder: Encoder | ImageEncoder,
    data: Path,
    out: Path,
    options: SuiteOptions | None = None,
    *,
    progress: Callable[[str, int], None] | None = None,
) -> SuiteReport:
    """Evaluate an encoder on all that a folder holds.

    Each result is a file in `out` as soon as it is there, and each image is encoded once; a run that was stopped goes
    on where it was, and one that is repeated reads what it finds. An object that encodes images only (a floor) is
    probed only.

    Args:
        encoder: Any encoder.
        data: A folder of data sets; see this module.
        out: Folder for results, `suite.json`, and vectors.
        options: What is evaluated.
        progress: Called with what is being done, and how many images of it were encoded by this step.

    Raises:
        EvalError: There is no data set.
    """
    options = options or SuiteOptions()
    layout = find_sets(data)
    unknown = set(options.sets or ()) - {found.name for found in layout.sets}
    if unknown:
        raise EvalError(f"{data}: holds no {', '.join(sorted(unknown))}; it has {_names(layout.sets)}")
    chosen = [found for found in layout.sets if options.sets is None or found.name in options.sets]
    out.mkdir(parents=True, exist_ok=True)
    _check_owner(encoder, out)
    results: dict[str, EvalResult] = {}
    problems: dict[str, str] = {}
    groups: dict[str, Vocabulary | None] = {}
    unmeasured: dict[str, str] = {}
    for found in chosen:
        try:
            work = _SetWork(encoder, found, out, options, progress)
            groups[found.name] = work.vocabulary
            tasks = list(work.tasks())
        except _FAILURES as error:
            problems[found.name] = one_line(error)
            continue
        if not tasks:
            unmeasured[found.name] = work.why_nothing()
        for task in tasks:
            try:
                results[task.name] = _done(task, work, out)
            except _FAILURES as error:  # what else can be measured on the set is
                problems[task.name] = one_line(error)
    means = {**suite_means(results), **capability_means(results, groups)}
    report = SuiteReport(results, problems, {**layout.passed_over, **unmeasured}, means)
    write_json(out / SUMMARY, _summary(report, encoder, options), indent=1)
    return report


class _SetWork:
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

    def tasks(self) -> Iterator[_Task]:
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

    def _task(self, task: str, by: str, run: Callable[[str], EvalResult]) -> _Task:
        parts = _PARTS[by] if task == "probe" else ("judged",)
        return _Task(f"{self.title}-{task}-{by}", partial(self._decided, by, parts), partial(run, by))

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
        except _FAILURES:  # which the task will say
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


def _done(task: _Task, work: _SetWork, out: Path) -> EvalResult:
    """A result that is there, if all that decides it is the same; else a new one, which is saved."""
    path = out / f"{task.name}.json"
    decided = task.decided()
    text = json.dumps(decided, sort_keys=True, default=str, ensure_ascii=False)
    run = None if decided is None else hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    kept = _kept(path) if run else None
    if kept is not None and kept.config.get("run") == run and not kept.n_failed:
        return kept
    check_place(path)
    result = task.run()
    classes = None if work.vocabulary is None else work.vocabulary.name
    result.notes += [
        note for note in domain_notes(work.encoder, result.name, classes) if note not in result.notes
    ]
    result.config |= {
        "run": run,
        "versions": versions("numpy", "pyarrow", "timm", "open_clip_torch", "transformers"),
    }
    result.save(path)
    return result


def _check_owner(encoder: Any, out: Path) -> None:
    """A folder is for the results of one encoder: those of another are not written over."""
    try:
        owner = json.loads((out / SUMMARY).read_text(encoding="utf-8"))["encoder"]
    except (OSError, ValueError, LookupError, TypeError):
        return
    if owner.get("name") != encoder.name:
        raise EvalError(
            f"{out}: holds the results of {owner.get('name')}; name another folder for those of {encoder.name}"
        )


def _kept(path: Path) -> EvalResult | None:
    try:
        return load_result(path)
    except EvalError:  # there is none, or none that is whole
        return None


def _summary(report: SuiteReport, encoder: Any, options: SuiteOptions) -> dict[str, Any]:
    return {
        "encoder": encoder_record(encoder),
        "options": asdict(options),
        "results": {
            name: {
                "task": result.task, "set": result.name, "n": result.n, "n_failed": result.n_failed,
                "metrics": result.metrics, "notes": result.notes,
                "published": [row.text for row in compare(result) if row.figure is not None],
            }
            for name, result in report.results.items()
        },
        "means": report.means,
        "problems": report.problems,
        "passed_over": report.passed_over,
    }  # fmt: skip


def _names(sets: Sequence[FoundSet]) -> str:
    return ", ".join(found.name for found in sets)
