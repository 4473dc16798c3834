"""What captions of style `chatearthnet-rewritten` claim of a place: its classes, their order, sizes and the first."""

from itertools import pairwise

from rsvlm.captioning.labels import OVERALL
from rsvlm.captioning.verify.regions import RegionCover
from rsvlm.captioning.verify.rewritten import Word

_SIZES = ((10, "extra small"), (20, "small"), (50, "medium"), (80, "large"), (101, "extra large"))

_LINK_WORDS = (
    "a an of the is are being portion portions part parts fraction fractions amount amounts quantity"
)
_LINKS = frozenset(_LINK_WORDS.split())
"""What may stand between a size and its class."""

_SEVERAL = ("types", "covers", "classes", "parts", "portions", "areas", "regions")


def place_problems(words: list[Word], place: str, cover: RegionCover, *, first: bool) -> list[str]:
    """The claims of some words on one place: which classes, in which order, how large, and which is first."""
    where = "the image" if place == OVERALL else f"the {place} part"
    order = [word for word, _ in cover.regions[place]]
    said = [word.value for word in words if word.kind == "class"]
    if not said:
        return [f"says nothing of {where}"] if place != OVERALL else []
    problems = [f"{where}: names '{word}', which is not there" for word in said if word not in order]
    if problems:
        return problems
    at = [order.index(word) for word in dict.fromkeys(said)]
    if at != sorted(at) or len(set(said)) != len(said):
        problems.append(f"{where}: names {', '.join(said)}; the order of area is {', '.join(order)}")
    if first and said[0] != order[0]:
        problems.append(f"{where}: names '{said[0]}' first, not '{order[0]}'")
    total = cover.totals[place]
    large = frozenset(
        word for word, pixels in cover.regions[place] if _size(pixels, total) not in ("small", "extra small")
    )
    problems += _size_problems(words, place, where, cover)
    return problems + _lead_problems(words, order[0], where, large)


def _size_problems(words: list[Word], place: str, where: str, cover: RegionCover) -> list[str]:
    """Each size is said right before a class; classes after it without one of their own share it."""
    problems: list[str] = []
    pixels, total = dict(cover.regions[place]), cover.totals[place]
    size: Word | None = None
    bound = True
    for word in words:
        if word.kind == "size":
            if not bound:
                break
            size, bound = word, False
        elif word.kind == "class":
            bound = True
            held = _size(pixels[word.value], total)
            if size is not None and size.value != held:
                problems.append(f"{where}: says '{size.text}' of '{word.value}'; the labels hold '{held}'")
        elif not bound and word.text not in _LINKS:
            break
    return (
        problems
        if bound
        else [*problems, f"{where}: says '{size.text if size else ''}' and not of which class"]
    )


def _size(pixels: int, total: int) -> str:
    share = int(round(pixels / total, 2) * 100)
    return next(size for limit, size in _SIZES if share < limit)


def _lead_problems(words: list[Word], first: str, where: str, large: frozenset[str]) -> list[str]:
    """Words of dominance belong to the first class of the place."""
    problems = []
    for at, word in enumerate(words):
        if word.kind not in ("leading", "leads"):
            continue
        before = _class_before(words, at) if word.kind == "leads" else None
        named = before or _next_class(words, at)
        if named is None and word.kind == "leading" and any(other.kind == "region" for other in words[at:]):
            continue  # "lies mainly in the top left part": where, not which
        if named != first:
            problems.append(
                f"{where}: says '{word.text}' of '{named or 'nothing'}'; the first class is '{first}'"
            )
        problems += _shared_lead(words, at, where, large, others=before is None)
    return problems


def _shared_lead(words: list[Word], at: int, where: str, large: frozenset[str], *, others: bool) -> list[str]:
    """Classes that share a word of dominance ("dominated by crop and tree") must all be at least of medium size."""
    if any(word.text.split()[-1] in _SEVERAL for word in words[at + 1 : at + 4] if word.kind == "silent"):
        return [f"{where}: says '{words[at].text}' of several"]
    named = [place for place in range(at + 1, len(words)) if words[place].kind == "class" and others]
    problems = []
    for one, other in pairwise(named):
        if any(word.text not in (",", "and") for word in words[one + 1 : other]):
            break
        if words[other].value not in large:
            problems.append(f"{where}: says '{words[at].text}' of '{words[other].value}', which is small")
    return problems


def _next_class(words: list[Word], at: int) -> str | None:
    for word in words[at + 1 :]:
        if word.kind == "class":
            return str(word.value)
        if word.kind in ("mark", "region"):
            return None
    return None


def _class_before(words: list[Word], at: int) -> str | None:
    """The class before `at`, with only a verb and articles between."""
    for word in reversed(words[:at]):
        if word.kind == "class":
            return str(word.value)
        if word.text not in ("is", "are", "being", "as", "the", "a", "well"):
            return None
    return None
