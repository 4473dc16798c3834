"""What the page does when somebody does something: values in, HTML out.

Nothing here knows of Gradio, or of other users.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from rsvlm.models import ModelError
from rsvlm.models.generators import GenerationError
from rsvlm.rag import Evidence, RagError
from rsvlm.retrieval import RetrievalError
from rsvlm.vocabularies import VocabularyError

from .answers import answer_card, cited_cards, notice, working
from .cards import evidence_cards
from .engine import Engine
from .errors import DemoError
from .limits import store_upload
from .pictures import Picked, example, forget, hit, upload
from .places import evidence_map, hits_map
from .views import class_bars, hit_buttons, nothing_picked, picked_card

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
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
        return self._taken(
            lambda: upload(store_upload(Path(file), name, self.folder, self.engine.limits), name), before
        )

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
            reply, error = _tried(step)
            yield Reply(notice(error)) if reply is None else reply
            if reply is None:
                return

    def evidence(self, picked: Picked | None, question: str, alpha: float, k: float) -> str:
        """Find evidence again, as the sliders now stand."""
        found, error = _tried(lambda: self._found(picked, question, alpha, k))
        return notice(error) if found is None else found

    def search(self, words: str, picked: Picked | None, weight: float, k: float) -> tuple[Rows, str, str]:
        """Search the index; return its rows, which are kept for this user, their buttons, and their map."""

        def searched() -> tuple[Rows, str, str]:
            self._check_length(words)
            most = self.engine.limits.hits
            hits = self.engine.search(words, picked, _share(weight), max(1, min(most, int(k))))
            rows = hits.to_list()
            kept = tuple({name: row[name] for name in _KEPT} for row in rows)
            return kept, hit_buttons(rows, hits.total), hits_map(rows)

        found, error = _tried(searched)
        return ((), notice(error), "") if found is None else found

    def classify(self, picked: Picked | None, name: str, own: str) -> str:
        """Classify the image by a vocabulary, or by class names that the user wrote."""

        def classified() -> str:
            if picked is None:
                raise DemoError("choose an image first, in the Ask tab")
            top, calibrated = self.engine.classify(picked, self._classes(own) or name)
            return class_bars(top, calibrated=calibrated)

        found, error = _tried(classified)
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

        found, error = _tried(looked)
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
        if not question.strip():
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


def _tried(work: Callable[[], _T]) -> tuple[_T | None, str]:
    """What work gives, or why it gives nothing: in one line for people; what nobody expected goes to the log."""
    try:
        return work(), ""
    except DemoError as error:
        return None, " ".join(str(error).split())
    except (RagError, GenerationError, ModelError, RetrievalError, VocabularyError) as error:
        _log.warning("%s", error)
        return None, " ".join(str(error).split())
    except Exception:
        _log.exception("a request failed")
        return None, "This did not work, and it is not your fault. The log of the server says why."
