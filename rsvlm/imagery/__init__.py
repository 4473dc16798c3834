"""Files to pixels: rasters, chips, bands and footprints."""

from rsvlm.imagery.chip import Chip
from rsvlm.imagery.discover import Failure, find_scenes
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.grid import BBox, Grid, Transform
from rsvlm.imagery.opening import open_scene
from rsvlm.imagery.reader import SceneReader
from rsvlm.imagery.scene import Band, Scene

__all__ = [
    "BBox",
    "Band",
    "Chip",
    "Failure",
    "Grid",
    "ImageryError",
    "Scene",
    "SceneReader",
    "Transform",
    "find_scenes",
    "open_scene",
]
