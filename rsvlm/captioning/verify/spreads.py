"""The clauses of style `natural` on objects that cover the image, lines that cross it (2.3 and 2.4 of the grammar)."""

from collections.abc import Sequence

from rsvlm.captioning.verify.clauses import Parts, check_item, check_place, items, name_whole_group, tail
from rsvlm.captioning.verify.places import union
from rsvlm.captioning.verify.relations import relation_test, spans
from rsvlm.captioning.verify.sizes import share_is
from rsvlm.captioning.verify.state import State
from rsvlm.captioning.verify.things import Box, Thing


def covers(state: State, parts: Parts) -> None:
    """`cover-np 'covers' share-words 'of the image'`, and its other orders."""
    (cover,) = items(parts["list"])
    words = parts["share"][0].value
    share = name_whole_group(state, cover.phrase)
    if share is None:
        state.say(f"says '{words}' of '{cover.phrase.text}'; the labels hold no share of it")
    elif not share_is(words, share):
        state.say(f"says '{words}' of '{cover.phrase.text}'; the labels hold {100 * share:.1f} %")
    tail(state, parts)


def crosses(state: State, parts: Parts) -> None:
    """`np 'crosses the image' [from ... to ...]`, `np 'crosses the' part 'part of the image' ...`."""
    members = _line(state, parts)
    if members:
        across, down = spans(members, state.things)
        part, way = parts["verb"][0].value, parts["way"]
        if not (across or down):
            state.say(f"says that {_phrase(members)} crosses the image, and it ends in it")
        elif (part is not None or way) and across == down:
            state.say(f"says in which way {_phrase(members)} crosses the image, and it goes both ways")
        if way:
            _check_way(state, members, across, down, *way[0].value)
        if part is not None:
            _check_part(state, members, across, *part)
    tail(state, parts)


def _check_way(
    state: State, members: Sequence[Thing], across: bool, down: bool, way: str, compass: bool
) -> None:
    box, things = union([m.box for m in members]), state.things
    straight = (
        across and box[3] - box[1] <= things.height / 2
        if way == "across"
        else down and box[2] - box[0] <= things.width / 2
    )
    if not straight:
        state.say(f"says that {_phrase(members)} goes {way} the image, which it does not")
    if compass and not things.north_up:
        state.say("uses compass words; up is not north in the image")


def _check_part(
    state: State, members: Sequence[Thing], across: bool, axis: str, third: int, compass: bool
) -> None:
    """The part is a third of the image's rows for a line that goes across, of its columns for one that goes down."""
    box, things = union([m.box for m in members]), state.things
    low, high, side = (box[1], box[3], things.height) if across else (box[0], box[2], things.width)
    own_axis = "rows" if across else "columns"
    within = third * side / 3 <= low and high <= (third + 1) * side / 3
    if axis not in (own_axis, "either") or not within:
        state.say(f"says in which part of the image {_phrase(members)} runs, and it does not")
    if compass and not things.north_up:
        state.say("uses compass words; up is not north in the image")


def runs_through(state: State, parts: Parts) -> None:
    """`np 'runs through the' place`."""
    (item,) = items(parts["list"])
    members = state.name(item.phrase)
    check_item(state, item, members)
    _check_is_line(state, members)
    lexeme = parts["verb"][0]
    place, compass = lexeme.value
    check_place(state, members, place, compass, lexeme.text)
    tail(state, parts)


def runs_along_edge(state: State, parts: Parts) -> None:
    """`np 'runs along the' side 'edge'`."""
    members = _line(state, parts)
    edge, compass = parts["verb"][0].value
    if members and not _is_along_edge(union([m.box for m in members]), edge, state):
        state.say(f"says that {_phrase(members)} runs along the {edge} edge, which it does not")
    if compass and not state.things.north_up:
        state.say("uses compass words; up is not north in the image")
    tail(state, parts)


def _is_along_edge(box: Box, edge: str, state: State) -> bool:
    width, height = state.things.width, state.things.height
    wide, high = box[2] - box[0] >= 0.6 * width, box[3] - box[1] >= 0.6 * height
    return {
        "north": wide and box[3] <= 0.2 * height,
        "south": wide and box[1] >= 0.8 * height,
        "west": high and box[2] <= 0.2 * width,
        "east": high and box[0] >= 0.8 * width,
    }[edge]


def runs_along_it(state: State, parts: Parts) -> None:
    """`np 'runs along its' side 'side'`: of the lines beside the focus those on that side."""
    side, compass = parts["verb"][0].value
    focus = state.things.focus
    if focus is None or not state.focus_alone:
        state.say("speaks of 'its' side, and no focus was named alone before")
        return
    beside, on_side = relation_test("beside", state.things), relation_test(side, state.things)
    (item,) = items(parts["list"])
    members = state.name(item.phrase, lambda m: beside(m) and on_side(m), f"along the {side} side of")
    check_item(state, item, members)
    _check_is_line(state, members)
    if members:
        a, b = union([m.box for m in members]), focus.box
        low, high = (0, 2) if side in ("north", "south") else (1, 3)
        if a[low] > b[low] + 2 or a[high] < b[high] - 2:
            state.say(f"says that {_phrase(members)} runs along the whole {side} side of it")
    if compass and not state.things.north_up:
        state.say("uses compass words; up is not north in the image")
    tail(state, parts)


def _line(state: State, parts: Parts) -> list[Thing]:
    """The subject: one line, or one run of them, in the singular."""
    (item,) = items(parts["list"])
    members = state.name(item.phrase)
    check_item(state, item, members)
    if item.phrase.quantity not in ("article", "another"):
        state.say(f"says '{item.phrase.text}' of one line")
    _check_is_line(state, members)
    return members


def _check_is_line(state: State, members: Sequence[Thing]) -> None:
    if members and members[0].group.kind != "line":
        state.say(f"says of {_phrase(members)} what can be said of lines only")


def _phrase(members: Sequence[Thing]) -> str:
    return f"the {members[0].group.phrase}"
