"""Endpoints, against a real server that does what servers do: answer, refuse, hang, lie."""

import base64
import io
import json
import logging
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from lying_server import (  # type: ignore[import-not-found] # beside this file
    LyingServer,
    breaks_off,
    echo,
    fails,
    floods,
    hangs,
    hangs_in_body,
    hangs_up,
    prompt_of,
    raw,
    says,
    trickles,
    trickles_headers,
)
from PIL import Image

from rsvlm.models.errors import ModelError
from rsvlm.models.generators import Answer, EndpointGenerator, GenerationError, Request, ask_all
from rsvlm.models.generators.backoff import Backoff, retry_after

KEY = "sk-very-secret-0123456789"


@pytest.fixture
def make(server: LyingServer) -> Callable[..., EndpointGenerator]:
    """Make a generator of the server that does not wait long."""

    def made(**options: Any) -> EndpointGenerator:
        quick = {"first_wait": 0.01, "longest_wait": 0.05, "wait_seed": 1, "timeout": 5.0}
        return EndpointGenerator(server.address, "tiny", **(quick | options))

    return made


def ask(generator: EndpointGenerator, prompt: str = "what?") -> Answer:
    return generator.answer(Request(prompt))


def test_a_prompt_and_its_answer(server: LyingServer, make: Callable[..., EndpointGenerator]) -> None:
    generator = make(max_tokens=77, price_in=3.0, price_out=15.0)
    answer = ask(generator)
    assert answer.text == "answer to what?"
    assert (answer.tokens_in, answer.tokens_out, answer.cut, answer.model) == (10, 5, False, "tiny-1")
    assert answer.cost == pytest.approx((10 * 3 + 5 * 15) / 1e6)
    assert server.requests == [
        {
            "model": "tiny",
            "max_tokens": 77,
            "temperature": 0.0,
            "messages": [{"role": "user", "content": "what?"}],
        }
    ]
    assert server.paths == ["/v1/chat/completions"]
    assert "Authorization" not in server.headers[0]
    assert generator.name == f"{server.address}#tiny"
    assert generator.generate("again") == "answer to again"


def test_images_are_sent_smaller(
    server: LyingServer, make: Callable[..., EndpointGenerator], noise: list[Image.Image]
) -> None:
    make(image_side=50).generate("compare", noise[:2])
    *pictures, words = server.requests[0]["messages"][0]["content"]
    assert words == {"type": "text", "text": "compare"}
    sent = []
    for picture in pictures:
        head, _, text = picture["image_url"]["url"].partition(",")
        assert head == "data:image/png;base64"
        sent.append(Image.open(io.BytesIO(base64.b64decode(text))))
    assert [picture.size for picture in sent] == [(40, 40), (50, 23)]
    assert sent[0].tobytes() == noise[0].tobytes()


def test_large_images_are_jpeg(server: LyingServer, make: Callable[..., EndpointGenerator]) -> None:
    make().generate("see", [Image.new("RGB", (4000, 1000))])
    address = server.requests[0]["messages"][0]["content"][0]["image_url"]["url"]
    assert address.startswith("data:image/jpeg;base64,")
    assert Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).size == (1536, 384)


def test_drawn_answers_are_seeded_and_fields_can_be_changed(
    server: LyingServer, make: Callable[..., EndpointGenerator]
) -> None:
    extra = {"max_tokens": None, "max_completion_tokens": 9, "messages": "mine"}
    ask(make(temperature=0.7, seed=4, extra=extra))
    sent = server.requests[0]
    assert (sent["temperature"], sent["seed"], sent["max_completion_tokens"]) == (0.7, 4, 9)
    assert "max_tokens" not in sent
    assert sent["messages"] != "mine"


def test_busy_servers_are_asked_again(server: LyingServer, make: Callable[..., EndpointGenerator]) -> None:
    server.plan = [fails(429, "slow down"), fails(503), hangs_up]
    assert ask(make(retries=3)).text == "answer to what?"
    assert len(server.requests) == 4


def test_tries_end(server: LyingServer, make: Callable[..., EndpointGenerator]) -> None:
    server.behaviour = fails(429, "slow\ndown")
    answer = ask(make(retries=2))
    assert answer.error == "HTTP 429: slow down (tried 3 times)"
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_refusals_are_not_asked_again(
    server: LyingServer, make: Callable[..., EndpointGenerator], status: int
) -> None:
    server.behaviour = fails(status, "no")
    assert f"HTTP {status}: no" in str(ask(make()).error)
    assert len(server.requests) == 1


def test_an_empty_account_is_not_asked_again(
    server: LyingServer, make: Callable[..., EndpointGenerator]
) -> None:
    server.behaviour = fails(429, "pay first", "insufficient_quota")
    assert "pay first" in str(ask(make()).error)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "what", "retry-after": "3"}, 3.0),
        ({"retry-after": "Wed, 01 Jan 2020 00:00:00 GMT"}, 0.0),
        ({}, 0.0),
    ],
)
def test_retry_after_is_read(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    "told", ["soon", "-5", "nan", "1e99", "", "inf", "Wed, 99 Jan 2020 00:00:00 GMT", "()"]
)
def test_retry_after_of_nonsense_is_none(told: str) -> None:
    assert retry_after({"retry-after": told}) == 0.0


def test_retry_after_is_bounded_and_waits_grow() -> None:
    backoff = Backoff(1.0, 60.0, seed=0)
    later = format_datetime(datetime.now(UTC) + timedelta(days=3))
    assert backoff.seconds(1, {"retry-after": later}) == 60.0
    assert 20.0 <= backoff.seconds(1, {"retry-after": "20"}) <= 21.0
    waits = [backoff.seconds(tries) for tries in range(1, 60)]
    assert 0.5 <= waits[0] <= 1.0
    assert 4.0 <= waits[3] <= 8.0
    assert max(waits) <= 60.0
    again = Backoff(1.0, 60.0, seed=0)
    assert [again.seconds(1), again.seconds(1)] != [waits[0], waits[0]]  # no two alike
    assert Backoff(1.0, 60.0, seed=5).seconds(2) == Backoff(1.0, 60.0, seed=5).seconds(2)


@pytest.mark.parametrize("lie", [hangs, hangs_in_body, trickles, trickles_headers])
def test_hanging_servers_are_left_in_time(
    server: LyingServer, make: Callable[..., EndpointGenerator], lie: Any
) -> None:
    server.behaviour = lie
    answer = ask(make(timeout=0.2, retries=1))
    assert answer.error == "no whole reply within 0.2 s (tried 2 times)"
    server.behaviour = echo
    assert ask(make()).text == "answer to what?"


def test_endless_replies_are_cut_off(server: LyingServer, make: Callable[..., EndpointGenerator]) -> None:
    server.behaviour = floods
    assert ask(make()).error == "the reply is longer than 4,194,304 bytes"
    assert len(server.requests) == 1


@pytest.mark.parametrize("lie", [hangs_up, breaks_off])
def test_broken_connections_are_tried_again(
    server: LyingServer, make: Callable[..., EndpointGenerator], lie: Any
) -> None:
    server.behaviour = lie
    assert str(ask(make(retries=1)).error).endswith("(tried 2 times)")
    server.plan = [lie]
    server.behaviour = echo
    assert ask(make(retries=1)).text == "answer to what?"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>down</html>", "no JSON object"),
        (b"", "no JSON object"),
        (b"\xff\xfe\x00", "no JSON object"),
        (b"[" * 100_000, "no JSON object"),
        (b"1" * 100_000, "no JSON object"),
        (b'"text"', "no JSON object"),
        (b'data: {"choices": []}\n\n', "no JSON object"),
        (b"{}", "no choices"),
        (b'{"choices": []}', "no choices"),
        (b'{"choices": {"0": 1}}', "no choices"),
        (b'{"choices": [null]}', "no choices"),
        (b'{"choices": [{}]}', "no text"),
        (b'{"choices": [{"message": "hello"}]}', "no text"),
        (b'{"choices": [{"message": {"content": 7}, "finish_reason": "weird"}]}', "'weird'"),
        (b'{"choices": [{"message": {"content": null, "refusal": "I will not"}}]}', "refused: I will not"),
        (b'{"choices": [{"message": {"content": null}, "finish_reason": "length"}]}', "limit of tokens"),
        (b'{"error": {"message": "model is loading"}}', "model is loading"),
    ],
)
def test_lies_are_errors_in_one_line(
    server: LyingServer, make: Callable[..., EndpointGenerator], body: bytes, said: str
) -> None:
    server.behaviour = raw(body)
    answer = ask(make())
    assert answer.text is None
    assert said in str(answer.error)
    assert len(str(answer.error)) < 300
    assert "\n" not in str(answer.error)
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", ["text/html", "image/png", "text/event-stream"])
def test_a_wrong_content_type_is_forgiven(
    server: LyingServer, make: Callable[..., EndpointGenerator], kind: str
) -> None:
    server.behaviour = lambda handler, _: handler.send(handler.completion("yes"), Content_Type=kind)
    assert ask(make()).text == "yes"


@pytest.mark.parametrize(
    "usage", [None, 3, [], {}, {"prompt_tokens": -1}, {"prompt_tokens": True}, {"prompt_tokens": 10**30}]
)
def test_counts_that_cannot_be_are_none(
    server: LyingServer, make: Callable[..., EndpointGenerator], usage: Any
) -> None:
    server.behaviour = says("yes", usage=usage)
    answer = ask(make(price_in=1.0, price_out=1.0))
    assert (answer.text, answer.tokens_in, answer.cost) == ("yes", None, None)


def test_long_foreign_and_odd_answers(server: LyingServer, make: Callable[..., EndpointGenerator]) -> None:
    chinese = "图像显示一个港口,旁边有三艘船。"
    server.plan = [
        says("x" * 1_000_000),
        says(chinese),
        says([{"type": "text", "text": "in "}, {"text": "parts"}]),
    ]
    server.plan += [raw(b'{"choices": [{"message": {"content": "a\\ud800b"}, "finish_reason": "length"}]}')]
    server.plan += [says("what?"), says("")]
    generator = make()
    answers = [ask(generator) for _ in range(6)]
    assert [answer.text for answer in answers] == ["x" * 1_000_000, chinese, "in parts", "a?b", "what?", ""]
    assert [answer.cut for answer in answers] == [False, False, False, True, False, False]


def test_redirects_are_not_followed(server: LyingServer, make: Callable[..., EndpointGenerator]) -> None:
    elsewhere = f"{server.address}/chat/completions"
    for status in (301, 302, 303, 307, 308):
        server.behaviour = raw(b"", status, Location=elsewhere)
        answer = ask(make())
        assert f"HTTP {status}" in str(answer.error)
        assert "127.0.0.1, which is not followed" in str(answer.error)
    assert len(server.requests) == 5


def test_nobody_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
    generator = EndpointGenerator(address, "m", retries=1, first_wait=0.01)
    assert "the connection failed: ConnectionRefusedError" in str(ask(generator).error)
    with pytest.raises(GenerationError, match="tried 2 times"):
        generator.generate("a")


def test_a_server_that_is_gone_is_not_waited_for(
    server: LyingServer, make: Callable[..., EndpointGenerator]
) -> None:
    server.behaviour = hangs_up
    generator = make(retries=3, workers=1)
    answers = list(ask_all(generator, [Request(str(number)) for number in range(40)], give_up_after=8))
    assert all(answer.text is None for answer in answers)
    assert (
        len(server.requests) == 4 + 4 + 2 + 5
    )  # three tries until ten were in vain, then one each, then none
    server.behaviour = echo
    assert ask(generator).text == "answer to what?"
    server.plan = [hangs_up]
    assert ask(generator).text == "answer to what?"


def test_many_side_by_side_in_order(server: LyingServer, make: Callable[..., EndpointGenerator]) -> None:
    together = threading.Barrier(4)

    def waits_for_others(handler: Any, document: dict[str, Any]) -> None:
        together.wait(10)
        echo(handler, document)

    server.behaviour = waits_for_others
    answers = ask_all(make(workers=4), [Request(str(number)) for number in range(20)])
    assert [answer.text for answer in answers] == [f"answer to {number}" for number in range(20)]


def first_only(other: Any) -> Any:
    """Answer the prompt "0", and do something else to the rest."""
    return lambda handler, document: (echo if prompt_of(document) == "0" else other)(handler, document)


def test_a_run_that_is_left_does_not_wait_for_hanging_servers(
    server: LyingServer, make: Callable[..., EndpointGenerator]
) -> None:
    server.behaviour = first_only(hangs)
    generator = make(timeout=60.0, workers=2)
    answers = ask_all(generator, [Request(str(number)) for number in range(9)])
    assert next(answers).text == "answer to 0"
    answers.close()  # type: ignore[attr-defined]  # would last a minute
    server.behaviour = echo
    assert ask(generator).text == "answer to what?"


def test_a_wait_between_tries_ends_with_the_run(
    server: LyingServer, make: Callable[..., EndpointGenerator]
) -> None:
    server.behaviour = first_only(fails(429, "wait", Retry_After="50"))
    answers = ask_all(make(longest_wait=50.0, workers=2), [Request(str(number)) for number in range(9)])
    assert next(answers).text == "answer to 0"
    answers.close()  # type: ignore[attr-defined]


def test_the_key_goes_to_the_server_and_nowhere_else(
    server: LyingServer,
    make: Callable[..., EndpointGenerator],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    from rsvlm.models.generators import AnswerCache, CachedGenerator

    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("MY_KEY", f" {KEY}\n")
    generator = make(key_variable="MY_KEY", retries=0)
    server.plan = [fails(401, f"Incorrect API key provided: {KEY}"), says(f"your key is {KEY}", model=KEY)]
    server.plan += [
        raw(f"<html>{KEY}".encode()),
        raw(KEY.encode(), 500),
        raw(b"", 302, Location=f"http://{KEY}/"),
    ]
    refused = ask(generator)
    cached = CachedGenerator(generator, AnswerCache(tmp_path))
    (told,) = cached.generate_many([Request("key?")])
    others = [ask(generator) for _ in range(3)]
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert refused.error == (
        "HTTP 401: Incorrect API key provided: [key]: the endpoint does not take the key in MY_KEY"
    )
    assert told.text == "your key is [key]"
    everything = repr([refused, told, others, generator.info, vars(cached)["info"], caplog.text])
    assert KEY not in everything
    assert KEY not in everything.lower()
    assert KEY.encode() not in (tmp_path / "answers.sqlite").read_bytes()
    assert json.dumps(generator.info)


def test_pictures_that_are_none_are_an_error_and_not_sent(
    server: LyingServer, make: Callable[..., EndpointGenerator]
) -> None:
    assert "not int" in str(make().answer(Request("a", [3])).error)  # type: ignore[list-item]
    assert not server.requests


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_tokens": 0}, "0 tokens"),
        ({"image_side": 0}, "0 pixels"),
        ({"key_variable": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE is not set"),
    ],
)
def test_settings_that_cannot_be(
    make: Callable[..., EndpointGenerator], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        make(**options)
