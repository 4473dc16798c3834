"""The classifier: classes to vectors, images of every kind to rows, labels to calibration."""

import logging
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import torch
from colours import CLASSES, Colours, plain  # type: ignore[import-not-found] # in tests/
from numpy.typing import NDArray
from PIL import Image
from rasterio.transform import Affine
from rasterio.vrt import WarpedVRT
from stored import StoredEncoder, picture_of  # type: ignore[import-not-found] # beside this file

from rsvlm.classification import NONE, ClassificationError, ZeroShotClassifier
from rsvlm.classification.calibration_store import calibration_folder
from rsvlm.classification.class_vectors import class_vectors, fill_templates
from rsvlm.imagery import ImageryError, SceneReader, open_scene
from rsvlm.vocabularies import Vocabulary, VocabularyClass, vocabulary_from_classes

TEMPLATES = ["a photo of {}.", "{} from above"]
RED, GREEN, BLUE = plain((200, 20, 20)), plain((20, 200, 20)), plain((20, 20, 200))


def test_arrays_pictures_and_files_give_the_same_answers(tmp_path: Path) -> None:
    Image.fromarray(GREEN).save(tmp_path / "grün.png")
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES)
    result = classifier.classify([RED, Image.fromarray(BLUE), tmp_path / "grün.png", str(tmp_path)])
    assert result.labels == ["red", "blue", "green", "green"]
    assert result.scores.dtype == np.float32
    assert np.allclose(result.scores.sum(axis=1), 1, atol=1e-6)
    assert np.array_equal(result.scores[2], result.scores[3])
    assert not result.calibrated
    assert [chip.image for chip in result.chips[:2]] == ["#0", "#1"]
    table = result.to_table()
    assert table["label"].to_pylist() == result.labels
    assert table["top_labels"].to_pylist()[0][0] == "red"
    assert table["calibrated"].to_pylist() == [False] * 4


def test_one_image_needs_no_list() -> None:
    assert ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES).classify(BLUE).labels == ["blue"]


def test_class_vectors_are_the_sums_done_by_hand() -> None:
    encoder = Colours()
    prompts = fill_templates([("red",), ("green",)], ["{}", "a {} field seen from far above"])
    assert prompts[0] == ("red", "a red field seen from far above")
    raw = encoder.encode_texts(prompts[0], normalize=False).astype(np.float64)
    by_hand = raw.mean(axis=0) / np.linalg.norm(raw.mean(axis=0))
    assert class_vectors(encoder, prompts, "raw").vectors[0] == pytest.approx(by_hand, abs=1e-7)
    unit = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    by_hand = unit.mean(axis=0) / np.linalg.norm(unit.mean(axis=0))
    assert class_vectors(encoder, prompts, "normalized").vectors[0] == pytest.approx(by_hand, abs=1e-7)
    assert (
        np.abs(class_vectors(encoder, prompts, "raw").vectors - class_vectors(encoder, prompts).vectors).max()
        > 1e-4
    )


def test_class_vectors_are_cached_by_all_that_decides_them() -> None:
    encoder = Colours()
    ZeroShotClassifier(CLASSES, encoder, templates=TEMPLATES)
    asked = len(encoder.asked)
    assert asked == 6
    ZeroShotClassifier(CLASSES, encoder, templates=TEMPLATES)
    assert len(encoder.asked) == asked
    encoder.revision = "2"
    ZeroShotClassifier(CLASSES, encoder, templates=TEMPLATES)
    assert len(encoder.asked) == 2 * asked
    told: Any = encoder
    told.info = {"tokenizer": "another one, beside the same weights"}
    ZeroShotClassifier(CLASSES, encoder, templates=TEMPLATES)
    assert len(encoder.asked) == 3 * asked


def test_the_same_weights_with_another_activation_share_nothing(tmp_path: Path) -> None:
    """While what encoders without QuickGELU have kept is found as before."""

    def loaded(told: dict[str, Any] | None) -> ZeroShotClassifier:
        encoder = Colours()
        if told is not None:
            encoder.info = told
        return ZeroShotClassifier(CLASSES, encoder, templates=TEMPLATES)

    def kept() -> int:
        return len(list((tmp_path / "cache").rglob("*.npz")))

    pictures, labels = shades(np.random.default_rng(0), 60)
    plain_one = loaded(None).calibrate(pictures, labels)
    assert loaded({"quick_gelu": False}).calibration() == plain_one
    assert kept() == 1
    other = loaded({"quick_gelu": True})
    assert other.calibration() is None
    assert kept() == 2
    other.calibrate(pictures[:40], labels[:40])
    assert loaded(None).calibration() == plain_one
    assert loaded({"quick_gelu": True}).calibration() == other.calibration()


def test_a_damaged_cache_costs_time_only(tmp_path: Path) -> None:
    encoder = Colours()
    first = ZeroShotClassifier(CLASSES, encoder, templates=TEMPLATES).classes.vectors
    for file in (tmp_path / "cache").rglob("*.npz"):
        file.write_bytes(file.read_bytes()[:40])
    assert np.array_equal(ZeroShotClassifier(CLASSES, encoder, templates=TEMPLATES).classes.vectors, first)


def test_raw_averaging_needs_an_encoder_that_gives_raw_vectors() -> None:
    stored = StoredEncoder(np.eye(3, dtype=np.float32), {})
    with pytest.raises(ClassificationError, match="averages raw ones"):
        ZeroShotClassifier(["a", "b"], stored, templates=["{}"], protocol="georsclip")


def test_what_cannot_be_read_is_a_row_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "words.png").write_text("no image", encoding="utf-8")
    Image.fromarray(RED).save(tmp_path / "red.jpg")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "red.jpg").read_bytes()[:300])
    names = ["empty.png", "red.jpg", "words.png", "missing.tif", "cut.jpg"]
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES)
    result = classifier.classify([tmp_path / name for name in names])
    assert result.labels == [None, "red", None, None, None]
    assert [error is None for error in result.errors] == [False, True, False, False, False]
    assert np.isnan(result.scores[[0, 2, 3, 4]]).all()
    assert all("\n" not in error for error in result.errors if error)
    assert result.to_table()["error"].null_count == 1


@pytest.mark.parametrize(
    "bad", [np.zeros(4, np.uint8), np.full((4, 4, 3), 2, np.float32), np.zeros((4, 4, 5), np.uint8)]
)
def test_arrays_of_another_shape_are_refused(bad: Any) -> None:
    with pytest.raises(ClassificationError, match=r"give \(height, width, 3\) uint8|0 to 255 in uint8"):
        ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES).classify([bad])


def test_options_of_files_are_refused_for_pictures_in_memory() -> None:
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES)
    with pytest.raises(
        ClassificationError, match=r"image #0 is a picture in memory.* views=\['ndvi'\] is for files"
    ):
        classifier.classify(RED, views=["ndvi"])
    with pytest.raises(ClassificationError, match=r"sensor='eurosat', bands=\('red',\)"):
        classifier.classify([RED], sensor="eurosat", bands=["red"])
    with pytest.raises(ClassificationError, match="stretch='2-98'"):
        classifier.calibrate([RED], ["red"], stretch="2-98")


def test_a_large_picture_in_memory_is_cut_as_its_file_is(tmp_path: Path) -> None:
    large = np.concatenate(
        [np.tile(RED[:1, :1], (1100, 600, 1)), np.tile(BLUE[:1, :1], (1100, 600, 1))], axis=1
    )
    Image.fromarray(large).save(tmp_path / "large.png")
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES)
    for given in (large, Image.fromarray(large), (tmp_path / "large.png").read_bytes()):
        result, of_file = classifier.classify(given), classifier.classify(tmp_path / "large.png")
        assert len(of_file) == 25
        assert result.labels == of_file.labels
        assert [chip.window for chip in result.chips] == [chip.window for chip in of_file.chips]
        assert len({chip.key for chip in result.chips}) == 25
        assert np.array_equal(result.scores, of_file.scores)
    assert len(classifier.classify(large, chips="whole")) == 1
    assert len(classifier.classify([RED, large], chips="grid", size=600)) == 5


def test_several_labels(tmp_path: Path) -> None:
    both = plain((200, 200, 10))
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES, multi_label=True)
    result = classifier.classify([both, RED])
    assert set(result.labels[0]) == {"red", "green"}
    assert result.labels[1] == ["red"]
    assert result.to_table()["labels"].to_pylist()[1] == ["red"]


def shades(rng: np.random.Generator, count: int) -> tuple[list[NDArray[np.uint8]], list[str]]:
    """Noisy pictures, some so grey that their class is a toss."""
    pictures, labels = [], []
    for number in range(count):
        colour = rng.integers(90, 140, 3)
        colour[number % 3] += rng.integers(0, 60)
        pictures.append(plain(tuple(colour)))
        labels.append(CLASSES[number % 3])
    return pictures, labels


def test_calibration_is_used_stored_and_found_again() -> None:
    pictures, labels = shades(np.random.default_rng(0), 60)
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES)
    before = classifier.classify(pictures)
    calibration = classifier.calibrate(pictures, labels)
    assert calibration.n_images == 60
    after = classifier.classify(pictures)
    assert after.calibrated
    assert after.none_scores is not None
    assert not np.allclose(before.scores, after.scores)
    again = ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES)
    assert again.calibration() == calibration
    assert again.calibration(["ndvi"]) is None
    other = ZeroShotClassifier(CLASSES, Colours(), templates=["{} only"])
    assert other.calibration() is None


def test_chips_of_one_scene_do_not_judge_each_other(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    chips, labels = [], []
    for scene in range(6):
        colour = rng.integers(0, 255, 3)
        pixels = np.clip(rng.normal(colour, 30, (64, 64, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{scene}.png")
        with SceneReader(open_scene(tmp_path / f"{scene}.png")) as reader:
            chips += [reader.read(x, y, 16, 16) for x in range(0, 64, 16) for y in range(0, 64, 16)]
        labels += [CLASSES[scene % 3]] * 16
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES)
    together = classifier.calibrate(chips, labels, store=False)
    apart = classifier.calibrate([chip.rgb() for chip in chips], labels, store=False)
    assert together.metrics != apart.metrics
    assert (together.scale, together.none_threshold) == (apart.scale, apart.none_threshold)
    of_one = classifier.calibrate(chips[:16], labels[:16], store=False)
    assert of_one.metrics == {}
    assert "all labelled images are of one scene: none is left to judge the calibration by" in of_one.notes
    assert classifier.classify(chips[0]).calibrated


def test_a_stored_calibration_is_heard_of_once_and_can_be_left_out(caplog: pytest.LogCaptureFixture) -> None:
    pictures, labels = shades(np.random.default_rng(0), 9)
    first = ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES)
    first.calibrate(pictures, labels)
    first.classify(pictures)
    assert first.warnings == []
    (file,) = calibration_folder().iterdir()
    again = ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES)
    with caplog.at_level(logging.WARNING, "rsvlm.classification.classifier"):
        assert again.classify(pictures).calibrated
        again.classify(pictures)
    (line,) = again.warnings
    assert str(file) in line
    assert "fitted on 9 labelled images on 20" in line
    assert "fitted on 9 images with a class: rough" in line
    assert caplog.messages == [line]
    without = ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES, stored_calibration=False)
    assert not without.classify(pictures).calibrated
    assert without.warnings == []
    without.calibrate(pictures, labels, store=False)
    assert without.classify(pictures).calibrated


def test_none_of_these() -> None:
    pictures, labels = shades(np.random.default_rng(1), 60)
    nothing = [plain((90 + n, 90 + n, 90 + n)) for n in range(30)]
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES)
    classifier.calibrate([*pictures, *nothing], [*labels, *[None] * 30])
    found = classifier.classify([plain((100, 100, 100)), RED]).labels
    assert found == [NONE, "red"]


def test_labels_match_by_name_and_leftovers_are_listed() -> None:
    classifier = ZeroShotClassifier(["BlueLake", "RedCrop"], Colours(), templates=["{}"])
    with pytest.raises(ClassificationError, match="labels that custom has no class for: ocean, volcano"):
        classifier.calibrate([RED, RED, RED], ["blue lake", "volcano", "ocean"])
    with pytest.raises(ClassificationError, match="2 images and 1 labels"):
        classifier.calibrate([RED, RED], ["blue_lake"])


@pytest.mark.parametrize("templates", [[], ["no place"], ["{} and {}"], ["{0}"], ["{} {x}"]])
def test_templates_have_one_place(templates: list[str]) -> None:
    with pytest.raises(ClassificationError, match="template"):
        ZeroShotClassifier(CLASSES, Colours(), templates=templates)


def test_templates_may_be_functions_as_open_clips_are() -> None:
    functions = [lambda word: f"a photo of {word.upper()}.", lambda word: f"{word} from above"]
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=functions)
    assert classifier.classes.prompts[0] == ("a photo of RED.", "red from above")
    assert classifier.record(["true-colour"])["templates"] == TEMPLATES
    alone = ZeroShotClassifier(CLASSES, Colours(), templates=lambda word: f"{word} fields")
    assert alone.templates == ("{} fields",)


def test_a_dict_of_classes_gives_the_words_of_the_prompts() -> None:
    classifier = ZeroShotClassifier(
        {"warm": ["red", "red and green"], "cold": "blue"}, Colours(), templates=["{}."]
    )
    assert classifier.classes.prompts == (("red.", "red and green."), ("blue.",))
    assert classifier.classify([RED, BLUE]).labels == ["warm", "cold"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"multi_label": "yes"}, "multi_label 'yes': give True, False or None"),
        ({"memory_weight": 0.5}, "memory_weight 0.5 weighs a memory: name one by memory="),
        (
            {"memory": ([RED], ["red"])},
            "a memory is an index with labels, or its folder, but this is a tuple",
        ),
        ({"memory": {"red": [RED]}}, "but this is a dict"),
        ({"templates": [3]}, "template 3: a template is a text with one {}"),
        ({"templates": 3}, "template 3: a template is a text with one {}"),
        ({"templates": [len]}, "or a function that makes a text of a word"),
        ({"encoder": None}, "None is no encoder, for it has no name: give what rsvlm.load_encoder takes"),
        ({"encoder": object()}, "is no encoder, for it has no name"),
    ],
)
def test_what_is_no_argument_is_one_line(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ClassificationError) as caught:
        ZeroShotClassifier(CLASSES, **{"encoder": Colours(), **options})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("top_k", ["3", 2.5, 0, None])
def test_a_top_k_that_is_no_number_is_refused_before_any_image_is_read(top_k: Any) -> None:
    with pytest.raises(ClassificationError, match="ask for a whole number, 1 or more"):
        ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES).classify("nowhere.tif", top_k=top_k)


@pytest.mark.parametrize(
    "labels",
    [[0, 1], [float("nan"), "red"], np.eye(3, dtype=int)[:2], [["red", 1], "red"], [["red", None], "red"]],
)
def test_labels_that_are_no_names_are_one_line(labels: Any) -> None:
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES)
    with pytest.raises(ClassificationError, match=r"the label of image 0 is .*: give a class name") as caught:
        classifier.calibrate([RED, RED], labels)
    assert "\n" not in str(caught.value)


def test_labels_may_come_one_by_one() -> None:
    pictures, labels = shades(np.random.default_rng(0), 60)
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES)
    assert classifier.calibrate(pictures, (name for name in labels)).n_images == 60


def test_a_classifier_can_be_pickled() -> None:
    pictures, labels = shades(np.random.default_rng(0), 60)
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=[lambda word: f"a photo of {word}"])
    classifier.calibrate(pictures, labels, store=False)
    again: ZeroShotClassifier = pickle.loads(pickle.dumps(classifier))
    one, other = classifier.classify(pictures), again.classify(pictures)
    assert other.calibrated
    assert other.labels == one.labels
    assert np.array_equal(other.scores, one.scores)


def test_an_unknown_view_lists_those_there_are() -> None:
    with pytest.raises(ClassificationError, match="true-colour"):
        ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES).classify(RED, views=["x-ray"])


def test_each_image_once_and_in_order() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(300, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    encoder = StoredEncoder(vectors, {name: vectors[number] for number, name in enumerate(CLASSES)})
    order = rng.permutation(300)
    result = ZeroShotClassifier(CLASSES, encoder, templates=["{}"]).classify(
        [picture_of(int(n)) for n in order]
    )
    assert encoder.seen == order.tolist()
    best = (vectors[order] @ vectors[:3].T).argmax(axis=1)
    assert result.labels == [CLASSES[column] for column in best]


def test_the_record_says_what_decided_the_numbers() -> None:
    record = ZeroShotClassifier(CLASSES, Colours(), templates=TEMPLATES).classify(RED).record
    assert record["encoder"] == {"name": "colours", "revision": "1"}
    assert record["templates"] == TEMPLATES
    assert record["protocol"] == "rsvlm"
    assert record["classes"] == CLASSES
    assert record["calibrated"] is False


def test_an_encoder_without_a_revision_neither_stores_nor_finds() -> None:
    pictures, labels = shades(np.random.default_rng(0), 60)
    anonymous = Colours()
    anonymous.revision = ""
    classifier = ZeroShotClassifier(CLASSES, anonymous, templates=TEMPLATES)
    classifier.calibrate(pictures, labels)
    assert classifier.classify(RED).calibrated
    assert not ZeroShotClassifier(CLASSES, anonymous, templates=TEMPLATES).classify(RED).calibrated


def test_one_class_says_nothing() -> None:
    classifier = ZeroShotClassifier(["red"], Colours(), templates=TEMPLATES)
    classifier.classify(BLUE)
    assert "every image is of it" in classifier.warnings[0]


def placed(path: Path, size: int, gsd: float) -> Path:
    """A red raster with a place."""
    with rasterio.open(
        path, "w", driver="GTiff", width=size, height=size, count=3, dtype="uint8", crs="EPSG:32632",
        transform=Affine(gsd, 0, 500_000, 0, -gsd, 5_500_000),
    ) as file:  # fmt: skip
        file.write(np.moveaxis(plain((200, 20, 20), size), 2, 0))
    return path


SCENES = Vocabulary("scenes", "Scenes", vocabulary_from_classes(CLASSES).classes, gsd=10, extent=640)


def test_the_chip_is_the_ground_that_the_classes_are_about(tmp_path: Path) -> None:
    classifier = ZeroShotClassifier(SCENES, Colours(), templates=["{}"])
    assert len(classifier.classify(placed(tmp_path / "one.tif", 64, 10))) == 1
    assert len(classifier.classify(placed(tmp_path / "four.tif", 128, 10))) == 4
    fine = classifier.classify(placed(tmp_path / "fine.tif", 128, 5))
    assert [chip.window for chip in fine.chips] == [(0, 0, 128, 128)]
    assert classifier.warnings == []
    assert len(classifier.classify(tmp_path / "four.tif", size="320m")) == 16
    assert len(classifier.classify(tmp_path / "four.tif", chips="whole")) == 1


def test_far_off_imagery_is_one_warning(tmp_path: Path) -> None:
    classifier = ZeroShotClassifier(SCENES, Colours(), templates=["{}"])
    classifier.classify([placed(tmp_path / "a.tif", 64, 0.5), placed(tmp_path / "b.tif", 64, 0.5)])
    classifier.classify(tmp_path / "a.tif")
    assert len(classifier.warnings) == 2  # one a call, each with its count
    assert classifier.warnings[0].startswith("2 of 2 images")
    assert "10 m" in classifier.warnings[0]


def test_chips_of_a_few_pixels_are_one_warning(tmp_path: Path) -> None:
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=["{}"])
    classifier.classify([plain((9, 9, 200), 1), plain((9, 9, 200), 8), np.zeros((1, 300, 3), np.uint8)])
    (line,) = classifier.warnings
    assert line.startswith("2 of 3 chips are less than 8 pixels wide or high")
    assert line.endswith("#0, has 1 x 1")


def test_what_files_say_of_their_reading_is_a_warning_for_all_alike(tmp_path: Path) -> None:
    for name in ("a", "b"):
        placed(tmp_path / f"{name}.tif", 64, 10)
        (tmp_path / f"{name}.tif.msk").write_text("<VRTDataset/>", encoding="utf-8")
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=["{}"])
    for _ in range(2):
        assert classifier.classify([tmp_path / "a.tif", tmp_path / "b.tif"]).errors == [None, None]
    (line,) = classifier.warnings
    assert line.startswith("a.tif and 1 more: its .msk file was not read: is refused: it is a GDAL VRT")


def test_an_open_file_of_rasterio_is_its_file(tmp_path: Path) -> None:
    path = placed(tmp_path / "a.tif", 64, 10)
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=["{}"])
    with rasterio.open(path) as dataset:
        found, listed = classifier.classify(dataset), classifier.classify([dataset, dataset])
        with (
            WarpedVRT(dataset, crs="EPSG:4326") as warped,
            pytest.raises(ClassificationError, match="give its path"),
        ):
            classifier.classify(warped)
    named = classifier.classify(path)
    assert found.chips == named.chips
    assert found.chips[0].bbox is not None
    assert (found.scores == named.scores).all()
    assert len(listed) == 2


def test_options_of_cutting_that_contradict_or_say_nothing_are_refused() -> None:
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=["{}"])
    picture = plain((9, 9, 200), 16)
    with pytest.raises(ImageryError, match="not for whole images"):
        classifier.classify(picture, chips="whole", size="640m")
    for size in ("640ft", "0"):
        with pytest.raises(ImageryError, match=size):
            classifier.classify(picture, size=size)
    for stretch in ("3000..0", "loud"):
        with pytest.raises(ImageryError, match=stretch):
            classifier.classify(picture, stretch=stretch)


def test_bands_may_be_one_text(tmp_path: Path) -> None:
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=["{}"])
    path = placed(tmp_path / "a.tif", 64, 10)
    told = classifier.classify(path, bands="blue,green,red")
    assert told.errors == [None]
    assert (told.scores == classifier.classify(path, bands=["blue", "green", "red"]).scores).all()


def test_tensors_of_half_the_bits_are_pictures() -> None:
    classifier = ZeroShotClassifier(CLASSES, Colours(), templates=["{}"])
    picture: Any = torch.rand(3, 16, 16)
    full = classifier.classify(picture).labels
    for dtype in (torch.bfloat16, torch.float16):
        assert classifier.classify(picture.to(dtype)).labels == full


def test_a_coarse_answer_where_the_fine_one_is_unsure() -> None:
    colours = Vocabulary(
        "tree",
        "Tree",
        (
            VocabularyClass("red", ("red",), parent="warm"),
            VocabularyClass("green", ("green",), parent="warm"),
            VocabularyClass("blue", ("blue",), parent="cold"),
        ),
        parents=(VocabularyClass("warm", ("warm",)), VocabularyClass("cold", ("cold",))),
    )
    encoder = Colours()
    encoder.logit_scale = 3.0  # unsure enough for two classes to share an image
    classifier = ZeroShotClassifier(colours, encoder, templates=["{}"])
    result = classifier.classify([plain((200, 200, 10)), plain((200, 5, 5))])
    assert result.coarse == ["warm", "red"]
    assert result.to_table()["coarse_label"].to_pylist() == ["warm", "red"]
