"""`load_generator`: names, options and their mistakes."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from lying_server import LyingServer, fails  # type: ignore[import-not-found] # beside this file

from rsvlm.models.errors import ModelError
from rsvlm.models.generators import CachedGenerator, Request, ask_all, load_generator


def test_an_endpoint_and_its_cache(server: LyingServer, tmp_path: Path) -> None:
    for _ in range(2):
        generator = load_generator(f"{server.address}#tiny", cache=tmp_path, max_tokens=9, key_variable=None)
        assert generator.generate("a") == "answer to a"
    assert len(server.requests) == 1
    assert generator.name == f"{server.address}#tiny"
    load_generator(f"{server.address}#tiny", cache=tmp_path, max_tokens=10).generate("a")
    load_generator(f"{server.address}#other", cache=tmp_path, max_tokens=9).generate("a")
    load_generator(f"{server.address}#tiny", cache=False, max_tokens=9).generate("a")
    assert len(server.requests) == 4


def test_a_run_that_was_killed_goes_on(server: LyingServer, tmp_path: Path) -> None:
    requests = [Request(str(number)) for number in range(30)]
    running = ask_all(load_generator(f"{server.address}#tiny", cache=tmp_path), requests)
    first = [next(running).text for _ in range(7)]
    running.close()  # type: ignore[attr-defined]
    paid = len(server.requests)
    again = list(ask_all(load_generator(f"{server.address}#tiny", cache=tmp_path), requests))
    assert [answer.text for answer in again][:7] == first
    assert [answer.cached for answer in again[:7]] == [True] * 7
    assert len(server.requests) <= paid + 30 - 7
    assert {document["messages"][0]["content"] for document in server.requests} == set(map(str, range(30)))


def test_failures_are_asked_again_by_the_next_run(server: LyingServer, tmp_path: Path) -> None:
    server.plan = [fails(400, "not now")]
    generator = load_generator(f"{server.address}#tiny", cache=tmp_path, workers=1)
    assert [answer.text for answer in ask_all(generator, map(Request, "ab"))] == [None, "answer to b"]
    assert [answer.text for answer in ask_all(generator, map(Request, "ab"))] == [
        "answer to a",
        "answer to b",
    ]


def test_openai_by_its_variables(server: LyingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="OPENAI_API_KEY is not set"):
        load_generator("openai:tiny")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-1234")
    assert load_generator("openai:tiny").name == "https://api.openai.com/v1#tiny"
    with pytest.raises(ModelError, match="the network is off"):
        load_generator("openai:tiny", offline=True)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.address}/")
    assert load_generator("openai:tiny", offline=True).generate("a") == "answer to a"
    assert server.headers[0]["Authorization"] == "Bearer sk-test-1234"


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_by_the_environment(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "1")
    with pytest.raises(ModelError, match="the network is off"):
        load_generator("https://api.example.org/v1#m")
    with pytest.raises(ModelError, match="is not whole on this machine"):
        load_generator("hf:nobody/nothing")


def test_functions_and_generators_are_taken_as_they_are() -> None:
    def answer(prompt: str, images: Sequence[Any]) -> str:
        return prompt.upper()

    assert load_generator(answer).generate("a") == "A"
    own = load_generator(answer)
    assert load_generator(own) is own


@pytest.mark.parametrize(
    ("spec", "options", "message"),
    [
        ("no-such-folder", {}, "there is no generator 'no-such-folder'"),
        ("hf:owner", {}, "write hf:owner/model"),
        ("hf:owner/model/file", {}, "write hf:owner/model"),
        ("http://localhost:1/v1", {}, "needs the name of a model"),
        ("http://localhost:1/v1#", {}, "needs the name of a model"),
        ("http://localhost:1/v1#m", {"device": "cuda"}, "device is no option of an endpoint"),
        ("http://localhost:1/v1#m", {"colour": "red"}, "colour is no option"),
        (len, {"max_tokens": 3}, "max_tokens is no option of a function"),
        (3, {}, "not int"),
    ],
)
def test_mistakes(spec: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        load_generator(spec, **options)
    assert "\n" not in str(caught.value)


def test_options_of_endpoints_are_none_of_models_here(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="price_in, timeout is no option of a model that runs here"):
        load_generator(tmp_path, timeout=3, price_in=1.0)


def test_endpoints_need_no_torch(server: LyingServer) -> None:
    code = (
        "import sys; from rsvlm.models.generators import load_generator, ask_all, Request\n"
        f"print(next(ask_all(load_generator('{server.address}#m', cache=False), [Request('a')])).text)\n"
        "bad = [m for m in ('torch', 'transformers', 'openai', 'httpx') if m in sys.modules]\n"
        "assert not bad, bad"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "answer to a"


def test_a_folder(tiny_models: Callable[[str], Path], tmp_path: Path) -> None:
    generator = load_generator(
        tiny_models("llama"), cache=tmp_path, max_tokens=4, precision="fp32", device="cpu"
    )
    assert isinstance(generator, CachedGenerator)
    answers = list(ask_all(generator, map(Request, ["a", "b", "a"])))
    assert answers[0].text == answers[2].text != answers[1].text
    (again,) = ask_all(generator, [Request("b")])
    assert (again.cached, again.text) == (True, answers[1].text)
