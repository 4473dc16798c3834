"""The rules of `rules.yaml`: the kind of a question by its words."""

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from .reading import table

LONGEST_LINE = 400
"""Characters of a question that patterns see: of a longer one its beginning and its end."""


class Rule(NamedTuple):
    """A rule: what it tells, by which pattern, unless another one is found; examples that it must tell."""

    kind: str
    mode: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    on_things: bool
    examples: tuple[str, ...]

    def tells(self, line: str, marked: str) -> bool:
        """Whether it decides, by the `line` and `marked` of a `Part`."""
        if not self.pattern.search(marked if self.on_things else line):
            return False
        return self.unless is None or not self.unless.search(line)


@cache
def rules() -> tuple[Rule, ...]:
    """Return all rules in their order."""
    data = table("rules.yaml")
    return tuple(_rule(row, data["lists"]) for row in data["rules"])


@cache
def _leads() -> re.Pattern[str]:
    data = table("rules.yaml")
    return re.compile(rf"^(?:{'|'.join(_filled(one, data['lists']) for one in data['lead'])})(?:\b| ) *")


def _rule(row: Mapping[str, object], lists: Mapping[str, str]) -> Rule:
    pattern, unless = str(row["pattern"]), row.get("unless")
    return Rule(
        kind=str(row["kind"]),
        mode=str(row.get("mode", "")),
        pattern=re.compile(_filled(pattern, lists)),
        unless=re.compile(_filled(str(unless), lists)) if unless else None,
        on_things="#" in pattern,
        examples=tuple(str(one) for one in row["examples"]),  # type: ignore[attr-defined]
    )


def _filled(pattern: str, lists: Mapping[str, str]) -> str:
    return re.sub(r"\{([a-z]+)\}", lambda match: f"(?:{lists[match[1]]})", pattern)


@cache
def _one_of(table_name: str) -> re.Pattern[str]:
    """All patterns of one of the tables besides the rules, as one."""
    data = table("rules.yaml")
    return re.compile("|".join(f"(?:{_filled(row['pattern'], data['lists'])})" for row in data[table_name]))


def is_aside(line: str) -> bool:
    """Whether a sentence asks nothing where another one does: "I farm near the river", "Digits only"."""
    return bool(_one_of("asides").search(line))


def compares(line: str) -> bool:
    """Whether a question that is about several images compares them."""
    return bool(_one_of("compared").search(line))


def shortened(line: str) -> str:
    """Return a line that patterns can be tried on in short time."""
    if len(line) <= LONGEST_LINE:
        return line
    return f"{line[: LONGEST_LINE // 2]} {line[-LONGEST_LINE // 2 :]}"


def without_lead(line: str) -> str:
    """Cut what only leads in to a question: "can you tell me", "in this image", "and if so".

    >>> without_lead("could you tell me how many ships there are")
    'how many ships there are'
    """
    while True:
        rest = _leads().sub("", line, count=1)
        if rest == line or not rest:
            return line
        line = rest


def rule_for(line: str, marked: str) -> Rule | None:
    """Return the first rule that decides, None where none does.

    Args:
        line: Words of the question, `shortened`, `without_lead`.
        marked: The same, with "#" for each thing, and with commas.
    """
    return next((rule for rule in rules() if rule.tells(line, marked)), None)
