import json
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.copies import write_copy
from pellucid.data.load import load_data
from pellucid.data.removal import Removal
from pellucid.errors import DataError
from pellucid.spec.reading import ReadSpec

METADATA = ("metadata.csv", "words.csv")
READING = ReadSpec(max_bad=1.0, test_split=None)


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three cats and three dogs, a file that is no image by its bytes, and one that is none by its name."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for number in range(6):
        place = tmp_path / "photos" / ("cat", "dog")[number % 2] / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (9, 9), dtype=np.uint8)).save(place)
    (tmp_path / "photos/cat/bad.png").write_bytes(b"none")
    (tmp_path / "photos/notes.txt").write_text("mine")
    return tmp_path / "photos"


def copied(source: str, removal: Removal, out: str = "copy") -> tuple[str, ...]:
    return write_copy(source, load_data(source, READING), READING, removal, Path(out))


def files_of(folder: str) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file())


def state(folder: Path) -> list[tuple[str, bytes, int]]:
    return [(str(path), path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()]


def test_a_folder_is_copied_with_its_layout_and_left_as_it_is(photos: Path) -> None:
    before = state(photos)
    assert copied("photos", Removal({"train": {1}})) == ()
    assert files_of("copy") == [
        "cat/0.png",
        "cat/4.png",
        "cat/bad.png",
        "dog/1.png",
        "dog/3.png",
        "dog/5.png",
        "notes.txt",
    ]
    assert Path("copy/dog/3.png").read_bytes() == (photos / "dog/3.png").read_bytes()
    assert state(photos) == before
    assert sorted(path.name for path in photos.parent.iterdir()) == ["copy", "photos"], "nothing is left beside it"


def test_files_that_are_not_used_can_be_left_out(photos: Path) -> None:
    copied("photos", Removal({}, {str(photos / "cat/bad.png"), str(photos / "notes.txt")}))
    assert files_of("copy") == ["cat/0.png", "cat/2.png", "cat/4.png", "dog/1.png", "dog/3.png", "dog/5.png"]


def test_splits_of_a_folder_are_told_apart(photos: Path) -> None:
    for split in ("train", "test"):
        shutil.copytree(photos, photos.parent / "data" / split)
    copied("data", Removal({"test": {0}}))
    assert "train/cat/0.png" in files_of("copy")
    assert "test/cat/0.png" not in files_of("copy")
    assert "test/cat/2.png" in files_of("copy")


def test_an_archive_becomes_a_folder(photos: Path) -> None:
    with zipfile.ZipFile("photos.zip", "w") as archive:
        for path in photos.rglob("*.png"):
            archive.write(path, path.relative_to(photos.parent))
    copied("photos.zip", Removal({"train": {0, 3}}))
    assert files_of("copy") == [
        "photos/cat/2.png",
        "photos/cat/4.png",
        "photos/cat/bad.png",
        "photos/dog/3.png",
        "photos/dog/5.png",
    ]


def test_a_table_keeps_its_columns_and_brings_its_images(photos: Path) -> None:
    rows = [f'photos/{("cat", "dog")[i % 2]}/{i}.png,{("cat", "dog")[i % 2]},"a, {i}"' for i in range(6)]
    Path("t.csv").write_text(
        "\n".join(["image,label,note", *rows, f"{photos}/cat/0.png,dog,again", "photos/cat/2.png,,"])
    )
    copied("t.csv", Removal({"train": {1, 4}}, {f"{photos.parent}/t.csv, row 8"}))
    assert Path("copy/t.csv").read_text().splitlines() == [
        "image,label,note",
        rows[0],
        rows[2],
        rows[3],
        rows[5],
        f"{photos}/cat/0.png,dog,again",
    ]
    assert files_of("copy") == ["photos/cat/0.png", "photos/cat/2.png", "photos/dog/3.png", "photos/dog/5.png", "t.csv"]
    assert len(load_data("copy/t.csv", READING).train) == 5


def test_json_lines_are_copied_as_they_are(photos: Path) -> None:
    lines = [
        json.dumps({"image": f"photos/cat/{i}.png", "label": label, "x": [1]})
        for i, label in ((0, "a"), (2, "b"), (4, "b"))
    ]
    Path("t.jsonl").write_text("\n\n".join(lines))
    copied("t.jsonl", Removal({"train": {1}}))
    assert Path("copy/t.jsonl").read_text() == f"{lines[0]}\n{lines[2]}\n"


def test_a_table_whose_images_lie_beside_its_folder_is_refused(photos: Path) -> None:
    Path("lists").mkdir()
    Path("lists/t.csv").write_text("image,label\n../photos/cat/0.png,a\n../photos/dog/1.png,b\n")
    with pytest.raises(
        DataError, match=re.escape("received ../photos/cat/0.png. A copy of the table would not find it")
    ):
        copied("lists/t.csv", Removal({}))
    assert not Path("copy").exists()
    assert sorted(path.name for path in photos.parent.iterdir()) == ["lists", "photos"]


def imagefolder(photos: Path) -> Path:
    """The photos in one folder, with a table that says their classes, one of them twice and one not at all."""
    place = photos.parent / "pets" / "train"
    place.mkdir(parents=True)
    for path in photos.rglob("[0-9].png"):
        shutil.copy(path, place)
    rows = [f"{number}.png,{('cat', 'dog')[number % 2]}" for number in range(5)]
    (place / "metadata.csv").write_text("\n".join(["file_name,label", *rows, "1.png,dog", ""]))
    (place / "words.csv").write_text("word\ncat\n")
    return place.parent


def test_a_table_of_metadata_does_not_name_what_is_left_out(photos: Path) -> None:
    pets = imagefolder(photos)
    notes = copied("pets", Removal({"train": {0, 1}}, {str(pets / "train/5.png")}))
    assert Path("copy/train/metadata.csv").read_text().split() == [
        "file_name,label",
        "2.png,cat",
        "3.png,dog",
        "4.png,cat",
        "1.png,dog",
    ]
    names = ["1.png", "2.png", "3.png", "4.png", *METADATA]
    assert files_of("copy") == [f"train/{name}" for name in names], "1.png is named by another row"
    assert notes == ("train/words.csv may still name what was left out: it was copied as it is",)
    assert copied("pets", Removal({}), "whole") == ()
    assert files_of("whole") == files_of("pets")


def test_an_archive_with_a_table_of_metadata_becomes_a_folder(photos: Path) -> None:
    shutil.make_archive("pets", "zip", imagefolder(photos))
    splits = load_data("pets.zip", READING)
    (unnamed,) = splits.rejected
    write_copy("pets.zip", splits, READING, Removal({"train": {2}}, {unnamed.source}), Path("copy"))
    assert files_of("copy") == [f"train/{name}" for name in ("0.png", "1.png", "3.png", "4.png", *METADATA)]
    assert "2.png" not in Path("copy/train/metadata.csv").read_text()


def test_annotations_do_not_name_what_is_left_out(photos: Path) -> None:
    shutil.copytree(photos, "pets/train")
    Path("pets/val/images").mkdir(parents=True)
    for number in range(4):
        shutil.copy(photos / ("cat", "dog")[number % 2] / f"{number}.png", "pets/val/images")
    lines = [f"{number}.png\t{('cat', 'dog')[number % 2]}\t0\n" for number in range(4)]
    Path("pets/val/val_annotations.txt").write_text("".join(lines))
    copied("pets", Removal({"train": {0}, "validation": {1}}))
    left = load_data("copy", READING).validation.sources
    assert [Path(source).name for source in left] == ["0.png", "2.png", "3.png"]
    assert Path("copy/val/val_annotations.txt").read_text() == "".join([lines[0], lines[2], lines[3]])
    assert not Path("copy/train/cat/0.png").exists()


def test_files_whose_names_say_their_classes_keep_them(photos: Path) -> None:
    for path in photos.rglob("[0-9].png"):
        path.rename(photos / f"{path.parent.name}_{path.name}")
    reading = READING.replace(label_from=r"(.*)_\d")
    splits = load_data("photos", reading)
    write_copy("photos", splits, reading, Removal({"train": {0}}), Path("copy"))
    kept = ["cat/bad.png", "cat_2.png", "cat_4.png", "dog_1.png", "dog_3.png", "dog_5.png", "notes.txt"]
    assert files_of("copy") == kept


def test_tables_of_splits_lose_the_rows_alone(photos: Path) -> None:
    parquet, pa = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
    raws = [path.read_bytes() for path in sorted(photos.rglob("[0-9].png"))]
    Path("hub/data").mkdir(parents=True)
    for split in ("train", "test"):
        images = [{"bytes": raw, "path": None} for raw in raws]
        table = pa.table({"image": images, "label": ["a", "a", "a", "b", "b", "b"], "number": list(range(6))})
        parquet.write_table(table, f"hub/data/{split}-00000-of-00001.parquet")
    copied("hub", Removal({"train": {0, 5}, "test": {2}}))
    numbers = {path.name[:4]: parquet.read_table(path)["number"].to_pylist() for path in Path("copy/data").iterdir()}
    assert numbers == {"trai": [1, 2, 3, 4], "test": [0, 1, 3, 4, 5]}


@pytest.mark.parametrize("header", [True, False])
def test_a_table_of_pixels_stays_one(photos: Path, header: bool) -> None:
    rows = [f"{'ab'[row % 2]},{','.join(str(row + 99 - pixel) for pixel in range(64))}" for row in range(6)]
    above = [f"label,{','.join(f'pixel{pixel}' for pixel in range(64))}"] if header else []
    Path("t.csv").write_text("\n".join([*above, *rows[:3], "", "a,broken", *rows[3:]]))
    assert copied("t.csv", Removal({"train": {0, 4}}, {f"{photos.parent}/t.csv, row 4"})) == ()
    assert Path("copy/t.csv").read_text().splitlines() == [*above, rows[1], rows[2], rows[3], rows[5]]
    assert len(load_data("copy/t.csv", READING).train) == 4


def test_tables_of_pixels_named_by_their_splits_lose_the_rows_alone(photos: Path) -> None:
    rows = [f"{'ab'[row % 2]},{','.join(str(row + 99 - pixel) for pixel in range(64))}" for row in range(8)]
    Path("sets").mkdir()
    for split, own in (("train", rows[:4]), ("test", rows[4:])):
        Path(f"sets/{split}.csv").write_text("\n".join(own))
    assert copied("sets", Removal({"train": {0}, "test": {1}})) == ()
    assert Path("copy/train.csv").read_text().splitlines() == rows[1:4]
    assert Path("copy/test.csv").read_text().splitlines() == [rows[4], *rows[6:]]


@pytest.mark.parametrize("name", ["a.npz", "arrays"])
def test_arrays_keep_their_values_and_types(photos: Path, name: str) -> None:
    x, y = np.arange(5 * 64, dtype=np.uint16).reshape(5, 8, 8) % 250, np.array([[3], [4], [3], [4], [3]])
    arrays = {"x_train": x, "y_train": y, "x_test": x[:2], "y_test": y[:2], "more": np.ones(3)}
    if name == "a.npz":
        np.savez(name, **arrays)
    else:
        Path(name).mkdir()
        for key, array in arrays.items():
            np.save(Path(name) / f"{key}.npy", array)
    notes = copied(name, Removal({"train": {0, 3}, "test": {1}}))
    assert notes == ("arrays that are neither images nor labels were not copied: more",)
    got = (
        dict(np.load("copy/a.npz"))
        if name == "a.npz"
        else {path.stem: np.load(path) for path in Path("copy").iterdir()}
    )
    assert sorted(got) == ["x_test", "x_train", "y_test", "y_train"]
    assert np.array_equal(got["x_train"], x[[1, 2, 4]])
    assert got["x_train"].dtype == np.uint16
    assert np.array_equal(got["y_train"], y[[1, 2, 4]])
    assert np.array_equal(got["x_test"], x[:1])


def test_a_data_set_of_the_catalogue_becomes_arrays(bars, tmp_path: Path) -> None:
    notes = write_copy("bars", bars, READING, Removal({"train": {0}}), tmp_path / "copy")
    assert notes == ("the copy is bars.npz, with the classes as texts",)
    again = load_data(tmp_path / "copy/bars.npz", READING)
    assert np.array_equal(again.train.images, bars.train.images[1:])
    assert again.test.class_names == tuple(sorted(bars.class_names))


def test_a_folder_that_exists_or_lies_in_the_data_is_refused(photos: Path) -> None:
    Path("there").mkdir()
    with pytest.raises(DataError, match="there is there already, and a copy replaces nothing"):
        copied("photos", Removal({}), "there")
    with pytest.raises(DataError, match="lies in the data themselves"):
        copied("photos", Removal({}), "photos/clean")
    with pytest.raises(DataError, match="cannot be written"):
        copied("photos", Removal({}), "missing/copy")


def test_files_that_have_changed_meanwhile_are_noticed(photos: Path) -> None:
    splits = load_data("photos", READING)
    (photos / "dog/5.png").unlink()
    with pytest.raises(DataError, match="the files have changed since they were read"):
        write_copy("photos", splits, READING, Removal({}), Path("copy"))
    assert not Path("copy").exists()


def test_classes_that_lose_all_their_images_are_named(photos: Path) -> None:
    splits = load_data("photos", READING)
    assert Removal({"train": {0, 1, 2, 3}}).emptied(splits) == ("no image of class cat is left in train",)
    assert Removal({"train": {0}}).emptied(splits) == ()
