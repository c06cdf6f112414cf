"""Published data sets that are downloaded: what each consists of, and how it is read.

Fashion-MNIST: Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747 (MIT licence). KMNIST: "KMNIST Dataset" (created by
CODH), adapted from "Kuzushiji Dataset" (created by NIJL and others), doi:10.20676/00000341 (CC BY-SA 4.0). EMNIST:
Cohen et al. 2017, arXiv:1702.05373. CIFAR: Krizhevsky 2009, "Learning multiple layers of features from tiny images".
"""

from __future__ import annotations

import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.downloads import RemoteFile, fetch
from pellucid.data.emnist import PARTS, class_numbers, upright
from pellucid.data.idx import read_idx
from pellucid.errors import DataError

CIFAR_PIXELS = 3 * 32 * 32


@dataclass(frozen=True)
class Published:
    """A data set, as its authors publish it.

    Attributes:
        files: What is downloaded.
        read: Makes images of the files' paths and the name of a split, train or test.
    """

    files: tuple[RemoteFile, ...]
    read: Callable[[Sequence[Path], str], ImageDataset]


def load_published(name: str) -> DataSplits:
    """A published data set in its published splits. All its files are fetched; the test split is read when asked for.

    Args:
        name: A name of `PUBLISHED`.

    Raises:
        DataError: A file cannot be had, or is not the published one.
    """
    paths, read = fetch_published(name), PUBLISHED[name].read
    return DataSplits(name, read(paths, "train"), partial(read, paths, "test"))


def fetch_published(name: str) -> list[Path]:
    """Get the files of a published data set that are not here yet.

    Args:
        name: A name of `PUBLISHED`.

    Returns:
        Where the files lie, all in one folder.

    Raises:
        DataError: A file cannot be had, or is not the published one.
    """
    return fetch(name, PUBLISHED[name].files)


def read_idx_pair(paths: Sequence[Path], split: str, class_names: tuple[str, ...]) -> ImageDataset:
    """Read a split from IDX files under MNIST's names.

    Raises:
        DataError: A file is damaged.
    """
    prefix = {"train": "train", "test": "t10k"}[split]
    images = read_idx(_named(paths, f"{prefix}-images-idx3-ubyte.gz"), (None, 28, 28))
    labels = read_idx(_named(paths, f"{prefix}-labels-idx1-ubyte.gz"), (None,))
    return ImageDataset(images[..., np.newaxis], labels.astype(np.int64), class_names)


def read_emnist(paths: Sequence[Path], split: str, part: str) -> ImageDataset:
    """Read a split of one of EMNIST's parts from the archive of IDX files.

    Args:
        paths: The archive alone.
        split: train or test.
        part: A name of `emnist.PARTS`.

    Raises:
        DataError: The archive is damaged or lacks the part.
    """
    with tempfile.TemporaryDirectory() as folder:
        prefix = f"emnist-{part}-{split}"
        images = read_idx(_unpacked(paths[0], f"{prefix}-images-idx3-ubyte.gz", Path(folder)), (None, 28, 28))
        labels = read_idx(_unpacked(paths[0], f"{prefix}-labels-idx1-ubyte.gz", Path(folder)), (None,))
    return ImageDataset(upright(images)[..., np.newaxis], class_numbers(part, labels), PARTS[part].class_names)


@dataclass(frozen=True)
class CifarLayout:
    """What lies where in a CIFAR archive.

    Attributes:
        folder: The folder in the archive.
        names: The member that lists the class names, one a line.
        train: The members with the training images.
        test: The member with the test images.
        label_bytes: Labels of each image; the last is the one to learn (CIFAR-100 has the coarse one before it).
    """

    folder: str
    names: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    label_bytes: int


def read_cifar(paths: Sequence[Path], split: str, layout: CifarLayout) -> ImageDataset:
    """Read a split of CIFAR-10 or CIFAR-100 from the archive of the binary version.

    A record is the labels, one byte each, then the red, the green and the blue plane of 32x32 pixels, row by row.

    Args:
        paths: The archive alone.
        split: train or test.
        layout: What lies where in it.

    Raises:
        DataError: The archive is damaged or lacks a member.
    """
    members = {"train": layout.train, "test": layout.test}[split]
    names, *contents = _members(paths[0], [f"{layout.folder}/{member}" for member in (layout.names, *members)])
    record = layout.label_bytes + CIFAR_PIXELS
    for member, content in zip(members, contents, strict=True):
        if len(content) % record:
            raise DataError(f"{paths[0]}/{member}: records must be of {record} bytes; received {len(content)} bytes.")
    records = np.concatenate([np.frombuffer(content, np.uint8).reshape(-1, record) for content in contents])
    planes = records[:, layout.label_bytes :].reshape(-1, 3, 32, 32)
    labels = records[:, layout.label_bytes - 1].astype(np.int64)
    class_names = tuple(names.decode("utf-8", "replace").split())
    return ImageDataset(np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels, class_names)


def _named(paths: Sequence[Path], name: str) -> Path:
    return next(path for path in paths if path.name == name)


def _unpacked(archive: Path, name: str, folder: Path) -> Path:
    """A member of EMNIST's archive as a file of its own."""
    try:
        with (
            zipfile.ZipFile(archive) as opened,
            opened.open(f"gzip/{name}") as source,
            (folder / name).open("wb") as target,
        ):
            shutil.copyfileobj(source, target)
    except KeyError:
        raise DataError(f"{archive}: the archive must hold gzip/{name}; it does not.") from None
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{archive}: gzip/{name} cannot be unpacked ({error}).") from None
    return folder / name


def _members(archive: Path, names: Sequence[str]) -> list[bytes]:
    """The contents of members of a tar archive, which is read once from its start."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:gz") as opened:
            for info in opened:
                if info.name in names and (file := opened.extractfile(info)):
                    found[info.name] = file.read()
                if len(found) == len(names):
                    break
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise DataError(f"{archive}: the archive cannot be read ({error}).") from None
    if lacking := [name for name in names if name not in found]:
        raise DataError(f"{archive}: the archive must hold {', '.join(lacking)}; it does not.")
    return [found[name] for name in names]


def _files(folder: str, addresses: Sequence[str], md5: dict[str, str]) -> tuple[RemoteFile, ...]:
    """Files that lie together under each of the addresses."""
    return tuple(
        RemoteFile(f"{folder}/{name}", checksum, tuple(f"{address}/{name}" for address in addresses))
        for name, checksum in md5.items()
    )


# Checksums: zalandoresearch/fashion-mnist, README.md; the same in pytorch/vision, torchvision/datasets/mnist.py.
# Addresses: the authors' repository (README.md: "under data/fashion"); README.md; keras-team/keras,
# keras/src/datasets/fashion_mnist.py, whose SHA-256s are those that tensorflow/datasets has for the second address
# (tensorflow_datasets/url_checksums/fashion_mnist.txt).
FASHION_MNIST = _files(
    "fashion-mnist",
    (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
    ),
    {
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    },
)
# Addresses: rois-codh/kmnist, README.md (http; its site also answers https). Checksums: pytorch/vision,
# torchvision/datasets/mnist.py.
KMNIST = _files(
    "kmnist",
    ("https://codh.rois.ac.jp/kmnist/dataset/kmnist", "http://codh.rois.ac.jp/kmnist/dataset/kmnist"),
    {
        "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
        "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
        "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
        "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
    },
)
# Checksum: pytorch/vision, torchvision/datasets/mnist.py. First address: the same file since pull request 8350, and
# tensorflow/datasets, pull request 5401. The second was there before, and answered with a web page in 2024.
EMNIST = _files(
    "emnist",
    ("https://biometrics.nist.gov/cs_links/EMNIST", "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST"),
    {"gzip.zip": "58c8d27c78d21e728a6bc7b3cc06412e"},
)
# First address: tensorflow/datasets, tensorflow_datasets/image_classification/cifar.py. Second: the authors' page as it
# is named now (several repositories, for the same checksums). Third: tensorflow/swift-models,
# Tests/DatasetsTests/CIFAR10/CIFAR10Tests.swift. Checksums: the table of the authors' page, as quoted in many
# repositories; the sizes that they give are those of tensorflow_datasets/url_checksums/cifar10.txt and cifar100.txt.
CIFAR_10 = _files(
    "cifar10",
    (
        "https://www.cs.toronto.edu/~kriz",
        "https://cave.cs.toronto.edu/kriz",
        "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10",
    ),
    {"cifar-10-binary.tar.gz": "c32a1d4ab5d03f1284b67883e8d87530"},
)
CIFAR_100 = _files(
    "cifar100",
    ("https://www.cs.toronto.edu/~kriz", "https://cave.cs.toronto.edu/kriz"),
    {"cifar-100-binary.tar.gz": "03b5dce01913d631647c71ecec9e9cb8"},
)

# In the order of zalandoresearch/fashion-mnist, README.md, section "Labels".
CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
# In the order of CODH's kmnist_classmap.csv.
HIRAGANA = tuple("おきすつなはまやれを")

CIFAR_10_LAYOUT = CifarLayout(
    "cifar-10-batches-bin",
    "batches.meta.txt",
    tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
    ("test_batch.bin",),
    label_bytes=1,
)
CIFAR_100_LAYOUT = CifarLayout("cifar-100-binary", "fine_label_names.txt", ("train.bin",), ("test.bin",), label_bytes=2)

PUBLISHED: dict[str, Published] = {
    "fashion-mnist": Published(FASHION_MNIST, partial(read_idx_pair, class_names=CLOTHES)),
    "kmnist": Published(KMNIST, partial(read_idx_pair, class_names=HIRAGANA)),
    "emnist-digits": Published(EMNIST, partial(read_emnist, part="digits")),
    "emnist-letters": Published(EMNIST, partial(read_emnist, part="letters")),
    "emnist-balanced": Published(EMNIST, partial(read_emnist, part="balanced")),
    "cifar10": Published(CIFAR_10, partial(read_cifar, layout=CIFAR_10_LAYOUT)),
    "cifar100": Published(CIFAR_100, partial(read_cifar, layout=CIFAR_100_LAYOUT)),
}
