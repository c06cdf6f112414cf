"""A network with all that its answers need, from uint8 images to probabilities, as torch's exporters follow it."""

from __future__ import annotations

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn.functional import grid_sample

from pellucid.batches.images import as_input
from pellucid.export.views import grid_of
from pellucid.model.vote import averaged
from pellucid.predict.predictor import Predictor


class Whole(nn.Module):
    """The way of `pellucid.predict.answer` as one module, for any number of images.

    Its test-time views are taken by fixed grids, as an exporter would take those that are worked out for a batch as
    being of this number of images alone.
    """

    def __init__(self, predictor: Predictor) -> None:
        super().__init__()
        self.network = predictor.model
        self.temperature = predictor.record.temperature
        height, width, _ = predictor.input_shape
        test_time = predictor.record.train.test_time_augmentation
        grids = [torch.from_numpy(grid_of(move, height, width)) for move in (test_time.moves() if test_time else ())]
        self.grids = nn.ParameterList(nn.Parameter(grid, requires_grad=False) for grid in grids)

    def forward(self, images: UInt8[Tensor, "batch height width channels"]) -> Float[Tensor, "batch classes"]:
        """Probability of each class."""
        pixels = as_input(images)
        views = [pixels]
        for grid in self.grids:
            every = grid.expand(pixels.shape[0], -1, -1, -1)
            views.append(grid_sample(pixels, every, mode="bilinear", padding_mode="zeros", align_corners=False))
        return (averaged([self.network(view).float() for view in views]) / self.temperature).softmax(dim=1)
