"""Several questions in one: where one ends and the next begins."""

import re
from collections.abc import Callable
from itertools import islice

MOST_PARTS = 12
"""Questions of a text that are read."""

_SENTENCE = re.compile(r"[?!]+[)\]\"']*\s*|(?<=[^\W\d])[.)\"']*\.\s+(?=\S)|;\s+|(?<=\d)\.\s+(?=[^\W\d_])")
_ABBREVIATED = re.compile(
    r"(?:\b(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|approx|ca|e\.g|i\.e|eg|ie|vs|dr|mr|mrs|st|mt|no|nr|fig|resp|incl|max|min|avg|[a-z]))$",
    re.IGNORECASE,
)
_AMOUNTS = "number|count|share|percentage|proportion|area|size|extent|length|width|location|position|names?|colou?rs?"
_ASKS = (
    "what|what's|whats|which|where|where's|wheres|when|who|why|whose|how|hows|howmany|"
    "if so|if yes|if not|if there is|if it is|"
    "is|are|does|do|did|has|have|can|could|was|were|will|count|describe|caption|list|name|locate|find|tell|estimate|"
    "compare|give|identify|show|summari[sz]e|say|mark|point|outline|measure|"
    "(?:in|on|at|to|of|from|for|since|by|with) (?:which|what|whom|when)|how|"
    rf"(?:the )?(?:total )?(?:{_AMOUNTS}) (?:of|they|it)"
)
_POSSESSED = (
    r"(?:its|their) "
    r"(?=name|area|size|extent|number|share|position|location|colou?r|length|width|population|age|type|history)"
)
_CLAUSE = re.compile(
    rf"\s*[,;:]?\s+(?:and|but|or|plus|also|then)(?: also| then| please| pls|,)*\s+(?=(?:{_ASKS})\b|{_POSSESSED})|"
    rf"\s*[,;]\s*(?=(?:{_ASKS})\b)",
    re.IGNORECASE,
)

_EITHER = "yes or no|yes/no|true or false|true/false|agree or disagree|confirm or deny"
_TAG = re.compile(
    rf"(?:y ?/ ?n|(?:just |only )?(?:{_EITHER})|am i|is (?:that|this|it)|right|correct|true|yes|no|isn'?t (?:it|that)|"
    r"agree|or not|please|pls|thanks?)"
    r"(?: (?:right|correct|true|so|you))?\W*",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"^\W*(?:(?:and|but|then) )?"
    r"(?:if (?:so|yes|not|no|any)|if \w+ (?:do|does|is|are|can|has)(?: (?:any|one|some|so|it))?|in that case)"
    rf"(?:,\s*|\s+(?=(?:{_ASKS})\b))",
    re.IGNORECASE,
)
"""What makes a question one for the case that the one before it is answered by yes or no."""
_INSERTED = re.compile(r",\s*(?:in|as|by|at|on|per|for|of|with)\b[^,]{2,30}$", re.IGNORECASE)
"""What is put into a question, between commas: "To what extent, in percent, is it built up?"."""
_LEADS_IN = re.compile(
    r"\W*(?:in|on|at|among|between|compar(?:ed|ing)|contrasting|set against|relative to|versus|wherever|whenever|"
    r"besides|apart|aside|except|excluding|ignoring|unlike|instead|knowing|dividing|assuming|for|with|of|by|from|if|"
    r"when|counting|looking|based|given|considering|according|since|as|is it (?:just |only )?me|hi|hello|hey)\b",
    re.IGNORECASE,
)
"""What begins a question and ends in a comma or "and" that are within it."""
_ASKS_BACK = re.compile(
    r"(?:is|are|was|were|does|do|did|has|have|can)(?:n't|nt| not)? (?:it|they|there|this|that|you|he|she|we|i)\W*",
    re.IGNORECASE,
)
"""The end of "There are no roads, are there?"."""
_BRACKETS = re.compile(r"\([^()]*\)")
_TAKEN_BACK = re.compile(
    rf"^[^?!]{{3,120}}?(?:\.\.\.|\u2026|,|-)\s*(?:no,? wait|sorry|scratch that)[,:]?\s+(?=(?:{_ASKS})\b)",
    re.IGNORECASE,
)
_PREMISES = (
    # "Don't round: how much is forest?"
    r"\W*(?:(?:please )?do(?:n't| not)(?! (?:you|we|they|i|the))|never|stop)\b[^?]{3,120}?(?::|,| -)\s+"
    rf"(?:but |just |only |exactly |simply )*(?=(?:{_ASKS})\b)",
    # "Copacabana from above: is the beach wider than the road?"; but not "First image versus second: ..."
    rf"\W*(?!(?:{_ASKS}|choose|pick|select|options?)\b)"
    r"(?![^:?]*\b(?:vs|versus|before|after|first|second|(?:image|photo|picture|date) \w)\b)"
    rf"[^:?]{{2,120}}:\s+(?=(?:any|{_ASKS})\b(?: [\w']+){{3}})",
    # "I have a question: ..."
    r"[^:?]{0,60}\bquestions?\b[^:?]{0,20}:\s*",
    # "I'm new here, so what is this?"
    rf"\W*i(?:'m|'ve|'d)?\b[^?]{{0,160}}?(?:\s-\s|:\s|,\s(?:so|and)\s)(?=(?:{_ASKS})\b)",
    # "Judging by the number of boats, is it summer?"
    r"\W*(?:based on|judging (?:by|from)|according to|given|considering|looking at|knowing|"
    r"dividing|assuming|suppose|from)\b[^?]{3,300}?,\s+"
    rf"(?=(?:(?:in|on|at|to|of|from) (?:which|what)|will|would|should|may|might|{_ASKS})\b)",
)
_PREMISE = re.compile(f"^(?:{'|'.join(_PREMISES)})", re.IGNORECASE)


def without_slips(text: str) -> str:
    """Cut what is taken back: "How many storeys... no wait, how many houses are there?"."""
    return _TAKEN_BACK.sub("", text, count=1)


def sentences(text: str) -> list[str]:
    """Split a text into its sentences, each with its marks.

    >>> sentences("Is there a lake? If so, how big is it?")
    ['Is there a lake?', 'If so, how big is it?']
    """
    found: list[str] = []
    start = 0
    bracketed = _bracketed(text)
    for match in _SENTENCE.finditer(text):
        if match.start() in bracketed or _ABBREVIATED.search(
            text, max(start, match.start() - 12), match.start()
        ):
            continue
        _add(found, text[start : match.end()].strip())
        start = match.end()
    _add(found, text[start:].strip())
    return [one for one in found if any(letter.isalnum() or letter == "%" for letter in one)]


def _add(found: list[str], sentence: str) -> None:
    """Add a sentence; a tag ("right?") belongs to the one before it."""
    if found and _TAG.fullmatch(sentence):
        found[-1] = f"{found[-1].rstrip('.?! ')}, {sentence}"
    else:
        found.append(sentence)


def _bracketed(text: str) -> set[int]:
    """Places within round brackets that end before the text does."""
    return {place for match in _BRACKETS.finditer(text) for place in range(match.start(), match.end() - 1)}


def without_premise(text: str) -> str:
    """Cut what a question is based on: "Judging by the number of boats, "."""
    return _PREMISE.sub("", text, count=1)


def clauses(sentence: str, asks: Callable[[str], bool]) -> list[str]:
    """Split a sentence where "and how", "and is" and the like begin a question of their own.

    Args:
        sentence: A sentence.
        asks: Whether words ask something by themselves: the words on both sides must.
    """
    found: list[str] = []
    start = 0
    for match in islice(_CLAUSE.finditer(sentence), MOST_PARTS):
        left, right = sentence[start : match.start()], sentence[match.end() :]
        if match[0].strip() in (",", "") and (len(left.split()) < 3 or _INSERTED.search(left)):
            continue
        if _LEADS_IN.match(_CONDITION.sub("", left)) or _ASKS_BACK.fullmatch(right):
            continue
        if asks(left) and asks(right):
            found.append(left.strip())
            start = match.end()
    return [*found, sentence[start:].strip()]
