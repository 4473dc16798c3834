"""Servers and tiny models for the tests of generators."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lying_server import LyingServer, lying_server  # type: ignore[import-not-found] # beside this file
from make_tiny_vlm import make_tiny_model  # type: ignore[import-not-found]
from PIL import Image


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RSVLM_CACHE", str(tmp_path / "user-cache"))
    for name in (
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "OPENAI_BASE_URL",
        "OPENAI_API_KEY",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[LyingServer]:
    """A server that echoes, until told otherwise."""
    with lying_server() as running:
        yield running


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folders of tiny language models by kind, each made once."""
    made: dict[str, Path] = {}

    def folder(kind: str) -> Path:
        if kind not in made:
            made[kind] = make_tiny_model(tmp_path_factory.mktemp("generators") / kind, kind)
        return made[kind]

    return folder


@pytest.fixture(scope="session")
def noise() -> list[Image.Image]:
    """Pictures of noise of several shapes."""
    random: Any = np.random.default_rng(3)
    return [
        Image.fromarray(random.integers(0, 256, (h, w, 3), dtype=np.uint8))
        for w, h in ((40, 40), (64, 30), (33, 70))
    ]
