"""Land cover of a chip: class rasters, colour-coded masks and folders of them, on the chip's pixels."""

from .source import CoverReading, LandCoverSource

__all__ = ["CoverReading", "LandCoverSource"]
