"""Write a small fake Sentinel-2 product: the folders, names and metadata of a real one around made-up pixels.

    python tests/imagery/make_safe.py FOLDER --level L2A --baseline 05.11 --zip

Lossless JPEG 2000 over 1.2 x 1.2 km, so that what is read back can be compared exactly.
"""

import argparse
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.transform import Affine

PHYSICAL = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B10", "B11", "B12")  # by band_id
RESOLUTION = {
    "B01": 60, "B02": 10, "B03": 10, "B04": 10, "B05": 20, "B06": 20, "B07": 20, "B08": 10, "B8A": 20,
    "B09": 60, "B10": 60, "B11": 20, "B12": 20,
}  # fmt: skip
SIDE = 1200  # metres
CORNER = (600_000.0, 5_300_040.0)  # of tile 32UPU
SENSED = "20221005T115411"


def make_safe(
    folder: Path,
    level: str = "L2A",
    baseline: str = "04.00",
    offset: int | None = -1000,
    quantification: int = 10000,
) -> Path:
    """Write a product and return its .SAFE folder.

    Args:
        folder: Where the .SAFE folder goes.
        level: "L1C" or "L2A".
        baseline: Processing baseline, as "04.00".
        offset: What the metadata says must be added to each band; None = says nothing, as before 04.00.
        quantification: What stored values are divided by.
    """
    digits = baseline.replace(".", "")
    safe = folder / f"S2A_MSI{level}_{SENSED}_N{digits}_R023_T32UPU_20221005T164454.SAFE"
    granule = safe / "GRANULE" / f"{level}_T32UPU_A038058_20221005T115407"
    for name, finest in RESOLUTION.items():
        if level == "L1C":
            write_jp2(granule / "IMG_DATA" / image(name), stored(name, finest), finest)
        elif name != "B10":  # the cirrus band has no surface reflectance
            for metres in (m for m in (10, 20, 60) if m >= finest):
                write_jp2(granule / "IMG_DATA" / image(name, metres), stored(name, metres), metres)
    write_jp2(granule / "IMG_DATA" / image("TCI", None if level == "L1C" else 10), true_colour(), 10)
    write_jp2(granule / "QI_DATA" / "T32UPU_PVI.jp2", true_colour(), 10)
    if level == "L2A":
        for metres in (20, 60):
            write_jp2(granule / "IMG_DATA" / image("SCL", metres), classes(metres), metres)
    xml = metadata(level, baseline, offset, quantification, safe.name)
    (safe / f"MTD_MSI{level}.xml").write_text(xml, encoding="utf-8")
    (safe / "manifest.safe").write_text("<xfdu/>", encoding="utf-8")
    return safe


def image(name: str, metres: int | None = None) -> str:
    """Path of a band below IMG_DATA: flat in L1C, in a folder a resolution in L2A."""
    stem = f"T32UPU_{SENSED}_{name}"
    return f"{stem}.jp2" if metres is None else f"R{metres}m/{stem}_{metres}m.jp2"


def zip_safe(safe: Path) -> Path:
    """Zip a product, stored as the Copernicus servers do it, and return the zip."""
    target = safe.with_suffix(".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(safe.rglob("*")):
            archive.write(path, path.relative_to(safe.parent).as_posix())
    return target


def stored(band: str, metres: int) -> npt.NDArray[np.uint16]:
    """Stored values of a band: a ramp that tells bands and places apart; nodata in the upper left corner."""
    side = SIDE // metres
    row, column = np.mgrid[0:side, 0:side] * metres
    values = 1000 + 200 * list(RESOLUTION).index(band) + column + row // 2
    values[: 120 // metres, : 120 // metres] = 0
    stored_values: npt.NDArray[np.uint16] = values.astype(np.uint16)
    return stored_values


def classes(metres: int) -> npt.NDArray[np.uint8]:
    """Scene classification: vegetation (4), with high-probability cloud (9) over the lower half."""
    side = SIDE // metres
    values = np.full((side, side), 4, np.uint8)
    values[side // 2 :] = 9
    return values


def true_colour() -> npt.NDArray[np.uint8]:
    """An image that belongs to no band: it must never be read."""
    return np.full((3, SIDE // 10, SIDE // 10), 77, np.uint8)


def write_jp2(path: Path, values: npt.NDArray[np.generic], metres: int) -> None:
    """Write a lossless JPEG 2000 with its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    planes = values if values.ndim == 3 else values[None]
    profile = {
        "driver": "JP2OpenJPEG",
        "count": planes.shape[0],
        "height": planes.shape[1],
        "width": planes.shape[2],
        "dtype": planes.dtype,
        "crs": "EPSG:32632",
        "transform": Affine(metres, 0, CORNER[0], 0, -metres, CORNER[1]),
        "QUALITY": 100,
        "REVERSIBLE": "YES",
    }
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(planes)


def metadata(level: str, baseline: str, offset: int | None, quantification: int, uri: str) -> str:
    """The parts of MTD_MSIL1C.xml and MTD_MSIL2A.xml that matter, in their real places (PSD 14.9)."""
    if level == "L2A":
        kind, group = "BOA", "BOA_ADD_OFFSET_VALUES_LIST"
        value = f'<BOA_QUANTIFICATION_VALUE unit="none">{quantification}</BOA_QUANTIFICATION_VALUE>'
        scale = f"<QUANTIFICATION_VALUES_LIST>{value}</QUANTIFICATION_VALUES_LIST>"
    else:
        kind, group = "RADIO", "Radiometric_Offset_List"
        scale = f'<QUANTIFICATION_VALUE unit="none">{quantification}</QUANTIFICATION_VALUE>'
    each = [f'<{kind}_ADD_OFFSET band_id="{i}">{offset}</{kind}_ADD_OFFSET>' for i in range(len(PHYSICAL))]
    offsets = "" if offset is None else f"<{group}>{''.join(each)}</{group}>"
    spectral = "".join(
        f'<Spectral_Information bandId="{i}" physicalBand="{name}"/>' for i, name in enumerate(PHYSICAL)
    )
    namespace = f"https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-{level[1:]}.xsd"
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<n1:Level-{level[1:]}_User_Product xmlns:n1="{namespace}">
  <n1:General_Info>
    <Product_Info>
      <PRODUCT_START_TIME>2022-10-05T11:54:11.024Z</PRODUCT_START_TIME>
      <PRODUCT_STOP_TIME>2022-10-05T11:54:11.024Z</PRODUCT_STOP_TIME>
      <PRODUCT_URI>{uri}</PRODUCT_URI>
      <PROCESSING_LEVEL>Level-{level[1:]}</PROCESSING_LEVEL>
      <PRODUCT_TYPE>S2MSI{level[1:]}</PRODUCT_TYPE>
      <PROCESSING_BASELINE>{baseline}</PROCESSING_BASELINE>
      <Datatake datatakeIdentifier="GS2A_20221005T115411_038058_N{baseline}">
        <SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME>
        <DATATAKE_SENSING_START>2022-10-05T11:54:11.024Z</DATATAKE_SENSING_START>
      </Datatake>
    </Product_Info>
    <Product_Image_Characteristics>
      <Special_Values>
        <SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT>
        <SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX>
      </Special_Values>
      {scale}
      {offsets}
      <Spectral_Information_List>{spectral}</Spectral_Information_List>
    </Product_Image_Characteristics>
  </n1:General_Info>
</n1:Level-{level[1:]}_User_Product>
"""


def main() -> None:
    """Write a product from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--level", choices=("L1C", "L2A"), default="L2A")
    parser.add_argument("--baseline", default="04.00", help="below 04.00 there are no offsets")
    parser.add_argument("--zip", action="store_true", help="zip it as well")
    options = parser.parse_args()
    offset = -1000 if options.baseline >= "04.00" else None
    safe = make_safe(options.folder, options.level, options.baseline, offset)
    if options.zip:
        zip_safe(safe)


if __name__ == "__main__":
    main()
