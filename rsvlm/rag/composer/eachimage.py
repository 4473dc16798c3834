"""What is asked of each of several images: "Is there a river in both?", "Describe both images"."""

from collections.abc import Sequence

from rsvlm.rag.questions import Asked

from .finding import Answering, Finding, Scene, a_list

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def ordinal(place: int) -> str:
    """The word for an image, by its place from 0."""
    if place < len(_ORDINALS):
        return _ORDINALS[place]
    number = place + 1
    teen = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teen else _ENDINGS.get(number % 10, 'th')}"


def of_each(asked: Asked, scene: Scene, answer: Answering) -> Finding:
    """Answer what is asked of each image, or of any of them.

    Args:
        asked: The question, with `among`.
        scene: With all the images.
        answer: Answers it for one image.
    """
    each = [answer(asked, scene.only(number)) for number in range(1, len(scene.looks) + 1)]
    if asked.kind == "yes-no":
        return _yes_or_no(asked, each)
    known = [one for one in each if one.known]
    return Finding(
        " ".join(f"The {ordinal(place)} image: {one.text}" for place, one in enumerate(each)),
        "; ".join(one.short for one in known),
        min((one.probability for one in known), default=0.0),
        tuple(piece for one in known for piece in one.evidence),
        known=bool(known),
        fitted=all(one.fitted for one in known),
    )


def _yes_or_no(asked: Asked, each: Sequence[Finding]) -> Finding:
    """Whether it is so of one of the images, or of all. "No river in either image" says that all have none."""
    any_of = (asked.among == "any") != asked.negated
    wanted = "yes" if any_of else "no"
    decides = [one for one in each if one.known and one.short == wanted]
    doubtful = [one for one in each if not one.known]
    if not decides and doubtful:
        return doubtful[0]
    known = [one for one in each if one.known]
    short = wanted if decides else {"yes": "no", "no": "yes"}[wanted]
    likely = [one.probability for one in known]
    said = a_list(
        [
            f"in the {ordinal(place)} {one.short if one.known else 'I cannot tell'}"
            for place, one in enumerate(each)
        ]
    )
    return Finding(
        f"{short.capitalize()}: {said}.",
        short,
        max(one.probability for one in decides) if decides else min(likely),
        tuple(piece for one in known for piece in one.evidence),
        fitted=all(one.fitted for one in known),
    )
