"""What the page does when somebody does something: values in, HTML out.

Nothing here knows of Gradio, or of other users.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rsvlm.rag import Evidence

from .answers import ANOTHER, answer_card, cited_cards, notice, working
from .cards import evidence_cards
from .engine import Engine
from .errors import DemoError
from .limits import store_upload
from .pictures import Picked, example, forget, hit, upload
from .places import evidence_map, hits_map
from .trying import tried
from .views import class_bars, hit_buttons, nothing_picked, picked_card

Rows = tuple[Mapping[str, Any], ...]
_KEPT = ("rank", "key", "image", "window", "opening")
"""What is kept of a hit for each user."""


@dataclass(frozen=True)
class Reply:
    """What the Ask tab shows.

    Attributes:
        answer: HTML of the answer.
        cited: HTML of what it cites.
        places: HTML of the map.
        found: HTML of what else was found; None: as it was.
    """

    answer: str = ""
    cited: str = ""
    places: str = ""
    found: str | None = None


class Handlers:
    """Everything that may happen on the page.

    Args:
        engine: What answers, searches and classifies.
        folder: Where uploads are kept.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.folder = engine, folder

    def upload(self, file: str | None, name: str, before: Picked | None) -> tuple[Picked | None, str]:
        """Take an uploaded image in place of the one before; return it with its card."""
        if file is None:
            forget(before)
            return None, nothing_picked()

        def stored() -> Picked:
            kept = store_upload(Path(file), name, self.folder, self.engine.limits)
            return upload(kept, name, self.engine.opening)

        return self._taken(stored, before)

    def example(self, name: str, before: Picked | None) -> tuple[Picked | None, str]:
        """Take an image that ships."""
        return self._taken(lambda: example(name), before)

    def hit(self, rank: int, rows: Rows, before: Picked | None) -> tuple[Picked | None, str]:
        """Take a hit of this user's last search."""

        def chosen() -> Picked:
            row = next((row for row in rows if row["rank"] == rank), None)
            if row is None:
                raise DemoError("search first, then choose a hit")
            return hit(row)

        return self._taken(chosen, before)

    def ask(
        self, first: Picked | None, second: Picked | None, question: str, alpha: float, k: float
    ) -> Iterator[Reply]:
        """Answer a question: first what is being done, then what was found, then the answer with what it cites."""
        images = [one for one in (first, second) if one is not None]
        yield Reply(working("Reading the image" if images else "Looking it up"))

        def found() -> Reply:
            self._check(question)
            return Reply(working(self._next_step()), found=self._found(first, question, alpha, k))

        def answered() -> Reply:
            answer = self.engine.ask(images, question, _share(alpha), self._k(k))
            return Reply(
                answer_card(answer),
                cited_cards(answer),
                evidence_map(answer.evidence, None if first is None else first.bbox),
            )

        for step in (found, answered):
            reply, error = tried(step)
            if any(one.over.is_set() for one in images):
                reply, error = None, ANOTHER
            yield Reply(notice(error)) if reply is None else reply
            if reply is None:
                return

    def evidence(self, picked: Picked | None, question: str, alpha: float, k: float) -> str:
        """Find evidence again, as the sliders now stand; none of an image that is another one meanwhile."""
        found, error = tried(lambda: self._found(picked, question, alpha, k))
        if picked is not None and picked.over.is_set():
            return ""
        return notice(error) if found is None else found

    def search(self, words: str, picked: Picked | None, alike: bool, weight: float) -> tuple[Rows, str, str]:
        """Search the index; return its rows, which are kept for this user, their buttons, and their map.

        Args:
            words: What to find.
            picked: The image of the Ask tab.
            alike: Whether hits are to look like it.
            weight: 0..1: how much that counts beside the words.
        """

        def searched() -> tuple[Rows, str, str]:
            self._check_length(words)
            image = picked if alike else None
            hits = self.engine.search(words, image, _share(weight), self.engine.limits.hits)
            rows = hits.to_list()
            kept = tuple({name: row[name] for name in _KEPT} for row in rows)
            told = notice("There is no image in the Ask tab: only the words were looked for.")
            lead = told if alike and image is None else ""
            return kept, lead + hit_buttons(rows, hits.total), hits_map(rows)

        found, error = tried(searched)
        return ((), notice(error), "") if found is None else found

    def classify(self, picked: Picked | None, name: str, own: str) -> str:
        """Classify the image by a vocabulary, or by class names that the user wrote; "" where it is another one now."""

        def classified() -> str:
            if picked is None:
                raise DemoError("choose an image first, in the Ask tab")
            top, calibrated = self.engine.classify(picked, self._classes(own) or name)
            return class_bars(top, calibrated=calibrated)

        found, error = tried(classified)
        if picked is not None and picked.over.is_set():
            return ""
        return notice(error) if found is None else found

    def _taken(self, choose: Callable[[], Picked], before: Picked | None) -> tuple[Picked | None, str]:
        """An image in place of the one before, which is deleted; where it is refused, none, and why."""

        def looked() -> tuple[Picked, str]:
            picked = choose()
            try:
                looked_at, seen = self.engine.look(picked)
            except BaseException:
                picked.forget()
                raise
            return looked_at, picked_card(looked_at, seen)

        found, error = tried(looked)
        forget(before)
        return (None, notice(error)) if found is None else found

    def _found(self, picked: Picked | None, question: str, alpha: float, k: float) -> str:
        self._check_length(question)
        found: Sequence[Evidence] = self.engine.evidence(picked, question, _share(alpha), self._k(k))
        empty = (
            "Nothing was found."
            if self.engine.has_knowledge
            else "There is no knowledge base: start with --knowledge."
        )
        return evidence_cards(found, cited=False, empty=empty)

    def _check(self, question: str) -> None:
        if (
            not isinstance(question, str) or not question.strip()
        ):  # whoever asks without the page may send anything
            raise DemoError("write a question first")
        self._check_length(question)

    def _check_length(self, text: str) -> None:
        most = self.engine.limits.question
        if len(text) > most:
            raise DemoError(f"{len(text):,} characters are too many: at most {most:,} are taken")

    def _classes(self, own: str) -> tuple[str, ...]:
        """Names between commas or line ends, each once."""
        self._check_length(own)
        names = tuple(
            dict.fromkeys(
                name.strip() for line in own.splitlines() for name in line.split(",") if name.strip()
            )
        )
        if len(names) == 1:
            raise DemoError("write two classes at least, with a comma between them")
        if len(names) > self.engine.limits.classes:
            raise DemoError(
                f"{len(names)} classes are too many: at most {self.engine.limits.classes} are taken"
            )
        return names

    def _k(self, k: float) -> int:
        return max(1, min(self.engine.limits.k, int(k)))

    def _next_step(self) -> str:
        return "Looking closer" if self.engine.generator is None else f"Asking {self.engine.generator}"


def _share(value: float) -> float:
    return min(1.0, max(0.0, float(value)))
