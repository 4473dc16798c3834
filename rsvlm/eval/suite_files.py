"""Files of a suite: results that are there already are taken, and a summary stands beside them."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rsvlm.models.identity import DECIDES
from rsvlm.models.versions import versions

from .errors import EvalError
from .published import compare
from .result import EvalResult, check_place, load_result
from .suite_options import SuiteOptions, SuiteReport
from .suite_set import SetWork, Task
from .vectors import encoder_record
from .zeroshot import domain_notes

SUMMARY = "suite.json"
"""What is written beside the results, last."""


def done(task: Task, work: SetWork, out: Path) -> EvalResult:
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


def check_owner(encoder: Any, out: Path) -> None:
    """Refuse a folder with the results of another encoder: they are not written over.

    Names are no more than names of folders: `run1/model` and `run2/model` are two, and so is a model with an adapter.

    Raises:
        EvalError: It has such.
    """
    try:
        owner = dict(json.loads((out / SUMMARY).read_text(encoding="utf-8"))["encoder"])
    except (OSError, ValueError, LookupError, TypeError):
        return
    own = json.loads(json.dumps(encoder_record(encoder), default=str))
    differ = next((key for key in ("name", "revision", *DECIDES) if owner.get(key) != own.get(key)), None)
    if differ is not None:
        other = (
            "" if differ == "name" else f" of another {differ} ({owner.get(differ)}, not {own.get(differ)})"
        )
        raise EvalError(
            f"{out}: holds the results of {owner.get('name')}{other}; name another folder for those of {encoder.name}"
        )


def _kept(path: Path) -> EvalResult | None:
    try:
        return load_result(path)
    except EvalError:  # there is none, or none that is whole
        return None


def summary(report: SuiteReport, encoder: Any, options: SuiteOptions) -> dict[str, Any]:
    """What is written beside the results."""
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
