"""Pairs per second and peak memory of a LoRA step on ViT-B-32, beside what people use.

    pip install "rsvlm[cpu]"
    python pretraining/benchmark.py
    python pretraining/benchmark.py --device cuda --batch 256

The same ViT-B-32 (random weights: speed does not depend on them), the same images and captions in memory, the
contrastive loss, AdamW. Each way runs in a process of its own, in turns, `--rounds` times: two steps to warm up, then
steps for `--seconds`. Medians; ratios are medians of each round's ratio. Peak memory is the whole process's, or the
GPU's.

Peers have two rows: as their README has them, and tuned as ours is (bf16 autocast, same batch and threads, and freed
memory kept by the allocator).
"""

import argparse
import ctypes
import json
import logging
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

CAPTIONS = (
    "a satellite photo of a farm beside a river", "many ships lie in a harbour", "an airport with two runways",
    "houses with gardens along a road in the north of a lake",
)  # fmt: skip
OURS, FULL, TUNED = "rsvlm, LoRA", "open_clip, all weights, fp32", "open_clip, all weights, amp_bf16"
PEFT, PEFT_TUNED = "HF CLIP + peft, fp32", "HF CLIP + peft, bf16"


def main() -> None:
    options = read_options()
    if options.way:
        print(json.dumps(run_way(options.way, options.batch, options.device, options.seconds)))
        return
    rounds = []
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        rounds.append({way: in_process(way, options) for way in WAYS})
    print_table(rounds, options)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch", type=int, default=64, help="pairs a step")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--way", help="run this one only, in this process")
    return parser.parse_args()


def in_process(way: str, options: argparse.Namespace) -> dict[str, float]:
    command = [
        sys.executable,
        __file__,
        "--way",
        way,
        "--batch",
        str(options.batch),
        "--device",
        options.device,
    ]
    done = subprocess.run(
        [*command, "--seconds", str(options.seconds)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{way}: {done.stderr.strip().splitlines()[-1:]}")
    result: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def print_table(rounds: list[dict[str, dict[str, float]]], options: argparse.Namespace) -> None:
    print(f"ViT-B-32, {options.batch} pairs a step, {options.device}, {torch.get_num_threads()} threads\n")
    print(
        "| way | pairs/s | x fp32 | x amp_bf16 | peak MiB | of fp32 | of amp_bf16 |\n|---|--:|--:|--:|--:|--:|--:|"
    )
    for way in WAYS:
        speed, memory = (statistics.median(one[way][what] for one in rounds) for what in ("speed", "mib"))
        ratios = [
            statistics.median(one[way][what] / one[peer][what] for one in rounds)
            for what in ("speed", "mib") for peer in (FULL, TUNED)
        ]  # fmt: skip
        print(
            f"| {way} | {speed:.2f} | {ratios[0]:.2f} | {ratios[1]:.2f} | {memory:,.0f} | {ratios[2]:.2f} "
            f"| {ratios[3]:.2f} |"
        )


def run_way(way: str, batch: int, device: str, seconds: float) -> dict[str, float]:
    """Time one way in this process."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    images = torch.randint(0, 256, (batch, 224, 224, 3), dtype=torch.uint8)
    captions = [CAPTIONS[number % len(CAPTIONS)] for number in range(batch)]
    step = WAYS[way](images, captions, torch.device(device))
    for _ in range(2):
        step()
    settle(device)
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        step()
        settle(device)
        steps += 1
    speed = steps * batch / (time.perf_counter() - began)
    if device == "cpu":
        return {"speed": speed, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    return {"speed": speed, "mib": torch.cuda.max_memory_allocated() / 2**20}


def settle(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()


def keep_memory() -> None:
    """What `rsvlm.pretraining.memory` does, for the tuned peers."""
    library = ctypes.CDLL("libc.so.6")
    for number, value in ((-4, 0), (-1, 2**31 - 1), (-2, 2**26)):
        library.mallopt(number, value)


def ours(
    images: torch.Tensor, captions: list[str], device: torch.device, lora: Any = None, settings: Any = None
) -> Callable[[], Any]:
    import tempfile

    import open_clip
    from safetensors.torch import save_file

    from rsvlm.models.loading import load_tower
    from rsvlm.models.writing import base_of
    from rsvlm.pretraining.data import Batch
    from rsvlm.pretraining.layers import LoraSettings
    from rsvlm.pretraining.lora import Adapted
    from rsvlm.pretraining.optimising import Optimising
    from rsvlm.pretraining.processes import Processes
    from rsvlm.pretraining.settings import TrainingSettings
    from rsvlm.pretraining.step import Step

    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.safetensors"
        save_file(open_clip.create_model("ViT-B-32").state_dict(), weights)
        tower = load_tower("ViT-B-32", weights=weights, quick_gelu=False)
        settings = settings or TrainingSettings(loss="clip")
        adapted = Adapted(tower, lora or LoraSettings(), base_of("ViT-B-32", weights, tower))
        step = Step(adapted, settings, Processes(0, 1, device))
        optimising = Optimising(adapted.learning, 10**6, settings)
    batch = Batch(
        epoch=0, step=0, images=images, tokens=None, captions=tuple(captions), keys=tuple(captions),
        sources=(0,) * len(captions), replay=torch.zeros(len(captions), dtype=torch.bool), cut=0,
    )  # fmt: skip
    numbers = iter(range(10**6))

    def one() -> None:
        step(batch)
        optimising.step(next(numbers))

    return one


def open_clip_way(precision: str) -> Callable[..., Callable[[], Any]]:
    """open_clip's own training loop, one batch long."""

    def prepare(images: torch.Tensor, captions: list[str], device: torch.device) -> Callable[[], Any]:
        import open_clip
        from open_clip_train.train import train_one_epoch  # type: ignore[import-untyped]

        if precision == "amp_bf16" and device.type == "cpu":
            keep_memory()
        model = open_clip.create_model("ViT-B-32", output_dict=True, device=device)
        mean, std = (
            torch.tensor(values).view(3, 1, 1) for values in (model.visual.image_mean, model.visual.image_std)
        )
        pixels = (images.permute(0, 3, 1, 2) / 255 - mean) / std
        tokens = open_clip.get_tokenizer("ViT-B-32")(captions)
        optimizer = torch.optim.AdamW(
            model.parameters(), lr=1e-5, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.2
        )
        args = SimpleNamespace(
            device=str(device), precision=precision, distill=False, accum_freq=1, skip_scheduler=True, horovod=False,
            grad_clip_norm=None, batch_size=len(captions), world_size=1, rank=0, local_rank=0, log_every_n_steps=10**9,
            log_local=False, wandb=False, distributed=False,
        )  # fmt: skip

        class Loader(list[Any]):
            num_batches, num_samples = 2, 2 * len(captions)  # two, so that the loop does not log each

        data = {"train": SimpleNamespace(dataloader=Loader([(pixels, tokens)]), set_epoch=lambda _: None)}
        loss = open_clip.ClipLoss()
        return lambda: train_one_epoch(model, data, loss, 0, optimizer, None, None, None, args)

    return prepare


def peft_way(tuned: bool) -> Callable[..., Callable[[], Any]]:
    """A Hugging Face CLIP with LoRA on the same layers, as the READMEs of both have it."""

    def prepare(images: torch.Tensor, captions: list[str], device: torch.device) -> Callable[[], Any]:
        import open_clip
        from peft import LoraConfig, get_peft_model
        from transformers import CLIPConfig, CLIPModel

        if tuned and device.type == "cpu":
            keep_memory()
        module: Any = CLIPModel(CLIPConfig())  # ViT-B-32
        layers = [
            "q_proj",
            "k_proj",
            "v_proj",
            "out_proj",
            "fc1",
            "fc2",
            "visual_projection",
            "text_projection",
        ]
        model: Any = (
            get_peft_model(module, LoraConfig(r=16, lora_alpha=32, target_modules=layers)).to(device).train()
        )
        pixels = (images.permute(0, 3, 1, 2) / 127.5 - 1).to(device)
        tokens = open_clip.get_tokenizer("ViT-B-32")(captions)
        longest = int((tokens != 0).sum(dim=1).max())  # `padding=True` of its processor
        tokens, mask = tokens[:, :longest].to(device), (tokens[:, :longest] != 0).long().to(device)
        optimizer = torch.optim.AdamW(
            [weight for weight in model.parameters() if weight.requires_grad], lr=2e-4
        )

        def one() -> None:
            with torch.autocast(device.type, torch.bfloat16, enabled=tuned):
                loss = model(
                    input_ids=tokens, attention_mask=mask, pixel_values=pixels, return_loss=True
                ).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

        return one

    return prepare


WAYS: dict[str, Callable[..., Callable[[], Any]]] = {
    OURS: ours, FULL: open_clip_way("fp32"), TUNED: open_clip_way("amp_bf16"), PEFT: peft_way(False),
    PEFT_TUNED: peft_way(True),
}  # fmt: skip

if __name__ == "__main__":
    main()
