"""ROUGE-L in two conventions: Google's `rouge_score` with the Porter stemmer, and pycocoevalcap's.

Lin, "ROUGE: a package for automatic evaluation of summaries", 2004. Both compare by the longest common subsequence;
they differ in tokens, in the weight of recall and in what several references mean.
"""

from collections.abc import Sequence

from .ngrams import Tokens

COCO_BETA = 1.2
"""Weight of recall against precision in pycocoevalcap."""


def rouge_l(candidate: Tokens, references: Sequence[Tokens]) -> float:
    """F-measure of the reference that gives the highest: `rouge_score`'s `score_multi(...)["rougeL"].fmeasure`.

    Args:
        candidate: Tokens as `tokens.rouge_tokens` makes them.
        references: Likewise, one or more.
    """
    return max(_f1(candidate, reference) for reference in references)


def coco_rouge_l(candidate: Tokens, references: Sequence[Tokens]) -> float:
    """F-measure of the best precision and the best recall, of whichever references: pycocoevalcap's `Rouge`."""
    common = [common_length(candidate, reference) for reference in references]
    precision = max(common) / max(1, len(candidate))
    recall = max(
        length / max(1, len(reference)) for length, reference in zip(common, references, strict=True)
    )
    if precision == 0 or recall == 0:
        return 0.0
    weight = COCO_BETA**2
    return (1 + weight) * precision * recall / (recall + weight * precision)


def _f1(candidate: Tokens, reference: Tokens) -> float:
    common = common_length(candidate, reference)
    if common == 0:
        return 0.0
    precision, recall = common / len(candidate), common / len(reference)
    return 2 * precision * recall / (precision + recall)


def common_length(first: Tokens, second: Tokens) -> int:
    """Length of the longest common subsequence, a row of the table at a time as the bits of an integer.

    Hyyrö, "Bit-parallel LCS-length computation revisited", 2004: a zero bit stands for a step of the row. The rows
    are those of the shorter text, so that an endless answer costs time in proportion to its length.
    """
    if len(first) > len(second):
        first, second = second, first
    places: dict[str, int] = {}
    for position, token in enumerate(first):
        places[token] = places.get(token, 0) | 1 << position
    full = (1 << len(first)) - 1
    row = full
    for token in second:
        same = row & places.get(token, 0)
        row = (row + same | row - same) & full
    return len(first) - row.bit_count()
