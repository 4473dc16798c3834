"""A small town that does not exist: an OpenStreetMap file, land cover and a rendered picture of one place.

It lets every command be tried at once and offline. The map is written by hand, the picture is drawn from it
by this package, and both say so; nothing of it is a photograph or data of anybody else.
"""

from .write import LICENCE, SamplePaths, write_sample

__all__ = ["LICENCE", "SamplePaths", "write_sample"]
