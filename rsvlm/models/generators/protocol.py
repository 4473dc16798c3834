"""What a generator is: any object with a name, a revision and one method from a prompt and images to a text."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from rsvlm.models.protocol import Image


@runtime_checkable
class Generator(Protocol):
    """Answers a prompt, with pictures or without, by a text.

    Those of this package have more, which `ask_all` uses where it is there: `generate_many`, from a sequence of
    `Request` to a list of as many `Answer`, with `batch_size`, how many requests one call of it takes best;
    `workers`, how many calls may run side by side (1 where absent); `abort`, which ends the calls under way, from
    another thread; `info`, all that decides the answers, JSON-able; `plain`, whether it is given questions
    without words on how to answer, and the files of images (paths), to see their bands, place and date, too.

    Attributes:
        name: What the user called it: "hf:owner/model", a folder, "https://host/v1#model".
        revision: Identifies the weights as far as that can be known: "sha256:<16 hex digits>", a commit of the hub,
            or "as served".
    """

    name: str
    revision: str

    def generate(self, prompt: str, images: Sequence[Image] = ()) -> str:
        """Return the answer, as the model gave it.

        Raises:
            Exception: There is none; the message says why.
        """
        ...


class Request(NamedTuple):
    """One thing to ask.

    Attributes:
        prompt: The words.
        images: The pictures that go with them, or a function that opens them when their turn comes: so that a long
            run holds few in memory, and one that cannot be read is that request's error.
        question: What is asked, without the words around it that say how to answer: what evidence is looked for
            with. "": the prompt is.
    """

    prompt: str
    images: Sequence[Image] | Callable[[], Sequence[Image]] = ()
    question: str = ""

    def opened(self) -> "Request":
        """Return the request with its pictures."""
        return self._replace(images=self.images()) if callable(self.images) else self

    @property
    def pictures(self) -> Sequence[Image]:
        """The pictures, opened now where `images` is a function."""
        return self.images() if callable(self.images) else self.images


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request: a text, or the reason why there is none.

    Attributes:
        text: The answer, verbatim; None where there is none.
        error: Why there is none, in one line; None where there is one.
        tokens_in: Tokens of prompt and images, where that is known.
        tokens_out: Tokens of the answer, likewise.
        cost: What the request cost, in the currency of the prices that were given; 0.0 from the cache, None where no
            prices were given or the server did not count.
        cached: Whether it was answered by the cache.
        seconds: How long it took, waits for further tries included.
        cut: Whether the answer ended because it was as long as allowed.
        model: What the server called the model that answered, where it said so.
        asked: Whether it was asked at all: not after too many failures in a row (see `ask_all`).
    """

    text: str | None = None
    error: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    cached: bool = False
    seconds: float = 0.0
    cut: bool = False
    model: str | None = None
    asked: bool = True


@dataclass
class Totals:
    """What many answers came to.

    Attributes:
        answers: Requests that got a text, those from the cache included.
        failed: Requests that got none.
        cached: Answers from the cache.
        cut: Answers that were as long as allowed, and ended there.
        tokens_in: Tokens sent, as far as known; none for cached answers.
        tokens_out: Tokens received, likewise.
        cost: Sum of what is known of the cost; None where nothing is.
        seconds: Sum of the requests' times, which overlap.
    """

    answers: int = 0
    failed: int = 0
    cached: int = 0
    cut: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None
    seconds: float = 0.0

    def add(self, answer: Answer) -> None:
        """Count one answer."""
        self.answers += answer.text is not None
        self.failed += answer.text is None
        self.cached += answer.cached
        self.cut += answer.cut
        self.seconds += answer.seconds
        if answer.cost is not None:
            self.cost = (self.cost or 0.0) + answer.cost
        if not answer.cached:
            self.tokens_in += answer.tokens_in or 0
            self.tokens_out += answer.tokens_out or 0

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data."""
        return asdict(self)
