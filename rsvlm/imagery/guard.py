"""The only door through which rasters are opened: hostile and damaged files stop here, with one clear line.

A raster can make GDAL open other files and URLs: a VRT or WMS description under any name, `/vsi` paths,
sidecars (.ovr, .msk, .aux.xml may be VRTs themselves), and metadata inside a GeoTIFF or JPEG 2000 that names
another file as its overviews or geolocation arrays. So the format is told by the file's first bytes, the one
driver of that format opens it, sidecars are not looked for, and metadata that names files is refused before a
pixel is read. External overviews are therefore not used; a mask file is opened through this door, by `masks`, and an
`.aux.xml` is read without GDAL, by `pamfiles`.
"""

import os
import re
import stat
import threading
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
from rasterio._err import CPLE_BaseError  # some properties raise it bare
from rasterio.enums import Interleaving
from rasterio.errors import NotGeoreferencedWarning, RasterioError, RasterioIOError
from rasterio.io import DatasetReader

from rsvlm.imagery.errors import ImageryError

MAX_PIXELS = 20_000_000_000
"""Pixels of the largest GeoTIFF or JPEG 2000: 141,000 x 141,000."""

MAX_STREAM_PIXELS = 500_000_000
"""Pixels of the largest PNG or JPEG, which have no tiles: any window means decoding all rows above it."""

MAX_BLOCK_BYTES = 2**30
"""Memory that reading a single block (tile, strip, or all of an interlaced PNG) may take."""

MAX_BANDS = 4096

MAX_MEMBER_BYTES = 4 * 2**30
"""Unpacked size of the largest file read inside a zip archive; a band of Sentinel-2 has some 0.15 GB."""

_DTYPES = {"int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"}
_MAGIC = {
    b"II*\0": "GTiff",
    b"MM\0*": "GTiff",
    b"II+\0": "GTiff",  # BigTIFF
    b"MM\0+": "GTiff",
    b"\0\0\0\x0cjP  ": "JP2OpenJPEG",
    b"\xffO\xffQ": "JP2OpenJPEG",  # a bare codestream
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
}
_STREAMS = ("PNG", "JPEG")
_CONNECTION = re.compile(r"[A-Za-z][A-Za-z0-9+._-]+:")  # two letters at least: "C:" is a drive
_ZIPPED = re.compile(r"/vsizip/\{(?P<archive>.+)\}/(?P<member>[^{}]+)")
# Metadata domains in which GDAL looks for the names of other datasets to open.
_REFERRING = ("OVERVIEWS", "GEOLOCATION")
# Pictures in other formats: first bytes, where they stand, name.
_PICTURES = (
    (b"GIF8", 0, "a GIF"),
    (b"WEBP", 8, "a WebP picture"),
    (b"ftypavi", 4, "an AVIF picture"),
    (b"ftyphe", 4, "a HEIC picture"),
    (b"ftypmif1", 4, "a HEIF picture"),
    (b"BM", 0, "a BMP picture"),
)
_inside = threading.local()
_opening = threading.Lock()


@contextmanager
def raster_env() -> Iterator[None]:
    """GDAL's settings for all reading here; GDAL's messages become exceptions or nothing, never output.

    - No sidecars and no network, whatever a file says.
    - A truncated JPEG is an error and not a grey area, and a truncated PNG one and not noise.
    - 64 MB of block cache and one thread in each process: parallelism belongs to the processes.

    Settings belong to the thread. A block within another one costs nothing.
    """
    if getattr(_inside, "entered", False):
        yield
        return
    settings = {
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
        "GDAL_CACHEMAX": 64 * 2**20,  # bytes: rasterio hands it to GDALSetCacheMax64, not to the option in MB
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_ERROR_ON_LIBJPEG_WARNING": True,
        "GDAL_NUM_THREADS": "1",
        "GDAL_PAM_ENABLED": False,
        "GDAL_PNG_WHOLE_IMAGE_OPTIM": False,
    }
    with rasterio.Env(**settings):
        _inside.entered = True
        try:
            yield
        finally:
            _inside.entered = False


@contextmanager
def open_raster(path: str | os.PathLike[str]) -> Iterator[DatasetReader]:
    """Open a raster file for reading, checked; GDAL's settings hold within the block.

    Args:
        path: A local file, GeoTIFF, JPEG 2000, PNG or JPEG by its content.

    Yields:
        The rasterio dataset. Failing reads within the block raise ImageryError.

    Raises:
        ImageryError: It is refused, or cannot be read.
    """
    with raster_env():
        dataset = open_dataset(str(check_path(path)))
        with dataset, damage(f"{path} cannot be read"):
            yield dataset


@contextmanager
def damage(what: str) -> Iterator[None]:
    """Turn what GDAL raises within the block into ImageryError: `what`, and that the file is damaged."""
    try:
        yield
    except (RasterioError, RasterioIOError, CPLE_BaseError, UnicodeDecodeError) as error:
        why = error.__cause__ or error  # rasterio's own words are "see previous exception"
        raise ImageryError(f"{what}: the file is truncated or damaged ({why})") from error


def check_regular(path: Path) -> None:
    """Refuse what is neither file nor folder before it is opened: a pipe would be waited for without an end.

    Raises:
        ImageryError: It is a pipe, socket or device.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # told by who opens it
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ImageryError(
            f"{path} is no regular file: name an image file (of a pipe: write it to a file first)"
        )


def check_path(path: str | os.PathLike[str]) -> Path:
    """The absolute path of a file that the user named, when it is a plain local one that is not empty.

    Raises:
        ImageryError: It is a URL, a GDAL path or connection string, a folder, missing or empty.
    """
    text = os.fspath(path)
    if text.replace("\\", "/").lower().startswith("/vsi"):
        raise ImageryError(f"{text} is a GDAL virtual path, which is refused: name a local file")
    if "\0" in text:
        raise ImageryError(f"{text!r} is no file name: it holds a zero byte")
    if not text.strip():
        raise ImageryError("an empty path names no image: name a local file")
    file = Path(text)
    try:
        if file.is_dir():
            raise ImageryError(f"{text} is a folder: name an image file")
        if not file.is_file():
            if _CONNECTION.match(text):
                raise ImageryError(
                    f"{text} is a URL or connection string, which is refused: name a local file"
                )
            what = "is no regular file" if file.exists() else "does not exist"
            raise ImageryError(f"{text} {what}")
        if file.stat().st_size == 0:
            raise ImageryError(f"{text} is empty (0 bytes): copy or download it again")
    except OSError as error:
        raise ImageryError(f"{text} cannot be read: {error.strerror or error}") from error
    return Path(os.path.abspath(file))  # noqa: PTH100 - resolve() would follow links and lose the user's name


def zip_path(archive: Path, member: str) -> str:
    """What `Band.path` holds for a file inside a zip; readers of products build it, users never give it."""
    return f"/vsizip/{{{archive.as_posix()}}}/{member}"


def open_dataset(path: str) -> DatasetReader:
    """Open what `Band.path` holds, an absolute path or one of `zip_path`, checked; the caller closes it.

    To be called, and its result used, within `raster_env`.

    Raises:
        ImageryError: It is refused, or cannot be read.
    """
    head = _head(path)
    driver = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    if driver is None:
        raise ImageryError(f"{path} is refused: {_what(head)}, but no GeoTIFF, JPEG 2000, PNG or JPEG")
    with damage(f"{path} cannot be opened"):
        dataset = _open(path, driver)
        try:
            _check_size(path, dataset, interlaced=driver == "PNG" and head[28:29] == b"\1")
            _check_references(path, dataset)
        except Exception:
            dataset.close()
            raise
    return dataset


def _open(path: str, driver: str) -> DatasetReader:
    """Open without rasterio's warning that an image has no place: many have none, and say so in `Grid`."""
    with _opening, warnings.catch_warnings():  # which changes the filters of all threads: one at a time
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        return rasterio.open(path, driver=driver)


def _head(path: str) -> bytes:
    zipped = _ZIPPED.fullmatch(path)
    try:
        if zipped is None:
            with check_path(path).open("rb") as file:
                return file.read(64)
        with (
            zipfile.ZipFile(check_path(zipped["archive"])) as archive,
            archive.open(zipped["member"]) as member,
        ):
            if (size := archive.getinfo(zipped["member"]).file_size) > MAX_MEMBER_BYTES:
                raise ImageryError(f"{path} unpacks to {size:,} bytes; at most {MAX_MEMBER_BYTES:,} are read")
            return member.read(64)
    except (OSError, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ImageryError(f"{path} cannot be read: {error}") from error


def _what(head: bytes) -> str:
    text = head.lstrip(b"\xef\xbb\xbf \r\n\t")
    for start, words in (
        (b"<VRTDataset", "it is a GDAL VRT, which opens other files"),
        (b"<GDAL_", "it is a GDAL service description, which opens URLs"),
        (b"<", "it is XML or HTML"),
        (b"\x89HDF", "it is HDF5 or netCDF"),
        (b"PK\3\4", "it is a zip archive"),
        (b"\x1f\x8b", "it is compressed with gzip"),
    ):
        if text.startswith(start):
            return words
    for start, at, words in _PICTURES:
        if head.startswith(start, at):
            return f"it is {words}, which can be converted to PNG"
    return f"its first bytes are {head[:8]!r}"


def _check_size(path: str, dataset: DatasetReader, *, interlaced: bool) -> None:
    width, height, count = dataset.width, dataset.height, dataset.count
    pixels = width * height
    limit = MAX_STREAM_PIXELS if dataset.driver in _STREAMS else MAX_PIXELS
    if pixels > limit:
        raise ImageryError(f"{path} claims {width:,} x {height:,} pixels; at most {limit:,} are read")
    if count > MAX_BANDS:
        raise ImageryError(f"{path} claims {count:,} bands; at most {MAX_BANDS:,} are read")
    if not _DTYPES.issuperset(dataset.dtypes):
        raise ImageryError(f"{path} holds {dataset.dtypes[0]} values: convert it to integers or float32")
    rows, columns = (height, width) if interlaced else dataset.block_shapes[0]
    together = count if interlaced or dataset.interleaving == Interleaving.pixel else 1
    needed = rows * columns * np.dtype(dataset.dtypes[0]).itemsize * together
    if needed > MAX_BLOCK_BYTES:
        raise ImageryError(
            f"{path} is stored in blocks of {columns:,} x {rows:,} pixels, and reading one takes {needed:,} "
            "bytes; write it again in tiles: gdal_translate -co TILED=YES"
        )


def _check_references(path: str, dataset: DatasetReader) -> None:
    for domain in _REFERRING:
        if domain in dataset.tag_namespaces():
            named = ", ".join(dataset.tags(ns=domain).values())[:200]
            raise ImageryError(
                f"{path} is refused: its {domain} metadata names other files ({named}); remove it"
            )
