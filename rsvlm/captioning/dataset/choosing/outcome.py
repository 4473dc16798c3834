"""What a choice came to, in numbers: for the manifest, the card and the screen."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from .best import Bools
from .candidates import TOO_LOW, Candidates
from .rule import Rule
from .scores import ScoreSet


def outcome(scores: ScoreSet, candidates: Candidates, kept: Bools, rule: Rule) -> dict[str, Any]:
    """Count what became of the source's pairs.

    Args:
        scores: By what they were judged.
        candidates: All pairs.
        kept: (pairs,) which are kept.
        rule: What was asked for.

    Returns:
        Plain data: the rule, the encoder, pairs kept and left out by kind, the same by style with the lowest score
        kept, and where labels were balanced how many there are and how many are left.
    """
    record = scores.record
    low = record.scored - int(kept.sum())
    counts = {
        "rule": rule.record(),
        "encoder": {"name": record.encoder["name"], "revision": record.encoder["revision"]},
        "of": record.pairs,
        "kept": int(kept.sum()),
        "left_out": record.unscored | ({TOO_LOW: low} if low else {}),
        "styles": list(_by_style(candidates, kept)),
    }
    return counts | ({"labels": _labels(candidates, kept)} if rule.balanced else {})


def _by_style(candidates: Candidates, kept: Bools) -> Iterator[dict[str, Any]]:
    """Counts of each style, or of all where styles were not told apart."""
    scored = np.isfinite(candidates.scores)
    styles = [group.style for group in candidates.names]
    for style in sorted(set(styles), key=str):
        mine = np.isin(candidates.groups, [code for code, other in enumerate(styles) if other == style])
        inside = candidates.scores[mine & kept]
        yield {
            "style": style,
            "scored": int((mine & scored).sum()),
            "kept": len(inside),
            "lowest": float(inside.min()) if len(inside) else None,
        }


def _labels(candidates: Candidates, kept: Bools) -> dict[str, int]:
    inside = np.unique(candidates.groups[kept]).tolist()
    return {
        "of": len({group.label for group in candidates.names}),
        "kept": len({candidates.names[code].label for code in inside}),
    }
