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

from collections.abc import Callable, Sequence
from pathlib import Path

from rsvlm.errors import one_line
from rsvlm.files import write_json
from rsvlm.models import Encoder
from rsvlm.vocabularies import Vocabulary

from .errors import EvalError
from .layout import FoundSet, find_sets
from .result import EvalResult
from .suite_files import SUMMARY, check_owner, done, summary
from .suite_means import capability_means, suite_means
from .suite_options import SuiteOptions, SuiteReport
from .suite_set import FAILURES, SetWork
from .vectors import ImageEncoder


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
    check_owner(encoder, out)
    results: dict[str, EvalResult] = {}
    problems: dict[str, str] = {}
    groups: dict[str, Vocabulary | None] = {}
    unmeasured: dict[str, str] = {}
    for found in chosen:
        try:
            work = SetWork(encoder, found, out, options, progress)
            groups[found.name] = work.vocabulary
            tasks = list(work.tasks())
        except FAILURES as error:
            problems[found.name] = one_line(error)
            continue
        if not tasks:
            unmeasured[found.name] = work.why_nothing()
        for task in tasks:
            try:
                results[task.name] = done(task, work, out)
            except FAILURES as error:  # what else can be measured on the set is
                problems[task.name] = one_line(error)
    means = {**suite_means(results), **capability_means(results, groups)}
    report = SuiteReport(results, problems, {**layout.passed_over, **unmeasured}, means)
    write_json(out / SUMMARY, summary(report, encoder, options), indent=1)
    return report


def _names(sets: Sequence[FoundSet]) -> str:
    return ", ".join(found.name for found in sets)
