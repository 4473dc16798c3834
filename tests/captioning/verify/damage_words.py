"""Words of captions of which exactly one is true, by which `damage` makes captions wrong."""

FORBIDDEN = "possibly likely perhaps context segmentation appears appear changes change transition dynamic"

REGIONS = ("top left", "top right", "bottom left", "bottom right", "middle")
COMPASS_CELLS = "north-west, north, north-east, west, centre, east, south-west, south, south-east"
IMAGE_CELLS = "upper left, top, upper right, left, middle, right, lower left, bottom, lower right"
SIZES = ("extra small", "small", "medium", "large", "extra large")
SHARES = {
    "almost all": (0.95, 1),
    "almost entirely": (0.95, 1),
    "mostly": (0.6, 0.949),
    "most": (0.6, 0.949),
    "more than half": (0.55, 0.72),
    "less than half": (0.36, 0.45),
    "part": (0.02, 0.45),
    "about three quarters": (0.72, 0.78),
    "about two thirds": (0.63, 0.7),
    "about half": (0.45, 0.55),
    "about a third": (0.3, 0.36),
    "about a quarter": (0.22, 0.28),
}
NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve"
WORDS = NUMBERS.split()

# Words of which exactly one is true of a thing: changed within their row they are false.
ROWS: list[tuple[str, tuple[str, ...]]] = [
    (r"in the {} (?:corner|quarter)", ("upper left", "upper right", "lower left", "lower right")),
    (r"in the {} corner", ("north-west", "north-east", "south-west", "south-east")),
    (r"in the {} quarter", ("north-western", "north-eastern", "south-western", "south-eastern")),
    (r"in the {} half", ("northern", "southern", "western", "eastern")),
    (r"in the {} half", ("upper", "lower", "left", "right")),
    (r"through the {} half", ("northern", "southern", "western", "eastern")),
    (r"through the {} half", ("upper", "lower", "left", "right")),
    (r"(?:in|through) the {}(?! corner| quarter| half)", tuple(COMPASS_CELLS.split(", "))),
    (r"(?:at|on|in|through) the {}(?! corner| quarter| half| of it)", tuple(IMAGE_CELLS.split(", "))),
    (r"the {} part of the image", ("northern", "southern", "western", "eastern", "central")),
    (r"the {} part of the image", ("upper", "lower", "left", "right", "middle")),
    (r"along the {} edge", ("northern", "southern", "western", "eastern")),
    (r"along the {} edge", ("upper", "lower", "left", "right")),
    (r"from {}", ("west to east", "north to south")),
    (r"from {}", ("left to right", "top to bottom")),
    (r"dominates? the {}", ("north-west", "north-east", "south-west", "south-east")),
    (r"dominates? the {}", ("upper left", "upper right", "lower left", "lower right")),
    (r"dominates? the {} half", ("northern", "southern", "western", "eastern")),
    (r"dominates? the {} half", ("upper", "lower", "left", "right")),
]
SIDES = {"north": (0, -1), "south": (0, 1), "west": (-1, 0), "east": (1, 0)}
SIDE_ROWS: list[tuple[str, dict[str, str]]] = [
    (r"to the {} of it", {"north": "north", "south": "south", "west": "west", "east": "east"}),
    (r"to the {} of it", {"left": "west", "right": "east"}),
    (r"{} it", {"above": "north", "below": "south"}),
    (r"along its {} side", {"northern": "north", "southern": "south", "western": "west", "eastern": "east"}),
    (r"along its {} side", {"upper": "north", "lower": "south", "left": "west", "right": "east"}),
]
