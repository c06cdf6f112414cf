"""Other people's folders and archives, as their owners have them."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.dataset import DataSplits
from pellucid.data.load import load_data
from pellucid.errors import DataError, SettingError


def png(value: int) -> bytes:
    """An image of one value, but for a white row at its end."""
    file = io.BytesIO()
    pixels = np.full((3, 3), value, np.uint8)
    pixels[2] = 255
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def lay(folder: Path, *names: str, **texts: str) -> Path:
    """Files below a folder: images of their own brightness under the names, and texts."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(number) if path.suffix else b"")
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def packed(folder: Path, kind: str) -> Path:
    """The same as an archive, or as it is."""
    if kind == "folder":
        return folder
    archive = folder.with_name(f"{folder.name}.{kind}")
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as opened:
            for place in sorted(folder.rglob("*")):
                opened.write(place, place.relative_to(folder.parent))
    else:
        with tarfile.open(archive, "w") as opened:
            opened.add(folder, folder.name)
    shutil.rmtree(folder)
    return archive


EVERYWHERE = pytest.mark.parametrize("kind", ["folder", "zip", "tar"])


def counts(splits: DataSplits) -> dict[str, dict[str, int]]:
    """Images by split and class."""
    datasets = {"train": splits.train, "validation": splits.validation}
    datasets["test"] = splits.test if splits.has_test else None
    return {
        split: {
            name: int((dataset.labels == label).sum())
            for label, name in enumerate(dataset.class_names)
            if (dataset.labels == label).any()
        }
        for split, dataset in datasets.items()
        if dataset
    }


@EVERYWHERE
def test_splits_within_folders_of_the_same_name_are_found_and_said(tmp_path: Path, kind: str) -> None:
    names = [f"seg_{split}/seg_{split}/{name}/{split}.png" for split in ("train", "test") for name in ("sea", "ice")]
    splits = load_data(packed(lay(tmp_path / "intel", *names, "seg_pred/seg_pred/7.png"), kind))
    assert counts(splits) == {"train": {"ice": 1, "sea": 1}, "test": {"ice": 1, "sea": 1}}
    assert any("seg_train is taken for the train split" in note for note in splits.notes)
    (unused,) = splits.rejected
    assert unused.source.endswith("seg_pred/seg_pred/7.png")
    assert unused.reason == "no label: it lies beside the splits seg_test, seg_train"


def test_splits_below_the_classes_are_kept(tmp_path: Path) -> None:
    names = [f"{name}/{split}/1.png" for split in ("train", "test", "val") for name in ("cat", "dog")]
    splits = load_data(lay(tmp_path / "pets", *names))
    assert counts(splits) == {split: {"cat": 1, "dog": 1} for split in ("train", "validation", "test")}
    assert splits.notes == ("train and test below each class are taken for its splits",)


@EVERYWHERE
def test_a_class_folder_without_a_usable_image_is_named(tmp_path: Path, kind: str) -> None:
    folder = lay(tmp_path / "pets", "cat/1.png", "dog/2.png", **{"owl/1.heic": "x", "fox/notes.txt": "x"})
    (folder / "eel" / "young").mkdir(parents=True)
    (folder / ".git").mkdir()
    splits = load_data(packed(folder, kind), test_split=None)
    assert splits.class_names == ("cat", "dog")
    assert splits.notes == ("3 folders beside the classes hold no usable image: eel, fox, owl",)


def test_a_class_that_is_empty_in_one_split_is_no_empty_folder(tmp_path: Path) -> None:
    folder = lay(tmp_path / "pets", "train/cat/1.png", "train/dog/2.png", "test/cat/3.png")
    (folder / "test" / "dog").mkdir()
    (folder / "test" / "owl").mkdir()
    assert load_data(folder).notes == ("1 folder beside the classes holds no usable image: owl",)


@EVERYWHERE
@pytest.mark.parametrize(("name", "text"), [("notes.csv", "a,b\n1,2\n"), ("captions.jsonl", '{"caption": "a cat"}\n')])
def test_class_folders_come_before_a_table_beside_them(tmp_path: Path, kind: str, name: str, text: str) -> None:
    splits = load_data(packed(lay(tmp_path / "pets", "cat/1.png", "dog/2.png", **{name: text}), kind), test_split=None)
    assert counts(splits) == {"train": {"cat": 1, "dog": 1}}
    (unused,) = splits.rejected
    assert unused.source.endswith(name)
    assert unused.reason == "a table beside images that have their classes otherwise; give the table itself to use it"


@EVERYWHERE
def test_a_table_gives_the_classes_where_folders_do_not(tmp_path: Path, kind: str) -> None:
    rows = "image,label\nall/1.png,cat\nall/2.png,dog\n"
    folder = lay(tmp_path / "pets", "all/1.png", "all/2.png", **{"labels.csv": rows})
    splits = load_data(packed(folder, kind), test_split=None)
    assert counts(splits) == {"train": {"cat": 1, "dog": 1}}
    assert splits.name == "pets"


@EVERYWHERE
def test_arrays_below_a_folder_are_found(tmp_path: Path, kind: str) -> None:
    place = lay(tmp_path / "data", "a.png") / "raw"
    place.mkdir()
    np.savez(place / "x.npz", images=np.zeros((4, 3, 3), np.uint8), labels=np.array([0, 1, 0, 1]))
    assert counts(load_data(packed(tmp_path / "data", kind), test_split=None)) == {"train": {"0": 2, "1": 2}}


def test_a_folder_with_a_table_that_does_not_serve_says_why_it_was_read(tmp_path: Path) -> None:
    folder = lay(tmp_path / "pets", "cat/1.png", **{"notes.csv": "a,b\n1,2\n"})
    with pytest.raises(DataError) as caught:
        load_data(folder)
    message = str(caught.value)
    assert message.startswith(f"{folder}: there are no two folders with images, so that its table counts. ")
    assert "notes.csv: a column must be called image" in message


@EVERYWHERE
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_the_imagefolder_of_hugging_face_is_read(tmp_path: Path, kind: str, suffix: str) -> None:
    def metadata(*rows: tuple[str, str]) -> str:
        if suffix == "csv":
            return "\n".join(["file_name,label,text", *(f"{name},{label},seen" for name, label in rows)])
        return "\n".join(json.dumps({"file_name": name, "label": label}) for name, label in rows)

    texts = {
        f"data/train/metadata.{suffix}": metadata(("1.png", "cat"), ("more/2.png", "dog"), ("gone.png", "dog")),
        f"data/test/metadata.{suffix}": metadata(("1.png", "dog")),
    }
    names = ("data/train/1.png", "data/train/more/2.png", "data/train/more/3.png", "data/test/1.png")
    splits = load_data(packed(lay(tmp_path / "hub", *names, **texts), kind), max_bad=1)
    assert counts(splits) == {"train": {"cat": 1, "dog": 1}, "test": {"dog": 1}}
    assert [image[0, 0, 0] for image in (*splits.train.images, *splits.test.images)] == [0, 1, 3]
    assert any(f"data/train/metadata.{suffix} gives" in note for note in splits.notes)
    unnamed = next(fault for fault in splits.rejected if fault.source.endswith("more/3.png"))
    assert unnamed.reason.startswith("no label: it is not named in ")
    assert any(fault.source.endswith("gone.png") for fault in splits.rejected)


def test_one_metadata_file_above_the_splits_serves_as_well(tmp_path: Path) -> None:
    text = "file_name,kind\ntraining_set/1.png,cat\ntraining_set/2.png,dog\ntest_set/3.png,cat\n"
    folder = lay(tmp_path, "training_set/1.png", "training_set/2.png", "test_set/3.png", **{"metadata.csv": text})
    splits = load_data(folder, label_column="kind")
    assert counts(splits) == {"train": {"cat": 1, "dog": 1}, "test": {"cat": 1}}
    with pytest.raises(DataError, match="metadata.csv: a column must be called label"):
        load_data(folder / "training_set" / ".." / ".." / tmp_path.name / "metadata.csv")


def test_metadata_without_labels_leave_the_folders_their_word(tmp_path: Path) -> None:
    text = "file_name,text\ncat/1.png,a cat\ndog/2.png,a dog\n"
    splits = load_data(lay(tmp_path, "cat/1.png", "dog/2.png", **{"metadata.csv": text}), test_split=None)
    assert counts(splits) == {"train": {"cat": 1, "dog": 1}}
    flat = lay(tmp_path / "flat", "cat_1.png", "dog_2.png", **{"metadata.csv": "file_name,text\ncat_1.png,a cat\n"})
    with pytest.raises(DataError, match=r"Where the names of files say the classes, give --label-from\.$"):
        load_data(flat)
    (flat / "metadata.csv").unlink()
    with pytest.raises(DataError, match=r'--label-from "\(\.\*\)_\\d\+" takes cat from the name cat_001\.png'):
        load_data(flat)


@EVERYWHERE
@pytest.mark.parametrize("said_by", ["folders", "names"])
def test_metadata_without_labels_give_groups_and_splits_to_images_that_have_their_classes(
    tmp_path: Path, kind: str, said_by: str
) -> None:
    pattern = "(.*)_.*" if said_by == "names" else None
    names = [f"cat/cat_{n}.png" for n in range(3)] + [f"dog/dog_{n}.png" for n in range(3)]
    names = [name.split("/")[1] for name in names] if pattern else names
    rows = zip(names, ("ann", "ben", "ann", "ben", "ann", ""), ("train", "test", "", "test", "", ""), strict=True)
    text = "file_name,writer,split\n" + "".join(f"{','.join(row)}\n" for row in rows) + "gone.png,eve,train\n"
    splits = load_data(packed(lay(tmp_path / "notes", *names, **{"metadata.csv": text}), kind), label_from=pattern)
    assert counts(splits) == {"train": {"cat": 2, "dog": 2}, "test": {"cat": 1, "dog": 1}}
    assert splits.train.groups is not None
    assert [group or "" for group in splits.train.groups] == ["ann", "ann", "ann", ""]
    assert splits.notes[0].replace("notes/", "") == (
        "what metadata.csv says of the images is taken, such as splits and groups, but not their classes"
    )
    assert splits.notes[1].startswith("rows with the same 'writer' are kept together, in 2 groups")
    assert [(Path(fault.source).name, fault.reason) for fault in splits.rejected] == [
        ("metadata.csv, row 7", "it names no image that is there")
    ]


def test_groups_are_said_to_be_parted_where_the_folders_say_the_splits(tmp_path: Path) -> None:
    text = "file_name,label,writer\ntrain/1.png,cat,ann\ntrain/2.png,dog,ben\ntest/3.png,cat,ann\n"
    folder = lay(tmp_path, "train/1.png", "train/2.png", "test/3.png", **{"metadata.csv": text})
    assert "'writer' should stand in one split; 1 in several: ann" in "".join(load_data(folder).notes)
    with pytest.raises(DataError, match="a group must stand in one split; received 1 in several: ann"):
        load_data(folder, group_column="writer")


@EVERYWHERE
def test_annotations_as_in_tiny_imagenet_give_the_classes_of_their_split(tmp_path: Path, kind: str) -> None:
    names = [f"train/n{number}/images/n{number}_{image}.png" for number in (1, 2) for image in (0, 1)]
    names += ["val/images/val_0.png", "val/images/val_1.png", "val/images/val_2.png", "test/images/test_0.png"]
    text = "val_0.png\tn2\t0\t32\t44\t62\nval_1.png\tn1\t0\t0\t1\t1\nval_9.png\n\nval_0.png\tn1\n"
    folder = lay(tmp_path / "tiny", *names, **{"val/val_annotations.txt": text, "wnids.txt": "n1\nn2\n"})
    splits = load_data(packed(folder, kind), test_split=None)
    assert counts(splits) == {"train": {"n1": 2, "n2": 2}, "validation": {"n1": 1, "n2": 1}}
    assert splits.validation is not None
    assert splits.validation.images[:, 0, 0, 0].tolist() == [4, 5]
    assert splits.validation.labels.tolist() == [1, 0]
    reasons = {Path(fault.source).name: fault.reason for fault in splits.rejected}
    assert reasons == {
        "val_2.png": "no label: images is no class of the training images",
        "test_0.png": "no label: images is no class of the training images",
        "wnids.txt": "not an image by its name (.txt)",
        "val_annotations.txt, line 3": "not an image's name and its class",
        "val_annotations.txt, line 5": "another class than in a line above",
    }


def test_annotations_of_one_split_say_nothing_of_another(tmp_path: Path) -> None:
    names = ("train/a/1.png", "train/b/2.png", "val/images/1.png")
    splits = load_data(lay(tmp_path, *names, **{"val_annotations.txt": "1.png b\n2.png a\n"}), test_split=None)
    assert counts(splits) == {"train": {"a": 1, "b": 1}, "validation": {"b": 1}}


def test_annotations_beside_the_splits_make_no_training_images(tmp_path: Path) -> None:
    names = ("train/a/1.png", "train/b/2.png", "test/a/3.png", "more/val_0.png")
    splits = load_data(lay(tmp_path, *names, **{"more/val_annotations.txt": "val_0.png a\n"}))
    assert counts(splits) == {"train": {"a": 1, "b": 1}, "test": {"a": 1}}


def test_annotations_serve_where_there_is_no_other_split(tmp_path: Path) -> None:
    folder = lay(tmp_path, "images/1.png", "images/2.png", **{"val_annotations.txt": "1.png b\n2.png a\n"})
    assert counts(load_data(folder, test_split=None)) == {"train": {"a": 1, "b": 1}}


@EVERYWHERE
def test_names_of_files_give_the_classes(tmp_path: Path, kind: str) -> None:
    names = ("train/cat.0.png", "train/cat.1.png", "train/dog.0.png", "test/dog.9.png", "test/1.png")
    splits = load_data(packed(lay(tmp_path / "pets", *names), kind), label_from=r"(.*)\.\d+")
    assert counts(splits) == {"train": {"cat": 2, "dog": 1}, "test": {"dog": 1}}
    (unused,) = splits.rejected
    assert unused.source.endswith("test/1.png")
    assert unused.reason == r"no label: its name without the suffix does not fit (.*)\.\d+"
    assert splits.reading
    assert splits.reading.label_from == r"(.*)\.\d+"
    again = load_data(splits.location, splits.reading)
    assert again.train.fingerprint == splits.train.fingerprint


def test_settings_that_change_nothing_are_refused(tmp_path: Path) -> None:
    folder = lay(tmp_path / "pets", "cat/1.png", "dog/2.png", **{"t.csv": "image,label\n"})
    with pytest.raises(SettingError, match="images must be read without label_column. Leave them out."):
        load_data(folder, label_column="kind")
    with pytest.raises(SettingError, match="a table must be read without label_from. Leave them out."):
        load_data(folder / "t.csv", label_from="(a)")
    with pytest.raises(SettingError, match="a data set of the catalogue must be read without label_from"):
        load_data("mnist", label_from="(a)")


def test_a_zip_with_backslashes_is_read_like_any_other(tmp_path: Path) -> None:
    archive = tmp_path / "pets.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for number, name in enumerate(("pets\\", "pets\\cat\\1.png", "pets\\dog\\2.png", "pets\\owl\\", "..\\3.png")):
            info = zipfile.ZipInfo("name")
            info.filename, info.create_system = name, 0
            opened.writestr(info, b"" if name.endswith("\\") else png(number))
    splits = load_data(archive, test_split=None)
    assert counts(splits) == {"train": {"cat": 1, "dog": 1}}
    assert splits.train.images[:, 0, 0, 0].tolist() == [1, 2]
    assert [fault.reason for fault in splits.rejected] == ["its name leads out of the archive"]
    assert splits.notes == ("1 folder beside the classes holds no usable image: owl",)


def test_a_backslash_in_a_name_is_a_letter_where_it_may_be_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as opened:
        for name in ("a\\b/1.png", "c/2.png"):
            opened.writestr(name, png(1))
    assert load_data(tmp_path / "x.zip", test_split=None).class_names == ("a\\b", "c")


@pytest.mark.parametrize(
    ("raw", "name"), [("café".encode(), "café"), ("cafe\u0301".encode(), "cafe\u0301"), (b"caf\x82", "café")]
)
def test_names_in_a_zip_that_does_not_say_how_they_are_written(tmp_path: Path, raw: bytes, name: str) -> None:
    archive = tmp_path / "pets.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for number, member in enumerate(("bar/1.png", f"{'x' * len(raw)}/2.png")):
            opened.writestr(member, png(number))
    archive.write_bytes(archive.read_bytes().replace(b"x" * len(raw) + b"/", raw + b"/"))
    splits = load_data(archive, test_split=None)
    assert splits.class_names == ("bar", name)
    assert splits.train.images[:, 0, 0, 0].tolist() == [0, 1]
    assert splits.train.sources == (f"{archive}/bar/1.png", f"{archive}/{name}/2.png")


def test_a_folder_of_the_users_beside_a_data_set_of_that_name_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert not load_data("mnist").notes
    lay(tmp_path / "mnist", "cat/1.png", "dog/2.png")
    (note,) = load_data("mnist").notes
    assert note == "this is the data set that Pellucid has by that name; what you have here is read as ./mnist"
    assert load_data(f".{os.sep}mnist", test_split=None).class_names == ("cat", "dog")
