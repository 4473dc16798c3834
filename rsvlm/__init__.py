"""Vision-language remote sensing: from unlabelled overhead imagery to trusted answers.

The public names load what they need when they are first used (PEP 562), so `import rsvlm` is light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0.dev0"

_HOMES = {
    "caption": "rsvlm.captioning",
    "open_pairs": "rsvlm.captioning",
    "open_scene": "rsvlm.imagery",
}

__all__ = ["__version__", "caption", "open_pairs", "open_scene"]

if TYPE_CHECKING:
    from .captioning import caption, open_pairs
    from .imagery import open_scene


def __getattr__(name: str) -> Any:
    """Import a public name from its room."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'rsvlm' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted([*globals(), *__all__])
