"""The training loss: cross-entropy with smoothed labels, in which some classes may count more than others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from jaxtyping import Int64
from numpy import ndarray
from torch import Tensor
from torch.nn.functional import cross_entropy

from pellucid.spec.train import TrainSpec
from pellucid.train.placed import PlacedSplit

Loss = Callable[[Tensor, Tensor], Tensor]


def loss_of(spec: TrainSpec, images: PlacedSplit) -> Loss:
    """The loss of a mini-batch, from its logits [batch, classes] and labels [batch].

    With class weights it is the mean over the batch in which each image has the weight of its class, as of
    `torch.nn.CrossEntropyLoss`; of a smoothed label, what is spread over a class has the weight of that class.

    Args:
        spec: How the network is trained.
        images: What it is trained on.
    """
    weights = None
    if spec.class_weights is not None:
        labels = images.data.labels[images.rows].cpu().numpy()
        found = class_weights(spec, labels, images.data.class_names) or {}
        weights = torch.tensor(list(found.values()), dtype=torch.float32, device=images.data.device)
    return partial(cross_entropy, weight=weights, label_smoothing=spec.label_smoothing)


def class_weights(
    spec: TrainSpec, labels: Int64[ndarray, " count"], class_names: tuple[str, ...]
) -> dict[str, float] | None:
    """The weight of each class, by name, in the order of the classes; None where all count alike.

    Args:
        spec: Says how classes count. ``balanced``: the mean number of images of a class, divided by how many there are
            of it; a class without any has 1.
        labels: Labels of the images to train on.
        class_names: Name of each class.
    """
    given = spec.class_weights
    if given is None:
        return None
    if isinstance(given, dict):
        return {name: given.get(name, 1.0) for name in class_names}
    counts = np.bincount(labels, minlength=len(class_names))
    mean = len(labels) / np.count_nonzero(counts)
    return {name: mean / count if count else 1.0 for name, count in zip(class_names, counts.tolist(), strict=True)}
