import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pellucid.data import pixel_rows
from pellucid.data.load import load_data
from pellucid.data.pixel_tables import read_for_answers
from pellucid.errors import DataError, SettingError

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (40, 8, 8), dtype=np.uint8)
IMAGES[:, [0, -1]] = 0  # a dark border, as digits have
LABELS = [str(number % 4) for number in range(40)]
PIXELS = [f"pixel{number}" for number in range(64)]


def table(path: Path, rows: Sequence[Sequence[object]], header: Sequence[str] = ()) -> Path:
    lines = [header, *rows] if header else rows
    path.write_text("\n".join(",".join(map(str, line)) for line in lines) + "\n")
    return path


def rows_of(images: np.ndarray = IMAGES, *, first: Sequence[object] = (), last: Sequence[object] = ()) -> list[list]:
    rows = [image.ravel().tolist() for image in images]
    return [[*before, *row, *after] for before, row, after in zip(_cells(first), rows, _cells(last), strict=False)]


def _cells(values: Sequence[object]) -> list[tuple[object, ...]]:
    return [(value,) for value in values] if len(values) else [()] * len(IMAGES)


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        (rows_of(first=LABELS), ["label", *PIXELS]),
        (rows_of(last=LABELS), [*PIXELS, "class"]),
        (rows_of(first=LABELS), ["label", *(f"{y}x{x}" for y in range(1, 9) for x in range(1, 9))]),
        (rows_of(first=LABELS), ["label", *map(str, range(64))]),
        (rows_of(first=LABELS), list(map(str, range(65)))),
        (rows_of(first=LABELS), []),
        (rows_of(last=LABELS), []),
        ([[f'"{cell}"' for cell in row] for row in rows_of(first=LABELS)], []),
        (rows_of(IMAGES.astype(float), first=[f"{label}.0" for label in LABELS]), []),
        ([[f"{cell:.6e}" for cell in map(float, row)] for row in rows_of(first=LABELS)], []),  # as numpy.savetxt
    ],
)
def test_each_row_is_an_image(tmp_path: Path, rows: list[list[object]], header: list[str]) -> None:
    splits = load_data(table(tmp_path / "digits.csv", rows, header), test_split=None)
    assert np.array_equal(splits.train.images[..., 0], IMAGES)
    assert [splits.class_names[label] for label in splits.train.labels] == LABELS
    assert (splits.name, splits.class_names) == ("digits", ("0", "1", "2", "3"))
    assert splits.train.sources is not None
    assert splits.train.sources[2] == f"{tmp_path / 'digits.csv'}, row 3"


def test_a_comma_at_the_end_of_rows_harms_nothing(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", rows_of(first=LABELS, last=[""] * 40), ["label", *PIXELS])
    assert np.array_equal(load_data(path, test_split=None).train.images[..., 0], IMAGES)


def test_what_the_columns_mean_is_said_and_a_test_split_is_held_out(tmp_path: Path) -> None:
    splits = load_data(table(tmp_path / "t.csv", rows_of(first=LABELS), ["label", *PIXELS]))
    assert splits.notes[0] == "each row is an image of 8x8x1 from 64 columns, its class in the column 'label'."
    assert len(splits.train) + len(splits.test) == 40
    again = load_data(tmp_path / "t.csv", splits.reading)
    assert again.train.fingerprint == splits.train.fingerprint


def test_pixels_are_put_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    order = sorted(range(64), key=str)  # as tools sort the names of columns
    rows = [[row[place] for place in order] + [label] for row, label in zip(rows_of(), LABELS, strict=True)]
    path = table(tmp_path / "t.csv", rows, [*(PIXELS[place] for place in order), "label"])
    assert np.array_equal(load_data(path, test_split=None).train.images[..., 0], IMAGES)


def test_texts_as_labels_splits_and_groups(tmp_path: Path) -> None:
    names = ["a cat", "dog"] * 20
    parts = ["train"] * 30 + ["test"] * 10
    rows = [
        [part, number // 2, *row] for number, (part, row) in enumerate(zip(parts, rows_of(last=names), strict=True))
    ]
    splits = load_data(table(tmp_path / "t.csv", rows, ["split", "writer", *PIXELS, "label"]))
    assert (len(splits.train), len(splits.test), splits.class_names) == (30, 10, ("a cat", "dog"))
    assert splits.test.groups == tuple(str(number // 2) for number in range(30, 40))
    assert np.array_equal(splits.test.images[..., 0], IMAGES[30:])
    assert load_data(table(tmp_path / "u.csv", rows_of(first=names)), test_split=None).class_names == ("a cat", "dog")


def test_colour_lies_side_by_side_or_as_the_size_says(tmp_path: Path) -> None:
    colour = RANDOM.integers(0, 256, (40, 5, 5, 3), dtype=np.uint8)
    path = table(tmp_path / "t.csv", rows_of(colour, first=LABELS), ["label", *(f"p{n}" for n in range(75))])
    splits = load_data(path, test_split=None)
    assert np.array_equal(splits.train.images, colour)
    assert "5x5x3 from 75 columns, its class in the column 'label'; the three colours of a pixel" in splits.notes[0]
    assert load_data(path, image_size=(3, 25)).train.input_shape == (3, 25, 1)
    with pytest.raises(DataError, match="an image of 4x4 must have a column a value; received 75 columns of pixels"):
        load_data(path, image_size=(4, 4))


def test_pixels_of_no_square_need_a_size(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", [["a", *range(70)], ["b", *range(70)]], ["label", *(f"p{n}" for n in range(70))])
    with pytest.raises(DataError, match="as many columns as a square image .*received 70 columns of pixels. Give the"):
        load_data(path)
    assert load_data(path, image_size=(7, 10), test_split=None).train.input_shape == (7, 10, 1)
    with pytest.raises(DataError, match="received 70 columns of numbers, one of which may be the labels"):
        load_data(table(tmp_path / "u.csv", [[1] * 70, [2] * 70]))


def test_without_header_the_label_is_first_or_last_as_the_values_show(tmp_path: Path) -> None:
    photos = RANDOM.integers(0, 256, (40, 8, 8), dtype=np.uint8)  # without a border that is the same everywhere
    splits = load_data(table(tmp_path / "t.csv", rows_of(photos, last=LABELS)), test_split=None)
    assert np.array_equal(splits.train.images[..., 0], photos)
    both = table(tmp_path / "u.csv", rows_of(photos % 4, first=LABELS))
    with pytest.raises(
        DataError, match="first or the last column holds the labels; both may. Say --label-column first"
    ):
        load_data(both)
    splits = load_data(both, label_column="first", value_range="full", test_split=None)
    assert np.array_equal(splits.train.images[..., 0], photos % 4)
    with pytest.raises(DataError, match="the label column must be first or last; received 'label'"):
        load_data(both, label_column="label")
    with pytest.raises(DataError, match="neither may"):
        load_data(table(tmp_path / "v.csv", rows_of(first=[7] * 40)))


def test_rows_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    rows = rows_of(first=LABELS)
    rows[1], rows[2][5], rows[3][0], rows[4][9] = rows[1][:-3], "x", "", "nan"
    path = table(tmp_path / "t.csv", rows, ["label", *PIXELS])
    with pytest.raises(
        DataError, match=r"at most 1.0% of the rows may be unusable; received 4 of 40: .*, row 2: it has"
    ):
        load_data(path)
    splits = load_data(path, max_bad=0.2, test_split=None)
    assert np.array_equal(splits.train.images[..., 0], IMAGES[[0, *range(5, 40)]])
    assert [fault.source.rpartition(", ")[2] + ": " + fault.reason for fault in splits.rejected] == [
        "row 2: it has 62 cells; the first line has 65",
        "row 3: a pixel must be a number; received 'x'",
        "row 4: no label",
        "row 5: a pixel must be a number; received 'nan'",
    ]


def test_rows_are_read_some_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixel_rows, "CELLS_AT_ONCE", 3 * 65)
    rows = rows_of(first=LABELS)
    rows[4], rows[6][0], rows[7][1] = ["?"] * 65, "01", "1e1"
    path = table(tmp_path / "t.csv", rows, ["label", *PIXELS])
    path.write_text(path.read_text().replace("\n", "\n\n", 9))  # lines without anything are no rows
    splits = load_data(path, max_bad=0.1, test_split=None)
    images = IMAGES.copy()
    images[7, 0, 0] = 10
    kept = [number for number in range(40) if number != 4]
    assert np.array_equal(splits.train.images[..., 0], images[kept])
    assert [splits.class_names[label] for label in splits.train.labels][:7] == ["0", "1", "2", "3", "1", "01", "3"]
    assert [fault.source for fault in splits.rejected] == [f"{path}, row 5"]


def test_values_that_are_no_bytes_stay_what_they_are_until_they_are_judged(tmp_path: Path) -> None:
    rows = rows_of(first=LABELS)
    rows[5][3], rows[6][3] = "0.5", "300"
    with pytest.raises(
        DataError,
        match="from 0 to 255, or fractions from 0 to 1; received float32 from 0 to 300",
    ):
        load_data(table(tmp_path / "t.csv", rows, ["label", *PIXELS]))


def test_fractions_are_read_from_black_to_white_when_they_are_answered_for_too(tmp_path: Path) -> None:
    rows = [[label, *(cell / 255 for cell in row)] for label, row in zip(LABELS, rows_of(), strict=True)]
    splits = load_data(table(tmp_path / "t.csv", rows, ["label", *PIXELS]), test_split=None)
    assert np.array_equal(splits.train.images[..., 0], IMAGES)
    assert splits.reading is not None
    assert splits.reading.value_range == "fractions"
    told = "the values of the training images are fractions, from 0 to 1: 0 is read as black and 1 as white"
    assert any(note.startswith(told) for note in splits.notes)
    for row, white in ((rows[0][1:], IMAGES[0].max()), ([0, 1] * 32, 255), ([0, 255] * 32, 255), ([0, 0.5] * 32, 128)):
        asked = read_for_answers(table(tmp_path / "new.csv", [row], PIXELS), (8, 8, 1), splits.reading)
        assert asked.images.max() == white


def split_texts(images: np.ndarray = IMAGES, labels: Sequence[str] = LABELS) -> tuple[str, str]:
    """A table of pixels for training, of the first thirty images, and one for testing."""
    lines = [",".join(map(str, (label, *image.ravel()))) for label, image in zip(labels, images, strict=True)]
    header = ",".join(["label", *(f"pixel{number}" for number in range(images[0].size))])
    return "\n".join([header, *lines[:30]]), "\n".join([header, *lines[30:]])


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("folder", ("train.csv", "test.csv")),
        ("folder", ("data/fashion-mnist_train.csv", "data/fashion-mnist_test.csv")),
        ("zip", ("mnist_train.csv", "mnist_test.csv")),
        ("zip", ("pets/Training.csv", "pets/Testing.csv")),
    ],
)
def test_tables_named_by_their_splits_are_splits(tmp_path: Path, kind: str, names: tuple[str, str]) -> None:
    place = tmp_path / ("digits.zip" if kind == "zip" else "digits")
    for name, text in zip(names, split_texts(), strict=True):
        if kind == "zip":
            with zipfile.ZipFile(place, "a") as archive:
                archive.writestr(name, text)
        else:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(text)
    splits = load_data(place)
    assert splits.name == "digits"
    assert np.array_equal(splits.train.images[..., 0], IMAGES[:30])
    assert np.array_equal(splits.test.images[..., 0], IMAGES[30:])
    assert splits.test.sources is not None
    assert splits.test.sources[1].endswith(f"{names[1]}, row 2")
    test, train = sorted(Path(name).name for name in names)
    assert f"the tables are splits by their names: {test} is test, {train} is train." in splits.notes


def test_tables_of_one_split_are_joined(tmp_path: Path) -> None:
    for name, text in zip(("train_1.csv", "train_2.csv"), split_texts(), strict=True):
        (tmp_path / name).write_text(text)
    assert np.array_equal(load_data(tmp_path, test_split=None).train.images[..., 0], IMAGES)


@pytest.mark.parametrize(
    ("others", "message"),
    [
        (
            {"sample_submission.csv": "ImageId,Label\n1,0"},
            "received sample_submission.csv, test.csv, train.csv. Name one",
        ),
        ({"test_train.csv": "label\n1"}, "received test.csv, test_train.csv, train.csv. Name one"),
        ({"more/train.csv": "label\n1"}, "received test.csv, train.csv, more/train.csv. Name one"),
        ({"test.csv": "image,label\n1.png,1"}, "must hold images of one shape; .*test.csv: is no table of pixels"),
        ({"test.csv": split_texts(IMAGES[:, :5, :5])[1]}, "test.csv: each row is an image of 5x5x1 .* image of 8x8x1"),
        (
            {"test.csv": ",".join(PIXELS)},
            "test.csv: a table of pixels must have a column of labels; .* pellucid predict",
        ),
    ],
)
def test_tables_that_can_be_understood_in_several_ways_are_refused(
    tmp_path: Path, others: dict[str, str], message: str
) -> None:
    for name, text in {**dict(zip(("train.csv", "test.csv"), split_texts(), strict=True)), **others}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=message):
        load_data(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (",".join(["label", *PIXELS]), "no row could be read: there is none"),
        (",".join(PIXELS), "must have a column of labels; received 64 columns of pixels. .*: pellucid predict"),
        (",".join(["digit", *PIXELS]), "a column must be called label, .*; received digit, .* and 55 more. Name it"),
        (",".join(["1"] * 64), "must have a column of labels; received 64 columns of pixels. .*: pellucid predict"),
        (",".join(["label", *PIXELS, "pixel3"]), "a column must stand once; received pixel3 twice"),
    ],
)
def test_a_table_without_what_is_needed_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "t.csv").write_text(content + "\n")
    with pytest.raises(DataError, match=message):
        load_data(tmp_path / "t.csv")


def test_settings_that_would_change_nothing_are_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", rows_of(first=LABELS), ["label", *PIXELS])
    with pytest.raises(SettingError, match="tables of pixels must be read without fit"):
        load_data(path, fit="pad")


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        (rows_of(), PIXELS),
        (rows_of(), []),
        (rows_of(first=LABELS), []),
        (rows_of(first=[""] * 40), ["label", *PIXELS]),
        (rows_of(first=range(1, 41)), ["id", *PIXELS]),
    ],
)
def test_what_is_answered_for_needs_no_labels(tmp_path: Path, rows: list[list[object]], header: list[str]) -> None:
    found = read_for_answers(table(tmp_path / "t.csv", rows, header), (8, 8, 1))
    assert np.array_equal(found.images[..., 0], IMAGES)
    assert found.numbers == list(range(1, 41))


def test_what_is_answered_for_must_fit(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", rows_of(), PIXELS)
    with pytest.raises(DataError, match="an image of 9x9x1 must have a column a value; received 64 columns of pixels"):
        read_for_answers(path, (9, 9, 1))
    (tmp_path / "u.csv").write_text("image,label\n1.png,a\n")
    with pytest.raises(DataError, match="a column for each of the 64 values of an image, 8x8x1, to be answered for"):
        read_for_answers(tmp_path / "u.csv", (8, 8, 1))
