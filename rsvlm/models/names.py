"""What a name may mean: an architecture and a tag, a folder of a model, a weights file, or nothing that there is."""

from difflib import get_close_matches
from pathlib import Path

from rsvlm.models import hub
from rsvlm.models.presets import near_presets, preset_of_file
from rsvlm.models.shipped import SHIPPED

WEIGHT_SUFFIXES = (".pt", ".pth", ".bin", ".ckpt", ".safetensors")


def is_model_folder(path: Path) -> bool:
    """Whether a folder holds a model: a configuration of open_clip or of transformers."""
    return any((path / name).is_file() for name in (hub.OPEN_CLIP_CONFIG, "config.json"))


def architecture_and_tag(name: str) -> tuple[str, str | None] | None:
    """Split "ViT-B-32/openai"; None where no architecture of open_clip's is meant. "ViT-B/32" is one, too."""
    import open_clip

    known = {architecture.lower(): architecture for architecture in open_clip.list_models()}
    whole = known.get(name.replace("/", "-").lower())
    if whole is not None:
        return whole, None
    first, _, tag = name.rpartition("/")
    architecture = known.get(first.replace("/", "-").lower())
    return None if architecture is None else (architecture, tag)


def how_to_name(path: Path) -> str:
    """How a weights file is loaded: by its preset, where it is a published one, else by its architecture."""
    preset = preset_of_file(path)
    return f'load_encoder("{preset.name if preset else "ViT-B-32"}", weights={path.name!r})'


def what_was_meant(name: str) -> str:
    """Say what the user may have meant with a name that is no model, folder or file."""
    import open_clip

    presets = get_close_matches(name.lower(), SHIPPED, n=1, cutoff=0.7) + near_presets(name)
    first = name.split("/")[0]
    near = presets or get_close_matches(first, open_clip.list_models(), n=3)
    hints = [f"did you mean {' or '.join(near)}?"] if near else []
    if name.count("/") == 1 and not presets:
        hints.append(f"a model of the Hugging Face hub is named hf:{name}")
    hints.append(
        "name a preset, an open_clip architecture (with /tag or weights), a folder, or hf:owner/model"
    )
    return f"no model or folder {name!r}; {'; '.join(hints)}"
