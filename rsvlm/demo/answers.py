"""An answer as HTML: its words with links to what they cite, how sure it is, and what a reader should know."""

import re
from collections.abc import Collection

from rsvlm.rag import Answer

from .cards import evidence_cards
from .escaping import plain

COMPOSER = "composer"
"""What an answer calls the built-in composer."""
WORKING = "answer working"
"""Classes of what is shown while an answer is on its way."""
ANOTHER = "Stopped, for the image is another one now: ask again."
_CITED = re.compile(r"\[(\d{1,4})\]")
_SURE = ((90, "very sure"), (75, "fairly sure"), (60, "rather sure"), (0, "unsure"))
"""Words for at least so many percent."""
_SLOWEST = 60
"""Words until which each appears after the one before; what is longer appears as a whole."""


def answer_card(answer: Answer) -> str:
    """Return an answer as HTML."""
    numbers = {one.number for one in answer.evidence}
    parts = [f'<p class="text">{_words(answer.text, numbers)}</p>', _confidence(answer)]
    if answer.notes:
        parts.append(f'<ul class="notes">{"".join(f"<li>{plain(note)}</li>" for note in answer.notes)}</ul>')
    parts.append(f'<p class="quiet">{plain(_by_whom(answer))}</p>')
    if answer.prompt is not None:
        parts.append(
            "<details><summary>What the generator was asked</summary>"
            f'<pre tabindex="0">{plain(answer.prompt)}</pre></details>'
        )
    state = " abstained" if answer.abstained else ""
    return f'<section class="answer{state}" aria-label="Answer"><h3>Answer</h3>{"".join(parts)}</section>'


def cited_cards(answer: Answer) -> str:
    """Return what an answer cites as HTML; where it cites nothing, that it does so, and what was found."""
    cited = set(map(int, _CITED.findall(answer.text)))
    if answer.evidence:
        cards = evidence_cards(answer.evidence, cited=True)
        if cited.isdisjoint(one.number for one in answer.evidence):
            return f'<p class="quiet">The answer cites none of this: it is only what was found.</p>{cards}'
        return cards
    if answer.abstained:
        return ""
    told = "it is what the encoder sees" if answer.generator == COMPOSER else "nothing was found for it"
    return f'<p class="quiet">It cites nothing: {told}.</p>'


def working(text: str) -> str:
    """Return what is shown while an answer is on its way."""
    dots = '<span class="dots" aria-hidden="true">…</span>'
    return f'<section class="{WORKING}"><p class="text">{plain(text)}{dots}</p></section>'


def notice(text: str) -> str:
    """Return an error as HTML."""
    return f'<p class="notice" role="alert">{plain(text)}</p>'


def _words(text: str, numbers: Collection[int]) -> str:
    """Words that appear one after another, as CSS does it; each citation of what is there is a link to it."""
    words = text.split()
    late = len(words) <= _SLOWEST
    return " ".join(
        f'<span class="word" style="--turn:{turn if late else 0}">{_linked(word, numbers)}</span>'
        for turn, word in enumerate(words)
    )


def _linked(word: str, numbers: Collection[int]) -> str:
    found, end = [], 0
    for match in _CITED.finditer(word):
        found.append(plain(word[end : match.start()]))
        end = match.end()
        number = int(match[1])
        found.append(
            f'<a class="cite" href="#evidence-{number}" aria-label="evidence {number}">[{number}]</a>'
            if number in numbers
            else plain(match[0])
        )
    return "".join(found) + plain(word[end:])


def _confidence(answer: Answer) -> str:
    if answer.abstained:
        return '<p class="badge">No answer: nothing that was found supports one.</p>'
    if answer.confidence is None and answer.generator == COMPOSER and not answer.notes:
        return '<p class="badge">How often answers of this kind are right was not measured.</p>'
    if answer.confidence is None:
        return '<p class="badge">Not calibrated: how sure this is, is not known.</p>'
    share = min(1.0, max(0.0, answer.confidence))
    percent = min(99, round(100 * share))  # no encoder is sure to 100 %
    words = next(words for least, words in _SURE if percent >= least)
    return (
        f'<div class="sure"><span id="how-sure">{words.capitalize()}: {percent}&nbsp;%</span>'
        f'<div class="bar" role="meter" aria-labelledby="how-sure" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{percent}" aria-valuetext="{words}"><span style="width:{percent}%"></span></div></div>'
    )


def _by_whom(answer: Answer) -> str:
    who = "the built-in composer" if answer.generator == COMPOSER else answer.generator
    seconds = sum((answer.seconds or {}).values())
    return f"Answered by {who}" + (f" in {seconds:.1f}\u00a0s" if seconds >= 0.05 else "")
