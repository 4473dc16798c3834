"""What language models are told, as files beside this module."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from rsvlm.captioning.errors import CaptioningError

PROMPTS = {
    "chatearthnet": "chatearthnet",
    "chatearthnet-vision": "chatearthnet",
    "osm": "natural",
}
"""The prompts, and the style whose captions each rewrites; of several for one style the first is taken unasked."""

PLACE = "{facts}"
"""Where the facts of a chip go."""


@dataclass(frozen=True)
class Prompt:
    """A prompt.

    Attributes:
        name: Its name.
        style: The style whose captions it rewrites.
        text: What it says, with `PLACE` for the facts.
        version: Identifies the text.
    """

    name: str
    style: str
    text: str
    version: str

    def filled(self, facts: str) -> str:
        """Return the text with the facts of a chip."""
        return self.text.replace(PLACE, facts)


@cache
def load_prompt(name: str) -> Prompt:
    """Return a prompt that ships.

    Raises:
        CaptioningError: There is none of that name.
    """
    if name not in PROMPTS:
        raise CaptioningError(
            f"there is no prompt {name!r} to rewrite captions by: take {', '.join(PROMPTS)}"
        )
    text = files(__package__).joinpath("prompts", f"{name}.txt").read_text(encoding="utf-8")
    version = hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]
    return Prompt(name, PROMPTS[name], text.strip(), version)


def prompts_by_style(name: str | None) -> dict[str, Prompt]:
    """Return which prompt rewrites which style: the one that is named, and the first for each other style.

    Raises:
        CaptioningError: There is none of that name.
    """
    chosen: dict[str, Prompt] = {}
    for prompt in map(load_prompt, ([name] if name else []) + list(PROMPTS)):
        chosen.setdefault(prompt.style, prompt)
    return chosen
