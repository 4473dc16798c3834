"""What comes onto the page: nothing that somebody wrote can run there, and links lead to what is there."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hostile import HOSTILE, Reader, check_harmless  # type: ignore[import-not-found] # beside
from PIL import Image

from rsvlm.demo.answers import answer_card, cited_cards, notice, working
from rsvlm.demo.cards import evidence_cards, marked
from rsvlm.demo.escaping import data_address, plain
from rsvlm.demo.pictures import EXAMPLES, Picked, example
from rsvlm.demo.places import evidence_map, hits_map
from rsvlm.demo.views import class_bars, example_buttons, hit_buttons, picked_card
from rsvlm.rag import Answer, Chunk, Evidence
from rsvlm.rag.seen import Seen


def evidence(number: int = 1, **changes: object) -> Evidence:
    chunk = Chunk("guide.md", "page 1", "The quay is 300 m long. Ships moor there.")
    return replace(Evidence(number, chunk, 0.5, 0.4, 0.6, None), **changes)  # type: ignore[arg-type]


def test_plain_text_stays_what_it_is() -> None:
    assert Reader(plain(HOSTILE)).text == HOSTILE.replace("\u202e", "")
    assert Reader(plain("Fläche 3 < 5 & «ok»\nnext")).text == "Fläche 3 < 5 & «ok»\nnext"


def test_what_nobody_sees_is_taken_out_and_what_scripts_need_stays() -> None:
    hidden = "\0\x08\x1b\x7f\x85\x9f\u200b\u202a\u202e\u2060\u2066\u2069\ufeff\U000e0041\U000e007f"
    assert plain(f"a{hidden}b") == "ab"
    for seen in (
        "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\U0001f469\u200d\U0001f33e",
        "a\u200fb",
        "\t\n",
    ):
        assert plain(seen) == seen


def test_hostile_texts_everywhere() -> None:
    chunk = Chunk(
        HOSTILE,
        HOSTILE,
        HOSTILE,
        HOSTILE,
        bbox=(9, 50, 10, 51),
        labels=(HOSTILE,),
        licence=HOSTILE,
        image=HOSTILE,
    )
    one = Evidence(1, chunk, 0.5, quote=HOSTILE)
    answer = Answer(
        HOSTILE, f"{HOSTILE} [1]", evidence=(one,), notes=(HOSTILE,), prompt=HOSTILE, generator=HOSTILE
    )
    seen = Seen(np.zeros((8, 8, 3), np.uint8))
    row = {
        "rank": 1, "key": HOSTILE, "score": 0.5, "image": HOSTILE, "opening": None, "window": None,
        "captions": [HOSTILE], "labels": None, "west": 9.0, "south": 50.0, "east": 9.1, "north": 50.1,
    }  # fmt: skip
    for html in (
        answer_card(answer), evidence_cards([one], cited=True), evidence_map([one], (9, 50, 9.1, 50.1)),
        notice(HOSTILE), working(HOSTILE), hit_buttons([row], 1), hits_map([row]),
        picked_card(Picked(HOSTILE, bands=(HOSTILE,)), seen), class_bars([(HOSTILE, 0.5)], calibrated=False),
    ):  # fmt: skip
        assert check_harmless(html).tags


def test_citations_link_to_their_cards_and_others_do_not() -> None:
    answer = Answer(
        "?", "It is 300 m [1], says one; [7] is not there.", evidence=(evidence(),), confidence=0.8
    )
    html = answer_card(answer)
    assert re.findall(r'href="#([\w-]+)"', html) == ["evidence-1"]
    assert 'id="evidence-1"' in evidence_cards(answer.evidence, cited=True)
    assert Reader(html).text.split("Fairly sure")[0] == "AnswerIt is 300 m [1], says one; [7] is not there."


def test_how_sure_it_is() -> None:
    assert "in 1.5\u00a0s" in answer_card(Answer("?", "Yes.", seconds={"answer": 1.5}))
    assert "0.0" not in answer_card(Answer("?", "Yes.", seconds={"answer": 0.01}))
    assert 'aria-valuenow="80"' in answer_card(Answer("?", "Yes.", confidence=0.8))
    assert "Not calibrated" in answer_card(Answer("?", "Yes.", notes=("Not calibrated.",)))
    assert "Not calibrated" in answer_card(Answer("?", "Yes.", generator="a model"))
    assert "was not measured" in answer_card(Answer("?", "1810."))
    unknown = answer_card(Answer("?", "I don't know.", abstained=True))
    assert "No answer" in unknown
    assert "Not calibrated" not in unknown
    assert "meter" not in unknown


def test_an_answer_and_its_cards_do_not_contradict_each_other() -> None:
    one = evidence()
    cited = cited_cards(Answer("?", "It is 300 m [1].", evidence=(one,)))
    assert cited == evidence_cards([one], cited=True)
    unknown = Answer("?", "I don't know.", evidence=(one,), abstained=True, generator="a model")
    assert "nothing that was found supports one" in answer_card(unknown)
    assert "cites none of this: it is only what was found" in Reader(cited_cards(unknown)).text
    assert cited_cards(replace(unknown, evidence=())) == ""
    seen = Answer("?", "It is a river.")
    assert "what the encoder sees" in cited_cards(seen)
    assert "encoder" not in cited_cards(replace(seen, generator="a model"))


def test_the_quoted_sentence_is_marked() -> None:
    assert marked("A quay. It is\n300 m long. Ships.", "It is 300 m long.") == (
        "A quay. <mark>It is\n300 m long.</mark> Ships."
    )
    long = "x " * 2000 + "Here it is. " + "y " * 2000
    shown = marked(long, "Here it is.")
    assert "<mark>Here it is.</mark>" in shown
    assert len(shown) < 800
    assert shown.startswith("… ")
    words = "alpha bravo charlie delta echo foxtrot golf hotel"
    assert marked(words, "", 20) == "alpha bravo charlie …"  # no part of a word
    assert marked(words, "delta", 20) == "… charlie <mark>delta</mark> echo …"
    assert marked("\u6cb3" * 100, "", 20).startswith("\u6cb3")  # scripts without blanks are not lost
    assert "<mark>" not in marked("A quay.", "Another sentence.")
    assert "<mark>" not in marked("A quay.", "")


def test_a_card_shows_the_picture_of_its_evidence(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20), "red").save(tmp_path / "red.png")
    pictured = evidence(chunk=Chunk("a.md", "1", "Red.", image=str(tmp_path / "red.png")), km=12.34)
    html = evidence_cards([pictured, evidence(2)], cited=True)
    assert html.count("<img") == 1
    assert str(tmp_path) not in html
    assert "12.3 km away" in html
    gone = evidence(chunk=Chunk("a.md", "1", "Gone.", image=str(tmp_path / "gone.png")))
    assert "cannot be opened" in evidence_cards([gone], cited=False)


def test_a_map_links_to_what_is_placed() -> None:
    placed = evidence(3, chunk=Chunk("a.md", "1", "There.", bbox=(9.0, 50.0, 9.1, 50.1)))
    html = evidence_map([evidence(1), placed], (9.2, 50.0, 9.3, 50.1))
    assert re.findall(r'href="#([\w-]+)"', html) == ["evidence-3"]
    assert 'class="here"' in html
    assert evidence_map([evidence(1)], None) == ""


@pytest.mark.parametrize(
    ("bbox", "told"),
    [((179.9, 9, -179.9, 11), "10.0000° N, 180.0000°"), ((-71, -11, -69, -9), "10.0000° S, 70.0000° W")],
)
def test_where_an_image_lies(bbox: tuple[float, float, float, float], told: str) -> None:
    card = picked_card(Picked("a.tif"), Seen(np.zeros((8, 8, 3), np.uint8), bbox=bbox))
    assert f"<dd>{told}</dd>" in card


def test_examples_ship_with_their_place() -> None:
    html = example_buttons()
    for name in EXAMPLES:
        assert f'data-pick="{name}"' in html
        seen = example(name).seen()
        assert seen.picture.shape == (448, 448, 3)
        assert seen.point is not None


def test_pictures_are_small_addresses() -> None:
    picture = np.zeros((2000, 3000, 3), np.uint8)
    assert data_address(picture, 256).startswith("data:image/jpeg;base64,")
    assert len(data_address(picture, 256)) < 4000
