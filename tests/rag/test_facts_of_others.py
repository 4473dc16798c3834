"""What a sentence says of another thing, or of another time, is no answer, however near it stands."""

import pytest
from test_facts import told  # type: ignore[import-not-found] # beside this file

from rsvlm.rag import Chunk

IT = "The stone viaduct over the river Wend was finished in 1888. It is 340 m long and 30 m high."
BESIDE = "The Orm is 96 km long, and its main tributary is the Sill."
EACH = "Farby has 12 wells and Tolby has 7."
OF_WHICH = "In 2018 the yard built 46 boats, of which 19 were ferries."
MERGED = "The hamlet of Lunby, which joined Norhavn in 1964, has 830 inhabitants."
SINCE = "Herons have nested here since 1977; in 2015 there were 22 nests."
FEWER = "The parish has 4,120 inhabitants, 310 fewer than twenty years ago."
HALL = "The old corn hall (built in 1802, burnt in 1931) stood where the swimming hall is today."
RUMOUR = "Legend has it that the fort had 300 guns; in fact it had 48."
PLAN = "If money is granted, a planetarium will be built in 2034."
RUNWAY = "Dale Airport has one runway of 1,420 m."


@pytest.mark.parametrize(
    ("question", "text", "short"),
    [
        ("How long is the viaduct over the Wend?", IT, "340 m"),
        ("How high is the stone viaduct?", IT, "30 m"),
        ("How long is the Orm?", BESIDE, "96 km"),
        ("How many wells does Farby have?", EACH, "12"),
        ("How many wells does Tolby have?", EACH, "7"),
        ("How many boats did the yard build in 2018?", OF_WHICH, "46"),
        ("How many of the boats built in 2018 were ferries?", OF_WHICH, "19"),
        ("How many ferries did the yard build in 2018?", OF_WHICH, "19"),
        ("How many inhabitants does Lunby have?", MERGED, "830 inhabitants"),
        ("How many nests were there in 2015?", SINCE, "22"),
        ("How many inhabitants does the parish have?", FEWER, "4,120 inhabitants"),
        ("When was the old corn hall built?", HALL, "1802"),
        ("How many guns did the fort have?", RUMOUR, "48"),
        ("When will the planetarium be built?", PLAN, PLAN),
        ("How many runways does Dale Airport have?", RUNWAY, "one"),
        ("How long is the pier?", "The pier is not 120 but 135 m long.", "135 m"),
        ("How long was the road shut?", "The road was shut for nine days in May 2019.", "nine days"),
    ],
)
def test_what_is_asked_is_told(question: str, text: str, short: str) -> None:
    found = told(question, text)
    assert found.known, found.text
    assert found.short == short


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How long is the river Wend?", IT),
        ("How long is the Wend?", IT),
        ("How long is the Sill?", BESIDE),
        ("How many inhabitants did Lunby have in 1964?", MERGED),
        ("How many nests of herons were there in 1977?", SINCE),
        ("How many inhabitants did the parish have twenty years ago?", FEWER),
        ("When was the swimming hall built?", HALL),
        ("When was the planetarium built?", PLAN),
        (
            "How long did the ferry run?",
            "The bridge is 340 m long and replaced a ferry that had run for long.",
        ),
        (
            "How much does the Wend ferry cost?",
            "The bridge cost 9 million crowns and replaced the Wend ferry.",
        ),
        ("Who painted the old barn?", "The old barn was painted in 1987 and is 9 m high."),
        ("Which mill was built first?", "The mill was built in 1870."),
        ("Where is the sewage of Norhavn treated?", "The sewage is treated in the plant at Norhavn."),
        ("When was Tarnby closed?", "The quarry at Tarnby was closed in 2004."),
        ("When was Tarnby built?", "Gravel comes by the Tarnby sluice, built in 1954."),
        ("What was the value at Norhavn in 2018?", "Norhavn grew by 340 people in 2018."),
    ],
)
def test_what_is_of_another_is_not_told(question: str, text: str) -> None:
    found = told(question, text)
    assert not found.known, found.text


def test_sources_that_contradict_each_other_are_both_told() -> None:
    found = told(
        "Who is the warden of Norhavn?",
        "The warden of Norhavn is Ole Berg.",
        "The warden of Norhavn is Eva Lind.",
    )
    assert not found.known
    assert "Ole Berg" in found.text
    assert "Eva Lind" in found.text
    again = told(
        "Who is the warden of Norhavn?",
        "The warden of Norhavn is Ole Berg.",
        "The warden of Norhavn is Ole Berg.",
    )
    assert again.known


DIARY = "3 April 2017. Calm and dry. Transect C: 28 godwits, 6 ruffs.\n\n9 April 2017. Rain. 17 godwits."


@pytest.mark.parametrize(
    ("question", "text", "short"),
    [
        ("Who is Norhavn's harbour master?", "port: Norhavn; harbour master: Ole Berg", "Ole Berg"),
        (
            "What was the water temperature at Sund?",
            "station: Sund; water_temp_c: 7.5; air_temp_c: 12",
            "7.5",
        ),
        ("What was the maximum gauge at Sund?", "station: Sund; min_gauge_cm: 12; max_gauge_cm: 75", "75"),
        ("How many oaks did the gale fell?", "The gale felled some 340 oaks.", "340"),
        ("How high is Mount Orr?", "The highest point is Mount Orr, 512 m above the sea.", "512 m"),
        ("How old is the yew of Lunby?", "The yew of Lunby is thought to be 900 years old.", "900 years old"),
        ("How many godwits were counted on 3 April 2017?", DIARY, "28"),
        ("How many godwits were counted on 9 April 2017?", DIARY, "17"),
        ("How many godwits were counted on 9 April?", DIARY, "17"),
        ("How long is the river Orm?", "The Orm is 96 km long.", "96 km"),
    ],
)
def test_other_words_for_the_same_are_found(question: str, text: str, short: str) -> None:
    found = told(question, text)
    assert found.known, found.text
    assert found.short == short


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How many godwits were counted on 5 April 2017?", DIARY),
        ("How many godwits were counted on 5 April?", DIARY),
        ("Who was warden of Norhavn before Eva Lind?", "The warden of Norhavn, Eva Lind, came in May 2014."),
        ("How many ruffs were counted on 9 April 2017?", DIARY),
        ("How high is Mount Orr?", "The road to Mount Orr begins in Sund, 40 m above the sea."),
    ],
)
def test_another_day_or_place_is_not_told(question: str, text: str) -> None:
    found = told(question, text)
    assert not found.known, found.text


def test_the_name_of_a_file_tells_what_its_sentences_are_about() -> None:
    text = "The warden, Ole Berg, came in 2014. The tower was built in 1999."
    report = Chunk("reports", "norhavn_report_2020.pdf, page 1, 2", text)
    assert "Ole Berg" in told("Who is the warden of Norhavn?", report).text
    assert not told("When was Norhavn built?", report).known
    assert not told("Who is the warden of Sund?", report).known
