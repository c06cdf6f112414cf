import re
from pathlib import Path

import numpy as np
import pytest

from pellucid.audit.choice import KINDS, LeftOut, choose
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.data.rejected import Rejected
from pellucid.errors import DataError, SettingError


@pytest.fixture
def data() -> DataSplits:
    """Train 1 and test 0 are equal; train 2 is like train 4; train 3 and 5 are equal under two labels; 6 is blank."""
    random = np.random.default_rng(0)
    train, test = (random.integers(0, 256, (count, 12, 12, 1), dtype=np.uint8) for count in (8, 2))
    test[0], train[4], train[5], train[6] = train[1], train[2] ^ 1, train[3], 9
    names, labels = ("cat", "dog"), np.array([0, 0, 0, 0, 0, 1, 1, 1])
    return DataSplits(
        "pets",
        ImageDataset(train, labels, names, tuple(f"train/{i}.png" for i in range(8))),
        ImageDataset(test, labels[:2], names, ("test/0.png", "test/1.png")),
        rejected=[Rejected("bad.png", "cut short")],
    )


def told(left_out: tuple[LeftOut, ...]) -> list[tuple[str, str, str]]:
    return [(one.kind, one.place, one.reason) for one in left_out]


def test_one_of_images_that_are_alike_stays_that_of_the_test_split_first(data: DataSplits) -> None:
    left_out, notes = choose(data, ["duplicates"])
    assert told(left_out) == [
        ("exact", "train 1, train/1.png", "equal to test 0, test/0.png"),
        ("near", "train 4, train/4.png", "much like train 2, train/2.png"),
    ]
    assert notes == (
        "1 group of images that are alike stays whole, since the labels differ and which is right is not known: "
        "list those that are wrong",
    )


def test_conflicts_constant_images_and_unreadable_files_are_left_out_whole(data: DataSplits) -> None:
    left_out, notes = choose(data, ["conflicts", "constant", "unreadable"])
    assert told(left_out) == [
        ("conflicts", "train 3, train/3.png", "equal images stand under two labels"),
        ("conflicts", "train 5, train/5.png", "equal images stand under two labels"),
        ("constant", "train 6, train/6.png", "of one single colour"),
        ("unreadable", "bad.png", "cut short"),
    ]
    assert notes == ()


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("split,index,label,source,reason\ntrain,2,cat,train/2.png,so\n", ["train 2, train/2.png"]),
        ("Source,reason\nbad.png,cut\n", ["bad.png"]),
        ("split,index\ntest,1\n", ["test 1, test/1.png"]),
        ("\ufefftrain/7.png\r\n\r\ntest/1.png\r\n", ["train 7, train/7.png", "test 1, test/1.png"]),
        ("split,index,source\ntrain,0,train/3.png\n", ["train 3, train/3.png"]),
        ("split,index,source\n", []),
    ],
    ids=["of the page", "a file", "without sources", "plain", "of another reading", "empty"],
)
def test_a_list_names_images_and_files(data: DataSplits, tmp_path: Path, text: str, places: list[str]) -> None:
    (tmp_path / "list.csv").write_bytes(text.encode())
    left_out, _ = choose(data, [str(tmp_path / "list.csv")])
    assert [one.place for one in left_out] == places


def test_each_image_is_left_out_once_with_the_first_reason(data: DataSplits, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("source,reason\ntrain/1.png,ugly\ntrain/1.png,ugly\ntrain/0.png,\n")
    left_out, _ = choose(data, [str(tmp_path / "list.csv"), "exact"])
    assert told(left_out) == [
        ("exact", "train 1, train/1.png", "equal to test 0, test/0.png"),
        ("listed", "train 0, train/0.png", "listed in list.csv"),
    ]


def test_a_list_that_names_what_is_not_there_is_refused(data: DataSplits, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("split,index,source\ntrain,1,train/1.png\ntrain,99,\n,,gone.png\n")
    with pytest.raises(DataError, match=re.escape("by split and index; received train 99, gone.png. Make the list")):
        choose(data, [str(path)])
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="the list cannot be read"):
        choose(data, [str(path)])


def test_a_word_that_is_neither_kind_nor_file_is_refused(data: DataSplits) -> None:
    with pytest.raises(SettingError, match=re.escape("received 'duplicate'. Did you mean duplicates?")):
        choose(data, ["duplicate"])


def test_every_kind_can_be_asked_for(data: DataSplits) -> None:
    for kind in KINDS:
        choose(data, [kind])
    assert choose(data, ["cropped"]) == (
        (),
        ("crops were not sought, as pellucid data audit explains, and none is left out",),
    )
