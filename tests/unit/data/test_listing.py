import io
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.folders import list_by_folders
from pellucid.data.listing import Listing, _opened, natural_order, split_of
from pellucid.data.load import load_data
from pellucid.data.trees import archive_tree, folder_tree
from pellucid.errors import DataError


def png(value: int = 0, size: tuple[int, int] = (4, 4)) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full(size, value, np.uint8)).save(file, "png")
    return file.getvalue()


def lay(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(number) if path.suffix == ".png" else b"text")
    return folder


def list_folder(folder: Path) -> Listing:
    return list_by_folders(folder_tree(folder))


def list_archive(archive: Path) -> Listing:
    return list_by_folders(archive_tree(archive))


def seen(listing: Listing) -> list[tuple[str, str | None]]:
    return [(entry.label, entry.split) for entry in listing.entries]


def test_a_subfolder_is_a_class_and_deeper_folders_belong_to_it(tmp_path: Path) -> None:
    listing = list_folder(lay(tmp_path / "pets", "cat/1.png", "cat/old/2.png", "dog/3.png"))
    assert listing.name == "pets"
    assert seen(listing) == [("cat", None), ("cat", None), ("dog", None)]
    assert listing.entries[1].source.endswith("pets/cat/old/2.png")


def test_splits_stand_above_the_classes(tmp_path: Path) -> None:
    listing = list_folder(lay(tmp_path, "train/a/1.png", "train/b/2.png", "val/a/3.png", "Test/b/4.png"))
    assert sorted(seen(listing), key=str) == [("a", "train"), ("a", "validation"), ("b", "test"), ("b", "train")]


def test_a_folder_that_holds_one_folder_stands_for_it(tmp_path: Path) -> None:
    listing = list_folder(lay(tmp_path, "download/pets/cat/1.png", "download/pets/dog/2.png"))
    assert seen(listing) == [("cat", None), ("dog", None)]


def test_what_has_no_class_or_is_no_image_is_named_and_hidden_files_are_passed_over(tmp_path: Path) -> None:
    listing = list_folder(
        lay(tmp_path, "a/1.png", "b/2.png", "loose.png", "a/notes.txt", ".DS_Store", "b/.hidden/3.png")
    )
    assert len(listing.entries) == 2
    assert sorted((Path(fault.source).name, fault.reason) for fault in listing.rejected) == [
        ("loose.png", "no label: it lies in no class's folder"),
        ("notes.txt", "not an image by its name (.txt)"),
    ]


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    lay(tmp_path / "pets", "a/1.png", "b/2.png")
    (tmp_path / "pets" / "b" / "again").symlink_to(tmp_path / "pets")
    listing = list_folder(tmp_path / "pets")
    assert len(listing.entries) == 2
    assert [fault.reason for fault in listing.rejected] == ["a symbolic link leads to a folder that was read already"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    lay(tmp_path, "a/1.png", "b/2.png")
    (tmp_path / "b").chmod(0)
    listing = list_folder(tmp_path)
    (tmp_path / "b").chmod(0o755)
    assert "the folder cannot be read (Permission denied)" in listing.rejected[0].reason


def test_folders_beside_splits_are_refused_and_other_files_are_not(tmp_path: Path) -> None:
    lay(tmp_path, "train/a/1.png", "train/b/2.png", "test/a/3.png", "test/b/4.png", "docs/readme.txt", "LICENSE")
    assert {entry.split for entry in list_folder(tmp_path).entries} == {"train", "test"}
    lay(tmp_path, "extra/5/6.png")
    with pytest.raises(DataError, match="beside test, train only splits may stand; received extra/5. Move them."):
        list_folder(tmp_path)


def test_a_readme_beside_the_single_folder_does_not_hinder(tmp_path: Path) -> None:
    listing = list_folder(lay(tmp_path / "x", "README.txt", "pets/cat/1.png", "pets/dog/2.png"))
    assert seen(listing) == [("cat", None), ("dog", None)]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    lay(tmp_path, "a/1.png", "b/2.png")
    os.mkfifo(tmp_path / "a" / "pipe.png")
    pipe = next(entry for entry in list_folder(tmp_path).entries if entry.source.endswith("pipe.png"))
    with pytest.raises(OSError, match="it is a device, a pipe or the like, and no file"):
        pipe.content.read()


def test_a_name_that_is_not_utf8_is_rejected(tmp_path: Path) -> None:
    lay(tmp_path, "a/1.png", "b/2.png")
    place = os.fsencode(tmp_path) + b"/c\xe9t"
    os.mkdir(place)  # noqa: PTH102 - pathlib takes no bytes
    with open(place + b"/3.png", "wb") as file:  # noqa: PTH123
        file.write(png(3))
    listing = list_folder(tmp_path)
    assert len(listing.entries) == 2
    assert [fault.reason for fault in listing.rejected] == ["its name is not UTF-8"]
    assert listing.rejected[0].source.encode()


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no images were found. Put each class's images in a folder of its own"):
        list_folder(tmp_path)


def test_classes_are_in_natural_order(tmp_path: Path) -> None:
    listing = list_folder(lay(tmp_path, "10/1.png", "9/2.png", "kl 2/3.png", "кошка/4.png", "猫/5.png", "kl 10/6.png"))
    assert listing.class_names == ("9", "10", "kl 2", "kl 10", "кошка", "猫")
    assert sorted(["b", "a10", "a9", "A9"], key=natural_order) == ["A9", "a9", "a10", "b"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a/1.png",), "at least 2 classes are needed; received only 'a'"),
        (("loose.png",), "at least 2 classes are needed; received none ("),
        (("loose.png",), "loose.png: no label: it lies in no class's folder)"),
        (
            ("Cat/1.png", "cat/2.png"),
            "the classes 'Cat' and 'cat' differ by case, spaces around them or Unicode form alone. Rename one.",
        ),
    ],
)
def test_classes_that_cannot_be_are_refused(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError) as caught:
        _ = list_folder(lay(tmp_path, *names)).class_names
    assert message in str(caught.value)


def test_words_for_splits_are_understood() -> None:
    assert [split_of(word, "here") for word in ("Train", "val", "testing", "")] == ["train", "validation", "test", None]
    with pytest.raises(DataError, match="here: a split must be train, validation or test; received 'x'"):
        split_of("x", "here")


def zipped(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_an_archive_is_read_like_a_folder(tmp_path: Path, kind: str) -> None:
    lay(tmp_path / "pets", "train/cat/1.png", "train/dog/2.png", "test/dog/3.png", "readme.txt")
    archive = tmp_path / f"pets.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as opened:
            for file in sorted((tmp_path / "pets").rglob("*.*")):
                opened.write(file, file.relative_to(tmp_path))
    else:
        with tarfile.open(archive, "w:gz" if kind == "tar.gz" else "w") as opened:
            opened.add(tmp_path / "pets", "pets")
    listing = list_archive(archive)
    assert listing.name == "pets"
    assert seen(listing) == [("dog", "test"), ("cat", "train"), ("dog", "train")]
    assert listing.entries[0].content.read() == png(2)


@pytest.mark.parametrize(
    "name", ["../../evil/1.png", "/etc/evil/1.png", "a/../../1.png", "C:/evil/1.png", "..\\evil\\1.png"]
)
def test_names_that_lead_out_of_an_archive_are_rejected(tmp_path: Path, name: str) -> None:
    files = {"a/1.png": png(), "b/2.png": png(1), name: png(2)}
    listing = list_archive(zipped(tmp_path / "x.zip", **files))
    assert seen(listing) == [("a", None), ("b", None)]
    assert [fault.reason for fault in listing.rejected] == ["its name leads out of the archive"]
    with tarfile.open(tmp_path / "x.tar", "w") as opened:
        for member, content in files.items():
            info = tarfile.TarInfo(member)
            info.size = len(content)
            opened.addfile(info, io.BytesIO(content))
    assert [fault.reason for fault in list_archive(tmp_path / "x.tar").rejected] == [
        "its name leads out of the archive"
    ]


def test_links_in_archives_are_rejected(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as opened:
        info = tarfile.TarInfo("a/passwd.png")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        opened.addfile(info)
    assert [fault.reason for fault in list_archive(tmp_path / "x.tar").rejected] == ["it is a link or no file"]
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as opened:
        link = zipfile.ZipInfo("a/passwd.png")
        link.external_attr = 0o120777 << 16
        opened.writestr(link, "/etc/passwd")
    assert [fault.reason for fault in list_archive(tmp_path / "x.zip").rejected] == ["it is a link or no file"]


def test_a_member_that_unpacks_to_too_much_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zipped(tmp_path / "bomb.zip", **{"a/1.png": b"\0" * 300_000, "b/2.png": png()})
    monkeypatch.setattr("pellucid.data.listing.MAX_FILE_BYTES", 100_000)
    with pytest.raises(ValueError, match="the file is larger than"):
        list_archive(archive).entries[0].content.read()
    with tarfile.open(tmp_path / "bomb.tar.gz", "w:gz") as opened:
        for number in range(9):
            info = tarfile.TarInfo(f"a/{number}.png")
            info.size = 90_000
            opened.addfile(info, io.BytesIO(b"\0" * 90_000))
    with pytest.raises(DataError, match=r"it unpacks to more than the [\d,]+ bytes that it may"):
        list_archive(tmp_path / "bomb.tar.gz")


def test_a_table_or_arrays_in_an_archive_are_unpacked_below_the_cache(tmp_path: Path) -> None:
    rows = "".join(f"img/{number}.png,{'ab'[number % 2]}\n" for number in range(20))
    files = {f"pets/img/{number}.png": png(number) for number in range(20)}
    archive = zipped(tmp_path / "pets.zip", **files, **{"pets/t.csv": f"image,label\n{rows}".encode()})
    splits = load_data(archive, test_split=None)
    assert (len(splits.train), splits.class_names, splits.location) == (20, ("a", "b"), str(archive))
    assert len(load_data(archive, test_split=None).train) == 20
    assert [file.name for file in tmp_path.iterdir()] == ["pets.zip"]
    np.savez(tmp_path / "x.npz", images=np.zeros((4, 3, 3), np.uint8), labels=np.array([0, 1, 0, 1]))
    arrays = zipped(tmp_path / "arrays.zip", **{"deep/x.npz": (tmp_path / "x.npz").read_bytes()})
    assert len(load_data(arrays, test_split=None).train) == 4
    two = zipped(tmp_path / "two.zip", **{"a.csv": b"", "b.csv": b""})
    with pytest.raises(
        DataError, match=r"it must hold one table or .npz file, or .*; received a.csv, b.csv. Unpack it"
    ):
        load_data(two)
    evil = zipped(tmp_path / "evil.zip", **{"t.csv": b"image,label\n", "../x.png": png()})
    with pytest.raises(DataError, match="not to be trusted: .*its name leads out of the archive"):
        load_data(evil)


def test_what_macos_adds_to_an_archive_is_no_second_table(tmp_path: Path) -> None:
    files = {"labels.csv": b"image,label\n1.png,a\n2.png,b\n", "1.png": png(1), "2.png": png(2)}
    archive = zipped(tmp_path / "x.zip", **files, **{"__MACOSX/._labels.csv": b"\0\5"})
    assert load_data(archive, test_split=None).class_names == ("a", "b")


def test_single_arrays_in_an_archive_are_read(tmp_path: Path) -> None:
    files = {}
    for name, array in (("x_train", np.zeros((4, 3, 3), np.uint8)), ("y_train", np.array([0, 1, 0, 1]))):
        np.save(tmp_path / f"{name}.npy", array)
        files[f"deep/{name}.npy"] = (tmp_path / f"{name}.npy").read_bytes()
    assert len(load_data(zipped(tmp_path / "arrays.zip", **files), test_split=None).train) == 4


def test_idx_files_of_other_names_in_an_archive_are_named(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "x.zip", **{"t10k-images-idx3-ubyte": b"\0"})
    with pytest.raises(
        DataError, match="t10k-images-idx3-ubyte: arrays must be called x_train.npy .*train-images-idx3"
    ):
        load_data(archive)


def test_pellucids_own_runs_are_no_class(tmp_path: Path) -> None:
    lay(tmp_path / "pets", "cat/1.png", "dog/2.png", "runs/first/run.json", "runs/first/curves.png")
    lay(tmp_path / "pets", "runs/first/pictures/filters.png", "runs/study/study.json", "runs/study/seeds.png")
    listing = list_folder(tmp_path / "pets")
    assert seen(listing) == [("cat", None), ("dog", None)]
    assert not listing.rejected


def test_a_zip_is_opened_once_for_all_its_images_and_anew_when_it_changes(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "x.zip", **{"a/1.png": png(1), "b/2.png": png(2)})
    first, second = (entry.content for entry in list_archive(archive).entries)
    before = _opened.cache_info()
    assert (first.read(), second.read(), first.read()) == (png(1), png(2), png(1))
    assert _opened.cache_info().misses == before.misses + 1
    os.utime(zipped(archive, **{"a/1.png": png(7), "b/2.png": png(2)}), ns=(1, 1))
    assert first.read() == png(7)


@pytest.mark.parametrize("kind", ["tar.gz", "tar.xz", "tar.bz2"])
def test_a_flipped_byte_in_a_packed_tar_changes_nothing_unnoticed(tmp_path: Path, kind: str) -> None:
    lay(tmp_path / "pets", "cat/1.png", "dog/2.png")
    archive = tmp_path / f"pets.{kind}"
    with tarfile.open(archive, f"w:{kind[4:]}") as opened:
        opened.add(tmp_path / "pets", "pets")
    whole, original = archive.read_bytes(), everything(list_archive(archive))
    assert [content for *_, content in original[0]] == [png(0), png(1)]
    refused = 0
    for place in range(0, len(whole), 3):
        archive.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            assert everything(list_archive(archive)) == original, f"byte {place}"
        except DataError as error:
            assert "the archive cannot be read" in str(error)
            refused += 1
    assert refused > 10


def everything(listing: Listing) -> tuple:
    """All that is known of an archive, with the images' bytes."""
    entries = [(entry.source, entry.label, entry.split, entry.group, entry.content.read()) for entry in listing.entries]
    return entries, listing.name, listing.rejected


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz"])
def test_a_damaged_archive_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04 or anything")
    with pytest.raises(DataError, match="the archive cannot be read"):
        list_archive(tmp_path / name)
