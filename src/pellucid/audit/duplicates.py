"""Images that stand in a data set more than once: equal pixel by pixel, or nearly so.

Near duplicates are sought in three steps. A perceptual hash of 64 bits, the signs of the lowest frequencies of the
image's cosine transform, gives candidates: pairs that agree in one of four bands of 16 bits and differ in few of all.
It changes little when an image is compressed again, scaled or dimmed. The frequencies themselves, a sketch of the
image, rule out most: what is far apart in some of its coordinates is further apart in all (Parseval). Then the pixels
decide, as small images without much detail share their hash with many that are not the same.

Source: Zauner 2010, "Implementation and benchmarking of perceptual image hash functions" (the DCT hash, here with signs
in place of the median); Manku, Jain and Das Sarma 2007, "Detecting near-duplicates for web crawling" (the bands).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Int64, UInt8, UInt64
from numpy import ndarray

from pellucid.audit.findings import Duplicates, Group, Member
from pellucid.data.dataset import DataSplits, ImageDataset

# Correlation of the pixels. Strokes by different hands in MNIST reach 0.991; copies saved as JPEG at 75 keep 0.995.
ALIKE = 0.992
FREQUENCIES = 8  # in each direction; smaller images have not as many
BANDS = 4
BITS_APART = 12  # of 64, at most
FAINT = 1e-3  # a frequency that an image lacks is 0 but for rounding, whose sign would be chance
REACH = 2000  # candidates for each image in a band; bounds the time for sets of images that are all much alike
THUMBNAIL = 32  # pixels a side at most; what is compared
CHUNK_BYTES = 1 << 24

Rows = Int64[ndarray, " rows"]
Pairs = Int64[ndarray, " pairs"]
Sketches = Float32[ndarray, "rows 64"]
Thumbnails = Float32[ndarray, "rows high wide channels"]
Images = UInt8[ndarray, "rows height width channels"]


class Pool:
    """The splits of a data set as one row of images.

    Attributes:
        datasets: Each split by its name.
    """

    def __init__(self, datasets: dict[str, ImageDataset]) -> None:
        self.datasets = datasets
        self._starts = np.cumsum([0, *(len(dataset) for dataset in datasets.values())])

    @classmethod
    def of(cls, splits: DataSplits) -> Pool:
        """The pool of a data set: its training, validation and test split, those that there are."""
        datasets = {"train": splits.train}
        if splits.validation is not None:
            datasets["validation"] = splits.validation
        if splits.has_test:
            datasets["test"] = splits.test
        return cls(datasets)

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def hashes(self) -> UInt64[ndarray, " count"]:
        """A number for each image; equal images have equal numbers."""
        return np.concatenate([dataset.image_hashes for dataset in self.datasets.values()])

    def images(self, rows: Rows) -> Images:
        """The images of these rows, copied."""
        images = np.empty((len(rows), *next(iter(self.datasets.values())).input_shape), np.uint8)
        for dataset, start in zip(self.datasets.values(), self._starts[:-1], strict=True):
            here = (rows >= start) & (rows < start + len(dataset))
            images[here] = dataset.images[rows[here] - start]
        return images

    def chunks(self, rows: Rows) -> Iterator[Rows]:
        """The rows in parts, each of images that together fill CHUNK_BYTES."""
        step = max(1, CHUNK_BYTES // int(np.prod(next(iter(self.datasets.values())).input_shape)))
        return (rows[start : start + step] for start in range(0, len(rows), step))

    def member(self, row: int) -> Member:
        """Where the image of a row stands."""
        part = int(np.searchsorted(self._starts, row, side="right")) - 1
        split, index = list(self.datasets)[part], row - int(self._starts[part])
        dataset = self.datasets[split]
        label = dataset.class_names[dataset.labels[index]]
        source = dataset.sources[index] if dataset.sources else None
        return Member(split=split, index=index, label=label, source=source)


class NearDuplicates(NamedTuple):
    """Near duplicates, and how far they were sought.

    Attributes:
        duplicates: The groups.
        note: What was not looked at, and why; empty where all was.
    """

    duplicates: Duplicates
    note: str


def leaks(splits: DataSplits) -> tuple[Group, ...]:
    """Images of the test split that stand in the training split as well, pixel by pixel; the quick part of an audit.

    Returns:
        A group for each image, with all its copies in the two splits; none without a test split.
    """
    if not splits.has_test:
        return ()
    pool = Pool({"train": splits.train, "test": splits.test})
    # Not every duplicate is described only to be left out again: there may be very many within the training split.
    rows = np.flatnonzero(np.isin(pool.hashes, np.intersect1d(splits.train.image_hashes, splits.test.image_hashes)))
    return tuple(group for group in _duplicates(pool, rows, pool.hashes[rows]).groups if group.leak)


def exact_duplicates(pool: Pool) -> Duplicates:
    """Groups of images whose pixels are equal."""
    return _duplicates(pool, np.arange(len(pool)), pool.hashes)


def near_duplicates(pool: Pool) -> NearDuplicates:
    """Groups of images that look alike without being all equal.

    Two images look alike when the pixels of their thumbnails correlate with at least ALIKE. Groups are chains: the
    first of one may look like the last only through those between. Exact copies of a member are members too. Images of
    one single brightness have nothing that could be compared; images that were turned, mirrored or moved are not found.
    """
    height, width, _ = next(iter(pool.datasets.values())).input_shape
    if min(height, width) < FREQUENCIES:
        note = f"Near duplicates are sought in images of at least {FREQUENCIES}x{FREQUENCIES} pixels only."
        return NearDuplicates(Duplicates.of(()), note)
    _, first, inverse = np.unique(pool.hashes, return_index=True, return_inverse=True)
    sketches = _sketches(pool, first)
    rows = np.flatnonzero((np.abs(sketches) > FAINT).any(axis=1))
    links, complete = _links(sketches[rows], lambda row: pool.images(first[rows[row]]), pool.chunks)
    roots = np.arange(len(first))
    roots[rows] = rows[links]
    linked = np.bincount(roots, minlength=len(roots))[roots] > 1
    members = np.flatnonzero(linked[inverse])
    note = "" if complete else f"More images are much alike than can be compared; each was with {REACH} others a band."
    return NearDuplicates(_duplicates(pool, members, roots[inverse][members]), note)


def _duplicates(pool: Pool, rows: Rows, keys: UInt64[ndarray, " rows"] | Int64[ndarray, " rows"]) -> Duplicates:
    """Groups of the rows whose keys are equal, in the order of their first images."""
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    groups: dict[int, list[int]] = {}
    for place in np.flatnonzero(counts[inverse] > 1).tolist():
        groups.setdefault(int(inverse[place]), []).append(int(rows[place]))
    return Duplicates.of(Group.of(pool.member(row) for row in group) for group in groups.values())


def _sketches(pool: Pool, rows: Rows) -> Sketches:
    """The lowest frequencies of each image's brightness, as shares of its whole contrast."""
    sketches = []
    for chunk in pool.chunks(rows):
        pixels = _centred(_thumbnails(pool.images(chunk)))
        high, wide = (_waves(length) for length in pixels.shape[1:3])
        coordinates = high @ pixels.mean(axis=3) @ wide.T * np.sqrt(pixels.shape[3])
        norms = np.linalg.norm(pixels.reshape(len(chunk), -1), axis=1)
        sketches.append(coordinates.reshape(len(chunk), -1) / np.maximum(norms, 1)[:, None])
    return np.concatenate(sketches).astype(np.float32)


def _centred(pixels: Thumbnails) -> Thumbnails:
    return pixels - pixels.mean(axis=(1, 2, 3), keepdims=True)


def _waves(length: int) -> Float32[ndarray, "frequencies length"]:
    """The lowest waves of the cosine transform, each of length 1."""
    waves = np.cos(np.pi * np.arange(FREQUENCIES)[:, None] * (2 * np.arange(length) + 1) / (2 * length))
    return (waves / np.linalg.norm(waves, axis=1, keepdims=True)).astype(np.float32)


def _thumbnails(images: Images) -> Thumbnails:
    """Means over whole pixels, at most THUMBNAIL a side; smaller images as they are."""
    thumbnails = images.astype(np.float32)
    for axis in (1, 2):
        length = images.shape[axis]
        if length > THUMBNAIL:
            edges = np.arange(THUMBNAIL) * length // THUMBNAIL
            sizes = np.diff(edges, append=length).astype(np.float32)
            sums = np.add.reduceat(thumbnails, edges, axis=axis)
            thumbnails = sums / np.expand_dims(sizes, tuple({0, 1, 2, 3} - {axis}))
    return thumbnails


def _links(
    sketches: Sketches, images: Callable[[Rows], Images], chunks: Callable[[Rows], Iterator[Rows]]
) -> tuple[Rows, bool]:
    """Link rows that look alike.

    Returns:
        The first row of each row's group, and whether all candidates were looked at.
    """
    bits, roots = sketches > FAINT, np.arange(len(sketches))
    bands, words = _bands(bits), _words(bits)
    complete = all(int(np.unique(band, return_counts=True)[1].max(initial=0)) <= REACH + 1 for band in bands)
    for band in bands:
        for left, right in _candidates(band, words):
            apart = np.flatnonzero(roots[left] != roots[right])
            for pairs in chunks(apart[_near(sketches, left[apart], right[apart])]):
                one, other = left[pairs], right[pairs]
                alike = _alike(images(one), images(other))
                roots = _joined(roots, one[alike], other[alike])
    return roots, complete


def _bands(bits: Bool[ndarray, "rows 64"]) -> list[UInt64[ndarray, " rows"]]:
    """The bits in BANDS numbers. Bits that tell much and bits that tell little are dealt out evenly among them."""
    order = np.argsort(np.abs(bits.sum(axis=0) - len(bits) / 2), kind="stable")
    return [_words(bits[:, order[band::BANDS]]) for band in range(BANDS)]


def _words(bits: Bool[ndarray, "rows bits"]) -> UInt64[ndarray, " rows"]:
    """Up to 64 bits as one number."""
    powers = np.uint64(1) << np.arange(bits.shape[1], dtype=np.uint64)
    return np.bitwise_or.reduce(np.where(bits, powers, np.uint64(0)), axis=1)


def _candidates(band: UInt64[ndarray, " rows"], words: UInt64[ndarray, " rows"]) -> Iterator[tuple[Pairs, Pairs]]:
    """Pairs of rows that agree in the band and differ in few of all bits.

    In sorted order equal bands are neighbours; each row is paired with the next, then with the next but one, and so on.
    """
    order = np.lexsort((words, band))
    band, words = band[order], words[order]
    rows = np.arange(len(order))
    for step in range(1, REACH + 1):
        rows = rows[: np.searchsorted(rows, len(order) - step)]
        rows = rows[band[rows] == band[rows + step]]
        if not rows.size:
            return
        close = rows[np.bitwise_count(words[rows] ^ words[rows + step]) <= BITS_APART]
        if close.size:
            yield order[close], order[close + step]


def _near(sketches: Sketches, left: Pairs, right: Pairs) -> Bool[ndarray, " pairs"]:
    """Whether pairs may correlate with ALIKE: of vectors of length 1, that is a squared distance of 2 - 2 ALIKE."""
    near = np.zeros(len(left), bool)
    step = CHUNK_BYTES // (sketches.itemsize * sketches.shape[1])
    for start in range(0, len(left), step):
        part = slice(start, start + step)
        between = sketches[left[part]] - sketches[right[part]]
        near[part] = np.einsum("ij,ij->i", between, between) <= 2 - 2 * ALIKE + FAINT
    return near


def _alike(one: Images, other: Images) -> Bool[ndarray, " rows"]:
    """Whether the thumbnails correlate with at least ALIKE, over all pixels and channels together."""
    first, second = (_centred(_thumbnails(images)).reshape(len(images), -1) for images in (one, other))
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return np.einsum("ij,ij->i", first, second) >= ALIKE * norms


def _joined(roots: Rows, one: Pairs, other: Pairs) -> Rows:
    """The roots after these pairs are linked; the lowest row of a group is its root."""
    for pair in zip(one.tolist(), other.tolist(), strict=True):
        low, high = sorted(_root(roots, row) for row in pair)
        roots[high] = low
    while one.size and not np.array_equal(roots, roots[roots]):
        roots = roots[roots]
    return roots


def _root(roots: Rows, row: int) -> int:
    while roots[row] != row:
        row = int(roots[row])
    return row
