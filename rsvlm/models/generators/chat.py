"""From requests to a model's input: its chat template, its pictures, its marks."""

import hashlib
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from rsvlm.models.generators.errors import GenerationError
from rsvlm.models.generators.images import fitted
from rsvlm.models.generators.protocol import Request
from rsvlm.models.generators.weights import Loaded

Conversation = list[dict[str, Any]]


class Chat:
    """Writes requests as a model was trained to read them.

    Marks of the template that stand in a prompt ("<|im_end|>", "<image>") are split by a blank: a question, or the
    name of a place in it, cannot speak in another's role, nor announce pictures that are not there.

    Args:
        loaded: The model's processor and tokenizer.
        image_side: Longer side of images at most, in pixels.
        options: What else the template knows.
    """

    def __init__(self, loaded: Loaded, image_side: int | None, options: Mapping[str, Any]) -> None:
        self._processor, self._tokenizer, self._sees = loaded.processor, loaded.tokenizer, loaded.sees
        self._image_side = image_side
        self._options = dict(options)
        self._marks = _marks(self._tokenizer)
        self._template = getattr(self._processor, "chat_template", None) or self._tokenizer.chat_template

    @property
    def digest(self) -> str | None:
        """What tells the template from others; None where the model has none."""
        return (
            hashlib.sha256(repr(self._template).encode("utf-8")).hexdigest()[:16] if self._template else None
        )

    def inputs(self, batch: Sequence[Request]) -> Mapping[str, Any]:
        """Return the input for requests with equally many images: tokens padded on the left, and pixels.

        Raises:
            ModelError: There are images, and the model sees none; or one is no picture.
        """
        if not self._sees and any(len(request.pictures) for request in batch):
            raise GenerationError("the model takes text alone, and no images")
        conversations = [self._conversation(request) for request in batch]
        return self._templated(conversations) if self._template else self._plain(conversations)

    def _conversation(self, request: Request) -> Conversation:
        prompt = request.prompt
        for mark in self._marks:
            prompt = prompt.replace(mark, f"{mark[0]} {mark[1:]}")
        if not self._sees:
            return [{"role": "user", "content": prompt}]
        pictures = [{"type": "image", "image": fitted(image, self._image_side)} for image in request.pictures]
        return [{"role": "user", "content": [*pictures, {"type": "text", "text": prompt}]}]

    def _templated(self, conversations: list[Conversation]) -> Mapping[str, Any]:
        apply: Any = self._processor.apply_chat_template
        padding: dict[str, Any] = {"padding": True}
        if "processor_kwargs" in inspect.signature(apply).parameters:  # from transformers 5 on
            padding = {"processor_kwargs": padding}
        found: Mapping[str, Any] = apply(
            conversations,
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            **padding,
            **self._options,
        )
        return found

    def _plain(self, conversations: list[Conversation]) -> Mapping[str, Any]:
        """For models without a template: the images' marks, and the prompt as it stands."""
        parts = [conversation[0]["content"] for conversation in conversations]
        options = {"padding": True, "return_tensors": "pt"}
        if not self._sees:
            texts: Mapping[str, Any] = self._tokenizer(parts, **options)
            return texts
        mark = getattr(self._processor, "image_token", "") or ""
        words = [mark * (len(content) - 1) + content[-1]["text"] for content in parts]
        images = [[part["image"] for part in content[:-1]] for content in parts]
        seen: Mapping[str, Any] = self._processor(
            text=words, images=images if any(images) else None, **options
        )
        return seen


def _marks(tokenizer: Any) -> list[str]:
    """The tokens that a text must not bring along, the longest first."""
    added = [str(token) for token in tokenizer.added_tokens_decoder.values() if token.special]
    named = [str(token) for token in tokenizer.all_special_tokens]
    return sorted({mark for mark in (*added, *named) if len(mark) > 2}, key=lambda mark: (-len(mark), mark))
