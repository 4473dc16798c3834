"""Published figures: tables that add up, names that match, comparisons that say what they compare."""

from collections import defaultdict

import numpy as np
import pytest

from rsvlm.eval.published import Figure, compare, in_domain, published
from rsvlm.eval.result import EvalResult
from rsvlm.models.presets import encoder_presets
from rsvlm.vocabularies import vocabulary_names

SEVEN = ("aid", "eurosat", "fmow", "million-aid", "patternnet", "resisc45", "rsi-cb256")


def result(metrics: dict[str, float], **config: object) -> EvalResult:
    return EvalResult(
        "zero-shot", "UC Merced" if "t2i_mean_success" in metrics else "eurosat", metrics, 10, config=config
    )


def by_model(figures: list[Figure]) -> dict[str, dict[str, Figure]]:
    found: dict[str, dict[str, Figure]] = defaultdict(dict)
    for figure in figures:
        found[figure.model][f"{figure.dataset} {figure.metric}"] = figure
    return found


def test_averages_of_skyscripts_table_add_up_except_the_one_that_is_flagged() -> None:
    table = by_model(
        [f for f in published(protocol="skyscript", metric="accuracy") if f.source.endswith("table 2")]
    )
    assert len(table) == 12
    for model, row in table.items():
        average = row["skyscript-seven accuracy"]
        computed = float(np.mean([row[f"{name} accuracy"].value for name in SEVEN]))
        if model == "clip-laion-rs-vit-l-14":
            assert round(100 * computed, 2) == 58.01
            assert average.printed == "57.87 %"
            assert average.note is not None
            assert "58.01" in average.note
        else:
            assert abs(computed - average.value) < 0.000_11, model
            assert average.note is not None
            assert "inconsistent" not in average.note


def test_means_of_remoteclips_table_add_up() -> None:
    table = by_model(published(protocol="remoteclip"))
    for model in ("remoteclip-rn50", "remoteclip-vit-b-32", "remoteclip-vit-l-14"):
        for name in ("rsitmd", "rsicd", "ucm"):
            six = [
                table[model][f"{name} {way}_success@{k}"].value for way in ("i2t", "t2i") for k in (1, 5, 10)
            ]
            assert table[model][f"{name} mean_success"].value == pytest.approx(np.mean(six), abs=0.000_11)


def test_means_of_rs_transclips_picture_add_up() -> None:
    table = by_model(
        [figure for figure in published(protocol="rs-transclip") if figure.source.endswith("png")]
    )
    assert len(table) == 11
    for row in table.values():
        ten = [figure.value for figure in row.values() if figure.dataset != "rs-transclip-ten"]
        assert len(ten) == 10
        assert row["rs-transclip-ten accuracy"].value == pytest.approx(np.mean(ten), abs=0.001_1)


def test_georsclips_means_add_up() -> None:
    table = by_model(published(protocol="georsclip", task="retrieval"))
    for model in ("georsclip-vit-b-32", "georsclip-vit-h-14"):
        for name in ("rsitmd", "rsicd"):
            six = [
                table[model][f"{name} {way}_success@{k}"].value for way in ("i2t", "t2i") for k in (1, 5, 10)
            ]
            assert table[model][f"{name} mean_success"].value == pytest.approx(np.mean(six), abs=0.000_11)


def test_the_notebooks_means_are_those_of_the_table() -> None:
    table = by_model(published(dataset="ucm", protocol="skyscript"))["skyclip-30-multi-objects-vit-l-14"]
    for way in ("i2t", "t2i"):
        each = np.mean([table[f"ucm {way}_success@{k}"].value for k in (1, 5, 10)])
        assert table[f"ucm {way}_mean_success"].agrees(float(each))


def test_every_figure_is_a_share_with_a_source() -> None:
    figures = published()
    assert len(figures) > 500
    for figure in figures:
        assert 0 <= figure.value <= 1, figure
        assert figure.source
        assert figure.agrees(figure.value)
    keys = [(f.model, f.dataset, f.split, f.protocol, f.metric, f.source) for f in figures]
    assert len(keys) == len(set(keys))


def test_names_are_those_of_the_house() -> None:
    presets = {preset.name for preset in encoder_presets()}
    models = {figure.model for figure in published()}
    assert presets <= models
    sets = {figure.dataset for figure in published(task="zero-shot")}
    shipped = set(vocabulary_names())
    assert {"aid", "eurosat", "fmow", "whu-rs19", "skyscript-roof-shape", "rsi-cb256"} <= sets & shipped


def test_names_match_whatever_their_punctuation() -> None:
    wanted = published(
        model="remoteclip-vit-l-14", dataset="ucm", protocol="remoteclip", metric="mean_success"
    )
    assert len(wanted) == 1
    for model, dataset in (("RemoteCLIP-ViT-L-14", "UCM-captions"), ("remoteclip_vit_l_14", "UC Merced")):
        assert published(model=model, dataset=dataset, protocol="remoteclip", metric="mean_success") == wanted
    assert (
        published(model="SkyCLIP50-ViT-B-32", dataset="WHURS19", metric="accuracy")[0].printed == "91.04478 %"
    )
    assert published(model="nobody") == []
    assert {f.split for f in published(dataset="aid", split="test")} == {"test"}


def test_a_result_beside_its_figure() -> None:
    measured = result(
        {"accuracy": 0.3330, "kappa": 0.2}, model="skyclip-vit-b-32", protocol="skyscript", split="test"
    )
    (row,) = compare(measured)
    assert row.figure is not None
    assert row.difference == pytest.approx(0)
    assert row.text == (
        "accuracy 33.30 %, published 33.30 % [SkyScript, arXiv:2312.12856, table 2]: equal as printed"
    )
    measured.metrics["accuracy"] = 0.3
    measured.comparable = False
    (row,) = compare(measured)
    assert row.difference == pytest.approx(-0.033)
    assert "difference -3.30 points (this run is marked as not comparable)" in row.text


def test_numbers_of_another_protocol_or_split_are_not_compared() -> None:
    metrics = {"accuracy": 0.5}
    for config in (
        {"model": "skyclip-vit-b-32", "protocol": "rsvlm"},
        {"model": "skyclip-vit-b-32"},
        {"model": "skyclip-vit-b-32", "protocol": "skyscript", "split": "validation"},
    ):
        (row,) = compare(result(metrics, **config))
        assert row.figure is None
        assert row.difference is None
        assert row.text == "accuracy 0.5000: no published figure for this protocol"
    (row,) = compare(result(metrics, encoder={"name": "mine"}, protocol="clip-benchmark"))
    assert "no published figure of mine for this protocol; of others: ViT-B-32/openai 0.50722" in row.text


def test_without_a_split_the_text_says_which() -> None:
    (row,) = compare(result({"accuracy": 0.5}, model={"name": "ViT-B-32/openai"}, protocol="clip-benchmark"))
    assert "difference -0.00722" in row.text
    assert "split 'test'" in row.text


def test_truncated_digits_agree_only_from_above() -> None:
    figure = published(dataset="rswk-vqa", model="intervl", metric="BLEU-2")[0]
    assert figure.agrees(0.03819171)
    assert not figure.agrees(0.03809)
    assert not figure.agrees(0.03821)
    rounded = published(dataset="eurosat", model="ViT-B-32/openai", protocol="clip-benchmark")[0]
    assert rounded.agrees(0.507217)
    assert not rounded.agrees(0.507227)


@pytest.mark.parametrize(
    ("model", "dataset", "known"),
    [
        ("RemoteCLIP-ViT-B-32", "RSICD", "in-domain: "),
        ("remoteclip-vit-l-14", "UC Merced", "in-domain: "),
        ("remoteclip-rn50", "aid", "may be in-domain: "),
        ("georsclip-vit-h-14", "BigEarthNet-19", "in-domain: "),
        ("georsclip-ft-ret-2", "rsitmd", "in-domain: "),
        ("georsclip-vit-b-32", "rsitmd", None),
        ("skyclip-vit-l-14", "skyscript", "in-domain: "),
        ("skyclip-vit-l-14", "eurosat", None),
        ("ViT-B-32/openai", "rsicd", None),
    ],
)
def test_what_models_were_trained_on(model: str, dataset: str, known: str | None) -> None:
    found = in_domain(model, dataset)
    assert found is None if known is None else found is not None and found.startswith(known)


def test_a_model_may_say_itself_what_it_knows() -> None:
    assert in_domain("my-adapter", "NWPU-RESISC45", trained_on=["resisc45"]) is not None
    assert in_domain("my-adapter", "resisc45", trained_on=["rsicd"]) is None
