"""Builds a base, or adds to it, slowly and in small blocks, saying when it encodes: to be killed at any moment.

python tests/rag/base_builder.py BASE SOURCE...
"""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hashing_encoder import HashingEncoder  # type: ignore[import-not-found] # in tests/
from numpy.typing import NDArray
from seeing import Seeing  # type: ignore[import-not-found] # beside this file

from rsvlm.rag import KnowledgeBase, updating

BLOCK = 20


def tell() -> None:
    sys.stdout.write("encoding\n")
    sys.stdout.flush()
    time.sleep(float(os.environ.get("PAUSE", "0.01")))


class SlowHashing(HashingEncoder):  # type: ignore[misc]
    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        tell()
        found: NDArray[np.float32] = super().encode_texts(texts)
        return found


class SlowSeeing(Seeing):  # type: ignore[misc]
    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        tell()
        found: NDArray[np.float32] = super().encode_texts(texts)
        return found

    def encode_images(self, images: Sequence[Any]) -> NDArray[np.float32]:
        tell()
        found: NDArray[np.float32] = super().encode_images(images)
        return found


def main(folder: str, sources: list[str]) -> None:
    updating._BLOCK = BLOCK
    if (Path(folder) / "knowledge.json").exists():
        KnowledgeBase(folder, SlowSeeing(), SlowHashing()).add(sources)
    else:
        KnowledgeBase.build(sources, folder, SlowSeeing(), sentences=SlowHashing())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
