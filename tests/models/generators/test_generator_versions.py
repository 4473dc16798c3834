"""What tells versions of functions apart: an edited one must not get the answers that the old one gave."""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np
import pytest

from rsvlm.models.generators import as_generator
from rsvlm.models.generators.versions import function_revision

HEAD = "PROMPT = 'Look.'\ndef helper(text):\n    return text + '.'\n"
SAME = (
    HEAD
    + "def answer(prompt, images):\n    return helper(PROMPT + prompt) if prompt in {'a', 'b', 'c'} else 'no'\n"
)


def written(code: str) -> Callable[..., str]:
    """The function `answer` of a module."""
    module: dict[str, Any] = {"__name__": "mine"}
    exec(code, module)
    found: Callable[..., str] = module["answer"]
    return found


def test_the_same_code_is_the_same_version_in_every_process() -> None:
    code = (
        "from rsvlm.models.generators.versions import function_revision as told\nm = {'__name__': 'mine'}\n"
    )
    code += f"exec({SAME!r}, m)\nprint(told(m['answer']))"
    found = {function_revision(written(SAME)), function_revision(written("\n\n" + SAME))}
    for seed in ("1", "2", "3"):
        done = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True,
            text=True, encoding="utf-8",
        )  # fmt: skip
        found.add(done.stdout.strip())
    assert len(found) == 1, found
    assert found.pop().startswith("code:")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'no'", "'yes'"),
        ("+ '.'", "+ '!'"),  # in a function that it calls
        ("'Look.'", "'Look well.'"),  # in its module
        ("(prompt, images)", "(prompt, images, most=3)"),
        ("helper(PROMPT + prompt)", "max(PROMPT, prompt)"),
        ("'c'", "'d'"),
        ("return helper", "return (lambda text: text * 2)"),
    ],
)
def test_what_was_edited_is_another_version(old: str, new: str) -> None:
    assert old in SAME
    assert function_revision(written(SAME)) != function_revision(written(SAME.replace(old, new)))


def asker(style: Any) -> Callable[..., str]:
    return lambda prompt, images: f"{style}: {prompt}"


class Model:
    def __init__(self, style: Any) -> None:
        self.style = style

    def __call__(self, prompt: str, images: Any) -> str:
        return f"{self.style}: {prompt}"

    generate = __call__


def joined(style: str, prompt: str, images: Any) -> str:
    return style + prompt


MAKERS = (asker, Model, lambda style: Model(style).generate, lambda style: partial(joined, style))


@pytest.mark.parametrize("made", MAKERS)
def test_what_a_function_holds_is_part_of_it(made: Callable[[str], Callable[..., str]]) -> None:
    first, again, other = (function_revision(made(style)) for style in ("short", "short", "long"))
    assert first == again != other
    assert first.startswith("code:")


@pytest.mark.parametrize("made", MAKERS)
def test_of_what_cannot_be_told_the_type_counts(made: Callable[[Any], Callable[..., str]]) -> None:
    zeros, ones, other = (function_revision(made(held)) for held in (np.zeros(3), np.ones(3), object()))
    assert zeros == ones != other


class Slotted:
    __slots__ = ("style",)

    def __call__(self, prompt: str, images: Any) -> str:
        return prompt


@pytest.mark.parametrize("function", [Slotted(), itemgetter(0)])
def test_what_cannot_be_looked_into_has_no_version_twice(function: Callable[..., Any]) -> None:
    found = {function_revision(function), function_revision(function)}
    assert len(found) == 2
    assert all(one.startswith("unknown:") for one in found)


def test_functions_that_call_each_other_and_lists_that_hold_themselves() -> None:
    code = "def answer(prompt, images):\n    return other(prompt)\n"
    code += "def other(prompt):\n    return prompt if prompt else answer(prompt, ())\n"
    edited = code.replace("return prompt if", "return prompt * 2 if")
    assert function_revision(written(code)) != function_revision(written(edited))
    ring: list[Any] = []
    ring.append(ring)
    assert function_revision(asker(ring)) != function_revision(asker([1]))
    assert function_revision("{} {}".format) != function_revision("{}: {}".format)


def test_a_generator_that_says_its_revision_is_believed() -> None:
    model = Model("short")
    model.revision = "3"  # type: ignore[attr-defined]
    assert (as_generator(model).name, as_generator(model).revision) == ("Model", "3")
    assert as_generator(asker("short")).revision == function_revision(asker("short"))
