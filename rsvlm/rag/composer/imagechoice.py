"""Which of several images shows most, or least, of something, or shows it at all."""

import re
from dataclasses import replace

import numpy as np

from rsvlm.rag.questions import Asked

from .covers import share
from .finding import NO_THING, Finding, Scene, told, unknown

LEAST = re.compile(r"\b(?:(?<!at )least|fewest|lowest|smallest|less|fewer|lower|smaller)\b", re.IGNORECASE)
"""Words that ask for the one that has least."""
_MOST = re.compile(
    r"\b(?:most|highest|largest|greatest|biggest|more|higher|larger|greater|bigger|dens(?:er|est))\b",
    re.IGNORECASE,
)


def which_image(asked: Asked, scene: Scene) -> Finding:
    """Answer which of several images it is, where the options stand for the images, in order."""
    if len(scene.looks) != len(asked.options):
        return unknown(f"I was given {len(scene.looks)} images for {len(asked.options)} answers")
    thing = next((one for one in asked.things if one.classes), None)
    if thing is None:
        return unknown(NO_THING)
    least = bool(LEAST.search(asked.text))
    if least or _MOST.search(asked.text):
        found = [share(replace(scene, looks=(look,)), thing, asked.region) for look in scene.looks]
    else:
        found = [scene.likelihood.of(look, thing, asked.region).probability for look in scene.looks]
    best = int(np.argmin(found) if least else np.argmax(found))
    chosen = asked.options[best]
    parts = ", ".join(f"{value:.0%}" for value in found)
    return Finding(
        f"{chosen.label or chosen.text}: how much the images look like {told(thing)}, in order: {parts}.",
        chosen.label or chosen.text,
        float(0.5 + abs(found[best] - np.median(found)) / 2),
    )
