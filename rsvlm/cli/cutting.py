"""Options of every command that reads images and cuts them into chips."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

Chips = Annotated[
    str | None,
    typer.Option(help="whole images or a grid. (default: by size, or the classes' ground extent)"),
]
Size = Annotated[str | None, typer.Option(help="Side of a grid's chip: 256 (pixels) or 640m.")]
MinValid = Annotated[float, typer.Option(help="Least share of valid pixels in a chip.")]
Sensor = Annotated[str | None, typer.Option(help="Preset that names the bands: sentinel-2-l2a, naip, ...")]
Bands = Annotated[str | None, typer.Option(help="Names of the bands, in order: red,green,blue,nir")]
Stretch = Annotated[str, typer.Option(help="To 8 bits: auto, none, 2-98 (percentiles) or 0..3000 (values).")]

OwnChips = Annotated[
    str | None,
    typer.Option(
        "--chips",
        help="whole images or a grid. (default: this and --size as the index was made, unless one is named)",
    ),
]
OwnMinValid = Annotated[
    float | None,
    typer.Option(
        "--min-valid", help="Least share of valid pixels in a chip. (default: as the index was made)"
    ),
]
OwnStretch = Annotated[
    str | None,
    typer.Option(
        "--stretch", help="To 8 bits: auto, none, 2-98 or 0..3000. (default: as the index was made)"
    ),
]


def chip_options(
    chips: str | None,
    size: str | None,
    min_valid: float,
    sensor: str | None,
    bands: str | Sequence[str] | None,
    stretch: str,
) -> Any:
    """The options as the library takes them."""
    from rsvlm.imagery.bands import band_names
    from rsvlm.imagery.items import ChipOptions
    from rsvlm.imagery.sensors import load_sensor

    if sensor is not None:
        load_sensor(sensor)  # a wrong name is told before a model is loaded
    if chips == "whole" and size is not None:
        raise typer.BadParameter(
            f"--size {size} is for chips of a grid, not for --chips whole: leave one of both out"
        )
    return ChipOptions(chips, size, min_valid, sensor, band_names(bands) if bands else None, stretch)


def changed_options(
    before: Any,
    chips: str | None,
    size: str | None,
    min_valid: float | None,
    sensor: str | None,
    bands: str | None,
    stretch: str | None,
) -> Any:
    """Options as they were, but for those that are named; which chips, and which bands, are named together."""
    if chips is None and size is None:
        chips, size = before.chips, before.size
    if sensor is None and bands is None:
        sensor, bands = before.sensor, before.bands
    return chip_options(
        chips,
        size,
        before.min_valid if min_valid is None else min_valid,
        sensor,
        bands,
        stretch or before.stretch,
    )
