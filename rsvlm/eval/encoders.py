"""What is evaluated: an encoder, or something that encodes images only, by its name or as an object."""

import os
from typing import Any

from rsvlm.models import Encoder, load_encoder

from .errors import EvalError
from .floors import FLOORS
from .vectors import ImageEncoder

AnyEncoder = Encoder | ImageEncoder


def opened_encoder(given: AnyEncoder | str | os.PathLike[str] | None, *, texts: bool = False) -> Any:
    """Return what is to be evaluated, loaded if it was named.

    Args:
        given: An encoder, what `load_encoder` takes, or the name of one of `rsvlm.eval.floors.FLOORS`.
        texts: Whether it must encode texts, too.

    Raises:
        EvalError: Nothing was given, or it encodes images only.
        rsvlm.models.ModelError: It cannot be loaded.
    """
    if given is None:
        raise EvalError("name an encoder: one that load_encoder takes, or a floor such as colour-histogram")
    if isinstance(given, str | os.PathLike):
        floor = FLOORS.get(os.fspath(given))
        given = load_encoder(given) if floor is None else floor()
    if texts and not hasattr(given, "encode_texts"):
        raise EvalError(f"{given.name} encodes images only; it can be probed, but not searched by words")
    return given
