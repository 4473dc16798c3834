"""What models are asked: one template a type of question, in a YAML file that a user may replace."""

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Any

import yaml

from rsvlm.errors import one_line
from rsvlm.eval.agromind.read import Item
from rsvlm.eval.agromind.tasks import MANY_LETTERS, OF_IMAGES, ONE_LETTER, QuestionType
from rsvlm.eval.errors import EvalError

_FIELDS = {"question", "options"}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_LISTED = (ONE_LETTER | MANY_LETTERS) - OF_IMAGES


@dataclass(frozen=True)
class Prompts:
    """A template for each type of question.

    Attributes:
        name: What the wording is called.
        templates: `str.format` strings with `{question}`, and `{options}` where options are texts.
    """

    name: str
    templates: dict[QuestionType, str]

    @property
    def digest(self) -> str:
        """sha256 of the templates: answers to other words are other answers."""
        words = json.dumps([[int(kind), self.templates[kind]] for kind in sorted(self.templates)])
        return hashlib.sha256(words.encode("ascii")).hexdigest()

    def compose(self, item: Item) -> str:
        """Return what is asked for an item."""
        options = "\n".join(f"{letter}: {text}" for letter, text in item.options.items())
        return self.templates[item.kind].format(question=item.question.strip(), options=options).strip()


def plain_question(item: Item) -> str:
    """Return a question with its options, as they stand; images are called by their order, never by their names."""
    options = item.options
    if item.kind in OF_IMAGES:
        options = {letter: f"the {_ORDINALS[place]} image" for place, letter in enumerate(options)}
    return "\n".join([item.question.strip(), *(f"{letter}: {text}" for letter, text in options.items())])


def read_prompts(path: Path | None = None) -> Prompts:
    """Read templates.

    Args:
        path: A YAML file with `name` and `templates` (type 1 to 11 -> text); None for those of this package.

    Raises:
        EvalError: It cannot be read, or a template is missing or has other fields.
    """
    source = files(__package__).joinpath("prompts.yaml") if path is None else path
    try:
        content: Any = yaml.safe_load(source.read_text(encoding="utf-8"))
        templates = {QuestionType(kind): text for kind, text in content["templates"].items()}
        name = str(content["name"])
    except (
        OSError,
        UnicodeDecodeError,
        yaml.YAMLError,
        RecursionError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
    ) as error:
        line = one_line(error, most=200)
        raise EvalError(
            f"prompts {source}: cannot be read ({type(error).__name__}: {line}); they need `name` and `templates`"
        ) from None
    for kind in QuestionType:
        _check(source, kind, templates.get(kind))
    return Prompts(name, templates)


def _check(source: Any, kind: QuestionType, template: object) -> None:
    if not isinstance(template, str):
        raise EvalError(f"prompts {source}: have no text for type {int(kind)}")
    try:
        fields = {field for _, field, _, _ in Formatter().parse(template) if field is not None}
    except ValueError as error:
        raise EvalError(
            f"prompts {source}: type {int(kind)} is no template ({error}); write braces twice"
        ) from None
    needed = _FIELDS if kind in _LISTED else {"question"}
    if not needed <= fields <= _FIELDS:
        raise EvalError(
            f"prompts {source}: type {int(kind)} has the fields {', '.join(sorted(fields)) or 'none'}; it needs "
            f"{', '.join(sorted(needed))}"
        )
