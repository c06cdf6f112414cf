"""Networks over the whole vocabulary of layers, and what torch makes of images in each of their layers."""

from __future__ import annotations

import numpy as np
import torch

from pellucid.interpret.layers import observed
from pellucid.model.build import build
from pellucid.spec.layers import ACTIVATIONS
from pellucid.spec.model import ModelSpec

HEAD = "flatten, dense 4 softmax"
SMOOTH = [name for name in ACTIVATIONS if name != "softmax"]
CASES = {
    "conv2d": f"conv 5 3x2 stride 2x1, conv 4 2x3 stride 2 same nobias relu, conv 3 5x4 stride 3x2 same, {HEAD}",
    "max_pooling2d": f"maxpool 3x2 stride 2x1, maxpool 2x2 stride 1 same, maxpool 2x3 stride 2 same, {HEAD}",
    "average_pooling2d": f"avgpool 3x2 stride 2x1, avgpool 2x2 stride 1 same, avgpool 2x3 stride 2 same, {HEAD}",
    "global_max_pooling2d": "conv 6 3x3, globalmaxpool, dense 4 softmax",
    "global_average_pooling2d": "conv 4 3x3, globalavgpool",
    "flatten": f"conv 3 2x2, flatten, {HEAD}",
    "dense": "flatten, dense 8 nobias tanh, dense 4",
    "activation": f"conv 3 3x3, {', '.join(SMOOTH)}, softmax, {HEAD}",
    "dropout": f"dropout 0.5, conv 3 3x3, dropout 0.2, {HEAD}",
    "batch_normalization": f"batchnorm, conv 3 3x3 same, batchnorm epsilon 0.1, flatten, dense 6, batchnorm, {HEAD}",
    "activations of layers": f"{', '.join(f'conv 3 2x2 {name}' for name in ACTIVATIONS)}, "
    f"flatten, {', '.join(f'dense 5 {name}' for name in SMOOTH)}, {HEAD}",
    "softmax alone at the end": "flatten, dense 4, softmax",
}


def network_of(spec: ModelSpec, vote: int) -> torch.nn.Module:
    """A network whose weights and moving averages are not those that it begins with."""
    network = build(spec, vote=vote).eval()
    draw = torch.Generator().manual_seed(0)
    for name, values in network.state_dict().items():
        fresh = torch.randn(values.shape, generator=draw) * 0.4
        values.copy_(fresh.abs() + 0.2 if name.endswith("running_var") else fresh)
    return network


def maps_of(network: torch.nn.Module, images: np.ndarray) -> dict[str, np.ndarray]:
    """What each layer gives, with the channels of maps last."""
    found = {}

    def keep(name: str, _module: object, _taken: object, given: torch.Tensor) -> None:
        found[name] = (given.permute(0, 2, 3, 1) if given.dim() == 4 else given).numpy().copy()

    with torch.no_grad(), observed(network, keep):
        network(torch.from_numpy(images).permute(0, 3, 1, 2) / 255)
    return found
