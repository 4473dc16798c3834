"""`load_encoder`: what each name means, and one line for names that mean nothing."""

import json
import logging
import shutil
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from functools import partial
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import huggingface_hub
import open_clip
import pytest
import torch
from safetensors.torch import save_file

from rsvlm.models import Encoder, ModelError, load_encoder
from rsvlm.models.loading import load_tower


@pytest.fixture
def open_clip_folder(tiny_clip: Any, tiny_config: Path, tmp_path: Path) -> Path:
    """A folder as open_clip puts it on the hub."""
    folder = tmp_path / "my-model"
    folder.mkdir()
    content = {"model_cfg": json.loads(tiny_config.read_text(encoding="utf-8")), "preprocess_cfg": {}}
    (folder / "open_clip_config.json").write_text(json.dumps(content), encoding="utf-8")
    save_file(tiny_clip.state_dict(), folder / "open_clip_model.safetensors")
    return folder


def test_a_folder_is_an_encoder(open_clip_folder: Path) -> None:
    encoder = load_encoder(open_clip_folder, precision="fp32", device="cpu")
    assert isinstance(encoder, Encoder)
    assert (encoder.name, encoder.dimension, encoder.image_size) == ("my-model", 32, 32)
    assert load_tower(str(open_clip_folder)).revision == encoder.revision


def test_weights_may_be_others_than_those_beside_the_configuration(
    open_clip_folder: Path, tiny_clip: Any, tmp_path: Path
) -> None:
    torch.save({key: value + 1 for key, value in tiny_clip.state_dict().items()}, tmp_path / "others.pt")
    others = load_tower(open_clip_folder, weights=tmp_path / "others.pt")
    assert others.revision != load_tower(open_clip_folder).revision
    (open_clip_folder / "open_clip_model.safetensors").rename(
        open_clip_folder / "open_clip_pytorch_model.bin"
    )
    with pytest.raises(ModelError):  # still told by its content: safetensors under another name
        load_tower(open_clip_folder, weights=open_clip_folder)
    assert load_tower(open_clip_folder).revision != others.revision


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ViT-B-32", "an architecture without weights: .*ViT-B-32/openai"),
        ("ViT-B/32", "an architecture without weights"),
        ("ViT-B-32/laion2b_s34b_b79", "open_clip has no weights .* it has laion2b_s34b_b79k"),
        ("ViT-B-23", "did you mean ViT-B-32"),
        ("google/siglip2-base-patch16-224", "named hf:google/siglip2-base-patch16-224"),
        ("hf:siglip", "write hf:owner/model"),
        ("hf:owner/model", r"owner/model is not on this machine \(looked in .*\) and fetching is off"),
        ("hf-hub:owner/model", "owner/model is not on this machine"),
        ("ViT-B-32/openai", r"timm/vit_base_patch32_clip_224.openai is not on this machine"),
        ("nothing-like-this", "no model or folder 'nothing-like-this'; name a preset"),
    ],
)
def test_a_name_that_cannot_be_loaded_is_one_line(name: str, says: str) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        load_encoder(name, offline=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_the_environment_turns_fetching_off(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "1")
    with pytest.raises(ModelError, match="fetching is off"):
        load_encoder("hf:owner/model")


def test_arguments_that_contradict_each_other(tmp_path: Path, tiny_config: Path) -> None:
    weights = tmp_path / "RS5M_ViT-B-32.pt"
    weights.write_bytes(b"x")
    with pytest.raises(ModelError, match="leave out /openai or weights"):
        load_encoder("ViT-B-32/openai", weights=weights)
    with pytest.raises(ModelError, match="leave out weights"):
        load_encoder("hf:owner/model", weights=weights)
    with pytest.raises(ModelError, match=r'a weights file: .* load_encoder\("georsclip-vit-b-32", weights='):
        load_encoder(weights)
    with pytest.raises(ModelError, match="a configuration without weights"):
        load_encoder(tiny_config)
    with pytest.raises(ModelError, match="is no model: it has neither"):
        load_encoder(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", '{"embed_dim": 3}', '{"model_cfg": 3}'])
def test_a_json_that_is_no_configuration_is_one_line(content: str, tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match="configuration") as caught:
        load_encoder(file, weights=tmp_path / "weights.pt")
    assert "\n" not in str(caught.value)


def test_loading_leaves_warnings_logging_and_random_numbers_as_they_were(
    open_clip_folder: Path, transformers_models: dict[str, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    before = (list(warnings.filters), logging.root.manager.disable, list(logging.root.handlers))
    for folder in (open_clip_folder, transformers_models["siglip"]):
        load_tower(folder)
    assert (list(warnings.filters), logging.root.manager.disable, list(logging.root.handlers)) == before
    assert capfd.readouterr() == ("", "")


def test_importing_the_room_loads_no_torch() -> None:
    heavy = {"torch", "transformers", "open_clip", "huggingface_hub"}
    code = f"import sys, rsvlm.models; bad = {heavy} & set(sys.modules); assert not bad, bad"
    subprocess.run([sys.executable, "-c", code], check=True)


class _Hub(BaseHTTPRequestHandler):
    """Answers as the Hugging Face hub does, from folders `owner/name` on the disk, and notes what was asked for."""

    def __init__(self, *arguments: Any, root: Path, asked: list[str]) -> None:
        self.root, self.asked = root, asked
        super().__init__(*arguments)

    def do_HEAD(self) -> None:
        self.do_GET(body=False)

    def do_GET(self, *, body: bool = True) -> None:
        path = self.path.split("?")[0]
        self.asked.append(path)
        parts = path.removeprefix("/api/models/").strip("/").split("/")
        folder = self.root / "/".join(parts[:2])
        if path.startswith("/api/models/") and folder.is_dir():
            sizes = {file.name: file.stat().st_size for file in folder.iterdir()}
            tree = [
                {"type": "file", "path": name, "oid": "b" * 40, "size": size} for name, size in sizes.items()
            ]
            files = [{"rfilename": name} for name in sizes]
            about = {"id": "/".join(parts[:2]), "sha": "a" * 40, "siblings": files}
            content = json.dumps(tree if "tree" in parts else about).encode()
        elif (file := folder / parts[-1]).is_file() and "resolve" in parts:
            content = file.read_bytes()
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound" if folder.is_dir() else "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("X-Repo-Commit", "a" * 40)
        self.send_header("ETag", f'"{sha1(content).hexdigest()}"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def hub_server(tmp_path: Path) -> Iterator[tuple[str, Path, list[str]]]:
    """A hub on this machine: its address, its folder, and the list of what it is asked for."""
    asked: list[str] = []
    root = tmp_path / "hub-content"
    root.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Hub, root=root, asked=asked))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", root, asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def hub(
    hub_server: tuple[str, Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, list[str]]:
    """That hub's folder and list, with the hub's client pointed to it and to an empty cache."""
    address, root, asked = hub_server
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    for module in (huggingface_hub.constants, huggingface_hub.file_download):
        monkeypatch.setattr(module, "HUGGINGFACE_CO_URL_TEMPLATE", template, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    return root, asked


def test_a_hub_id_is_fetched_once_and_then_found_offline(
    hub: tuple[Path, list[str]], open_clip_folder: Path, transformers_models: dict[str, Path]
) -> None:
    root, asked = hub
    shutil.copytree(open_clip_folder, root / "owner" / "open-clip")
    shutil.copytree(transformers_models["siglip"], root / "owner" / "siglip")
    (root / "owner" / "open-clip" / "notes.bin").write_bytes(b"not to be fetched")
    for offline in (False, True):
        for name in ("hf:owner/open-clip", "hf:owner/siglip"):
            tower = load_tower(name, offline=offline)
            assert (tower.name, tower.revision, len(tower.info["sha256"])) == (name, "a" * 40, 64)
        with pytest.raises(
            ModelError, match="is not on this machine" if offline else "cannot be reached"
        ) as caught:
            load_tower("hf:owner/missing", offline=offline)
        assert "\n" not in str(caught.value)
        fetched = {path.rpartition("/")[2] for path in asked if "/resolve/" in path}
        assert ("open_clip_model.safetensors" in fetched) is not offline
        assert "notes.bin" not in fetched
        asked.clear()


def test_a_pretrained_tag_names_its_weights_on_the_hub(
    hub: tuple[Path, list[str]], tiny_clip: Any, tiny_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, asked = hub
    (root / "owner" / "clip").mkdir(parents=True)
    save_file(tiny_clip.state_dict(), root / "owner" / "clip" / "open_clip_model.safetensors")
    config = json.loads(tiny_config.read_text(encoding="utf-8"))
    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, "ViT-B-32", config)
    record = {"hf_hub": "owner/clip/", "quick_gelu": True, "mean": (0.5,) * 3, "std": (0.5,) * 3}
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED["ViT-B-32"], "openai", record)
    with pytest.raises(ModelError, match="owner/clip is not on this machine"):
        load_tower("ViT-B-32/openai", offline=True)
    assert asked == []
    tower = load_tower("ViT-B-32/openai")
    assert (tower.name, tower.revision, tower.mean) == ("ViT-B-32/openai", "a" * 40, (0.5, 0.5, 0.5))
    assert tower.info["quick_gelu"] is True
    asked.clear()
    assert load_tower("vit-b-32/openai", offline=True).revision == "a" * 40
    assert asked == []


def test_weights_on_the_hub_are_fetched_when_they_are_named(
    hub: tuple[Path, list[str]], tiny_clip: Any, tiny_config: Path
) -> None:
    root, asked = hub
    (root / "owner" / "clip").mkdir(parents=True)
    torch.save(tiny_clip.state_dict(), root / "owner" / "clip" / "weights.pt")
    with pytest.raises(ModelError, match="owner/clip is not on this machine"):
        load_tower(tiny_config, weights="hf:owner/clip/weights.pt", offline=True)
    assert asked == []
    assert load_tower(tiny_config, weights="hf:owner/clip/weights.pt").revision == "a" * 40
    asked.clear()
    assert load_tower(tiny_config, weights="hf:owner/clip/weights.pt").info["weights"] == "weights.pt"
    assert asked == []  # in the cache by now
    with pytest.raises(ModelError, match="write hf:owner/model/file"):
        load_tower(tiny_config, weights="hf:owner/clip")


def test_published_weights_with_the_other_activation_are_warned_of(
    tiny_clip: Any,
    tiny_config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = json.loads(tiny_config.read_text(encoding="utf-8"))
    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, "ViT-B-32", config)
    for name in ("RS5M_ViT-B-32.pt", "RemoteCLIP-ViT-B-32.pt"):
        torch.save(tiny_clip.state_dict(), tmp_path / name)
    load_tower("ViT-B-32", weights=tmp_path / "RemoteCLIP-ViT-B-32.pt")
    load_tower("ViT-B-32", weights=tmp_path / "RS5M_ViT-B-32.pt", quick_gelu=False)
    assert not caplog.records
    load_tower("ViT-B-32", weights=tmp_path / "RS5M_ViT-B-32.pt")
    assert "georsclip-vit-b-32, which has QuickGELU, and is loaded with GELU" in caplog.text
