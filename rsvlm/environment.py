"""What is installed here, what each extra would add, and what cannot work together."""

import platform
import sys
from importlib import metadata
from importlib.util import find_spec
from typing import NamedTuple

FAISS = ("faiss-cpu", "faiss-gpu", "faiss-gpu-cuvs", "faiss-gpu-cu12", "faiss-gpu-cu11", "faiss-cuda")
"""Distributions that install the same `faiss` folder over each other."""

CORE = ("numpy", "pillow", "pyarrow", "rasterio", "pyproj", "shapely", "osmium", "pydantic")

PURPOSES = {
    "vector": "GeoJSON, GeoPackage and FlatGeobuf in, GeoPackage out",
    "cpu": "the models, and vector search on the processor",
    "gpu": "the models, and vector search on an NVIDIA GPU (Linux)",
    "eval": "trec_eval's measures",
    "documents": "PDF as sources of knowledge",
    "demo": "the demo in the browser",
    "milvus": "an index in Milvus, on several machines",
    "ray": "captions and indexes made on a cluster",
    "dev": "what a contributor runs",
    "docs": "the pages of the documentation",
    "oracles": "other implementations that tests compare metrics with",
    "demo-test": "tests of the demo in a browser",
    "milvus-test": "a server for the tests of Milvus",
}
"""What each extra is for; where several hold a package, the first of them is named to whom it is missing."""

_OTHER_NAMES = {"open_clip": "open-clip-torch", "faiss": "faiss-cpu"}
"""Modules whose distribution is called otherwise."""


def packages_of(extra: str) -> list[str]:
    """The distributions that an extra adds on this system, as the installed rsvlm declares them."""
    from packaging.requirements import Requirement  # not by every command
    from packaging.utils import canonicalize_name

    try:
        declared = [Requirement(line) for line in metadata.requires("rsvlm") or ()]
    except metadata.PackageNotFoundError:  # run from its source
        return []
    added = [
        canonicalize_name(one.name)
        for one in declared
        if one.marker
        and one.marker.evaluate({"extra": extra})
        and not one.marker.evaluate({"extra": ""})  # needed by all
    ]
    return list(dict.fromkeys(added))


def extra_of(module: str) -> str | None:
    """Return the extra that adds a module; None where there is none."""
    top = module.partition(".")[0]
    package = _OTHER_NAMES.get(top, top.replace("_", "-"))
    return next((extra for extra in PURPOSES if package in packages_of(extra)), None)


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
        for name, purpose in PURPOSES.items()
        for packages in (packages_of(name),)
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
