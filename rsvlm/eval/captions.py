"""Captions that a model wrote, against those that people wrote for the same images."""

from pathlib import Path
from typing import Any

from .data.reading import read_eval_set
from .errors import EvalError
from .jsonlines import as_text, file_record, read_lines
from .result import EvalResult
from .text.scores import Convention, score_captions


def evaluate_captions(
    predictions: Path,
    data: str | Path,
    *,
    split: str | None = None,
    convention: Convention | str = "coco",
    synonyms: bool = True,
) -> EvalResult:
    """Score a file of captions; images without a caption count, with nothing.

    Args:
        predictions: Lines of JSON with `image` (the key of the image in the data set) and `prediction`.
        data: A data set with captions, as `read_eval_set` takes it.
        split: Which, where the set has several.
        convention: "coco" or "rs-rag"; see `score_captions`.
        synonyms: Whether METEOR matches synonyms.

    Raises:
        EvalError: The set has no captions, or the file speaks of images that are not in it; they are listed.
    """
    eval_set = read_eval_set(data, split=split)
    if eval_set.captions is None:
        raise EvalError(f"{eval_set.title}: has no captions to compare with")
    said = _read(predictions)
    unknown = sorted(set(said) - set(eval_set.keys))
    if unknown:
        raise EvalError(
            f"{predictions}: {len(unknown)} captions are of images that {eval_set.title} has not: "
            f"{', '.join(unknown[:5])}{' ...' if len(unknown) > 5 else ''}"
        )
    chosen: Any = convention
    scores = score_captions(
        [said.get(key) for key in eval_set.keys],
        eval_set.captions,
        chosen,
        keys=eval_set.keys,
        synonyms=synonyms,
    )
    result = scores.result(eval_set.name)
    result.config |= {"predictions": file_record(predictions), "data": eval_set.record}
    return result


def _read(path: Path) -> dict[str, str | None]:
    said: dict[str, str | None] = {}
    for line in read_lines(path):
        row = line.row
        if row is None or "image" not in row or "prediction" not in row:
            reason = line.error or "needs the fields image and prediction"
            raise EvalError(f"{path}, line {line.number}: {reason}")
        if row["image"] in said:
            raise EvalError(f"{path}, line {line.number}: captions {row['image']!r} again; keep one of them")
        said[str(row["image"])] = as_text(row["prediction"])
    return said
