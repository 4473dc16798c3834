"""`rsvlm.Index`: vectors of images on the disk, found by words, by example, by where and when."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

from rsvlm.imagery.items import ChipOptions
from rsvlm.models import Encoder
from rsvlm.models.shipped import DEFAULT

from .building import BuildReport, Progress, encoded_images
from .captioned import CaptionedIndex
from .changes import changing
from .kinds import Plan
from .labelling import labels_from
from .making import Blocks, Rows, check_new, create, encoder_record, fitting, named_encoder, tuned_for
from .manifest import CutRecord
from .reading import PathLike
from .rows import unbounded
from .searchable import keys_of, loaded, several
from .snapshot import open_snapshot
from .updates import left_behind, put_rows, remove_rows


class Index(CaptionedIndex):
    """Vectors of images and what is known of each, in a folder that is opened without being read.

    An open index stays as it was when it was opened, whatever another process writes; `refresh` looks again. What
    this object changes, it sees.

    Attributes:
        folder: Where it is, from the root.
        manifest: What it consists of.
        report: What became of the images, after `build`.
    """

    report: BuildReport | None = None

    @classmethod
    def build(
        cls,
        images: PathLike | Sequence[PathLike],
        folder: PathLike,
        encoder: Encoder | PathLike = DEFAULT,
        *,
        options: ChipOptions = ChipOptions(),  # noqa: B008 - frozen
        licence: str | None = None,
        plan: Plan = Plan(),  # noqa: B008 - frozen
        batch_size: int | None = None,
        engine: str = "local",
        workers: int = 1,
        progress: Progress | None = None,
    ) -> Self:
        """Make an index of images. Stopped, it goes on when it is called again with the same arguments.

        Args:
            images: Files, folders, globs and products; parquet files of images, and folders of them; csv lists of
                images; pairs datasets.
            folder: Of the index; a new or an empty one.
            encoder: What makes the vectors, or what `load_encoder` takes.
            options: How images are read and cut into chips; whole images up to 1,024 px without any.
            licence: Of all of them, kept with each row.
            plan: How it shall be searched: exactly up to 100,000 vectors, else as measured, unless it says more.
            batch_size: Pictures a call of the encoder; None: its own.
            engine: "local" encodes in this process, "ray" on the cluster that RAY_ADDRESS names, else on this machine;
                then the encoder is pickled, and its `device` says what a worker needs.
            workers: How many encode side by side, with "ray".
            progress: Called with chips done and chips in all.

        Returns:
            The index, whose `report` says what became of the images.

        Raises:
            RetrievalError: There is no image that can be read, or the folder holds something else.
            rsvlm.shards.ShardError: Another run is at it, or the disk is full.
        """
        place, made = Path(folder), loaded(encoder)
        check_new(place)
        cut, report = CutRecord.of(options), BuildReport()  # refused before anything is encoded
        with encoded_images(
            several(images), place, made, options, licence=licence, batch_size=batch_size,
            engine=engine, workers=workers, progress=progress, report=report,
        ) as encoded:  # fmt: skip
            create(
                place,
                encoder_record(made),
                encoded,
                tuned_for(plan, made, encoded.table),
                cut,
            )
        index = cls(place, made)
        index.report = report
        return index

    @classmethod
    def from_vectors(
        cls,
        folder: PathLike,
        vectors: Blocks,
        rows: Rows,
        *,
        encoder: str,
        revision: str = "",
        plan: Plan = Plan(),  # noqa: B008 - frozen
    ) -> Self:
        """Make an index of vectors that are there already.

        Args:
            folder: Where; a new or an empty folder.
            vectors: (n, d) floats, or an iterator of such blocks; they are made unit length.
            rows: n dicts, a data frame or an Arrow table, with a "key" each and what else is known: see
                `rsvlm.retrieval.rows.SCHEMA`.
            encoder: Name of what made the vectors.
            revision: Of its weights.
            plan: How it shall be searched; with `texts` it is tuned for words, too.

        Raises:
            RetrievalError: The folder holds something, or vectors and rows do not fit.
        """
        place = Path(folder)
        check_new(place)
        dimension, encoded = fitting(vectors, rows, None)
        record = named_encoder(encoder, revision, dimension)
        create(place, record, encoded, plan)
        return cls(place)

    def add(
        self,
        images: PathLike | Sequence[PathLike],
        *,
        options: ChipOptions | None = None,
        licence: str | None = None,
        plan: Plan = Plan(),  # noqa: B008 - frozen
        batch_size: int | None = None,
        engine: str = "local",
        workers: int = 1,
        progress: Progress | None = None,
    ) -> BuildReport:
        """Add images; those that are there already are encoded anew and take the place of the older ones.

        The arguments are those of `build`; without `options` images are read and cut as when the index was made. Of an
        image that was cut in another way, all older chips go.

        Raises:
            RetrievalError: There is no image that can be read.
            rsvlm.shards.ShardError: Another run is at it, or the disk is full.
        """
        report = BuildReport()
        with encoded_images(
            several(images), self.folder, self.encoder, options or self.cut, licence=licence, batch_size=batch_size,
            engine=engine, workers=workers, progress=progress, report=report,
        ) as encoded:  # fmt: skip
            plan = tuned_for(plan, self.encoder, encoded.table, self.manifest)
            put_rows(self.folder, encoded, plan, whole_images=True)
            added: list[str] = unbounded(encoded.table["image"].drop_null()).unique().to_pylist()
        self.refresh()
        if gone := left_behind(self._snapshot, added):
            report.notes.append(
                f"{len(gone):,} images of {self.place} have names of those that were added, and their files are gone "
                f"(the first is {gone[0]}): if they were moved, remove them by their old folder: rsvlm index remove"
            )
        return report

    def add_vectors(self, vectors: Blocks, rows: Rows, *, plan: Plan = Plan()) -> None:  # noqa: B008 - frozen
        """Add vectors; a row whose key is there already takes the place of the older one.

        Args:
            vectors: (n, dimension) floats; they are made unit length.
            rows: n dicts or a table, as of `from_vectors`.
            plan: How they shall be searched.

        Raises:
            RetrievalError: Vectors and rows do not fit, or another process is writing.
        """
        _, encoded = fitting(vectors, rows, self.manifest.encoder.dimension)
        put_rows(self.folder, encoded, plan)
        self.refresh()

    def remove(self, keys: PathLike | Iterable[PathLike]) -> int:
        """Remove rows by their keys, all of an image by its path, all of a folder or of a pattern; return how many.

        Args:
            keys: One or several; a folder or a pattern (tiles/*.png) stands for the images in it, there or gone.

        Raises:
            RetrievalError: A key is not there (nothing is removed then), or another process is writing.
        """
        removed = remove_rows(self.folder, keys_of(keys))
        self.refresh()
        return removed

    def label(self, file: PathLike, column: str | None = None) -> int:
        """Give rows labels from a file, in place of those that they have; return how many rows have labels of it.

        Rows whose labels it takes away, and those that it gives several, are counted and logged.

        Args:
            file: A .csv of paths (or keys) and labels; or points and polygons with a column of labels, as QGIS saves
                them: a path labels its image or all chips of it, a point the footprints that hold it, a polygon those
                whose middle lies in it.
            column: The column of labels; None: `label`, `labels` or `class`.

        Raises:
            RetrievalError: It cannot be read, or nothing in it belongs to a row.
        """
        with changing(self.folder) as change:
            labels = labels_from(Path(file), open_snapshot(self.folder), column)
            change.label(labels)
            change.commit()
        self.refresh()
        return len(labels.rows) - labels.taken
