"""Augmentation of a whole batch at once, on its device: draw numbers for each image, then apply them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Float64, Int64
from torch import Tensor
from torch.nn.functional import grid_sample

from pellucid.spec.augment import AugmentSpec
from pellucid.spec.seeds import derive_seed

FLATTEST = 0.3  # height to width of the flattest rectangle that is erased; the tallest is its inverse
REACH = 3  # how many sigmas beyond the image the knots of a displacement go on
BEYOND = 60.0  # squared sigmas from a knot, where it counts for nothing


@dataclass(frozen=True)
class Draw:
    """What is to happen to each image of a batch; None is nothing. Small parts are on the CPU, fields on the device.

    They happen in the order flip, scale, shear, rotation, shift, displacement, erasing, contrast, brightness, noise.

    Attributes:
        shift: How far it moves down and to the right, as shares of height and width.
        rotation: Degrees by which it turns anticlockwise about the centre.
        scale: How many times its size it grows to, about the centre.
        shear: Degrees by which the upright lines lean to the right, about the centre.
        flip: Whether left and right are exchanged.
        displacement: How many pixels further down, and to the right, each pixel takes its value from.
        rectangle: The rectangle that is made black: top, left, bottom, right in pixels, the latter two excluded.
        brightness: What is added to all its values alike.
        contrast: By how much each value's distance from the mean of its channel is multiplied.
        noise: What is added to each value by itself.
    """

    shift: Float64[Tensor, "batch 2"] | None = None
    rotation: Float64[Tensor, " batch"] | None = None
    scale: Float64[Tensor, " batch"] | None = None
    shear: Float64[Tensor, " batch"] | None = None
    flip: Bool[Tensor, " batch"] | None = None
    displacement: Float[Tensor, "batch 2 height width"] | None = None
    rectangle: Int64[Tensor, "batch 4"] | None = None
    brightness: Float64[Tensor, " batch"] | None = None
    contrast: Float64[Tensor, " batch"] | None = None
    noise: Float[Tensor, "batch channels height width"] | None = None

    @property
    def moves(self) -> bool:
        """Whether pixels change their places."""
        moving = (self.shift, self.rotation, self.scale, self.shear, self.flip, self.displacement)
        return any(part is not None for part in moving)


def augment(
    images: Float[Tensor, "batch channels height width"], spec: AugmentSpec, seed: int
) -> Float[Tensor, "batch channels height width"]:
    """Vary each image of a batch in its own way.

    Args:
        images: Values from 0 to 1. They are not changed.
        spec: How far images are varied. If it does nothing, the images themselves come back.
        seed: All that is drawn follows from it. What one setting draws does not depend on the others.

    Returns:
        Values from 0 to 1, in the images' dtype and memory format, without a gradient.
    """
    if not spec.active:
        return images
    varied = apply(images, draw(spec, images.shape, seed, images.device))
    if spec.probability == 1:
        return varied
    chosen = _uniform(seed, "probability", len(images)) < spec.probability
    return varied.lerp_(images, _per_image((~chosen).double(), images))


def draw(spec: AugmentSpec, shape: Sequence[int], seed: int, device: torch.device) -> Draw:
    """Draw what is to happen to each image.

    All but the noise is drawn on the CPU, and so is the same on every device.

    Args:
        spec: How far images are varied.
        shape: Shape of the images, [batch, channels, height, width].
        seed: All that is drawn follows from it.
        device: Where the images are.
    """
    batch, _, height, width = shape

    def either_side(setting: str, middle: int, *columns: int) -> Tensor | None:
        most = getattr(spec, setting)
        return (_uniform(seed, setting, batch, *columns) * 2 - 1) * most + middle if most else None

    return Draw(
        shift=either_side("shift", 0, 2),
        rotation=either_side("rotation", 0),
        scale=either_side("scale", 1),
        shear=either_side("shear", 0),
        flip=_uniform(seed, "horizontal_flip", batch) < 0.5 if spec.horizontal_flip else None,
        displacement=_displacement(spec, (batch, height, width), seed, device) if spec.elastic else None,
        rectangle=_rectangles(spec, _uniform(seed, "erasing", batch, 5), height, width) if spec.erasing else None,
        brightness=either_side("brightness", 0),
        contrast=either_side("contrast", 1),
        noise=_noise(spec.noise, shape, seed, device) if spec.noise else None,
    )


@torch.no_grad()
def apply(
    images: Float[Tensor, "batch channels height width"], drawn: Draw
) -> Float[Tensor, "batch channels height width"]:
    """Do to each image what was drawn for it.

    Args:
        images: Values from 0 to 1. They are not changed.
        drawn: What was drawn for as many images of this shape.

    Returns:
        Values from 0 to 1, in the images' dtype and memory format, without a gradient.
    """
    exact = torch.promote_types(images.dtype, torch.float32)  # places in half precision would be off by pixels
    changed = _moved(images.to(exact), drawn) if drawn.moves else images.to(exact, copy=True)
    if drawn.rectangle is not None:
        _erase(changed, drawn.rectangle)
    if drawn.contrast is not None or drawn.brightness is not None:
        _relight(changed, drawn)
    if drawn.noise is not None:
        changed.add_(drawn.noise)
    changed.clamp_(0, 1)
    alike = changed.dtype == images.dtype and changed.stride() == images.stride()
    return changed if alike else torch.empty_like(images).copy_(changed)


def _moved(
    images: Float[Tensor, "batch channels height width"], drawn: Draw
) -> Float[Tensor, "batch channels height width"]:
    """All that moves pixels in one go, so that the images are interpolated once."""
    batch, _, height, width = images.shape
    # grid_sample counts from -1 to 1 from edge to edge, so a pixel is 2/width wide and 2/height high.
    numbers = _on(images.device, _sources(drawn, batch, height, width), images.dtype).unsqueeze(-1)
    across, down = _centred(width, images) * (2 / width), _centred(height, images) * (2 / height)
    # Planes for x and y, each the sum of a row and a column: less to compute and to keep than a matrix product.
    grid = images.new_empty(batch, 2, height, width)
    for plane, (by_x, by_y, offset) in enumerate((numbers[:, 0].unbind(1), numbers[:, 1].unbind(1))):
        torch.add((by_x * across)[:, None, :], (by_y * down + offset)[:, :, None], out=grid[:, plane])
    if drawn.displacement is not None:
        grid[:, 0].add_(drawn.displacement[:, 1], alpha=2 / width)
        grid[:, 1].add_(drawn.displacement[:, 0], alpha=2 / height)
    return grid_sample(images, grid.permute(0, 2, 3, 1), mode="bilinear", padding_mode="zeros", align_corners=False)


def _sources(drawn: Draw, batch: int, height: int, width: int) -> Float64[Tensor, "batch 2 3"]:
    """Where each place takes its value from: x and y, each from x, y and 1, in the units of grid_sample.

    The inverse of flip, scale, shear, rotation and shift. It is worked out in pixels from the centre, x to the right
    and y down, since in the units of grid_sample a rotation would distort an image that is not square.
    """
    ones = torch.ones(batch, dtype=torch.float64)
    angle = torch.deg2rad(ones * 0 if drawn.rotation is None else drawn.rotation)
    lean = torch.tan(torch.deg2rad(ones * 0 if drawn.shear is None else drawn.shear))
    shrink = ones if drawn.scale is None else 1 / drawn.scale
    mirror = ones if drawn.flip is None else 1 - 2 * drawn.flip.double()
    cos, sin = angle.cos() * shrink, angle.sin() * shrink
    from_x = torch.stack((mirror * (cos + lean * sin), sin), dim=1)
    from_y = torch.stack((mirror * (lean * cos - sin), cos), dim=1)
    size = torch.tensor((width, height), dtype=torch.float64)
    shift = ones.new_zeros(batch, 2) if drawn.shift is None else drawn.shift.flip(1) * size
    offset = -(from_x * shift[:, :1] + from_y * shift[:, 1:]) * 2
    return torch.stack((from_x * width, from_y * height, offset), dim=2) / size[:, None]


def _erase(images: Float[Tensor, "batch channels height width"], rectangle: Int64[Tensor, "batch 4"]) -> None:
    """Make a rectangle of each image black, in place."""
    _, _, height, width = images.shape
    top, left, bottom, right = _on(images.device, rectangle, torch.int64).unsqueeze(2).unbind(1)
    row, column = (torch.arange(size, device=images.device) for size in (height, width))
    rows, columns = (row >= top) & (row < bottom), (column >= left) & (column < right)
    images.mul_(~(rows[:, :, None] & columns[:, None, :])[:, None])  # on CPUs eight times as fast as masked_fill_


def _relight(images: Float[Tensor, "batch channels height width"], drawn: Draw) -> None:
    """Change contrast and brightness in place and in one pass."""
    offset = images.new_zeros(()) if drawn.brightness is None else _per_image(drawn.brightness, images)
    if drawn.contrast is None:
        images.add_(offset)
    else:
        contrast = _per_image(drawn.contrast, images)
        offset = offset + images.mean(dim=(2, 3), keepdim=True) * (1 - contrast)
        torch.addcmul(offset, images, contrast, out=images)


def _rectangles(
    spec: AugmentSpec, chances: Float64[Tensor, "batch 5"], height: int, width: int
) -> Int64[Tensor, "batch 4"]:
    """Rectangles of the areas asked for that lie within the image, or empty ones.

    Source: Zhong et al. 2017, arXiv:1708.04896, algorithm 1; there, what does not fit is drawn again. Here the ratio of
    the sides is drawn on a logarithmic scale, so that flat and tall are as likely, and limited to what fits.
    """
    whether, area, ratio, down, across = chances.unbind(1)
    least, greatest = spec.erasing_area
    pixels = (least + area * (greatest - least)) * height * width
    ratio = FLATTEST ** (1 - 2 * ratio)
    ratio = ratio.clamp(pixels / width**2, height**2 / pixels)
    high = (pixels * ratio).sqrt().round().clamp(1, height)
    wide = (pixels / ratio).sqrt().round().clamp(1, width)
    top, left = (down * (height - high + 1)).floor(), (across * (width - wide + 1)).floor()
    rectangles = torch.stack((top, left, top + high, left + wide), dim=1)
    return (rectangles * (whether < spec.erasing)[:, None]).long()


def _displacement(
    spec: AugmentSpec, shape: tuple[int, int, int], seed: int, device: torch.device
) -> Float[Tensor, "batch 2 height width"]:
    """Gaussian noise smoothed by a Gaussian, with the same standard deviation everywhere.

    The noise stands on knots one sigma apart: finer noise would be smoothed away and cost many times as much.

    Source: Simard et al. 2003, ICDAR, section 2, with uniform noise; alpha there scales it once it is smoothed.
    """
    batch, height, width = shape
    rows, columns = _bells(height, spec.elastic_smoothness), _bells(width, spec.elastic_smoothness)
    knots = torch.randn(batch, 2, rows.shape[1], columns.shape[1], generator=_generator(seed, "elastic"))
    rows, knots, columns = (_on(device, part, torch.float32) for part in (rows, knots * spec.elastic, columns))
    return rows @ (knots @ columns.T)


def _bells(size: int, sigma: float) -> Float64[Tensor, "size knots"]:
    """The weight of each knot at each pixel: Gaussians, their squares adding up to 1 at every pixel."""
    knots = torch.arange(-REACH, math.ceil((size - 1) / sigma) + REACH + 1, dtype=torch.float64)
    distances = torch.arange(size, dtype=torch.float64)[:, None] / sigma - knots
    # Without a limit, the weights of far knots would be denormal numbers, which are slow.
    weights = torch.exp(distances.square().clamp(max=BEYOND) / -2)
    return weights / weights.norm(dim=1, keepdim=True)


def _noise(
    deviation: float, shape: Sequence[int], seed: int, device: torch.device
) -> Float[Tensor, "batch channels height width"]:
    """Gaussian noise, drawn on the device: it is as large as the images."""
    return torch.empty(*shape, device=device).normal_(0, deviation, generator=_generator(seed, "noise", device))


def _uniform(seed: int, setting: str, *shape: int) -> Float64[Tensor, "*shape"]:
    return torch.rand(*shape, dtype=torch.float64, generator=_generator(seed, setting))


def _generator(seed: int, setting: str, device: torch.device | str = "cpu") -> torch.Generator:
    """One generator a setting, so that switching one on leaves the draws of the others as they are."""
    return torch.Generator(device).manual_seed(derive_seed(seed, f"augment {setting}"))


def _centred(size: int, images: Tensor) -> Float[Tensor, " size"]:
    """The places of the pixels, counted from the centre."""
    return torch.arange(size, device=images.device, dtype=images.dtype) - (size - 1) / 2


def _per_image(numbers: Float64[Tensor, " batch"], images: Tensor) -> Float[Tensor, "batch 1 1 1"]:
    return _on(images.device, numbers, images.dtype)[:, None, None, None]


def _on(device: torch.device, part: Tensor, dtype: torch.dtype) -> Tensor:
    """A part of what was drawn, on the device of the images."""
    part = part.to(dtype)
    if device.type == "cuda":
        return part.pin_memory().to(device, non_blocking=True)  # else the host would wait for the device
    return part.to(device)
