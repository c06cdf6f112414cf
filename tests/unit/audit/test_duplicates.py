import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.audit import duplicates, looks
from pellucid.audit import pool as pools
from pellucid.audit.duplicates import exact_duplicates, leaks, near_duplicates, near_leaks
from pellucid.audit.findings import Group
from pellucid.audit.pool import Pool
from pellucid.data.dataset import DataSplits, ImageDataset

NAMES = ("cat", "dog")


def noise(count: int, seed: int, shape: tuple[int, int, int] = (12, 10, 1)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


def dataset(
    images: np.ndarray, labels: list[int] | None = None, sources: tuple[str, ...] | None = None
) -> ImageDataset:
    return ImageDataset(images, np.array(labels or [0] * len(images), np.int64), NAMES, sources)


def places(group: Group) -> list[tuple[str, int]]:
    return [(member.split, member.index) for member in group.members]


def test_exact_duplicates_are_grouped_marked_and_in_order_of_gravity() -> None:
    train, test = noise(8, 0), noise(3, 1)
    train[4] = train[1]  # the same label: harmless
    train[6] = train[2]  # under two labels
    test[1] = train[3]  # in two splits
    test[2] = train[0]
    train[7] = train[0]  # in two splits and under two labels
    splits = DataSplits("pets", dataset(train, [0, 0, 0, 0, 0, 0, 1, 1]), dataset(test))
    found = exact_duplicates(Pool.of(splits))
    assert [places(group) for group in found.groups] == [
        [("train", 0), ("train", 7), ("test", 2)],
        [("train", 3), ("test", 1)],
        [("train", 2), ("train", 6)],
        [("train", 1), ("train", 4)],
    ]
    assert [group.marks for group in found.groups] == [
        ("in two splits", "under two labels"),
        ("in two splits",),
        ("under two labels",),
        (),
    ]
    assert (found.images, found.leaks, found.conflicts) == (9, 2, 2)
    assert [member.label for member in found.groups[0].members] == ["cat", "dog", "cat"]


def test_members_carry_their_source() -> None:
    images = noise(2, 0)
    images[1] = images[0]
    splits = DataSplits("pets", dataset(images, sources=("a.png", "b.png")), None)
    (group,) = exact_duplicates(Pool.of(splits)).groups
    assert [member.source for member in group.members] == ["a.png", "b.png"]
    assert group.members[1].place == "train 1, b.png"


def test_leaks_name_what_stands_in_train_and_test_alone() -> None:
    train, validation, test = noise(5, 0), noise(2, 1), noise(4, 2)
    train[1] = train[0]  # within train
    test[3] = test[2]  # within test
    validation[0] = train[2]  # train and validation
    test[1] = train[4]
    splits = DataSplits("pets", dataset(train), dataset(test), validation=dataset(validation))
    (group,) = leaks(splits)
    assert places(group) == [("train", 4), ("test", 1)]
    assert exact_duplicates(Pool.of(splits)).leaks == 2
    assert leaks(DataSplits("pets", dataset(train), None)) == ()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.data())
def test_a_planted_duplicate_is_always_found_and_noise_gives_none(seed: int, data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from([(8, 8, 1), (28, 28, 1), (9, 40, 3), (70, 33, 3)]))
    train, test = noise(20, seed, shape), noise(10, seed + 1, shape)
    one, other = data.draw(st.integers(0, 19)), data.draw(st.integers(0, 9))
    clean = Pool.of(DataSplits("noise", dataset(train), dataset(test)))
    assert not exact_duplicates(clean).groups
    assert not near_duplicates(clean).duplicates.groups
    test[other] = train[one]
    planted = Pool.of(DataSplits("noise", dataset(train), dataset(test)))
    expected = [[("train", one), ("test", other)]]
    assert [places(group) for group in exact_duplicates(planted).groups] == expected
    assert not near_duplicates(planted).duplicates.groups, "equal images are not near duplicates as well"
    test[other] ^= 1  # each value is one more or less
    changed = Pool.of(DataSplits("noise", dataset(train), dataset(test)))
    assert not exact_duplicates(changed).groups
    assert [places(group) for group in near_duplicates(changed).duplicates.groups] == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda image: (image * 0.7).astype(np.uint8),
        lambda image: image // 2 + 100,
        lambda image: image - image % 8,
        lambda image: np.repeat(np.rint(image @ looks.LUMINANCE)[..., None], 3, axis=-1).astype(np.uint8),
    ],
    ids=["dimmed", "paler", "fewer greys", "grey"],
)
def test_changed_copies_are_near_duplicates(change) -> None:
    train = noise(30, 0, (16, 16, 3))
    splits = DataSplits("pets", dataset(train), dataset(change(train[5:6]), [1]))
    (group,) = near_duplicates(Pool.of(splits)).duplicates.groups
    assert places(group) == [("train", 5), ("test", 0)]
    assert group.marks == ("in two splits", "under two labels")


def test_a_group_of_near_duplicates_holds_exact_copies_too() -> None:
    train = noise(6, 0)
    train[3] = train[1]
    train[5] = train[1] ^ 1
    splits = DataSplits("pets", dataset(train), None)
    found = near_duplicates(Pool.of(splits)).duplicates
    assert [places(group) for group in found.groups] == [[("train", 1), ("train", 3), ("train", 5)]]
    assert (found.images, found.leaks, found.conflicts) == (3, 0, 0)


def test_images_with_one_hash_but_other_pixels_are_not_near_duplicates() -> None:
    """Equal in the low frequencies, which the hash sees, and unlike in the high ones, which decide."""
    checks = np.indices((32, 32)).sum(axis=0) % 2 * 60
    slope = np.linspace(60, 120, 32)[:, None].repeat(32, axis=1)
    images = np.stack([slope, slope + checks])[..., None].astype(np.uint8)
    pool = Pool.of(DataSplits("x", dataset(images), None))
    bits = looks.sketches(pool, np.arange(2)) > looks.FAINT
    assert bits.any(axis=(1, 2)).all()
    assert (bits[0] != bits[1]).sum() <= 2
    assert not near_duplicates(pool).duplicates.groups


def test_constant_images_of_different_brightness_are_not_near_duplicates() -> None:
    images = np.full((4, 8, 8, 1), np.arange(4).reshape(4, 1, 1, 1) * 50, np.uint8)
    assert not near_duplicates(Pool.of(DataSplits("flat", dataset(images), None))).duplicates.groups


def test_small_images_are_left_out_with_a_note() -> None:
    found = near_duplicates(Pool.of(DataSplits("small", dataset(noise(9, 0, (7, 20, 1))), None)))
    assert not found.duplicates.groups
    assert found.note == "Near duplicates are sought in images of at least 8x8 pixels only."


def test_a_set_of_images_all_alike_is_searched_within_bounds_and_says_so(monkeypatch) -> None:
    monkeypatch.setattr(duplicates, "REACH", 3)
    base = noise(1, 0, (16, 16, 1))[0] // 2
    images = np.stack([base] * 40)
    images[:, 0, 0, 0] = np.arange(40)
    found = near_duplicates(Pool.of(DataSplits("alike", dataset(images), None)))
    assert [len(group.members) for group in found.duplicates.groups] == [40], "neighbours make a chain"
    assert found.note == "More images are much alike than can be compared; each was with 3 others a band."


def test_images_are_read_in_parts_across_splits(monkeypatch) -> None:
    monkeypatch.setattr(pools, "CHUNK_BYTES", 3 * 120)
    train, test = noise(10, 0), noise(5, 1)
    test[4] = train[7] ^ 1
    pool = Pool.of(DataSplits("pets", dataset(train), dataset(test)))
    rows = np.array([14, 0, 9, 10])
    assert np.array_equal(pool.images(rows), np.stack([test[4], train[0], train[9], test[0]]))
    assert [len(part) for part in pool.chunks(np.arange(15))] == [3, 3, 3, 3, 3]
    assert [places(group) for group in near_duplicates(pool).duplicates.groups] == [[("train", 7), ("test", 4)]]


def test_the_members_shown_of_a_long_group_are_of_every_split_and_label() -> None:
    train, test = noise(12, 0), noise(2, 1)
    train[:], test[1] = train[0], train[0]
    splits = DataSplits("pets", dataset(train, [0] * 11 + [1]), dataset(test))
    (group,) = exact_duplicates(Pool.of(splits)).groups
    assert [member.place for member in group.telling(3)] == ["train 0", "train 11", "test 1"]
    assert group.telling(20) == group.members


def test_two_members_are_of_two_splits_even_where_the_labels_of_one_differ() -> None:
    train, test = noise(3, 0), noise(1, 1)
    train[1], test[0] = train[0], train[0]
    splits = DataSplits("pets", dataset(train, [0, 1, 0]), dataset(test))
    (group,) = leaks(splits)
    assert [member.place for member in group.telling(2)] == ["train 0", "test 0"]


MIRRORED = {
    "left and right": lambda image: image[:, ::-1],
    "upside down": lambda image: image[::-1],
    "both": lambda image: image[::-1, ::-1],
    "a quarter": np.rot90,
    "three quarters": lambda image: np.rot90(image, 3),
    "rows for columns": lambda image: image.swapaxes(0, 1),
}


@pytest.mark.parametrize("change", MIRRORED.values(), ids=MIRRORED)
@pytest.mark.parametrize("side", [16, 33, 50])
def test_mirrored_and_turned_copies_are_found_as_such(change, side: int) -> None:
    train = noise(20, 0, (side, side, 3))
    found = near_duplicates(Pool.of(DataSplits("pets", dataset(train), dataset(change(train[5])[None] // 2))))
    assert [places(group) for group in found.turned.groups] == [[("train", 5), ("test", 0)]]
    assert not found.duplicates.groups


def test_a_mirrored_copy_of_an_oblong_image_is_found() -> None:
    train = noise(20, 0, (20, 40, 1))
    found = near_duplicates(Pool.of(DataSplits("pets", dataset(train), dataset(train[3:4, :, ::-1]))))
    assert [places(group) for group in found.turned.groups] == [[("train", 3), ("test", 0)]]


def test_symmetric_images_are_no_mirrored_copies_of_themselves_or_of_near_duplicates() -> None:
    train = noise(6, 0, (16, 16, 1))
    train[:, :, 8:] = train[:, :, 7::-1]
    test = train[2:3] ^ 1
    found = near_duplicates(Pool.of(DataSplits("pets", dataset(train), dataset(test))))
    assert [places(group) for group in found.duplicates.groups] == [[("train", 2), ("test", 0)]]
    assert not found.turned.groups


def test_near_leaks_stand_in_train_and_test() -> None:
    train, test = noise(8, 0), noise(3, 1)
    train[4] = train[3] ^ 1  # within train
    test[1] = train[6] ^ 1
    test[2] = train[0]  # equal, which is another finding
    (leak,) = near_leaks(DataSplits("pets", dataset(train), dataset(test)))
    assert (leak.split, leak.trained.index, leak.judging.index) == ("test", 6, 1)
    of_test, of_validation = near_leaks(DataSplits("pets", dataset(train), dataset(test)), np.array([4]))
    assert (of_validation.split, of_validation.trained.index, of_validation.judging.index) == ("validation", 3, 4)
    assert of_test == leak
    assert near_leaks(DataSplits("pets", dataset(train), None)) == ()
