"""What is held out: whole blocks, whole scenes, in no source on both sides."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pairs_made as made  # type: ignore[import-not-found] # beside this file
import pytest
from PIL import Image

from rsvlm.captioning.sample import SamplePaths
from rsvlm.eval.probes.splits import spatial_blocks
from rsvlm.pretraining.data import Holdout, PairsSource, hold_out, learned_from, read_pairs_source
from rsvlm.pretraining.errors import PretrainingError

own_cache = pytest.fixture(autouse=True)(made.own_cache)


def placed(path: Path, n: int, seed: int = 0, spread: float = 8.0) -> Path:
    """Examples at random places in a square."""
    east, north = np.random.default_rng(seed).uniform(0, spread, (2, n)).tolist()
    lines = [[f"{row}.png", f"field {row}", x, y] for row, (x, y) in enumerate(zip(east, north, strict=True))]
    return Path(made.table(path, ["path", "text", "lon", "lat"], lines))


def blocks(sources: Sequence[PairsSource], size: float) -> set[str]:
    return set(spatial_blocks([example.place or (0, 0) for source in sources for example in source], size))


def both_sides(found: Holdout) -> tuple[list[str], list[str]]:
    return tuple([f"{s.name} {e.key}" for s in side for e in s] for side in (found.train, found.held))  # type: ignore[return-value]


@pytest.mark.parametrize("seed", range(4))
def test_whole_blocks_are_held_out_in_all_sources(seed: int, tmp_path: Path) -> None:
    sources = [read_pairs_source(placed(tmp_path / f"{n}.csv", n, n)) for n in (300, 200)]
    found = hold_out(sources, seed=seed)
    train, held = both_sides(found)
    assert not set(train) & set(held)
    assert len(train) + len(held) == 500
    assert 45 <= len(held) <= 55
    assert found.rule.blocks == (1.0, 1.0)
    assert not blocks(found.train, 1.0) & blocks(found.held, 1.0)
    keys = [key for known in found.keys for key in known or ()]
    assert [
        f"{s.name} {key}" for s, known in zip(sources, found.keys, strict=True) for key in known or ()
    ] == held
    assert len(keys) == len(held)
    again = hold_out(sources, seed=seed)
    assert both_sides(again) == (train, held)
    assert both_sides(hold_out(sources, seed=seed + 10)) != (train, held)
    rule = found.rule
    assert all(rule.holds(example, source.name) for source in found.held for example in source)
    assert not any(rule.holds(example, source.name) for source in found.train for example in source)


def test_a_small_place_is_divided_into_small_blocks(town: SamplePaths, tmp_path: Path) -> None:
    pairs = read_pairs_source(made.of_town(town, tmp_path, limit=40))
    found = hold_out([pairs])
    assert found.rule.blocks[0] < 0.01
    assert 3 <= len(found.held[0]) <= 5
    assert not blocks(found.train, found.rule.blocks[0]) & blocks(found.held, found.rule.blocks[0])


def test_images_of_one_scene_stay_together_where_there_is_no_place(tmp_path: Path) -> None:
    lines = [[f"{row}.png", "text", f"scene {row // 5}"] for row in range(100)]
    found = hold_out([read_pairs_source(made.table(tmp_path / "a.csv", ["path", "text", "scene"], lines))])
    assert len(found.held[0]) == 10
    assert not {e.scene for e in found.train[0]} & {e.scene for e in found.held[0]}


def test_rows_of_one_image_stay_together(tmp_path: Path) -> None:
    names, texts = [f"{row // 3}.png" for row in range(90)], [f"class {row}" for row in range(90)]
    found = hold_out(
        [read_pairs_source(made.parquet(tmp_path / "a.parquet", {"path": names, "label": texts}))]
    )
    assert len(found.held[0]) == 9
    assert len(found.keys[0] or ()) == 3
    assert not {e.key for e in found.train[0]} & {e.key for e in found.held[0]}


def test_copies_of_an_image_stay_together(tmp_path: Path) -> None:
    """Of 20 images, each there under three names, all copies are on one side."""
    lines = []
    for number in range(60):
        Image.new("RGB", (8, 8), (number % 20, 0, 0)).save(tmp_path / f"{number}.png")
        lines.append([f"{number}.png", "a field"])
    found = hold_out(
        [read_pairs_source(made.table(tmp_path / "copies.csv", ["path", "text"], lines))], share=0.2
    )
    train, held = ({int(key.split()[1].split(".")[0]) % 20 for key in side} for side in both_sides(found))
    assert len(found.held[0]) == 12
    assert not train & held


@pytest.mark.parametrize("column", ["scene", "place"])
def test_copies_go_with_the_place_or_the_scene_that_one_of_them_has(column: str, tmp_path: Path) -> None:
    """Of 30 images in another source without either, 14 are copies; and two of those with one are copies, too."""
    placed, bare = [], []
    for number in range(30):
        for name, grey in (("a", number if number < 29 else 20), ("b", number + 15)):
            Image.new("RGB", (8, 8), (grey, 0, 0)).save(tmp_path / f"{name}{number}.png")
        known = [f"scene {number}"] if column == "scene" else [float(number), 10.0]
        placed.append([f"a{number}.png", "a field", *known])
        bare.append([f"b{number}.png", "a field"])
    header = ["path", "text", *(["scene"] if column == "scene" else ["lon", "lat"])]
    tables = made.table(tmp_path / "a.csv", header, placed), made.table(tmp_path / "b.csv", header[:2], bare)
    found = hold_out([read_pairs_source(table) for table in tables], share=0.3)
    train, held = (
        {Path(str(example.image)).read_bytes() for source in side for example in source}
        for side in (found.train, found.held)
    )
    assert not train & held
    assert all(5 <= len(part) <= 13 for part in found.held)
    rule = found.rule
    assert all(rule.holds(example, source.name) for source in found.held for example in source)
    assert not any(rule.holds(example, source.name) for source in found.train for example in source)


@pytest.mark.parametrize("seed", range(4))
def test_each_source_gets_its_share_whatever_the_extent_of_the_others(seed: int, tmp_path: Path) -> None:
    city = placed(tmp_path / "city.csv", 200, spread=0.08)
    world = placed(tmp_path / "world.csv", 3000, 1, spread=80)
    found = hold_out([read_pairs_source(path) for path in (city, world)], seed=seed)
    assert [len(part) for part in found.held] == pytest.approx([20, 300], abs=6)
    small, large = found.rule.blocks
    assert small < 0.1
    assert large == 1.0
    assert not blocks(found.train, small) & blocks(found.held[:1], small)


def test_of_sources_that_are_one_scene_each_a_whole_one_is_held_out(tmp_path: Path) -> None:
    tables = [
        made.table(
            tmp_path / f"{name}.csv",
            ["path", "text", "scene"],
            [[f"{name}{row}.png", "text", name] for row in range(5)],
        )
        for name in "abcdefgh"
    ]
    found = hold_out([read_pairs_source(table) for table in tables], share=0.13)
    assert sorted(len(part) for part in found.held) == [0] * 7 + [5]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no device without end here")
def test_what_is_no_file_is_not_read_for_copies(tmp_path: Path) -> None:
    lines = [["/dev/zero", "a field"], ["absent.png", "a road"], [str(tmp_path), "a river"]]
    found = hold_out(
        [read_pairs_source(made.table(tmp_path / "odd.csv", ["path", "text"], lines))], share=0.3
    )
    assert len(found.train[0]) + len(found.held[0]) == 3


def test_one_large_block_is_not_taken_for_a_tenth(tmp_path: Path) -> None:
    lines = [[f"{row}.png", "text", "town" if row < 60 else f"farm {row}"] for row in range(100)]
    source = read_pairs_source(made.table(tmp_path / "a.csv", ["path", "text", "scene"], lines))
    for seed in range(5):
        assert len(hold_out([source], seed=seed).held[0]) == 10


def test_something_is_held_out_of_few_large_scenes(tmp_path: Path) -> None:
    lines = [[f"{row}.png", "text", "big" if row < 6 else "small"] for row in range(10)]
    source = read_pairs_source(made.table(tmp_path / "a.csv", ["path", "text", "scene"], lines))
    found = hold_out([source])
    assert {example.scene for example in found.held[0]} == {"small"}
    with pytest.raises(
        PretrainingError, match=r"all 10 examples are of one scene by the column scene, x, .*--held-out 0"
    ):
        hold_out(
            [
                read_pairs_source(
                    made.table(
                        tmp_path / "b.csv", ["path", "text", "scene"], [[*line[:2], "x"] for line in lines]
                    )
                )
            ]
        )
    with pytest.raises(PretrainingError, match="between 0 and 1"):
        hold_out([source], share=1.0)


def test_streams_are_divided_by_the_same_blocks(tmp_path: Path) -> None:
    path = placed(tmp_path / "a.csv", 2000, spread=40)
    other = read_pairs_source(placed(tmp_path / "b.csv", 500, 1, spread=40))
    found = hold_out([read_pairs_source(path, streaming=True), other])
    train, held = both_sides(found)
    assert len(train) + len(held) == 2500
    assert not set(train) & set(held)
    assert 150 <= len(held) <= 350
    assert not blocks(found.train, 1.0) & blocks(found.held, 1.0)
    assert found.keys[0] is None
    assert found.keys[1] == tuple(example.key for example in found.held[1])


def test_images_that_are_learned_from_too_are_found_by_their_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [[f"{number}.png", "a field"] for number in range(6)]
    for number in range(6):
        (tmp_path / f"{number}.png").write_bytes(made.png(number))
    judges = list(
        read_pairs_source(made.table(tmp_path / "a.csv", ["path", "text"], [*lines, ["gone.png", "a"]]))
    )
    stored = read_pairs_source(made.parquet(tmp_path / "a.parquet", made.rows(9, 4)))
    assert learned_from(judges, [stored]) == 2
    assert learned_from(list(stored), [read_pairs_source(tmp_path / "a.csv")]) == 2
    assert learned_from(judges, [read_pairs_source(tmp_path / "a.parquet", streaming=True)]) == 0
    monkeypatch.setattr("rsvlm.pretraining.data.contents.MOST_COMPARED", 3)
    assert learned_from(judges, [stored]) == 0


@pytest.mark.parametrize(
    ("header", "last", "says"),
    [
        (["path", "text", "lat", "lon"], [3, 5], "lie in one place by the columns lon and lat, so"),
        (
            ["path", "text", "location", "lon"],
            ["town", 5],
            "are of one scene by the column location, town, so",
        ),
        (["path", "text", "split", "lon"], ["train", 5], "show one image, so"),
    ],
)
def test_what_cannot_be_divided_says_by_which_column(
    header: list[str], last: list[object], says: str, tmp_path: Path
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(made.png(0))
    lines = [[f"{number}.png", "text", *last] for number in range(3)]
    source = read_pairs_source(made.table(tmp_path / "a.csv", header, lines))
    with pytest.raises(PretrainingError) as error:
        hold_out([source])
    assert f"a.csv: all 3 examples {says} none can be held out fairly: hold none out" in str(error.value)
