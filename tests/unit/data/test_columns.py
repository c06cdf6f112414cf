"""Further columns of the table that images come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data.columns import columns_of
from pellucid.errors import DataError, PellucidWarning


def table(folder: Path, name: str = "labels.csv", image: str = "image") -> Path:
    """Six images of two classes, one of which stands in two rows."""
    rows = [f"{image},label,split,scanner,site"]
    for number in range(6):
        pixels = np.full((4, 4), 40 * number, np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        split = "test" if number > 3 else "train"
        rows.append(f"{number}.png,{'ab'[number % 2]},{split},{'xy'[number // 3]},{number or ''}")
    rows.append("5.png,b,test,x,5")
    (folder / name).write_text("\n".join(rows))
    return folder / name


def test_each_image_has_the_text_of_its_row(tmp_path: Path) -> None:
    data = pl.load_data(table(tmp_path))
    found = columns_of(data, data.test, ["scanner", "site"])
    rows = {Path(source).name: row for row, source in enumerate(data.test.sources or ())}
    assert found["scanner"][rows["4.png"]] == "y"
    assert found["scanner"][rows["5.png"]] == "(several)"
    assert found["site"][rows["5.png"]] == "5"
    own = columns_of(data, data.train, ["site"])["site"]
    assert sorted(own) == ["", "1", "2", "3"]
    assert columns_of(data, data.train, []) == {}


def test_a_column_that_says_one_thing_of_all_images_is_named(tmp_path: Path) -> None:
    data = pl.load_data(table(tmp_path))
    one = data.test.subset(np.array([0]))
    with pytest.warns(
        PellucidWarning, match="'site' says the same of all images that are judged, '[45]', so there are"
    ):
        columns_of(data, one, ["site"])


def test_tables_of_metadata_and_of_pixels_have_columns_too(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    table(tmp_path / "images", "metadata.csv", "file_name")
    data = pl.load_data(tmp_path / "images")
    assert set(columns_of(data, data.train, ["scanner"])["scanner"]) == {"x", "y"}
    header = ",".join(["label", *(f"pixel{number}" for number in range(16)), "scanner"])
    lines = [",".join([str(row % 2), *[str(10 * row)] * 16, "xy"[row // 4]]) for row in range(8)]
    (tmp_path / "pixels.csv").write_text("\n".join([header, *lines]))
    pixels = pl.load_data(tmp_path / "pixels.csv", test_split=None)
    assert columns_of(pixels, pixels.train, ["scanner"])["scanner"] == ["x"] * 4 + ["y"] * 4


def test_what_is_not_there_is_said(tmp_path: Path, bars: pl.DataSplits) -> None:
    data = pl.load_data(table(tmp_path))
    with pytest.raises(DataError, match=r"there is no column 'scaner' to slice by. Did you mean scanner"):
        columns_of(data, data.test, ["scaner"])
    with pytest.raises(DataError, match="bars: images can be sliced by columns where they come from a table"):
        columns_of(bars, bars.test, ["scanner"])
