import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.errors import SettingError
from pellucid.model.vote import Vote, members_of

MODEL = "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3 softmax"
QUICK = {"model": MODEL, "epochs": 2, "batch_size": 32}


class Interrupt(pl.Callback):
    """Presses Ctrl-C in an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_step_end(self, epoch: int, step: int, loss: torch.Tensor) -> None:
        if (epoch, step) == (self.epoch, 3):
            os.kill(os.getpid(), signal.SIGINT)


class Linear(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.Flatten(), nn.Linear(64, 3))


def test_the_answer_is_the_mean_of_the_members_probabilities(bars: DataSplits) -> None:
    run = pl.fit(bars, vote=3, **QUICK)
    images = bars.test.images[:5]
    record = run.record.model_copy(update={"calibration": None})  # the temperature is of the vote as a whole
    vote, *each = [
        pl.Predictor(network, record, run.device).probabilities(images)
        for network in (run.model, *members_of(run.model))
    ]
    assert len(each) == 3
    assert np.allclose(vote, np.mean(each, axis=0), atol=1e-6)
    assert not np.allclose(each[0], each[1], atol=1e-3)


def test_the_first_member_is_the_network_of_the_seed_alone(bars: DataSplits) -> None:
    alone, vote = pl.fit(bars, seed=4, **QUICK), pl.fit(bars, seed=4, vote=2, **QUICK)
    first = members_of(vote.model)[0]
    assert members_of(alone.model) == [alone.model]
    for name, weight in alone.model.state_dict().items():
        assert torch.equal(weight, first.state_dict()[name])
    assert vote.history.epochs[1].val_loss == alone.history.epochs[1].val_loss


def test_epochs_are_counted_through_and_the_vote_is_validated_as_a_whole(bars: DataSplits) -> None:
    vote = pl.fit(bars, vote=2, **QUICK)
    results = vote.record.results
    assert vote.history["epoch"] == [1, 2, 3, 4]
    assert (results.epochs, results.steps) == (4, 4 * 7)
    whole = vote.evaluate(split="validation")
    assert (results.validation.loss, results.validation.accuracy) == pytest.approx((whole.loss, whole.accuracy))
    # Each member's learning rate runs its whole schedule.
    cosine = pl.fit(bars, vote=2, schedule="cosine", **QUICK)
    assert cosine.history["learning_rate"][:2] == cosine.history["learning_rate"][2:]


@pytest.mark.parametrize("model", [MODEL, Linear], ids=["specification", "factory"])
def test_a_saved_vote_answers_as_before(bars: DataSplits, tmp_path: Path, model) -> None:
    run = pl.fit(bars, model=model, epochs=1, vote=2, out=tmp_path / "run")
    assert run.record.train.vote == 2
    if model is MODEL:
        loaded = pl.load_run(tmp_path / "run")
        assert np.array_equal(loaded.probabilities(bars.test.images), run.probabilities(bars.test.images))
        assert loaded.history == run.history
    else:
        assert isinstance(run.model, Vote)


@pytest.mark.parametrize(("epoch", "kept"), [(1, 1), (4, 1), (5, 2)])
def test_an_interrupted_vote_keeps_the_members_that_were_finished(bars: DataSplits, epoch: int, kept: int) -> None:
    run = pl.fit(bars, vote=3, callbacks=[Interrupt(epoch=epoch)], **QUICK)
    assert run.record.status == "interrupted"
    assert run.record.train.vote == len(members_of(run.model)) == kept
    assert run.record.results.validation is None
    finished = (epoch - 1) // QUICK["epochs"] * QUICK["epochs"]
    assert len(run.history.epochs) == run.record.results.epochs == finished
    assert run.evaluate().count == 90


def test_a_vote_of_none_is_refused(bars: DataSplits) -> None:
    with pytest.raises(SettingError, match="vote must be"):
        pl.fit(bars, vote=0, **QUICK)


def test_unlikely_classes_keep_finite_logarithms() -> None:
    sure = nn.Sequential(nn.Flatten(), nn.Linear(1, 2))
    nn.init.constant_(sure[1].bias, 0.0)
    with torch.no_grad():
        sure[1].weight.copy_(torch.tensor([[500.0], [-500.0]]))
    logits = Vote([sure, sure])(torch.ones(1, 1, 1, 1))
    assert logits.isfinite().all()
    assert logits[0].tolist() == pytest.approx([0.0, -1000.0])


def test_members_that_wait_are_put_down_however_their_weights_lie_in_memory(bars: DataSplits, tmp_path: Path) -> None:
    model = "conv 4 3x3 relu, conv 4 3x3 relu, flatten, dense 3"  # channels last in memory, as of several channels
    run = pl.fit(bars, vote=2, out=tmp_path / "run", **QUICK | {"model": model})
    assert run.record.status == "done"
