"""How much may still be uploaded: what lies here and what is on its way, of all users together."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path


class Room:
    """Bytes of a folder, promised before they come: uploads side by side cannot all take the last of them.

    Args:
        folder: Where uploads are kept.
        most: Bytes that may lie there.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self._folder, self._most = folder, most
        self._promised = 0
        self._turn = asyncio.Lock()

    async def promise(self, size: int) -> bool:
        """Keep room for an upload, where there is some; one question at a time, beside all other work."""
        async with self._turn:
            promised = self._promised  # before the look: what comes during it counts twice, rather than never
            lies = await asyncio.to_thread(size_of, self._folder)
            if lies + promised + size > self._most:
                return False
            self._promised += size
            return True

    def release(self, size: int) -> None:
        """Take back so much of what was promised: it lies in the folder now, or will not come."""
        self._promised -= size


def size_of(folder: Path) -> int:
    """Return the bytes of all files under a folder; one that has two names counts once."""
    sizes = {}
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # it was deleted just now
                state = Path(place, name).lstat()
                sizes[state.st_dev, state.st_ino] = state.st_size
    return sum(sizes.values())
