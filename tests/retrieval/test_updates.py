"""What an index is made of and how it changes: tables beside tiles, images cut anew, labels that stay, removal."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rasterio
from colours import Colours  # type: ignore[import-not-found] # in tests/
from PIL import Image
from rasterio import Affine

from rsvlm.imagery.items import ChipOptions
from rsvlm.retrieval import Filter, Hits, Index, RetrievalError, rows, updates
from rsvlm.retrieval.snapshot import Snapshot


def write_tile(path: Path, east: float, size: int = 16) -> None:
    pixels = np.full((3, size, size), 40, np.uint8)
    transform = Affine(10.004, 0, 500_000 + east, 0, -10.004, 4_000_000)
    with rasterio.open(
        path, "w", driver="GTiff", width=size, height=size, count=3, dtype="uint8", crs="EPSG:32652",
        transform=transform,
    ) as file:  # fmt: skip
        file.write(pixels + np.arange(3, dtype=np.uint8)[:, None, None] * int(east / 160 + 1))


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    """Two tiles with a place."""
    folder = tmp_path / "tiles"
    folder.mkdir()
    write_tile(folder / "a.tif", 0)
    write_tile(folder / "b.tif", 160)
    return folder


@pytest.fixture
def index(tiles: Path, tmp_path: Path) -> Index:
    return Index.build(tiles, tmp_path / "index", Colours())


def rows_of(index: Index) -> dict[str, dict[str, Any]]:
    """What is known of all rows, by the names of their files."""
    hits = index.search("red", k=1000)
    assert isinstance(hits, Hits)
    return {Path(row["key"]).name: row for row in hits}


def test_an_export_among_tiles_is_no_data_set(index: Index, tiles: Path) -> None:
    index.export(tiles / "rows.parquet")
    write_tile(tiles / "c.tif", 320)
    index.add(tiles)
    assert sorted(rows_of(index)) == ["a.tif", "b.tif", "c.tif"]
    assert all(row["west"] is not None for row in rows_of(index).values())


def test_images_in_a_table_among_tiles_are_refused(index: Index, tiles: Path) -> None:
    (tiles / "picture.jpg").write_bytes(b"")
    pq.write_table(pa.table({"image": [b"\xff\xd8"], "label": ["x"]}), tiles / "set.parquet")
    with pytest.raises(
        RetrievalError, match=r"holds image files, and images in set.parquet, too: name the table"
    ):
        index.add(tiles)


def test_a_picture_in_a_folder_beside_a_table_does_not_hide_it(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    (folder / "docs").mkdir(parents=True)
    write_tile(folder / "docs" / "preview.tif", 0)
    table = pa.table({"image": [(folder / "docs" / "preview.tif").read_bytes()], "label": ["x"]})
    pq.write_table(table, folder / "set.parquet")
    index = Index.build(folder, tmp_path / "index", Colours())
    [row] = rows_of(index).values()
    assert row["labels"] == ["x"]


def test_a_list_of_tiles_knows_their_places(tiles: Path, tmp_path: Path) -> None:
    (tiles / "list.csv").write_text("path,label\na.tif,forest\nb.tif,sea\n", "utf-8")
    index = Index.build(tiles / "list.csv", tmp_path / "index", Colours())
    rows = rows_of(index)
    assert rows["a.tif"]["west"] == pytest.approx(129.0, abs=0.01)
    assert rows["b.tif"]["gsd"] == pytest.approx(10.004, abs=0.02)
    hits = index.search("red", gsd=(None, 10))  # nominally
    assert isinstance(hits, Hits)
    assert len(hits) == 2


def test_an_image_that_is_cut_anew_is_there_once(tmp_path: Path) -> None:
    write_tile(tmp_path / "scene.tif", 0, size=64)
    write_tile(tmp_path / "other.tif", 640, size=64)
    index = Index.build(tmp_path / "scene.tif", tmp_path / "index", Colours(), options=ChipOptions(size="32"))
    assert len(index) == 4
    index.add([tmp_path / "other.tif"])
    assert len(index) == 8, "cut as when the index was made"
    index.add(tmp_path / "scene.tif", options=ChipOptions(size="16"))
    assert len(index) == 4 + 16
    assert index.verify() == []
    assert index.remove([str(tmp_path / "scene.tif")]) == 16
    assert len(index) == 4


def test_options_may_be_numbers_lists_and_paths_and_wrong_ones_cost_no_encoding(tmp_path: Path) -> None:
    write_tile(tmp_path / "scene.tif", 0, size=64)
    given: Any = {"size": 32, "bands": ["red", "green", "blue"]}
    index = Index.build(tmp_path / "scene.tif", tmp_path / "index", Colours(), options=ChipOptions(**given))
    assert len(index) == 4
    assert Index.open(tmp_path / "index").cut == ChipOptions(size="32", bands=("red", "green", "blue"))
    wrong = ChipOptions(sensor="x" * 5000)
    with pytest.raises(RetrievalError, match=r"options: sensor 'xxx.*at most 4096 characters"):
        Index.build(tmp_path / "scene.tif", tmp_path / "other", Colours(), options=wrong)


def test_rows_of_one_image_may_be_added_some_at_a_time(tmp_path: Path) -> None:
    rows = [{"key": f"s#{n}", "image": "s"} for n in range(4)]
    index = Index.from_vectors(tmp_path / "index", np.eye(4)[:2], rows[:2], encoder="x")
    index.add_vectors(np.eye(4)[2:], rows[2:])
    assert len(index) == 4


def test_labels_of_a_set_that_comes_later_count(index: Index, tiles: Path) -> None:
    (tiles / "labels.csv").write_text("path,label\na.tif,old\nb.tif,old\n", "utf-8")
    index.label(tiles / "labels.csv")
    (tiles / "list.csv").write_text("path,label\na.tif,new\n", "utf-8")
    index.add(tiles / "list.csv")
    index.add(tiles / "b.tif")
    assert {name: row["labels"] for name, row in rows_of(index).items()} == {
        "a.tif": ["new"],
        "b.tif": ["old"],
    }


def test_an_archive_that_is_added_again_is_held_against_itself_some_rows_at_a_time(
    tiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tiles / "list.csv").write_text("path,label\na.tif,forest\nb.tif,sea\n", "utf-8")
    index = Index.build(tiles / "list.csv", tmp_path / "index", Colours())
    for module in (updates, rows):
        monkeypatch.setattr(module, "_BLOCK", 1)
    most: list[int] = []
    read = Snapshot.rows

    def noted(self: Snapshot, numbers: Any, columns: Any = None) -> Any:
        most.append(len(numbers))
        return read(self, numbers, columns)

    monkeypatch.setattr(Snapshot, "rows", noted)
    index.add([tiles / "list.csv", tiles])  # each image twice, the second time without its label
    assert most == [1, 1, 1, 1]
    assert {name: row["labels"] for name, row in rows_of(index).items()} == {
        "a.tif": ["forest"],
        "b.tif": ["sea"],
    }


def test_a_path_from_where_one_stands_removes_an_image(
    index: Index, tiles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiles)
    with pytest.raises(RetrievalError, match=r"has no row 'c\.tif'; nothing was removed"):
        index.remove(["a.tif", "c.tif"])
    assert index.remove(["a.tif"]) == 1
    assert list(rows_of(index)) == ["b.tif"]


def test_one_image_is_removed_by_its_path(index: Index, tiles: Path) -> None:
    assert index.remove(str(tiles / "a.tif")) == 1
    assert index.remove(tiles / "b.tif") == 1
    assert len(index) == 0


def test_one_of_several_licences_is_enough(tmp_path: Path) -> None:
    rows = [
        {"key": "a", "licence": "CC0-1.0; ODbL 1.0"}, {"key": "b", "licence": "ODbL 1.0"}, {"key": "c"},
        {"key": "d", "licence": "not ODbL 1.0"},
    ]  # fmt: skip
    index = Index.from_vectors(tmp_path / "index", np.eye(4), rows, encoder="x")
    for wanted, keys in (
        ("odbl 1.0", ["a", "b"]), (["cc0-1.0"], ["a"]), ("CC0-1.0; ODbL 1.0", ["a"]), ("CC0", []),
    ):  # fmt: skip
        [hits] = index.search_vectors(np.ones((1, 4)), filter=Filter(licences=wanted))
        assert sorted(hits.keys) == keys


def test_a_pairs_dataset_is_no_index(index: Index, tmp_path: Path, tiles: Path) -> None:
    pairs = tmp_path / "pairs"
    (pairs / "shards").mkdir(parents=True)
    (pairs / "manifest.json").write_text("{}", "utf-8")
    with pytest.raises(RetrievalError, match="is a pairs dataset; make an index of it: rsvlm index build"):
        Index(pairs)
    with pytest.raises(RetrievalError, match="is a pairs dataset, which an index is made of"):
        Index.build(tiles, pairs, Colours())


def test_rows_that_are_damaged_are_named(index: Index) -> None:
    [file] = index.folder.glob("parts/*/rows.parquet")
    content = bytearray(file.read_bytes())
    content[4 : len(content) // 2] = bytes(len(content) // 2 - 4)
    file.write_bytes(content)
    with pytest.raises(RetrievalError, match=r"rows.parquet: is (damaged|no table of rows) "):
        Index(index.folder, Colours()).search("red")


def test_numbers_and_words_that_cannot_be_asked(index: Index) -> None:
    with pytest.raises(RetrievalError, match="gsd nan to None: give numbers"):
        Filter(gsd=(float("nan"), None))
    with pytest.raises(RetrievalError, match="give west, south, east, north in degrees"):
        Filter(bbox=(1, 2, 3))  # type: ignore[arg-type]
    with pytest.raises(RetrievalError, match="what hits shall not be like is empty"):
        index.search("red", unlike=" ")


def test_equal_pictures_are_folded(tmp_path: Path) -> None:
    vectors = np.repeat(np.random.default_rng(0).normal(size=(40, 384)), 2, axis=0)
    index = Index.from_vectors(tmp_path / "index", vectors, [{"key": str(n)} for n in range(80)], encoder="x")
    for query in np.random.default_rng(1).normal(size=(10, 384)):
        [hits] = index.search_vectors(query[None], k=40, fold=1.0)
        assert len({int(key) // 2 for key in hits.keys}) == len(hits) == 40


def _named(folder: Path, images: list[str]) -> Index:
    rows = [{"key": str(number), "image": image} for number, image in enumerate(images)]
    return Index.from_vectors(folder, np.eye(len(images), 8, dtype=np.float32), rows, encoder="x")


def test_a_pattern_stands_for_folders_at_any_depth(tmp_path: Path) -> None:
    images = ["/t/a.png", "/t/b/c.png", "/t/b/c/d.png", "/t/b/c/e.tif", "/u/f.png"]
    assert _named(tmp_path / "any", images).remove("/t/**/*.png") == 3
    assert _named(tmp_path / "one", images).remove("/t/*.png") == 1
    assert _named(tmp_path / "two", images).remove("/t/*/*.png") == 1
    assert _named(tmp_path / "all", images).remove("/t/**") == 4


def test_a_data_set_goes_by_the_name_by_which_it_came(tmp_path: Path) -> None:
    assert (
        _named(tmp_path / "set", ["/t/set.parquet#0", "/t/set.parquet#1", "/t/b.png"]).remove(
            "/t/set.parquet"
        )
        == 2
    )


def test_relative_images_go_by_their_folder_and_pattern(tmp_path: Path) -> None:
    images = ["tiles/a.png", "tiles/b.png", "other/c.png"]
    assert _named(tmp_path / "folder", images).remove("tiles") == 2
    assert _named(tmp_path / "pattern", images).remove("tiles/*.png") == 2


@pytest.mark.parametrize("name", ["tiles/", "./tiles", "./tiles/*.png"])
def test_a_folder_is_one_however_it_is_written(tmp_path: Path, name: str) -> None:
    assert _named(tmp_path / "index", ["tiles/a.png", "tiles/b.png", "other/c.png"]).remove(name) == 2


@pytest.mark.parametrize("name", ["/t/a[1].tif", "/t[1]/*.tif", "/t/a[1]/", "", "/", "/t/?[1]/x*"])
def test_what_is_not_there_removes_nothing_that_is_called_alike(tmp_path: Path, name: str) -> None:
    index = _named(tmp_path / "index", ["/t/a1.tif", "/t1/b.tif", "/t/a1/c.tif"])
    with pytest.raises(RetrievalError, match=r"has no row .*; nothing was removed"):
        index.remove(name)


def test_brackets_are_letters_first_and_a_choice_of_letters_beside_a_star(tmp_path: Path) -> None:
    images = ["/t/a[1].tif", "/t/a1.tif", "/t/a[1]x.tif", "/t/a1x.tif", "/u[1]/a.tif", "/u1/a.tif"]
    for number, (name, gone) in enumerate(
        [
            ("/t/a[1].tif", ["/t/a[1].tif"]),
            ("/t/a[1]*.tif", ["/t/a[1].tif", "/t/a[1]x.tif"]),
            ("/t/a[12]*.tif", ["/t/a1.tif", "/t/a1x.tif"]),
            ("/u[1]", ["/u[1]/a.tif"]),
            ("/u[1]/*.tif", ["/u[1]/a.tif"]),
        ]
    ):
        index = _named(tmp_path / str(number), images)
        assert index.remove(name) == len(gone)
        left = [image for table in index.tables() for image in table["image"].to_pylist()]
        assert left == [image for image in images if image not in gone]


def test_a_name_that_is_no_utf_8_is_not_there(tmp_path: Path) -> None:
    index = _named(tmp_path / "index", ["/t/a.tif"])
    for name in ("/t/\udce9.tif", "/t/\udce9*.tif"):
        with pytest.raises(RetrievalError, match=r"has no row '/t/.udce9.*'; nothing was removed"):
            index.remove(["/t/a.tif", name])
    assert len(index) == 1


def test_images_are_looked_for_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"key": f"{n}#{chip}", "image": f"/t/{n}"} for n in range(20) for chip in range(2)]
    index = Index.from_vectors(tmp_path / "index", np.ones((40, 4)), rows, encoder="x")
    read, asked = Snapshot.column, list[str]()

    def noted(self: Snapshot, name: str) -> Any:
        asked.append(name)
        return read(self, name)

    monkeypatch.setattr(Snapshot, "column", noted)
    assert index.remove([f"/t/{n}" for n in range(10)]) == 20
    assert asked == ["image"]


class Blind(Colours):  # type: ignore[misc]
    """Gives zeros for black pictures, and no numbers for white ones."""

    def encode_images(self, images: Any) -> Any:
        found = super().encode_images(images)
        means = np.array([np.asarray(image).mean() for image in images])
        found[means < 1], found[means > 254] = 0, np.nan
        return found


def test_a_vector_that_tells_nothing_is_a_failure_of_its_image(tmp_path: Path) -> None:
    (tmp_path / "tiles").mkdir()
    for name, value in (("black", 0), ("grey", 99), ("white", 255)):
        Image.new("RGB", (8, 8), (value,) * 3).save(tmp_path / "tiles" / f"{name}.png")
    index = Index.build(tmp_path / "tiles", tmp_path / "index", Blind())
    assert len(index) == 1
    assert index.report is not None
    said = {Path(name).stem: reason for name, reason in index.report.failures}
    assert said == {
        "black": "the encoder gave a vector of zeros",
        "white": "the encoder gave a vector that is not numbers (NaN or infinity)",
    }
