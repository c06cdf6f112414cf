from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.cache import clean_cache
from pellucid.data.dataset import DataSplits
from pellucid.data.decode import read_image
from pellucid.data.load import load_data
from pellucid.errors import PellucidWarning, SettingError
from pellucid.run.record import DataRecord
from pellucid.spec.reading import ReadSpec

EIGHT_BITS = np.random.default_rng(0).integers(0, 256, (30, 5, 6), np.uint8)
EIGHT_BITS[:, 0, :2] = 0, 255
LABELS = np.arange(30) % 2


def lay(folder: Path, images: np.ndarray, kind: str = "png") -> Path:
    for number, (image, label) in enumerate(zip(images, LABELS, strict=False)):
        place = folder / "ab"[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{number:02}.{kind}")
    return folder


def pixels(splits: DataSplits) -> dict[str, list[int]]:
    """The pixels of each training image, by the name of its file."""
    sources = splits.train.sources or ()
    return {
        Path(source).name: image.ravel().tolist() for source, image in zip(sources, splits.train.images, strict=True)
    }


def range_note(splits: DataSplits) -> str:
    return "".join(note for note in splits.notes if "would be white" in note)


@pytest.mark.parametrize(
    ("factor", "kind", "value_range"), [(16, "png", (0, 4080)), (1, "png", (0, 255)), (16, "tif", (0, 4080))]
)
def test_8_bits_in_16_are_read_as_in_8(tmp_path: Path, factor: int, kind: str, value_range: tuple[int, int]) -> None:
    twin = load_data(lay(tmp_path / "twin", EIGHT_BITS), test_split=None)
    deep = load_data(lay(tmp_path / "deep", EIGHT_BITS.astype(np.uint16) * factor, kind), test_split=None)
    assert deep.train.fingerprint == twin.train.fingerprint
    assert deep.reading is not None
    assert deep.reading.value_range == value_range
    assert f"go from 0 to {value_range[1]:,}, where 65,535 would be white; 0 is read as black" in range_note(deep)


def test_ordinary_images_stay_as_they_are(tmp_path: Path) -> None:
    for images in (EIGHT_BITS, EIGHT_BITS // 4 + 3, EIGHT_BITS // 8 * 8, EIGHT_BITS.astype(np.uint16) * 257):
        clean_cache()
        folder = lay(tmp_path / f"{images.dtype}-{images.max()}", images)
        splits = load_data(folder, test_split=None)
        assert splits.reading is not None
        assert (splits.reading.value_range, splits.notes) == ("full", ())
        expected = images[2] // (257 if images.dtype == np.uint16 else 1)
        assert pixels(splits)["02.png"] == expected.ravel().tolist()


@pytest.mark.parametrize(
    ("images", "levels"),
    [
        ((EIGHT_BITS > 127).astype(np.uint8), {0, 255}),
        ((EIGHT_BITS % 17), set(np.arange(17) * 255 // 16)),
        ((EIGHT_BITS.astype(np.uint16) % 14 * 20 + 240), {round(level * 255 / 13) for level in range(14)}),
        (np.stack([EIGHT_BITS // 64] * 3, axis=-1), {0, 85, 170, 255}),
    ],
)
def test_narrow_values_are_spread_from_black_to_white(tmp_path: Path, images: np.ndarray, levels: set[int]) -> None:
    splits = load_data(lay(tmp_path / "narrow", images), test_split=None)
    assert {abs(a - b) <= 1 for a, b in zip(sorted(set(splits.train.images.flat)), sorted(levels), strict=True)} == {
        True
    }
    assert f"go from {images.min()} to {images.max()}" in range_note(splits)


def test_the_full_range_may_be_asked_for_and_so_may_any_other(tmp_path: Path) -> None:
    folder = lay(tmp_path / "masks", (EIGHT_BITS > 127).astype(np.uint8))
    full = load_data(folder, value_range="full", test_split=None)
    assert full.train.images.max() == 1
    assert "from 0 to 1, where 255 would be white; they are left as they are" in range_note(full)
    assert load_data(folder, value_range=(0, 2), test_split=None).train.images.max() == 128
    with pytest.raises(SettingError, match=r"fractions, or \(low, high\) with low below high; received \(4, 1\)"):
        load_data(folder, value_range=(4, 1))


def asked_notes(splits: DataSplits) -> list[str]:
    return [note for note in splits.notes if "of the images are held out" not in note]


@pytest.mark.parametrize("as_arrays", [True, False])
def test_a_range_that_is_asked_for_is_told_beside_what_was_found(tmp_path: Path, *, as_arrays: bool) -> None:
    deep = EIGHT_BITS.astype(np.uint16) * 8  # 0 to 2,040
    if as_arrays:
        np.savez(tmp_path / "x.npz", images=deep, labels=LABELS)
    data = tmp_path / "x.npz" if as_arrays else lay(tmp_path / "deep", deep)
    (note,) = asked_notes(load_data(data, value_range=(0, 4095)))
    found = "the values of the training images go from 0 to 2,040"
    asked = "0 is read as black and 4,095 as white, as was asked for"
    assert note == f"{found}; {asked}, so that the images have few of 256 grey levels. --value-range auto fits them."
    assert asked_notes(load_data(data, value_range=(0, 2040))) == []
    (note,) = asked_notes(load_data(data, value_range=(0, 1000)))
    assert "values from 0 to 2,040; those beyond 0 to 1,000 are cut off" in note


@pytest.mark.parametrize("as_arrays", [True, False])
def test_a_range_that_the_format_cannot_hold_is_not_passed_over_in_silence(tmp_path: Path, *, as_arrays: bool) -> None:
    np.savez(tmp_path / "x.npz", images=EIGHT_BITS, labels=LABELS)
    data = tmp_path / "x.npz" if as_arrays else lay(tmp_path / "plain", EIGHT_BITS)
    splits = load_data(data, value_range=(0, 4095), test_split=None)
    note = "images of 8 bits hold no more than 255: they are read from 0 to 255, and not from 0 to 4,095."
    assert splits.notes == (note,)
    assert splits.train.images.max() == 255


def test_new_files_are_read_with_the_range_of_the_data(tmp_path: Path) -> None:
    deep = EIGHT_BITS.astype(np.uint16) * 16
    splits = load_data(lay(tmp_path / "deep", deep))
    Image.fromarray(deep[3] // 2).save(tmp_path / "dim.png")
    assert read_image(tmp_path / "dim.png", (5, 6, 1), splits.reading).ravel().tolist() == (
        np.round(deep[3] // 2 * (255 / 4080)).ravel().tolist()
    )
    Image.fromarray(EIGHT_BITS[3]).save(tmp_path / "8.png")  # which cannot hold 4,080
    assert read_image(tmp_path / "8.png", (5, 6, 1), splits.reading).ravel().tolist() == EIGHT_BITS[3].ravel().tolist()


def test_what_lies_beyond_the_range_is_cut_off_and_said(tmp_path: Path) -> None:
    path = tmp_path / "bright.png"
    Image.fromarray(np.array([[0, 16], [8, 40]], np.uint8)).save(path)
    with pytest.warns(
        PellucidWarning, match=r"bright.png: it holds values from 0 to 40; those beyond 0 to 16 are cut off"
    ):
        read = read_image(path, (2, 2, 1), ReadSpec(value_range=(0, 16)))
    assert read.ravel().tolist() == [0, 255, 128, 255]


def test_the_range_is_of_the_images_that_the_data_call_training_images(tmp_path: Path) -> None:
    lay(tmp_path / "data" / "train", EIGHT_BITS[:20] % 8)
    lay(tmp_path / "data" / "test", EIGHT_BITS[20:] % 16)
    splits = load_data(tmp_path / "data")
    assert splits.reading is not None
    assert splits.reading.value_range == (0, 7)
    assert splits.test.images.max() == 255
    assert "10 files are used, though there are doubts" in splits.notes[-1]
    assert "it holds values from 0 to 15; those beyond 0 to 7 are cut off" in splits.notes[-1]


def test_what_is_held_out_does_not_change_the_pixels(tmp_path: Path) -> None:
    images = EIGHT_BITS % 4
    images[5, 2, 2] = 20  # the one that is brightest
    folder = lay(tmp_path / "narrow", images)
    whole = pixels(load_data(folder, test_split=None))
    for share in (0.2, 0.5):
        clean_cache()
        splits = load_data(folder, test_split=share)
        assert splits.reading is not None
        assert splits.reading.value_range == (0, 20)
        assert pixels(splits).items() <= whole.items()


def test_files_of_several_depths_keep_each_its_own(tmp_path: Path) -> None:
    folder = lay(tmp_path / "both", EIGHT_BITS)
    Image.fromarray(EIGHT_BITS[0].astype(np.uint16) * 16).save(folder / "a" / "deep.png")
    splits = load_data(folder, test_split=None)
    read = pixels(splits)
    assert read["deep.png"] == read["00.png"] == EIGHT_BITS[0].ravel().tolist()


def test_images_of_one_value_are_said_to_teach_nothing(tmp_path: Path) -> None:
    splits = load_data(lay(tmp_path / "black", EIGHT_BITS * 0), test_split=None)
    assert "all values of the training images are 0: there is nothing in them to learn from." in splits.notes


def test_a_run_finds_its_data_in_the_range_it_was_trained_in(tmp_path: Path) -> None:
    folder = lay(tmp_path / "masks", (EIGHT_BITS > 127).astype(np.uint8))
    splits = load_data(folder)
    assert splits.reading is not None
    again = load_data(folder, ReadSpec.model_validate_json(splits.reading.model_dump_json()))
    assert again.train.fingerprint == splits.train.fingerprint


def test_a_run_of_an_earlier_version_reads_what_formats_can_hold(tmp_path: Path) -> None:
    earlier = {"image_size": [5, 6], "channels": 1, "fit": "stretch", "test_split": None}
    record = {"name": "x", "fingerprint": "", "counts": {}, "class_names": [], "mean_brightness": 0, "reading": earlier}
    reading = DataRecord.model_validate(record).reading
    assert reading == ReadSpec(image_size=(5, 6), channels=1, test_split=None, value_range="full")
    assert load_data(lay(tmp_path / "masks", EIGHT_BITS % 2), reading).train.images.max() == 1


@pytest.mark.parametrize(
    ("images", "value_range"),
    [
        (EIGHT_BITS % 17, (0, 16)),
        (EIGHT_BITS % 17 * 1.0, (0, 16)),
        (EIGHT_BITS.astype(np.uint16) * 16, (0, 4080)),
        (EIGHT_BITS, "full"),
        (EIGHT_BITS.astype(np.uint16) * 257, "full"),
    ],
)
def test_arrays_are_read_by_the_same_rule(tmp_path: Path, images: np.ndarray, value_range: object) -> None:
    np.savez(tmp_path / "x.npz", images=images, labels=LABELS)
    splits = load_data(tmp_path / "x.npz", test_split=None)
    assert splits.reading is not None
    assert splits.reading.value_range == value_range
    assert (splits.train.images.min(), splits.train.images.max()) == (0, 255)
    assert bool(range_note(splits)) == (value_range != "full")


def test_arrays_of_fractions_are_read_in_the_range_that_is_given(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x_train=EIGHT_BITS / 255, y_train=LABELS, x_test=EIGHT_BITS / 250, y_test=LABELS)
    splits = load_data(tmp_path / "x.npz", value_range=(0, 1))
    assert np.array_equal(splits.train.images[..., 0], EIGHT_BITS)
    assert splits.notes == ("the test images hold values from 0 to 1.02; those beyond 0 to 1 are cut off",)
