"""Synonyms from WordNet 3.0, read from the files that Princeton published.

METEOR's published values rest on WordNet 3.0 and change with the version. Only what METEOR asks is read: the words
that share a synset with a word, by WordNet's own morphology (wndb(5WN), morphy(7WN)), equal to what nltk's reader
gives. nltk's reader itself needs files that Debian's package leaves out (`lexnames`, `index.sense`), and takes
seconds to load.
"""

import os
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from ..errors import EvalError

VERSION = "3.0"

SYSTEM_FOLDERS = ("/usr/share/wordnet", "/usr/local/WordNet-3.0/dict")
"""Where Debian's package and Princeton's own installer put it."""

Read = Callable[[str], bytes]
"""From the name of one of WordNet's files to what is in it."""

SUFFIXES: dict[str, tuple[tuple[str, str], ...]] = {
    "noun": (
        ("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"),
        ("men", "man"), ("ies", "y"),
    ),
    "verb": (
        ("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""),
    ),
    "adj": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "adv": (),
}  # fmt: skip
"""Endings taken off to find a base form, by part of speech (morphy(7WN))."""

_ENTRY = re.compile(r"^(\S+) (.+)$", re.MULTILINE)
"""A line of an index; those of the licence begin with white space."""

_MARKER = re.compile(r"\([^()]*\)$")


class WordNet:
    """Which words share a meaning.

    Args:
        read: Gives the bytes of `index.noun`, `data.noun`, `noun.exc` and the same of verb, adj and adv.
    """

    def __init__(self, read: Read) -> None:
        self._index: dict[str, dict[str, str]] = {}
        self._data: dict[str, bytes] = {}
        self._exceptions: dict[str, dict[str, list[str]]] = {}
        self._synonyms: dict[str, frozenset[str]] = {}
        for part in SUFFIXES:
            self._data[part] = read(f"data.{part}")
            self._index[part] = dict(_ENTRY.findall(read(f"index.{part}").decode("utf-8")))
            rows = (line.split() for line in read(f"{part}.exc").decode("utf-8").splitlines())
            self._exceptions[part] = {row[0]: row[1:] for row in rows if row}

    def synonyms(self, word: str) -> frozenset[str]:
        """Single words of every synset of a word or its base forms, in WordNet's spelling, and the word itself."""
        found = self._synonyms.get(word)
        if found is None:
            names = {name for line in self._synsets(word.lower()) for name in _names(line)}
            found = self._synonyms[word] = frozenset({name for name in names if "_" not in name} | {word})
        return found

    def _synsets(self, word: str) -> Iterator[bytes]:
        """The lines of the data files of a word's synsets, in all parts of speech."""
        for part, index in self._index.items():
            for form in {word, *self._base_forms(word, part)}:
                if form in index:
                    for offset in _offsets(index[form]):
                        end = self._data[part].index(b"|", offset)
                        yield self._data[part][offset:end]

    def _base_forms(self, word: str, part: str) -> list[str]:
        if word in self._exceptions[part]:
            return self._exceptions[part][word]
        return [word[: -len(old)] + new for old, new in SUFFIXES[part] if word.endswith(old)]


def _offsets(entry: str) -> list[int]:
    """Synset offsets of `pos synset_cnt p_cnt [symbol...] sense_cnt tagsense_cnt offset...`."""
    fields = entry.split()
    return [int(field) for field in fields[-int(fields[1]) :]]


def _names(line: bytes) -> Iterator[str]:
    """Words of `offset lex_filenum ss_type w_cnt word lex_id [word lex_id...] ...` without syntactic markers."""
    fields = line.decode("utf-8").split()
    for name in fields[4 : 4 + 2 * int(fields[3], 16) : 2]:
        yield _MARKER.sub("", name)


def find_wordnet() -> WordNet:
    """WordNet 3.0 from the first of `$WNHOME`, nltk_data and Debian's `wordnet-base` that holds it.

    Raises:
        EvalError: None holds it; the message lists other versions that were found.
    """
    others = []
    for place in _places():
        read = _reader(place)
        if read is None:
            continue
        version = _version(read)
        if version == VERSION:
            return _open(place)
        others.append(f"{place} has {version or 'something else'}")
    found = f" ({'; '.join(others)})" if others else ""
    raise EvalError(
        f"METEOR needs WordNet {VERSION}, which was not found{found}: install Debian's wordnet-base, or run "
        "`python -m nltk.downloader wordnet`, or name its folder in WNHOME; or ask for METEOR without synonyms"
    )


@lru_cache(maxsize=1)
def _open(place: Path) -> WordNet:
    """Read once in a process, with the synonyms looked up so far."""
    read = _reader(place)
    assert read is not None
    return WordNet(read)


def _places() -> Iterator[Path]:
    """Folders and archives where WordNet may lie, in the order in which they count."""
    if os.environ.get("WNHOME"):
        home = Path(os.environ["WNHOME"])
        yield from (home / "dict", home)
    for folder in _nltk_folders():
        yield from (folder / "corpora" / "wordnet", folder / "corpora" / "wordnet.zip")
    yield from map(Path, SYSTEM_FOLDERS)


def _nltk_folders() -> Iterator[Path]:
    """Where nltk looks for its data (`nltk.data.path`)."""
    yield from (Path(folder) for folder in os.environ.get("NLTK_DATA", "").split(os.pathsep) if folder)
    yield Path.home() / "nltk_data"
    yield from (Path(sys.prefix) / part for part in ("nltk_data", "share/nltk_data", "lib/nltk_data"))
    if sys.platform == "win32":
        yield from (
            Path(os.environ.get("APPDATA", "C:/")) / "nltk_data",
            *(Path(f"{d}:/nltk_data") for d in "CDE"),
        )
    else:
        roots = ("/usr/share", "/usr/local/share", "/usr/lib", "/usr/local/lib")
        yield from (Path(root) / "nltk_data" for root in roots)


def _reader(place: Path) -> Read | None:
    """How to read the files of a folder or a zip archive; None if WordNet is not there."""
    if (place / "data.noun").is_file():
        return lambda name: _read_file(place / name)
    if place.suffix == ".zip" and place.is_file():
        return lambda name: _unzip(place, f"{place.stem}/{name}")
    return None


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EvalError(
            f"{path}: cannot be read ({error.strerror}); install WordNet {VERSION} again"
        ) from None


def _unzip(archive: Path, name: str) -> bytes:
    try:
        with zipfile.ZipFile(archive) as opened:
            return opened.read(name)
    except (KeyError, OSError, zipfile.BadZipFile) as error:
        raise EvalError(f"{archive}: cannot be read as nltk's WordNet ({error}); fetch it again") from None


def _version(read: Read) -> str | None:
    """The version that the licence at the head of the files names."""
    found = re.search(rb"Word[nN]et (\d+(?:\.\d+)?)\+? Copyright", read("data.adj")[:4096])
    return found[1].decode() if found else None
