import json
import math
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from pellucid.batches.images import DeviceImages, shuffled
from pellucid.data.dataset import DataSplits
from pellucid.device import place
from pellucid.errors import TrainingError
from pellucid.model.build import build
from pellucid.model.frozen import freeze
from pellucid.run.history import Epoch
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.model import ModelSpec
from pellucid.spec.train import SGD, Cosine, TrainSpec
from pellucid.train.callbacks import Callback, Outcome, Patience, Plan
from pellucid.train.interrupt import Stop
from pellucid.train.learner import Learner, Progress
from pellucid.train.loop import measure, train, update
from pellucid.train.members import Training, train_members
from pellucid.train.optimizers import Optimizer
from pellucid.train.placed import PlacedSplit
from pellucid.train.tally import Tally

CPU = torch.device("cpu")
SPEC = ModelSpec.from_shorthand("conv 4 3x3 relu, maxpool 2x2, flatten, dropout 0.3, dense 3 softmax", (8, 8, 1))
ROWS = torch.arange(50)


def split(bars: DataSplits, rows: torch.Tensor = ROWS) -> PlacedSplit:
    return PlacedSplit(DeviceImages(bars.train, CPU), rows)


def fitted(
    model: nn.Module,
    images: PlacedSplit,
    validation: PlacedSplit | None,
    spec: TrainSpec,
    precision: str = "fp32",
    **how: Any,
) -> Outcome:
    return train_members(Training(model, spec, precision), images, validation, **how)[1]


class Listener(Callback):
    def __init__(self) -> None:
        self.heard: list = []

    def on_train_begin(self, plan: Plan) -> None:
        self.heard.append(plan)

    def on_step_end(self, epoch: int, step: int, loss: torch.Tensor) -> None:
        self.heard.append((epoch, step))

    def on_epoch_end(self, epoch: Epoch) -> None:
        self.heard.append(epoch)

    def on_train_end(self, outcome: Outcome) -> None:
        self.heard.append(outcome)


class StopAt(Callback):
    def __init__(self, stop: Stop, epoch: int, step: int) -> None:
        self.stop, self.at = stop, (epoch, step)

    def on_step_end(self, epoch: int, step: int, loss: torch.Tensor) -> None:
        self.stop.requested = (epoch, step) == self.at


def test_every_image_is_seen_once_an_epoch_and_the_rest_makes_a_batch_of_its_own(bars: DataSplits) -> None:
    listener = Listener()
    spec = TrainSpec(epochs=2, batch_size=16)
    outcome = fitted(build(SPEC), split(bars), None, spec, callbacks=[listener])
    plan, *middle, told = listener.heard
    assert plan == Plan(epochs=2, steps_per_epoch=4, images_per_epoch=50)
    assert [heard for heard in middle if isinstance(heard, tuple)] == [(e, s) for e in (1, 2) for s in (1, 2, 3, 4)]
    assert [heard for heard in middle if isinstance(heard, Epoch)] == outcome.history.epochs
    assert told is outcome
    assert (outcome.steps, outcome.ending) == (8, "finished")


def test_the_history_is_the_mean_over_images_before_each_update(bars: DataSplits) -> None:
    data, validation = DeviceImages(bars.train, CPU), split(bars, torch.arange(100, 140))
    plain = ModelSpec.from_shorthand("flatten, dense 3", (8, 8, 1))
    spec = TrainSpec(epochs=1, batch_size=16, learning_rate=0.1, optimizer=SGD(), schedule=Cosine())
    row = fitted(build(plain), PlacedSplit(data, ROWS), validation, spec).history.epochs[0]

    twin = build(plain).train()
    optimizer = Optimizer(twin.parameters(), spec.optimizer)
    losses, right = 0.0, 0
    for step, rows in enumerate(shuffled(ROWS, spec.seed, 1).split(16)):
        images, labels = data.batch(rows)
        loss, logits = update(twin, optimizer, images, labels, spec.learning_rate_at(step, 4))
        losses += loss.item() * len(rows)
        right += int((logits.argmax(dim=1) == labels).sum())
    assert row.loss == pytest.approx(losses / 50, rel=1e-6)
    assert row.accuracy == right / 50
    assert (row.val_loss, row.val_accuracy) == pytest.approx(measure(twin, validation))
    assert row.learning_rate == spec.learning_rate_at(3, 4)


def test_the_same_seed_gives_the_same_weights_to_the_bit(bars: DataSplits) -> None:
    def weights(seed: int, noise: int) -> torch.Tensor:
        torch.manual_seed(noise)  # whatever ran before
        model = build(SPEC, seed)
        fitted(model, split(bars), None, TrainSpec(epochs=2, batch_size=16, seed=seed))
        return nn.utils.parameters_to_vector(model.parameters())

    assert torch.equal(weights(0, noise=1), weights(0, noise=2))
    assert not torch.equal(weights(0, noise=1), weights(1, noise=1))


def test_measuring_uses_no_dropout_and_moves_no_averages(bars: DataSplits) -> None:
    model = build(ModelSpec.from_shorthand("flatten, batchnorm, dropout 0.9, dense 3", (8, 8, 1))).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert measure(model, split(bars)) == measure(model, split(bars))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert measure(model, None) == (None, None)


def test_a_request_stops_before_the_next_update(bars: DataSplits) -> None:
    stop, listener = Stop(), Listener()
    spec = TrainSpec(epochs=3, batch_size=16)
    callbacks = [StopAt(stop, 2, 3), listener]
    outcome = fitted(build(SPEC), split(bars), None, spec, callbacks=callbacks, stop=stop)
    assert outcome.interrupted
    assert outcome.steps == 4 + 3
    assert len(outcome.history.epochs) == 1
    assert listener.heard[-1] is outcome


class Explode(nn.Module):
    """Gives NaN logits at one update, counted from 1."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.line, self.at, self.calls = nn.Linear(64, 3), at, 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.calls += self.training
        return self.line(images.flatten(1)) * (math.nan if self.calls == self.at else 1.0)


@pytest.mark.parametrize(
    ("at", "place"), [(1, "epoch 1, step 1 of 60"), (51, "epoch 1, step 51"), (60, "epoch 1, step 60")]
)
def test_a_loss_that_is_not_finite_is_named_with_its_step(bars: DataSplits, at: int, place: str) -> None:
    spec, listener = TrainSpec(epochs=2, batch_size=4, optimizer=SGD(momentum=0.0)), Listener()
    with pytest.raises(TrainingError) as caught:
        fitted(Explode(at), split(bars, torch.arange(240)), None, spec, callbacks=[listener])
    assert f"The loss must be finite; received nan in {place}" in str(caught.value)
    assert "Try a tenth of the learning rate" in str(caught.value)
    assert listener.heard[-1].ending == "failed"


@pytest.mark.parametrize("stopped", [False, True])
def test_weights_that_the_last_update_spoiled_are_refused(bars: DataSplits, stopped: bool) -> None:
    stop = Stop()
    spec = TrainSpec(epochs=1, batch_size=25 if stopped else 50, learning_rate=1e38, optimizer=SGD(momentum=0.0))
    callbacks = [StopAt(stop, 1, 1)] if stopped else []
    model = build(ModelSpec.from_shorthand("conv 4 3x3, flatten, dense 3", (8, 8, 1)))
    with torch.no_grad():
        model.get_submodule("dense_1").weight.mul_(1e8)
    with pytest.raises(TrainingError, match="The weights must be finite; received others in"):
        fitted(model, split(bars), None, spec, callbacks=callbacks, stop=stop)


def test_all_hear_of_the_end_even_if_one_fails_at_the_beginning(bars: DataSplits) -> None:
    class Fails(Callback):
        def on_train_begin(self, plan: Plan) -> None:
            raise ZeroDivisionError

        def on_train_end(self, outcome: Outcome) -> None:
            raise ZeroDivisionError

    listener = Listener()
    with pytest.raises(ZeroDivisionError):
        fitted(build(SPEC), split(bars), None, TrainSpec(), callbacks=[Fails(), listener])
    assert listener.heard[-1] == Outcome("failed")


def test_a_validation_loss_that_is_not_finite_is_named(bars: DataSplits) -> None:
    model = build(SPEC)
    with torch.no_grad():
        model.get_submodule("dense_1").weight.fill_(math.inf)
    with pytest.raises(TrainingError, match="The validation loss must be finite; received nan"):
        measure(model, split(bars))


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_trains_fp32_weights(bars: DataSplits, precision: str) -> None:
    model, seen = build(SPEC), set()
    for weight in model.parameters():
        weight.register_post_accumulate_grad_hook(lambda weight: seen.add((weight.dtype, weight.grad.dtype)))
    spec = TrainSpec(epochs=1, batch_size=16)
    outcome = fitted(model, split(bars), None, spec, precision=precision)
    assert math.isfinite(outcome.history["loss"][0])
    assert seen == {(torch.float32, torch.float32)}


class ReadBacks(TorchDispatchMode):
    """Counts what brings a value from the device to the host, for which a GPU would be waited."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func in (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default)
        return func(*args, **kwargs or {})


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_an_epoch_reads_nothing_back(bars: DataSplits, precision: str) -> None:
    read_backs, seen = ReadBacks(), []

    class Counts(Callback):
        def on_step_end(self, epoch: int, step: int, loss: torch.Tensor) -> None:
            seen.append(read_backs.count)

    augmentation = AugmentSpec(shift=0.1, rotation=10, elastic=0.3, erasing=0.5, noise=0.1, contrast=0.1)
    spec = TrainSpec(epochs=1, batch_size=16, augmentation=augmentation)
    with read_backs:
        fitted(build(SPEC), split(bars), None, spec, precision=precision, callbacks=[Counts()])
    assert seen == [seen[0]] * 4
    assert read_backs.count > seen[-1]  # at the epoch's end its means are read, and this is seen


@pytest.mark.gpu
def test_an_epoch_on_a_gpu_waits_for_nothing(bars: DataSplits) -> None:
    cuda = torch.device("cuda")
    data, model, spec = DeviceImages(bars.train, cuda), place(build(SPEC), cuda).train(), TrainSpec(batch_size=16)
    optimizer = Optimizer(model.parameters(), spec.optimizer)
    progress = Progress()
    tally = Tally(progress, [16, 16, 16, 2], spec, 1, cuda)
    batches = ROWS.to(cuda).split(16)
    try:
        for step, rows in enumerate(batches, start=1):
            images, labels = data.batch(rows)
            progress.step = step
            tally.add(*update(model, optimizer, images, labels, rate=0.01), labels)
            torch.cuda.set_sync_debug_mode("error")  # from the second step on, when all is warm
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert math.isfinite(tally.means()[0])


VARIED = "conv 4 3x3, batchnorm, relu, maxpool 2x2, flatten, dropout 0.3, dense 3 softmax"


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("steps", [1, 4, 6])
@pytest.mark.parametrize("lopsided", [False, True])  # with class weights and a frozen layer
def test_a_training_that_is_put_down_anywhere_goes_on_to_the_same_bits(
    bars: DataSplits, steps: int, optimizer: str, precision: str, lopsided: bool
) -> None:
    augmentation, weights = AugmentSpec(shift=0.1, noise=0.1, probability=0.5), "balanced" if lopsided else None
    how = {"epochs": 3, "batch_size": 16, "optimizer": optimizer, "schedule": Cosine(), "class_weights": weights}
    spec = TrainSpec(**how, augmentation=augmentation)
    images, validation, model = (
        split(bars),
        split(bars, torch.arange(100, 140)),
        ModelSpec.from_shorthand(VARIED, (8, 8, 1)),
    )

    def learner() -> Learner:
        network = build(model, 3)
        if lopsided:
            freeze(network.get_submodule("batch_normalization_1"))
        return Learner(network, spec, precision)

    whole, first, second = learner(), learner(), learner()
    train(whole, images, validation, spec, precision=precision)
    train(first, images, validation, spec, precision=precision, until=lambda progress: progress.steps == steps)
    tensors, facts = first.state()
    second.take_up(safetensors.torch.load(safetensors.torch.save(tensors)), json.loads(json.dumps(facts)))
    assert second.progress.steps == steps
    train(second, images, validation, spec, precision=precision)
    (tensors, facts), (wanted, told) = second.state(), whole.state()
    assert tensors.keys() == wanted.keys()
    for name, value in wanted.items():
        assert torch.equal(tensors[name], value), name

    def plain(document: dict[str, Any]) -> dict[str, Any]:
        return document | {"seconds": 0, "epochs": [row | {"seconds": 0} for row in document["epochs"]]}

    assert plain(facts) == plain(told)


def test_a_callback_may_end_the_training(bars: DataSplits) -> None:
    class Enough(Callback):
        def on_step_end(self, epoch: int, step: int, loss: torch.Tensor) -> None:
            self.stop_training = (epoch, step) == (2, 1)

    listener = Listener()
    outcome = fitted(build(SPEC), split(bars), None, TrainSpec(epochs=3, batch_size=16), callbacks=[Enough(), listener])
    assert (outcome.ending, outcome.steps, len(outcome.history.epochs)) == ("stopped", 5, 1)
    assert listener.heard[-1] is outcome


@pytest.mark.parametrize(
    ("losses", "made"),
    [([3, 2, 1, 2, 2, 0], 5), ([1, 1, 1, 0], 3), ([3, 2, 4, 1, 5, 0.5], 6), ([math.nan, 2, 1, 0], 4)],
)
def test_patience_waits_for_a_lower_loss_so_many_epochs(losses: list[float], made: int) -> None:
    patience = Patience(2, epochs_per_network=len(losses))
    heard = 0
    for number, loss in enumerate(losses, start=1):
        patience.on_epoch_end(Epoch(number, 0.0, 0.0, loss, 0.5, 0.1, 1.0))
        heard = number
        if patience.stop_training:
            break
    assert heard == made


def test_patience_waits_for_each_network_of_a_vote_anew() -> None:
    patience, stopped = Patience(1, epochs_per_network=3), []
    for number, loss in [(1, 0.1), (2, 0.2), (4, 0.9), (5, 0.8), (6, 0.85)]:
        patience.on_epoch_end(Epoch(number, 0.0, 0.0, loss, 0.5, 0.1, 1.0))
        stopped.append(patience.stop_training)
    assert stopped == [False, True, False, False, True]
