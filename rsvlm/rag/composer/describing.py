"""A caption: the one that look-alike pictures have most in common, or the class put into words."""

import numpy as np

from rsvlm.rag.evidence import Evidence
from rsvlm.rag.questions import Asked
from rsvlm.retrieval.exact import Floats
from rsvlm.retrieval.stored import Vectors

from .finding import NO_IMAGE, Finding, Scene, unknown, with_article
from .look import Look
from .naming import scene_shares

FIT = 0.5
"""How much the likeness of picture and caption counts beside the likeness of captions. Tried on RSICD validation with
0, 0.5, 1 and 2: images whose captions are new to the base want more of it, the others less."""


def describe(_: Asked, scene: Scene) -> Finding:
    """Describe an image in a sentence."""
    if not scene.can_look():
        return unknown(NO_IMAGE)
    look = scene.look
    if look.neighbours and scene.sentences is not None:
        texts = [piece.chunk.text for one in look.neighbours for piece in one.evidence]
        chosen, agreement = consensus(look, scene.sentences(texts), scene.lexicon.texts(texts))
        return Finding(_sentence(chosen.chunk.text), chosen.chunk.text, agreement, (chosen,))
    names, shares = scene_shares(scene)[:2]
    best = int(np.argmax(shares))
    return Finding(f"An overhead image of {with_article(names[best])}.", names[best], float(shares[best]))


def consensus(look: Look, meanings: Vectors, fits: Vectors | Floats) -> tuple[Evidence, float]:
    """Return the caption that is most like the captions of all look-alikes, and how like it is.

    Args:
        look: The image, with its look-alikes.
        meanings: (n, d) sentence vectors of all their captions, in order.
        fits: (n, e) vectors of these by the encoder of images.
    """
    pieces = [piece for one in look.neighbours for piece in one.evidence]
    weights = np.array([one.weight / len(one.evidence) for one in look.neighbours for _ in one.evidence])
    likeness = (meanings @ meanings.T).astype(np.float64) @ (weights / weights.sum())
    best = int(np.argmax(likeness + FIT * (np.asarray(fits, np.float64) @ look.vector)))
    return pieces[best], float(np.clip(likeness[best], 0, 1))


def _sentence(text: str) -> str:
    """A caption as a sentence: a capital, one full stop, no blank before it."""
    plain = " ".join(text.split()).rstrip(" .")
    return f"{plain[:1].upper()}{plain[1:]}."
