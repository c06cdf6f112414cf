"""Graded corruptions of images: each a function of the images, a severity, and numbers drawn for each image.

What each image draws follows from the seed, the corruption and its own pixels, and is the same at each severity. So an
image is moved the same way, only farther, and the order of the images does not matter.

Sources: the families are those of Mu and Gilmer 2019, MNIST-C, arXiv:1906.02337, where `Corruption.published` names
one, and for strokes those of Castro et al. 2019, Morpho-MNIST, arXiv:1809.10780.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Shaped, UInt8, UInt64
from numpy import ndarray

from pellucid.spec.augment import AugmentSpec
from pellucid.spec.seeds import derive_seed

Images = UInt8[ndarray, "count height width channels"]
Draws = Sequence[np.random.Generator]
Severity = int | float
DIRECTIONS = [(math.sin(turn), math.cos(turn)) for turn in np.arange(8) * math.pi / 4]


@dataclass(frozen=True)
class Corruption:
    """One way in which images can be worse than those that a run was trained on.

    Attributes:
        name: What it is called.
        unit: What its severity counts.
        severities: Those that are measured, rising.
        apply: Gives the corrupted images, from the images, a severity and a generator for each image.
        published: Its family in MNIST-C; a family that MNIST-C only considered stands in brackets; empty for none.
        trained_to: Up to which severity a training with this augmentation has seen it; 0 for not at all.
    """

    name: str
    unit: str
    severities: tuple[Severity, ...]
    apply: Callable[[Images, Severity, Draws], Images]
    published: str = ""
    trained_to: Callable[[AugmentSpec], float] = lambda _: 0.0


def corrupted(
    images: Images, hashes: UInt64[ndarray, " count"], corruption: Corruption, severity: Severity, seed: int = 0
) -> Images:
    """Images under one corruption.

    Args:
        images: The images; they stay as they are.
        hashes: A number for each image that follows from its pixels, as `ImageDataset.image_hashes` has them.
        corruption: One of `CORRUPTIONS`.
        severity: How strong, in the corruption's unit.
        seed: Another seed draws other numbers for each image.
    """
    purpose = f"corruption {corruption.name}"
    return corruption.apply(images, severity, [np.random.default_rng(derive_seed(seed, purpose, h)) for h in hashes])


def backgrounds_of(images: Images) -> Float64[ndarray, "count channels"]:
    """What fills in from beyond each image: the median of its border, channel by channel."""
    sides = (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1])
    return np.median(np.concatenate(sides, axis=1), axis=1)


def shift(images: Images, severity: Severity, draws: Draws) -> Images:
    """Move each image in a direction of its own, by a share of its sides, in percent."""
    turns = np.array([draw.uniform(0, 2 * math.pi) for draw in draws])
    sides = np.array(images.shape[1:3])
    offsets = severity / 100 * sides * np.stack([np.sin(turns), np.cos(turns)], axis=1)
    return _moved(images, np.broadcast_to(np.eye(2), (len(images), 2, 2)), offsets)


def rotation(images: Images, severity: Severity, draws: Draws) -> Images:
    """Turn each image about its centre, by degrees, to one side or the other."""
    turns = np.radians(severity) * _signs(draws)
    cos, sin = np.cos(turns), np.sin(turns)
    return _moved(images, np.stack([cos, -sin, sin, cos], axis=1).reshape(-1, 2, 2))


def scale(images: Images, severity: Severity, draws: Draws) -> Images:
    """Make what is on each image larger or smaller, by percent of its size."""
    return _moved(images, np.eye(2) / (1 + severity / 100 * _signs(draws))[:, None, None])


def shear(images: Images, severity: Severity, draws: Draws) -> Images:
    """Let the upright lines of each image lean, by degrees, to one side or the other."""
    lean = math.tan(math.radians(severity)) * _signs(draws)
    matrices = np.broadcast_to(np.eye(2), (len(images), 2, 2)).copy()
    matrices[:, 1, 0] = lean
    return _moved(images, matrices)


def thicker(images: Images, severity: Severity, draws: Draws) -> Images:
    """Move the edges of what is drawn outwards, by a share of the shorter side in percent: grey dilation."""
    return _morphed(images, severity, np.maximum)


def thinner(images: Images, severity: Severity, draws: Draws) -> Images:
    """Move the edges of what is drawn inwards, by a share of the shorter side in percent: grey erosion."""
    return _morphed(images, severity, np.minimum)


def noise(images: Images, severity: Severity, draws: Draws) -> Images:
    """Add Gaussian noise to each value; its standard deviation in percent of the way from black to white."""
    return _rounded(images + 2.55 * severity * np.stack([draw.standard_normal(images.shape[1:]) for draw in draws]))


def impulse_noise(images: Images, severity: Severity, draws: Draws) -> Images:
    """Make so many percent of the pixels black or white, all channels alike."""
    lots = np.stack([draw.random(images.shape[1:3]) for draw in draws])[..., None]
    struck = severity / 200
    return np.where(lots < struck, np.uint8(0), np.where(lots > 1 - struck, np.uint8(255), images))


def blur(images: Images, severity: Severity, draws: Draws) -> Images:
    """Blur by a Gaussian; its standard deviation in percent of the sides."""
    from scipy.ndimage import gaussian_filter

    _, height, width, _ = images.shape
    deviations = (0, severity / 100 * height, severity / 100 * width, 0)
    return _rounded(gaussian_filter(images.astype(np.float32), deviations, mode="nearest"))


def contrast(images: Images, severity: Severity, draws: Draws) -> Images:
    """Take so many percent of the distance of each value from the mean of its channel away."""
    means = images.mean(axis=(1, 2), keepdims=True)
    return _rounded(means + (1 - severity / 100) * (images - means))


def brightness(images: Images, severity: Severity, draws: Draws) -> Images:
    """Make each image brighter or darker, by percent of the way from black to white."""
    return _rounded(images + 2.55 * severity * _signs(draws)[:, None, None, None])


def occlusion(images: Images, severity: Severity, draws: Draws) -> Images:
    """Cover a rectangle of each image, of its own shape, with its background; so many percent of its area."""
    covered, fills = images.copy(), np.rint(backgrounds_of(images)).astype(np.uint8)
    height, width = (max(1, round(math.sqrt(severity / 100) * side)) for side in images.shape[1:3])
    for image, fill, draw in zip(covered, fills, draws, strict=True):
        across, down = draw.random(2)
        top, left = int(down * (image.shape[0] - height + 1)), int(across * (image.shape[1] - width + 1))
        image[top : top + height, left : left + width] = fill
    return covered


def inversion(images: Images, severity: Severity, draws: Draws) -> Images:
    """Exchange dark and bright; there is but one severity."""
    return 255 - images


def _occluded_to(spec: AugmentSpec) -> float:
    return 100 * spec.erasing_area[1] if spec.erasing else 0.0


SIDE, DEGREES, RANGE = "% of the side", "degrees", "% of the range"
CORRUPTIONS = {
    one.name: one
    for one in (
        Corruption("shift", SIDE, (4, 8, 12, 16, 20), shift, "translate", lambda spec: 100 * spec.shift),
        Corruption("rotation", DEGREES, (10, 20, 30, 45, 60), rotation, "rotate", lambda spec: spec.rotation),
        Corruption("scale", "% larger or smaller", (10, 20, 30, 40, 50), scale, "scale", lambda s: 100 * s.scale),
        Corruption("shear", DEGREES, (10, 20, 30, 40, 50), shear, "shear", lambda spec: spec.shear),
        Corruption("thicker strokes", SIDE, (1, 2, 3, 4, 5), thicker),
        Corruption("thinner strokes", SIDE, (0.5, 1, 2, 3, 4), thinner),
        Corruption("noise", RANGE, (10, 20, 30, 40, 50), noise, "(gaussian_noise)", lambda spec: 100 * spec.noise),
        Corruption("impulse noise", "% of the pixels", (5, 10, 15, 20, 30), impulse_noise, "impulse_noise"),
        Corruption("blur", SIDE, (2, 4, 6, 8, 10), blur, "(gaussian_blur)"),
        Corruption("contrast", "% lost", (20, 40, 60, 80, 90), contrast, "(contrast)", lambda s: 100 * s.contrast),
        Corruption("brightness", RANGE, (10, 20, 30, 40, 50), brightness, "brightness", lambda s: 100 * s.brightness),
        Corruption("occlusion", "% of the area", (5, 10, 20, 30, 40), occlusion, "", _occluded_to),
        Corruption("inversion", "%", (100,), inversion, "(inverse)"),
    )
}


def _signs(draws: Draws) -> Float64[ndarray, " count"]:
    return np.array([draw.choice((-1.0, 1.0)) for draw in draws])


def _rounded(values: Shaped[ndarray, "count height width channels"]) -> Images:
    return np.rint(values).clip(0, 255).astype(np.uint8)


def _moved(images: Images, matrices: Float64[ndarray, "count 2 2"], offsets: Any = None) -> Images:
    """Each image read, with bilinear interpolation, where its matrix leads from the centre, less its offset."""
    from scipy.ndimage import affine_transform

    centre = (np.array(images.shape[1:3]) - 1) / 2
    starts = centre - matrices @ centre - (0 if offsets is None else offsets)
    moved, fills = np.empty(images.shape, np.float32), backgrounds_of(images)
    for number, (image, matrix, start) in enumerate(zip(images, matrices, starts, strict=True)):
        for channel in range(images.shape[3]):
            plane, fill = image[..., channel].astype(np.float32), float(fills[number, channel])
            moved[number, ..., channel] = affine_transform(
                plane, matrix, start, order=1, mode="grid-constant", cval=fill
            )
    return _rounded(moved)


def _morphed(images: Images, severity: Severity, extreme: Callable[[Any, Any], Any]) -> Images:
    """Each value replaced by an extreme over a disk about it, in steps of at most a pixel; dark on bright inverted.

    Where the image is darker on the whole than its background, what is drawn is dark.
    """
    dark = (images.mean(axis=(1, 2, 3)) < backgrounds_of(images).mean(axis=1))[:, None, None, None]
    values = np.where(dark, 255 - images, images).astype(np.float32)
    reach = severity / 100 * min(images.shape[1:3])
    steps = math.ceil(reach)
    for _ in range(steps):
        padded = np.pad(values, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
        for down, across in DIRECTIONS:
            values = extreme(values, _beside(padded, reach / steps * down, reach / steps * across))
    grown = _rounded(values)
    return np.where(dark, 255 - grown, grown)


def _beside(padded: Shaped[ndarray, "count rows columns channels"], down: float, across: float) -> ndarray:
    """Images with a frame of one pixel, read at most a pixel from each place, interpolated, without the frame."""
    row, column = (1 if down > 0 else -1), (1 if across > 0 else -1)
    height, width = padded.shape[1] - 2, padded.shape[2] - 2
    rows = (1 - abs(down)) * padded[:, 1:-1] + abs(down) * padded[:, 1 + row : 1 + row + height]
    return (1 - abs(across)) * rows[:, :, 1:-1] + abs(across) * rows[:, :, 1 + column : 1 + column + width]
