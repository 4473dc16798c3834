"""Tags outside of the vocabulary: which are asked about, what the two stages say, what extends the vocabulary."""

import hashlib
import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvlm.captioning.errors import CaptioningError
from rsvlm.captioning.unknown import InferredTag, extended, infer_tags
from rsvlm.captioning.unknown.classifier import (
    STEPS,
    TagClassifier,
    gsd_steps,
    load_classifier,
    logistic,
    read_classifier,
    write_classifier,
)
from rsvlm.captioning.unknown.infer import classify, tag_vectors
from rsvlm.captioning.unknown.words import is_candidate, key_kinds, tag_words
from rsvlm.models.sentences import SENTENCES_SHA256
from rsvlm.vocabularies import load_tags
from rsvlm.vocabularies.osm import GSD_CLASSES

TAGS = load_tags()
KINDS = key_kinds(TAGS)
INFO = {"known_key": 0.9, "new_key": 0.95, "sure": 0.6}


def first_letter(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Vectors of two numbers: whether a text begins with "s" (a sight), and its length in tens."""
    return np.array([(text.startswith("s"), len(text) / 10) for text in texts], np.float32)


def made(seen: list[float], coarser: list[float]) -> TagClassifier:
    weights = np.tile(np.array(coarser, np.float32), (STEPS, 1))
    return read_classifier(write_classifier(np.array(seen, np.float32), weights, INFO), "made")


def test_key_and_value_are_put_into_words() -> None:
    assert tag_words("roof:shape", "half-hipped") == ("roof shape half hipped", "roof shape", "half hipped")
    assert tag_words("man_made", "storage_tank").tag == "man made storage tank"


@pytest.mark.parametrize(
    "tag", ["amenity=scout_hut", "roof:material=brick", "snow_fence=lattice", "canopy=yes"]
)
def test_words_are_asked_about(tag: str) -> None:
    key, _, value = tag.partition("=")
    assert is_candidate(key, value, KINDS, TAGS)


@pytest.mark.parametrize(
    "tag",
    [
        "amenity=school",  # known
        "name=school", "old_name=tower", "bridge:name=tower", "addr:place=tower", "source=imagery", "website=tower",
        "ref:x=tower", "uic_ref=tower", "contact:phone=home", "opening_hours:kitchen=late", "operator:type=tower",
        "wikidata=tower", "playground=12", "roof:colour=#ffffff", "tourism=Balzers", "location=PLACE",
        "sport=soccer;basketball", "sport=bogenschießen", "landuse=a wood with a long name", "amenity=x",
        "construction:landuse=basin", "aerialway=disused", "closed:shop=car", "amenity=no", "cycleway:left=none",
        "covered=colonnade",  # a key without any sight
        "Zone=tower", "traffic:hourly:13=tower", "e-road=link", "amenity=https://tower", "building=",
    ],
)  # fmt: skip
def test_names_numbers_and_what_is_not_there_are_not(tag: str) -> None:
    key, _, value = tag.partition("=")
    assert not is_candidate(key, value, KINDS, TAGS)


@given(st.text(max_size=20), st.text(max_size=40))
def test_any_text_can_be_asked_about(key: str, value: str) -> None:
    if is_candidate(key, value, KINDS, TAGS):
        assert value.isascii()
        assert TAGS.entry(key, value) is None


def test_the_kind_of_a_key_is_that_of_most_of_its_sights() -> None:
    assert (KINDS["amenity"], KINDS["surface"], KINDS["lanes"], KINDS["name"]) == (
        "object",
        "adjective",
        "detail",
        "",
    )


def test_sums_of_both_stages_by_hand() -> None:
    classifier = made([1.0, 0.0, 0.0, 0.0, 2.0, 0.0, -1.0], [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    vectors = tag_vectors([("sty", "shed"), ("amenity", "hut")], first_letter)
    assert vectors.shape == (2, 3, 2)
    assert classifier.scores(vectors) == pytest.approx([1 / (1 + np.exp(-2.0)), 1 / (1 + np.exp(1.0))])
    # steps: sigmoid(0.4) = 0.599 is not above 0.6, sigmoid(0.3) neither
    assert classifier.max_gsd(vectors).tolist() == [0.1, 0.1]
    longer = tag_vectors([("sty", "shelter")], first_letter)  # sigmoid(0.7) = 0.668
    assert classifier.max_gsd(longer).tolist() == [10.0]


def test_a_step_counts_only_after_all_before_it() -> None:
    rows = np.array([[0.9, 0.9, 0.2, 0.9], [0.1, 0.9, 0.9, 0.9], [0.9, 0.9, 0.9, 0.9]])
    assert gsd_steps(rows, 0.8).tolist() == [2, 0, 4]
    assert [GSD_CLASSES[step] for step in gsd_steps(rows, 0.8)] == [0.6, 0.1, 10.0]


def test_logistic_of_large_numbers() -> None:
    assert logistic(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]


def test_each_kind_of_key_has_its_own_limit() -> None:
    classifier = made([0.0, 0.0, 0.0, 0.0, 2.5, 0.0, 0.0], [0.0] * 6 + [1.0])  # score 0.924 of values with s
    found = classify(
        [("amenity", "shed"), ("amenity", "hut"), ("zzz", "shed")], KINDS, classifier, first_letter
    )
    assert found == [InferredTag("amenity", "shed", 0.924, 10.0, "object", "amenity shed")]
    surer = made([0.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0], [0.0] * 6 + [1.0])
    assert [tag.kind for tag in classify([("zzz", "shed")], KINDS, surer, first_letter)] == ["detail"]


def test_an_encoder_of_another_size_is_refused() -> None:
    with pytest.raises(CaptioningError, match="vectors of 2 numbers, the tag classifier reads 384"):
        classify([("amenity", "shed")], KINDS, load_classifier(), first_letter)


def test_without_encoder_unknown_tags_are_counted() -> None:
    found = infer_tags({"amenity=scout_hut": 3, "name=x": 1}, TAGS, None)
    assert (found.met, found.asked, found.tags, found.record) == (2, 0, (), "none")


def test_the_vocabulary_with_inferred_tags() -> None:
    hut = InferredTag("amenity", "scout_hut", 0.97, 0.6, "object", "amenity scout hut")
    liner = InferredTag("lining", "clay", 0.97, 1.0, "detail", "lining clay")
    more = extended((hut, liner))
    assert more.digest != TAGS.digest
    tags = {"amenity": "scout_hut", "lining": "clay", "roof:shape": "flat"}
    assert list(more.visible(tags, 0.5)) == ["amenity", "roof:shape", "lining"]
    assert more.visible(tags, 1.0) == {}
    assert more.visible({"lining": "clay"}, 0.5) == {}
    assert TAGS.visible(tags, 0.5) == {}
    assert extended(()) is TAGS


def test_the_weights_that_ship() -> None:
    classifier = load_classifier()
    assert classifier.dimension == 384
    assert classifier.seen.dtype == classifier.coarser.dtype == np.float32
    assert classifier.info["encoder"] == f"sha256:{SENTENCES_SHA256[:16]}"
    assert classifier.info["visible"]["values"]["limit"] == classifier.known_key < classifier.new_key
    assert 0.5 < classifier.sure < 1


def test_damaged_weights_are_refused_in_one_line() -> None:
    whole = write_classifier(np.zeros(7, np.float32), np.zeros((STEPS, 7), np.float32), INFO)
    pickled = io.BytesIO()
    np.savez(pickled, seen=np.array([print], object))
    wrong = write_classifier(np.zeros(7, np.float32), np.zeros((STEPS, 6), np.float32), INFO)
    lacking = write_classifier(np.zeros(7, np.float32), np.zeros((STEPS, 7), np.float32), {})
    for content in (b"", b"x", whole[:100], pickled.getvalue(), wrong, lacking):
        with pytest.raises(CaptioningError, match="is no weights file of the tag classifier") as caught:
            read_classifier(content, "weights")
        assert "\n" not in str(caught.value)
    assert read_classifier(whole, "weights").version == hashlib.sha256(whole).hexdigest()[:16]
