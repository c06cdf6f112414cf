"""What an image looks like, and whether two look alike: thumbnails, their lowest frequencies, their colours.

Two images look alike when the brightness of their thumbnails correlates, in all and in its lowest frequencies, and
their colours, seen coarsely, do not differ. A JPEG keeps colours coarsely alone, and loses fine detail first, as does
a copy in another size. Where the lowest frequencies agree almost wholly, or images are mostly detail, the rest may
differ more: no two such images agree by chance.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Int64
from numpy import ndarray

from pellucid.audit.pool import Images, Pool, Rows

# Correlation of brightness. Strokes by different hands in MNIST reach 0.991; copies saved as JPEG at 75 keep 0.995.
ALIKE = 0.992
ALMOST_EQUAL = 0.9995  # in the lowest frequencies; in MNIST the two most alike come to 0.9993
LOOSE = 0.97  # where they are almost equal, or images are mostly detail; of texture a JPEG at 50 keeps 0.972
DETAIL = (0.5, 0.6)  # shares of the contrast that lie above the lowest frequencies, between which the rule changes
FREQUENCIES = 8  # in each direction; smaller images have not as many
THUMBNAIL = 32  # pixels a side at most; what is compared
COLOURS = 8  # places a side at which colours are compared
COLOUR_ALIKE = 0.9  # cosine between the colours of two images
GREY = 4.0  # levels from grey, root mean square, below which an image counts as without colour
FAINT = 1e-3  # a frequency that an image lacks is 0 but for rounding, whose sign would be chance
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green and blue, ITU-R BT.601

Sketches = Float32[ndarray, "rows 8 8"]
Thumbnails = Float32[ndarray, "rows high wide channels"]
Brightness = Float32[ndarray, "rows high wide"]
Turns = Int64[ndarray, " rows"]


def thumbnails(images: Images | Float32[ndarray, "rows height width channels"], side: int = THUMBNAIL) -> Thumbnails:
    """Means over equal areas, at most so many a side; smaller images as they are."""
    made = images.astype(np.float32)
    for axis in (1, 2):
        if images.shape[axis] > side:
            made = np.moveaxis(np.tensordot(made, _areas(images.shape[axis], side), ([axis], [1])), -1, axis)
    return made


def _areas(length: int, side: int) -> Float32[ndarray, "side length"]:
    """The share that each pixel of a line has in each of fewer, equal parts of it."""
    edges, pixels = np.arange(side + 1)[:, None] * length / side, np.arange(length)
    covered = np.clip(edges - pixels, 0, 1)  # of each pixel, up to each edge
    return (np.diff(covered, axis=0) * side / length).astype(np.float32)


def brightness(images: Images | Thumbnails) -> Brightness:
    """The luminance of red, green and blue; of other than three channels, their mean."""
    if images.shape[3] == len(LUMINANCE):
        return images.astype(np.float32) @ LUMINANCE
    return images.mean(axis=3, dtype=np.float32)


def sketches(pool: Pool, rows: Rows) -> Sketches:
    """The lowest frequencies of each image's brightness, as shares of its whole contrast."""
    made = []
    for chunk in pool.chunks(rows):
        pixels = centred(brightness(thumbnails(pool.images(chunk))))
        high, wide = (_waves(length) for length in pixels.shape[1:])
        norms = np.linalg.norm(pixels.reshape(len(chunk), -1), axis=1)
        made.append((high @ pixels @ wide.T / np.maximum(norms, 1)[:, None, None]).astype(np.float32))
    return np.concatenate(made)


def near(one: Sketches, other: Sketches) -> Bool[ndarray, " rows"]:
    """Whether the lowest frequencies of images correlate with at least ALIKE."""
    return correlation(one, other) >= ALIKE


def least_agreement(one: Sketches, other: Sketches) -> Float32[ndarray, " rows"]:
    """With what correlation of all their brightness images look alike."""
    detail = 1 - np.maximum(*(np.square(sketched).sum(axis=(1, 2)) for sketched in (one, other)))
    least = np.where(correlation(one, other) >= ALMOST_EQUAL, LOOSE, np.interp(detail, DETAIL, (ALIKE, LOOSE)))
    return least.astype(np.float32)


def alike(one: Images, other: Images, least: Float32[ndarray, " rows"]) -> Bool[ndarray, " rows"]:
    """Whether images look alike, but for the lowest frequencies of their brightness, which `near` compares.

    Args:
        one: Images.
        other: Others.
        least: The correlation of brightness that each two must have; see `least_agreement`.
    """
    first, second = thumbnails(one), thumbnails(other)
    bright, too = brightness(first), brightness(second)
    agree = correlation(centred(bright), centred(too)) >= least
    return agree & colours_agree(first - bright[..., None], second - too[..., None])


def colours_agree(one: Thumbnails, other: Thumbnails) -> Bool[ndarray, " rows"]:
    """Whether what channels have beside the brightness is alike when seen coarsely, or one image has no colour."""
    first, second = (thumbnails(colours, COLOURS) for colours in (one, other))
    grey = [np.sqrt((colours**2).mean(axis=(1, 2, 3))) < GREY for colours in (first, second)]
    return grey[0] | grey[1] | (correlation(first, second) >= COLOUR_ALIKE)


def turns(sketched: Sketches, *, square: bool) -> Turns:
    """How each image is brought to the one pose that it shares with its mirror images and quarter turns.

    Args:
        sketched: The images.
        square: Whether images may be turned by a quarter too, which only square ones can be.

    Returns:
        A number for each: 1 mirrors left and right, 2 top and bottom, 4 rows and columns before that; added up.
    """
    upright = np.triu(np.ones((FREQUENCIES, FREQUENCIES), np.float32), 1)
    exchanged = ((sketched**2 * (upright - upright.T)).sum(axis=(1, 2)) < 0) & square
    posed = np.where(exchanged[:, None, None], sketched.transpose(0, 2, 1), sketched)
    # An odd wave changes its sign in the mirror. Cubes: the strong waves decide, so that noise does not.
    upside_down = (posed[:, 1::2, ::2] ** 3).sum(axis=(1, 2)) < 0
    mirrored = (posed[:, ::2, 1::2] ** 3).sum(axis=(1, 2)) < 0
    return mirrored + 2 * upside_down + 4 * exchanged


def turned(images: ndarray, how: Turns) -> ndarray:
    """Images, [rows, height, width, ...], each mirrored and turned as `turns` says."""
    made = images.copy()
    for turn in np.unique(how).tolist():
        own = images[how == turn]
        own = own.swapaxes(1, 2) if turn & 4 else own
        own = own[:, ::-1] if turn & 2 else own
        made[how == turn] = own[:, :, ::-1] if turn & 1 else own
    return made


def turned_sketches(sketched: Sketches, how: Turns) -> Sketches:
    """The sketches of images that are mirrored and turned as `turns` says."""
    made = np.where((how & 4 > 0)[:, None, None], sketched.transpose(0, 2, 1), sketched)
    made = np.where((how & 2 > 0)[:, None, None], made * _signs()[:, None], made)
    return np.where((how & 1 > 0)[:, None, None], made * _signs(), made)


def _signs() -> Float32[ndarray, " frequencies"]:
    """What a mirror does to each wave."""
    return np.where(np.arange(FREQUENCIES) % 2, -1, 1).astype(np.float32)


def centred(pixels: Brightness) -> Brightness:
    """Images less their mean."""
    return pixels - pixels.mean(axis=(1, 2), keepdims=True)


def correlation(one: ndarray, other: ndarray) -> Float32[ndarray, " rows"]:
    """The cosine between the rows of two arrays; 0 where one is nothing."""
    first, second = (values.reshape(len(values), -1) for values in (one, other))
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return np.einsum("ij,ij->i", first, second) / np.maximum(norms, np.finfo(np.float32).tiny)


def _waves(length: int) -> Float32[ndarray, "frequencies length"]:
    """The lowest waves of the cosine transform, each of length 1."""
    waves = np.cos(np.pi * np.arange(FREQUENCIES)[:, None] * (2 * np.arange(length) + 1) / (2 * length))
    return (waves / np.linalg.norm(waves, axis=1, keepdims=True)).astype(np.float32)
