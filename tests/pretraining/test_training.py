"""Training: it learns, forgets nothing when it is killed, stops at NaN, and several processes are as one."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from itertools import islice, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import numpy as np
import pairs_made as made  # type: ignore[import-not-found] # beside this file
import pytest
import torch
from torch import distributed
from torch.multiprocessing.spawn import spawn

from rsvlm.models.adapters import Base
from rsvlm.models.loading import load_tower
from rsvlm.pretraining.data import Augmentation, Mixture, PairLoader, read_pairs_source
from rsvlm.pretraining.errors import PretrainingError
from rsvlm.pretraining.gradcache import cached_backward
from rsvlm.pretraining.layers import LoraSettings, is_head
from rsvlm.pretraining.lora import Adapted
from rsvlm.pretraining.optimising import Optimising, learning_rate
from rsvlm.pretraining.processes import Processes, join_processes
from rsvlm.pretraining.progress import CHECKPOINT, METRICS, read_metrics
from rsvlm.pretraining.settings import TrainingSettings
from rsvlm.pretraining.step import Step
from rsvlm.pretraining.training import train

own_cache = pytest.fixture(autouse=True)(made.own_cache)

ONE = Processes(0, 1, torch.device("cpu"))
SETTINGS = TrainingSettings(epochs=2, learning_rate=3e-3, precision="fp32", chunk=5, seed=3)
LORA = LoraSettings(rank=4, alpha=8, dropout=0.2, whole=("norms",))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(made.small_model(tmp_path / "model"))


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return Path(made.coloured_pairs(tmp_path / "pairs"))


def begun(model: Path, pairs: Path, lora: LoraSettings = LORA, **options: Any) -> tuple[Adapted, PairLoader]:
    tower = load_tower(model)
    mixture = Mixture([(read_pairs_source(pairs), None)], batch_size=12, seed=3)
    loader = PairLoader(mixture, tower, augmentation=Augmentation(), seed=3, **options)
    torch.manual_seed(0)  # of LoRA's first matrices
    return Adapted(tower, lora, Base(name=str(model), revision=tower.revision)), loader


def losses(folder: Path) -> list[float]:
    return [line["loss"] for line in read_metrics(folder)]


@pytest.mark.parametrize(
    ("sides", "loss"), [(("image", "text"), "soft"), (("image",), "clip"), (("text",), "sigmoid")]
)
def test_it_learns(sides: Sequence[Any], loss: Any, model: Path, pairs: Path, tmp_path: Path) -> None:
    adapted, loader = begun(model, pairs, LORA.model_copy(update={"sides": tuple(sides), "dropout": 0.0}))
    settings = SETTINGS.model_copy(update={"epochs": 6, "loss": loss, "scale": 10.0})
    train(adapted, loader, settings, tmp_path / "run", processes=ONE, extra=["a road", "blue water"])
    values = losses(tmp_path / "run")
    assert len(values) == 6 * 5
    assert np.mean(values[-5:]) < np.mean(values[:5]) - 0.02


def test_killed_and_resumed(model: Path, pairs: Path, tmp_path: Path) -> None:
    (pairs.parent / "00.png").write_bytes(b"no image")
    whole, uninterrupted = begun(model, pairs)
    settings = SETTINGS.model_copy(update={"average": 0.9})
    train(whole, uninterrupted, settings, tmp_path / "whole", processes=ONE, extra=["a road", "a wood"])
    script = tmp_path / "killed.py"
    script.write_text(
        textwrap.dedent(f"""
        import os, signal, sys
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        import datasets
        datasets.config.HF_DATASETS_CACHE = Path({str(tmp_path / "datasets cache")!r})
        import test_training as test
        from rsvlm.pretraining.training import train

        adapted, loader = test.begun(Path({str(model)!r}), Path({str(pairs)!r}))
        settings = test.SETTINGS.model_copy(update={{"average": 0.9}})
        def kill(line, steps):
            if (line["epoch"], line["step"]) == (1, 2):
                os.kill(os.getpid(), signal.SIGKILL)
        train(adapted, loader, settings, Path({str(tmp_path / "killed")!r}), processes=test.ONE,
              extra=["a road", "a wood"], on_step=kill, save_seconds=0.0)
        """),
        encoding="utf-8",
    )
    ended = subprocess.run([sys.executable, str(script)], env={**os.environ}, check=False)
    assert ended.returncode == -signal.SIGKILL
    before = losses(tmp_path / "killed")
    resumed, loader = begun(model, pairs)
    train(resumed, loader, settings, tmp_path / "killed", processes=ONE, extra=["a road", "a wood"])
    after = losses(tmp_path / "killed")
    assert len(before) == 8
    assert loader.tally == uninterrupted.tally
    assert loader.passed_over == 2, "once an epoch"
    assert np.allclose(after, losses(tmp_path / "whole"), rtol=0, atol=1e-6)
    for name, weight in whole.learning.items():
        assert torch.allclose(resumed.learning[name], weight, atol=1e-6), name


def test_another_run_in_the_same_folder_is_refused(model: Path, pairs: Path, tmp_path: Path) -> None:
    adapted, loader = begun(model, pairs)
    short = SETTINGS.model_copy(update={"epochs": 1})
    train(adapted, loader, short, tmp_path / "run", processes=ONE)
    adapted, loader = begun(model, pairs)
    with pytest.raises(PretrainingError, match=r"run was begun there with settings .*: name another folder"):
        train(adapted, loader, SETTINGS, tmp_path / "run", processes=ONE)
    (tmp_path / "run" / CHECKPOINT).write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(PretrainingError, match=r"checkpoint\.pt: cannot be read .*delete it to begin anew"):
        train(adapted, loader, short, tmp_path / "run", processes=ONE)


def test_nan_stops_it_and_names_the_batch(model: Path, pairs: Path, tmp_path: Path) -> None:
    adapted, loader = begun(model, pairs)
    out = tmp_path / "run"

    def spoil(line: dict[str, Any], steps: int) -> None:
        if (line["epoch"], line["step"]) == (1, 1):
            with torch.no_grad():
                next(adapted.parameters()).fill_(float("nan"))

    with pytest.raises(PretrainingError) as caught:
        train(adapted, loader, SETTINGS, out, processes=ONE, on_step=spoil)
    message = str(caught.value)
    assert message.startswith("epoch 2, step 3 (")
    assert ".png and 9 more): " in message
    assert "NaN" in message
    assert "\n" not in message
    assert message.endswith(f"{out / CHECKPOINT} is from before")
    kept = torch.load(out / CHECKPOINT, weights_only=True)
    assert kept["place"] == (1, 0)
    assert all(weight.isfinite().all() for weight in kept["state"]["weights"].values())


def test_a_half_written_line_of_the_metrics(model: Path, pairs: Path, tmp_path: Path) -> None:
    adapted, loader = begun(model, pairs)
    train(adapted, loader, SETTINGS, tmp_path / "run", processes=ONE)
    file = tmp_path / "run" / METRICS
    file.write_text(file.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    assert len(losses(tmp_path / "run")) == 9


def gradients_of(processes: Processes, model: Path, pairs: Path) -> dict[str, torch.Tensor]:
    """Loss and gradients of the first batch, of which this process reads its part."""
    adapted, loader = begun(
        model, pairs, LORA.model_copy(update={"dropout": 0.0}), part=(processes.rank, processes.count)
    )
    for (
        weight
    ) in adapted.parameters():  # LoRA's second matrix begins with 0, and so does the slope of its first
        with torch.no_grad():
            weight.add_(0.02)
    with closing(loader.batches(0)) as batches:
        settings = SETTINGS.model_copy(update={"extra_texts": 7})
        extra = [
            *made.COLOURS,
            "a road",
            "a river",
            "a wood",
            "a lake",
        ]  # of which some are captions of the batch
        loss = Step(adapted, settings, processes, extra)(next(batches))
    found = {name: weight.grad for name, weight in adapted.learning.items() if weight.grad is not None}
    assert found.keys() == adapted.learning.keys()
    return {"loss": torch.tensor(loss), **found}


def one_of_two(rank: int, folder: str, model: str, pairs: str) -> None:
    """What each process does, as `accelerate launch` starts it."""
    os.environ |= {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": (Path(folder) / "port").read_text(encoding="utf-8"),
    }  # fmt: skip
    datasets.config.HF_DATASETS_CACHE = Path(folder) / "datasets cache"
    processes = join_processes("cpu")
    assert (processes.rank, processes.count) == (rank, 2)
    torch.save(gradients_of(processes, Path(model), Path(pairs)), Path(folder) / f"{rank}.pt")
    assert processes.counts(7 + rank) == [7, 8]
    assert processes.of_all(f"rank {rank}") == ["rank 0", "rank 1"]
    # What one process passes over is counted by all, once.
    if not rank:
        for number in range(8):
            (Path(pairs).parent / f"{number:02}.png").write_bytes(b"no image")
    distributed.barrier()
    adapted, loader = begun(Path(model), Path(pairs), part=(rank, 2))
    short = SETTINGS.model_copy(update={"epochs": 1})
    train(adapted, loader, short, Path(folder) / "counted", processes=processes)
    torch.save(tuple(loader.tally), Path(folder) / f"tally-{rank}.pt")
    # A folder that is not the same on all nodes: a run would go on from different places, and wait for ever.
    adapted, loader = begun(Path(model), Path(pairs), part=(rank, 2))
    own = Path(folder) / ("elsewhere" if rank else "counted")
    with pytest.raises(PretrainingError, match="output folder must be one that all nodes share"):
        train(adapted, loader, short, own, processes=processes)
    # One process has nothing to read for a step: both leave it out, and none waits for ever.
    adapted, loader = begun(Path(model), Path(pairs), part=(rank, 2))
    if rank:
        first = loader.mixture.batches(0)
        loader.mixture.batches = lambda epoch, start=0: islice(first, 1, None)  # type: ignore[method-assign]
    train(adapted, loader, short, Path(folder) / "run", processes=processes)
    distributed.destroy_process_group()


def test_two_processes_are_as_one(model: Path, pairs: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        (tmp_path / "port").write_text(str(free.getsockname()[1]), encoding="utf-8")
    one = gradients_of(ONE, model, pairs)
    spawn(one_of_two, (str(tmp_path), str(model), str(pairs)), nprocs=2)  # type: ignore[no-untyped-call]
    for rank in range(2):
        found = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert found.keys() == one.keys()
        for name, gradient in one.items():
            assert torch.allclose(found[name], gradient, atol=1e-5), name
    assert len(losses(tmp_path / "run")) == 4
    first, second = (torch.load(tmp_path / f"tally-{rank}.pt", weights_only=False) for rank in range(2))
    assert first == second
    assert first[0] == len({key for _, key, _ in first[2]}) == 8
    assert sum(line["pairs"] for line in read_metrics(tmp_path / "counted")) == 60 - 8


def test_processes_wait_while_the_first_one_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    state = SimpleNamespace(num_processes=2, process_index=1, device=torch.device("cpu"))
    monkeypatch.setattr("accelerate.PartialState", lambda **options: given.update(options) or state)
    assert join_processes("cpu") == Processes(1, 2, torch.device("cpu"))
    assert given == {"cpu": True, "timeout": timedelta(days=1)}


def test_chunks_change_nothing(model: Path, pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts: list[int] = []

    def counted(loss: Any, streams: Any) -> Any:
        parts.append(len(streams["images"].chunks))
        return cached_backward(loss, streams)

    monkeypatch.setattr("rsvlm.pretraining.step.cached_backward", counted)
    found = []
    for chunk, machine in ((None, 2**40), (5, 2**40), (None, 10**6)):  # on a small machine what fits
        monkeypatch.setattr("rsvlm.pretraining.step.machine_memory", lambda machine=machine: machine)
        adapted, loader = begun(model, pairs, LORA.model_copy(update={"dropout": 0.0}))
        settings = SETTINGS.model_copy(update={"chunk": chunk})
        loss = Step(adapted, settings, ONE, ["a road"])(next(iter(loader.batches(0))))
        found.append((loss, {name: weight.grad for name, weight in adapted.learning.items()}))
    assert parts[0] == 3  # of 12 images
    assert len(parts) == 2
    (loss, gradients), *cut = found
    for in_chunks, of_chunks in cut:
        assert loss == pytest.approx(in_chunks, abs=1e-5)
        for name, gradient in gradients.items():
            other = of_chunks[name]
            assert gradient is not None
            assert other is not None
            assert torch.allclose(other, gradient, atol=1e-5), name


def test_as_base(model: Path, pairs: Path) -> None:
    adapted, _ = begun(model, pairs)
    tokens = adapted.tower.tokenize(list(made.COLOURS))[0]
    with torch.no_grad():
        before = load_tower(model).texts(tokens)
        for weight in adapted.parameters():
            weight.add_(0.1)
        learned = adapted.tower.texts(tokens)
        with adapted.as_base():
            assert torch.allclose(adapted.tower.texts(tokens), before, atol=1e-5)
        assert torch.equal(adapted.tower.texts(tokens), learned)
    assert not torch.allclose(learned, before, atol=1e-2)
    adapted.set_learning(heads_only=True)
    learning = [weight.requires_grad for weight in adapted.parameters()]
    with pytest.raises(KeyboardInterrupt), adapted.as_base():
        raise KeyboardInterrupt
    assert [weight.requires_grad for weight in adapted.parameters()] == learning != [True] * len(learning)


def test_the_rate_rises_and_falls() -> None:
    settings = TrainingSettings(learning_rate=0.1, warmup=0.2)
    rates = [learning_rate(step, 10, settings) for step in range(10)]
    assert rates[:3] == pytest.approx([0.05, 0.1, 0.1])
    assert all(later < earlier for earlier, later in pairwise(rates[2:]))
    assert 0 < rates[-1] < 0.01
    heads = TrainingSettings(learning_rate=0.1, warmup=0.2, heads_first=0.5)
    assert [learning_rate(step, 20, heads) for step in range(20)] == [0.1] * 10 + rates


def test_lengths_of_rows_are_not_drawn_to_nothing(model: Path, pairs: Path) -> None:
    """Those of DoRA, which a convolution has in four dimensions."""
    adapted, _ = begun(model, pairs, LoraSettings(rank=2, dora=True, whole=("norms",)))
    settings = SETTINGS.model_copy(update={"weight_decay": 0.5})
    lengths = [weight for name, weight in adapted.learning.items() if "magnitude" in name]
    assert {weight.ndim for weight in lengths} == {1, 4}
    decaying, others = Optimising(adapted.learning, 10, settings).state()["adam"]["param_groups"]
    assert (decaying["weight_decay"], others["weight_decay"]) == (0.5, 0.0)
    matrices = [w for name, w in adapted.learning.items() if "lora_A" in name or "lora_B" in name]
    assert len(decaying["params"]) == len(matrices)
    assert len(others["params"]) == len(adapted.learning) - len(matrices)


def test_heads_learn_first(model: Path, pairs: Path, tmp_path: Path) -> None:
    lora = LoraSettings(rank=2, whole=("heads", "norms"))
    adapted, loader = begun(model, pairs, lora)
    heads = {name for name in adapted.learning if is_head(name)}
    assert heads == {"visual.proj", "text_projection"}
    settings = SETTINGS.model_copy(update={"heads_first": 0.5})
    changed: list[set[str]] = []
    before = {name: weight.detach().clone() for name, weight in adapted.learning.items()}

    def look(line: dict[str, Any], steps: int) -> None:
        now = adapted.learning
        changed.append({name for name in now if not torch.equal(now[name], before[name])})

    train(adapted, loader, settings, tmp_path / "run", processes=ONE, on_step=look)
    assert all(names == heads for names in changed[:5])
    assert all(len(names) > 2 for names in changed[5:])
    without, loader = begun(model, pairs, LORA)
    with pytest.raises(PretrainingError, match="heads-first: no head learns"):
        train(without, loader, settings, tmp_path / "other", processes=ONE)


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("visual.proj", True),
        ("text_projection", True),
        ("visual.head.proj.weight", True),
        ("visual_projection.base_layer.weight", True),
        ("visual_projection.lora_A.default.weight", True),
        ("text.proj.weight", True),
        ("visual.trunk.blocks.0.attn.proj.weight", False),
        ("visual.trunk.patch_embed.proj.weight", False),
        ("visual.transformer.resblocks.0.mlp.c_proj.weight", False),
    ],
)
def test_what_is_a_head(name: str, head: bool) -> None:
    assert is_head(name) is head


@pytest.mark.parametrize("loss", ["soft", "clip"])
@pytest.mark.parametrize("dora", [False, True])
def test_bf16_gives_nearly_the_same(loss: Any, dora: bool, model: Path, pairs: Path) -> None:
    """What does not learn is kept in bf16, where no text is compared with another; what learns in fp32."""
    found = {}
    for precision in ("fp32", "bf16"):
        lora = LoraSettings(rank=4, whole=("norms",), dora=dora)
        adapted, loader = begun(model, pairs, lora)
        settings = SETTINGS.model_copy(update={"loss": loss, "precision": precision, "scale": 10.0})
        step = Step(adapted, settings, ONE)
        with closing(loader.batches(0)) as batches:
            value = step(next(batches))
        gradients = torch.cat([w.grad.flatten() for w in adapted.parameters() if w.grad is not None])
        kinds = {name: weight.dtype for name, weight in adapted.tower.module.named_parameters()}
        assert all(kinds[name] is torch.float32 for name in adapted.learning)
        found[precision] = value, gradients, step.encoder.encode_texts(["a red field"])
    cast = kinds["visual.transformer.resblocks.0.mlp.c_fc.base_layer.weight"] is torch.bfloat16
    assert cast is not dora
    texts = kinds["transformer.resblocks.0.mlp.c_fc.base_layer.weight"] is torch.bfloat16
    assert texts is (not dora and loss == "clip")
    assert found["bf16"][0] == pytest.approx(found["fp32"][0], rel=2e-2)
    assert torch.nn.functional.cosine_similarity(found["fp32"][1], found["bf16"][1], dim=0) > 0.98
    assert (found["fp32"][2] * found["bf16"][2]).sum() > 0.999
