"""Layer-CAM: as Grad-CAM, with a weight for each place of each map."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from pellucid.interpret.attribution.grad_cam import enlarged
from pellucid.interpret.attribution.pixel_question import PixelQuestion
from pellucid.interpret.layers import watched


def layer_cam(question: PixelQuestion) -> Float[Tensor, "height width"]:
    """A layer's maps, weighted place by place by the gradient where it is positive, and added up.

    Early layers, whose maps are finer, can serve as well: the weights are local.

    Source: Jiang et al. 2021, IEEE Transactions on Image Processing 30, equations 5 to 7.
    """
    with torch.enable_grad(), watched(question.model, [question.layer]) as seen:
        logit = question.model(question.leaf)[0, question.target]
        maps = seen[question.layer]
        (gradient,) = torch.autograd.grad(logit, maps)
    return enlarged((gradient.relu() * maps).sum(dim=1, keepdim=True).relu(), question)
