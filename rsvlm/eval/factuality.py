"""Captions of the chips of a pairs dataset, held against the labels of these chips.

Each caption is read by `rsvlm.captioning.verify`, whose world is closed: what no list of it explains is a problem. What
it calls right says nothing that the labels do not hold; what it does not understand may be right all the same, and is
counted apart from what contradicts the labels (`rsvlm.eval.fact_problems`). Labels may lack what is there: a caption
that names it is counted as contradicting them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rsvlm.captioning.dataset import PairsDataset
from rsvlm.captioning.dataset.row import labels_from_row
from rsvlm.datasets.pairs import read_pairs
from rsvlm.datasets.textfiles import file_record
from rsvlm.models.generators.functions import Function
from rsvlm.models.generators.protocol import Generator

from .asking.captions import ask_captions
from .asking.items import errors_of, record_of, texts_of
from .asking.prompts import CAPTION_PROMPT, Prompt
from .captions import check_images, read_captions
from .errors import EvalError
from .fact_problems import CONTRADICTED, FACTUAL, KINDS, NOT_UNDERSTOOD
from .fact_reading import READINGS, Finding, read_caption, usable_readings
from .intervals import column_intervals
from .jsonlines import text_column, texts_column
from .result import EvalResult

METRICS = {"factual": FACTUAL, "contradicted": CONTRADICTED, "not_understood": NOT_UNDERSTOOD}
"""Shares of all captions by their verdict; the rest is off form, unanswered or failed."""

NOTES = (
    "the labels are all that the check knows: what captions name beyond them counts as contradicting them",
    "what the check does not understand may be right: only `factual` is known to be true to the labels",
)


def evaluate_factuality(
    captions: Mapping[str, str | None] | str | Path,
    pairs: PairsDataset,
    *,
    errors: Mapping[str, str] | None = None,
    reading: str | None = None,
) -> EvalResult:
    """Hold captions against the labels of the chips that they are of; chips without a caption count as not factual.

    White space is joined and a missing full stop added before a caption is read: neither is a matter of facts.

    Args:
        captions: By the key of the pair, or their file: lines of JSON with `image` (that key) and `prediction`.
        pairs: The dataset, as of `rsvlm.captioning.dataset.open_dataset`.
        errors: Why chips have no caption, by their key: they count as failed.
        reading: One of `READINGS`; None: by what the labels of a chip hold, objects or land cover. Of a chip that has
            both, the reading that knows more of the caption's words counts.

    Returns:
        Shares of all chips: `factual`, captions without any problem; `contradicted`, with a problem of that sort;
        `not_understood`, without one of that sort, but with words that the reader cannot judge. `problems`: how many a
        caption has. Groups by kind of problem and by the style of the pairs; a row a chip with its problems in words.

    Raises:
        EvalError: Captions are of chips that are not there, or no chip has labels that can be read this way.
    """
    if reading is not None and reading not in READINGS:
        raise EvalError(f"no reading {reading!r} of free captions; there are {', '.join(READINGS)}")
    config: dict[str, Any] = {"pairs": _pairs_record(pairs), "reading": reading or "by the labels"}
    if isinstance(captions, str | Path):
        said = read_captions(Path(captions))
        config["predictions"] = file_record(captions)
        captions = said
    name = pairs.folder.resolve().name
    check_images(captions, [row["key"] for row in pairs.rows(["key"])], name)
    found = list(_findings(pairs, captions, errors or {}, (reading,) if reading else READINGS))
    if not found:
        raise EvalError(f"{pairs.folder}: no chip has labels that captions can be held against")
    result = _result(name, found, config)
    if left := len(pairs) - len(found):
        result.notes.append(
            f"{left} of {len(pairs)} chips have no labels to hold a caption against, and are left out"
        )
    return result


def evaluate_captioner_facts(
    pairs: PairsDataset,
    generator: Generator | Function,
    answers: Path,
    *,
    prompt: Prompt = CAPTION_PROMPT,
    reading: str | None = None,
    **options: Any,
) -> EvalResult:
    """Ask a model for captions of the chips with `ask_captions`, and hold them against the labels.

    Raises:
        EvalError: As `ask_captions` and `evaluate_factuality`.
    """
    found = ask_captions(read_pairs(pairs), generator, answers, prompt=prompt, **options)
    result = evaluate_factuality(texts_of(found), pairs, errors=errors_of(found), reading=reading)
    result.config |= record_of(generator, prompt, found)
    return result


def _findings(
    pairs: PairsDataset,
    captions: Mapping[str, str | None],
    errors: Mapping[str, str],
    readings: Sequence[str],
) -> Iterator[Finding]:
    for row in pairs.rows(["key", "style", "labels"]):
        labels, key = labels_from_row(row), row["key"]
        usable = usable_readings(labels, readings)
        if not usable:
            continue
        finding = Finding(key, row["style"], captions.get(key), errors.get(key))
        if finding.error is not None or not (finding.answer or "").strip():
            yield finding
        else:
            yield read_caption(finding, labels, usable)


def _result(name: str, found: Sequence[Finding], config: dict[str, Any]) -> EvalResult:
    failed = np.array([one.error is not None for one in found])
    unanswered = np.array([one.verdict is None for one in found]) & ~failed
    shares = {metric: np.array([one.verdict == value for one in found]) for metric, value in METRICS.items()}
    counts = np.array([len(one.problems) for one in found])
    answered = max(1, len(found) - int(failed.sum() + unanswered.sum()))
    items = pa.table({
        "key": text_column([one.key for one in found]), "style": text_column([one.style for one in found]),
        "reading": text_column([one.reading for one in found]),
        "answer": text_column([one.answer for one in found]),
        "verdict": text_column([one.verdict for one in found]), "correct": shares["factual"], **shares,
        "problems": counts,
        "problems_in_words": texts_column([one.problems for one in found]),
        "kinds": texts_column([one.kinds for one in found]),
        "unanswered": unanswered, "error": text_column([one.error for one in found]),
    })  # fmt: skip
    metrics = {metric: float(values.mean()) for metric, values in shares.items()}
    metrics["problems"] = float(counts.sum() / answered)
    return EvalResult(
        "factuality", name, metrics, n=len(found), n_unanswered=int(unanswered.sum()),
        n_failed=int(failed.sum()), groups={"kind": _kinds(found), "style": _styles(found)},
        intervals=column_intervals(items, dict(zip(METRICS, METRICS, strict=True))), config=config, items=items,
        notes=list(NOTES),
    )  # fmt: skip


def _kinds(found: Sequence[Finding]) -> dict[str, dict[str, float]]:
    """For each kind of problem the share of captions that have it, their number, and the problems."""
    captions = Counter(kind for one in found for kind in set(one.kinds))
    problems = Counter(kind for one in found for kind in one.kinds)
    return {
        kind: {"share": captions[kind] / len(found), "n": captions[kind], "n_problems": problems[kind]}
        for kind in KINDS
        if captions[kind]
    }


def _styles(found: Sequence[Finding]) -> dict[str, dict[str, float]]:
    groups: dict[str, dict[str, float]] = {}
    for style in dict.fromkeys(one.style for one in found):
        of = [one for one in found if one.style == style]
        verdicts = Counter(one.verdict for one in of)
        groups[style] = {metric: verdicts[value] / len(of) for metric, value in METRICS.items()}
        groups[style] |= {
            "n": len(of), "n_unanswered": verdicts[None] - sum(one.error is not None for one in of),
            "n_failed": sum(one.error is not None for one in of),
        }  # fmt: skip
    return groups


def _pairs_record(pairs: PairsDataset) -> dict[str, Any]:
    return {
        "name": pairs.folder.resolve().name,
        "pairs": len(pairs),
        "processing_id": pairs.manifest.processing_id,
    }
