"""The methods of attribution by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from pellucid.interpret.attribution.grad_cam import grad_cam
from pellucid.interpret.attribution.integrated_gradients import integrated_gradients
from pellucid.interpret.attribution.layer_cam import layer_cam
from pellucid.interpret.attribution.occlusion import occlusion
from pellucid.interpret.attribution.pixel_question import PixelQuestion
from pellucid.interpret.attribution.saliency import saliency
from pellucid.interpret.attribution.smoothgrad import smoothgrad


@dataclass(frozen=True)
class Method:
    """A method of attribution.

    Attributes:
        title: Name of the method as its authors write it.
        function: Answers a question with a map, [height, width].
        unit: What a value of the map is.
        signed: Values below zero speak against the class; otherwise there are none.
        layered: Whether the method needs a layer with maps.
        complete: Whether the map should add up to the logit less that of a black image.
    """

    title: str
    function: Callable[[PixelQuestion], Tensor]
    unit: str
    signed: bool = False
    layered: bool = False
    complete: bool = False


METHODS: dict[str, Method] = {
    "saliency": Method("saliency", saliency, "|gradient| of the logit"),
    "smoothgrad": Method("SmoothGrad", smoothgrad, "|mean gradient| of the logit"),
    "integrated_gradients": Method(
        "integrated gradients", integrated_gradients, "share of the logit", signed=True, complete=True
    ),
    "grad_cam": Method("Grad-CAM", grad_cam, "weighted activation", layered=True),
    "layer_cam": Method("Layer-CAM", layer_cam, "weighted activation", layered=True),
    "occlusion": Method("occlusion", occlusion, "loss of the logit", signed=True),
}
