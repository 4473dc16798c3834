"""Protocols: what each paper puts into its templates, and how it makes a class vector of them."""

import pickle

import pytest

from rsvlm.vocabularies import (
    VocabularyError,
    protocol,
    protocol_names,
    template_set,
    vocabulary,
    vocabulary_from_classes,
    vocabulary_names,
)


def words(name: str, set_name: str) -> list[str]:
    return [" / ".join(each) for each in protocol(name).class_words(vocabulary(set_name))]


def test_the_protocols_are_there_ours_first() -> None:
    assert protocol_names() == ("rsvlm", "skyscript", "georsclip", "clip-benchmark", "rs-transclip")


@pytest.mark.parametrize("name", ["rsvlm", "skyscript", "georsclip", "clip-benchmark", "rs-transclip"])
@pytest.mark.parametrize("set_name", vocabulary_names())
def test_every_protocol_has_words_and_templates_for_every_set(name: str, set_name: str) -> None:
    found = vocabulary(set_name)
    every = protocol(name).class_words(found)
    assert len(every) == len(found.names)
    assert all(each and all(word.strip() for word in each) for each in every)
    assert len(set(every)) == len(every)
    assert all("{}" in template for template in protocol(name).template_strings(found))


def test_only_georsclip_averages_vectors_as_the_model_gives_them() -> None:
    assert {name: protocol(name).averaging for name in protocol_names()} == {
        "rsvlm": "normalized",
        "skyscript": "normalized",
        "georsclip": "raw",
        "clip-benchmark": "normalized",
        "rs-transclip": "normalized",
    }


def test_the_papers_multiply_by_100_and_ours_by_what_the_model_learned() -> None:
    assert [protocol(name).logit_scale for name in protocol_names()] == [None, 100.0, 100.0, 100.0, 100.0]
    assert all("bicubic" in protocol(name).crop for name in protocol_names())
    assert all(protocol(name).citation for name in protocol_names())


def test_ours_uses_all_words_in_the_templates_of_the_set() -> None:
    eurosat = vocabulary("eurosat")
    assert protocol("rsvlm").class_words(eurosat) == [c.words for c in eurosat.classes]
    assert protocol("rsvlm").template_strings(eurosat) == template_set("default")
    assert protocol("rsvlm").template_strings(vocabulary("skyscript-surface")) == template_set(
        "skyscript-road"
    )


def test_clip_benchmark_has_its_own_words_for_eurosat() -> None:
    assert words("clip-benchmark", "eurosat") == [
        "annual crop land",
        "forest",
        "brushland or shrubland",
        "highway or road",
        "industrial buildings or commercial buildings",
        "pasture land",
        "permanent crop land",
        "residential buildings or homes or apartments",
        "river",
        "lake or sea",
    ]
    templates = protocol("clip-benchmark").template_strings(vocabulary("eurosat"))
    assert templates == template_set("clip-benchmark-eurosat")


def test_clip_benchmark_takes_names_as_they_are() -> None:
    assert words("clip-benchmark", "resisc45") == list(vocabulary("resisc45").names)
    for name in ("resisc45", "aid"):
        templates = protocol("clip-benchmark").template_strings(vocabulary(name))
        assert templates == template_set("clip-benchmark-resisc45")


def test_georsclip_leaves_glued_names_glued() -> None:
    assert words("georsclip", "eurosat")[:4] == ["annualcrop", "forest", "herbaceousvegetation", "highway"]
    assert words("georsclip", "resisc45")[2:4] == ["baseball diamond", "basketball court"]
    assert words("georsclip", "aid")[:3] == ["airport", "bareland", "baseballfield"]
    own = vocabulary_from_classes(["Road/Rail_line"])
    assert protocol("georsclip").class_words(own) == [("road rail line",)]
    assert len(protocol("georsclip").template_strings(own)) == 105


def test_rs_transclip_puts_spaces_between_words() -> None:
    whu = words("rs-transclip", "whu-rs19")
    assert (whu[6], whu[15], whu[3]) == ("football field", "railway station", "commercial")
    assert words("rs-transclip", "eurosat")[-1] == "sea or lake"
    assert words("rs-transclip", "resisc45")[2] == "baseball diamond"
    assert words("rs-transclip", "patternnet")[21] == "oil gas field"
    assert words("rs-transclip", "rsi-cb256")[21] == "parking lot"
    assert words("rs-transclip", "ucmerced")[13] == "mobile home park"  # not among its sets: by its rule
    first = protocol("rs-transclip").template_strings(vocabulary("whu-rs19"))[0]
    assert first.format(whu[6]) == "a satellite photo of a football field."


def test_skyscript_has_two_templates_and_others_for_roofs_and_roads() -> None:
    assert protocol("skyscript").template_strings(vocabulary("aid")) == template_set("skyscript")
    assert protocol("skyscript").template_strings(vocabulary("skyscript-roof-shape")) == template_set(
        "skyscript-roof"
    )
    assert protocol("skyscript").template_strings(vocabulary("skyscript-smoothness")) == template_set(
        "skyscript-road"
    )
    assert words("skyscript", "skyscript-smoothness")[-1] == "very bad"
    assert words("skyscript", "aid")[1:3] == ["bare land", "baseball field"]
    assert words("skyscript", "fmow")[30] == "multi-unit residential"


def test_splits_are_those_of_the_papers() -> None:
    skyscript = protocol("skyscript")
    sets = (
        "aid",
        "eurosat",
        "fmow",
        "resisc45",
        "patternnet",
        "million-aid",
        "rsi-cb256",
        "skyscript-surface",
        "ucmerced",
    )
    assert [skyscript.split(vocabulary(name)) for name in sets] == [
        *("test", "test", "val", "train", "train", "train", "train", "test"),
        None,
    ]
    assert protocol("clip-benchmark").split(vocabulary("eurosat")) == "test"
    assert protocol("georsclip").split(vocabulary("aid")) == "all"
    assert protocol("rs-transclip").split(vocabulary("whu-rs19")) == "all"


@pytest.mark.parametrize("name", protocol_names())
def test_a_protocol_can_be_pickled(name: str) -> None:
    again = pickle.loads(pickle.dumps(protocol(name)))
    assert again == protocol(name)
    assert again.class_words(vocabulary("eurosat")) == protocol(name).class_words(vocabulary("eurosat"))


def test_an_unknown_protocol_is_one_line_with_the_known() -> None:
    with pytest.raises(
        VocabularyError, match=r"no protocol 'vtab'; there are rsvlm, skyscript, georsclip"
    ) as info:
        protocol("vtab")
    assert "\n" not in str(info.value)
