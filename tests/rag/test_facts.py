"""A fact is quoted when it is that of the question, and never that of another place, month or variable."""

from datetime import UTC, datetime

import pytest
from seeing import without_images  # type: ignore[import-not-found] # beside this file

from rsvlm.rag import Chunk, Evidence
from rsvlm.rag.composer.facts import fact
from rsvlm.rag.composer.finding import Finding
from rsvlm.rag.composer.names import is_named
from rsvlm.rag.composer.statements import statements_of
from rsvlm.rag.questions import understand


def told(question: str, *chunks: Chunk | str) -> Finding:
    """What is answered from these chunks, the first of them ranked first."""
    listed = [
        one if isinstance(one, Chunk) else Chunk("notes.md", f"part {n}", one) for n, one in enumerate(chunks)
    ]
    evidence = [Evidence(n, one, score=1 / n) for n, one in enumerate(listed, 1)]
    [asked] = understand(question)
    return fact(asked, without_images(lambda words, k: evidence[:k]))


LANDMARK = (
    "Name: Piazza Navona; Category: Square; Location: Rome, Italy; Construction_Period: 1644-1655\n"
    "Historical_Background: Built on the site of the Stadium of Domitian."
)
MONTHLY = "monthly expert knowledge - of 2019 March:\nALBEDO: 0.16; NDVI: 0.31; TS: -3.5°C"


@pytest.mark.parametrize(
    ("question", "text", "short"),
    [
        ("What was the ALBEDO of Piazza Navona in March 2019?", "Piazza Navona: ALBEDO in March 2019: 0.16", "0.16"),
        ("Piazza Navona: give me the TS of March 2019", f"Piazza Navona: {MONTHLY}", "-3.5°C"),
        ("what is the ndvi of piazza navona in mar 2019", f"Piazza Navona: {MONTHLY}", "0.31"),
        ("When was Piazza Navona built?", LANDMARK, "1644-1655"),
        ("Where is Piazza Navona located?", LANDMARK, "Rome, Italy"),
        ("What is the population of Vaduz?", "Vaduz, a town; population 5,696.", "5,696"),
        ("When was the Old Bridge built?", "The Old Bridge is of stone. It was built in 1788.", "1788"),
        ("What is NDWI?", "NDWI, the water index of McFeeters, is high over water: above 0. NDWI also rises on roofs.",
         "NDWI, the water index of McFeeters, is high over water: above 0."),
        ("How long is a runway?", "A runway is 30 to 60 m wide and often more than 1800 m long.", "1800 m"),
        ("How wide is a runway?", "A runway is 30 to 60 m wide and often more than 1800 m long.", "30 to 60 m"),
        ("How long is the Ems Tunnel?", "The Ems Tunnel is 12 km long and 3 km wide.", "12 km"),
        ("How many people live in Altdorf?", "Altdorf has 12 500 inhabitants and covers 34 km2.", "12 500 inhabitants"),
        ("How large is Altdorf?", "Altdorf has 12 500 inhabitants and covers 34 km2.", "34 km2"),
        ("How large is Lake Moos?", "Lake Moos covers 1'250 ha.", "1'250 ha"),
        ("How large is Lake Moos?", "Lake Moos covers 1\u202f250.5 ha.", "1\u202f250.5 ha"),
        ("How many people live in Altdorf?", "In 2019 123 people lived in Altdorf.", "123 people"),
        ("What is the depth of WELL-17?", "WELL-17: depth m: 48.2; aquifer: Karst", "48.2"),
        # in other words
        ("Tell me how deep WELL-17 is", "WELL-17: depth m: 48.2; aquifer: Karst", "48.2"),
        ("Which satellite acquired SC-6?", "scene: SC-6; satellite: Landsat; acquired: 2023-07-18", "Landsat"),
        ("What region does SC-6 show?", "scene: SC-6; region: Huesca; acquired: 2023-07-18", "Huesca"),
        ("What kind of habitat is Curlew Sands?", "name: Curlew Sands; habitat: mudflat; area: 12", "mudflat"),
        ("who runs HG07?", "station: HG07; river: Esk; operator: Rivers Trust", "Rivers Trust"),
        ("How high above sea level is Ash Ghyll?", "name: Ash Ghyll; river: Esk; elevation m: 367", "367"),
        ("When did Tannery Park open?", "park: Tannery Park; opened: 2009; area: 12", "2009"),
        ("When was North Forty sown?", "field: North Forty; sowing date: 2021-10-04; area: 12", "2021-10-04"),
        ("What is the pixel size of SC-6?", "scene: SC-6; gsd m: 30", "30"),
        ("Where are the finds kept?", "The finds are kept in Rasheen.", "The finds are kept in Rasheen."),
        ("Who is the head of the Forest Service?", "The woods are run by the Forest Service, headed by Carmen Adeyemi.",
         "The woods are run by the Forest Service, headed by Carmen Adeyemi."),
        ("How deep is WELL-17?", "WELL-17: aquifer: Karst; depth m: 48.2", "48.2"),
    ],
)  # fmt: skip
def test_told_to_the_last_digit(question: str, text: str, short: str) -> None:
    found = told(question, text)
    assert found.known, found.text
    assert found.short == short
    assert found.evidence[0].quote in text.replace("\n", " ") or found.evidence[0].quote in text


@pytest.mark.parametrize(
    ("question", "text"),
    [
        # another place, a longer name, a part of the name
        ("What was the ALBEDO of Piazza Navona in March 2019?", "Piazza Venezia: ALBEDO in March 2019: 0.16"),
        ("What was the NDVI of White River in May 2019?", "White River Forest: NDVI in May 2019: 0.5"),
        ("What was the NDVI of White River Forest in May 2019?", "White River: NDVI in May 2019: 0.5"),
        # another month, another year, no month at all
        ("What was the ALBEDO of Piazza Navona in April 2019?", "Piazza Navona: ALBEDO in March 2019: 0.16"),
        ("What was the ALBEDO of Piazza Navona in March 2020?", "Piazza Navona: ALBEDO in March 2019: 0.16"),
        ("What was the ALBEDO of Piazza Navona in March 2019?", "Piazza Navona: ALBEDO: 0.16"),
        ("How deep is WELL-18?", "WELL-17: aquifer: Karst; depth m: 48.2"),
        # nothing that the row has, and what flies over a place
        ("What about WELL-17?", "WELL-17: aquifer: Karst; depth m: 48.2"),
        ("How high is Tell Harmush?", "Drone flights over Tell Harmush were made at 80 m height."),
        ("How deep is WELL-17?", "WELL-17: aquifer: Karst; yield: 48.2"),
        # another variable of the right place and month
        ("What was the EVLAND of Piazza Navona in March 2019?", f"Piazza Navona: {MONTHLY}"),
        # another thing that is said of it, and another thing of which it is said
        ("When was the New tower built?", "The Old tower was built in 1800. The Red tower was built in 1802."),
        ("When was the blue tower built?", "The red tower was built in 1802."),
        ("Who owns the harbour of Atlantis?", "The harbour of Vineta is owned by the city."),
        ("How many people live in Vaduz?", "Vaduz is a town on the Rhine."),
        # no value
        ("What was the TS of Piazza Navona in March 2019?", "The TS of Piazza Navona in March 2019 is not known."),
    ],
)  # fmt: skip
def test_what_is_another_fact_is_not_told(question: str, text: str) -> None:
    found = told(question, text)
    assert not found.known, found.text


def test_the_right_fact_wins_over_one_that_is_ranked_first() -> None:
    found = told(
        "What was the ALBEDO of Piazza Navona in March 2019?",
        "Piazza Venezia: ALBEDO in March 2019: 0.11", "Piazza Navona: ALBEDO in April 2019: 0.12",
        "Piazza Navona: NDVI in March 2019: 0.13", "Piazza Navona: ALBEDO in March 2019: 0.14",
    )  # fmt: skip
    assert found.short == "0.14"
    assert found.evidence[0].chunk.where == "part 3"


def test_time_and_place_of_a_chunk_count() -> None:
    march = Chunk(
        "rswk.json", "Piazza Navona, monthly 3", "ALBEDO: 0.16", datetime=datetime(2019, 3, 1, tzinfo=UTC)
    )
    assert told("What was the ALBEDO of Piazza Navona in March 2019?", march).short == "0.16"
    assert not told("What was the ALBEDO of Piazza Navona in April 2019?", march).known


@pytest.mark.parametrize(
    ("name", "text", "has"),
    [
        ("White River", "the White River flows", True),
        ("White River", "the White River Forest", False),
        ("River", "White River", False),
        ("Þórsmörk", "In Þórsmörk, a valley", True),
        ("Rome", "Rome, Italy", True),
        ("Eiffel Tower", "the Eiffel-Tower", True),
        ("Eiffel", "", False),
    ],
)
def test_names(name: str, text: str, has: bool) -> None:
    assert is_named(name, text) is has


def test_statements() -> None:
    text = "Climate: It rains much (cf. Smith et al. 2019). In 2.5 years it rained 3 m. They like it."
    found = statements_of(text, "town.md, Climate, 1")
    assert [one.text for one in found] == [
        "It rains much (cf. Smith et al. 2019).", "In 2.5 years it rained 3 m.", "They like it.",
    ]  # fmt: skip
    assert found[0].context == "Climate"
    assert found[2].context == "Climate\nIn 2.5 years it rained 3 m."
    assert [(one.name, one.value) for one in statements_of("A: 1; B_2: x y\n", "")] == [
        ("A", "1"),
        ("B_2", "x y"),
    ]
    assert statements_of("", "") == []
