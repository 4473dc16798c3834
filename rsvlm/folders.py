"""Where rsvlm keeps what it may lose and what it should keep, outside of the folders that the user names."""

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """What can be made again: parsed extracts, class vectors, measurements. `RSVLM_CACHE` overrides it."""
    return Path(os.environ.get("RSVLM_CACHE") or platformdirs.user_cache_dir("rsvlm", appauthor=False))


def data_folder() -> Path:
    """What the user put there or had measured: weights, calibrations. `RSVLM_DATA` overrides it."""
    return Path(os.environ.get("RSVLM_DATA") or platformdirs.user_data_dir("rsvlm", appauthor=False))
