"""The check of captions: does a caption say only what its labels hold?

It is a reader of its own: it shares no code with the makers of captions, and knows of them no more than the caption
grammar (docs/caption-grammar.md) says. Its world is closed: each word of a caption must be explained by a form of
that page, and each form must be true of the labels.
"""

from collections.abc import Callable

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.labels import Labels
from rsvlm.captioning.verify.chatearthnet import chatearthnet_problems
from rsvlm.captioning.verify.natural import natural_problems
from rsvlm.captioning.verify.rewritten_cover import rewritten_cover_problems
from rsvlm.captioning.verify.rewritten_objects import rewritten_objects_problems
from rsvlm.captioning.verify.scene import scene_problems
from rsvlm.captioning.verify.skyscript import multi_problems, single_problems

__all__ = ["STYLES", "verify"]

STYLES: dict[str, Callable[[str, Labels], list[str]]] = {
    "skyscript": single_problems,
    "skyscript-multi": multi_problems,
    "natural": lambda caption, labels: natural_problems(caption, labels, most_sentences=2),
    "natural-long": lambda caption, labels: natural_problems(caption, labels, most_sentences=7),
    "chatearthnet": chatearthnet_problems,
    "chatearthnet-rewritten": rewritten_cover_problems,
    "natural-rewritten": rewritten_objects_problems,
    "scene": scene_problems,
}
"""The readers by the name of the style."""


def verify(caption: str, labels: Labels, style: str) -> list[str]:
    """Hold a caption against the labels of its chip.

    Args:
        caption: the caption.
        labels: what is known of the chip; a caption may say only this.
        style: one of `STYLES`.

    Returns:
        What is wrong, one short sentence each, with the values; empty where the caption is right.

    Raises:
        CaptioningError: for a style that does not exist.
    """
    if style not in STYLES:
        raise CaptioningError(f"no style {style!r} to check captions by; there are {', '.join(STYLES)}")
    return list(dict.fromkeys(STYLES[style](caption, labels)))
