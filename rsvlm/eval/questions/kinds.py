"""The kinds of question: what each asks, how it is put, and by which rule its answer follows from labels.

A kind is named as AgroMind names its files, `<task>_<dimension>_<task number>_<number>`; numbers within a task are our
own. The wording is a template; the check reads the words back from the question by the same template.
"""

import re
from dataclasses import dataclass
from functools import cache

from rsvlm.eval.agromind.tasks import QuestionType

MARGIN = 0.15
"""Share by which the largest of several must lead the next, relative to it."""

EDGES = "(The upper left corner is xmin, ymin; x is horizontal, y is vertical; both range from 0 to 1.)"
ABSENT = {
    "PDD": "no source labels pests or diseases of plants",
    "GSR": "no source labels how plants grow",
}
"""Tasks of AgroMind that no source here can serve, and why."""


@dataclass(frozen=True)
class Kind:
    """A kind of question.

    Attributes:
        code: "SL_1_1_1".
        type: The type of answer.
        wording: A template with the words that differ in braces.
        rule: How the answer follows from the labels.
        needs: What a source must have.
    """

    code: str
    type: QuestionType
    wording: str
    rule: str
    needs: str

    @property
    def task(self) -> str:
        """Letters of the task: "SL"."""
        return self.code.split("_")[0]

    @property
    def levels(self) -> tuple[int, int, int]:
        """Numbers of the dimension, of the task in it, and of the kind in that."""
        one, two, three = (int(part) for part in self.code.split("_")[1:])
        return one, two, three

    def say(self, **words: str) -> str:
        """Put the question."""
        return self.wording.format(**words)

    def read(self, question: str) -> dict[str, str] | None:
        """Return the words that a question was put with, whatever stands before it; None of another kind."""
        match = _pattern(self.wording).search(question)
        return None if match is None else match.groupdict()


@cache
def _pattern(wording: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", wording)
    seen: set[str] = set()
    text = ""
    for place, part in enumerate(parts):
        if place % 2 == 0:
            text += re.escape(part)
        else:
            text += f"(?P={part})" if part in seen else f"(?P<{part}>.+?)"
            seen.add(part)
    return re.compile(text + r"\Z")


_T = QuestionType
_MAP, _THINGS, _SCENES, _PAIRS = "a class map", "outlines of objects", "scene labels", "pairs of images"
_DATES, _TWO_MAPS = "images of the same place from two seasons", "class maps of two dates"

KINDS = {
    kind.code: kind
    for kind in (
        Kind("SL_1_1_1", _T.CHOICE_OF_MANY,
             "Dividing the image into a nine-grid (3 x 3), which region has the largest area of {what}?",
             "pixels of the class in each of nine equal regions; the first leads whatever is unlabelled", _MAP),
        Kind("SL_1_1_2", _T.CHOICE, "Which quarter of the image has the largest area of {what}?",
             "pixels of the class in each quarter; the first leads whatever is unlabelled", _MAP),
        Kind("SL_1_1_3", _T.CHOICE,
             "The image has {width}x{height} pixels. Which land cover is at the coordinates ({x},{y}), counted from "
             "the upper left corner?", "the class of the pixel, well inside a patch of it", _MAP),
        Kind("SL_1_1_4", _T.CHOICE, "In which quarter of the image are the most {things}?",
             "centres of the outlines by quarter, none near the middle lines", _THINGS),
        Kind("SR_1_2_1", _T.CHOICE_OF_MANY,
             "Compare where {first} and {second} lie on the whole, by the centres of their areas. In which direction "
             "from {first} is {second}?", "the bearing between the centres of gravity of two classes", _MAP),
        Kind("SR_1_2_2", _T.CHOICE_OF_MANY, "Seen from the red dot, in which direction is the nearest {what}?",
             "the bearing of the nearest pixel of the class; in all other directions it is much farther", _MAP),
        Kind("SR_1_2_3", _T.CHOICE_OF_MANY,
             "In which direction from the {thing} in the red box is the nearest other {thing}?",
             "the bearing between the centres of two outlines", _THINGS),
        Kind("BD_1_3_1", _T.BOX,
             "Find the corner coordinates of the smallest box that encloses all {what} in the image.",
             "the extent of all pixels of the class, which no unlabelled pixel could change much", _MAP),
        Kind("BD_1_3_2", _T.CHOICE, "Which rectangle encloses all {what} in the image most closely? " + EDGES,
             "the extent of all pixels of the class, which no unlabelled pixel could change much", _MAP),
        Kind("BD_1_3_3", _T.BOX, "Find the corner coordinates of the box around the only {thing} in the image.",
             "the extent of the only outline in the window", _THINGS),
        Kind("BD_1_3_4", _T.CHOICE, "Which rectangle encloses the largest {thing} in the image? " + EDGES,
             "the extent of the outline with the largest area", _THINGS),
        Kind("OC_2_1_1", _T.CHOICE, "Which land cover is at the red dot?",
             "the class of the pixel, well inside a patch of it", _MAP),
        Kind("OC_2_1_2", _T.YES_NO, "Does the image show any {what}?",
             "Yes: patches of the class that can be seen; No: not one pixel, and hardly any unlabelled", _MAP),
        Kind("OC_2_1_3", _T.CHOICE, "What does this image show?", "the class of the scene", _SCENES),
        Kind("OC_2_1_4", _T.YES_NO, "Does the image show {what}?", "the labels of the scene", _SCENES),
        Kind("OC_2_1_5", _T.CHOICES, "Which of these does the image show?", "the labels of the scene", _SCENES),
        Kind("SC_3_1_1", _T.CHOICE_OF_IMAGES, "Which of the four images has the largest share of {what}?",
             "shares of the class; the first leads whatever is unlabelled", _MAP),
        Kind("SC_3_1_2", _T.CHOICE_OF_IMAGES, "Which of the four images shows the most {things}?",
             "numbers of outlines in the windows", _THINGS),
        Kind("SC_3_1_3", _T.YES_NO,
             "The picture has two halves, taken at different times. Do they show the same place?",
             "whether the windows are the same", "images of the same place from two dates"),
        Kind("SC_3_1_4", _T.CHOICES_OF_IMAGES, "Which of the four images show {what}?",
             "the labels of the scenes", _SCENES),
        Kind("SC_3_1_5", _T.DIFFERENCE,
             "What is the difference in the number of {things} between the two images?",
             "numbers of outlines in the windows", _THINGS),
        Kind("SC_3_1_6", _T.YES_NO,
             "Does the left half of the image have more {what} than the right half?",
             "pixels of the class in each half; one leads whatever is unlabelled", _MAP),
        Kind("CO_3_2_1", _T.COUNT, "How many {things} are there in the image?",
             "outlines in the window, none cut by its edge", _THINGS),
        Kind("CO_3_2_2", _T.COUNT,
             "How many separate patches of {what} are there in the image? (Leave out specks, which are smaller than a "
             "square of {side} x {side} pixels. Patches that touch at a corner are one.)",
             "connected patches of the class; none is near the size that divides them from specks", _MAP),
        Kind("CO_3_2_3", _T.CHOICE, "How many {things} can be counted in the image?",
             "outlines in the window, none cut by its edge", _THINGS),
        Kind("AS_3_3_1", _T.CHOICE, "What share of the image is {what}?",
             "the share of the class, within the interval whatever is unlabelled", _MAP),
        Kind("AS_3_3_2", _T.CHOICE_OF_MANY, "In which of these intervals is the share of the image covered by {what}?",
             "the share of the class, within the interval whatever is unlabelled", _MAP),
        Kind("AS_3_3_3", _T.CHOICE,
             "The image covers {total} hectares of ground. How large is the area of {what} in it, approximately?",
             "pixels of the class by the area of a pixel", _MAP),
        Kind("AS_3_3_4", _T.CHOICE, "Which land cover has the largest area in the image?",
             "pixels of each class; the first leads whatever is unlabelled", _MAP),
        Kind("AS_3_3_5", _T.YES_NO, "Is more of the image covered by {first} than by {second}?",
             "pixels of two classes; one leads whatever is unlabelled", _MAP),
        Kind("AS_3_3_6", _T.CHOICE,
             "The image covers {total} square metres of ground. What is the area of the only {thing} in it, "
             "approximately?",
             "the area of the only outline in the window", _THINGS),
        Kind("VPR_4_1_1", _T.CHOICE,
             "What is the area of the {thing} in the red box when a pixel of the image is {size} m wide?",
             "the area of the outline", _THINGS),
        Kind("VPR_4_1_2", _T.COUNT, "How many {things} are there in the red box?",
             "outlines in the box, none cut by it", _THINGS),
        Kind("VPR_4_1_3", _T.CHOICE, "Which land cover takes up most of the red box?",
             "pixels of each class in the box; the first leads whatever is unlabelled", _MAP),
        Kind("VPR_4_1_4", _T.CHOICE, "What share of the red box is {what}?",
             "the share of the class in the box, within the interval whatever is unlabelled", _MAP),
        Kind("AR_4_2_1", _T.YES_NO,
             "The picture has two halves, the same place in {earlier} (left) and in {later} (right). Is the land cover "
             "at the red dot another one in {later} than in {earlier}?",
             "the classes of the pixel at two dates, well inside a patch at both", _TWO_MAPS),
        Kind("AR_4_2_2", _T.CHOICE_OF_IMAGES,
             "Three of the four images show {what}, one shows none. Which image shows none?",
             "shares of the class: not one pixel in one of them, and hardly any unlabelled", _MAP),
        Kind("AR_4_2_3", _T.CHOICE_OF_IMAGES,
             "Three of the four images were taken before {event}, one after it. Which image was taken after it?",
             "the folders of the images", _PAIRS),
        Kind("AR_4_2_4", _T.YES_NO,
             "The halves of the picture show the same place before and after {event}. Was the right half taken after "
             "it?",
             "the folders of the images", _PAIRS),
        Kind("AR_4_2_5", _T.CHOICE_OF_IMAGES,
             "Three of the four images show the same kind of place, one shows another. Which image is the odd one out?",
             "the classes of the scenes", _SCENES),
        Kind("CTR_4_3_1", _T.YES_NO,
             "The halves of the picture show the same place, one in {first} and one in {second}. Was the left half "
             "taken in {second}?", "the dates of the images", _DATES),
        Kind("CTR_4_3_2", _T.CHOICE_OF_IMAGES,
             "Three of the four images were taken in {first}, one in {second}. Which image was taken in {second}?",
             "the dates of the images", "images from two seasons"),
        Kind("PL_4_4_1", _T.CHOICE,
             "Four candidate sites are marked A to D. Which one lies entirely on {what}?",
             "the classes of all pixels of each site", _MAP),
        Kind("PL_4_4_2", _T.CHOICE, "Four places are marked A to D. From which one is it the shortest way to {what}?",
             "the distance from the centre of each place to the nearest pixel of the class", _MAP),
        Kind("PL_4_4_3", _T.CHOICE,
             "A crew needs to stay away from {things}. Which of the places A to D is farthest from any of them?",
             "the distance from the centre of each place to the nearest outline", _THINGS),
    )
}  # fmt: skip
"""All kinds by their code."""
