import gzip
import hashlib
import io
import json
import string
import struct
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from pellucid.cli.data_get import get
from pellucid.data import published
from pellucid.data.catalogue import CATALOGUE
from pellucid.data.downloads import downloads_folder
from pellucid.data.emnist import PARTS
from pellucid.data.load import load_data
from pellucid.data.published import PUBLISHED
from pellucid.errors import DataError


def idx(values: np.ndarray) -> bytes:
    header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    return gzip.compress(header + values.astype(np.uint8).tobytes())


def pictures(count: int, size: int = 28) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 255, (count, size, size), dtype=np.uint8)


def packed(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"gzip/{name}", content)
    return buffer.getvalue()


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Place files by hand, as if they were the published ones."""

    def lay(name: str, contents: dict[str, bytes]) -> None:
        files = []
        for file in PUBLISHED[name].files:
            content = contents[file.path.name]
            file.path.parent.mkdir(parents=True, exist_ok=True)
            file.path.write_bytes(content)
            files.append(replace(file, md5=hashlib.md5(content, usedforsecurity=False).hexdigest()))
        monkeypatch.setitem(PUBLISHED, name, replace(PUBLISHED[name], files=tuple(files)))

    return lay


def idx_files(train: int = 20, test: int = 10) -> dict[str, bytes]:
    return {
        "train-images-idx3-ubyte.gz": idx(pictures(train)),
        "train-labels-idx1-ubyte.gz": idx(np.arange(train) % 10),
        "t10k-images-idx3-ubyte.gz": idx(pictures(test)),
        "t10k-labels-idx1-ubyte.gz": idx(np.arange(test) % 10),
    }


def emnist_files(part: str, labels: np.ndarray, upright: np.ndarray) -> dict[str, bytes]:
    stored = upright.transpose(0, 2, 1)
    members = {}
    for split in ("train", "test"):
        members[f"emnist-{part}-{split}-images-idx3-ubyte.gz"] = idx(stored)
        members[f"emnist-{part}-{split}-labels-idx1-ubyte.gz"] = idx(labels)
    return {"gzip.zip": zipped(members)}


def test_the_catalogue_names_them_all() -> None:
    emnist = ["emnist-digits", "emnist-letters", "emnist-balanced"]
    assert list(CATALOGUE) == ["mnist", "fashion-mnist", "kmnist", *emnist, "cifar10", "cifar100"]


def test_every_file_has_a_checksum_a_place_of_its_own_and_an_address() -> None:
    files = {file for entry in PUBLISHED.values() for file in entry.files}
    assert len({file.place for file in files}) == len(files) == 11
    for file in files:
        assert set(file.md5) <= set(string.hexdigits.lower())
        assert len(file.md5) == 32
        assert all(address.endswith(f"/{file.path.name}") for address in file.addresses)
        assert len(file.addresses) >= 2


@pytest.mark.parametrize(("name", "third"), [("fashion-mnist", "Pullover"), ("kmnist", "す")])
def test_idx_files_are_read_as_they_are(name: str, third: str, place: Callable[..., None]) -> None:
    place(name, idx_files())
    splits = load_data(name)
    assert splits.name == splits.location == name
    assert np.array_equal(splits.train.images[..., 0], pictures(20))
    assert splits.train.labels.tolist() == [*range(10)] * 2
    assert len(splits.class_names) == 10
    assert splits.class_names[2] == third
    assert np.array_equal(splits.test.images[..., 0], pictures(10))


def test_class_names_are_the_published_ones() -> None:
    assert "".join(published.HIRAGANA) == "おきすつなはまやれを"
    assert published.CLOTHES[0] == "T-shirt/top"
    assert published.CLOTHES[9] == "Ankle boot"
    assert len(PARTS["balanced"].class_names) == 47
    assert "".join(PARTS["balanced"].class_names[36:]) == "abdefghnqrt"


def test_the_test_split_is_read_when_it_is_asked_for(place: Callable[..., None]) -> None:
    place("kmnist", idx_files() | {"t10k-images-idx3-ubyte.gz": b"no gzip"})
    splits = load_data("kmnist")
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte\.gz: not an IDX file"):
        _ = splits.test


def test_emnist_stands_upright(place: Callable[..., None]) -> None:
    seven = np.zeros((28, 28), np.uint8)
    seven[4, 6:22] = 255  # the bar on top
    seven[4:24, 21] = 255  # the stem on the right
    place("emnist-digits", emnist_files("digits", np.array([7, 7]), np.stack([seven, seven])))
    splits = load_data("emnist-digits")
    for images in (splits.train.images, splits.test.images):
        assert np.array_equal(images[0, ..., 0], seven)
        assert images.flags.c_contiguous
    assert splits.class_names == tuple("0123456789")
    assert splits.train.labels.tolist() == [7, 7]


def test_emnist_letters_begin_at_1_in_the_file(place: Callable[..., None]) -> None:
    place("emnist-letters", emnist_files("letters", np.arange(1, 27), pictures(26)))
    splits = load_data("emnist-letters")
    assert [splits.class_names[label] for label in splits.train.labels] == list(string.ascii_lowercase)


def test_emnist_balanced_has_47_characters(place: Callable[..., None]) -> None:
    place("emnist-balanced", emnist_files("balanced", np.arange(47), pictures(47)))
    splits = load_data("emnist-balanced")
    assert splits.class_names[10] == "A"
    assert splits.class_names[splits.train.labels[46]] == "t"


def test_an_emnist_archive_without_the_part_is_refused(place: Callable[..., None]) -> None:
    place("emnist-digits", emnist_files("letters", np.array([1]), pictures(1)))
    with pytest.raises(DataError, match=r"must hold gzip/emnist-digits-train-images-idx3-ubyte\.gz"):
        load_data("emnist-digits")


def test_an_emnist_archive_that_is_none_is_refused(place: Callable[..., None]) -> None:
    place("emnist-digits", {"gzip.zip": b"no zip"})
    with pytest.raises(DataError, match=r"gzip\.zip: .* cannot be unpacked"):
        load_data("emnist-digits")


def colour(count: int) -> np.ndarray:
    """[count, 32, 32, 3]: red falls with the rows, green with the columns, blue is 7."""
    images = np.zeros((count, 32, 32, 3), np.uint8)
    images[..., 0] = np.arange(32)[:, np.newaxis] * 8
    images[..., 1] = np.arange(32) * 4
    images[..., 2] = 7
    return images


def records(images: np.ndarray, *labels: int) -> bytes:
    planes = [image.transpose(2, 0, 1).tobytes() for image in images]
    return b"".join(bytes(labels) + plane for plane in planes)


def cifar10_members() -> dict[str, bytes]:
    members = {f"data_batch_{number}.bin": records(colour(2), number) for number in range(1, 6)}
    members["test_batch.bin"] = records(colour(1), 9)
    members["batches.meta.txt"] = "\n".join(f"thing{number}" for number in range(10)).encode() + b"\n\n"
    return {f"cifar-10-batches-bin/{name}": content for name, content in members.items()}


def test_cifar10_is_red_green_blue_and_in_the_batches_order(place: Callable[..., None]) -> None:
    place("cifar10", {"cifar-10-binary.tar.gz": packed(cifar10_members())})
    splits = load_data("cifar10")
    assert np.array_equal(splits.train.images, colour(10))
    assert splits.train.images.flags.c_contiguous
    assert splits.train.labels.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert splits.class_names == tuple(f"thing{number}" for number in range(10))
    assert np.array_equal(splits.test.images, colour(1))
    assert splits.test.labels.tolist() == [9]


def test_cifar100_has_the_fine_labels(place: Callable[..., None]) -> None:
    members = {
        "cifar-100-binary/coarse_label_names.txt": "\n".join(f"coarse{number}" for number in range(20)).encode(),
        "cifar-100-binary/fine_label_names.txt": "\n".join(f"fine{number}" for number in range(100)).encode(),
        "cifar-100-binary/test.bin": records(colour(2), 19, 98),
        "cifar-100-binary/train.bin": records(colour(3), 4, 99),
    }
    place("cifar100", {"cifar-100-binary.tar.gz": packed(members)})
    splits = load_data("cifar100")
    assert np.array_equal(splits.train.images, colour(3))
    assert [splits.class_names[label] for label in splits.train.labels] == ["fine99"] * 3
    assert splits.test.labels.tolist() == [98, 98]


def test_a_damaged_cifar_archive_is_named(place: Callable[..., None]) -> None:
    members = cifar10_members()
    whole = packed(members)
    place("cifar10", {"cifar-10-binary.tar.gz": whole[: len(whole) // 2]})
    with pytest.raises(DataError, match=r"cifar-10-binary\.tar\.gz: the archive cannot be read"):
        load_data("cifar10")
    lacking = {name: content for name, content in members.items() if "batch_3" not in name}
    place("cifar10", {"cifar-10-binary.tar.gz": packed(lacking)})
    with pytest.raises(DataError, match=r"must hold cifar-10-batches-bin/data_batch_3\.bin; it does not"):
        load_data("cifar10")
    members["cifar-10-batches-bin/data_batch_2.bin"] += b"x"
    place("cifar10", {"cifar-10-binary.tar.gz": packed(members)})
    with pytest.raises(DataError, match=r"data_batch_2\.bin: records must be of 3073 bytes; received 6147 bytes"):
        load_data("cifar10")


def run_get(*arguments: str) -> str:
    import typer

    app = typer.Typer()
    app.command()(get)
    return CliRunner().invoke(app, arguments, catch_exceptions=False).stdout


def test_get_prints_the_folder(place: Callable[..., None]) -> None:
    place("kmnist", idx_files())
    folder = downloads_folder() / "kmnist"
    assert run_get("kmnist") == f"{folder}\n"
    document = json.loads(run_get("kmnist", "--json"))
    assert document["data"] == "kmnist"
    assert document["folder"] == str(folder)
    assert sorted(document["files"]) == sorted(idx_files())


def test_get_needs_no_network_for_mnist() -> None:
    assert len(json.loads(run_get("mnist", "--json"))["files"]) == 4


def test_get_suggests_a_near_name() -> None:
    with pytest.raises(DataError, match="Did you mean kmnist"):
        run_get("kmnst")
