"""What every layer of a network gives for one image, from the image itself to the probabilities."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, Shaped
from numpy import ndarray
from torch import Tensor, nn

from pellucid.batches.images import as_input
from pellucid.errors import DataError
from pellucid.interpret.layers import observed, undisturbed
from pellucid.predict.predictor import Predictor
from pellucid.trained.run import Run, predictor_of

INPUT, LOGITS, SOFTMAX = "input", "logits", "softmax"


@dataclass(frozen=True, eq=False)
class LayerMaps:
    """What one layer gives for one image.

    Attributes:
        name: Name of the layer, as `layers_of` gives it; a second call of the same layer is ``name:2``. The image
            itself is ``input``, the probabilities are ``softmax``.
        values: Maps as [height, width, channels], a vector as [units]; of another kind of layer, as it gives them.
        signed: Whether zero is a middle and not an end: the layer has weights, or gives values below zero.
        per_class: Whether there is one value a class: the logits and the probabilities.
    """

    name: str
    values: Float32[ndarray, ...]
    signed: bool
    per_class: bool = False


def feature_maps(run: Run | Predictor, image: Shaped[ndarray, ...]) -> list[LayerMaps]:
    """Every layer's output for one image, in the order in which the layers are called.

    A convolution's maps are those before its activation, which is a layer of its own. Layers that give no single
    tensor with the batch in front, and functions that a factory's module calls without a layer, are not seen.

    Args:
        run: The run, or its predictor alone. It computes in evaluation mode, and is left as it was.
        image: uint8, [height, width, channels], of the shape that the run was trained for.

    Returns:
        First the image in [0, 1], then each layer, then the probabilities. Where the last layer does not give the
        logits, they stand before the probabilities as ``logits``.

    Raises:
        DataError: The image has another shape or type.
        RunError: A weight is not finite.
    """
    predictor = predictor_of(run)
    require_image(predictor, image)
    batch = as_input(torch.from_numpy(np.ascontiguousarray(image))[None].to(predictor.device))
    found = [LayerMaps(INPUT, _values(batch), signed=False)]
    calls = Counter[str]()

    def keep(name: str, module: nn.Module, _: Any, given: Tensor) -> None:
        if given.dim() and len(given) == 1:
            calls[name] += 1
            values = _values(given)
            signed = any(True for _ in module.parameters()) or bool((values < 0).any())
            found.append(LayerMaps(name if calls[name] == 1 else f"{name}:{calls[name]}", values, signed))

    with undisturbed(predictor.model), observed(predictor.model, keep):
        logits = predictor.logits(batch)
    last = found.pop() if np.array_equal(found[-1].values, _values(logits)) else None
    found.append(LayerMaps(last.name if last else LOGITS, _values(logits), signed=True, per_class=True))
    return [*found, LayerMaps(SOFTMAX, _values(predictor.softmax(logits)), signed=False, per_class=True)]


def require_image(predictor: Predictor, image: Shaped[ndarray, ...]) -> None:
    """See that an image is one that the run takes.

    Raises:
        DataError: The image has another shape or type.
    """
    if image.dtype != np.uint8 or image.shape != predictor.record.input_shape:
        rule = f"The image must be uint8 {list(predictor.record.input_shape)}, [height, width, channels]"
        remedy = "Read a file with Predictor.read, which brings it there."
        raise DataError(f"{rule}; received {image.dtype} {list(image.shape)}. {remedy}")


def _values(batch: Tensor) -> Float32[ndarray, ...]:
    """The one entry of a batch, with the channels of maps last."""
    values = batch[0].permute(1, 2, 0) if batch.dim() == 4 else batch[0]
    return values.detach().to("cpu", torch.float32, copy=True).numpy()
