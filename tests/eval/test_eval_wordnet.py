"""WordNet's files: which words share a meaning, where the files are found, what is said when they are not."""

import sys
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from made_wordnet import write_wordnet  # type: ignore[import-not-found] # this folder is on pytest's path

from rsvlm.eval import EvalError
from rsvlm.eval.text import WordNet, find_wordnet, wordnet


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No WordNet but those that a test names."""
    monkeypatch.delenv("WNHOME", raising=False)
    monkeypatch.setattr(wordnet, "_nltk_folders", lambda: iter([tmp_path / "nltk_data"]))
    monkeypatch.setattr(wordnet, "SYSTEM_FOLDERS", ())


@contextmanager
def nltk_reader(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """nltk's reader on `nltk_data/corpora/wordnet`; it opens nothing outside nltk's folders, and closes nothing."""
    module = pytest.importorskip("nltk.corpus.reader.wordnet")
    monkeypatch.setattr("nltk.data.path", [str(folder.parents[1])])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it has no other languages
        reader = module.WordNetCorpusReader(str(folder), None)
    yield reader
    for opened in reader._data_file_map.values():
        opened.close()


def nltk_synonyms(reader: Any, word: str) -> set[str]:
    names = {lemma.name() for synset in reader.synsets(word) for lemma in synset.lemmas()}
    return {name for name in names if "_" not in name} | {word}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("house", {"house", "dwelling", "home"}),
        ("houses", {"houses", "house", "dwelling", "home"}),
        ("Forest", {"Forest", "forest", "wood", "woods"}),
        ("roads", {"roads", "road", "route"}),
        ("geese", {"geese", "goose"}),
        ("built", {"built", "build", "construct", "make"}),
        ("making", {"making", "build", "construct", "make"}),
        ("biggest", {"biggest"}),
        ("bigger", {"bigger"}),
        ("large", {"large", "big"}),
        ("near", {"near", "close", "nigh"}),
        ("tundra", {"tundra"}),
        ("", {""}),
        ("湖", {"湖"}),
    ],
)
def test_synonyms(small_wordnet: Path, word: str, expected: set[str]) -> None:
    assert find_wordnet().synonyms(word) == expected


@pytest.mark.parametrize(
    "word", ["houses", "Forest", "geese", "built", "bigger", "large", "near", "tundra", ""]
)
def test_equals_nltk(small_wordnet: Path, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    with nltk_reader(small_wordnet, monkeypatch) as reader:
        assert nltk_synonyms(reader, word) == find_wordnet().synonyms(word)


def test_equals_nltk_on_real_words(
    tmp_path: Path, real_wordnet: WordNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [word for part in wordnet.SUFFIXES for word in list(real_wordnet._index[part])[::97]]
    words += [word for part in wordnet.SUFFIXES for word in list(real_wordnet._exceptions[part])[::23]]
    words += [
        f"{word}{ending}" for word in words[::9] for ending in ("s", "es", "ed", "ing", "er", "est", "men")
    ]
    folder = write_wordnet(tmp_path / "corpora" / "wordnet")
    for part in wordnet.SUFFIXES:
        (folder / f"data.{part}").write_bytes(real_wordnet._data[part])
        lines = (f"{lemma} {rest}\n" for lemma, rest in real_wordnet._index[part].items())
        (folder / f"index.{part}").write_text("".join(lines), encoding="utf-8", newline="\n")
        exceptions = (
            " ".join([form, *bases]) + "\n" for form, bases in real_wordnet._exceptions[part].items()
        )
        (folder / f"{part}.exc").write_text("".join(exceptions), encoding="utf-8", newline="\n")
    assert len(words) > 2000
    with nltk_reader(folder, monkeypatch) as reader:
        assert [word for word in words if real_wordnet.synonyms(word) != nltk_synonyms(reader, word)] == []


def test_found_in_the_dict_folder_of_wnhome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wordnet(tmp_path / "WordNet-3.0" / "dict")
    monkeypatch.setenv("WNHOME", str(tmp_path / "WordNet-3.0"))
    assert "dwelling" in find_wordnet().synonyms("house")


def test_found_in_nltk_data_as_a_folder(tmp_path: Path) -> None:
    write_wordnet(tmp_path / "nltk_data" / "corpora" / "wordnet")
    assert "dwelling" in find_wordnet().synonyms("house")


def test_found_in_nltk_data_as_an_archive(tmp_path: Path) -> None:
    corpora = tmp_path / "nltk_data" / "corpora"
    corpora.mkdir(parents=True)
    with zipfile.ZipFile(corpora / "wordnet.zip", "w") as archive:
        for file in write_wordnet(tmp_path / "written").iterdir():
            archive.write(file, f"wordnet/{file.name}")
    assert "dwelling" in find_wordnet().synonyms("house")


def test_absent() -> None:
    with pytest.raises(
        EvalError, match=r"^METEOR needs WordNet 3\.0, which was not found: .*wordnet-base.*WNHOME"
    ) as told:
        find_wordnet()
    assert "\n" not in str(told.value)


def test_another_version_is_passed_over_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = write_wordnet(tmp_path / "newer", version="3.1")
    monkeypatch.setenv("WNHOME", str(newer))
    with pytest.raises(EvalError, match=r"newer has 3\.1\)"):
        find_wordnet()
    write_wordnet(tmp_path / "nltk_data" / "corpora" / "wordnet")
    assert "dwelling" in find_wordnet().synonyms("house")


def test_torn(small_wordnet: Path) -> None:
    (small_wordnet / "index.verb").unlink()
    with pytest.raises(EvalError, match=r"index\.verb: cannot be read"):
        find_wordnet()


def test_no_zip_archive(tmp_path: Path) -> None:
    (tmp_path / "nltk_data" / "corpora").mkdir(parents=True)
    (tmp_path / "nltk_data" / "corpora" / "wordnet.zip").write_bytes(b"not a zip")
    with pytest.raises(EvalError, match=r"wordnet\.zip: cannot be read"):
        find_wordnet()


@pytest.mark.skipif(sys.platform == "win32", reason="paths with a colon")
def test_nltk_looks_in_the_same_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pytest.importorskip("nltk.data")
    monkeypatch.undo()
    assert {Path(folder) for folder in data.path} <= {Path(folder) for folder in wordnet._nltk_folders()}
