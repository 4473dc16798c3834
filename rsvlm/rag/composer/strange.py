"""Questions with words that I do not know: in other languages, of no language, or names of things that I never met."""

from rsvlm.rag.questions import Asked
from rsvlm.rag.questions.known import is_foreign, strange_words

from .finding import Finding, unknown

_LOOKED_FOR = ("yes-no", "how-much", "count", "where", "which")


def strange(asked: Asked) -> Finding | None:
    """Say that nothing is known of what is looked for; None where its words are known, or none of it is looked for."""
    things = [option.thing for option in asked.options] or asked.things
    if asked.kind not in _LOOKED_FOR or not things or any(one.classes for one in things):
        return None
    words = strange_words(things[0].phrase)
    return _no_such(words[0]) if words else None


def foreign(asked: Asked) -> Finding | None:
    """Say of a question of fact that its words are not known; None where they are."""
    words = strange_words(asked.text)
    return _no_such(words[0]) if words and not asked.hard.codes and is_foreign(asked.text) else None


def _no_such(word: str) -> Finding:
    return unknown(f"I know no such thing as \u201c{word}\u201d, and I read English only")
