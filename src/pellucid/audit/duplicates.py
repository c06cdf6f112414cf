"""Images that stand in a data set more than once: equal pixel by pixel, or nearly so, or mirrored and turned.

Near duplicates are sought in three steps. A perceptual hash of 64 bits, the signs of the lowest frequencies of the
image's cosine transform, gives candidates: pairs that agree in one of four bands of 16 bits and differ in few of all.
It changes little when an image is compressed again, scaled or dimmed. The frequencies themselves, a sketch of the
image, rule out most. Then the pixels decide, as small images without much detail share their hash with many that are
not the same. For mirrored and turned copies each image is first brought to one pose that it shares with them.

Source: Zauner 2010, "Implementation and benchmarking of perceptual image hash functions" (the DCT hash, here with signs
in place of the median); Manku, Jain and Das Sarma 2007, "Detecting near-duplicates for web crawling" (the bands).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int64, UInt64
from numpy import ndarray

from pellucid.audit.findings import Duplicates, Group, Member
from pellucid.audit.looks import (
    FAINT,
    FREQUENCIES,
    Sketches,
    Turns,
    alike,
    least_agreement,
    near,
    sketches,
    turned,
    turned_sketches,
    turns,
)
from pellucid.audit.pool import CHUNK_BYTES, Pool, Rows
from pellucid.data.dataset import DataSplits, ImageDataset

BANDS = 4
BITS_APART = 12  # of 64, at most
NO_ROWS = np.zeros(0, np.int64)
REACH = 2000  # candidates for each image in a band; bounds the time for sets of images that are all much alike

Pairs = Int64[ndarray, " pairs"]
Keys = UInt64[ndarray, " rows"] | Int64[ndarray, " rows"]


class NearDuplicates(NamedTuple):
    """Near duplicates, and how far they were sought.

    Attributes:
        duplicates: The groups of images that look alike as they are.
        turned: The groups of images that look alike once they are mirrored or turned.
        note: What was not looked at, and why; empty where all was.
    """

    duplicates: Duplicates
    turned: Duplicates
    note: str


class Leak(NamedTuple):
    """Images that are one and the same, or nearly, and stand on both sides of a split.

    Attributes:
        split: Where they are not trained on: validation or test.
        trained: The first of them that is trained on.
        judging: The first of them that stands in that split.
    """

    split: str
    trained: Member
    judging: Member


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
    return tuple(group for group in grouped(pool, rows, pool.hashes[rows]).groups if group.leak)


def near_leaks(splits: DataSplits, held_out: Rows = NO_ROWS) -> tuple[Leak, ...]:
    """Images that look like training images, without being equal to them, but are to judge what was learned.

    Args:
        splits: The data; its test split is read.
        held_out: The training images that a training holds out for validation.

    Returns:
        For each group of images that look alike, what it has in the validation split, and what in the test split.
    """
    if splits.validation is None and not splits.has_test and not len(held_out):
        return ()
    return _parted(near_duplicates(Pool.of(splits), with_turned=False).duplicates.groups, held_out)


def held_out_copies(train: ImageDataset, held_out: Rows) -> tuple[Leak, ...]:
    """Images that are equal to training images, pixel by pixel, but are held out of them for validation.

    Args:
        train: The training images.
        held_out: Those that are held out.
    """
    hashes, judging = train.image_hashes, np.zeros(len(train), np.bool_)
    judging[held_out] = True
    rows = np.flatnonzero(np.isin(hashes, np.intersect1d(hashes[judging], hashes[~judging])))
    return _parted(grouped(Pool({"train": train}), rows, hashes[rows]).groups, held_out)


def _parted(groups: Iterable[Group], held_out: Rows) -> tuple[Leak, ...]:
    """The groups of which a part is trained on and another is not."""
    rows, found = set(held_out.tolist()), []
    for group in groups:
        train = [member for member in group.members if member.split == "train"]
        validation = [member for member in group.members if member.split == "validation"]
        validation += [member for member in train if member.index in rows]
        kept = [member for member in train if member.index not in rows]
        test = [member for member in group.members if member.split == "test"]
        found += [Leak("validation", kept[0], validation[0])] if kept and validation else []
        found += [Leak("test", train[0], test[0])] if train and test else []
    return tuple(found)


def exact_duplicates(pool: Pool) -> Duplicates:
    """Groups of images whose pixels are equal."""
    return grouped(pool, np.arange(len(pool)), pool.hashes)


def near_duplicates(pool: Pool, *, with_turned: bool = True) -> NearDuplicates:
    """Groups of images that look alike without being all equal.

    Groups are chains: the first of one may look like the last only through those between. Exact copies of a member are
    members too. Images of one single brightness have nothing that could be compared.

    Args:
        pool: The images.
        with_turned: Seek copies that are mirrored, upside down or turned by quarters as well.
    """
    height, width, _ = pool.image_shape
    nothing = Duplicates.of(())
    if min(height, width) < FREQUENCIES:
        note = f"Near duplicates are sought in images of at least {FREQUENCIES}x{FREQUENCIES} pixels only."
        return NearDuplicates(nothing, nothing, note)
    _, first, inverse = np.unique(pool.hashes, return_index=True, return_inverse=True)
    sketched = sketches(pool, first)
    rows = np.flatnonzero((np.abs(sketched) > FAINT).any(axis=(1, 2)))
    search = _Search(pool, first[rows], sketched[rows])
    as_they_are = search.links(np.zeros(len(rows), np.int64))
    found, posed = linked(pool, rows, as_they_are, inverse), nothing
    if with_turned:
        poses = turns(sketched[rows], square=height == width)
        posed = linked(pool, rows, search.links(poses, but=as_they_are), inverse)
    note = f"More images are much alike than can be compared; each was with {REACH} others a band."
    return NearDuplicates(found, posed, "" if search.complete else note)


def grouped(pool: Pool, rows: Rows, keys: Keys) -> Duplicates:
    """Groups of the rows whose keys are equal, in the order of their first images."""
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    groups: dict[int, list[int]] = {}
    for place in np.flatnonzero(counts[inverse] > 1).tolist():
        groups.setdefault(int(inverse[place]), []).append(int(rows[place]))
    return Duplicates.of(Group.of(pool.member(row) for row in group) for group in groups.values())


def linked(pool: Pool, rows: Rows, links: Rows, inverse: Int64[ndarray, " count"]) -> Duplicates:
    """Groups of images whose first of each set of equal ones are linked.

    Args:
        pool: All images.
        rows: Which of the different images were compared.
        links: For each of these, the first of its group.
        inverse: For each image, which of the different ones it equals.
    """
    roots = np.arange(int(inverse.max()) + 1)
    roots[rows] = rows[links]
    in_groups = np.bincount(roots, minlength=len(roots))[roots] > 1
    members = np.flatnonzero(in_groups[inverse])
    return grouped(pool, members, roots[inverse][members])


class _Search:
    """The search for images that look alike, among those of which no two are equal.

    Attributes:
        complete: Whether all candidates have been looked at.
    """

    def __init__(self, pool: Pool, rows: Rows, sketched: Sketches) -> None:
        self._pool, self._rows, self._sketches = pool, rows, sketched
        self.complete = True

    def links(self, poses: Turns, but: Rows | None = None) -> Rows:
        """The first row of each row's group, where rows are linked that look alike in these poses.

        Args:
            poses: How each image is mirrored and turned before it is compared.
            but: Groups that are known; given, pairs are sought of which neither the group nor the pose is the same.
        """
        posed = turned_sketches(self._sketches, poses)
        bits, roots = posed.reshape(len(posed), FREQUENCIES**2) > FAINT, np.arange(len(posed))
        bands, words = _bands(bits), _words(bits)
        self.complete &= all(int(np.unique(band, return_counts=True)[1].max(initial=0)) <= REACH + 1 for band in bands)
        for band in bands:
            for one, other in _candidates(band, words):
                new = roots[one] != roots[other]
                if but is not None:
                    new &= (poses[one] != poses[other]) & (but[one] != but[other])
                likely = np.flatnonzero(new)
                for pairs in self._pool.chunks(likely[_near(posed, one[likely], other[likely])]):
                    left, right = one[pairs], other[pairs]
                    least = least_agreement(posed[left], posed[right])
                    same = alike(self._images(left, poses), self._images(right, poses), least)
                    roots = joined(roots, left[same], right[same])
        return roots

    def _images(self, rows: Rows, poses: Int64[ndarray, " all"]) -> ndarray:
        return turned(self._pool.images(self._rows[rows]), poses[rows])


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


def _near(posed: Sketches, left: Pairs, right: Pairs) -> Int64[ndarray, " near"]:
    """Which of the pairs are `near`, some at a time."""
    step = CHUNK_BYTES // posed[:1].nbytes
    parts = [slice(start, start + step) for start in range(0, len(left), step)]
    close = [near(posed[left[part]], posed[right[part]]) for part in parts]
    return np.flatnonzero(np.concatenate(close)) if close else left


def joined(roots: Rows, one: Pairs, other: Pairs) -> Rows:
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
