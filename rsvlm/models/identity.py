"""What decides an encoder's vectors: part of the name of all that is kept of them for later runs."""

import json
from typing import Any

from .generators.versions import class_revision

DECIDES = ("precision", "preprocessing", "quick_gelu", "adapter")
"""What else than its weights decides them. Devices and versions of libraries move them by less than precision does."""


def vector_identity(encoder: Any) -> dict[str, Any]:
    """Return what decides an encoder's vectors, as plain data.

    That is its name, revision, dimension and image size, what its `info` says of
    `DECIDES`, and for a class of one's own, which is edited and keeps its revision, the version of its code.
    """
    info = getattr(encoder, "info", None) or {}
    identity = {
        "name": encoder.name,
        "revision": encoder.revision,
        "dimension": encoder.dimension,
        "image_size": encoder.image_size,
        **{name: info[name] for name in DECIDES if info.get(name) is not None},
    }
    if code := own_code(encoder):
        [identity["code"]] = code
    plain: dict[str, Any] = json.loads(json.dumps(identity, default=str))
    return plain


def tokenizer_of(encoder: Any) -> str | None:
    """Return what decides the vectors of texts besides: which tokenizer an encoder says that it has, if any.

    A folder's tokenizer may be changed beside weights that stay.
    """
    info = getattr(encoder, "info", None) or {}
    named = info.get("tokenizer")
    return None if named is None else str(named)


def own_code(encoder: Any) -> list[str]:
    """Return what tells the code of an encoder's class, where it is none of rsvlm's."""
    kind = type(encoder)
    return [] if kind.__module__.partition(".")[0] == "rsvlm" else [class_revision(kind)]
