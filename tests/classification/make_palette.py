"""How the palette of `rsvlm.classification.palette` was made: run this file to print its colours.

It starts with the seven colours of Okabe and Ito (2008) without their black. Each further one is, of all colours
of a grid in sRGB, the one farthest from those before it and from white, black and the grey of "no prediction".
How far two colours are apart is the smallest of their CIEDE2000 differences as seen with normal sight, with
protanopia and with deuteranopia (Machado, Oliveira and Fernandes, 2009, severity 1).
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Machado et al. (2009), matrices of severity 1.0, for linear RGB
SIGHTS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
OKABE_ITO = ("e69f00", "56b4e9", "009e73", "f0e442", "0072b2", "d55e00", "cc79a7")
STEP = 15
LIGHTNESS = (25.0, 93.0)
"""CIE lightness of colours that stand out on white paper and from black lines."""


def make_palette(count: int) -> list[str]:
    """The first colours of the palette, as six hex digits each."""
    axis = range(0, 256, STEP)
    grid = np.array([(red, green, blue) for red in axis for green in axis for blue in axis], float)
    lightness = lab(grid, SIGHTS["normal"])[:, 0]
    grid = grid[(lightness >= LIGHTNESS[0]) & (lightness <= LIGHTNESS[1])]
    chosen = list(OKABE_ITO)
    nearest = np.full(len(grid), np.inf)
    for color in ("ffffff", "000000", "d9d9d9", *chosen):
        nearest = np.minimum(nearest, apart(grid, np.array([numbers(color)]))[:, 0])
    while len(chosen) < count:
        # rounded, so that another machine's last bit cannot choose another colour
        best = grid[np.argmax(np.round(nearest, 6))]
        chosen.append("{:02x}{:02x}{:02x}".format(*best.astype(int)))
        nearest = np.minimum(nearest, apart(grid, best[None])[:, 0])
    return chosen


def numbers(color: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(color)
    return float(red), float(green), float(blue)


def apart(colors: Floats, others: Floats) -> Floats:
    """(n, m): CIEDE2000 to the sight that tells two colours apart worst."""
    each = [ciede2000(lab(colors, sight), lab(others, sight)) for sight in SIGHTS.values()]
    return np.asarray(np.min(each, axis=0))


def linear(colors: Floats) -> Floats:
    """sRGB of 0 to 255 as light (IEC 61966-2-1)."""
    scaled = colors / 255.0
    return np.where(scaled <= 0.04045, scaled / 12.92, ((scaled + 0.055) / 1.055) ** 2.4)


def lab(colors: Floats, sight: Floats) -> Floats:
    """(n, 3) sRGB of 0 to 255, seen with a sight, in CIELAB under D65."""
    xyz = np.clip(linear(colors) @ sight.T, 0.0, 1.0) @ TO_XYZ.T / TO_XYZ.sum(axis=1)
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def ciede2000(first: Floats, second: Floats) -> Floats:
    """(n, m) colour differences of (n, 3) and (m, 3) CIELAB (Sharma, Wu and Dalal, 2005)."""
    l1, a1, b1 = first.T[:, :, None]
    l2, a2, b2 = second.T[:, None, :]
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25.0**7))
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a * stretch)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180
    hue = np.where(np.abs(h1 - h2) > 180, (h1 + h2 + 360) / 2, (h1 + h2) / 2)
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    waves = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    by_light = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2))
    by_chroma = (c2 - c1) / (1 + 0.045 * chroma)
    by_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2) / (1 + 0.015 * chroma * waves)
    tilt = -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    tilt = tilt * np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    return np.asarray(np.sqrt(by_light**2 + by_chroma**2 + by_hue**2 + tilt * by_chroma * by_hue))


if __name__ == "__main__":
    colors = make_palette(128)
    for start in range(0, len(colors), 12):
        print(" ".join(colors[start : start + 12]))  # noqa: T201 - what it is for
