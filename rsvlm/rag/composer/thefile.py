"""What the file of an image says of it: when it was taken, where, how large a pixel is, and how much it covers."""

import re

from rsvlm.rag.questions import Asked
from rsvlm.rag.seen import Seen

from .amounts import area
from .finding import Finding, Scene, unknown

_IMAGE = (
    r"(?:satellite |aerial )?(?:image|picture|pic|photo|photograph|scene|tile|frame|shot|snapshot|raster)s?"
)
_THE = rf"(?:the|this|that|these|my|your) {_IMAGE}"
_TAKEN = r"(?:taken|captured|acquired|shot|recorded|photographed)"
_ASKED = r"^\W*(?:(?:what|which)(?:'s| is| are| was)? |tell me |give me |do you know )?(?:the )?"
_WHEN = re.compile(
    rf"\b(?:when|(?:what|which) (?:year|month|date|day|time(?: of (?:the )?(?:day|year))?)) (?:was|were|is|are) "
    rf"(?:(?:{_THE}|this|that|it) {_TAKEN}\b|(?:{_THE}|this) (?:made|from)\W*$)|"
    rf"{_ASKED}(?:(?:acquisition |capture )?(?:date|time|year)(?: and time)? (?:of|for) (?:{_THE}|this)|"
    rf"(?:acquisition |capture )?date|acquisition time|how old is {_THE})\W*$",
    re.IGNORECASE,
)
_TIME_OF_DAY = re.compile(r"\btime\b|\bhour\b", re.IGNORECASE)
_WHERE = re.compile(
    rf"{_ASKED}(?:(?:geographic(?:al)? |gps )?(?:coordinates|latitude(?: and longitude)?|longitude|"
    rf"lat/?long?|bounding box)(?: of (?:the (?:centre|center|middle) of )?(?:{_THE}|this|this (?:place|area)))?|"
    rf"(?:centre|center|middle) of {_THE}|"
    rf"(?:location|position) of {_THE}|center coordinates)\W*$|"
    rf"\bwhere(?: on earth| in the world)? (?:is|was|are|were) (?:{_THE}|this|this (?:place|area)|it)"
    rf"(?: {_TAKEN}| located)?(?: on earth| in the world)?\W*$",
    re.IGNORECASE,
)
_PIXEL = re.compile(
    rf"{_ASKED}(?:(?:spatial |ground )?resolution|gsd|ground sampl(?:e|ing) distance|pixel size|"
    rf"size of (?:a|one|each) pixel|scale)"
    rf"(?: of (?:{_THE}|this))?\W*$|\bhow (?:large|big|wide) (?:is|are) (?:a|one|each|the) pixels?\b|"
    rf"\b(?:meters|metres) (?:per|a) pixel\b",
    re.IGNORECASE,
)
_SIZE = re.compile(
    rf"\bhow (?:large|big|much ground|much area) (?:is|does) (?:the (?:area|ground) (?:that |which )?)?{_THE}"
    rf"(?: (?:covers?|shows?))?\W*$|\bhow (?:large|big) is the (?:area|ground) (?:covered|shown) by {_THE}\W*$|"
    rf"\b(?:what|how much|how many (?:hectares|square (?:km|kilometers|kilometres|meters|metres))) (?:area |ground )?"
    rf"(?:does|do) {_THE} cover\W*$|{_ASKED}(?:size|dimensions|extent|footprint|area) of {_THE}\W*$",
    re.IGNORECASE,
)


def of_the_file(asked: Asked, scene: Scene) -> Finding | None:
    """Answer what the file of the image says of it; None where something else is asked."""
    # "I see no airport. Where is it?"; but what ground an image covers is how large it is
    about_things = any(one.classes and one.name != "ground" for one in asked.things)
    if not scene.looks or asked.kind == "yes-no" or asked.options or asked.hard.names or about_things:
        return None
    seen = scene.look.seen
    if _WHEN.search(asked.text):
        return _when(seen, wants_time=_TIME_OF_DAY.search(asked.text) is not None)
    if _WHERE.search(asked.text):
        if seen.point is None:
            return unknown("the file does not say where it was taken")
        return _said(f"the middle of the image lies at {seen.describe_point()}", seen.describe_point())
    if _PIXEL.search(asked.text):
        if seen.gsd is None:
            return unknown("the file does not say how large a pixel is on the ground")
        return _said(f"a pixel is {seen.gsd:.3g} m wide", f"{seen.gsd:.3g} m")
    return _size(seen) if _SIZE.search(asked.text) else None


def _when(seen: Seen, *, wants_time: bool) -> Finding:
    if seen.datetime is None:
        return unknown("the file does not say when it was taken")
    day, hour = seen.datetime.strftime("%Y-%m-%d"), seen.datetime.strftime("%H:%M UTC")
    if not wants_time:
        return _said(f"it was taken on {day}", day)
    if hour.startswith("00:00"):  # a date without a time
        return unknown(f"the file says that it was taken on {day}, but not at what time")
    return _said(f"it was taken on {day} at {hour}", f"{day} {hour}")


def _size(seen: Seen) -> Finding:
    height, width = seen.picture.shape[:2]
    if seen.gsd is None:
        return unknown(
            f"the image has {width} x {height} pixels, but the file does not say how large these are"
        )
    covered = area(width * height * seen.gsd**2)
    return _said(f"the image covers {covered}: {width} x {height} pixels of {seen.gsd:.3g} m", covered)


def _said(what: str, short: str) -> Finding:
    return Finding(f"The file says that {what}.", short, 1.0)
