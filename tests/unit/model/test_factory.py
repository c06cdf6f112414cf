"""What a module of the user's is tried for before it is trained, and on which terms it is used."""

import copy

import pytest
import torch
from torch import nn

from pellucid.device import place
from pellucid.errors import SpecError
from pellucid.model.factory import build_from_factory
from pellucid.model.terms import OWN, Terms, terms_of
from pellucid.model.vote import Vote
from pellucid.spec.model import FactorySpec
from pellucid.train.reorder import pooled_first

SPEC = FactorySpec(factory="nets:make", input_shape=(8, 8, 1), classes=3)


class Convolved(nn.Module):
    """A convolution, pooling and a line; how the maps become a vector is to be said."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.pool, self.fc = nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), nn.Linear(4 * 3 * 3, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.fc(self.vector(self.pool(torch.relu(self.conv(images)))))

    def vector(self, maps: torch.Tensor) -> torch.Tensor:
        return maps.flatten(1)


class Viewed(Convolved):
    def vector(self, maps: torch.Tensor) -> torch.Tensor:
        return maps.view(-1, 4 * 3 * 3)


def with_batch_norm() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3))


class TwoOutputs(Convolved):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits = super().forward(images)
        return (logits, logits) if self.training else logits


class Squeezed(Convolved):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images).squeeze()


class FailsInTraining(Convolved):
    def vector(self, maps: torch.Tensor) -> torch.Tensor:
        if self.training:
            raise ValueError("not now.")
        return super().vector(maps)


class Detached(Convolved):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images).detach()


class HeadFails(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(5, 3))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(images)


class SometimesLazy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.line, self.other = nn.Linear(64, 3), nn.LazyLinear(3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.other(images.flatten(1)) if self.training else self.line(images.flatten(1))


@pytest.mark.parametrize(
    ("factory", "terms"),
    [
        (Convolved, Terms("nets:make")),
        (Viewed, Terms("nets:make", memory_format="contiguous_format")),
        (with_batch_norm, Terms("nets:make", least_batch=2)),
        (lambda: nn.Sequential(Convolved(), nn.Softmax(dim=1)), Terms("nets:make", gives_probabilities=True)),
        (lambda: nn.Sequential(Convolved(), nn.LogSoftmax(dim=1)), Terms("nets:make")),
        (lambda: nn.Sequential(Convolved(), nn.Sigmoid()), Terms("nets:make")),
    ],
)
def test_the_trial_finds_what_a_module_needs(factory, terms: Terms) -> None:
    module = build_from_factory(factory, SPEC)
    assert terms_of(module) == terms_of(Vote([module, module])) == terms_of(copy.deepcopy(module)) == terms
    assert terms_of(nn.Flatten()) == OWN == Terms("", "channels_last", 1, gives_probabilities=False)


def test_a_module_is_used_in_the_order_that_it_needs() -> None:
    images = torch.rand(20, 8, 8, 1).permute(0, 3, 1, 2)  # as batches come
    module = place(build_from_factory(Viewed, SPEC), torch.device("cpu"))
    assert module.conv.weight.is_contiguous()
    for network in (module, module.train(), copy.deepcopy(module), Vote([module])):
        assert network(images).shape == (20, 3)
    twin = place(build_from_factory(Convolved, SPEC), torch.device("cpu"))
    assert torch.allclose(twin(images), module(images), atol=1e-6)
    assert list(twin.state_dict()) == list(module.state_dict()) == list(Viewed().state_dict())


def test_without_need_the_fast_order_stays() -> None:
    spec = FactorySpec(factory="nets:colours", input_shape=(8, 8, 3), classes=3)
    module = build_from_factory(lambda: nn.Sequential(nn.Conv2d(3, 3, 8), nn.Flatten()), spec)
    assert module[0].weight.is_contiguous()
    assert place(module, torch.device("cpu"))[0].weight.is_contiguous(memory_format=torch.channels_last)


class Seeing(nn.Module):
    """Makes vectors of maps by ``view``."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps.view(len(maps), -1)


def test_a_sequence_keeps_its_terms_and_names_where_pooling_goes_first() -> None:
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), Seeing(), nn.Linear(36, 3))
    module = build_from_factory(lambda: module, SPEC)
    reordered = pooled_first(place(module, torch.device("cpu")))
    images = torch.rand(20, 8, 8, 1).permute(0, 3, 1, 2)
    assert reordered is not module
    assert terms_of(reordered) == terms_of(module) == Terms("nets:make", "contiguous_format")
    assert torch.equal(reordered(images), module(images))
    assert [name for name, _ in reordered.named_children()] == ["0", "2", "1", "3", "4"]


def test_the_trial_leaves_no_trace() -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.calls = with_batch_norm(), 0
            self.body[2].eval()  # as one that is frozen
            self.register_buffer("seen", torch.zeros(()), persistent=False)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            if self.training:
                self.calls, self.seen = self.calls + 1, self.seen + 1
            self.last = images
            return self.body(images)

    made: list[nn.Module] = []

    def make() -> nn.Module:
        made.append(Counting())
        before.update({name: value.clone() for name, value in made[-1].state_dict().items()})
        return made[-1]

    before: dict[str, torch.Tensor] = {}
    generator = torch.get_rng_state()
    module = build_from_factory(make, SPEC)
    assert torch.equal(torch.get_rng_state(), generator)
    assert module is made[0]
    assert len(made) == 1
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert (module.calls, float(module.seen), module.training) == (0, 0.0, True)
    assert not module.last.requires_grad
    assert all(weight.grad is None for weight in module.parameters())
    assert module.body[2].num_batches_tracked == 0


def test_the_weights_are_those_of_the_seed_whatever_the_trial_draws() -> None:
    def make() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.LazyLinear(8), nn.Dropout(0.5), nn.LazyBatchNorm1d(), nn.LazyLinear(3))

    one, other = (build_from_factory(make, SPEC, seed=3) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))
    assert one[3].num_batches_tracked == 0


def test_a_module_that_is_given_twice_is_tried_anew() -> None:
    module = Viewed()
    for _ in range(2):
        assert terms_of(build_from_factory(lambda: module, SPEC)).memory_format == "contiguous_format"
    assert len(module._forward_pre_hooks) == 1


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (
            TwoOutputs,
            "nets:make must give logits [batch, 3] for 2 at once in training mode; received a tuple. "
            "Return the logits alone, in training too; torchvision's networks do with aux_logits=False.",
        ),
        (Squeezed, "nets:make must give logits [batch, 3] for 1 at once in evaluation mode; received [3]."),
        (
            FailsInTraining,
            "nets:make must take float images [batch, 1, 8, 8], 2 at once in training mode; received ValueError: not "
            "now (in test_factory.py line 57). Try the module by itself on torch.rand(2, 1, 8, 8).",
        ),
        (Detached, "2 at once in training mode; received RuntimeError: element 0 of tensors does not require grad"),
        (
            HeadFails,
            "nets:make must take float images [batch, 1, 8, 8]; received RuntimeError: mat1 and mat2 shapes cannot be "
            "multiplied (2x64 and 5x3) (in head.1, a Linear, test_factory.py line ",
        ),
        (SometimesLazy, "nets:make must use all of its lazy layers in evaluation mode too. Give the others"),
    ],
)
def test_what_would_fail_in_training_is_said_before(factory, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        build_from_factory(factory, SPEC)
    assert message in str(caught.value)


def test_the_cause_is_chained() -> None:
    with pytest.raises(SpecError) as caught:
        build_from_factory(FailsInTraining, SPEC)
    assert isinstance(caught.value.__cause__, ValueError)
