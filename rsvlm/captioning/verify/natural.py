"""Captions of style `natural`: land cover, then objects, then names of the whole image (section 2 of the grammar)."""

from collections.abc import Sequence

from rsvlm.captioning.labels import Labels
from rsvlm.captioning.verify.cover import CoverReader
from rsvlm.captioning.verify.forms import read_clause
from rsvlm.captioning.verify.lexemes import KNOWN_WORDS, Lexeme, lexemes
from rsvlm.captioning.verify.lexicon import not_held, unknown_word
from rsvlm.captioning.verify.scene import AFTER_OTHERS, names_words, scene_problems
from rsvlm.captioning.verify.state import State
from rsvlm.captioning.verify.things import things_of
from rsvlm.captioning.verify.words import tokens

_JOINTS = (";", ",&", ",w")


def natural_problems(caption: str, labels: Labels, most_sentences: int) -> list[str]:
    """What is wrong with a caption of style `natural`."""
    words = tokens(caption)
    if words[-1:] != ["."]:
        return ["does not end in a full stop"]
    left, scene = _without_scene(words, labels)
    if not left and scene is None:
        return scene_problems(caption, labels)
    problems: list[str] = []
    state = State(things_of(labels))
    sentences = 0 if scene is None else 1
    cover = None if labels["landcover"] is None else CoverReader(labels["landcover"], labels["north_up"])
    if cover is not None:
        left, said, read = _read_cover(cover, left, state)
        problems += said
        sentences += read
    rows = _sentences(lexemes(left, state.things))
    for row in rows:
        problems += _read_sentence(state, row, cover)
    if sentences + len(rows) > most_sentences:
        problems.append(f"has {sentences + len(rows)} sentences; at most {most_sentences}")
    return problems or _left_out(state, cover, scene is None, labels)


def _without_scene(words: list[str], labels: Labels) -> tuple[list[str], str | None]:
    """The words before the scene sentence, and how that opens; all words and None where there is none."""
    names = [*names_words(labels), "."]
    if len(names) > 1 and words[-len(names) :] == names:
        before = words[: -len(names)]
        for opener in AFTER_OTHERS:
            start = len(before) - len(opener.split())
            begins = before[start - 1] == "." if start > 0 else opener != "it includes"
            if before[start:] == opener.split() and begins:
                return before[:start], opener
    if len(names) > 1 and labels["landcover"] is None and not labels["objects"]:
        return [], None
    return words, None


def _read_cover(cover: CoverReader, words: list[str], state: State) -> tuple[list[str], list[str], int]:
    """Read land-cover sentences from the start: (words left, problems, sentences read)."""
    problems: list[str] = []
    at = read = 0
    while at < len(words):
        stop = words.index(".", at)
        found = cover.read(words[at:stop])
        if found is None or (found and _is_right_of_objects(state, words[at : stop + 1])):
            break
        problems += found
        cover.began = True
        at = stop + 1
        read += 1
    return words[at:], problems, read


def _is_right_of_objects(state: State, words: list[str]) -> bool:
    trial = state.copy()
    rows = _sentences(lexemes(words, state.things))
    return bool(rows) and not any(_read_sentence(trial, row, None) for row in rows)


def _sentences(row: Sequence[Lexeme]) -> list[list[Lexeme]]:
    found: list[list[Lexeme]] = [[]]
    for lexeme in row:
        if lexeme.code == ".":
            found.append([])
        else:
            found[-1].append(lexeme)
    return [sentence for sentence in found if sentence]


def _clauses(sentence: list[Lexeme]) -> list[list[Lexeme]]:
    """Split a sentence at its joint, `;` or `, and` or `, while`."""
    codes = "".join(lexeme.code for lexeme in sentence)
    for joint in _JOINTS:
        at = codes.find(joint)
        if at >= 0:
            return [sentence[:at], sentence[at + len(joint) :]]
    return [sentence]


def _read_sentence(state: State, sentence: list[Lexeme], cover: CoverReader | None) -> list[str]:
    """Read one sentence, and move the state behind it; returns what is wrong."""
    problems: list[str] = []
    for number, clause in enumerate(_clauses(sentence)):
        after = read_clause(state, clause, first=number == 0)
        if after is None:
            problems += _explain(clause, state, cover)
        else:
            problems += after.problems
            state.named, state.focus_alone = after.named, after.focus_alone
    return problems


def _explain(clause: Sequence[Lexeme], state: State, cover: CoverReader | None) -> list[str]:
    """What is wrong with a clause that is in no form, read as one on objects or on land cover, by what is less."""
    problems = []
    for lexeme in clause:
        if lexeme.code == "?" and lexeme.text not in KNOWN_WORDS:
            problems.append(unknown_word(lexeme.text))
        elif lexeme.code == "N" and lexeme.value.group(state.things.groups) is None:
            problems.append(not_held(lexeme.text))
    text = " ".join(lexeme.text for lexeme in clause)
    if cover is not None:
        problems = min(problems, cover.explain(tokens(text)), key=len)
    return problems or [f"cannot read '{text}'"]


def _left_out(state: State, cover: CoverReader | None, no_scene: bool, labels: Labels) -> list[str]:
    """What the caption should have named: the dominant class, the focus, the names of the whole image."""
    problems = []
    if cover is not None and cover.words and not cover.began:
        problems.append(f"the dominant class '{cover.words[0]}' is not named")
    focus = state.things.focus
    if focus is not None and not any(id(m) in state.named for m in focus.group.members):
        problems.append(f"the focus, a {focus.group.phrase}, is not named")
    if labels["scene"] and no_scene:
        problems.append("the names of the whole image are not told, each once and in their order")
    return problems
