"""The answers that a question offers: labelled ones, lists after a colon, and "this or that"."""

import re

LONGEST_OPTION = 120
MOST_OPTIONS = 60

_LABEL = re.compile(r"(?:(?<=^)|(?<=[\s,;:?.!(\[]))[(\[]?([A-Za-z]|\d{1,2})(?:[)\]]\s*|[.:]\s+)(?=\S)")
_COLON = re.compile(r"\s*(?::|\s[-\u2013\u2014]|\?|\(|\[)\s*")
_SLASH = r"(?:(?<=\w\w)(?<!\d)/(?=\w\w)|(?<=\w\w)/(?=[^\W\d]\w)|(?<=\s)(?<!\d\s)/(?=\s))"
"""Between options; not in "m/s" nor "y/n", nor in "05/03/2019"."""
_BETWEEN = re.compile(rf"\s*(?:,\s*(?:or|and)\b|;|,|{_SLASH}|\bor\b|\|)\s*", re.IGNORECASE)
_AND = re.compile(r"\band\b", re.IGNORECASE)
_OR = re.compile(rf"\bor\b|{_SLASH}|\|", re.IGNORECASE)
_NO_CHOICE = re.compile(
    r"\b(?:true or false|yes or no|yes/no|true/false|y or n|agree or disagree|confirm or deny|more or less|and/or|"
    r"(?:\d+|%|percent|half|third|quarter|hectares|than)(?: \w+)? or (?:more|fewer|less|above|over|below|under|"
    r"higher|lower|greater|equal(?: to)?)\b|one or more|sooner or later|"
    r"\w+ or \w+(?= (?:\w+ )?(?:sentences|words|lines)\b)|"
    r"or (?:so|not|something|similar|am i (?:wrong|mistaken)|what))\b",
    re.IGNORECASE,
)
_OFFERS = re.compile(r"\bor\b|\bchoose\b|\bselect\b|\bpick\b|\boptions?\b", re.IGNORECASE)
_OFFERED = re.compile(
    r"^(?:choose|select|pick|options?|chosen)(?: (?:one|from|of|between|among|are))*\s+", re.IGNORECASE
)
_AMONG = re.compile(r"^(?:out of|of|among|between|from)\s+(.{3,200}?),?\s+(?:which|what)\b", re.IGNORECASE)
_TRIMMED = " \t\"'`.,;:?!()[]-\u2013\u2014"
_ARTICLE = re.compile(
    r"^(?:either|is it|is this|is there|(?:more )?(?:an?|the|some|any|more|rather)\b)\s+(?=\S)", re.IGNORECASE
)
_AFTERWARDS = re.compile(
    r"\s+[-\u2013\u2014]\s+(?:what|which|answer|choose|please|pick|one|only|just)\b.*$", re.IGNORECASE
)
_LEADING = re.compile(r"^(?:into|in|of|on|at|to|as)\s+(?:(?:the|an?)\s+)?(?=\w)", re.IGNORECASE)
_NEXT = re.compile(r"[\s,;]+(?:or|and)$", re.IGNORECASE)
_ENDING = re.compile(
    r"\s+(?:(?:is|are|can be|be) )?(?:in|on|of|from|here|there|please|pls|seen|shown|visible|covered|by)\b"
    r"(?: (?:the|this|that) (?:image|picture|photo|scene|tile|img|pic))?$",
    re.IGNORECASE,
)


def labelled(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Split a text before its labelled options, and return both.

    >>> labelled("What is this? A) forest B) river")
    ('What is this?', [('A', 'forest'), ('B', 'river')])

    Returns:
        The text before them, all of it where there are none; and label and words of each, in order.
    """
    run = _labels(text)
    if len(run) < 2:
        return text, []
    ends = [match.start() for match in run[1:]] + [len(text)]
    found = [(match[1], trimmed(text[match.end() : end])) for match, end in zip(run, ends, strict=True)]
    return text[: run[0].start()].strip(" (["), found


def _labels(text: str) -> list[re.Match[str]]:
    """The longest beginning of A, B, C ... or 1, 2, 3 ... among what could be labels."""
    best: list[re.Match[str]] = []
    for start in ("A", "a", "1"):
        run: list[re.Match[str]] = []
        wanted = start
        for match in _LABEL.finditer(text):
            if match[1] == wanted and len(run) < MOST_OPTIONS:
                run.append(match)
                wanted = str(int(wanted) + 1) if wanted.isdigit() else chr(ord(wanted) + 1)
        best = max(best, run, key=len)
    return best


def listed(text: str) -> tuple[str, list[str]]:
    """Split a text before a list of options after a colon, dash, bracket or question mark, and return both.

    >>> listed("Choose one: beach, mountain, desert")
    ('Choose one', ['beach', 'mountain', 'desert'])
    """
    for match in reversed(list(_COLON.finditer(text))[:20]):
        items = _items(text[match.end() :])
        bracket = match[0].strip() in ("(", "[")
        if len(items) < 2 or (bracket and not _OFFERS.search(text, match.start())):
            continue
        return text[: match.start()], [_OFFERED.sub("", items[0]), *items[1:]]
    return text, []


def alternatives(text: str) -> list[str]:
    """Return "this", "that" of a text that asks "this or that", none where it does not.

    >>> alternatives("forest, water or city?")
    ['forest', 'water', 'city']
    """
    among = _AMONG.match(text)
    if among:
        return _items(_AND.sub(",", among[1]))
    text = _NO_CHOICE.sub(" ", text)
    return _items(text, first=100) if _OR.search(text) else []


def offers_choice(text: str) -> bool:
    """Whether a text has an "or" that is no part of "yes or no" and the like."""
    return bool(_OR.search(_NO_CHOICE.sub(" ", text)))


def _items(text: str, first: int = 6) -> list[str]:
    """The items of a list, but for those of more than 6 words; `first`: words that the first may have."""
    items = [trimmed(one) for one in _BETWEEN.split(text)[: MOST_OPTIONS + 1]]
    items = [one for one in items if one.lower() not in ("please", "pls", "thanks")]
    return [one for place, one in enumerate(items) if one and len(one.split()) <= (6 if place else first)]


def trimmed(words: str) -> str:
    """Return the words of an option without what only surrounds it: quotes, articles, "in the image"."""
    words = _NEXT.sub("", words.strip(_TRIMMED)).strip(_TRIMMED)
    words = _LEADING.sub("", _AFTERWARDS.sub("", words), count=1)
    words = _ARTICLE.sub("", _ARTICLE.sub("", words, count=1), count=1)
    return _ENDING.sub("", words, count=1).strip(_TRIMMED)[:LONGEST_OPTION]
