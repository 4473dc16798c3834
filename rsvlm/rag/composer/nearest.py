"""What comes nearest to a question of fact that nothing answers: shown to the reader, who may see more in it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rsvlm.rag.evidence import Evidence
from rsvlm.rag.shippednotes import is_of_no_place

from .finding import Scene
from .statements import statements_of

_READ, _SHOWN = 10, 2
"""Chunks that are read for it, and those that are shown."""
_ALIKE = 0.5
"""Cosine of question and statement (all-MiniLM-L6-v2) from which they speak of the same thing."""


def nearest(question: str, evidence: Sequence[Evidence], scene: Scene) -> list[Evidence]:
    """Return the chunks that hold what is most like the question, the most alike first, each with that as its quote.

    Args:
        question: As it was asked.
        evidence: What was found for it, the best first.
        scene: Makes the vectors; without them nothing is near.
    """
    told = [
        (one, statement.text)
        for one in evidence[:_READ]
        if not is_of_no_place(one.chunk.source)
        for statement in statements_of(one.chunk.text, one.chunk.where)
    ]
    if scene.sentences is None or not told:
        return []
    # a statement says little without what it is about: "opened: 2003" of a tunnel
    named = [f"{one.chunk.where.rpartition(', ')[2]}: {text}" for one, text in told]
    vectors = scene.sentences([question, *named])
    cosines = vectors[1:] @ vectors[0] / np.linalg.norm(vectors[1:], axis=1) / np.linalg.norm(vectors[0])
    found: dict[str, Evidence] = {}
    for place in np.argsort(-cosines, kind="stable"):
        one, text = told[place]
        if cosines[place] < _ALIKE or len(found) == _SHOWN:
            break
        found.setdefault(one.chunk.key, replace(one, quote=text))
    return list(found.values())
