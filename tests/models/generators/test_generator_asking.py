"""`ask_all`: in order, side by side, bounded, and no failure ends the run."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from PIL import Image

from rsvlm.models.errors import ModelError
from rsvlm.models.generators import Answer, Request, Totals, as_generator, ask_all


def third(prompt: str, images: Sequence[Any] = ()) -> str:
    """Fails on every third item."""
    if int(prompt) % 3 == 2:
        raise RuntimeError(f"no luck\nwith {prompt}")
    return f"<{prompt}>"


def test_a_function_is_a_generator_and_failures_are_answers() -> None:
    answers = list(ask_all(third, (Request(str(number)) for number in range(9))))
    assert [answer.text for answer in answers] == ["<0>", "<1>", None, "<3>", "<4>", None, "<6>", "<7>", None]
    assert answers[2].error == "no luck with 2"


@pytest.mark.parametrize("workers", [1, 3, 8])
def test_answers_come_in_order_whatever_the_workers(workers: int) -> None:
    barrier = threading.Barrier(workers)

    def slow_first(prompt: str, images: Sequence[Any]) -> str:
        if int(prompt) < workers:
            barrier.wait(10)  # only passes where so many are asked side by side
        return prompt

    answers = ask_all(slow_first, [(str(number), ()) for number in range(40)], workers=workers)
    assert [answer.text for answer in answers] == [str(number) for number in range(40)]


def test_requests_are_taken_as_answers_are() -> None:
    taken = 0

    def requests() -> Iterator[Request]:
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield Request(str(number))

    answers = ask_all(lambda prompt, _: prompt, requests(), workers=2)
    for _ in range(3):
        next(answers)
    assert taken <= 3 + 2 * 2
    answers.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("value", [None, 3, b"bytes", ["list"], {"text": "a"}])
def test_what_is_no_text_is_an_error(value: Any) -> None:
    (answer,) = ask_all(lambda prompt, images: value, [Request("a")])
    assert answer.text is None
    assert type(value).__name__ in str(answer.error)


def test_long_and_foreign_answers_are_kept_verbatim() -> None:
    texts = ["x" * 1_000_000, "  图像显示一个港口。\n", "", "what is shown?", "\ud800 lone"]
    answers = [answer.text for answer in ask_all(lambda prompt, _: texts[int(prompt)], map(Request, "01234"))]
    assert answers[:4] == texts[:4]
    assert answers[4] == "? lone"


def test_pictures_that_cannot_be_opened_are_that_requests_error() -> None:
    picture = Image.new("RGB", (2, 2))

    def missing() -> list[Any]:
        raise FileNotFoundError("no such file: a.tif")

    answers = list(ask_all(lambda prompt, images: f"{len(images)}", [
        Request("a", lambda: [picture, picture]), Request("b", missing), Request("c"),
    ]))  # fmt: skip
    assert [answer.text for answer in answers] == ["2", None, "0"]
    assert answers[1].error == "no such file: a.tif"


class Batched:
    """Answers in batches, and fails as a whole where a bad prompt is in one."""

    name = "batched"
    revision = "1"
    batch_size = 4

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def generate(self, prompt: str, images: Sequence[Any] = ()) -> str:
        raise AssertionError("not asked one by one")

    def generate_many(self, requests: Sequence[Request]) -> list[Any]:
        self.sizes.append(len(requests))
        if any(request.prompt == "bad" for request in requests):
            raise ValueError("a bad one is in it")
        return [f"<{request.prompt}>" for request in requests]


def test_batches_are_used_and_a_bad_one_spoils_only_itself() -> None:
    generator = Batched()
    answers = list(ask_all(generator, [Request(word) for word in ("a", "b", "bad", "c", "d", "e")]))
    assert [answer.text for answer in answers] == ["<a>", "<b>", None, "<c>", "<d>", "<e>"]
    assert generator.sizes == [4, 2, 1, 1, 1, 1] or generator.sizes == [4, 1, 1, 1, 1, 2]


@pytest.mark.parametrize("returned", [["only one"], ["a", "b", "c"], None])
def test_a_batch_of_the_wrong_length_is_never_matched_up(returned: Any) -> None:
    generator = Batched()
    generator.generate_many = lambda requests: returned if len(requests) > 1 else ["x", "y"]  # type: ignore[method-assign]
    answers = list(ask_all(generator, [Request("a"), Request("b")]))
    assert [answer.text for answer in answers] == [None, None]


def test_mixed_results_of_a_batch() -> None:
    generator = Batched()
    generator.generate_many = lambda requests: ["a", Answer(text="b", cut=True), None, ValueError("no")]  # type: ignore[method-assign]
    answers = list(ask_all(generator, [Request("")] * 4))
    assert [answer.text for answer in answers] == ["a", "b", None, None]
    assert answers[1].cut
    assert answers[3].error == "no"


def test_a_generator_that_only_fails_is_given_up() -> None:
    asked = []

    def dead(prompt: str, images: Sequence[Any]) -> str:
        asked.append(prompt)
        raise ConnectionError("nobody there")

    answers = list(ask_all(dead, (Request(str(number)) for number in range(50)), give_up_after=5))
    assert len(answers) == 50
    assert all(answer.text is None for answer in answers)
    assert len(asked) == 5
    assert "5 requests in a row" in str(answers[-1].error)
    assert "nobody there" in str(answers[-1].error)
    asked.clear()
    assert len(list(ask_all(dead, map(Request, "abcdefgh"), give_up_after=0))) == len(asked) == 8


def test_an_iteration_that_is_left_ends_what_is_under_way() -> None:
    class Slow:
        name = "slow"
        revision = "1"
        workers = 2

        def __init__(self) -> None:
            self.stopped = threading.Event()
            self.calls = 0

        def generate(self, prompt: str, images: Sequence[Any] = ()) -> str:
            self.calls += 1
            if prompt != "0":
                self.stopped.wait(60)
            return prompt

        def abort(self) -> None:
            self.stopped.set()

    generator = Slow()
    answers = ask_all(generator, [Request(str(number)) for number in range(20)])
    assert next(answers).text == "0"
    answers.close()  # type: ignore[attr-defined]  # would wait for a minute
    assert generator.stopped.is_set()
    assert generator.calls < 20


def test_errors_of_the_requests_themselves_are_raised() -> None:
    def broken() -> Iterator[Request]:
        yield Request("a")
        raise KeyError("the table has no such column")

    with pytest.raises(KeyError, match="no such column"):
        list(ask_all(lambda prompt, _: prompt, broken()))


def test_progress_and_totals() -> None:
    seen: list[int] = []
    totals = Totals()
    for answer in ask_all(third, [Request(str(number)) for number in range(6)], progress=seen.append):
        totals.add(answer)
    assert seen == [1, 2, 3, 4, 5, 6]
    assert (totals.answers, totals.failed, totals.cost) == (4, 2, None)
    totals.add(Answer(text="a", tokens_in=100, tokens_out=10, cost=0.5))
    totals.add(Answer(text="a", tokens_in=100, tokens_out=10, cost=0.0, cached=True))
    totals.add(Answer(error="cut off", tokens_in=7, tokens_out=3, cost=0.25, cut=True))
    assert totals.to_dict() == {
        "answers": 6, "failed": 3, "cached": 1, "cut": 1, "tokens_in": 107, "tokens_out": 13, "cost": 0.75,
        "seconds": pytest.approx(totals.seconds),
    }  # fmt: skip


def test_what_is_a_generator() -> None:
    class Nameless:
        def generate(self, prompt: str, images: Sequence[Any]) -> str:
            return prompt * 2

    assert as_generator(Nameless()).name == "Nameless"
    assert as_generator(Nameless()).generate("ab") == "abab"
    assert as_generator(third).name == "function:third"
    generator = Batched()
    assert as_generator(generator) is generator
    with pytest.raises(ModelError, match=r"not int"):
        as_generator(3)
