"""What AgroMind is made of: 4 dimensions, 13 tasks, 11 types of question (arXiv 2505.12207).

The name of a question file says where it belongs: `OC_2_1_4.json` is dimension 2, task 2.1 ("OC"), file 4 of it.
"""

from enum import IntEnum

DIMENSIONS = {
    1: "Spatial Perception",
    2: "Object Understanding",
    3: "Scene Understanding",
    4: "Scene Reasoning",
}

TASKS = {
    "SL": "Spatial Localization",
    "SR": "Spatial Relationship",
    "BD": "Boundary Detection",
    "OC": "Object Classification",
    "PDD": "Pest/Plant Disease Detection",
    "GSR": "Growth Status Recognition",
    "SC": "Scene Comparison",
    "CO": "Counting Objects",
    "AS": "Area Statistics",
    "VPR": "Visual Prompt Reasoning",
    "AR": "Anomaly Reasoning",
    "CTR": "Climate Type Reasoning",
    "PL": "Planning",
}


class QuestionType(IntEnum):
    """The `type_id` of a question: what it shows, and what it asks for."""

    CHOICE = 1
    """One of up to four texts, by letter."""
    COUNT = 2
    """A number."""
    YES_NO = 3
    CHOICE_OF_IMAGES = 4
    """One of four images, by letter."""
    CHOICES_OF_IMAGES = 5
    """All that fit of four images, by letters."""
    CHOICE_OF_MANY = 6
    """One of five to ten texts, by letter."""
    PHRASE = 7
    """Words from a list that the question gives."""
    DIFFERENCE = 8
    """A number that compares two images."""
    CHOICES = 9
    """All that fit of several texts, by letters."""
    FREE_TEXT = 10
    """A short paragraph."""
    BOX = 11
    """Four shares of the image's sides: left, top, right, bottom."""


ONE_LETTER = frozenset({QuestionType.CHOICE, QuestionType.CHOICE_OF_IMAGES, QuestionType.CHOICE_OF_MANY})
MANY_LETTERS = frozenset({QuestionType.CHOICES_OF_IMAGES, QuestionType.CHOICES})
NUMBER = frozenset({QuestionType.COUNT, QuestionType.DIFFERENCE})
OF_IMAGES = frozenset({QuestionType.CHOICE_OF_IMAGES, QuestionType.CHOICES_OF_IMAGES})

TYPE_NAMES = {
    QuestionType.CHOICE: "1 single choice",
    QuestionType.COUNT: "2 count",
    QuestionType.YES_NO: "3 yes/no",
    QuestionType.CHOICE_OF_IMAGES: "4 single choice of images",
    QuestionType.CHOICES_OF_IMAGES: "5 multiple choice of images",
    QuestionType.CHOICE_OF_MANY: "6 single choice of many",
    QuestionType.PHRASE: "7 word or phrase",
    QuestionType.DIFFERENCE: "8 difference",
    QuestionType.CHOICES: "9 multiple choice",
    QuestionType.FREE_TEXT: "10 free text",
    QuestionType.BOX: "11 box",
}
"""As reports call them."""
