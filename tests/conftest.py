"""What every test may use: real data where a folder of it is named, and small things made on the spot."""

import csv
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings
from tiny_bert import bert_folder  # type: ignore[import-not-found] # in tests/

from rsvlm.captioning.sample import SamplePaths, write_sample

settings.register_profile("whenever", deadline=None)  # a busy machine is no fault
settings.load_profile("whenever")

_WORDS = ["a satellite photo of a harbour.", "Annual crop land", "river"]
"""What the tokenizers of tiny models know."""


@pytest.fixture(autouse=True)
def same_process_as_before() -> Iterator[None]:
    """What a command (`--offline`) or a library sets for the whole process ends with the test."""
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
    before, limit = {name: os.environ.get(name) for name in names}, csv.field_size_limit()
    yield
    csv.field_size_limit(limit)
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets that `RSVLM_TEST_DATA` names; tests that need it skip where it is unset."""
    value = os.environ.get("RSVLM_TEST_DATA")
    if not value:
        pytest.skip("RSVLM_TEST_DATA is not set: no folder of real data")
    path = Path(value)
    if not path.is_dir():
        pytest.skip(f"RSVLM_TEST_DATA={value} is not a folder")
    return path


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> SamplePaths:
    """The sample town: a real image, map and land cover of one (invented) place, drawn once for all workers."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    paths = SamplePaths.in_folder(shared / "town")
    with FileLock(shared / "town.lock"):
        if not paths.osm.exists():  # it is written last
            write_sample(shared / "town")
    return paths


def transformers_folder(kind: str, folder: Path) -> Path:
    """Write a folder as `save_pretrained` does: tiny configuration, random weights, processor, tokenizer."""
    import torch
    import transformers as typed
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    transformers: Any = typed  # in part only
    siglip = kind != "clip"
    start, end, pad = ("<s>", "</s>", "<pad>")
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=120, special_tokens=[pad, end, start, "<unk>"], show_progress=False
    )
    tokenizer.train_from_iterator([*_WORDS, "forest road sea lake building park"], trainer)
    template = f"$A {end}" if siglip else f"{start} $A {end}"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=template, special_tokens=[(end, 1)] if siglip else [(start, 2), (end, 1)]
    )
    wrapped = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=start, eos_token=end, pad_token=pad, unk_token="<unk>",
        padding_side="right", model_max_length=16, model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip
    text = {
        "vocab_size": 120, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
        "num_attention_heads": 2, "max_position_embeddings": 16,
        "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2,
    }  # fmt: skip
    vision = {
        "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
        "patch_size": 8,
    }  # fmt: skip
    torch.manual_seed(3)
    if kind == "clip":
        config = transformers.CLIPConfig(
            text_config=text, vision_config=vision | {"image_size": 32}, projection_dim=24
        )
        model = transformers.CLIPModel(config)
        images = transformers.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32)
    elif kind == "siglip":
        config = transformers.SiglipConfig(text_config=text, vision_config=vision | {"image_size": 32})
        model = transformers.SiglipModel(config)
        images = transformers.SiglipImageProcessor(size={"height": 32, "width": 32})
    else:
        config = transformers.Siglip2Config(text_config=text, vision_config=vision | {"num_patches": 16})
        model = transformers.Siglip2Model(config)
        images = transformers.Siglip2ImageProcessor(patch_size=8, max_num_patches=16)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    model.save_pretrained(folder)
    images.save_pretrained(folder)
    wrapped.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options of commands that name a small CLIP of open_clip's with random weights."""
    import open_clip
    import torch

    folder = tmp_path_factory.mktemp("tiny")
    content = {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 16, "head_width": 32},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2},
    }
    torch.manual_seed(0)
    torch.save(open_clip.CLIP(**content).state_dict(), folder / "tiny.pt")
    (folder / "tiny.json").write_text(json.dumps(content), encoding="utf-8")
    return [
        "--encoder", str(folder / "tiny.json"), "--weights", str(folder / "tiny.pt"), "--precision", "fp32",
    ]  # fmt: skip


@pytest.fixture(scope="session")
def transformers_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of a tiny CLIP, SigLIP and SigLIP 2 (NaFlex)."""
    base = tmp_path_factory.mktemp("transformers")
    return {kind: transformers_folder(kind, base / kind) for kind in ("clip", "siglip", "siglip2")}


@pytest.fixture(scope="session")
def sentence_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model of sentence-transformers, with words of its own before questions and texts."""
    st = pytest.importorskip("sentence_transformers")
    base = tmp_path_factory.mktemp("sentences")
    prompts = {"query": "query: ", "document": "passage: "}
    model = st.SentenceTransformer(str(bert_folder(base / "bert")), prompts=prompts, device="cpu")
    model.save(str(base / "model"))
    return base / "model"


@pytest.fixture(scope="session")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny cross-encoder."""
    pytest.importorskip("sentence_transformers")
    folder: Path = bert_folder(tmp_path_factory.mktemp("pairs"), labels=1)
    return folder


@pytest.fixture
def rsvlm_command(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the command line in this process; gives its exit code."""
    from rsvlm.cli import main

    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["rsvlm", *map(str, arguments)])
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return run
