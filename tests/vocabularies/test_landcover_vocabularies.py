"""Vocabularies of land cover, crops, trees and hazards: counts and order against lists written down elsewhere."""

import ast
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from rsvlm.vocabularies import Vocabulary, load_legend, vocabulary
from rsvlm.vocabularies.bigearthnet import bigearthnet_19

# As published
PUBLISHED = {
    "bigearthnet-19": """
        Urban fabric; Industrial or commercial units; Arable land; Permanent crops; Pastures; Complex
        cultivation patterns; Land principally occupied by agriculture, with significant areas of natural
        vegetation; Agro-forestry areas; Broad-leaved forest; Coniferous forest; Mixed forest; Natural
        grassland and sparsely vegetated areas; Moors, heathland and sclerophyllous vegetation; Transitional
        woodland, shrub; Beaches, dunes, sands; Inland wetlands; Coastal wetlands; Inland waters; Marine
        waters
    """,
    "firerisk": "Very Low; Low; Moderate; High; Very High; Non-burnable; Water",
    "forestnet": """
        Oil palm plantation; Timber plantation; Other large-scale plantations; Grassland shrubland;
        Small-scale agriculture; Small-scale mixed plantation; Small-scale oil palm plantation; Mining; Fish
        pond; Logging; Secondary forest; Other
    """,
    "treesatai": """
        Abies; Acer; Alnus; Betula; Cleared; Fagus; Fraxinus; Larix; Picea; Pinus; Populus; Prunus;
        Pseudotsuga; Quercus; Tilia
    """,
    "pastis": """
        meadow; soft_winter_wheat; corn; winter_barley; winter_rapeseed; spring_barley; sunflower;
        grapevine; beet; winter_triticale; winter_durum_wheat; fruits_vegetables_flowers; potatoes;
        leguminous_fodder; soybeans; orchard; mixed_cereal; sorghum
    """,
    "fusu": """
        traffic land; inland water; residential land; cropland; agriculture construction; blank; industrial
        land; orchard; park; public management and service; commercial land; public construction; special;
        forest; storage; wetland; grass
    """,
    "gamus": "ground; low vegetation; buildings; water; road; tree",
    "oam-tcd": "tree; tree canopy",
    "landcover-ai": "Building; Woodland; Water; Road",
    "loveda": "building; road; water; barren; forest; agriculture",
    "worldcover": """
        Tree cover; Shrubland; Grassland; Cropland; Built-up; Bare / sparse vegetation; Snow and ice;
        Permanent water bodies; Herbaceous wetland; Mangroves; Moss and lichen
    """,
    "dynamic-world": """
        water; trees; grass; flooded_vegetation; crops; shrub_and_scrub; built; bare; snow_and_ice
    """,
}
METER_ML = (  # what the labels are in the files, and what the paper calls them
    ("CAFOs", "concentrated animal feeding operation"),
    ("Mines", "Coal Mines"),
    ("Landfills", "Landfills"),
    ("ProcessingPlants", "Natural Gas Processing Plants"),
    ("RefineriesAndTerminals", "Oil Refineries and Petroleum Terminals"),
    ("WWTreatment", "Wastewater Treatment Plants"),
    ("Negative", "Negative"),
)
OURS = (*PUBLISHED, "bigearthnet-43", "meter-ml", "sen4agrinet")


@pytest.mark.parametrize("name", PUBLISHED)
def test_names_and_order_are_the_published_ones(name: str) -> None:
    assert list(vocabulary(name).names) == [" ".join(text.split()) for text in PUBLISHED[name].split(";")]


def test_meter_ml_knows_both_the_labels_of_its_files_and_those_of_its_paper() -> None:
    found = vocabulary("meter-ml")
    assert found.names == tuple(label for label, _ in METER_ML)
    for label, said in METER_ML:
        item = found.by_name(said)
        assert item is not None
        assert item.name == label


def codes(name: str) -> list[object]:
    return [c.code for c in vocabulary(name).classes]


def test_codes_are_those_of_the_masks_and_files() -> None:
    assert codes("pastis") == list(range(1, 19))  # 0 is background, 19 the void label
    assert codes("fusu") == list(range(1, 18))  # 0 is background
    assert codes("gamus") == list(range(1, 7))  # 0 is others
    assert codes("firerisk") == list(range(1, 8))  # 1 to 5 rise in risk
    assert codes("forestnet") == list(range(12))
    assert codes("worldcover") == [10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100]
    assert codes("dynamic-world") == list(range(9))
    assert codes("landcover-ai") == [1, 2, 3, 4]
    assert codes("loveda") == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("name", ["background", "void_label", "others", "no data", "Unknown crops"])
def test_what_cannot_be_recognised_is_no_class(name: str) -> None:
    for found in map(vocabulary, ("pastis", "fusu", "gamus", "sen4agrinet", "worldcover", "loveda")):
        assert name not in found.names
        assert found.by_name(name) is None


def test_images_of_several_labels_are_said_to_have_them() -> None:
    several = {name for name in OURS if vocabulary(name).multi_label}
    assert several == {"bigearthnet-43", "bigearthnet-19", "meter-ml", "treesatai", "oam-tcd"}


@pytest.mark.parametrize(
    ("name", "gsd", "pixels"),
    [
        ("bigearthnet-43", 10, 120),
        ("bigearthnet-19", 10, 120),
        ("firerisk", 1, 270),
        ("meter-ml", 1, 720),
        ("forestnet", 15, 332),
        ("pastis", 10, 128),
        ("sen4agrinet", 10, 61),
        ("oam-tcd", 0.1, 2048),
        ("fusu", 0.23, 512),
        ("treesatai", 0.2, 304),
    ],
)
def test_extent_is_what_the_pixels_of_an_image_cover(name: str, gsd: float, pixels: int) -> None:
    found = vocabulary(name)
    assert found.gsd == gsd
    assert found.extent == pytest.approx(gsd * pixels, rel=0.02)


@pytest.mark.parametrize("name", OURS)
def test_each_says_where_it_comes_from_and_can_be_said(name: str) -> None:
    found = vocabulary(name)
    assert found.title
    assert found.source
    assert (found.url or "").startswith("https://")
    assert any(f"({year})" in (found.citation or "") for year in range(2015, 2027))
    assert any(mark in (found.citation or "") for mark in ("doi:10.", "arXiv "))
    for item in (*found.classes, *found.parents):
        for word in item.words:
            assert word == " ".join(word.split())
            assert not word.endswith(".")
            assert not word.startswith(("a ", "an ", "the "))
            # lower case but for proper names, so that a word reads well within a sentence
            assert word == word.lower() or word.split()[0] in ("Mediterranean", "Douglas")


@pytest.mark.parametrize("name", OURS)
def test_every_name_word_and_code_leads_to_its_class(name: str) -> None:
    found = vocabulary(name)
    for item in found.classes:
        assert found.by_name(item.name) is item
        assert found.by_name(item.name.upper().replace(" ", "_")) is item
        for word in item.words:
            assert found.by_name(word) is item
        if item.code is not None:
            assert found.by_name(str(item.code)) is item


def test_colours_stand_where_the_authors_give_them() -> None:
    coloured = {n for n in OURS if all(c.color is not None for c in vocabulary(n).classes)}
    plain = {n for n in OURS if all(c.color is None for c in vocabulary(n).classes)}
    assert coloured == {"bigearthnet-43", "pastis", "landcover-ai", "loveda", "worldcover", "dynamic-world"}
    assert coloured | plain == set(OURS)
    assert vocabulary("pastis").classes[0].color == (174, 199, 232)
    assert vocabulary("pastis").classes[-1].color == (23, 190, 207)


@pytest.mark.parametrize("name", ["landcover-ai", "loveda", "worldcover", "dynamic-world", "corine"])
def test_a_legend_is_a_vocabulary_too(name: str) -> None:
    found, legend = vocabulary(name), load_legend(name)
    assert found.name == name
    assert (found.gsd, found.licence, found.citation) == (legend.gsd, legend.licence, legend.citation)
    for item in found.classes:
        known = legend.by_code(int(item.code or 0))
        assert known is not None
        assert item.words[0] == known.phrase
        assert (item.name, item.color) == (known.name, known.color)


def torchgeo_constant(module: str, constant: str) -> Any:
    """Return a class constant of torchgeo, read from its source: nothing of it is imported."""
    spec = find_spec("torchgeo")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("torchgeo is not installed: nothing to compare with")
    path = Path(spec.submodule_search_locations[0], "datasets", f"{module}.py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(t, ast.Name) and t.id == constant for t in targets):
            value = getattr(node, "value", None)
            if value is not None:
                return ast.literal_eval(value)
    raise AssertionError(f"{path} has no {constant}")


def plain(names: Any) -> list[str]:
    return [str(name).replace("_", " ").lower() for name in names]


def names(found: Vocabulary) -> list[str]:
    return plain(found.names)


def test_torchgeo_has_the_same_classes_of_bigearthnet() -> None:
    sets = torchgeo_constant("bigearthnet", "class_sets")
    assert list(vocabulary("bigearthnet-43").names) == sets[43]
    assert list(vocabulary("bigearthnet-19").names) == sets[19]


def test_torchgeo_has_the_same_map_from_43_to_19() -> None:
    of_43, of_19 = vocabulary("bigearthnet-43").names, vocabulary("bigearthnet-19").names
    theirs = torchgeo_constant("bigearthnet", "label_converter")
    for index, name in enumerate(of_43):
        assert bigearthnet_19([name]) == ((of_19[theirs[index]],) if index in theirs else ())


def test_torchgeo_has_the_same_crops_and_colours_of_pastis() -> None:
    classes, colors = torchgeo_constant("pastis", "classes"), torchgeo_constant("pastis", "cmap")
    for item in vocabulary("pastis").classes:
        assert isinstance(item.code, int)
        assert classes[item.code] == item.name
        assert colors[item.code][:3] == item.color
    assert len(classes) == len(vocabulary("pastis").classes) + 2


def test_torchgeo_has_the_same_genera() -> None:
    assert list(vocabulary("treesatai").names) == list(torchgeo_constant("treesatai", "classes"))


def test_torchgeo_has_the_same_fire_risks_in_the_order_of_its_folders() -> None:
    assert sorted(names(vocabulary("firerisk"))) == sorted(plain(torchgeo_constant("fire_risk", "classes")))


def test_torchgeo_has_the_same_land_cover_of_landcover_ai_and_loveda() -> None:
    assert names(vocabulary("landcover-ai")) == plain(torchgeo_constant("landcoverai", "classes"))[1:]
    theirs = plain(torchgeo_constant("loveda", "classes"))
    assert names(vocabulary("loveda")) == [name for name in theirs if name not in ("background", "no-data")]
