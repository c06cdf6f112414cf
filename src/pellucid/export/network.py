"""The network of network.json and model.safetensors, read by torch alone: `probabilities(*load("."), images)`."""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812

ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": F.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "gelu": F.gelu,
    "silu": F.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softmax": lambda x: x.softmax(dim=1),
}


def mean_of_windows(x, layer):
    """What padding adds to a window is not counted."""
    sums = F.avg_pool2d(F.pad(x, layer["margins"]), layer["pool_size"], layer["strides"])
    counted = F.avg_pool2d(F.pad(torch.ones_like(x[:1]), layer["margins"]), layer["pool_size"], layer["strides"])
    return sums / counted


LAYERS = {  # what each makes of x, [batch, channels, height, width] or [batch, units], given its settings and weights
    "conv2d": lambda x, layer, w: F.conv2d(F.pad(x, layer["margins"]), w["weight"], w.get("bias"), layer["strides"]),
    "max_pooling2d": lambda x, layer, _: F.max_pool2d(
        F.pad(x, layer["margins"], value=-math.inf), layer["pool_size"], layer["strides"]
    ),
    "average_pooling2d": lambda x, layer, _: mean_of_windows(x, layer),
    "global_max_pooling2d": lambda x, *_: x.amax(dim=(2, 3)),
    "global_average_pooling2d": lambda x, *_: x.mean(dim=(2, 3)),
    "flatten": lambda x, *_: x.permute(0, 2, 3, 1).flatten(1) if x.dim() == 4 else x,
    "dense": lambda x, _, w: F.linear(x, w["weight"], w.get("bias")),
    "activation": lambda x, *_: x,  # each layer's own follows
    "dropout": lambda x, *_: x,
    "batch_normalization": lambda x, layer, w: F.batch_norm(
        x, w["running_mean"], w["running_var"], w["weight"], w["bias"], eps=layer["epsilon"]
    ),
}


def logits(network, weights, x, member):
    """The answer of one network; of several that vote, each has its own prefix to the names of its weights."""
    for layer in network["layers"]:
        w = {name: weights[f"{member}{layer['name']}.{name}"] for name in layer["weights"]}
        x = LAYERS[layer["kind"]](x, layer, w)
        x = ACTIVATIONS[layer.get("activation", "linear")](x)
    return x


def probabilities(network, weights, images):
    """Probability of each class, [batch, classes], for images, uint8 [batch, height, width, channels]."""
    pixels = images.permute(0, 3, 1, 2).float() / 255
    views = [pixels]
    for matrix in network["views"]:  # each tells where the image is looked at, from -1 to 1 from edge to edge
        places = torch.tensor(matrix).expand(len(pixels), 2, 3)
        grid = F.affine_grid(places, pixels.shape, align_corners=False)
        views.append(F.grid_sample(pixels, grid, align_corners=False))
    answers = [logits(network, weights, view, member) for view in views for member in network["members"]]
    mean = torch.stack([answer.log_softmax(dim=1) for answer in answers]).logsumexp(dim=0)
    return (mean / network["temperature"]).softmax(dim=1)


def load(folder):
    """What `probabilities` takes first: the network and its weights."""
    from safetensors.torch import load_file

    place = Path(folder)
    network = json.loads((place / "network.json").read_text(encoding="utf-8"))
    return network, load_file(place / "model.safetensors")
