"""Write tiny language models with random weights, as `save_pretrained` does; the folders load offline.

    python tests/models/generators/make_tiny_vlm.py FOLDER [--kind llava|idefics3|qwen2_vl|llama]

They say nothing sensible, but all else about them is real: processor, tokenizer, chat template, generation.
"""

import argparse
from pathlib import Path
from typing import Any

KINDS = ("llava", "idefics3", "qwen2_vl", "llama")

WORDS = "a satellite image of fields beside the river and forest with roads buildings what is shown here answer yes no"

START, END, PAD, IMAGE, TURN = "<s>", "</s>", "<pad>", "<image>", "<|turn|>"
SEEN = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
SPLIT = ("<fake_token_around_image>", "<global-img>", "<end_of_utterance>")

TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}" + TURN + "{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}IMAGE{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}" + TURN + "assistant\n{% endif %}"
)

TEXT: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "max_position_embeddings": 2048, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2,
}  # fmt: skip

VISION: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2, "patch_size": 8,
    "image_size": 32,
}  # fmt: skip


def make_tiny_model(folder: Path, kind: str = "llava", *, seed: int = 5) -> Path:
    """Write a model of a kind, with its processor and tokenizer, to a folder."""
    import torch

    torch.manual_seed(seed)
    model, processor = {"llava": _llava, "idefics3": _idefics3, "qwen2_vl": _qwen2_vl, "llama": _llama}[
        kind
    ]()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.2 * torch.randn_like(weight))
    model.generation_config.temperature = 0.7  # as many models have it: greedy answers must not heed it
    model.generation_config.do_sample = True
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _tokenizer(image: str = IMAGE) -> Any:
    """Bytes as tokens, so that every text has its tokens and every token its text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast as Fast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special = [START, END, PAD, IMAGE, TURN, *SEEN, *SPLIT]
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator([WORDS], trainer)
    maker: Any = Fast  # not typed
    tokenizer = maker(
        tokenizer_object=raw, bos_token=START, eos_token=END, pad_token=PAD, model_max_length=2048,
        extra_special_tokens={"image_token": image},
    )  # fmt: skip
    tokenizer.chat_template = TEMPLATE.replace("IMAGE", image)
    return tokenizer


def _llama() -> tuple[Any, Any]:
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _tokenizer()
    return LlamaForCausalLM(LlamaConfig(**TEXT, vocab_size=len(tokenizer))), tokenizer


def _llava() -> tuple[Any, Any]:
    import transformers as typed

    transformers: Any = typed
    tokenizer = _tokenizer()
    config = transformers.LlavaConfig(
        text_config=transformers.LlamaConfig(**TEXT, vocab_size=len(tokenizer)),
        vision_config=transformers.CLIPVisionConfig(**VISION),
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
        image_seq_length=16,
    )
    images = transformers.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32)
    processor = transformers.LlavaProcessor(
        images, tokenizer, patch_size=8, vision_feature_select_strategy="default", image_token=IMAGE,
        num_additional_image_tokens=1, chat_template=tokenizer.chat_template,
    )  # fmt: skip
    return transformers.LlavaForConditionalGeneration(config), processor


def _idefics3() -> tuple[Any, Any]:
    import transformers as typed

    transformers: Any = typed
    tokenizer = _tokenizer()
    config = transformers.Idefics3Config(
        text_config=transformers.LlamaConfig(**TEXT, vocab_size=len(tokenizer)).to_dict(),
        vision_config=VISION,
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
        scale_factor=2,
        pad_token_id=2,
    )
    images = transformers.Idefics3ImageProcessor(
        size={"longest_edge": 32}, max_image_size={"longest_edge": 32}, do_image_splitting=False
    )
    tokens = zip(("fake_image_token", "global_image_token", "end_of_utterance_token"), SPLIT, strict=True)
    for name, token in tokens:
        setattr(tokenizer, name, token)
    processor = transformers.Idefics3Processor(
        images, tokenizer, image_seq_len=4, chat_template=tokenizer.chat_template
    )
    return transformers.Idefics3ForConditionalGeneration(config), processor


def _qwen2_vl() -> tuple[Any, Any]:
    import transformers as typed

    transformers: Any = typed
    start, end, image, video = SEEN
    tokenizer = _tokenizer(f"{start}{image}{end}")
    ids = dict(
        zip(
            ("vision_start", "vision_end", "image", "video"),
            map(tokenizer.convert_tokens_to_ids, SEEN),
            strict=True,
        )
    )
    config = transformers.Qwen2VLConfig(
        text_config=TEXT
        | {"vocab_size": len(tokenizer), "rope_scaling": {"type": "mrope", "mrope_section": [2, 3, 3]}},
        vision_config={
            "depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 2, "mlp_ratio": 2, "patch_size": 8,
        },
        **{f"{name}_token_id": value for name, value in ids.items()},
    )  # fmt: skip
    images = transformers.Qwen2VLImageProcessor(patch_size=8, min_pixels=256, max_pixels=4096)
    videos = transformers.Qwen2VLVideoProcessor(patch_size=8)
    tokenizer.image_token, tokenizer.video_token = image, video
    processor = transformers.Qwen2VLProcessor(
        images, tokenizer, videos, chat_template=tokenizer.chat_template
    )
    return transformers.Qwen2VLForConditionalGeneration(config), processor


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", choices=KINDS, default="llava")
    asked = parser.parse_args()
    make_tiny_model(asked.folder, asked.kind)
