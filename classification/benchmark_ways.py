"""The ways of `benchmark.py`: programs that people write to classify files by a CLIP model, and rsvlm.

Each takes the same files, weights, class texts and threads, and gives scores (cosines; transformers: probabilities).
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

CLASSES = (
    "annual crop land", "forest", "herbaceous vegetation", "highway", "industrial buildings",
    "pasture", "permanent crop land", "residential buildings", "river", "sea or lake",
)  # fmt: skip
TEXTS = [f"a satellite photo of {name}." for name in CLASSES]
BATCH = 32
"""What batched peers get, and what rsvlm takes by itself on a processor."""

Scores = npt.NDArray[np.float32]
Run = Callable[[list[Path]], Iterator[Scores]]
"""Files to scores (k, classes), a batch at a time."""


@dataclass(frozen=True)
class Setting:
    """What all ways share: the folder with `model.pt` and `transformers/`, the device, threads that read files."""

    folder: Path
    device: str
    threads: int

    @property
    def batch(self) -> int:
        """Images a batch: rsvlm's default on the device."""
        return BATCH if self.device == "cpu" else 256


def classifier(precision: str) -> Callable[[Setting], Run]:
    """Rsvlm's classifier."""

    def make(setting: Setting) -> Run:
        import rsvlm

        classify = rsvlm.ZeroShotClassifier(
            list(CLASSES), encoder=_encoder(setting, precision), templates=["a satellite photo of {}."]
        ).classify

        def run(paths: list[Path]) -> Iterator[Scores]:
            for start in range(0, len(paths), 16 * BATCH):
                group = paths[start : start + 16 * BATCH]
                yield classify([str(path) for path in group], chips="whole").scores

        return run

    return make


def _encoder(setting: Setting, precision: str) -> Any:
    from rsvlm.models import load_encoder

    weights = setting.folder / "model.pt"
    return load_encoder("ViT-B-32", weights=weights, device=setting.device, precision=precision)


def stream(precision: str) -> Callable[[Setting], Run]:
    """Rsvlm's encoder under it, fed by PIL."""

    def make(setting: Setting) -> Run:
        from PIL import Image

        from rsvlm.models import encode_stream

        encoder = _encoder(setting, precision)
        classes = encoder.encode_texts(TEXTS)

        def load(path: Path) -> Image.Image:
            with Image.open(path) as image:
                return image.convert("RGB")

        def run(paths: list[Path]) -> Iterator[Scores]:
            for row in encode_stream(encoder, paths, load, threads=setting.threads):
                assert row.vector is not None, row.error
                yield row.vector[None] @ classes.T

        return run

    return make


def _open_clip(setting: Setting, precision: str = "fp32") -> tuple[Any, Any, Any]:
    """Load the model as open_clip's README does; return it, its preprocessing, and the class vectors."""
    import open_clip
    import torch

    model, _, preprocess = open_clip.create_model_and_transforms(
        "ViT-B-32", pretrained=str(setting.folder / "model.pt"), precision=precision, device=setting.device
    )
    model.eval()
    tokens = open_clip.get_tokenizer("ViT-B-32")(TEXTS).to(setting.device)
    with torch.no_grad():
        classes = model.encode_text(tokens)
        classes /= classes.norm(dim=-1, keepdim=True)
    return model, preprocess, classes.float()


def readme_loop(setting: Setting) -> Run:
    """open_clip's README: one image a call."""
    import torch
    from PIL import Image

    model, preprocess, classes = _open_clip(setting)

    def run(paths: list[Path]) -> Iterator[Scores]:
        for path in paths:
            image = preprocess(Image.open(path)).unsqueeze(0).to(setting.device)
            with torch.no_grad():
                features = model.encode_image(image)
                features /= features.norm(dim=-1, keepdim=True)
                yield (features @ classes.T).cpu().numpy()

    return run


def batched_loop(
    *, weights: str = "fp32", autocast: bool = False, ahead: bool = False
) -> Callable[[Setting], Run]:
    """open_clip in batches.

    Args:
        weights: open_clip's `precision`.
        autocast: Whether the model runs under bf16 autocast.
        ahead: Whether threads read the next batch meanwhile.
    """

    def make(setting: Setting) -> Run:
        import torch
        from PIL import Image

        model, preprocess, classes = _open_clip(setting, weights)
        kind = torch.bfloat16 if weights == "bf16" else torch.float32

        def read(path: Path) -> Any:
            return preprocess(Image.open(path))

        def encode(images: list[Any]) -> Scores:
            context = torch.autocast(setting.device, torch.bfloat16) if autocast else nullcontext()
            batch = torch.stack(images).to(setting.device, kind)
            with torch.inference_mode(), context:
                features = model.encode_image(batch)
            features = torch.nn.functional.normalize(features.float(), dim=-1)
            scores: Scores = (features @ classes.T).cpu().numpy()
            return scores

        def run(paths: list[Path]) -> Iterator[Scores]:
            starts = range(0, len(paths), setting.batch)
            groups = [paths[start : start + setting.batch] for start in starts]
            if not ahead:
                yield from (encode([read(path) for path in group]) for group in groups)
                return
            with ThreadPoolExecutor(setting.threads) as pool:
                waiting = [pool.map(read, group) for group in groups[:2]]
                for group in [*groups[2:], [], []][: len(groups)]:
                    images = list(waiting.pop(0))
                    waiting.append(pool.map(read, group))
                    yield encode(images)

        return run

    return make


def pipeline(batch: int) -> Callable[[Setting], Run]:
    """Transformers' `zero-shot-image-classification`."""

    def make(setting: Setting) -> Run:
        import transformers

        classify = transformers.pipeline(
            "zero-shot-image-classification",
            model=str(setting.folder / "transformers"),
            device=setting.device,
        )

        def run(paths: list[Path]) -> Iterator[Scores]:
            # Some files at a time: the pipeline answers only when it has all of them.
            for start in range(0, len(paths), 2 * batch):
                group = [str(path) for path in paths[start : start + 2 * batch]]
                answers = classify(
                    group,
                    candidate_labels=list(CLASSES),
                    hypothesis_template="a satellite photo of {}.",
                    batch_size=batch,
                )
                for answer in answers:
                    scores = {entry["label"]: entry["score"] for entry in answer}
                    yield np.array([[scores[name] for name in CLASSES]], np.float32)

        return run

    return make


WAYS: dict[str, Callable[[Setting], Run]] = {
    "rsvlm": classifier("auto"),
    "rsvlm, fp32": classifier("fp32"),
    "rsvlm encode_stream": stream("auto"),
    "rsvlm encode_stream, fp32": stream("fp32"),
    "open_clip README loop": readme_loop,
    "open_clip batched, fp32": batched_loop(),
    "open_clip tuned: bf16 autocast, threads": batched_loop(autocast=True, ahead=True),
    "open_clip tuned: bf16 weights, threads": batched_loop(weights="bf16", ahead=True),
    "transformers pipeline": pipeline(1),
    "transformers pipeline, batch_size=32": pipeline(BATCH),
}
"""The ways by what the table calls them."""


def make_model(folder: Path) -> None:
    """Write a ViT-B-32 with random weights of a fixed seed: `model.pt`, and `transformers/` for the pipeline."""
    import open_clip
    import torch

    torch.manual_seed(0)
    model = open_clip.create_model("ViT-B-32").eval()
    torch.save(model.state_dict(), folder / "model.pt")
    twin = _as_transformers(model, folder / "transformers")
    images, tokens = torch.rand(2, 3, 224, 224), open_clip.get_tokenizer("ViT-B-32")(TEXTS[:2])
    with torch.no_grad():
        own = torch.cat([model.encode_image(images), model.encode_text(tokens)])
        theirs = twin(pixel_values=images, input_ids=tokens)
    normalised = torch.nn.functional.normalize(own, dim=-1)
    difference = (normalised - torch.cat([theirs.image_embeds, theirs.text_embeds])).abs().max()
    assert difference < 1e-5, f"the converted model differs by {difference}"


def _as_transformers(model: Any, folder: Path) -> Any:
    """Write open_clip's ViT-B-32 as a folder of transformers, and return that model."""
    import open_clip
    import transformers

    text = {"hidden_act": "gelu", "eos_token_id": 49407, "bos_token_id": 49406}
    twin = transformers.CLIPModel(
        transformers.CLIPConfig(text_config=text, vision_config={"hidden_act": "gelu"})
    )
    unknown = twin.load_state_dict(renamed(model.state_dict()), strict=False)
    assert not unknown.unexpected_keys, unknown.unexpected_keys
    assert all("position_ids" in key for key in unknown.missing_keys), unknown.missing_keys
    twin.train(mode=False)
    twin.save_pretrained(folder)
    transformers.CLIPImageProcessor().save_pretrained(folder)
    tokenizer = open_clip.SimpleTokenizer()
    names = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    vocabulary = {names.get(token, token): number for token, number in tokenizer.encoder.items()}
    merges = sorted(tokenizer.bpe_ranks, key=tokenizer.bpe_ranks.__getitem__)
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *map(" ".join, merges)]), encoding="utf-8")
    words = transformers.CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    words.save_pretrained(folder)
    assert words(TEXTS[0])["input_ids"] == [t for t in tokenizer(TEXTS[0])[0].tolist() if t]
    return twin


def renamed(state: dict[str, Any]) -> dict[str, Any]:
    """Return open_clip's weights under transformers' names; the projections of attention are split in three."""
    towers = {"visual.": "vision_model.", "": "text_model."}
    parts = {
        "attn.out_proj": "self_attn.out_proj", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
        "ln_1": "layer_norm1", "ln_2": "layer_norm2",
    }  # fmt: skip
    new = {
        "logit_scale": state["logit_scale"],
        "visual_projection.weight": state["visual.proj"].T.contiguous(),
        "text_projection.weight": state["text_projection"].T.contiguous(),
        "vision_model.embeddings.class_embedding": state["visual.class_embedding"],
        "vision_model.embeddings.patch_embedding.weight": state["visual.conv1.weight"],
        "vision_model.embeddings.position_embedding.weight": state["visual.positional_embedding"],
        "text_model.embeddings.token_embedding.weight": state["token_embedding.weight"],
        "text_model.embeddings.position_embedding.weight": state["positional_embedding"],
    }
    norms = {
        "visual.ln_pre": "vision_model.pre_layrnorm", "visual.ln_post": "vision_model.post_layernorm",
        "ln_final": "text_model.final_layer_norm",
    }  # fmt: skip
    for end in ("weight", "bias"):
        new |= {f"{theirs}.{end}": state[f"{ours}.{end}"] for ours, theirs in norms.items()}
        for ours, theirs in towers.items():
            for layer in range(12):
                block, target = f"{ours}transformer.resblocks.{layer}.", f"{theirs}encoder.layers.{layer}."
                new |= {f"{target}{b}.{end}": state[f"{block}{a}.{end}"] for a, b in parts.items()}
                thirds = state[f"{block}attn.in_proj_{end}"].chunk(3)
                for name, third in zip("qkv", thirds, strict=True):
                    new[f"{target}self_attn.{name}_proj.{end}"] = third.contiguous()
    return new
