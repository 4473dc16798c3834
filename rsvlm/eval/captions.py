"""Captions that a model wrote, against those that people wrote for the same images."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rsvlm.datasets.reading import read_eval_set
from rsvlm.datasets.sets import EvalSet
from rsvlm.datasets.textfiles import file_record

from .errors import EvalError
from .jsonlines import answer_text, read_lines, text_column
from .left_out import captioned_rows, left_out_notes
from .result import EvalResult
from .text.scores import Convention, score_captions


def evaluate_captions(
    predictions: Mapping[str, str | None] | str | Path,
    data: EvalSet | str | Path,
    *,
    errors: Mapping[str, str] | None = None,
    split: str | None = None,
    convention: Convention | str = "coco",
    synonyms: bool = True,
) -> EvalResult:
    """Score captions; images without one count, with nothing. Images that people said nothing of are left out.

    Args:
        predictions: Captions by the key of their image, or their file: lines of JSON with `image` (the key of the
            image in the data set) and `prediction`.
        data: A data set with captions, or what `read_eval_set` takes.
        errors: Why images have no caption, by their key: these count with nothing, too, and as failed.
        split: Which, where the set has several.
        convention: "coco" or "rs-rag"; see `score_captions`.
        synonyms: Whether METEOR matches synonyms.

    Raises:
        EvalError: The set has no captions, or captions are of images that are not in it; they are listed.
    """
    eval_set = data if isinstance(data, EvalSet) else read_eval_set(data, split=split)
    if eval_set.captions is None:
        raise EvalError(f"{eval_set.title}: has no captions to compare with")
    config: dict[str, Any] = {"data": eval_set.record}
    if isinstance(predictions, str | Path):
        said = read_captions(Path(predictions))
        config["predictions"] = file_record(predictions)
        predictions = said
    check_images(predictions, eval_set.keys, eval_set.title)
    rows = captioned_rows(eval_set)
    asked = eval_set.take(rows)
    chosen: Any = convention
    scores = score_captions(
        [predictions.get(key) for key in asked.keys],
        asked.captions or (),
        chosen,
        keys=asked.keys,
        synonyms=synonyms,
    )
    result = scores.result(eval_set.name)
    result.config |= config
    result.notes += left_out_notes(eval_set, rows, "caption")
    _mark_failures(result, [(errors or {}).get(key) for key in asked.keys])
    return result


def read_captions(path: Path) -> dict[str, str | None]:
    """Return the captions of a file, by the key of their image; None where there is no text.

    Raises:
        EvalError: It cannot be read or holds none, a line lacks something or has a list for a caption, or an image is
            captioned twice.
    """
    said: dict[str, str | None] = {}
    for line in read_lines(path):
        row = line.row
        if row is None or "image" not in row or "prediction" not in row:
            reason = (
                line.error
                or f"needs the fields image and prediction, and has {', '.join(row or ()) or 'none'}"
            )
            raise EvalError(f"{path}, line {line.number}: {reason}")
        image = str(row["image"])
        if image in said:
            raise EvalError(f"{path}, line {line.number}: captions {image!r} again; keep one of them")
        try:
            said[image] = answer_text(row["prediction"])
        except EvalError as error:
            raise EvalError(f"{path}, line {line.number}: {error}") from None
    if not said:
        raise EvalError(f"{path}: holds no captions")
    return said


def check_images(said: Collection[str], keys: Collection[str], title: str) -> None:
    """Refuse captions of images that a data set has not.

    Raises:
        EvalError: There are some; the first are listed.
    """
    unknown = sorted(set(said) - set(keys))
    if unknown:
        raise EvalError(
            f"{len(unknown)} captions are of images that {title} has not: "
            f"{', '.join(unknown[:5])}{' ...' if len(unknown) > 5 else ''}; it calls them "
            f"{', '.join(list(keys)[:2])}{' ...' if len(keys) > 2 else ''}"
        )


def _mark_failures(result: EvalResult, errors: list[str | None]) -> None:
    """Count what failed apart from what was left unanswered."""
    assert result.items is not None
    failed = np.array([error is not None for error in errors], bool)
    unanswered = result.items["unanswered"].to_numpy() & ~failed
    place = result.items.column_names.index("unanswered")
    result.items = result.items.set_column(place, "unanswered", [unanswered])
    result.items = result.items.append_column("error", text_column(errors))
    result.n_failed, result.n_unanswered = int(failed.sum()), int(unanswered.sum())
