from pathlib import Path

import numpy as np
import pytest
import torch

import pellucid as pl
from pellucid.batches.images import as_input
from pellucid.data.dataset import DataSplits
from pellucid.errors import SettingError
from pellucid.predict.views import views

QUICK = {"model": "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3 softmax", "epochs": 2}
SEEN = pl.AugmentSpec(shift=0.13, rotation=10)


@pytest.fixture(scope="module")
def run(bars: DataSplits) -> pl.Run:
    return pl.fit(bars, test_time_augmentation=SEEN, **QUICK)


def calibrated(run: pl.Run, probabilities: torch.Tensor) -> torch.Tensor:
    return (probabilities.log() / run.record.temperature).softmax(1)


def test_the_answer_is_the_mean_probability_over_the_views(bars: DataSplits, run: pl.Run) -> None:
    images = bars.test.images[:5]
    each = [run.logits(view).softmax(1) for view in views(as_input(torch.from_numpy(images)), SEEN)]
    assert len(each) == 7
    assert np.allclose(run.probabilities(images), calibrated(run, torch.stack(each).mean(0)), atol=1e-6)


def test_training_is_as_without(bars: DataSplits, run: pl.Run) -> None:
    plain = pl.fit(bars, **QUICK)
    assert all(torch.equal(a, b) for a, b in zip(run.model.parameters(), plain.model.parameters(), strict=True))
    assert run.history["val_loss"] == plain.history["val_loss"]
    assert not np.allclose(run.probabilities(bars.test.images), plain.probabilities(bars.test.images))


def test_scores_are_of_the_answers(bars: DataSplits, run: pl.Run) -> None:
    validation = run.record.results.validation
    judged = run.evaluate(split="validation")
    assert (judged.loss, judged.accuracy) == pytest.approx((validation.loss, validation.accuracy))
    assert validation.loss != run.history["val_loss"][-1]


def test_a_vote_is_averaged_over_its_members_and_views(bars: DataSplits) -> None:
    vote = pl.fit(bars, test_time_augmentation="shift=0.13", vote=2, **QUICK)
    images = bars.test.images[:5]
    seen = list(views(as_input(torch.from_numpy(images)), pl.AugmentSpec(shift=0.13)))
    with torch.inference_mode():
        each = [member(view).softmax(1) for member in vote.model.members for view in seen]
    assert np.allclose(vote.probabilities(images), calibrated(vote, torch.stack(each).mean(0)), atol=1e-6)


def test_a_saved_run_answers_as_before(bars: DataSplits, run: pl.Run, tmp_path: Path) -> None:
    run.save(tmp_path / "run")
    loaded = pl.load_run(tmp_path / "run")
    assert loaded.record.train.test_time_augmentation == SEEN
    assert np.array_equal(loaded.probabilities(bars.test.images), run.probabilities(bars.test.images))


def test_maps_are_of_the_network_alone(run: pl.Run, bars: DataSplits) -> None:
    image = bars.test.images[0]
    explained = pl.attribute(run, image, method="saliency")
    alone = run.probabilities(image[None], alone=True)[0]
    assert explained.probability == alone.max()
    assert not np.allclose(alone, run.probabilities(image[None])[0], atol=1e-4)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            "shift=0.1,noise=0.1,elastic=1",
            "takes shift, rotation, scale, shear, horizontal_flip; received elastic, noise",
        ),
        ("shift=0.1,probability=0.5", "received probability"),
        ("turn=5", "Unknown setting 'turn'"),
    ],
)
def test_what_has_no_sides_is_refused(bars: DataSplits, given: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        pl.fit(bars, test_time_augmentation=given, **QUICK)
