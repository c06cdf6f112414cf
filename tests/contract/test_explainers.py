"""One table over every method of attribution and kind of network: a map comes out, and no trace is left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import pellucid as pl
from pellucid.errors import RunError
from pellucid.interpret.attribution.attribution import attribute
from pellucid.interpret.attribution.methods import METHODS
from pellucid.interpret.attribution.scores import score_maps
from pellucid.model.vote import Vote
from pellucid.run.folder import RunFolder
from pellucid.run.record import RunRecord

GREY, COLOUR = (8, 8, 1), (9, 7, 3)
WITH_MAPS = {
    "one channel": (GREY, "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3 softmax"),
    "colour": (COLOUR, "conv 4 3x3 relu, maxpool 2x2, flatten, dense 3 softmax"),
    "batch norm": (GREY, "conv 4 3x3, batchnorm, relu, dropout 0.5, flatten, dense 3"),
    "global average": (COLOUR, "conv 4 3x3 relu, conv 4 3x3, globalavgpool, dense 3"),
    "global maximum": (GREY, "conv 4 3x3 gelu, globalmaxpool, dense 3"),
    "uneven padding": (COLOUR, "conv 4 4x4 same stride 2 relu, maxpool 2x2 same, flatten, dense 3"),
    "pooling alone": (GREY, "avgpool 2x2, flatten, dense 3"),
}
WITHOUT_MAPS = {"no convolution": (COLOUR, "flatten, dense 5 relu, dense 3 softmax")}
KINDS = (*WITH_MAPS, "in place", "vote", *WITHOUT_MAPS)
TABLE = [
    (method, kind) for kind in KINDS for method, row in METHODS.items() if not (row.layered and kind in WITHOUT_MAPS)
]


def in_place() -> nn.Sequential:
    """A network that nobody wrote for Pellucid: its activations overwrite the maps before them."""
    layers = nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.Conv2d(4, 4, 3), nn.ReLU(inplace=True)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))


def network(kind: str, record: RunRecord) -> tuple[nn.Module, RunRecord]:
    if kind == "in place":
        torch.manual_seed(0)
        return in_place(), record
    shape, layers = (WITH_MAPS | WITHOUT_MAPS | {"vote": WITH_MAPS["one channel"]})[kind]
    spec = pl.ModelSpec.from_shorthand(layers, shape)
    record = record.model_copy(update={"model": spec})
    if kind == "vote":
        train = record.train.model_copy(update={"vote": 2})
        return Vote.of(lambda seed: pl.build(spec, seed), 3, 2), record.model_copy(update={"train": train})
    return pl.build(spec, seed=3), record


@pytest.fixture(scope="module")
def made(bars_run: Path) -> Callable[..., pl.Predictor]:
    record = RunFolder(bars_run).read_record()

    def make(kind: str, device: str = "cpu") -> pl.Predictor:
        predictor = pl.Predictor(*network(kind, record), torch.device(device))
        model = predictor.model.train()
        next(model.children()).eval()
        weights = list(model.parameters())
        weights[0].requires_grad_(False)
        weights[-1].grad = torch.ones_like(weights[-1])
        return predictor

    return make


def image_for(predictor: pl.Predictor) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, predictor.record.input_shape, dtype=np.uint8)


def state(predictor: pl.Predictor) -> dict[str, Any]:
    """All that a method could leave behind."""
    model = predictor.model
    return {
        "modes": [module.training for module in model.modules()],
        "hooks": [
            (*module._forward_hooks, *module._forward_pre_hooks, *module._backward_hooks, *module._backward_pre_hooks)
            for module in model.modules()
        ],
        "trained": [weight.requires_grad for weight in model.parameters()],
        "gradients": [id(weight.grad) for weight in model.parameters()],
        "gradient values": [None if w.grad is None else w.grad.tolist() for w in model.parameters()],
        "weights": {name: value.tolist() for name, value in model.state_dict().items()},
        "random numbers": (torch.get_rng_state().tolist(), np.random.get_state()[1].tolist()),  # noqa: NPY002
        "gradients wanted": torch.is_grad_enabled(),
        "cudnn": (torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark),
    }


@pytest.mark.parametrize(("method", "kind"), TABLE)
def test_a_map_comes_out_and_no_trace_is_left(made: Callable[..., pl.Predictor], method: str, kind: str) -> None:
    predictor = made(kind)
    image, before = image_for(predictor), state(predictor)
    found = attribute(predictor, image, method)
    assert state(predictor) == before
    assert found.values.shape == image.shape[:2]
    assert np.isfinite(found.values).all()
    assert METHODS[method].signed or (found.values >= 0).all()
    assert found.degenerate is None
    assert (found.layer is not None) == METHODS[method].layered
    assert np.array_equal(attribute(predictor, image, method).values, found.values)


@pytest.mark.parametrize(("method", "kind"), TABLE)
def test_no_trace_is_left_when_any_pass_fails(made: Callable[..., pl.Predictor], method: str, kind: str) -> None:
    predictor = made(kind)
    image, last = image_for(predictor), list(predictor.model.modules())[-1]
    failed = 0
    for passes in range(50):
        left = iter(range(passes))

        def fail(*_: Any, left: Any = left) -> None:
            if next(left, None) is None:
                raise ZeroDivisionError

        with last.register_forward_hook(fail):
            before = state(predictor)
            try:
                attribute(predictor, image, method)
            except ZeroDivisionError:
                failed += 1
            else:
                break
            finally:
                assert state(predictor) == before
    assert failed == passes >= 2


@pytest.mark.parametrize("kind", WITHOUT_MAPS)
@pytest.mark.parametrize("method", [name for name, row in METHODS.items() if row.layered])
def test_networks_without_maps_are_told(made: Callable[..., pl.Predictor], method: str, kind: str) -> None:
    predictor = made(kind)
    before = state(predictor)
    with pytest.raises(
        RunError, match=rf"{method} needs a layer with maps larger than 1x1; .* Methods without a layer: s"
    ):
        attribute(predictor, image_for(predictor), method)
    assert state(predictor) == before


@pytest.mark.parametrize("kind", ["batch norm", "vote", "no convolution"])
def test_scores_leave_no_trace(made: Callable[..., pl.Predictor], kind: str) -> None:
    predictor = made(kind)
    image = image_for(predictor)
    maps = [attribute(predictor, image, method) for method, other in TABLE if other == kind]
    before = state(predictor)
    scores = score_maps(predictor, image, maps)
    assert state(predictor) == before
    assert all(score.curves is not None for score in scores.each)


@pytest.mark.parametrize("method", METHODS)
def test_gradients_may_be_off_outside(made: Callable[..., pl.Predictor], method: str) -> None:
    predictor = made("one channel")
    image = image_for(predictor)
    with torch.no_grad():
        values = attribute(predictor, image, method).values
    assert np.array_equal(values, attribute(predictor, image, method).values)


@pytest.mark.gpu
@pytest.mark.parametrize(("method", "kind"), TABLE)
def test_a_gpu_gives_the_same_map(made: Callable[..., pl.Predictor], method: str, kind: str) -> None:
    here, there = made(kind), made(kind, "cuda")
    image, before = image_for(here), state(there)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    target = attribute(here, image, method).target
    expected, found = attribute(here, image, method, target), attribute(there, image, method, target)
    assert state(there)["hooks"] == before["hooks"]
    assert found.values == pytest.approx(expected.values, rel=1e-3, abs=1e-4)
