"""Templates: one place for the class in each, and the authors' own sets."""

import string
from pathlib import Path

import numpy as np
import pytest

from rsvlm.vocabularies import VocabularyError, template_set, template_set_names


@pytest.mark.parametrize("name", template_set_names())
def test_every_template_has_one_place_for_the_class(name: str) -> None:
    templates = template_set(name)
    assert templates
    assert len(set(templates)) == len(templates)
    for template in templates:
        fields = [
            field for _, field, spec, conversion in string.Formatter().parse(template) if field is not None
        ]
        assert fields == [""]
        assert template.format("river").count("river") == 1
        assert template == " ".join(template.split())


def test_the_named_sets_are_there_with_their_sizes() -> None:
    sizes = {name: len(template_set(name)) for name in template_set_names()}
    assert sizes == {
        "default": 5,
        "skyscript": 2,
        "skyscript-roof": 2,
        "skyscript-road": 2,
        "clip-benchmark-eurosat": 3,
        "clip-benchmark-resisc45": 4,
        "georsclip": 105,
        "rs-transclip": 106,
    }


def test_published_templates_stand_as_written() -> None:
    assert template_set("skyscript") == ("a satellite photo of {}.", "a satellite image of {}")
    assert template_set("skyscript-roof") == (
        "a satellite photo of building, {}.",
        "a satellite image of building, {}",
    )
    assert template_set("skyscript-road") == (
        "a satellite photo of road, {}.",
        "a satellite image of road, {}",
    )
    assert template_set("clip-benchmark-eurosat") == (
        "a centered satellite photo of {}.",
        "a centered satellite photo of a {}.",
        "a centered satellite photo of the {}.",
    )
    assert template_set("clip-benchmark-resisc45") == (
        "a sattelite image of {}",
        "an aerial view of {}",
        "a sattelite photo of {}",
        "{} from above",
    )


def test_georsclip_is_35_patterns_for_three_names_of_an_image_in_its_order() -> None:
    templates = template_set("georsclip")
    assert templates[:8] == (
        "a remote sensing image of many {}.",
        "a remote sensing image of a {}.",
        "a remote sensing image of the {}.",
        "a remote sensing image of the hard to see {}.",
        "a remote sensing image of a hard to see {}.",
        "a low resolution remote sensing image of the {}.",
        "a low resolution remote sensing image of a {}.",
        "a bad remote sensing image of the {}.",
    )
    assert templates[34:37] == (
        "a remote sensing image of a cool {}.",
        "an aerial image of many {}.",
        "an aerial image of a {}.",
    )
    assert templates[41] == "a low resolution aerial image of a {}."
    assert templates[-1] == "a satellite image of a cool {}."
    patterns = [
        t.replace("an aerial image", "a satellite image").replace("aerial", "satellite")
        for t in templates[35:70]
    ]
    assert patterns == list(templates[70:])


def test_rs_transclip_is_one_more() -> None:
    assert template_set("rs-transclip") == ("a satellite photo of a {}.", *template_set("georsclip"))


def test_an_unknown_set_is_one_line_with_the_known() -> None:
    with pytest.raises(
        VocabularyError, match=r"no template set 'clip'; there are default, skyscript, .*rs-transclip"
    ) as info:
        template_set("clip")
    assert "\n" not in str(info.value)


def test_the_prompts_of_the_real_embeddings_are_ours(data_dir: Path) -> None:
    for file in sorted((data_dir / "whurs19-embeddings").glob("*.npz")):
        prompts = [prompt.replace("_", " ") for prompt in np.load(file)["prompts"]]
        assert sorted(f"{prompt} {{}}." for prompt in prompts) == sorted(template_set("rs-transclip"))
