"""Captions of style `skyscript`: SkyScript's published forms (arXiv 2312.12856; section 3 of the caption grammar)."""

from collections.abc import Iterator

from rsvlm.captioning.labels import Labels, ObjectLabel

_JUXTAPOSED = ("power", "man_made", "natural")
_MOST_TAGS = 6
_MOST_OTHERS = 8
_LONGEST_TAG = 60
_AROUND = ", surrounded by "


def tag_text(key: str, value: str) -> str:
    """One tag as a caption says it: "road of footway", "natural tree", "power (minor) line"."""
    said_key = "road" if key == "highway" else _plain(key).lower()
    if (key, value) == ("power", "minor_line"):
        return "power (minor) line"
    said = _plain(value)
    if not said[:1].isdigit():
        said = said.lower()
    if said in ("yes", "no"):
        return f"{said_key} is {said}"
    return f"{said_key} {said}" if key in _JUXTAPOSED else f"{said_key} of {said}"


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").replace(":", " ").split())


def single_problems(caption: str, labels: Labels) -> list[str]:
    """What is wrong with a single-object caption: the focus's tags, `tag {', ' tag}`."""
    focus, _ = _focus_and_others(labels)
    if focus is None:
        return ["the labels hold no object to speak of"]
    tags = _tags(focus)
    if any(caption == ", ".join(tags[:n]) for n in range(1, len(tags) + 1)):
        return []
    return _explain(caption.split(", "), tags, "the focus")


def multi_problems(caption: str, labels: Labels) -> list[str]:
    """What is wrong with a multi-object caption: `object [', surrounded by ' object {'; ' object}]`."""
    focus, others = _focus_and_others(labels)
    if focus is None:
        return ["the labels hold no object to speak of"]
    for text in _texts(focus):
        if caption == text:
            return []
        if caption.startswith(text + _AROUND):
            start = len(text) + len(_AROUND)
            return _others_problems(caption, start, others, dict.fromkeys(_texts(focus), 0), text)
    said = caption.split(_AROUND)[0].replace(" with ", " and ").split(" and ")
    return _explain(said, _tags(focus), "the focus")


def _focus_and_others(labels: Labels) -> tuple[ObjectLabel | None, list[ObjectLabel]]:
    objects = [o for o in labels["objects"] if o["tags"]]
    focus = next((o for o in objects if o["role"] == "focus"), objects[0] if objects else None)
    return focus, [o for o in objects if o is not focus]


def _tags(label: ObjectLabel) -> list[str]:
    """The tags that may be said of an object: the first always, of the others those that are short enough."""
    first, *others = (tag_text(key, value) for key, value in label["tags"].items())
    return [first, *(tag for tag in others if len(tag) <= _LONGEST_TAG)][:_MOST_TAGS]


def _texts(label: ObjectLabel) -> Iterator[str]:
    """The texts of an object, the longest first: `tag [' with ' tag {' and ' tag}]`."""
    first, *others = _tags(label)
    for n in range(len(others), 0, -1):
        yield f"{first} with {' and '.join(others[:n])}"
    yield first


def _others_problems(
    caption: str, at: int, others: list[ObjectLabel], of_focus: dict[str, int], focus_text: str
) -> list[str]:
    """Read `object {'; ' object}` from `at`: each once, in the order of the labels, without a gap."""
    said: set[str] = {focus_text}
    count = 0
    for label in others:
        text = next((t for t in _texts(label) if _stands_at(caption, t, at)), None)
        if text is None or text in said:
            if any(t in said or t in of_focus for t in _texts(label)) or len(_tags(label)[0]) > _LONGEST_TAG:
                continue  # said before as the same string, or too long to say
            break
        said.add(text)
        count += 1
        at += len(text)
        if at == len(caption):
            return [] if count <= _MOST_OTHERS else [f"names {count} other objects; at most {_MOST_OTHERS}"]
        at += len("; ")
    segment = caption[at:].split("; ")[0]
    held = [text for label in others for text in _texts(label)]
    if segment in said:
        return [f"names '{_short(segment)}' twice"]
    if segment in held:
        return [f"names '{_short(segment)}' out of the order of the labels"]
    tags = [tag for label in others for tag in _tags(label)]
    return _explain(segment.replace(" with ", " and ").split(" and "), tags, "the objects around it")


def _stands_at(caption: str, text: str, at: int) -> bool:
    end = at + len(text)
    return caption.startswith(text, at) and (end == len(caption) or caption.startswith("; ", end))


def _explain(said: list[str], tags: list[str], whose: str) -> list[str]:
    """Say which of the tags that a caption tells is not so; where each is held, it is the order or the form."""
    held = ", ".join(f"'{_short(tag)}'" for tag in list(dict.fromkeys(tags))[:_MOST_TAGS])
    wrong = [segment for segment in said if segment not in tags]
    if wrong:
        return [
            f"'{_short(segment)}' is not among the tags of {whose}: {held}" for segment in wrong[:_MOST_TAGS]
        ]
    return [f"the tags of {whose} are not told in their order, each once: {held}"]


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
