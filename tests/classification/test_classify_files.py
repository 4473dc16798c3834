"""Long runs: bounded, resumed without repeating work, and refused where they would mix two results."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rasterio
from colours import CLASSES, Colours, plain  # type: ignore[import-not-found] # in tests/
from PIL import Image
from rasterio.crs import CRS
from rasterio.transform import Affine

from rsvlm.classification import (
    ChipOptions,
    ClassificationError,
    Pictures,
    ZeroShotClassifier,
    classify_files,
    run,
)
from rsvlm.imagery import ImageryError
from rsvlm.retrieval import Index
from rsvlm.shards import ShardError, open_run, shard_name


class Interrupted(Colours):  # type: ignore[misc]
    """Stops after so many pictures, as Ctrl-C does; counts those that it was shown."""

    def __init__(self, after: int | None = None) -> None:
        super().__init__()
        self.after, self.count = after, 0

    def encode_images(self, images: Any) -> Any:
        if self.after is not None and self.count + len(images) > self.after:
            raise KeyboardInterrupt
        self.count += len(images)
        return super().encode_images(images)


def classifier(encoder: Any) -> ZeroShotClassifier:
    return ZeroShotClassifier(CLASSES, encoder, templates=["a photo of {}."])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """450 pictures in a folder, one of them empty; shards of 100."""
    monkeypatch.setattr(run, "SHARD_SIZE", 100)
    rng = np.random.default_rng(5)
    place = tmp_path / "tiles"
    place.mkdir()
    for number in range(450):
        Image.fromarray(plain(tuple(rng.integers(0, 255, 3)), 4)).save(place / f"tile_{number}.png")
    (place / "tile_77.png").write_bytes(b"")
    return place


def test_a_row_for_every_image_and_a_reason_for_the_bad_one(folder: Path, tmp_path: Path) -> None:
    encoder = Interrupted()
    steps: list[tuple[int, int]] = []
    report = classify_files(
        classifier(encoder), [folder], tmp_path / "out.parquet", progress=lambda *step: steps.append(step)
    )
    table = pq.read_table(tmp_path / "out.parquet")
    assert (report.chips, report.failed, encoder.count) == (450, 1, 449)
    assert table.num_rows == 450
    assert table["error"].null_count == 449
    assert len(set(table["key"].to_pylist())) == 450
    assert sum(report.labels.values()) == 449
    assert steps[0] == (0, 450)
    assert steps[-1] == (450, 450)
    assert not (tmp_path / "out.parquet.parts").exists()
    record = json.loads((tmp_path / "out.parquet.json").read_text(encoding="utf-8"))
    assert record["identity"]["classifier"]["classes"] == CLASSES


def test_an_interrupted_run_goes_on_without_repeating_work(folder: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.parquet"
    classify_files(classifier(Colours()), [folder], whole)
    broken = Interrupted(after=290)
    with pytest.raises(KeyboardInterrupt, match="2 shards done"):
        classify_files(classifier(broken), [folder], tmp_path / "out.parquet", batch_size=10)
    assert not (tmp_path / "out.parquet").exists()
    rest = Interrupted()
    report = classify_files(classifier(rest), [folder], tmp_path / "out.parquet", batch_size=10)
    assert rest.count == 449 - 200
    assert report.resumed == 200
    assert pq.read_table(tmp_path / "out.parquet").equals(pq.read_table(whole))


def test_a_finished_run_is_not_done_again(folder: Path, tmp_path: Path) -> None:
    first = classify_files(classifier(Interrupted()), [folder], tmp_path / "out.csv")
    again = Interrupted(after=0)
    second = classify_files(classifier(again), [folder], tmp_path / "out.csv")
    assert (second.labels, second.failed) == (first.labels, first.failed)
    assert second.resumed == 450


def test_rows_of_very_many_shards_stay_in_order(tmp_path: Path) -> None:
    with open_run(tmp_path / "out", {}) as opened:
        for shard in (99_999, 100_000):
            pq.write_table(pa.table({"shard": [shard]}), opened.shards / f"{shard_name(shard)}.parquet")
        assert [batch["shard"].to_pylist() for batch in run._batches(opened)] == [[99_999], [100_000]]


def test_other_settings_do_not_overwrite(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    classify_files(classifier(Colours()), [folder], out)
    with pytest.raises(ClassificationError, match="made from other images or settings"):
        classify_files(classifier(Colours()), [folder], out, top_k=2)
    with pytest.raises(KeyboardInterrupt):
        classify_files(classifier(Interrupted(after=150)), [folder], tmp_path / "half.parquet")
    with pytest.raises(ShardError, match="top_k: was 5, now 2"):
        classify_files(classifier(Colours()), [folder], tmp_path / "half.parquet", top_k=2)


def test_the_file_of_an_encoder_that_was_edited_since_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "tiles").mkdir()
    Image.fromarray(plain((200, 0, 0))).save(tmp_path / "tiles" / "a.png")
    edited = type(
        "Interrupted", (Colours,), {"encode_images": lambda self, images: Colours.encode_images(self, images)}
    )
    classify_files(classifier(Interrupted()), [tmp_path / "tiles"], tmp_path / "out.parquet")
    with pytest.raises(ClassificationError, match="made from other images or settings"):
        classify_files(classifier(edited()), [tmp_path / "tiles"], tmp_path / "out.parquet")


def test_a_limit_is_a_seeded_choice(folder: Path, tmp_path: Path) -> None:
    def keys(name: str, seed: int) -> list[str]:
        classify_files(classifier(Colours()), [folder], tmp_path / name, limit=40, seed=seed)
        found: list[str] = pq.read_table(tmp_path / name)["key"].to_pylist()
        return found

    assert len(set(keys("a.parquet", 1))) == 40
    assert keys("b.parquet", 1) == keys("a.parquet", 1)
    assert keys("c.parquet", 2) != keys("a.parquet", 1)


@pytest.mark.parametrize("name", ["out.xlsx", "out"])
def test_a_name_without_a_format_is_refused_before_any_work(folder: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(ClassificationError, match=r"\.parquet, \.csv or \.geojson"):
        classify_files(classifier(Interrupted(after=0)), [folder], tmp_path / name)


def test_options_that_make_no_sense() -> None:
    with pytest.raises(ImageryError, match="whole or grid"):
        ChipOptions(chips="objects")
    with pytest.raises(ImageryError, match="between 0 and 1"):
        ChipOptions(min_valid=80)


def test_a_pairs_dataset_is_no_imagery(tmp_path: Path) -> None:
    """Else a few pictures that lie in it to be looked at would pass for all of it."""
    (tmp_path / "pairs" / "shards").mkdir(parents=True)
    (tmp_path / "pairs" / "manifest.json").write_text("{}", "utf-8")
    with pytest.raises(ClassificationError, match="is a pairs dataset, no imagery: rsvlm index build"):
        classify_files(classifier(Colours()), [tmp_path / "pairs"], tmp_path / "out.parquet")


def test_a_full_disk_has_rows_without_a_box(tmp_path: Path) -> None:
    tiles = tmp_path / "tiles"
    tiles.mkdir()
    disk = CRS.from_string("+proj=ortho +lat_0=0 +lon_0=0 +datum=WGS84")
    pixels = np.random.default_rng(0).integers(0, 255, (3, 300, 300), dtype=np.uint8)
    for name, crs, corner, step in (
        ("disk", disk, (-6.5e6, 6.5e6), 13e6 / 300),
        ("utm", "EPSG:32632", (5e5, 5e6), 10),
    ):
        place = {"crs": crs, "transform": Affine(step, 0, corner[0], 0, -step, corner[1])}
        profile = {
            "driver": "GTiff",
            "width": 300,
            "height": 300,
            "count": 3,
            "dtype": "uint8",
            "photometric": "RGB",
        }
        with rasterio.open(tiles / f"{name}.tif", "w", **profile, **place) as file:
            file.write(pixels)
    options = ChipOptions(chips="whole")
    rows = classifier(Colours()).classify(tiles, chips="whole")
    assert [(row["key"], row["error"], row["west"] is None) for row in rows] == [
        ("disk", None, True),
        ("utm", None, False),
    ]
    assert rows[0]["gsd"] == pytest.approx(13e6 / 300, rel=0.01)
    report = classify_files(classifier(Colours()), [tiles], tmp_path / "out.parquet", options=options)
    assert (report.chips, report.failed) == (2, 0)
    index = Index.build(tiles, tmp_path / "index", encoder=Colours(), options=options)
    assert [row["west"] is None for row in index.rows([0, 1]).to_pylist()] == [True, False]


def test_a_protocol_of_a_paper_takes_whole_images_here_as_in_classify(tmp_path: Path) -> None:
    made = ZeroShotClassifier(CLASSES, Colours(), protocol="clip-benchmark")
    Image.fromarray(plain((200, 9, 9), 1100)[:64]).save(tmp_path / "wide.png")
    report = classify_files(made, [tmp_path / "wide.png"], tmp_path / "o.csv")
    assert report.chips == len(made.classify(tmp_path / "wide.png")) == 1
    assert "crop" not in made.record(["true-colour"])  # the encoder and the options of chips say what is cut


def test_views_that_there_are_not_are_refused_before_any_work(tmp_path: Path) -> None:
    Image.fromarray(plain((200, 9, 9), 16)).save(tmp_path / "a.png")
    with pytest.raises(ClassificationError, match="views purple: choose from"):
        classify_files(classifier(Colours()), [tmp_path / "a.png"], tmp_path / "o.csv", views=["purple"])
    assert not list(tmp_path.glob("o.csv*"))


def test_maps_of_an_index_have_names_of_their_own(tmp_path: Path) -> None:
    for folder in "ab":
        (tmp_path / folder).mkdir()
        profile = {"crs": CRS.from_epsg(32632), "transform": Affine(10, 0, 5e5, 0, -10, 5e6)}
        with rasterio.open(
            tmp_path / folder / "s.tif", "w", "GTiff", 64, 64, 3, dtype="uint8", **profile
        ) as file:
            file.write(np.moveaxis(plain((200, 9, 9), 64), -1, 0))
    grid = ChipOptions(chips="grid", size="32")
    index = Index.build(tmp_path / "a", tmp_path / "index", Colours(), options=grid)
    index.add(tmp_path / "b", options=ChipOptions(chips="grid", size="32", stretch="none"))
    pictures = Pictures(map_folder=tmp_path / "maps")
    classify_files(classifier(Colours()), [tmp_path / "index"], tmp_path / "o.parquet", pictures=pictures)
    assert len(list((tmp_path / "maps").glob("*.tif"))) == 2
