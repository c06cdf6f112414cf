"""Whether a file that resizes by itself sees images as Pellucid reads them, and answers alike."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image

from pellucid.data.decode import decode
from pellucid.data.listing import Content
from pellucid.errors import RunError
from pellucid.export.formats.table import Answering
from pellucid.export.parity import RawAgreement
from pellucid.export.raw import COLOURS, RawEngine
from pellucid.spec.image_reading import ImageReading
from pellucid.spec.seeds import derive_seed

SIZES = ((1, 1), (0.6, 0.8), (1.3, 1.9), (2.7, 2.2), (6.1, 4.4), (3.2, 9.7), (10.3, 2.9))  # times the network's own
OF_A_SIZE, MOST_PIXELS, LEAST_SIDE = 8, 2**24, 2  # images; of all of one size together
GRAIN = 24  # grey levels to either side: what is enlarged alone would be smoother than any photograph
MOST_LEVELS = 1


def compare_raw(
    raw: RawEngine,
    exact: Answering,
    images: UInt8[ndarray, "count height width channels"],
    reading: ImageReading,
) -> RawAgreement:
    """Hold what a file makes of images of several sizes against how Pellucid reads them, and its answers too.

    Args:
        raw: The file that resizes.
        exact: The network that is asked about the images as Pellucid reads them.
        images: Held-out images of the network's shape, of which images of other sizes are made.
        reading: How the run's images are read.

    Raises:
        RunError: A pixel is more than one grey level off.
    """
    _, height, width, channels = images.shape
    sizes, differences, pairs = set(), [], []
    for image in _of_several_sizes(images):
        seen, answer = raw.answer(image)
        read = decode(Content("image.png", raw=_png(image)), (height, width, channels), reading)
        differences.append(np.abs(seen.astype(np.int16) - read))
        pairs.append((answer, exact.probabilities(read[None])[0]))
        sizes.add(image.shape[:2])
    levels = np.stack(differences)
    if levels.max() > MOST_LEVELS:
        rule = f"Images must be resized inside as Pellucid reads them, within {MOST_LEVELS} grey level"
        raise RunError(f"{rule}; received {levels.max()} for {(levels.max(axis=(1, 2, 3)) > 1).sum()} images.")
    given, told = (np.stack(column) for column in zip(*pairs, strict=True))
    return RawAgreement(
        images=len(levels),
        sizes=tuple(sorted(sizes)),
        greatest_level_difference=int(levels.max()),
        exact_pixels=float((levels == 0).mean()),
        greatest_difference=float(np.abs(given - told).max()),
        differing_answers=int((given.argmax(axis=1) != told.argmax(axis=1)).sum()),
    )


def _of_several_sizes(
    images: UInt8[ndarray, "count height width channels"],
) -> Iterator[UInt8[ndarray, "new_height new_width 3"]]:
    """Some of the images in colour and with grain, brought to several sizes; the same each time."""
    random = np.random.default_rng(derive_seed(0, "images of several sizes"))
    for down, across in SIZES:
        height, width = (max(LEAST_SIDE, round(side)) for side in (images.shape[1] * down, images.shape[2] * across))
        most = max(1, min(OF_A_SIZE, MOST_PIXELS // (height * width)))
        for row in random.permutation(len(images))[:most]:
            image = np.broadcast_to(images[row], (*images.shape[1:3], COLOURS))
            resized = np.asarray(Image.fromarray(np.array(image)).resize((width, height), Image.Resampling.BICUBIC))
            grain = random.integers(-GRAIN, GRAIN + 1, resized.shape)
            yield (resized + grain).clip(0, 255).astype(np.uint8)


def _png(image: UInt8[ndarray, "height width 3"]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()
