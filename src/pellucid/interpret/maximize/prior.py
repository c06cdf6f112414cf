"""A prior from data: pictures made of the directions in which the training images differ, without their labels.

It knows what images look like, and nothing of classes: what class a picture comes to show, the network decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, UInt8
from numpy import ndarray
from torch import Tensor

from pellucid.errors import DataError
from pellucid.interpret.maximize.paint import Numbers, Picture, Pictures
from pellucid.spec.seeds import derive_seed
from pellucid.trained.sample import reduced

COMPONENTS = 24
REACH = 0.7  # as far as this share of what images lie from their mean; found by legibility on validation images
START = 0.3


@dataclass(frozen=True)
class DataPrior:
    """A painter: each number is how far a picture goes along one principal component, in standard deviations.

    Attributes:
        mean: Mean of the images, [channels, height, width].
        components: Directions times standard deviations along them, [components, channels, height, width].
        shape: (channels, height, width) of the pictures, which may be larger than the components.
        explained: Share of the images' variance that the components hold.
        count: Images that it was fitted to.

    Source: Nguyen et al. 2016, arXiv:1605.09304, for maximising under a prior learned from images; a Gaussian one here.
    """

    mean: Float[Tensor, "channels height width"]
    components: Float[Tensor, "components channels height width"]
    shape: tuple[int, int, int]
    explained: float
    count: int
    rate: float = 0.1
    restraint: float = 0.1

    @property
    def name(self) -> str:
        """What the prior is called beside a picture."""
        return f"{len(self.components)} principal components of {self.count:,} training images, without labels"

    @property
    def paper(self) -> Picture:
        """The mean image: ink is what departs from it, so that pictures of bright images are not drawn to black."""
        return self.paint(torch.zeros(1, len(self.components)))[0]

    @property
    def radius(self) -> float:
        """How far a picture may go from the mean, in standard deviations; images lie at the root of the components."""
        return REACH * len(self.components) ** 0.5

    def begin(self, starts: int, generator: torch.Generator) -> Numbers:
        """Near the mean image, in random directions; no image is a start."""
        return START * torch.randn((starts, len(self.components)), generator=generator)

    def paint(self, numbers: Numbers) -> Pictures:
        """The mean and the components, added up, clipped to [0, 1], and brought to the size of the pictures."""
        components, mean = self.components.to(numbers.device), self.mean.to(numbers.device)
        painted = (mean + torch.tensordot(numbers, components, dims=1)).clamp(0, 1)
        if painted.shape[2:] == self.shape[1:]:
            return painted
        return F.interpolate(painted, size=self.shape[1:], mode="bilinear")

    def keep(self, numbers: Numbers) -> None:
        """No picture goes farther from the mean than seven tenths of what images do."""
        numbers.mul_((self.radius / numbers.norm(dim=1, keepdim=True)).clamp(max=1))


def fit_prior(images: UInt8[ndarray, "count height width channels"], components: int = COMPONENTS) -> DataPrior:
    """Find the principal components of images, at most 32x32 pixels of each.

    Args:
        images: Training images; their labels are not asked for.
        components: How many components to find at most.

    Raises:
        DataError: All images are alike.
    """
    small = reduced(images)
    mean = small.mean(0)
    flat = (small - mean).flatten(1)
    variance = float(flat.square().sum()) / max(1, len(flat) - 1)
    if not variance:
        raise DataError("A prior from data needs images that differ; the run's are all alike.")
    wanted = min(components, len(flat) - 1, flat.shape[1])
    with torch.random.fork_rng(devices=[]):  # the randomised decomposition draws from torch's own generator
        torch.manual_seed(derive_seed(0, "principal components"))
        _, sizes, directions = torch.svd_lowrank(flat, q=min(wanted + 8, *flat.shape), niter=3)
    deviations = sizes[:wanted] / (len(flat) - 1) ** 0.5
    scaled = (directions[:, :wanted] * deviations).T.reshape(wanted, *mean.shape)
    _, height, width, channels = images.shape
    share = float(deviations.square().sum()) / variance
    return DataPrior(mean, scaled.contiguous(), (channels, height, width), min(1.0, share), len(images))
