"""Plain functions as generators."""

from collections.abc import Callable, Sequence
from typing import Any

from rsvlm.models.errors import ModelError
from rsvlm.models.generators.protocol import Generator
from rsvlm.models.generators.versions import function_revision
from rsvlm.models.protocol import Image

Function = Callable[[str, Sequence[Image]], str]
"""From a prompt and images to a text."""


class FunctionGenerator:
    """A function `(prompt, images) -> str` as a generator.

    Args:
        function: What answers.
        name: What to call it; by default "function:" and its own name.
        revision: What tells one version of it from the next; by default a hash of its code and of what that takes
            from around it (`function_revision`).
    """

    def __init__(self, function: Function, *, name: str | None = None, revision: str | None = None) -> None:
        self._function = function
        own = getattr(function, "__name__", type(function).__name__)
        self.name = name or f"function:{own}"
        self.revision = revision or function_revision(function)

    def generate(self, prompt: str, images: Sequence[Image] = ()) -> str:
        """Return what the function returns."""
        return self._function(prompt, images)


def as_generator(generator: Any) -> Generator:
    """Return a generator for a generator or a plain function.

    Args:
        generator: Has `generate`, and perhaps a name and a revision; or is a function `(prompt, images) -> str`.

    Raises:
        ModelError: It is neither.
    """
    if isinstance(generator, Generator):
        return generator
    answers = getattr(generator, "generate", None)
    if callable(answers):
        name = getattr(generator, "name", None) or type(generator).__name__
        return FunctionGenerator(answers, name=str(name), revision=getattr(generator, "revision", None))
    if callable(generator):
        return FunctionGenerator(generator)
    raise ModelError(
        f"a generator is a function (prompt, images) -> str or has a method generate, not {type(generator).__name__}: "
        "load_generator makes one of a name"
    )
