"""Drawings as the page exports them: a run is judged on them, and one is trained on them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy import ndarray
from typer.testing import CliRunner

import pellucid as pl
from pellucid.cli.app import app
from pellucid.data.dataset import DataSplits
from pellucid.run.folder import RunFolder
from pellucid.spec.reading import ReadSpec


def npy(kind: str, shape: tuple[int, ...], raw: bytes) -> bytes:
    """An array as the page writes it, byte by byte."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({', '.join(map(str, shape))},), }}"
    header = header.ljust(-(-(len(header) + 11) // 64) * 64 - 11) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + raw


def hand(place: Path, images: ndarray, labels: Sequence[str]) -> Path:
    """A file of drawings."""
    longest = max(map(len, labels))
    names = b"".join(label.encode("utf-32-le").ljust(4 * longest, b"\0") for label in labels)
    with zipfile.ZipFile(place, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("images.npy", npy(images.dtype.str, images.shape, images.tobytes()))
        archive.writestr("labels.npy", npy(f"<U{longest}", (len(labels),), names))
        archive.writestr("format.npy", npy("<i8", (1,), (1).to_bytes(8, "little")))
    return place


def test_a_run_is_judged_on_drawings_and_their_classes_are_found_by_name(
    bars_run: Path, bars: DataSplits, tmp_path: Path
) -> None:
    chosen = [row for row, label in enumerate(bars.test.labels) if label != 0][:40]  # not a class of each
    names = [bars.test.class_names[label] for label in bars.test.labels[chosen]]
    file = hand(tmp_path / "hand.npz", bars.test.images[chosen], names)
    done = CliRunner().invoke(app, ["evaluate", str(bars_run), str(file), "--json"])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    said = pl.load_run(bars_run, device="cpu").probabilities(bars.test.images[chosen]).argmax(axis=1)
    assert told["count"] == 40
    assert told["accuracy"] == np.mean(said == bars.test.labels[chosen])
    strange = hand(tmp_path / "strange.npz", bars.test.images[:2], ["across", "aslent"])
    refused = CliRunner().invoke(app, ["evaluate", str(bars_run), str(strange)])
    assert "received others: aslent (did you mean aslant?)" in str(refused.exception)


def test_a_run_is_trained_on_drawings(bars: DataSplits, tmp_path: Path) -> None:
    names = [bars.train.class_names[label] for label in bars.train.labels[:60]]
    file = hand(tmp_path / "hand.npz", bars.train.images[:60], names)
    words = ["train", str(file), "--model", "flatten, dense 3 softmax", "--epochs", "1", "--out", str(tmp_path / "run")]
    assert CliRunner().invoke(app, words).exit_code == 0
    data = RunFolder(tmp_path / "run").read_record().data
    assert data.class_names == ("across", "aslant", "upright")
    assert data.name == "hand"
    assert sum(data.counts.values()) == 60


@pytest.mark.parametrize("value_range", [(100.0, 5000.0), (-1.5, 2.5)])
def test_drawings_in_the_values_of_a_runs_own_files_come_back_as_they_were(
    value_range: tuple[float, float], tmp_path: Path
) -> None:
    low, high = value_range
    pixels = np.arange(256, dtype=np.uint8).reshape(4, 8, 8, 1)
    values = (low + (high - low) * (pixels / 255)).astype(np.float32)
    file = hand(tmp_path / "hand.npz", values, ["a", "b", "a", "b"])
    read = pl.load_data(file, ReadSpec(value_range=value_range, test_split=None))
    np.testing.assert_array_equal(read.train.images, pixels)
