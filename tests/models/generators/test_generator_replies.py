"""Replies, whatever they are: an answer, or one line that says why not."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from rsvlm.models.errors import ModelError
from rsvlm.models.generators.replies import error_code, error_words, read_completion, shown

ANYTHING = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=8),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def object_of(**fields: Any) -> Any:
    """An object with some of these fields, or with something else in their place."""
    return some.fixed_dictionaries({}, optional={name: value | ANYTHING for name, value in fields.items()})


MESSAGE = object_of(content=some.text(max_size=5), refusal=some.text(max_size=5))
CHOICE = object_of(message=MESSAGE, finish_reason=some.sampled_from(["stop", "length"]))
NEAR = object_of(
    choices=some.lists(CHOICE | ANYTHING, max_size=2),
    usage=object_of(prompt_tokens=some.integers(), completion_tokens=some.integers()),
    model=some.text(),
    error=object_of(message=some.text(), code=some.text()),
)


def check(body: bytes) -> None:
    reason = ""
    try:
        found = read_completion(body)
    except ModelError as error:
        reason = str(error)
    if reason:
        assert len(reason) < 400
        assert "\n" not in reason
        return
    assert (found.text is None) != (found.problem is None)
    (found.text or "").encode("utf-8")
    for count in (found.tokens_in, found.tokens_out):
        assert count is None or (type(count) is int and count >= 0)
    assert "\n" not in (found.model or "") + (found.problem or "")


@settings(max_examples=300)
@given(NEAR)
def test_documents_that_nearly_fit(document: Any) -> None:
    check(json.dumps(document).encode())


@given(some.binary(max_size=200))
def test_bytes(body: bytes) -> None:
    check(body)
    for words in (error_words(body), error_code(body), shown(body)):
        assert "\n" not in words
        words.encode("utf-8")


@pytest.mark.parametrize("content", [None, "", " \n", [{"type": "text", "text": ""}]])
def test_nothing_within_the_limit_is_no_answer(content: Any) -> None:
    choice = {"message": {"content": content}, "finish_reason": "length"}
    found = read_completion(json.dumps({"choices": [choice]}).encode())
    assert found.text is None
    assert found.problem == "no answer within the limit of tokens (it was spent on thinking): allow more"
    choice["finish_reason"] = "stop"
    assert (
        read_completion(json.dumps({"choices": [choice | {"message": {"content": ""}}]}).encode()).text == ""
    )
