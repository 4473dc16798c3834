"""What an OpenAI-compatible server sends back, read with distrust: any of it may be missing, wrong or a lie."""

import json
from dataclasses import dataclass
from typing import Any

from rsvlm.models.generators.errors import GenerationError
from rsvlm.models.storable import storable

MOST_TOKENS = 10**9
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Completion:
    """The parts of a reply that count.

    Attributes:
        text: The answer; None where there is none.
        problem: Why there is none.
        cut: Whether it ended at the limit of tokens.
        tokens_in: Tokens of the request; None where the server did not count, or not credibly.
        tokens_out: Tokens of the answer, likewise.
        model: What the server calls its model.
    """

    text: str | None
    problem: str | None
    cut: bool
    tokens_in: int | None
    tokens_out: int | None
    model: str | None


def read_completion(body: bytes) -> Completion:
    """Read the reply to a chat completion. One without a text has a problem, and may have cost all the same.

    Raises:
        GenerationError: It is no such reply.
    """
    document = _document(body)
    if document is None:
        raise GenerationError(f"the reply is no JSON object: {shown(body)}")
    choice = _first(document.get("choices"))
    if choice is None:
        raise GenerationError(error_words(body) or f"the reply has no choices: {shown(body)}")
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    cut = choice.get("finish_reason") == "length"
    text = _text(message.get("content"))
    if cut and text is not None and not text.strip():
        text = None  # as some servers say that thinking took all the tokens
    usage = document.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    model = document.get("model")
    return Completion(
        text,
        _why_silent(message, choice, cut) if text is None else None,
        cut,
        _count(usage.get("prompt_tokens")),
        _count(usage.get("completion_tokens")),
        " ".join(storable(model).split())[:LONGEST_NAME] if isinstance(model, str) else None,
    )


def error_words(body: bytes) -> str:
    """What a server says went wrong, in one line; "" where it says nothing."""
    document = _document(body) or {}
    error = document.get("error") or document.get("detail") or document.get("message")
    told = error.get("message") or error.get("code") if isinstance(error, dict) else error
    if not isinstance(told, str):
        return ""
    words = " ".join(storable(told).split())
    return words if len(words) <= 240 else f"{words[:237]}..."


def error_code(body: bytes) -> str:
    """The code of an error, where the server gives one."""
    error = (_document(body) or {}).get("error")
    code = (error.get("code") or error.get("type")) if isinstance(error, dict) else None
    return code if isinstance(code, str) else ""


def shown(body: bytes) -> str:
    """The beginning of a reply, on one line, for an error message."""
    text = " ".join(body[:400].decode("utf-8", "replace").split())
    printable = "".join(sign if sign.isprintable() else "?" for sign in text)
    return f"{printable[:80]!r}" + ("..." if len(body) > 80 else "")


def _document(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # not UTF-8, no JSON, numbers or nesting without end
        return None
    return document if isinstance(document, dict) else None


def _first(choices: Any) -> dict[str, Any] | None:
    found = choices[0] if isinstance(choices, list) and choices else None
    return found if isinstance(found, dict) else None


def _text(content: Any) -> str | None:
    """The text of a message's content: a string, or a list of parts as some servers send it."""
    if isinstance(content, str):
        return storable(content)
    if not isinstance(content, list):
        return None
    parts = [part.get("text") for part in content if isinstance(part, dict)]
    texts = [part for part in parts if isinstance(part, str)]
    return storable("".join(texts)) if texts else None


def _why_silent(message: dict[str, Any], choice: dict[str, Any], cut: bool) -> str:
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal:
        return f"the model refused: {' '.join(storable(refusal).split())[:200]}"
    if cut:
        return "no answer within the limit of tokens (it was spent on thinking): allow more"
    reason = choice.get("finish_reason")
    ended = f" (it ended with {reason[:40]!r})" if isinstance(reason, str) else ""
    return f"the reply has no text{ended}"


def _count(value: Any) -> int | None:
    """A number of tokens, where it is one that can be."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value <= MOST_TOKENS else None
