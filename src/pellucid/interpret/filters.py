"""The filters that a convolution has learned: their kernels, their figures, which are dead and which are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int64, Shaped
from numpy import ndarray
from torch import Tensor, nn

from pellucid.batches.images import as_input
from pellucid.errors import DataError
from pellucid.interpret.control import untrained as untrained_of
from pellucid.interpret.layers import convolutions_of, observed, require_layer, undisturbed
from pellucid.language import tell
from pellucid.model.modules import BatchNorm
from pellucid.predict.predictor import Predictor
from pellucid.trained.run import Run, predictor_of
from pellucid.trained.sample import training_sample

ALIKE = 0.98  # cosine similarity from which a kernel is a duplicate
VANISHED = 0.01  # share of the layer's greatest norm up to which a kernel is dead, where no ReLU tells
BATCH_SIZE = 100
MOST_IMAGES = 1_000
RELUS = (nn.ReLU, nn.ReLU6)
EACH_MAP_ALONE = (BatchNorm, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d, nn.Dropout, nn.Dropout2d, nn.Identity)


@dataclass(frozen=True)
class Filter:
    """Figures of one filter.

    Attributes:
        number: Its place in the layer, from 0.
        norm: Euclidean norm of its kernel.
        mean: Mean of its weights.
        minimum: Least of its weights.
        maximum: Greatest of its weights.
        bias: What is added to its map; None where the layer has no biases.
        positive_share: Share of the values of its maps that are above zero, over the images; None without images.
        dead: Whether it gives nothing, as the layer's `LayerFilters.rule` says.
        duplicate_of: The first filter of the layer whose kernel points the same way; None where there is none.
    """

    number: int
    norm: float
    mean: float
    minimum: float
    maximum: float
    bias: float | None
    positive_share: float | None
    dead: bool
    duplicate_of: int | None


@dataclass(frozen=True, eq=False)
class LayerFilters:
    """The filters of one convolution.

    Attributes:
        layer: Name of the convolution.
        kernels: Weights, [filters, height, width, channels].
        filters: The figures of each filter.
        rule: By what rule a filter counts as dead.
        measured_at: The layer at whose output `Filter.positive_share` was measured; None without images.
        images: How many images were looked at.
    """

    layer: str
    kernels: Float32[ndarray, "filters height width channels"]
    filters: tuple[Filter, ...]
    rule: str
    measured_at: str | None
    images: int

    @property
    def dead(self) -> list[int]:
        """Numbers of the dead filters."""
        return [filter_.number for filter_ in self.filters if filter_.dead]

    @property
    def duplicates(self) -> dict[int, int]:
        """Number of each duplicate, with that of the filter that it is like."""
        return {f.number: f.duplicate_of for f in self.filters if f.duplicate_of is not None}


def filters_of(
    run: Run | Predictor, layer: str | None = None, images: Shaped[ndarray, ...] | None = None
) -> LayerFilters:
    """The filters of a convolution, with their figures.

    *Dead*: where the convolution's maps go through a ReLU, at once or after batch normalisation, pooling or dropout,
    and images are given, a filter is dead when that ReLU gives 0 everywhere on all of the images. Nothing then flows
    through it, and no gradient back. Without images, or without such a ReLU, a filter is dead when the norm of its
    kernel is at most 1% of the layer's greatest.

    *Duplicate*: the cosine similarity of the kernel with that of an earlier filter is at least 0.98, whatever their
    biases and norms. Kernels of zeros are like no other; single weights are like all of their sign.

    Args:
        run: The run, or its predictor alone. It is left as it was.
        layer: Name of a convolution; the first that was made unless given.
        images: Some of the run's training images, uint8, [count, height, width, channels].

    Raises:
        RunError: The network has no convolution, or a weight is not finite.
        SettingError: There is no convolution of that name.
        DataError: The images have another shape or type.

    Source: for dead units Lu et al. 2019, arXiv:1903.06733; for the cosine of filters that are alike Ayinde and Zurada
    2018, arXiv:1802.07653.
    """
    predictor = predictor_of(run)
    convolutions = convolutions_of(predictor.model)
    name = require_layer(layer, convolutions, "convolution") if layer is not None else next(iter(convolutions))
    convolution = convolutions[name]
    with undisturbed(predictor.model):
        firing = _firing(predictor, convolution, name, images) if images is not None else None
        kernels = convolution.weight.detach().to("cpu", torch.float32, copy=True).permute(0, 2, 3, 1).numpy()
        biases = None if convolution.bias is None else convolution.bias.detach().cpu().tolist()
    norms = np.sqrt(np.square(kernels, dtype=np.float64).sum(axis=(1, 2, 3)))
    dead, rule = _dead(norms, firing)
    alike = duplicates_of(kernels)
    found = tuple(
        Filter(
            number,
            norm=float(norms[number]),
            mean=float(kernel.mean()),
            minimum=float(kernel.min()),
            maximum=float(kernel.max()),
            bias=biases[number] if biases is not None else None,
            positive_share=float(firing.tally.positive[number]) / firing.tally.values if firing else None,
            dead=bool(dead[number]),
            duplicate_of=alike.get(number),
        )
        for number, kernel in enumerate(kernels)
    )
    measured_at, count = (firing.measured_at, firing.images) if firing else (None, 0)
    return LayerFilters(name, kernels, found, rule, measured_at, count)


def filters_on_data(
    run: Run, layer: str | None = None, *, untrained: bool = False, with_images: bool = True
) -> tuple[LayerFilters, str | None]:
    """The filters of a convolution, judged with up to 1,000 of the run's training images where these can be had.

    Args:
        run: The run. It is left as it was.
        layer: Name of a convolution; the first that was made unless given.
        untrained: Take the control: the same network before training.
        with_images: Look for the images; otherwise the weights alone tell.

    Returns:
        The filters, and why the images cannot be had; None where they were looked at or not looked for.

    Raises:
        RunError: The network has no convolution, or a weight is not finite.
        SettingError: There is no convolution of that name.
        SpecError: The network comes from a factory that cannot be imported here.
    """
    shown = untrained_of(run) if untrained else run.predictor
    by_weights = filters_of(shown, layer)
    if not with_images:
        return by_weights, None
    try:
        images = training_sample(run, MOST_IMAGES)
    except DataError as error:
        return by_weights, str(error)
    return filters_of(shown, layer, images), None


def duplicates_of(kernels: Float32[ndarray, "filters height width channels"]) -> dict[int, int]:
    """Each filter whose kernel points the same way as that of an earlier one, with the first such."""
    flat = kernels.reshape(len(kernels), -1).astype(np.float64)
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    directions = np.divide(flat, lengths, out=np.zeros_like(flat), where=lengths > 0)
    alike = np.tril(directions @ directions.T >= ALIKE, k=-1)
    return {int(number): int(alike[number].argmax()) for number in np.flatnonzero(alike.any(axis=1))}


class _Tally:
    """How many values of each map are above zero.

    Attributes:
        positive: Number of values above zero, of each map.
        values: Number of values of each map.
    """

    def __init__(self, maps: int) -> None:
        self.positive: Int64[Tensor, " maps"] = torch.zeros(maps, dtype=torch.int64)
        self.values = 0

    def add(self, maps: Float[Tensor, "batch maps height width"]) -> None:
        self.positive += (maps > 0).sum(dim=(0, 2, 3)).cpu()
        self.values += maps[:, 0].numel()


class _Firing:
    """How often the maps of a convolution are above zero, and those of the ReLU that they go through.

    Attributes:
        relu: Name of that ReLU; None until one is met.
        measured_at: The layer whose values count: the ReLU, or else the convolution.
        tally: Counts of these values.
        images: How many images went through.
    """

    def __init__(self, convolution: nn.Conv2d, name: str) -> None:
        self._convolution = convolution
        self._at: Tensor | None = None
        self.relu: str | None = None
        self.measured_at, self.tally = name, _Tally(convolution.out_channels)
        self.images = 0

    def observe(self, name: str, module: nn.Module, taken: Any, given: Tensor) -> None:
        """Follow the maps from layer to layer, as long as each stays by itself."""
        if module is self._convolution:
            self._at = given
            if self.relu is None:
                self.tally.add(given)
        elif self._at is not None and taken is self._at:
            if isinstance(module, RELUS):
                self._count_after(name, given)
            self._at = given if isinstance(module, EACH_MAP_ALONE) else None

    def _count_after(self, relu: str, given: Tensor) -> None:
        if self.relu is None:
            self.relu = self.measured_at = relu
            self.tally = _Tally(self._convolution.out_channels)
        self.tally.add(given)


def _firing(predictor: Predictor, convolution: nn.Conv2d, name: str, images: Shaped[ndarray, ...]) -> _Firing:
    if images.dtype != np.uint8 or images.shape[1:] != predictor.record.input_shape or not len(images):
        rule = f"The images must be uint8 [count, {', '.join(map(str, predictor.record.input_shape))}]"
        raise DataError(f"{rule}; received {images.dtype} {list(images.shape)}. Leave them out, or take the run's own.")
    firing = _Firing(convolution, name)
    with observed(predictor.model, firing.observe):
        for part in torch.from_numpy(np.ascontiguousarray(images)).split(BATCH_SIZE):
            predictor.logits(as_input(part.to(predictor.device)))
            firing.images += len(part)
    return firing


def _dead(norms: Shaped[ndarray, " filters"], firing: _Firing | None) -> tuple[Bool[ndarray, " filters"], str]:
    if firing and firing.relu:
        rule = tell("{relu} gives 0 everywhere on {images} images", relu=firing.relu, images=f"{firing.images:,}")
        return (firing.tally.positive == 0).numpy(), rule
    why = tell("as no ReLU follows") if firing else tell("as no images were looked at")
    rule = tell("the kernel's norm is at most {share} of the greatest, {why}", share=f"{VANISHED:.0%}", why=why)
    return norms <= VANISHED * norms.max(), rule
