"""A map of the pixels that speak for a class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Shaped
from numpy import ndarray

from pellucid.batches.images import as_input
from pellucid.data.classes import require_class
from pellucid.device import enough_memory, repeatable
from pellucid.errors import Fault, RunError, SettingError
from pellucid.interpret.attribution.integrated_gradients import Completeness, completeness
from pellucid.interpret.attribution.maps import choose_layer, is_coarse, map_layers
from pellucid.interpret.attribution.methods import METHODS, Method
from pellucid.interpret.attribution.pixel_question import PixelQuestion
from pellucid.interpret.layers import require_layer, undisturbed
from pellucid.model.vote import with_mean_logits
from pellucid.predict.predictor import Predictor
from pellucid.trained.run import Run, predictor_of


@dataclass(frozen=True)
class Attribution:
    """Which pixels of an image speak for a class, by one method.

    Attributes:
        method: A name in `METHODS`.
        values: The map, [height, width], on the image's own pixels.
        signed: Values below zero speak against the class; otherwise there are none.
        target: Number of the class.
        class_name: Name of the class.
        probability: What the network gives the class, 0 to 1.
        layer: The layer whose maps served; None for methods that need none.
        map_size: Height and width of these maps, which are enlarged to the image; None without a layer.
        coarse: Whether they are too small to tell where, since the network has no larger ones or they were asked for.
        seed: What the method drew at random follows from it.
        degenerate: Why the map says nothing; None when it does.
        completeness: Whether the map adds up; None for methods that do not promise it.
    """

    method: str
    values: Float32[ndarray, "height width"]
    signed: bool
    target: int
    class_name: str
    probability: float
    layer: str | None
    map_size: tuple[int, int] | None
    coarse: bool
    seed: int
    degenerate: str | None
    completeness: Completeness | None


def attribute(
    run: Run | Predictor,
    image: Shaped[ndarray, "*shape"],
    method: str = "grad_cam",
    target: str | int | None = None,
    layer: str | None = None,
    seed: int = 0,
) -> Attribution:
    """Ask which pixels of an image speak for a class. The network is left as it was found.

    All methods act on the class's logit, for a vote on the mean of its members'. Where one needs to know what an absent
    pixel is, it is black.

    Args:
        run: The run, or its predictor alone.
        image: uint8, [height, width, channels], of the shape that the run was trained for.
        method: A name in `METHODS`.
        target: Name or number of the class; None takes the predicted one.
        layer: The layer whose maps Grad-CAM and Layer-CAM take; None takes the last convolution with maps of at
            least 3x3 and a value to 32x32 pixels, or as `choose_layer` says.
        seed: SmoothGrad's noise follows from it; the same seed gives the same map.

    Raises:
        DataError: The image has another shape or type.
        DeviceError: The memory does not suffice.
        RunError: The weights or logits are not finite, or the network has no layer that the method needs.
        SettingError: The method, class or layer is unknown, or does not fit.
    """
    predictor = predictor_of(run)
    chosen = METHODS[require_layer(method, METHODS, what="method")]
    if layer is not None and not chosen.layered:
        fitting = ", ".join(name for name, other in METHODS.items() if other.layered)
        raise SettingError([Fault(f"A layer goes with {fitting}", f"{layer} with {method}", "Leave the layer out.")])
    with repeatable(), enough_memory(), undisturbed(predictor.model):
        probabilities = finite_probabilities(predictor, image)
        number = class_number(target, probabilities, predictor.class_names)
        place = choose_layer(predictor, layer, method) if chosen.layered else None
        size = map_layers(predictor)[place] if place else None
        pixels = as_input(torch.from_numpy(np.ascontiguousarray(image[np.newaxis])).to(predictor.device))
        question = PixelQuestion(with_mean_logits(predictor.model), pixels, number, place or "", seed)
        values = chosen.function(question)
        adds_up = completeness(question, values) if chosen.complete else None
    array = values.float().cpu().numpy()
    return Attribution(
        method=method,
        values=array,
        signed=chosen.signed,
        target=number,
        class_name=predictor.class_names[number],
        probability=float(probabilities[number]),
        layer=place,
        map_size=size,
        coarse=size is not None and is_coarse(size, predictor),
        seed=seed,
        degenerate=fault_of(array, chosen),
        completeness=adds_up,
    )


def finite_probabilities(predictor: Predictor, image: Shaped[ndarray, "*shape"]) -> Float32[ndarray, " classes"]:
    """Probability of each class for one image, by the network that sees it alone: what maps and curves are about.

    Raises:
        DataError: The image has another shape or type.
        RunError: The network's answer is not finite.
    """
    probabilities = predictor.probabilities(image[np.newaxis], alone=True)[0]
    if not np.isfinite(probabilities).all():
        raise RunError("The logits of the image must be finite; received others. Train the run anew.")
    return probabilities


def class_number(
    target: str | int | None, probabilities: Float32[ndarray, " classes"], class_names: tuple[str, ...]
) -> int:
    """The number of a class; None stands for the most probable one, and a name is looked for before its number.

    Raises:
        SettingError: There is no such class.
    """
    if target is None:
        return int(probabilities.argmax())
    if isinstance(target, int) and 0 <= target < len(class_names):
        return target  # a number is meant, even where another class bears it as its name
    return require_class(target, class_names)


def fault_of(values: Float32[ndarray, "height width"], method: Method) -> str | None:
    """Why a map says nothing, or None when it does."""
    if not np.isfinite(values).all():
        return "some values are not finite"
    if not values.any():
        return "no map of the layer speaks for the class" if method.layered else "all values are zero"
    if np.ptp(values) <= 1e-6 * np.abs(values).max():
        return "all values are equal"
    return None
