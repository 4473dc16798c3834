"""Language models of Hugging Face transformers: from a folder or the hub to a model and its processor.

Nothing of a folder is run (`trust_remote_code` stays off), weights are safetensors, and a folder that lacks a part of
the model is refused: transformers would fill it with random numbers and warn.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch

from rsvlm.errors import one_line
from rsvlm.files import sha256_of
from rsvlm.models import hub
from rsvlm.models.errors import ModelError
from rsvlm.models.quiet import loading_transformers

CLOSED: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
"""Nothing fetched, and no code of the folder run; left unsaid, the latter makes transformers ask at the terminal."""

WANTED = ("*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken", "*.safetensors")
UNWANTED = ("*/*", "consolidated*")
"""Copies of the same weights in other formats, which some repositories hold as well."""

WEIGHTS = ("model.safetensors", "model.safetensors.index.json")


class Loaded(NamedTuple):
    """A model with what turns words and pictures into its input, and the other way.

    Attributes:
        model: In eval mode, without gradients, on its device.
        processor: Of text and images, or, for a model of text alone, its tokenizer.
        tokenizer: The tokenizer.
        sees: Whether it takes images.
    """

    model: Any
    processor: Any
    tokenizer: Any
    sees: bool


def hub_snapshot(repository: str, *, offline: bool) -> Path:
    """Return the folder of a language model of the hub: from the cache, else fetched.

    Raises:
        ModelError: It is not in the cache and fetching is off, or it cannot be fetched.
    """
    from huggingface_hub import snapshot_download

    index = hub.cached(repository, WEIGHTS)
    if index is not None and all(file.is_file() for file in weight_files(index.parent)):
        return index.parent
    if hub.is_offline(offline):
        raise ModelError(
            f"{repository} is not whole on this machine (looked in {hub.cache_folder()}) and fetching is off: "
            "run once without --offline and HF_HUB_OFFLINE, or name a folder that has it"
        )
    try:
        return Path(
            snapshot_download(repository, allow_patterns=list(WANTED), ignore_patterns=list(UNWANTED))
        )
    except Exception as error:  # the client's own, its HTTP library's and the system's
        raise ModelError(f"{repository} cannot be fetched from the hub: {one_line(error)}") from error


def weight_files(folder: Path) -> list[Path]:
    """Return the files that hold a folder's weights, in the order of their names.

    Raises:
        ModelError: There are none, or their index cannot be read.
    """
    whole, index = (folder / name for name in WEIGHTS)
    if whole.is_file():
        return [whole]
    if not index.is_file():
        raise ModelError(f"{folder} holds no weights: neither {WEIGHTS[0]} nor {WEIGHTS[1]} is there")
    try:
        parts = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{index} cannot be read: {one_line(error)}") from error
    if any(Path(part).name != part for part in parts):
        raise ModelError(f"{index} names weights outside of its folder")
    return [folder / part for part in parts]


def revision_of(folder: Path) -> str:
    """Return what identifies a folder's weights: the hub's commit, else a digest of the files."""
    commit = hub.commit_of(folder)
    if commit:
        return commit
    digest = hashlib.sha256()
    for file in weight_files(folder):
        digest.update(bytes.fromhex(sha256_of(file)))
    return f"sha256:{digest.hexdigest()[:16]}"


def load(folder: Path, *, dtype: torch.dtype, device: torch.device, quantization: str | None) -> Loaded:
    """Load a folder's model, and its processor or tokenizer.

    Raises:
        ModelError: A file is missing, damaged or does not fit the others, or the model does not answer.
    """
    with loading_transformers(folder):
        maker, sees = _maker(folder)
        # Before the weights: what is wrong with it shows in no time.
        processor, tokenizer = _processing(folder, sees)
        options = {**CLOSED, _dtype_option(): dtype, "use_safetensors": True, "output_loading_info": True}
        if quantization is not None:
            options |= {"quantization_config": _quantized(dtype), "device_map": {"": str(device)}}
        model, info = maker.from_pretrained(folder, **options)
        _check_whole(folder, info)
        if quantization is None:
            model.to(device)
    return Loaded(model.eval().requires_grad_(requires_grad=False), processor, tokenizer, sees)


def _maker(folder: Path) -> tuple[Any, bool]:
    """The class that loads a folder, and whether its models see."""
    import transformers
    from transformers.models.auto import modeling_auto

    config = transformers.AutoConfig.from_pretrained(folder, **CLOSED)
    seeing = getattr(modeling_auto, "MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING", {})
    if type(config) in seeing:
        return transformers.AutoModelForImageTextToText, True
    if type(config) in modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING:
        return transformers.AutoModelForCausalLM, False
    raise ModelError(
        f"{folder} holds a model of type {config.model_type!r}, which transformers {transformers.__version__} cannot "
        "ask: generators are image-text-to-text and causal language models"
    )


def _processing(folder: Path, sees: bool) -> tuple[Any, Any]:
    from transformers import AutoProcessor, AutoTokenizer

    if sees:
        maker: Any = AutoProcessor  # its methods are not typed
        processor = maker.from_pretrained(folder, **CLOSED)
        tokenizer = getattr(processor, "tokenizer", None)
        if tokenizer is None or getattr(processor, "image_processor", None) is None:
            raise ModelError(f"{folder} lacks a tokenizer or the settings of its image processor")
    else:
        processor = tokenizer = AutoTokenizer.from_pretrained(folder, **CLOSED)
    tokenizer.padding_side = "left"  # answers continue the prompt: nothing may stand between
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return processor, tokenizer


def _dtype_option() -> str:
    import transformers

    major, minor = (int(part) for part in transformers.__version__.split(".")[:2])
    return "dtype" if (major, minor) >= (4, 56) else "torch_dtype"


def _quantized(dtype: torch.dtype) -> Any:
    from importlib.util import find_spec

    from transformers import BitsAndBytesConfig

    if find_spec("bitsandbytes") is None or find_spec("accelerate") is None:
        raise ModelError("4-bit weights need two more packages: pip install bitsandbytes accelerate")
    configured: Any = BitsAndBytesConfig
    return configured(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype)


def _check_whole(folder: Path, info: Any) -> None:
    found: Mapping[str, Any] = info if isinstance(info, Mapping) else vars(info)
    names = sorted(str(name) for name in found.get("missing_keys") or ())
    if names:
        shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        raise ModelError(f"the weights in {folder} lack {len(names)} parts of the model ({shown})")
