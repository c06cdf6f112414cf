"""Class weights: in the training loss alone."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

import pellucid as pl
from pellucid.batches.images import DeviceImages
from pellucid.data.dataset import DataSplits
from pellucid.errors import SettingError
from pellucid.spec.train import TrainSpec
from pellucid.train.loss import class_weights, loss_of
from pellucid.train.placed import PlacedSplit

MODEL = "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3 softmax"
QUICK = {"model": MODEL, "epochs": 2, "batch_size": 16}


def lopsided(bars: DataSplits) -> DataSplits:
    """80 across, 20 upright, 10 aslant."""
    rows = [np.flatnonzero(bars.train.labels == label)[:count] for label, count in enumerate((80, 20, 10))]
    return DataSplits("lopsided", bars.train.subset(np.concatenate(rows)), bars.test)


def test_balanced_weights_give_every_class_the_same_share() -> None:
    labels = np.repeat([0, 1, 3], [6, 3, 3])
    spec = TrainSpec(class_weights="balanced")
    found = class_weights(spec, labels, ("a", "b", "none", "c"))
    assert found == pytest.approx({"a": 4 / 6, "b": 4 / 3, "none": 1.0, "c": 4 / 3})
    assert class_weights(TrainSpec(class_weights="b=3"), labels, ("a", "b")) == {"a": 1.0, "b": 3.0}
    assert class_weights(TrainSpec(), labels, ("a", "b")) is None


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_torchs_with_weights_and_smoothing(bars: DataSplits, smoothing: float) -> None:
    images = PlacedSplit(DeviceImages(bars.train, torch.device("cpu")), torch.arange(240))
    spec = TrainSpec(class_weights={"aslant": 3, "across": 0.5}, label_smoothing=smoothing)
    logits, labels = torch.randn(7, 3, generator=torch.Generator().manual_seed(0)), torch.arange(7) % 3
    wanted = torch.nn.CrossEntropyLoss(weight=torch.tensor([0.5, 1, 3]), label_smoothing=smoothing)(logits, labels)
    assert torch.equal(loss_of(spec, images)(logits, labels), wanted)
    plain = loss_of(TrainSpec(label_smoothing=smoothing), images)(logits, labels)
    assert torch.equal(plain, cross_entropy(logits, labels, label_smoothing=smoothing))


def test_what_is_recorded_is_what_was_asked_for_and_what_it_came_to(bars: DataSplits, tmp_path: Path) -> None:
    data = lopsided(bars)
    run = pl.fit(data, class_weights="balanced", out=tmp_path / "run", **QUICK)
    document = json.loads((tmp_path / "run" / "run.json").read_text())
    assert document["train"]["class_weights"] == "balanced"
    held_out = run.evaluate(split="train")
    mean = held_out.count / 3
    assert document["class_weights"] == pytest.approx({one.name: mean / one.support for one in held_out.per_class})
    assert pl.load_run(tmp_path / "run").record == run.record
    assert pl.fit(data, **QUICK).record.class_weights is None


def test_only_the_training_loss_is_weighted(bars: DataSplits) -> None:
    run = pl.fit(lopsided(bars), class_weights={"aslant": 50}, vote=2, **QUICK)
    judged = run.evaluate(split="validation")
    assert run.record.results.validation.loss == pytest.approx(judged.loss, rel=1e-5)


def test_equal_weights_change_little_and_large_ones_favour_their_class(bars: DataSplits) -> None:
    data = lopsided(bars)
    recall = {}
    for weights in (None, {"aslant": 1000}):
        judged = pl.fit(data, class_weights=weights, **QUICK).evaluate()
        recall[bool(weights)] = judged.per_class[2].recall
    assert recall[True] == 1.0 > recall[False]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            "balancd",
            "class_weights must be balanced, or a weight for classes by name; received 'balancd'. Write them as",
        ),
        ({}, "class_weights must be balanced"),
        (3, "class_weights must be balanced"),
        ("across=0", "The weight of class across must be a number above 0; received 0.0."),
        ("across=many", "The weight of class across must be a number above 0; received 'many'."),
        ({"across": float("inf")}, "The weight of class across must be a number above 0; received inf."),
        ({"acros": 2}, "Unknown class in class_weights 'acros'. Did you mean across?"),
    ],
)
def test_weights_that_make_no_sense_are_named(bars: DataSplits, given: object, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        pl.choose(bars, class_weights=given)
    assert message in str(caught.value)


def test_names_with_an_equals_sign_are_classes_too() -> None:
    assert TrainSpec(class_weights=" a=b=2, c d =0.5").class_weights == {"a=b": 2.0, "c d": 0.5}
    assert TrainSpec(class_weights={3: 2}).class_weights == {"3": 2.0}
