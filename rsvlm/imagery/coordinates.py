"""Places on the Earth, in words."""


def in_words(
    longitude: float, latitude: float, *, digits: int = 4, sign: str = "°", between: str = ", "
) -> str:
    """Return latitude and longitude as people say them: "47.1500° N, 9.5200° E".

    Args:
        longitude: Degrees; 180 of either sign is neither east nor west.
        latitude: Degrees.
        digits: Behind the point. What is said of the side is true of the rounded number.
        sign: Behind a number.
        between: Between the two.
    """
    east, north = round(longitude, digits), round(latitude, digits)
    side = "" if abs(east) == 180 else " E" if east >= 0 else " W"
    return f"{abs(north):.{digits}f}{sign} {'N' if north >= 0 else 'S'}{between}{abs(east):.{digits}f}{sign}{side}"
