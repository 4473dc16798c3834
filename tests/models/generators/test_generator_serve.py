"""Against a server of another make: `transformers serve`, started offline with a tiny model made on the spot."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import serving  # type: ignore[import-not-found] # beside this file
from PIL import Image

from rsvlm.models.generators import HuggingFaceGenerator, Request, ask_all, load_generator

pytestmark = [pytest.mark.slow, serving.needs_serving]


class Served(NamedTuple):
    address: str
    folder: Path


@pytest.fixture(scope="module")
def served(tiny_models: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tiny_models("llava")
    with serving.served(folder, tmp_path_factory.mktemp("serve") / "log.txt") as address:
        yield Served(address, folder)


def test_it_answers_as_the_model_does_here(served: Served, noise: list[Image.Image], tmp_path: Path) -> None:
    """The same model, asked over the wire and in this process: the same words."""
    requests = [Request("what is this?"), Request("and this?", noise[:1]), Request("compare", noise[:2])]
    there = load_generator(
        f"{served.address}#{served.folder}",
        cache=tmp_path,
        max_tokens=8,
        price_out=1e6,
        offline=True,
        workers=2,
    )
    here = HuggingFaceGenerator("here", served.folder, device="cpu", precision="fp32", max_tokens=8)
    answers = list(ask_all(there, requests))
    assert [answer.error for answer in answers] == [None] * 3
    assert [answer.text for answer in answers] == [
        here.generate(request.prompt, request.pictures) for request in requests
    ]
    assert [answer.tokens_in for answer in answers] == [
        found.tokens_in for found in here.generate_many(requests)
    ]
    assert all(answer.cost == answer.tokens_out for answer in answers)
    again = list(ask_all(there, requests))
    assert [(answer.text, answer.cached, answer.cost) for answer in again] == [
        (answer.text, True, 0.0) for answer in answers
    ]


def test_a_model_that_it_does_not_serve_is_an_error(served: Served) -> None:
    generator = load_generator(f"{served.address}#no/such-model", cache=False, retries=0, max_tokens=4)
    (answer,) = ask_all(generator, [Request("a")])
    assert answer.text is None
    assert "HTTP" in str(answer.error)
