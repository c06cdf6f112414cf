"""One table over every explainer and kind of network: a result comes out, and no trace is left."""

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
from pellucid.interpret.feature_maps import feature_maps
from pellucid.interpret.filters import filters_of
from pellucid.interpret.layers import convolutions_of
from pellucid.interpret.maximize import ascent as ascents
from pellucid.interpret.maximize import class_targets, filter_targets, fit_prior, maximize
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
    """All that an explainer could leave behind."""
    model = predictor.model
    return {
        "modes": [module.training for module in model.modules()],
        "hooks": [
            (*module._forward_hooks, *module._forward_pre_hooks, *module._backward_hooks, *module._backward_pre_hooks)
            for module in model.modules()
        ],
        "trained": [weight.requires_grad for weight in model.parameters()],
        "weights": [id(weight) for weight in model.parameters()],
        "gradients": [id(weight.grad) for weight in model.parameters()],
        "gradient bits": [None if weight.grad is None else bits(weight.grad) for weight in model.parameters()],
        "weight bits": {name: bits(value) for name, value in model.state_dict().items()},
        # Python's own generator is left out: beartype, which checks annotations here, draws from it.
        "random numbers": (bits(torch.get_rng_state()), np.random.get_state()[1].tobytes()),  # noqa: NPY002
        "gradients wanted": torch.is_grad_enabled(),
        "cudnn": (torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark),
    }


def bits(tensor: torch.Tensor) -> bytes:
    return tensor.detach().cpu().numpy().tobytes()


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


def failed_passes(predictor: pl.Predictor, layer: nn.Module, explain: Callable[[], object]) -> int:
    """Let an explainer fail in its first pass through a layer, then in its second, and so on until it comes through."""
    for passes in range(50):
        left = iter(range(passes))

        def fail(*_: Any, left: Any = left) -> None:
            if next(left, None) is None:
                raise ZeroDivisionError

        with layer.register_forward_hook(fail):
            before = state(predictor)
            try:
                explain()
            except ZeroDivisionError:
                continue
            finally:
                assert state(predictor) == before
        return passes
    raise AssertionError("it makes more than 50 passes")


@pytest.mark.parametrize(("method", "kind"), TABLE)
def test_no_trace_is_left_when_any_pass_fails(made: Callable[..., pl.Predictor], method: str, kind: str) -> None:
    predictor = made(kind)
    image, last = image_for(predictor), list(predictor.model.modules())[-1]
    assert failed_passes(predictor, last, lambda: attribute(predictor, image, method)) >= 2


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


def images_for(predictor: pl.Predictor, count: int = 12) -> np.ndarray:
    shape = (count, *predictor.record.input_shape)
    return np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)


def first_convolution(predictor: pl.Predictor) -> str:
    return next(iter(convolutions_of(predictor.model)))


def pictures(predictor: pl.Predictor, targets: list, **settings: Any) -> list[np.ndarray]:
    """What maximisation gives; all of it lies in [0, 1]."""
    made = maximize(predictor, targets, starts=2, steps=3, **settings)
    assert made.images.shape == (len(targets), 2, *predictor.record.input_shape)
    assert 0 <= made.images.min() <= made.images.max() <= 1
    return [made.images, made.activations, made.history]


def filter_values(predictor: pl.Predictor, images: np.ndarray | None) -> list[np.ndarray]:
    found = filters_of(predictor, None, images)
    own = predictor.model.get_submodule(first_convolution(predictor)).weight.detach().numpy()
    assert np.array_equal(found.kernels, own.transpose(0, 2, 3, 1))
    return [found.kernels, np.array([filter_.norm for filter_ in found.filters]), np.array(found.dead)]


def map_values(predictor: pl.Predictor) -> list[np.ndarray]:
    layers = feature_maps(predictor, image_for(predictor))
    assert layers[-1].values.sum() == pytest.approx(1)  # the probabilities
    return [layer.values for layer in layers]


EXPLAINERS: dict[str, Callable[[pl.Predictor], list[np.ndarray]]] = {
    "filters by their weights": lambda predictor: filter_values(predictor, None),
    "filters on images": lambda predictor: filter_values(predictor, images_for(predictor)),
    "feature maps": map_values,
    "raw pictures of classes": lambda predictor: pictures(predictor, class_targets(predictor), method="raw"),
    "pictures of classes in waves": lambda predictor: pictures(predictor, class_targets(predictor)),
    "pictures of classes with a prior": lambda predictor: pictures(
        predictor, class_targets(predictor), prior=fit_prior(images_for(predictor), components=3)
    ),
    "pictures of filters": lambda predictor: pictures(
        predictor, filter_targets(predictor, first_convolution(predictor))
    ),
}
WITHOUT_CONVOLUTIONS = ("pooling alone", *WITHOUT_MAPS)
OF_CONVOLUTIONS = ("filters by their weights", "filters on images", "pictures of filters")
WIDER_TABLE = [
    (explainer, kind)
    for kind in KINDS
    for explainer in EXPLAINERS
    if not (explainer in OF_CONVOLUTIONS and kind in WITHOUT_CONVOLUTIONS)
]


def test_every_way_to_maximise_is_in_the_table() -> None:
    assert set(ascents.METHODS) == {"raw", "constrained"}  # a new one needs a row in EXPLAINERS


@pytest.mark.parametrize(("explainer", "kind"), WIDER_TABLE)
def test_a_result_comes_out_and_no_trace_is_left(made: Callable[..., pl.Predictor], explainer: str, kind: str) -> None:
    predictor = made(kind)
    before = state(predictor)
    found = EXPLAINERS[explainer](predictor)
    assert state(predictor) == before
    assert all(np.isfinite(values).all() for values in found)
    again = EXPLAINERS[explainer](predictor)
    assert [values.tobytes() for values in again] == [values.tobytes() for values in found]


PASSING = [(explainer, kind) for explainer, kind in WIDER_TABLE if explainer != "filters by their weights"]


@pytest.mark.parametrize(("explainer", "kind"), PASSING)
def test_no_trace_is_left_when_any_pass_of_these_fails(
    made: Callable[..., pl.Predictor], explainer: str, kind: str
) -> None:
    predictor = made(kind)
    layer = list(predictor.model.modules())[-1]
    if explainer in OF_CONVOLUTIONS:  # which need not go on to the end
        layer = predictor.model.get_submodule(first_convolution(predictor))
    assert failed_passes(predictor, layer, lambda: EXPLAINERS[explainer](predictor)) >= 1


@pytest.mark.parametrize("kind", WITHOUT_CONVOLUTIONS)
@pytest.mark.parametrize("images", [False, True])
def test_networks_without_convolutions_have_no_filters(
    made: Callable[..., pl.Predictor], kind: str, images: bool
) -> None:
    predictor = made(kind)
    before = state(predictor)
    with pytest.raises(RunError, match="convolution"):
        filters_of(predictor, None, images_for(predictor) if images else None)
    assert state(predictor) == before


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
