"""Answers kept by what was asked, so that a rerun pays nothing."""

import hashlib
import json
import logging
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rsvlm.errors import one_line
from rsvlm.folders import cache_folder
from rsvlm.models.errors import ModelError
from rsvlm.models.generators.asking import answer_batch
from rsvlm.models.generators.errors import GenerationError
from rsvlm.models.generators.images import digests
from rsvlm.models.generators.protocol import Answer, Generator, Request
from rsvlm.models.protocol import Image

LOG = logging.getLogger(__name__)

FILE = "answers.sqlite"
KEPT = ("text", "tokens_in", "tokens_out", "cut", "model")
BUSY = 30.0
"""Seconds to wait for another process that is writing."""


class AnswerCache:
    """Answers in one SQLite file of a folder, which several threads and processes may share.

    Args:
        folder: Where; None is `answers` in the user's cache folder (`RSVLM_CACHE` moves that).

    Raises:
        ModelError: The file cannot be opened, or is none.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or cache_folder() / "answers") / FILE
        self._told = False
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._run("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL)")
        except (OSError, sqlite3.Error) as error:
            raise ModelError(
                f"the cache of answers {self.path} cannot be used ({one_line(error)}): delete it, name another "
                "folder, or go without"
            ) from error

    def get(self, key: str) -> Answer | None:
        """Return the answer kept under a key, None where there is none."""
        try:
            row = self._run("SELECT answer FROM answers WHERE key = ?", key)
            return None if row is None else Answer(**json.loads(row[0]), cached=True, cost=0.0)
        except (sqlite3.Error, ValueError, TypeError) as error:
            self._tell(error)
            return None

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer under a key. One without text, or with blanks only, is asked for again."""
        if not (answer.text or "").strip():
            return
        kept = {name: value for name, value in asdict(answer).items() if name in KEPT}
        try:
            self._run("INSERT OR REPLACE INTO answers VALUES (?, ?)", key, json.dumps(kept))
        except sqlite3.Error as error:
            self._tell(error)

    def _run(self, statement: str, *values: str) -> Any:
        """Run a statement on a connection of its own, which costs 0.1 ms and leaves nothing open in any thread."""
        with closing(sqlite3.connect(self.path, timeout=BUSY)) as store, store:
            return store.execute(statement, values).fetchone()

    def _tell(self, error: Exception) -> None:
        """Say once that the cache fails; the run goes on without it."""
        if not self._told:
            self._told = True
            LOG.warning("the cache of answers %s fails (%s): going on without it", self.path, one_line(error))


class CachedGenerator:
    """A generator that asks only what its cache does not hold.

    Args:
        generator: Has `identity`: all but prompt and images that decides an answer, JSON-able.
        cache: Where answers are kept.
    """

    def __init__(self, generator: Any, cache: AnswerCache) -> None:
        self._generator: Generator = generator
        self._cache = cache
        self._identity = json.dumps(generator.identity, sort_keys=True)
        self.name: str = generator.name
        self.revision: str = generator.revision
        self.info: dict[str, Any] = generator.info
        self.identity: dict[str, Any] = generator.identity
        self.batch_size: int = generator.batch_size
        self.workers: int = generator.workers
        self.device: Any = getattr(generator, "device", None)

    def generate(self, prompt: str, images: Sequence[Image] = ()) -> str:
        """Return the answer, kept or new.

        Raises:
            GenerationError: There is none.
        """
        answer = self.generate_many([Request(prompt, images)])[0]
        if answer.text is None:
            raise GenerationError(answer.error or "no answer")
        return answer.text

    def generate_many(self, requests: Sequence[Request]) -> list[Answer]:
        """Return the answers, those that are kept from the cache and the others from the generator."""
        keys = [self.key(request) for request in requests]
        answers = [self._cache.get(key) for key in keys]
        missing = [place for place, answer in enumerate(answers) if answer is None]
        new = answer_batch(self._generator, [requests[place] for place in missing])
        for place, answer in zip(missing, new, strict=True):
            self._cache.put(keys[place], answer)
            answers[place] = answer
        return [answer for answer in answers if answer is not None]

    def key(self, request: Request) -> str:
        """Return what a request is known by: generator, settings, prompt, and the pixels of the images."""
        parts = [self._identity, request.prompt, *digests(request.pictures)]
        return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()

    def abort(self) -> None:
        """End the requests that are under way."""
        getattr(self._generator, "abort", lambda: None)()
