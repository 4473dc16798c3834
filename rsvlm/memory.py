"""How much memory there is."""

import os
from contextlib import suppress
from pathlib import Path

_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""What a container may take, of both versions of cgroups."""
_UNKNOWN = 8 * 2**30


def machine_memory() -> int:
    """Bytes of the machine, or those that a container may take; 8 GiB where the system does not say."""
    found = [_UNKNOWN]
    with suppress(AttributeError, ValueError, OSError):
        found = [int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))]
    for limit in _LIMITS:
        with suppress(OSError, ValueError):  # "max": there is none
            found.append(int(Path(limit).read_text(encoding="ascii")))
    return min(found)
