"""What may stand around a question and says nothing of what it asks: who asks, why, and how to answer."""

import re

from .reading import table
from .regions import region_in

_IMAGE = table("framed.yaml")["lists"]["image"]
"""What a question may call an image."""
_BEGINS = r"(?:^|[.,;:?!|(\-] ?|\b(?:and|or|but|so|then|also|me|know|say|please) )"
_OTHER_QUESTION = re.compile(
    rf"{_BEGINS}(?:(?:in|on|of|at|from|for|with|by) )?(?:how|what|which|where|when|who|whose|why|count|describe|"
    r"caption|classify|name|list|compare|estimate|give)\b|\b(?:how many|how much|number of|unless|without|instead)\b"
)
_ASKS_MORE = re.compile(
    rf"{_BEGINS}(?:is|are|was|were|does|do|did|can|could|has|have|will|would)(?:n't|nt)? "
    r"(?:it|they|there|this|that|these|those|he|she|one|the|any|an?)\b"
)
_TAGS = re.compile(
    r"\bis (?:that|this|it) the case\b|\bcan i (?:tick|check|say|write) (?:it|yes|so|that)\b|"
    r"\bwhat (?:i|we) (?:need|want|ask|am after|would like)(?: to know)? is\b|"
    r"\b(?:am i|is (?:he|she|it|this|that|mum|mom|dad))(?: really)? (?:right|correct|true|so|wrong)\b|"
    r"\b(?:is|are|does|do|can|has)(?:n't|nt)? (?:it|there|they|this|that|he|she|you)(?: have one| show one)?"
    r"(?=\W*$|\W*[.?!,])"
)
_DENIED = re.compile(
    r"\b(?:not|never|no|nobody|none|doubts?|deny|denies|false|wrong|untrue|unlikely)\b|n't\b"
)
_GOES_ON = re.compile(
    r"\W*(?:(?:(?:yes|no|true|false|agree|disagree|or|not|please|pls|plz|just|only|simple|"
    r"simply|answer|reply|one|word|short|quick|thanks|"
    r"thank you|thx|in advance|sir|madam|am i right|right|correct|do you think|would you say|by any chance|"
    r"if possible|at all|anywhere|a|with|y/n|say)\b\W*)*$|"
    r"(?:i|we|my|our|because|since|so|as i|mum|he|she|sorry|before|it is fine|even|"
    r"and (?:say|tell|answer|reply|respond|let me know)|however|no matter|if you|"
    r"as far as|in your|to your|that you can see|according to|by your|to the best)\b)"
)
"""How the sentence may go on: in what says no more of the thing."""
_SAYS_MORE = re.compile(
    r"\b(?:more|less|fewer|than|not|no|only|just|twice|times|half|and|but|which|where)\b|n't\b|\d"
)
_OF_ASKER = re.compile(r"\W*(?:(?:hi|hello|sorry|ok|well|so|but|hey|helo)\W+)?(?:i|we|my|our|half of|you)\b")
"""How the words before begin where the one who asks speaks of others than the image."""
_SENTENCE_END = re.compile(r"[.?!](?=\s|$)")
_CLAUSE_END = re.compile(r"[.,:;?!()\-]")
_PLACE = re.compile(
    r"\b(?:in|on|at|near|along|towards?|of|to|by|inside|within|from) (?:the |its |each |every |both |either )?(?:\w+ )?"
    r"(?:left|right|top|bottom|upper|lower|north\w*|south\w*|east\w*|west\w*|cent(?:er|re|ral)|middle|corners?|edges?|"
    r"half|halves|quadrants?|quarters?|sides?)\b"
)
_WAY = re.compile(
    r"\bfrom (?:the )?\w+ to (?:the )?\w+\b|\b(?:left|right) to (?:left|right)\b|\boff the top of\b|\bedge to edge\b"
)
_OF_IMAGES = re.compile(
    rf"\b(?:first|second|third|last|other|earlier|later|before|after|left|right|older|newer|both|each|every|all|two|"
    rf"three|\d+)(?: \w+)? {_IMAGE}\b|\b{_IMAGE} (?:[a-d1-9]|one|two)\b"
)


def is_frame(before: str, after: str, *, whole: bool) -> bool:
    """Whether the words before and behind a question say nothing of what it asks.

    Args:
        before: Words in lower-case letters, with "#" for each thing.
        after: Those behind it.
        whole: Whether the question says all that it asks for: its sentence may go on in any words.
    """
    end = _SENTENCE_END.search(after)
    rest = after[: end.start()] if end else after
    if (
        not (_GOES_ON.match(rest) or (whole and not _SAYS_MORE.search(rest)))
        or "#" in after
        or ("#" in before and not _OF_ASKER.match(before))
    ):
        return False
    clause = before[max((match.end() for match in _CLAUSE_END.finditer(before)), default=0) :]
    if _DENIED.search(clause):
        return False
    around = _TAGS.sub(" ", f"{before} | {after}")
    if _OTHER_QUESTION.search(around) or _ASKS_MORE.search(around) or _OF_IMAGES.search(around):
        return False
    around = _WAY.sub(" ", around)
    return region_in(" ".join(re.findall(r"\w+", around))) is None and not _PLACE.search(around)
