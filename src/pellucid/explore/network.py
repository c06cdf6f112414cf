"""The network as the page runs it: its layers with their settings, its weights, and what comes behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jaxtyping import Shaped
from numpy import ndarray

from pellucid.errors import RunError
from pellucid.explore.packed import packed
from pellucid.explore.sprite import CHANNELS
from pellucid.export.views import grid_of
from pellucid.language import tell
from pellucid.spec.augment import AugmentSpec
from pellucid.spec.model import FactorySpec, ModelSpec
from pellucid.spec.shapes import Step
from pellucid.trained.run import Run

# The layers that the page can compute.
KNOWN = frozenset({
    "conv2d",
    "max_pooling2d",
    "average_pooling2d",
    "global_max_pooling2d",
    "global_average_pooling2d",
    "flatten",
    "dense",
    "activation",
    "dropout",
    "batch_normalization",
})  # fmt: skip
MOST_MULTIPLY_ADDS = 1_000_000_000  # of one answer, which takes a browser about a second
MOST_WEIGHTS = 10_000_000  # numbers, which make 53 MB of the page


def layers_of(model: ModelSpec | FactorySpec) -> list[dict[str, Any]]:
    """The walk through a network; nothing where it is the user's own code."""
    return [] if isinstance(model, FactorySpec) else _records(model.walk())


def network_of(run: Run) -> dict[str, Any]:
    """What the page needs to answer as the run does.

    Raises:
        RunError: The page cannot run the network; it says why.
    """
    record, model = run.record, run.record.model
    if isinstance(model, FactorySpec):
        raise RunError(
            tell("The network is made by code of its author, {factory}; a page cannot run that.", factory=model.factory)
        )
    weights = {name: tensor.detach().cpu().numpy() for name, tensor in run.model.state_dict().items()}
    return network_record(
        model,
        weights,
        vote=record.train.vote,
        test_time=record.train.test_time_augmentation,
        temperature=record.temperature,
    )


def network_record(
    model: ModelSpec,
    weights: Mapping[str, Shaped[ndarray, ...]],
    *,
    vote: int = 1,
    test_time: AugmentSpec | None = None,
    temperature: float = 1.0,
) -> dict[str, Any]:
    """The same, from its parts.

    Args:
        model: The network.
        weights: Its weights, by the names that they have in the file of a run.
        vote: How many networks vote.
        test_time: How images are varied; None asks about each image as it is.
        temperature: What the logits of the whole are divided by before softmax.

    Raises:
        RunError: The page cannot run the network; it says why.
    """
    spec, moves = model.logits_only(), list(test_time.moves()) if test_time else []
    multiply_adds = spec.multiply_adds * vote * (1 + len(moves))
    _require_known(spec)
    _require_small(multiply_adds, spec.parameters * vote)
    height, width, _ = spec.input_shape
    return {
        "input_shape": list(spec.input_shape),
        "layers": _records(model.walk()),  # the walk shows a last softmax too
        "weights": {name: packed(values) for name, values in weights.items()},
        "vote": vote,
        "temperature": temperature,
        "views": [packed(grid_of(move, height, width)[0]) for move in moves],
        "multiply_adds": multiply_adds,
    }


def _require_known(spec: ModelSpec) -> None:
    unknown = sorted({layer.kind for layer in spec.layers} - KNOWN)
    if unknown:
        raise RunError(tell("A page cannot compute these layers: {layers}.", layers=", ".join(unknown)))
    if spec.input_shape[2] not in CHANNELS:
        raise RunError(
            tell(
                "A page shows grey or colour images, of 1 or 3 channels; this network takes {channels}.",
                channels=spec.input_shape[2],
            )
        )


def _require_small(multiply_adds: int, weights: int) -> None:
    if multiply_adds > MOST_MULTIPLY_ADDS:
        raise RunError(
            tell(
                "A page runs networks of at most {most} multiply-adds an answer; this one has {received}.",
                most=f"{MOST_MULTIPLY_ADDS:,}",
                received=f"{multiply_adds:,}",
            )
        )
    if weights > MOST_WEIGHTS:
        raise RunError(
            tell(
                "A page holds networks of at most {most} weights; this one has {received}.",
                most=f"{MOST_WEIGHTS:,}",
                received=f"{weights:,}",
            )
        )


def _records(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [_record(step) for step in steps]


def _record(step: Step) -> dict[str, Any]:
    layer = step.layer
    windowed = {"margins": layer.margins(step.input_shape)} if hasattr(layer, "padding") else {}
    return {
        **layer.model_dump(mode="json", exclude={"momentum"}),
        "name": step.name,
        "input_shape": list(step.input_shape),
        "output_shape": list(step.output_shape),
        "parameters": step.parameters,
        "multiply_adds": step.multiply_adds,
        "receptive_field": step.receptive_field,
        **windowed,
    }
