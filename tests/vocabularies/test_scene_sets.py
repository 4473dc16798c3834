"""Scene sets: counts, names and order against lists made elsewhere, and against torchgeo where it is installed."""

import ast
import csv
import re
from importlib.util import find_spec
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rsvlm.vocabularies import template_set, vocabulary
from rsvlm.vocabularies.class_lists import plain_name

# From torchgeo 0.8.1 (EuroSAT, RESISC45, UC Merced, PatternNet, Million-AID), aitlas (WHU-RS19, AID, RSI-CB256), the
# README of fMoW/dataset, the folders of palewithout/RSSCN7 and the paper of SkyScript.
ELSEWHERE = {
    "eurosat": """AnnualCrop Forest HerbaceousVegetation Highway Industrial Pasture PermanentCrop Residential River
        SeaLake""",
    "resisc45": """airplane airport baseball_diamond basketball_court beach bridge chaparral church circular_farmland
        cloud commercial_area dense_residential desert forest freeway golf_course ground_track_field harbor
        industrial_area intersection island lake meadow medium_residential mobile_home_park mountain overpass palace
        parking_lot railway railway_station rectangular_farmland river roundabout runway sea_ice ship snowberg
        sparse_residential stadium storage_tank tennis_court terrace thermal_power_station wetland""",
    "ucmerced": """agricultural airplane baseballdiamond beach buildings chaparral denseresidential forest freeway
        golfcourse harbor intersection mediumresidential mobilehomepark overpass parkinglot river runway
        sparseresidential storagetanks tenniscourt""",
    "whu-rs19": """Airport Beach Bridge Commercial Desert Farmland footballField Forest Industrial Meadow Mountain
        Park Parking Pond Port railwayStation Residential River Viaduct""",
    "aid": """Airport BareLand BaseballField Beach Bridge Center Church Commercial DenseResidential Desert Farmland
        Forest Industrial Meadow MediumResidential Mountain Park Parking Playground Pond Port RailwayStation Resort
        River School SparseResidential Square Stadium StorageTanks Viaduct""",
    "patternnet": """airplane baseball_field basketball_court beach bridge cemetery chaparral christmas_tree_farm
        closed_road coastal_mansion crosswalk dense_residential ferry_terminal football_field forest freeway
        golf_course harbor intersection mobile_home_park nursing_home oil_gas_field oil_well overpass parking_lot
        parking_space railway river runway runway_marking shipping_yard solar_panel sparse_residential storage_tank
        swimming_pool tennis_court transformer_station wastewater_treatment_plant""",
    "million-aid": """apartment apron bare_land baseball_field basketball_court beach bridge cemetery church
        commercial_area dam desert detached_house dry_field forest golf_course greenhouse ground_track_field helipad
        ice_land intersection island lake meadow mine mobile_home_park oil_field orchard paddy_field parking_lot pier
        quarry railway river road rock_land roundabout runway solar_power_plant sparse_shrub_land stadium storage_tank
        substation swimming_pool tennis_court terraced_field train_station viaduct wastewater_plant wind_turbine
        works""",
    "fmow": """airport airport_hangar airport_terminal amusement_park aquaculture archaeological_site barn
        border_checkpoint burial_site car_dealership construction_site crop_field dam debris_or_rubble
        educational_institution electric_substation factory_or_powerplant fire_station flooded_road fountain
        gas_station golf_course ground_transportation_station helipad hospital impoverished_settlement interchange
        lake_or_pond lighthouse military_facility multi-unit_residential nuclear_powerplant office_building
        oil_or_gas_facility park parking_lot_or_garage place_of_worship police_station port prison race_track
        railway_bridge recreational_facility road_bridge runway shipyard shopping_mall single-unit_residential
        smokestack solar_farm space_facility stadium storage_tank surface_mine swimming_pool toll_booth tower
        tunnel_opening waste_disposal water_treatment_facility wind_farm zoo""",
    "rsi-cb256": """airplane airport_runway artificial_grassland avenue bare_land bridge city_building coastline
        container crossroads dam desert dry_farm forest green_farmland highway hirst lakeshore mangrove marina
        mountain parkinglot pipeline residents river river_protection_forest sandbeach sapling sea shrubwood
        snow_mountain sparse_forest storage_room stream town""",
    "rsscn7": "Grass Field Industry RiverLake Forest Resident Parking",
    "skyscript-roof-shape": "flat hipped gabled dome pyramidal round",
    "skyscript-surface": "asphalt concrete grass gravel sand",
}
COUNTS = {
    "eurosat": 10,
    "resisc45": 45,
    "ucmerced": 21,
    "whu-rs19": 19,
    "aid": 30,
    "patternnet": 38,
    "million-aid": 51,
}
COUNTS |= {"fmow": 62, "rsi-cb256": 35, "rsscn7": 7, "skyscript-roof-shape": 6, "skyscript-surface": 5}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_scene_set_has_the_classes_and_the_order_that_others_give_it(name: str) -> None:
    assert list(vocabulary(name).names) == ELSEWHERE[name].split()
    assert len(vocabulary(name).names) == COUNTS[name]


def test_local_climate_zones_have_their_names_order_and_codes() -> None:
    zones = vocabulary("so2sat-lcz42")
    assert list(zones.names) == [
        *("Compact high rise", "Compact mid rise", "Compact low rise", "Open high rise", "Open mid rise"),
        *("Open low rise", "Lightweight low rise", "Large low rise", "Sparsely built", "Heavy industry"),
        *("Dense trees", "Scattered trees", "Bush, scrub", "Low plants", "Bare rock or paved"),
        *("Bare soil or sand", "Water"),
    ]
    assert [c.code for c in zones.classes] == [*range(1, 11), *"ABCDEFG"]
    assert zones.by_name("A") == zones.classes[10]


def test_rsicd_is_aid_and_playfields() -> None:
    names = list(vocabulary("rsicd").names)
    assert len(names) == 31
    assert [name for name in names if name != "playfields"] == ELSEWHERE["aid"].split()
    assert names == sorted(names, key=str.casefold)


def test_smoothness_goes_from_excellent_to_very_bad() -> None:
    assert vocabulary("skyscript-smoothness").names == (
        "excellent",
        "good",
        "intermediate",
        "bad",
        "very bad",
    )


def test_fmow_codes_are_the_numbers_of_the_challenge() -> None:
    """category_names of fMoW/baseline: alphabetical but for impoverished_settlement, false_detection is 0."""
    fmow = vocabulary("fmow")
    codes = [c.code for c in fmow.classes]
    assert sorted(int(code) for code in codes if code is not None) == list(range(1, 63))
    for name, code in {"airport": 1, "interchange": 26, "impoverished_settlement": 43, "zoo": 62}.items():
        found = fmow.by_name(name)
        assert found is not None
        assert found.code == code


def test_rsscn7_knows_its_folders() -> None:
    folders = ["aGrass", "bField", "cIndustry", "dRiverLake", "eForest", "fResident", "gParking"]
    assert [vocabulary("rsscn7").by_name(folder) for folder in folders] == list(vocabulary("rsscn7").classes)


def _torchgeo(module: str) -> str:
    spec = find_spec("torchgeo")
    if spec is None or spec.origin is None:
        pytest.skip("torchgeo is not installed")
    return (Path(spec.origin).parent / "datasets" / f"{module}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("eurosat", "eurosat"),
        ("resisc45", "resisc45"),
        ("ucmerced", "ucmerced"),
        ("patternnet", "patternnet"),
    ],
)
def test_the_order_is_that_of_torchgeos_documentation(name: str, module: str) -> None:
    _, _, after = _torchgeo(module).partition("Dataset classes:")
    listed = re.match(r"\s*((?:(?:\d+\.|\*) .+\n\s*)+)", after)
    assert listed is not None
    theirs = re.findall(r"(?:\d+\.|\*) (.+)", listed[1])
    assert len(theirs) == len(vocabulary(name).names)
    for ours, other in zip(vocabulary(name).names, theirs, strict=True):
        assert plain_name(other).startswith(plain_name(ours))  # "Industrial Buildings", "Sea & Lake"


@pytest.mark.parametrize(
    ("name", "module", "variable"),
    [("so2sat-lcz42", "so2sat", "classes"), ("million-aid", "millionaid", "multi_class_categories")],
)
def test_the_order_is_that_of_torchgeos_code(name: str, module: str, variable: str) -> None:
    assigned = [
        ast.literal_eval(node.value)
        for node in ast.walk(ast.parse(_torchgeo(module)))
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [variable]
    ]
    theirs = [label.replace("bapsketball", "basketball") for label in assigned[0]]
    assert list(vocabulary(name).names) == theirs


@pytest.mark.parametrize(
    ("name", "folder"),
    [("eurosat", "eurosat-rgb"), ("ucmerced", "ucm"), ("rsicd", "rsicd"), ("rsscn7", "rsscn7")],
)
def test_every_label_of_the_real_files_is_a_class_and_every_class_a_label(
    name: str, folder: str, data_dir: Path
) -> None:
    files = sorted((data_dir / folder).glob("*.parquet"))
    labels = {
        label for file in files for label in pq.read_table(file, columns=["label"])["label"].to_pylist()
    }
    assert {vocabulary(name).by_name(label) for label in labels} == set(vocabulary(name).classes)


def test_whu_rs19_is_in_the_order_of_the_real_embeddings(data_dir: Path) -> None:
    lines = (data_dir / "whurs19-embeddings" / "classes.txt").read_text(encoding="utf-8").split()
    assert [name.lower() for name in vocabulary("whu-rs19").names] == lines


def test_the_published_prompts_are_our_templates(data_dir: Path) -> None:
    with (data_dir / "whurs19-embeddings" / "published_individual_prompt.csv").open(encoding="utf-8") as file:
        prompts = {f"{row['text_prompt']} {{}}." for row in csv.DictReader(file)}
    assert prompts == set(template_set("rs-transclip"))
    assert len(prompts) == 106
