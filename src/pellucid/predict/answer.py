"""How a network answers: from uint8 images to the probability of each class. The whole way stands here.

Images [count, height, width, channels] are scaled to [0, 1] with their channels first (`as_input`), test-time
augmentation makes variants of them (`views`), the network gives logits for each (`Vote` averages those of several
networks), the variants' probabilities are averaged (`averaged`), and softmax makes probabilities of the logits,
which the temperature of the run divides before.
Training, evaluation, pictures and prediction all go this way.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64, Shaped
from numpy import ndarray
from torch import Tensor, nn

from pellucid.batches.images import DeviceImages, as_input, evaluation_batch_size
from pellucid.device import autocast
from pellucid.errors import RunError
from pellucid.model.blame import blamed
from pellucid.model.vote import averaged
from pellucid.predict.views import views
from pellucid.spec.augment import AugmentSpec


def answer(
    network: nn.Module,
    images: Float[Tensor, "batch channels height width"],
    test_time: AugmentSpec | None = None,
    precision: str = "fp32",
) -> Float[Tensor, "batch classes"]:
    """A network's answer as logits, in fp32; those of several variants are averaged as probabilities.

    Args:
        network: The network, in evaluation mode.
        images: Floats in [0, 1], on the network's device.
        test_time: How images are varied; None asks about each image as it is.
        precision: Precision of the activations.

    Raises:
        RunError: A module of the user's failed.
    """
    said = blamed(network, RunError, images, "in evaluation mode")
    with torch.inference_mode(), autocast(images.device, precision), said:
        return averaged([network(view).float() for view in views(images, test_time)])


def answers(
    network: nn.Module,
    images: DeviceImages,
    rows: Int64[Tensor, " rows"],
    test_time: AugmentSpec | None = None,
    precision: str = "fp32",
) -> Iterator[tuple[Float[Tensor, "batch classes"], Int64[Tensor, " batch"]]]:
    """Answers as logits for some of the images on a device, and their labels, a batch at a time; see `answer`."""
    for batch, labels in images.batches(rows):
        yield answer(network, batch, test_time, precision), labels


def probabilities(
    network: nn.Module,
    images: Shaped[ndarray, "count height width channels"],
    device: torch.device,
    test_time: AugmentSpec | None = None,
    precision: str = "fp32",
    temperature: float = 1.0,
) -> Float32[ndarray, "count classes"]:
    """Probability of each class for uint8 images, from logits divided by a temperature; see `answer`."""
    whole = torch.from_numpy(np.ascontiguousarray(images))
    parts = [
        (answer(network, as_input(part.to(device)), test_time, precision) / temperature).softmax(dim=1).cpu()
        for part in whole.split(evaluation_batch_size(whole))
    ]
    return torch.cat(parts).numpy()
