"""The house rules of DESIGN: rooms import one way, nothing heavy loads early, and Windows is a first-class place."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rsvlm

PACKAGE = Path(rsvlm.__file__).parent
ROOMS = (
    "imagery",
    "vocabularies",
    "models",
    "captioning",
    "datasets",
    "retrieval",
    "classification",
    "rag",
    "eval",
    "pretraining",
    "demo",
    "cli",
)
TOP = {
    "shards",
    "environment",
    "errors",
    "files",
    "folders",
    "memory",
    "offlinepage",
    "shares",
    "vectorfiles",
}
POSIX_ONLY = {"fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "posix", "syslog", "crypt", "spwd"}
FILES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Absolute names of all that a module imports, wherever in the file."""
    package = ("rsvlm", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_rooms_import_only_rooms_above(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "rsvlm" or len(parts) < 2 or room.startswith("__"):
            continue
        other = parts[1]
        if other in TOP or other.startswith("__"):
            continue
        assert other in ROOMS, f"{path} imports {name}, which is no room"
        assert room not in TOP, f"{path} lies above all rooms but imports {name}"
        assert ROOMS.index(other) <= ROOMS.index(room), f"{path}: {room} must not use {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_that_only_posix_has(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guarded = {
        id(child) for node in ast.walk(tree) if isinstance(node, ast.If | ast.Try) for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        for name in names:
            assert name.split(".")[0] not in POSIX_ONLY or id(node) in guarded, (
                f"{path} imports {name} without a branch"
            )
        called = node.func if isinstance(node, ast.Call) else None
        method = called.attr if isinstance(called, ast.Attribute) else ""
        built_in = called.id if isinstance(called, ast.Name) else ""
        if isinstance(node, ast.Call) and (
            method in {"open", "read_text", "write_text"} or built_in == "open"
        ):
            _check_encoding(path, node)


def _check_encoding(path: Path, call: ast.Call) -> None:
    """Text is read and written with its encoding named; binary modes and other libraries' `open` are left alone."""
    literals = [
        node.value
        for node in ast.walk(call)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    binary = any("b" in text and set(text) <= set("rwxab+") for text in literals)
    named = (
        any(keyword.arg == "encoding" for keyword in call.keywords)
        or "utf-8" in literals
        or "utf-8-sig" in literals
    )
    owner = getattr(getattr(call.func, "value", None), "id", "")
    foreign = owner in {
        "rasterio",
        "Image",
        "PillowImage",
        "os",
        "tarfile",
        "zipfile",
        "LandCoverSource",
        "cls",
        "ipc",
        "pa",
        "archive",
        "opened",
    }
    assert binary or named or foreign, f"{path}:{call.lineno}: {ast.unparse(call)} names no encoding"


@pytest.mark.parametrize(
    "code",
    [
        "import rsvlm",
        "import sys; sys.argv = ['rsvlm', '--help']; from rsvlm.cli import main\ntry: main()\nexcept SystemExit: pass",
    ],
)
def test_starting_is_light(code: str) -> None:
    heavy = "torch gradio faiss transformers open_clip datasets rasterio pyarrow shapely osmium pyproj"
    check = (
        f"{code}\nimport sys\nbad = [m for m in '{heavy}'.split() if m in sys.modules]\nassert not bad, bad"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


def test_bench_folders_are_not_packages() -> None:
    root = PACKAGE.parent
    if not (root / "pyproject.toml").exists():
        pytest.skip("not a checkout")
    for name in ("captioning", "classification", "eval", "pretraining", "rag", "retrieval"):
        assert not (root / name / "__init__.py").exists()
        assert f"rsvlm/{name}" in (root / name / "README.md").read_text(encoding="utf-8").splitlines()[0]
