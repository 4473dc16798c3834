"""Scores: right, beside the dataset, with a reason where there is none."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from made_pairs import make_dataset, picture  # type: ignore[import-not-found]
from made_scores import (  # type: ignore[import-not-found]
    ColourEncoder,
    broken,
    coloured,
    cut_off,
)
from PIL import Image

from rsvlm.captioning import CaptioningError
from rsvlm.captioning.dataset import PairsDataset, ScoreSet, open_dataset, open_scores, score_pairs
from rsvlm.captioning.dataset.choosing.score import _picture
from rsvlm.models.identity import own_code
from rsvlm.shards import ShardError


def contents(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def all_scores(scores: ScoreSet, shards: int) -> list[float]:
    return [value for shard in range(shards) for value in scores.shard(shard).scores.tolist()]


@pytest.fixture
def pairs(tmp_path: Path) -> PairsDataset:
    """25 pairs in 3 shards."""
    made: PairsDataset = make_dataset(tmp_path / "pairs", [coloured(number) for number in range(25)])
    return made


def test_scores_are_the_cosines(pairs: PairsDataset) -> None:
    encoder = ColourEncoder()
    scores = score_pairs(pairs, encoder)
    images = [Image.open(io.BytesIO(picture(number))) for number in range(25)]
    ours = encoder.encode_images(images)
    texts = encoder.encode_texts([pair.caption for pair in pairs])
    np.testing.assert_allclose(all_scores(scores, 3), (ours * texts).sum(axis=1), atol=1e-6)
    assert [scores.shard(shard).keys for shard in range(3)] == [
        [f"town_{number:05d}" for number in range(start, min(start + 10, 25))] for start in (0, 10, 20)
    ]


def test_a_png_of_16_bits_is_no_white_picture() -> None:
    file = io.BytesIO()
    Image.fromarray(np.tile(np.arange(64, dtype=np.uint16) * 900, (64, 1))).save(file, "PNG")
    seen = np.asarray(_picture({"image": {"bytes": file.getvalue()}}))
    assert (seen.shape, seen.min(), seen.max(), round(seen.mean())) == ((64, 64, 3), 0, 255, 128)


def test_the_dataset_stays_as_it_is(pairs: PairsDataset) -> None:
    before = contents(pairs.folder)
    scores = score_pairs(pairs, ColourEncoder())
    after = contents(pairs.folder)
    assert {name: after[name] for name in before} == before
    assert {name.split("/")[0] for name in set(after) - set(before)} == {"scores"}
    assert scores.folder.parent == pairs.folder / "scores"
    assert scores.folder.name.startswith("mean-colours-")
    assert len(open_dataset(pairs.folder)) == 25


def test_what_is_written(pairs: PairsDataset) -> None:
    scores = score_pairs(pairs, ColourEncoder())
    table = pq.read_table(scores.folder / "shards" / "00001.parquet")
    assert table.schema.names == ["key", "score", "error"]
    assert [str(kind) for kind in table.schema.types] == ["string", "float", "string"]
    record = json.loads((scores.folder / "scores.json").read_text("utf-8"))
    said = {"name": "Mean colours", "revision": "1", "dimension": 3, "image_size": 64}
    assert record["encoder"] == said | {"code": own_code(ColourEncoder())[0]}
    assert record["dataset"] == pairs.manifest.processing_id
    assert (record["pairs"], record["scored"], record["unscored"]) == (25, 25, {})
    values = np.array(all_scores(scores, 3))
    assert record["all"]["mean"] == pytest.approx(values.mean(), abs=1e-6)
    assert record["styles"]["natural"]["quantiles"]["0.75"] == pytest.approx(
        np.quantile(values, 0.75), abs=1e-6
    )
    assert open_scores(pairs).record == scores.record


def test_each_style_is_described(tmp_path: Path) -> None:
    styles = ["natural", "skyscript"]
    made = make_dataset(tmp_path / "pairs", [coloured(number, styles[number % 2]) for number in range(9)])
    record = score_pairs(made, ColourEncoder()).record
    assert {style: spread.pairs for style, spread in record.styles.items()} == {"natural": 5, "skyscript": 4}


def test_the_same_bytes_again(pairs: PairsDataset, tmp_path: Path) -> None:
    copy = open_dataset(shutil.copytree(pairs.folder, tmp_path / "elsewhere"))
    one = score_pairs(pairs, ColourEncoder(), batch_size=3).folder
    other = score_pairs(copy, ColourEncoder(), batch_size=32).folder
    assert contents(one) == contents(other)


def test_done_shards_are_not_done_again(pairs: PairsDataset) -> None:
    first, again = ColourEncoder(), ColourEncoder()
    done: list[int] = []
    scores = score_pairs(pairs, first)
    assert score_pairs(pairs, again, progress=done.append) == scores
    assert (first.images, again.images, sum(done)) == (25, 0, 25)
    (scores.folder / "shards" / "00002.parquet").unlink()
    score_pairs(pairs, again)
    assert again.images == 5


def test_a_shared_caption_is_encoded_once(pairs: PairsDataset) -> None:
    encoder = ColourEncoder()
    score_pairs(pairs, encoder)
    assert len(encoder.texts) <= 3 * 3 < 25  # three captions in three shards


def test_pairs_without_a_score_say_why(tmp_path: Path) -> None:
    made = [coloured(number) for number in range(20)]
    made[5] = coloured(5, image=False)
    made[7] = broken(7, b"GIF89a, not really")
    made[9] = broken(9, cut_off(9))
    dataset = make_dataset(tmp_path / "pairs", made)
    scores = score_pairs(dataset, ColourEncoder(), batch_size=2)
    shard = scores.shard(0)
    assert np.flatnonzero(np.isnan(shard.scores)).tolist() == [5, 7, 9]
    assert [shard.errors[row] for row in (4, 5, 7)] == [
        None, "no image", "unreadable image: neither JPEG nor PNG",
    ]  # fmt: skip
    assert str(shard.errors[9]).startswith("unreadable image: image file is truncated")
    assert (scores.record.pairs, scores.record.scored) == (20, 17)
    assert scores.record.unscored == {"no image": 1, "unreadable image": 2}
    assert np.isfinite(scores.shard(1).scores).all()


def test_captions_alone_have_no_scores(tmp_path: Path) -> None:
    made = make_dataset(tmp_path / "pairs", [coloured(number, image=False) for number in range(3)])
    record = score_pairs(made, ColourEncoder()).record
    assert (record.scored, record.unscored, record.all.mean) == (0, {"no image": 3}, None)


class Blind(ColourEncoder):  # type: ignore[misc]
    """Its text vectors are zero, or not finite, for some words."""

    def encode_texts(self, texts: Any) -> Any:
        vectors = super().encode_texts(texts)
        for row, text in enumerate(texts):
            vectors[row] = 0 if "grass" in text else np.inf if "field" in text else vectors[row]
        return vectors


def test_vectors_without_a_direction(pairs: PairsDataset) -> None:
    record = score_pairs(pairs, Blind()).record
    houses = sum("house" in pair.caption for pair in pairs)
    assert (record.scored, record.unscored) == (houses, {"no similarity": 25 - houses})


def test_vectors_need_not_be_of_unit_length(pairs: PairsDataset) -> None:
    class Long(ColourEncoder):  # type: ignore[misc]
        def encode_images(self, images: Any) -> Any:
            return 7 * super().encode_images(images)

    scores = score_pairs(pairs, ColourEncoder("1"))
    long = score_pairs(pairs, Long("2"))
    np.testing.assert_allclose(all_scores(long, 3), all_scores(scores, 3), atol=1e-6)


def test_encoders_side_by_side(pairs: PairsDataset) -> None:
    one, other = score_pairs(pairs, ColourEncoder("1")), score_pairs(pairs, ColourEncoder("2"))
    assert one.folder != other.folder
    assert {path.name for path in (pairs.folder / "scores").iterdir()} == {one.folder.name, other.folder.name}


def test_precision_and_adapter_make_another_set_but_no_device(pairs: PairsDataset) -> None:
    def named(**info: Any) -> str:
        encoder = ColourEncoder()
        encoder.info = info
        return str(score_pairs(pairs, encoder).folder.name)

    assert named(precision="fp32", device="a") == named(precision="fp32", device="b")
    assert len({named(precision="fp32"), named(precision="bf16"), named(adapter={"digest": "1"})}) == 3


def test_an_edited_encoder_scores_anew(pairs: PairsDataset) -> None:
    def edited(**methods: Any) -> Any:
        """An encoder whose class keeps its name and revision, and does something else."""
        return type("Mine", (ColourEncoder,), methods)()

    before = score_pairs(pairs, edited())
    turned = edited(encode_texts=lambda self, texts: -ColourEncoder.encode_texts(self, texts))
    after = score_pairs(pairs, turned)
    assert before.folder != after.folder
    np.testing.assert_allclose(all_scores(after, 3), -np.array(all_scores(before, 3)), atol=1e-6)
    again = edited()
    assert score_pairs(pairs, again).folder == before.folder
    assert again.images == 0


def test_a_failure_keeps_what_is_done(pairs: PairsDataset) -> None:
    class Failing(ColourEncoder):  # type: ignore[misc]
        def __init__(self, awake: int) -> None:
            super().__init__()
            self.awake = awake

        def encode_images(self, images: Any) -> Any:
            if self.images >= self.awake:
                raise RuntimeError("the device fell asleep")
            return super().encode_images(images)

    with pytest.raises(ShardError, match=r"2 of 3 shards failed.*fell asleep.*run the same command again"):
        score_pairs(pairs, Failing(10), batch_size=5)
    again = Failing(100)
    assert score_pairs(pairs, again).record.scored == 25
    assert again.images == 15


def test_what_is_no_encoder(pairs: PairsDataset) -> None:
    nothing: Any = object()
    with pytest.raises(CaptioningError, match="object is no encoder: it needs encode_images"):
        score_pairs(pairs, nothing)
    assert not (pairs.folder / "scores").exists()
