"""The words that a sentence which answers a question of fact must share with it."""

import pytest

from rsvlm.rag.questions import HardWords, understand


@pytest.mark.parametrize(
    ("question", "hard"),
    [
        ("What was the ALBEDO of Þórsmörk in March 2019?",
         HardWords(("Þórsmörk",), ("2019",), (2019,), ("2019-03",), ("ALBEDO",))),
        ("According to the remote image, what is the December NDVI value for 2019?",
         HardWords((), ("2019",), (2019,), ("2019-12",), ("NDVI",))),
        ("When was Kisatchie National Forest founded?", HardWords(("Kisatchie National Forest",))),
        ("who designed 'the Big House'", HardWords(("the Big House",))),
        ("wind speed in Feb. 2019", HardWords((), ("2019",), (2019,), ("2019-02",))),
        ("rainfall in 2019-03?", HardWords((), ("2019", "03"), (2019,), ("2019-03",))),
        ("how warm is it in May", HardWords(months=("05",))),
        ("may it rain here?", HardWords()),
        ("WHAT IS THE NAME OF THE LAKE", HardWords()),
        ("What does LC_Type1 mean?", HardWords(codes=("LC_Type1",))),
        ("What is the history of Piazza del Popolo?", HardWords(("Piazza del Popolo",))),
        ("Is this in France?", HardWords(("France",))),
        ("Who lives in Saint-Émilion?", HardWords(("Saint-Émilion",))),
        ("What is the temperature at 3.5 km?", HardWords(numbers=("3.5",))),
    ],
)  # fmt: skip
def test_hard_words(question: str, hard: HardWords) -> None:
    [asked] = understand(question)
    assert asked.kind == "fact"
    assert asked.hard == hard


@pytest.mark.parametrize(
    "question",
    ["Is there a Forest?", "How many Swimming Pools are there", "Count The Ships", "Is it AnnualCrop?"],
)
def test_classes_are_no_names(question: str) -> None:
    [asked] = understand(question)
    assert asked.kind != "fact"
    assert asked.hard.names in ((), ("AnnualCrop",))


def test_names_of_the_sentences_before_belong_to_the_question() -> None:
    [asked] = understand("This is Þórsmörk. What was the ALBEDO in March 2019?")
    assert asked.kind == "fact"
    assert asked.hard.names == ("Þórsmörk",)
