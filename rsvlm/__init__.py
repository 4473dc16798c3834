"""Vision-language remote sensing: from unlabelled overhead imagery to trusted answers.

The public names load what they need when they are first used (PEP 562), so `import rsvlm` is light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0.dev0"

_HOMES = {
    "Index": "rsvlm.retrieval",
    "KnowledgeBase": "rsvlm.rag",
    "RsvlmError": "rsvlm.errors",
    "VisualQuestionAnswerer": "rsvlm.rag",
    "ZeroShotClassifier": "rsvlm.classification",
    "caption": "rsvlm.captioning",
    "evaluate": "rsvlm.eval",
    "load_encoder": "rsvlm.models",
    "load_generator": "rsvlm.models.generators",
    "open_pairs": "rsvlm.captioning",
    "open_scene": "rsvlm.imagery",
    "pretrain": "rsvlm.pretraining",
    "vocabulary": "rsvlm.vocabularies",
}

_ROOMS = {
    "captioning", "classification", "datasets", "demo", "eval", "imagery", "models", "pretraining", "rag", "retrieval",
    "vocabularies",
}  # fmt: skip

__all__ = [
    "Index",
    "KnowledgeBase",
    "RsvlmError",
    "VisualQuestionAnswerer",
    "ZeroShotClassifier",
    "__version__",
    "caption",
    "evaluate",
    "load_encoder",
    "load_generator",
    "open_pairs",
    "open_scene",
    "pretrain",
    "vocabulary",
]

if TYPE_CHECKING:
    from .captioning import caption, open_pairs
    from .classification import ZeroShotClassifier
    from .errors import RsvlmError
    from .eval import evaluate
    from .imagery import open_scene
    from .models import load_encoder
    from .models.generators import load_generator
    from .pretraining import pretrain
    from .rag import KnowledgeBase, VisualQuestionAnswerer
    from .retrieval import Index
    from .vocabularies import vocabulary


def __getattr__(name: str) -> Any:
    """Import a public name from its room, or a room."""
    if name in _ROOMS:
        return import_module(f"rsvlm.{name}")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'rsvlm' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted([*globals(), *__all__])
