"""Energy and CO2 of a run, by codecarbon where it is installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from rsvlm.models.quiet import quiet

WORLD = "world average"


@contextmanager
def measured_emissions(enabled: bool) -> Iterator[dict[str, Any]]:
    """Measure what runs within the block; the dictionary holds the result after it, and nothing without codecarbon.

    Args:
        enabled: False measures nothing: on all processes but the first.
    """
    found: dict[str, Any] = {}
    if not enabled or find_spec("codecarbon") is None:
        yield found
        return
    tracker = _tracker()
    tracker.start()
    try:
        yield found
    finally:
        kilograms = tracker.stop()
        data = tracker.final_emissions_data
        if kilograms is not None and data is not None:
            found |= {
                "kg_co2eq": float(kilograms), "kwh": float(data.energy_consumed), "seconds": float(data.duration),
                "place": data.country_name or WORLD, "by": f"codecarbon {data.codecarbon_version}",
            }  # fmt: skip


def _tracker() -> Any:
    """Take the place from CODECARBON_COUNTRY_ISO_CODE, else that of the world: the network is never asked."""
    from codecarbon import OfflineEmissionsTracker

    with quiet():
        return OfflineEmissionsTracker(save_to_file=False, log_level="error", allow_multiple_runs=True)
