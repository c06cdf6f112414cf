"""The layers whose maps a class activation map can be made of."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pellucid.errors import Fault, RunError, SettingError
from pellucid.interpret.layers import layers_of, require_layer, undisturbed, watched
from pellucid.predict.predictor import Predictor

LEAST_SIDE, LARGEST_STEP = 3, 32  # smaller maps, and those with more pixels of the image to a value, hardly tell where
Size = tuple[int, int]


def map_layers(predictor: Predictor) -> dict[str, Size]:
    """Height and width of the maps of each layer that has maps larger than 1x1, in the order in which they are used.

    Raises:
        RunError: A weight is not finite.
    """
    height, width, channels = predictor.record.input_shape
    blank = torch.zeros(1, channels, height, width, device=predictor.device)
    with undisturbed(predictor.model), watched(predictor.model, layers_of(predictor.model)) as seen, torch.no_grad():
        predictor.model(blank)
    return {
        name: (output.shape[2], output.shape[3])
        for name, output in seen.items()
        if isinstance(output, Tensor) and output.dim() == 4 and output.shape[2] * output.shape[3] > 1
    }


def choose_layer(predictor: Predictor, name: str | None, method: str) -> str:
    """The layer that was asked for, or else the last convolution whose maps are not coarse, or are larger than 1x1.

    Where no convolution has such maps, the last layer that has. A convolution comes first since its map, before the
    activation, is less often without any evidence than what pooling leaves of it.

    Args:
        predictor: The run.
        name: Name of a layer; None lets one be picked.
        method: The method that needs the layer, for messages.

    Raises:
        RunError: No layer has maps.
        SettingError: The layer is unknown, or has no maps.
    """
    maps = map_layers(predictor)
    if name is not None:
        require_layer(name, layers_of(predictor.model))
        if name not in maps:
            rule, known = f"{method} needs a layer with maps larger than 1x1", ", ".join(maps) or "none"
            raise SettingError([Fault(rule, name, f"Layers with such maps: {known}.")])
        return name
    if not maps:
        raise RunError(
            f"{method} needs a layer with maps larger than 1x1; the run's network has none. "
            "Methods without a layer: saliency, smoothgrad, integrated_gradients, occlusion."
        )
    large = [name for name, size in maps.items() if not is_coarse(size, predictor)] or list(maps)
    layers = layers_of(predictor.model)
    return ([name for name in large if isinstance(layers[name], nn.Conv2d)] or large)[-1]


def is_coarse(size: Size, predictor: Predictor) -> bool:
    """Whether maps are too small to tell where in the image: below 3x3, or a value to more than 32x32 pixels."""
    sides = zip(size, predictor.record.input_shape, strict=False)
    return any(side < max(LEAST_SIDE, pixels / LARGEST_STEP) for side, pixels in sides)
