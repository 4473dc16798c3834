"""What several tests of this folder read: published answers, unpacked, and a small WordNet."""

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from made_wordnet import write_wordnet  # type: ignore[import-not-found] # this folder is on pytest's path
from questions_town import Country, countryside  # type: ignore[import-not-found] # as above

from rsvlm.eval.questions import make_questions
from rsvlm.eval.text import WordNet, find_wordnet


@pytest.fixture(scope="session")
def unpacked(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Unpacks an archive of the folder of real data by its name, once in a session."""
    folders: dict[str, Path] = {}

    def unpack(name: str) -> Path:
        if not (data_dir / name).exists():
            pytest.skip(f"{data_dir} has no {name}")
        if name not in folders:
            folder = folders[name] = tmp_path_factory.mktemp(name.partition(".")[0])
            with tarfile.open(data_dir / name) as archive:
                archive.extractall(folder, filter="data")
        return folders[name]

    return unpack


@pytest.fixture(scope="session")
def rswk(unpacked: Callable[[str], Path]) -> Path:
    """RS-RAG's questions, answers and published scores."""
    return unpacked("rswk.tar.xz")


@pytest.fixture(scope="session")
def country(tmp_path_factory: pytest.TempPathFactory) -> Country:
    """A countryside with questions about all of its labels; whoever changes its files puts them back."""
    folder = tmp_path_factory.mktemp("country")
    sources = countryside(folder)
    return Country(folder, sources, make_questions(sources, folder / "questions", count=90, seed=4))


@pytest.fixture
def small_wordnet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a WordNet of a few words, which is found before any other."""
    folder: Path = write_wordnet(tmp_path / "small words" / "corpora" / "wordnet")
    monkeypatch.setenv("WNHOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def real_wordnet() -> WordNet:
    """WordNet 3.0; tests that need it skip where it is not installed."""
    try:
        return find_wordnet()
    except ValueError as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that a test keeps reaches another one, or the user: encoders of tests lie about who they are."""
    monkeypatch.setenv("RSVLM_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("RSVLM_DATA", str(tmp_path_factory.mktemp("data")))
