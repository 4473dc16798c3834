"""Files to pixels: rasters, chips, bands and footprints."""

from rsvlm.imagery.chip import Chip
from rsvlm.imagery.chipreader import ChipReader
from rsvlm.imagery.discover import Failure, find_scenes
from rsvlm.imagery.errors import ImageryError
from rsvlm.imagery.grid import BBox, Grid, Transform
from rsvlm.imagery.opening import open_scene
from rsvlm.imagery.pictures import read_picture, read_rgb
from rsvlm.imagery.reader import SceneReader
from rsvlm.imagery.scene import Band, Scene
from rsvlm.imagery.views import VIEWS, bands_for, describe_view, spectral_views, view

__all__ = [
    "VIEWS",
    "BBox",
    "Band",
    "Chip",
    "ChipReader",
    "Failure",
    "Grid",
    "ImageryError",
    "Scene",
    "SceneReader",
    "Transform",
    "bands_for",
    "describe_view",
    "find_scenes",
    "open_scene",
    "read_picture",
    "read_rgb",
    "spectral_views",
    "view",
]
