import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from pellucid.errors import DeviceError, SpecError
from pellucid.model.build import build
from pellucid.model.factory import build_from_factory
from pellucid.spec.model import FactorySpec, ModelSpec
from pellucid.spec.recipes import fast, tutorial

SHAPE = (28, 28, 1)


def test_the_tutorial_has_readable_names_and_the_seeds_parameters() -> None:
    model = build(tutorial(SHAPE, 10).model)
    assert list(model.state_dict()) == [
        "conv2d_1.weight",
        "conv2d_1.bias",
        "conv2d_2.weight",
        "conv2d_2.bias",
        "dense_1.weight",
        "dense_1.bias",
    ]
    assert sum(weight.numel() for weight in model.parameters()) == 34_826
    assert "conv2d_1_relu" in dict(model.named_children())


def test_every_step_of_the_walk_is_a_module_with_that_output() -> None:
    spec = fast(SHAPE, 10).model
    model, values = build(spec).eval(), torch.rand(2, 1, 28, 28)
    steps = {step.name: step for step in spec.walk()}
    for name, module in model.named_children():
        values = module(values)
        if name in steps:
            shape = steps[name].output_shape
            assert tuple(values.shape[1:]) == (shape if len(shape) == 1 else (shape[2], shape[0], shape[1]))


@pytest.mark.parametrize("network", ["conv 4 3x3 relu, maxpool 2x2, dropout 0.5, flatten, dense 3", "flatten, dense 3"])
def test_the_peak_of_activations_is_what_the_modules_take_and_give(network: str) -> None:
    spec = ModelSpec.from_shorthand(network, (9, 9, 2))
    model, values, peak = build(spec).eval(), torch.rand(1, 9, 9, 2).permute(0, 3, 1, 2), 0
    for module in model:
        given, values = values, module(values)
        peak = max(peak, given.numel() + (values.numel() if values.data_ptr() != given.data_ptr() else 0))
    assert max(step.held_values for step in spec.walk()) == peak


def test_a_final_softmax_is_not_built() -> None:
    model = build(ModelSpec.from_shorthand("flatten, dense 3, softmax", (2, 2, 1)))
    assert list(dict(model.named_children())) == ["flatten_1", "dense_1"]
    assert not any(isinstance(module, nn.Softmax) for module in build(tutorial(SHAPE, 10).model).modules())


def test_weights_are_glorot_uniform_and_biases_zero() -> None:
    model = build(ModelSpec.from_shorthand("conv 64 3x3, flatten, dense 10", (16, 16, 3)))
    convolution, dense = model.get_submodule("conv2d_1"), model.get_submodule("dense_1")
    for layer, fan_in, fan_out in [(convolution, 27, 576), (dense, 14 * 14 * 64, 10)]:
        limit = (6 / (fan_in + fan_out)) ** 0.5
        assert layer.weight.abs().max() <= limit
        assert layer.weight.std().item() == pytest.approx(limit / 3**0.5, rel=0.05)
        assert not layer.bias.any()


def test_the_seed_decides_the_weights_and_nothing_else_does() -> None:
    spec = tutorial(SHAPE, 10).model
    first, state = build(spec, seed=1), torch.get_rng_state()
    torch.rand(3)
    again, other = build(spec, seed=1), build(spec, seed=2)
    assert torch.equal(first.get_submodule("dense_1").weight, again.get_submodule("dense_1").weight)
    assert not torch.equal(first.get_submodule("dense_1").weight, other.get_submodule("dense_1").weight)
    torch.set_rng_state(state)
    build(spec)
    assert torch.equal(torch.get_rng_state(), state)


class Small(nn.Module):
    def __init__(self, classes: int, input_shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.line = nn.Linear(input_shape[0] * input_shape[1] * input_shape[2], classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.line(images.flatten(1))


def spec_of(factory: str, classes: int = 3) -> FactorySpec:
    return FactorySpec(factory=factory, input_shape=(4, 4, 1), classes=classes)


def test_a_factory_gets_the_shape_and_classes_it_asks_for() -> None:
    assert build_from_factory(Small, spec_of("a:b"))(torch.zeros(2, 1, 4, 4)).shape == (2, 3)
    assert isinstance(build_from_factory(lambda: Small(3, (4, 4, 1)), spec_of("a:b")), Small)


def test_a_factorys_weights_follow_from_the_seed() -> None:
    state = torch.get_rng_state()
    weights = [build_from_factory(Small, spec_of("a:b"), seed).line.weight for seed in (1, 1, 2)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert torch.equal(torch.get_rng_state(), state)


def test_lazy_layers_learn_from_the_seeds_weights() -> None:
    made = [build_from_factory(lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(3)), spec_of("a:b")) for _ in "ab"]
    assert torch.equal(made[0][1].weight, made[1][1].weight)
    made[0](torch.ones(2, 1, 4, 4)).sum().backward()
    assert made[0][1].weight.grad.abs().sum() > 0


def test_a_factory_is_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_nets.py").write_text(
        "from torch import nn\n"
        "class Nets:\n"
        "    @staticmethod\n"
        "    def small(classes):\n"
        "        return nn.Sequential(nn.Flatten(), nn.Linear(16, classes))\n"
        "number = 5\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert isinstance(build(spec_of("own_nets:Nets.small")), nn.Sequential)
    with pytest.raises(SpecError, match="The factory own_nets:number must be callable; received int"):
        build(spec_of("own_nets:number"))
    with pytest.raises(
        SpecError, match="The factory own_nets:absent must be importable; received AttributeError: module"
    ):
        build(spec_of("own_nets:absent"))
    sys.modules.pop("own_nets", None)


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (lambda: 5, "here:made must return a torch.nn.Module; received int."),
        (lambda: nn.Sequential(nn.Flatten(), nn.AvgPool1d(5, 5)), "here:made must have something to learn"),
        (lambda: 1 / 0, "The factory here:made must not fail; received ZeroDivisionError: division by zero."),
        (nn.Flatten, "here:made must give logits [batch, 3]; received [2, 16]."),
        (
            lambda: nn.Linear(5, 3),
            "here:made must take float images [batch, 1, 4, 4]; received RuntimeError: mat1 and mat2",
        ),
    ],
)
def test_a_factory_whose_module_does_not_fit_is_refused(factory, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        build_from_factory(factory, spec_of("here:made"))
    assert message in str(caught.value)


def test_a_missing_factory_module_is_named() -> None:
    with pytest.raises(
        SpecError, match="The factory no_such_package.nets:Net must be importable; received ModuleNotFoundError: No"
    ):
        build(spec_of("no_such_package.nets:Net"))


@pytest.mark.parametrize("units", [10**9, 2**31 - 1])
def test_a_network_that_no_memory_holds_is_refused_before_it_is_made(units: int) -> None:
    spec = ModelSpec.from_shorthand(f"flatten, dense {units}, dense 3", (8, 8, 1))
    with pytest.raises(DeviceError, match=r"needs [\d,]+ MiB of memory; this machine has [\d,]+ MiB"):
        build(spec)


def test_a_vote_of_too_many_layers_is_refused_before_it_is_made() -> None:
    spec = ModelSpec.from_shorthand("flatten" + ", dropout 0.1" * 200 + ", dense 3", (8, 8, 1))
    with pytest.raises(SpecError, match="at most 100,000 layers together; received 1,000 with 202 each"):
        build(spec, vote=1000)
