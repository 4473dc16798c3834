"""Batches: the same whatever the threads and wherever they begin; what cannot be read is passed over and named."""

import io
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pairs_made as made  # type: ignore[import-not-found] # beside this file
import pytest
import torch
from PIL import Image

from rsvlm.captioning.sample import SamplePaths
from rsvlm.models.loading import load_tower
from rsvlm.pretraining.data import Augmentation, Batch, Mixture, PairLoader, PairsSource, read_pairs_source
from rsvlm.pretraining.errors import PretrainingError

own_cache = pytest.fixture(autouse=True)(made.own_cache)


class Eye:
    """A tower that sees an image as 4 x 4 pixels, and reads ten words."""

    image_size = 16

    def prepare(self, image: Image.Image) -> torch.Tensor:
        return torch.from_numpy(np.array(image.resize((4, 4))))

    def tokenize(self, texts: Sequence[str]) -> tuple[torch.Tensor, int]:
        lengths = [len(text.split()) for text in texts]
        return torch.tensor(lengths).clamp(max=10), sum(length > 10 for length in lengths)


def loader(sources: Sequence[PairsSource], batch_size: int = 4, **options: Any) -> PairLoader:
    replay = options.pop("replay", ())
    mixture = Mixture([(source, None) for source in sources], batch_size=batch_size, replay=replay)
    return PairLoader(mixture, Eye(), **options)  # type: ignore[arg-type] # all of a tower that is used


def content(batches: Sequence[Batch]) -> list[tuple[Any, ...]]:
    return [
        (b.epoch, b.step, b.keys, b.captions, b.sources, b.images.tolist(), b.tokens.tolist())
        for b in batches
    ]


def lines_with_faults(folder: Path) -> Path:
    """Eight images in a folder with a difficult name, of which five can be used."""
    folder.mkdir()
    for number in range(8):
        (folder / f"ö {number}.png").write_bytes(made.png(number))
    (folder / "ö 2.png").write_bytes(made.png(2)[:80])
    (folder / "ö 3.png").unlink()
    captions = [f"field {number}" for number in range(8)]
    captions[5] = "  "
    captions[6] = "word " * 5000
    lines = [[f"ö {number}.png", caption] for number, caption in enumerate(captions)]
    return Path(made.table(folder / "a.csv", ["path", "caption"], lines))


def test_batches_hold_what_the_mixture_drew(town: SamplePaths, tmp_path: Path) -> None:
    new = read_pairs_source(made.parquet(tmp_path / "a.parquet", made.rows(9)))
    old = read_pairs_source(made.of_town(town, tmp_path, limit=4))
    found = list(loader([new], 4, replay=[(old, 0.25)]).batches(0))
    assert [len(batch) for batch in found] == [4, 4, 4]
    assert sorted(key for batch in found for key in batch.keys[:3]) == [f"{n}.png" for n in range(9)]
    for batch in found:
        assert (batch.sources, batch.replay.tolist()) == ((0, 0, 0, 1), [False, False, False, True])
        assert batch.images.shape == (4, 4, 4, 3)
        for key, caption, image in zip(batch.keys[:3], batch.captions, batch.images, strict=False):
            number = int(key.removesuffix(".png"))
            assert caption in (f"field {number}", f"meadow {number}")
            assert torch.equal(image, Eye().prepare(Image.open(io.BytesIO(made.png(number)))))


@pytest.mark.parametrize("streaming", [False, True])
def test_threads_and_beginnings_change_nothing(streaming: bool, tmp_path: Path) -> None:
    path = made.parquet(tmp_path / "a.parquet", made.rows(22))

    def batches(threads: int, epoch: int, start: int = 0) -> list[tuple[Any, ...]]:
        source = read_pairs_source(path, streaming=streaming)
        mixture = Mixture([(source, 1)], batch_size=4, epoch_size=22, buffer=8)
        made_anew = PairLoader(mixture, Eye(), augmentation=Augmentation(), threads=threads)  # type: ignore[arg-type]
        return content(list(made_anew.batches(epoch, start)))

    whole = [batches(1, 0), batches(1, 1)]
    assert [batches(7, 0), batches(7, 1)] == whole
    assert len(whole[0]) == 5
    assert batches(3, 1, 3) == whole[1][3:]
    assert batches(3, 1, 5) == []
    images = [[entry[5] for entry in epoch] for epoch in whole]
    assert images[0] != images[1]


def test_faults_are_passed_over_counted_and_named(tmp_path: Path) -> None:
    path = lines_with_faults(tmp_path / "ünï [2] *")
    found = loader([read_pairs_source(path)], 8)
    for epoch in range(2):
        (batch,) = found.batches(epoch)
        assert sorted(batch.keys) == [f"ö {number}.png" for number in (0, 1, 4, 6, 7)]
        assert batch.cut == 1
        assert len(batch.images) == len(batch.tokens) == len(batch.captions) == 5
    assert (
        list(found.batches(0, found.mixture.steps)) == []
    )  # resumed at the end of an epoch: nothing is left, no error
    assert found.passed_over == 6
    assert found.cut == 2
    problems = {problem.key: problem.reason for problem in found.problems}
    assert len(found.problems) == 3
    assert {problem.source for problem in found.problems} == {str(path)}
    assert problems["ö 5.png"] == "has no caption"
    assert "ö 3.png" in problems["ö 3.png"]
    assert problems["ö 2.png"]


def test_images_that_are_none_in_parquet(tmp_path: Path) -> None:
    images = [made.png(0), b"", b"no image", None]
    path = made.parquet(tmp_path / "a.parquet", {"image": images, "key": list("abcd"), "text": ["field"] * 4})
    found = loader([read_pairs_source(path)], 4)
    (batch,) = found.batches(0)
    assert batch.keys == ("a",)
    assert {problem.key: problem.reason for problem in found.problems if problem.key != "c"} == {
        "b": "has no image",
        "d": "has no image",
    }


def test_a_batch_without_anything_is_left_out_and_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    images = [made.png(0), *(f"no image {n}".encode() for n in range(3))]
    path = made.parquet(tmp_path / "a.parquet", {"image": images, "text": ["field"] * 4})
    found = loader([read_pairs_source(path)], 1)
    assert [len(batch) for batch in found.batches(0)] == [1]
    assert found.passed_over == 3
    none = loader([read_pairs_source(path).take([1, 2, 3])], 1)
    with pytest.raises(
        PretrainingError, match=r"nothing could be read in epoch 1; the first problem: .*a\.parquet"
    ):
        list(none.batches(0))


def test_a_run_goes_on_before_batches_that_cannot_be_read(tmp_path: Path) -> None:
    images = [made.png(0), *(f"no image {n}".encode() for n in range(3))]
    path = made.parquet(tmp_path / "a.parquet", {"image": images, "text": ["field"] * 4})
    found = loader([read_pairs_source(path)], 1)
    ((step, _),) = [(batch.step, batch.keys) for batch in found.batches(0)]
    assert list(found.batches(0, step + 1)) == []


def test_threads_end_with_the_generator(tmp_path: Path) -> None:
    found = loader([read_pairs_source(made.parquet(tmp_path / "a.parquet", made.rows(40)))], 2).batches(0)
    next(found)
    found.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("rsvlm")]


def test_repeated_keys_are_examples_of_their_own(tmp_path: Path) -> None:
    columns = {
        "image": [made.png(n) for n in range(4)],
        "key": ["a"] * 4,
        "text": [f"field {n}" for n in range(4)],
    }
    (batch,) = loader([read_pairs_source(made.parquet(tmp_path / "a.parquet", columns))], 4).batches(0)
    assert batch.keys == ("a",) * 4
    assert sorted(batch.captions) == [f"field {n}" for n in range(4)]


def test_a_real_tower_cuts_five_thousand_words(tmp_path: Path) -> None:
    """An open_clip model of a folder, with random weights and CLIP's own tokenizer."""
    config: dict[str, Any] = {
        "embed_dim": 8,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "patch_size": 16, "head_width": 32},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 1, "layers": 1},
    }
    folder = tmp_path / "model"
    folder.mkdir()
    torch.save(open_clip.CLIP(**config).state_dict(), folder / "open_clip_pytorch_model.bin")
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": config, "preprocess_cfg": {}}), encoding="utf-8"
    )
    tower = load_tower(folder)
    source = read_pairs_source(lines_with_faults(tmp_path / "pairs"))
    found = PairLoader(Mixture([(source, None)], batch_size=8), tower, augmentation=Augmentation())
    (batch,) = found.batches(0)
    assert batch.images.shape[1:] in [(32, 32, 3), (3, 32, 32)]
    assert batch.tokens.shape == (5, 77)
    assert found.cut == 1
