"""Drawing the sample town from its map, from the ground up."""

import numpy as np
import numpy.typing as npt
import shapely
from PIL import Image, ImageFilter
from shapely.geometry.base import BaseGeometry

from . import buildings, ground, places, roads
from .canvas import METRE, Canvas
from .town import Feature, read_town
from .trees import Tree, along, paint_trees, rows, scatter

_SEED = 20
_LAWNS = (
    ("landuse", "residential"),
    ("leisure", "park", "sports_centre"),
    ("amenity", "school"),
    ("man_made", "wastewater_plant"),
)

Picture = npt.NDArray[np.uint8]


def render_town() -> tuple[Picture, Picture]:
    """Draw the town. The same each time: nothing is random but by fixed seeds.

    Returns:
        The picture (H, W, 3) uint8, and ESA WorldCover codes of what it shows (H, W) uint8.
    """
    features = read_town()
    canvas = Canvas(_SEED)
    ground.paint_base(canvas)
    _paint_areas(canvas, features)
    trees = _paint_lines_and_houses(canvas, features)
    paint_trees(canvas, trees + _trees(canvas, features))
    _paint_power(canvas, features)
    return _develop(canvas), canvas.cover


def _paint_areas(canvas: Canvas, features: list[Feature]) -> None:
    """What lies on the ground, large before small: land use, water, then places within."""
    areas = [feature for feature in features if feature.shape.geom_type == "Polygon"]
    for feature in sorted(areas, key=lambda feature: -feature.shape.area):
        _paint_land(canvas, feature)
    for feature in areas:
        if feature.has("natural", "water"):
            ground.paint_water(canvas, feature)
            if feature.has("water", "wastewater"):
                buildings.paint_clarifier(canvas, feature.shape)
    for feature in areas:
        _paint_place(canvas, feature)


def _paint_land(canvas: Canvas, feature: Feature) -> None:
    shape = feature.shape
    if feature.has("landuse", "farmland"):
        ground.paint_field(canvas, feature)
    elif feature.has("landuse", "meadow"):
        ground.paint_meadow(canvas, feature)
    elif feature.has("landuse", "forest") or feature.has("natural", "wood"):
        ground.paint_forest_floor(canvas, shape)
    elif feature.has("landuse", "quarry"):
        ground.paint_quarry(canvas, shape)
    elif any(feature.has(*lawn) for lawn in _LAWNS):
        ground.paint_grass(canvas, shape)
    elif feature.has("landuse", "industrial"):
        ground.paint_plain(canvas, shape, (158, 152, 140), ground.BUILT, 1.0)
    elif feature.has("landuse", "farmyard"):
        ground.paint_plain(canvas, shape, (168, 152, 128), ground.BUILT, 1.0)
    elif feature.has("power", "plant"):
        places.paint_solar(canvas, feature)
    elif feature.has("landuse", "allotments"):
        places.paint_allotments(canvas, feature)
    elif feature.has("landuse", "cemetery"):
        places.paint_cemetery(canvas, feature)
    elif feature.has("landuse", "orchard"):
        ground.paint_grass(canvas, shape, cover=ground.TREE)
    elif feature.has("highway"):
        ground.paint_plain(canvas, shape, ground.PAVING, ground.BUILT)
        canvas.take(shape)


def _paint_place(canvas: Canvas, feature: Feature) -> None:
    if feature.has("leisure", "track"):
        places.paint_track(canvas, feature)
    elif feature.has("leisure", "pitch"):
        (places.paint_tennis if feature.has("sport", "tennis") else places.paint_football)(canvas, feature)
        canvas.take(feature.shape)
    elif feature.has("leisure", "swimming_pool"):
        places.paint_pool(canvas, feature)
        canvas.take(feature.shape.buffer(5 * METRE))
    elif feature.has("leisure", "playground"):
        places.paint_playground(canvas, feature)
        canvas.take(feature.shape)
    elif feature.has("amenity", "parking"):
        places.paint_parking(canvas, feature)


def _paint_lines_and_houses(canvas: Canvas, features: list[Feature]) -> list[Tree]:
    """Railway, streets, gardens, then all that stands upright. Returns the trees of the gardens."""
    lines = [feature for feature in features if feature.shape.geom_type == "LineString"]
    railway = [line for line in lines if line.has("railway", "rail")]
    streets = [line for line in lines if line.has("highway")]
    net = shapely.union_all(
        [street.shape for street in streets if not street.has("highway", "track", "footway")]
    )
    upright = [feature for feature in features if feature.has("building") or feature.has("man_made", "tower")]
    houses = [feature for feature in upright if feature.has("building", "house")]
    verge = net.buffer(3.4 * METRE)
    plots = [(house, places.paint_garden(canvas, house, net, verge)) for house in houses]
    for line in railway:
        roads.paint_ballast(canvas, line.shape)
    roads.paint_roads(canvas, streets)
    for line in railway:
        roads.paint_rails(canvas, line.shape)
    for feature in features:
        if feature.has("railway", "platform"):
            roads.paint_platform(canvas, feature)
        elif feature.has("barrier", "hedge"):
            roads.paint_hedge(canvas, feature)
        elif feature.has("man_made", "storage_tank", "silo"):
            buildings.paint_round(canvas, feature)
        elif feature.has("amenity", "fountain"):
            buildings.paint_fountain(canvas, feature.shape)
    for feature in sorted(upright, key=lambda feature: feature.height):
        buildings.paint_building(canvas, feature)
    return _garden_trees(canvas, plots)


def _garden_trees(canvas: Canvas, plots: list[tuple[Feature, BaseGeometry]]) -> list[Tree]:
    trees = []
    for house, plot in plots:
        trees += scatter(canvas, plot, house.id, spacing=7.5, radii=(0.8, 2.6), leaf="mixed")
    return trees


def _trees(canvas: Canvas, features: list[Feature]) -> list[Tree]:
    trees: list[Tree] = []
    for feature in features:
        if feature.has("landuse", "forest") or feature.has("natural", "wood"):
            leaf = feature.tags["leaf_type"]
            trees += scatter(canvas, feature.shape, feature.id, spacing=4.6, radii=(2.4, 4.2), leaf=leaf)
        elif feature.has("landuse", "residential") or feature.has("amenity", "school"):
            trees += scatter(
                canvas, feature.shape, feature.id, spacing=19, radii=(1.8, 3.8), leaf="broadleaved"
            )
        elif feature.has("landuse", "orchard"):
            trees += rows(canvas, feature)
        elif feature.has("natural", "scrub"):
            trees += scatter(
                canvas, feature.shape, feature.id, spacing=2.6, radii=(0.8, 1.9), leaf="broadleaved"
            )
        elif feature.has("natural", "tree_row"):
            trees += along(canvas, feature)
        elif feature.has("leisure", "park"):
            trees += scatter(
                canvas, feature.shape, feature.id, spacing=15, radii=(2.5, 4.6), leaf="broadleaved"
            )
        elif feature.has("landuse", "cemetery"):
            trees += scatter(canvas, feature.shape, feature.id, spacing=17, radii=(1.6, 3.2), leaf="mixed")
        elif feature.has("waterway", "river"):
            bank = feature.shape.buffer(17 * METRE).difference(feature.shape.buffer(12.5 * METRE))
            trees += scatter(canvas, bank, feature.id, spacing=11, radii=(1.8, 4.0), leaf="broadleaved")
    return trees


def _paint_power(canvas: Canvas, features: list[Feature]) -> None:
    for line in (feature for feature in features if feature.has("power", "line")):
        for tower in (feature for feature in features if feature.has("power", "tower")):
            at = line.shape.project(tower.shape)
            before, after = line.shape.interpolate(at - 20), line.shape.interpolate(at + 20)
            roads.paint_pylon(canvas, tower.shape.x, tower.shape.y, (after.x - before.x, after.y - before.y))
        roads.paint_power_line(canvas, line.shape)


def _develop(canvas: Canvas) -> Picture:
    """From light to a photograph's colours: a little blur, haze, contrast and grain."""
    sharp = np.clip(canvas.rgb, 0, 255)
    soft = Image.fromarray(sharp.astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.7))
    rgb = 0.55 * sharp + 0.45 * np.asarray(soft, np.float32)
    grey = rgb @ np.array([0.30, 0.59, 0.11], np.float32)
    rgb = 0.86 * rgb + 0.14 * grey[..., None] + 1.2 * canvas.noise.fine[..., None]
    rgb = 255 * np.clip((rgb - 8) / 234, 0, 1) ** 0.92
    picture: Picture = np.clip(np.round(rgb), 0, 255).astype(np.uint8)
    return picture
