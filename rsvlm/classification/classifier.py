"""`rsvlm.ZeroShotClassifier`: class names in, labels and scores out."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from rsvlm.imagery.bands import band_names
from rsvlm.imagery.items import ChipOptions, ChipRef, Images, Item, PathLike
from rsvlm.imagery.looks import TRUE_COLOUR
from rsvlm.models import Encoder
from rsvlm.models.shipped import DEFAULT
from rsvlm.retrieval import Index
from rsvlm.retrieval.stored import Ints
from rsvlm.vocabularies import Vocabulary, classes_of
from rsvlm.vocabularies.class_names import Classes
from rsvlm.vocabularies.protocols import Protocol
from rsvlm.vocabularies.protocols import protocol as load_protocol

from .alike import check_apart
from .answers import answer
from .calibrated import Calibration
from .calibration import fit_calibration
from .calibration_store import load_calibration, store_calibration, told
from .chips import check_in_memory, far_gsd, list_items, tiny, told_of
from .class_vectors import ClassVectors, class_vectors, fill_templates, unusual
from .encode import Cosines, chip_cosines, class_cosines
from .errors import ClassificationError
from .given import (
    Template,
    encoder_of,
    label_names,
    memory_index,
    shown,
    template_names,
    templates_of,
)
from .indexed import check_as_cut, chip_refs, index_among
from .labelled import indices, match_labels
from .memory import Memory
from .result import ClassificationResult
from .scores import checked_k
from .viewnames import check_views

LOG = logging.getLogger(__name__)

Progress = Callable[[int], None]


class ZeroShotClassifier:
    """Tells which of some classes an overhead image shows, without having been trained on them.

    Each class is put into words, the words into prompts ("a satellite photo of {}."), the prompts through the text
    side of a CLIP-style encoder; an image belongs to the class whose mean prompt vector its own vector is nearest
    to (Radford et al. 2021, section 3.1).

    Scores are marked uncalibrated until `calibrate` has seen labelled images of the kind: they rank classes, and a
    0.93 among them is no probability. Labels are as good as the encoder.

    Example:
        clf = rsvlm.ZeroShotClassifier("eurosat", encoder=rsvlm.load_encoder("ViT-B-32/openai"))
        clf.classify("tiles/").to_table()

    Attributes:
        vocabulary: The classes with the words for them.
        encoder: Whatever has the encoder protocol.
        protocol: How class names become vectors: "rsvlm", or that of a paper, to repeat its numbers.
        templates: The prompts' templates; of a function, what it makes of `{}`.
        classes: Class vectors (c, dimension) and the prompts behind them.
        memory: Labelled images that count beside the words, or None.
        warnings: What a person should know, a line each; it grows with `classify`. Each is logged, too, by
            the standard module `logging`.
    """

    def __init__(
        self,
        classes: Vocabulary | PathLike | Classes,
        encoder: Encoder | PathLike = DEFAULT,
        *,
        templates: Template | Sequence[Template] | None = None,
        protocol: str = "rsvlm",
        multi_label: bool | None = None,
        memory: Index | PathLike | None = None,
        memory_weight: float | None = None,
        stored_calibration: bool = True,
    ) -> None:
        """Make the class vectors.

        Args:
            classes: A vocabulary or its name, a list of class names, a dict of names and the words for each,
                "one,two,three", or a .txt, .json or .yaml file.
            encoder: An encoder, or what `load_encoder` takes.
            templates: Name of a template set, or templates: texts with one `{}` each, or functions that make a prompt
                of a word; None: the protocol's for these classes.
            protocol: "rsvlm", "skyscript", "georsclip", "clip-benchmark" or "rs-transclip".
            multi_label: Whether an image may have several classes; None: as the vocabulary says.
            memory: An index by this encoder, or its folder: images are also held against its labelled rows.
            memory_weight: How much these count beside words: 0 for not at all; None: as fitted on them.
            stored_calibration: Whether a calibration that was kept for this encoder and these classes is used. False:
                scores are uncalibrated until `calibrate`.

        Raises:
            ClassificationError: Templates or an encoder that are none, an encoder that cannot do what the protocol
                needs, or a memory that knows none of the classes.
            rsvlm.retrieval.RetrievalError: A memory that another encoder made.
            rsvlm.vocabularies.VocabularyError: Classes or a protocol that there are not.
            rsvlm.models.ModelError: An encoder that cannot be loaded.
        """
        if multi_label is not None and not isinstance(multi_label, bool):
            raise ClassificationError(f"multi_label {shown(multi_label)}: give True, False or None")
        if memory is None and memory_weight is not None:
            raise ClassificationError(
                f"memory_weight {shown(memory_weight)} weighs a memory: name one by memory="
            )
        self.vocabulary = classes_of(classes)
        self.protocol: Protocol = load_protocol(protocol)
        self.multi_label = self.vocabulary.multi_label if multi_label is None else multi_label
        made = templates_of(templates, self.protocol, self.vocabulary)
        self.templates = template_names(made)
        self.encoder: Encoder = encoder_of(encoder)
        self.words = self.protocol.class_words(self.vocabulary)
        self.classes: ClassVectors = class_vectors(
            self.encoder, fill_templates(self.words, made), self.protocol.averaging
        )
        self.memory: Memory | None = None
        if memory is not None:
            if self.multi_label:
                raise ClassificationError("a memory serves where an image has one class, not several")
            index = memory_index(memory, self.encoder)
            self.memory = Memory(index, self.vocabulary, self.classes.vectors, self.scale, memory_weight)
        self._stored_calibration = stored_calibration
        self._calibrations: dict[tuple[str, ...], Calibration | None] = {}
        self.warnings: list[str] = []
        self._noted: set[str] = set()
        if self.memory is not None and not len(self.memory.classes):
            self._warn(
                f"the memory {self.memory.record['index']} has no labelled image and adds nothing: label some"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The class names, in the vocabulary's order."""
        return self.vocabulary.names

    @property
    def scale(self) -> float:
        """What cosines are multiplied with before the softmax, where nothing was calibrated."""
        own: float = getattr(self.encoder, "logit_scale", 100.0)
        return self.protocol.logit_scale or own

    def check_apart(self) -> None:
        """Refuse to answer where the encoder reads two classes alike, unless a memory knows how they look.

        Not when the classifier is made, for what is measured of an encoder may be just that.

        Raises:
            ClassificationError: Two classes have the same vector.
        """
        if self.memory is None or not self.memory.weight:
            check_apart(self.names, self.classes.vectors, self.encoder.name)

    def calibration(self, views: Sequence[str] = (TRUE_COLOUR,)) -> Calibration | None:
        """What was fitted on labelled images seen by these views, or None.

        One that was stored for this encoder, its weights, these classes and views is found by itself, and a warning
        says so, unless the classifier was made with `stored_calibration=False`.

        Raises:
            ClassificationError: A stored one is damaged.
        """
        key = tuple(views)
        if key not in self._calibrations:
            identity = self._identity(views) if self._stored_calibration else None
            found = load_calibration(*identity) if identity else None
            self._calibrations[key] = found
            self._warn(told(found) if found else None)
        return self._calibrations[key]

    def classify(
        self,
        images: Images | Index,
        *,
        top_k: int = 5,
        views: Sequence[str] = (TRUE_COLOUR,),
        chips: str | None = None,
        size: str | int | None = None,
        min_valid: float = 0.5,
        sensor: str | None = None,
        bands: Sequence[str] | None = None,
        stretch: str = "auto",
        batch_size: int | None = None,
        progress: Progress | None = None,
    ) -> ClassificationResult:
        """Classify images.

        Args:
            images: Files, folders, globs and products; PIL images, arrays and tensors, (H, W), (H, W, 3) or (H, W, 4),
                uint8 or 0 to 1; bytes of image files; scenes and chips; alone or in a list. None is a missing image.
                Or an index that this encoder made, or its folder: its rows are classified by the vectors in it.
            top_k: How many classes a row of the table lists.
            views: Spectral views (`rsvlm.imagery.views.VIEWS`) to fuse; those that bands do not allow are left out.
            chips: "whole" images, or a "grid". None: by the ground that the vocabulary's images show, where both are
                known; else whole images up to 1,024 px and a grid of 256 px above.
            size: Side of a grid's chip, in pixels (256) or metres ("640m").
            min_valid: Least share of a chip's pixels that are neither nodata, masked nor cloud.
            sensor: Preset that names the bands of files.
            bands: Names of the bands, in order; also as one text with commas.
            stretch: How pixels become 8 bits.
            batch_size: Pictures a call of the encoder; None is its own choice.
            progress: Called with 1 for each chip that is done.

        Returns:
            A row for each chip, in the order given. What cannot be read is a row with its reason.

        Raises:
            ClassificationError: Views or images that make no sense, or classes that the encoder cannot tell apart.
            rsvlm.imagery.ImageryError: Options of chips that make no sense.
            rsvlm.retrieval.RetrievalError: An index that is damaged, or by another encoder.
        """
        checked_k(top_k)  # before any work
        self.check_apart()
        options = self.chip_options(chips, size, min_valid, sensor, bands, stretch)
        if isinstance(images, Index):
            images = images.folder
        index = index_among(images, self.encoder)
        if index is not None:
            check_as_cut(options, views)
            return self.classify_rows(index, index.numbers(), top_k=top_k)
        check_views(views)
        items = list_items(images, options, self.vocabulary)
        check_in_memory(items, options, views)
        return self.classify_items(
            items, views=views, min_valid=min_valid, top_k=top_k, batch_size=batch_size, progress=progress
        )

    def chip_options(
        self,
        chips: str | None,
        size: str | int | None,
        min_valid: float,
        sensor: str | None,
        bands: Sequence[str] | None,
        stretch: str,
    ) -> ChipOptions:
        """The options of `classify` as one record."""
        given = ChipOptions(
            chips=chips,
            size=None if size is None else str(size),
            min_valid=min_valid,
            sensor=sensor,
            bands=None if bands is None else band_names(bands),
            stretch=stretch,
        )
        return self.as_cut(given)

    def as_cut(self, options: ChipOptions) -> ChipOptions:
        """Options as they count here: a protocol of a paper takes whole images unless told otherwise."""
        if options.chips is None and options.size is None and self.protocol.name != "rsvlm":
            return replace(options, chips="whole")
        return options

    def classify_rows(self, index: Index, numbers: Ints, *, top_k: int = 5) -> ClassificationResult:
        """Classify rows of an index by this encoder, by their numbers, without opening an image."""
        refs = chip_refs(index, numbers)
        self._warn(far_gsd(refs, self.vocabulary))
        values = class_cosines(index.vectors(numbers), self.classes, self.memory)
        return self._result(refs, Cosines(values, [None] * len(refs)), (TRUE_COLOUR,), top_k)

    def classify_items(
        self,
        items: Sequence[Item],
        *,
        views: Sequence[str],
        min_valid: float,
        top_k: int = 5,
        batch_size: int | None = None,
        progress: Progress | None = None,
    ) -> ClassificationResult:
        """Classify chips that were listed before."""
        check_views(views)
        refs = [item.ref for item in items]
        for line in (far_gsd(refs, self.vocabulary), tiny(refs), *self._notes(items)):
            self._warn(line)
        cosines = chip_cosines(
            items,
            self.encoder,
            self.classes,
            views=views,
            min_valid=min_valid,
            memory=self.memory,
            batch_size=batch_size,
            progress=progress,
        )
        result = self._result(refs, cosines, views, top_k)
        result.grids = {item.scene.path: item.scene.grid for item in items if item.scene is not None}
        return result

    def _notes(self, items: Sequence[Item]) -> list[str]:
        """What the files say of how they are read, a line each; one that was said of another image is not repeated."""
        found: dict[str, set[str]] = {}
        for item in items:
            for note in item.scene.notes if item.scene is not None else ():
                found.setdefault(note, set()).add(item.ref.image)
        new = {note: images for note, images in found.items() if note not in self._noted}
        self._noted |= new.keys()
        return [f"{told_of(images)}: {note}" for note, images in new.items()]

    def _result(
        self, refs: list[ChipRef], cosines: Cosines, views: Sequence[str], top_k: int
    ) -> ClassificationResult:
        calibration = self.calibration(views)
        if calibration is None and len(self.names) == 1:
            self._warn("one class and no calibration: every image is of it; name another class, or calibrate")
        found = answer(
            cosines.values, self.vocabulary, calibration, multi_label=self.multi_label, scale=self.scale
        )
        return ClassificationResult(
            names=self.names,
            scores=found.scores,
            labels=[
                None if error else label for label, error in zip(found.labels, cosines.errors, strict=True)
            ],
            errors=cosines.errors,
            chips=refs,
            calibrated=calibration is not None,
            multi_label=self.multi_label,
            none_scores=found.none_scores,
            coarse=found.coarse,
            record=self.record(views),
            top_k=top_k,
        )

    def calibrate(
        self,
        images: Images,
        labels: Iterable[str | Iterable[str] | None],
        *,
        views: Sequence[str] = (TRUE_COLOUR,),
        sensor: str | None = None,
        bands: Sequence[str] | None = None,
        stretch: str = "auto",
        store: bool = True,
        progress: Progress | None = None,
    ) -> Calibration:
        """Fit scores, "none of these" and multi-label thresholds on labelled images, and use them from now on.

        The images should be like those that will be classified: another sensor, season or place needs its own. They
        are taken whole. Those that a memory holds, too, are held against the others in it, as new images will be.

        Args:
            images: As of `classify`; each must be one image.
            labels: For each image its class, or a list of classes; None or "none of these" where it has none.
            views: As they will be classified; a calibration serves these views only.
            sensor: Preset that names the bands of files.
            bands: Names of the bands, in order.
            stretch: How pixels become 8 bits.
            store: Whether the next classifier with this encoder and these classes finds it by itself.
            progress: Called with 1 for each image that is done.

        Returns:
            The calibration; its metrics are from images that took no part in the fit, nor did other chips of the scene
            that they were cut from. Of chips of one scene alone there are none.

        Raises:
            ClassificationError: Labels without a class, their number, images that cannot be read, too few images.
        """
        check_views(views)
        self.check_apart()
        names = label_names(labels)
        options = self.chip_options("whole", None, 0.0, sensor, bands, stretch)
        items = list_items(images, options, self.vocabulary)
        check_in_memory(items, options, views)
        if len(items) != len(names):
            raise ClassificationError(
                f"{len(items)} images and {len(names)} labels: give one label for each image"
            )
        places = match_labels(names, self.vocabulary)
        cosines = chip_cosines(
            items,
            self.encoder,
            self.classes,
            views=views,
            min_valid=0.0,
            memory=self.memory,
            itself=False,
            progress=progress,
        )
        bad = [row for row, error in enumerate(cosines.errors) if error]
        if bad:
            raise ClassificationError(
                f"{len(bad)} labelled images cannot be read, the first is {items[bad[0]].ref.image}: "
                f"{cosines.errors[bad[0]]}"
            )
        encoder, revision, digest = identity = self._identity(views) or (self.encoder.name, "", "")
        calibration = fit_calibration(
            cosines.values, indices(places, multi_label=self.multi_label), encoder=encoder, revision=revision,
            vocabulary=digest, multi_label=self.multi_label, scale=self.scale,
            groups=[item.ref.image for item in items],  # chips of one scene look alike
        )  # fmt: skip
        self._calibrations[tuple(views)] = calibration
        if store and identity[1]:
            store_calibration(calibration)
        return calibration

    def record(self, views: Sequence[str]) -> dict[str, Any]:
        """All that decides the numbers, as plain data."""
        calibration = self.calibration(views)
        return {
            "encoder": getattr(self.encoder, "info", None)
            or {"name": self.encoder.name, "revision": self.encoder.revision},
            "vocabulary": self.vocabulary.name,
            "classes": list(self.names),
            "words": [list(words) for words in self.words],
            "templates": list(self.templates),
            "protocol": self.protocol.name,
            "averaging": self.protocol.averaging,
            "split": self.protocol.split(self.vocabulary),
            "citation": self.protocol.citation,
            "scale": calibration.scale if calibration else self.scale,
            "multi_label": self.multi_label,
            "views": list(views),
            "prompts_digest": self.classes.digest,
            "calibrated": calibration is not None,
            "calibration": None if calibration is None else dict(calibration.metrics),
            **({} if self.memory is None else {"memory": self.memory.record}),
        }

    def _identity(self, views: Sequence[str]) -> tuple[str, str, str] | None:
        """What a calibration is for: encoder, weights, and the classes with their prompts, averaging, views and memory.

        None for an encoder that does not say which weights it has: what was fitted to others must not be found.
        """
        if not self.encoder.revision:
            return None
        kind = "multi-label" if self.multi_label else "single-label"
        seen = [] if self.memory is None else [repr(sorted(self.memory.identity.items()))]
        digest = self.classes.digest_with([*self.names, kind, *views, *seen, *unusual(self.encoder)])
        return self.encoder.name, self.encoder.revision, digest

    def _warn(self, line: str | None) -> None:
        if line and line not in self.warnings:
            self.warnings.append(line)
            LOG.warning("%s", line)
