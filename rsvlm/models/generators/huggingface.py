"""Vision-language and language models of Hugging Face transformers, run here."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from rsvlm.models.errors import ModelError
from rsvlm.models.generators.chat import Chat
from rsvlm.models.generators.errors import GenerationError
from rsvlm.models.generators.images import IMAGE_SIDE, check_side
from rsvlm.models.generators.protocol import Answer, Request
from rsvlm.models.generators.weights import load, revision_of
from rsvlm.models.precision import FORMATS, device_name, pick_precision
from rsvlm.models.protocol import Image
from rsvlm.models.runtime import pick_device
from rsvlm.models.versions import versions

BATCH_SIZES = {"cpu": 2, "cuda": 8}
"""Requests a batch; halved for good where the GPU's memory does not hold one."""


class HuggingFaceGenerator:
    """A model of transformers that answers: image-text-to-text, or a causal language model that takes text alone.

    Prompts go through the model's own chat template, in batches padded on the left. Safe to use from several threads,
    which take turns.

    Args:
        name: What the user called it.
        folder: Where it lies.
        device: "auto" (the first CUDA device, else the processor), or a name that torch knows.
        precision: "auto" (bf16 where the device is measured to be good at it, else fp32), "fp32", "bf16", "fp16".
        quantization: None, or "4bit" (weights of linear layers in nf4, by bitsandbytes).
        batch_size: Requests a batch.
        max_tokens: Length of an answer at most.
        temperature: 0 takes the likeliest words; above, they are drawn. Drawn answers depend on what else is in the
            batch.
        seed: Seeds the drawing, for each batch anew.
        image_side: Longer side of images at most, in pixels; larger ones are made smaller before the model's own
            preprocessing.
        template_options: What else the chat template knows: {"enable_thinking": False}.

    Attributes:
        identity: All but prompt and images that decides an answer.
        info: The same with device and versions, for the record.

    Raises:
        ModelError: The folder does not hold such a model whole, or there is no such device or precision.
    """

    workers = 1

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        device: str = "auto",
        precision: str = "auto",
        quantization: str | None = None,
        batch_size: int | None = None,
        max_tokens: int = 512,
        temperature: float = 0.0,
        seed: int = 0,
        image_side: int | None = IMAGE_SIDE,
        template_options: Mapping[str, Any] | None = None,
    ) -> None:
        if quantization not in (None, "4bit"):
            raise ModelError(f"there is no quantization {quantization!r}: take 4bit, or none")
        if max_tokens < 1:
            raise ModelError(f"answers of {max_tokens} tokens cannot be asked for: take at least 1")
        if temperature < 0:
            raise ModelError(f"a temperature of {temperature:g} does not exist: take 0 or more")
        self.device = pick_device(device)
        chosen = pick_precision(precision, self.device)
        self._dtype = FORMATS[chosen.name]
        self.name, self.revision = name, revision_of(folder)
        loaded = load(folder, dtype=self._dtype, device=self.device, quantization=quantization)
        self._model, self._tokenizer = loaded.model, loaded.tokenizer
        self.batch_size = batch_size or BATCH_SIZES.get(self.device.type, 2)
        self.max_tokens, self.temperature, self.seed = max_tokens, temperature, seed
        self.image_side = check_side(image_side)
        self._chat = Chat(loaded, self.image_side, template_options or {})
        self._settle()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.identity: dict[str, Any] = {
            "revision": self.revision,
            "precision": chosen.name,
            "quantization": quantization,
            "max_tokens": max_tokens,
            "temperature": temperature,
            "seed": seed if temperature else None,
            "image_side": self.image_side,
            "template": self._chat.digest,
            "template_options": dict(template_options or {}),
        }
        self.info: dict[str, Any] = {
            "name": name,
            "library": "transformers",
            "architecture": type(self._model).__name__,
            **self.identity,
            "device": device_name(self.device),
            "precision_reason": chosen.reason,
            "versions": versions("transformers", "tokenizers"),
        }

    def generate(self, prompt: str, images: Sequence[Image] = ()) -> str:
        """Return the answer, verbatim.

        Raises:
            ModelError: A picture is none, the model sees none, or the prompt is too long for it.
        """
        answer = self.generate_many([Request(prompt, images)])[0]
        if answer.text is None:
            raise GenerationError(answer.error or "no answer")
        return answer.text

    def generate_many(self, requests: Sequence[Request]) -> list[Answer]:
        """Return the answers, in order. Requests with equally many images go through the model together.

        Raises:
            ModelError: As for `generate`, for one of them.
        """
        answers: dict[int, Answer] = {}
        groups: dict[int, list[int]] = {}
        for place, request in enumerate(requests):
            groups.setdefault(len(request.pictures), []).append(place)
        for places in groups.values():
            for start in range(0, len(places), self.batch_size):
                batch = places[start : start + self.batch_size]
                answers.update(zip(batch, self._fit([requests[place] for place in batch]), strict=True))
        return [answers[place] for place in range(len(requests))]

    def abort(self) -> None:
        """End the answers under way at their next word."""
        stop, self._stop = self._stop, threading.Event()
        stop.set()

    def _settle(self) -> None:
        """Take out of the model's own settings what would work against ours, or only make it warn."""
        settings = self._model.generation_config
        settings.max_length = None
        settings.num_beams = 1
        settings.do_sample = self.temperature > 0
        settings.pad_token_id = self._tokenizer.pad_token_id
        if self.temperature:
            settings.temperature = self.temperature
        else:
            settings.temperature = settings.top_p = settings.top_k = None
            for name in ("min_p", "typical_p", "epsilon_cutoff", "eta_cutoff"):
                if hasattr(settings, name):
                    setattr(settings, name, None)

    def _fit(self, batch: Sequence[Request]) -> list[Answer]:
        """Answer a batch, in smaller ones where the device's memory ends."""
        try:
            return self._run(batch)
        except torch.cuda.OutOfMemoryError as error:
            if len(batch) == 1:
                raise GenerationError(
                    f"the memory of {self.device} does not hold {self.name} with this request: make image_side or "
                    "max_tokens smaller"
                ) from error
        # Outside the handler: the traceback would keep the tensors of the failed batch alive.
        torch.cuda.empty_cache()
        half = len(batch) // 2
        self.batch_size = min(self.batch_size, half)
        return self._fit(batch[:half]) + self._fit(batch[half:])

    def _run(self, batch: Sequence[Request]) -> list[Answer]:
        start = time.monotonic()
        inputs = {name: self._placed(value) for name, value in self._chat.inputs(batch).items()}
        tokens = inputs["input_ids"]
        room = self._room(tokens.shape[1])
        stop = self._stop
        with self._lock, torch.inference_mode(), self._seeded():
            output = self._model.generate(**inputs, max_new_tokens=room, stopping_criteria=[_until(stop)])
        if stop.is_set():
            raise GenerationError("stopped")
        counts = inputs["attention_mask"].sum(dim=1).tolist()
        new = _after_prompt(output, tokens).tolist()
        seconds = round((time.monotonic() - start) / len(batch), 4)
        return [
            self._answer(answer, int(count), room, seconds) for answer, count in zip(new, counts, strict=True)
        ]

    def _answer(self, tokens: list[int], tokens_in: int, room: int, seconds: float) -> Answer:
        ends = self._model.generation_config.eos_token_id
        ends = set(ends if isinstance(ends, list) else [ends])
        length = next((place + 1 for place, token in enumerate(tokens) if token in ends), None)
        kept = tokens[: length or len(tokens)]
        text = self._tokenizer.decode(kept, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        cut = length is None and len(kept) >= room
        return Answer(text=text, tokens_in=tokens_in, tokens_out=len(kept), cut=cut, seconds=seconds)

    def _placed(self, value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        return value.to(self.device, self._dtype) if value.is_floating_point() else value.to(self.device)

    def _room(self, length: int) -> int:
        """How many tokens an answer may have after a prompt of a length."""
        config = self._model.config
        text = config.get_text_config() if hasattr(config, "get_text_config") else config
        limit = getattr(text, "max_position_embeddings", None)
        if not isinstance(limit, int) or length + self.max_tokens <= limit:
            return self.max_tokens
        if length >= limit:
            raise GenerationError(
                f"the prompt has {length} tokens with its images, and {self.name} takes {limit}"
            )
        return limit - length

    @contextmanager
    def _seeded(self) -> Iterator[None]:
        if not self.temperature:
            yield
            return
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(self.seed)
            yield


def _after_prompt(output: torch.Tensor, prompt: torch.Tensor) -> torch.Tensor:
    """The new tokens: most models return the prompt with them, others (encoder and decoder) do not."""
    length = prompt.shape[1]
    if output.shape[1] >= length and torch.equal(output[:, :length], prompt):
        return output[:, length:]
    return output


def _until(stop: threading.Event) -> Any:
    """What makes `generate` end when an event is set."""

    def stopped(tokens: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        return torch.full((tokens.shape[0],), stop.is_set(), dtype=torch.bool, device=tokens.device)

    return stopped
