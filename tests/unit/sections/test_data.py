"""Sections about a data set: its images, and what is wrong with it."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.audit.examine import examine
from pellucid.data.dataset import DataSplits, ImageDataset
from pellucid.errors import SettingError
from pellucid.sections.audit import audit_section
from pellucid.sections.data import class_table, data_section


def test_images_are_counted_and_shown(bars: DataSplits) -> None:
    section = data_section(bars)
    assert section.body[0] == "bars: 240 train, 90 test images"
    (table,) = section.tables
    assert table.caption == "bars: 3 classes, images of 8x8x1"
    assert table.header == ("class", "train", "test")
    assert table.rows == (("across", "80", "30"), ("upright", "80", "30"), ("aslant", "80", "30"))
    assert section.document["counts"] == {"train": 240, "test": 90}
    assert section.document["class_counts"] == {"train": [80, 80, 80], "test": [30, 30, 30]}
    figure = section.pictures[0].draw()
    assert [axes.get_title() for axes in figure.axes[::10]] == ["across", "upright", "aslant"]


def test_of_many_classes_the_first_are_told_and_the_rest_counted() -> None:
    images, labels = np.zeros((1500, 1, 1, 1), np.uint8), np.arange(1500) % 15
    names = tuple(f"c{number}" for number in range(15))
    rows = class_table(DataSplits("many", ImageDataset(images, labels, names), None)).rows
    assert [*rows[:2], *rows[9:]] == [("c0", "100"), ("c1", "100"), ("c9", "100"), ("5 more classes", "500")]


def test_classes_that_are_not_drawn_are_told_and_can_be_asked_for(bars: DataSplits) -> None:
    names = tuple(f"class {number}" for number in range(30))
    data = ImageDataset(bars.train.images[:60], np.arange(60) % 30, names)
    splits = DataSplits("many", data, data)
    section = data_section(splits)
    assert section.remarks == ("10 of 30 classes are drawn; name others with --class",)
    assert section.document["drawn"] == list(names[:10])
    figure = section.pictures[0].draw()
    assert figure.get_suptitle() == "many, training images of 10 of 30 classes"
    chosen = data_section(splits, classes=["class 29", "class 3"])
    assert chosen.remarks == ()
    assert {axes.get_title() for axes in chosen.pictures[0].draw().axes} == {"class 29", "class 3", ""}
    with pytest.raises(SettingError, match="Unknown class 'clas 3'. Did you mean class 3?"):
        data_section(splits, classes=["clas 3"])


def test_variants_stand_beside_their_image(bars: DataSplits) -> None:
    section = data_section(bars, "rotation=20", seed=4)
    (picture,) = section.pictures
    assert picture.alternative_text.endswith("variants of it (rotation=20, seed 4).")
    figure = picture.draw()
    assert [axes.get_title() for axes in figure.axes[:3]] == ["across", "", ""]
    with pytest.raises(SettingError, match="rotaiton"):
        data_section(bars, "rotaiton=20")


def test_an_audit_names_the_first_of_each_kind(bars: DataSplits) -> None:
    twice = bars.train.subset(np.r_[0:24, 0:12])
    section = audit_section(examine(DataSplits("twice", twice, bars.train.subset(np.arange(3)))))
    assert section.tables[0].header == ("class", "train", "test", "all")
    lists = [str(part) for part in section.body[3:]]
    exact = next(part.splitlines() for part in lists if part.startswith("exact duplicates"))
    assert exact[1].startswith("  [in two splits] across (train 0")
    assert exact[-1] == "  and 2 more"
    assert len(exact) == 12
    assert section.document["exact"]["leaks"] == 3
