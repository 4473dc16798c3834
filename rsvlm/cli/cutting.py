"""Options of every command that reads images and cuts them into chips."""

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


def chip_options(
    chips: str | None, size: str | None, min_valid: float, sensor: str | None, bands: str | None, stretch: str
) -> Any:
    """The options as the library takes them."""
    from rsvlm.imagery.items import ChipOptions

    return ChipOptions(chips, size, min_valid, sensor, tuple(bands.split(",")) if bands else None, stretch)
