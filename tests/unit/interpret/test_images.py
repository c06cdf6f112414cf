from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data import catalogue
from pellucid.data.dataset import DataSplits
from pellucid.errors import DataError, SettingError
from pellucid.interpret.images import read_image_argument


@pytest.fixture
def run(bars_run: Path) -> pl.Run:
    return pl.load_run(bars_run)


@pytest.fixture
def _here(bars: DataSplits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.CATALOGUE, "bars", lambda: bars)


def test_a_file_is_read_as_the_run_reads_it(run: pl.Run, bars: DataSplits, tmp_path: Path) -> None:
    path = tmp_path / "bar.png"
    Image.fromarray(bars.test.images[4, ..., 0]).save(path)
    pixels, label, description = read_image_argument(run, str(path))
    assert np.array_equal(pixels, bars.test.images[4])
    assert label is None
    assert description == "bar.png"
    inverted = read_image_argument(run, str(path), invert=True)
    assert np.array_equal(inverted.pixels, 255 - bars.test.images[4])
    assert inverted.description == "bar.png, inverted"


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize("split", ["test", "train"])
def test_an_image_of_the_runs_data_comes_by_its_number(run: pl.Run, bars: DataSplits, split: str) -> None:
    own = getattr(bars, split)
    pixels, label, description = read_image_argument(run, f"{split}:5")
    assert np.array_equal(pixels, own.images[5])
    assert label == own.labels[5]
    assert description == f"bars, {split} image 5"
    assert np.array_equal(read_image_argument(run, f"{split}:5", invert=True).pixels, 255 - own.images[5])


def test_a_file_comes_before_a_number(
    run: pl.Run, bars: DataSplits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(bars.test.images[0, ..., 0]).save("test:5", "PNG")
    assert read_image_argument(run, "test:5").label is None


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("test:90", DataError, "The test split of bars has images 0 to 89; received 90"),
        ("train:-1", DataError, "The train split of bars has images 0 to 239; received -1"),
        ("tset:1", SettingError, "Unknown split 'tset'. Did you mean test?"),
        ("missing.png", DataError, "missing.png: the image cannot be read"),
    ],
)
def test_what_is_not_there_is_told(run: pl.Run, text: str, kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        read_image_argument(run, text)
