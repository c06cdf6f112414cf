"""`pellucid predict` with many images: where they come from, and how answers are written."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data.dataset import DataSplits

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def scans(bars: DataSplits, pellucid: Command) -> Path:
    """Twelve images, and a file that is none."""
    Path("scans").mkdir()
    for number, pixels in enumerate(bars.test.images[:12]):
        Image.fromarray(pixels[..., 0]).save(f"scans/{number}.png")
    Path("scans/bad.png").write_text("no image")
    return Path("scans")


def test_sets_that_name_a_class_for_want_of_held_out_images_say_so(pellucid: Command, scans: Path) -> None:
    told = "For 95.00% at least 19 held-out images of a class are needed; the fewest have"
    assert told in pellucid("predict", "latest", scans / "1.png", "--coverage", 0.95).err
    assert "In every set" not in pellucid("predict", "latest", scans / "1.png", "--coverage", 0.5).err


def test_all_formats_say_the_same(pellucid: Command, scans: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    status, out, err = pellucid("predict", "latest", scans, "--json", "--coverage", 0.5)
    document = json.loads(out)
    assert status == 1
    assert "Answered" not in err  # which the document tells
    assert (document["engine"], document["proved"], document["faults"]) == (
        "torch",
        None,
        ["scans/bad.png: not an image that can be read."],
    )
    labels = {answer["image"]: answer["label"] for answer in document["predictions"]}
    assert len(labels) == 12
    status, out, err = pellucid("predict", "latest", scans, "--format", "jsonl")
    lines = [json.loads(line) for line in out.splitlines()]
    assert status == 1
    assert {line["image"]: line["label"] for line in lines if "label" in line} == labels
    assert [line for line in lines if "label" not in line] == [
        {"image": "scans/bad.png", "fault": "scans/bad.png: not an image that can be read."}
    ]
    assert "Answered for 12 images; 1 could not be read." in err
    for name in ("answers.csv", "answers.parquet"):
        status, out, err = pellucid("predict", "latest", scans, "--out", name, "--top", 2, "--coverage", 0.5)
        assert (status, out) == (1, "")
    rows = list(csv.DictReader(Path("answers.csv").read_text().splitlines()))
    table = parquet.read_table("answers.parquet").to_pylist()
    assert {row["image"]: row["label"] for row in rows} == {row["image"]: row["label"] for row in table} == labels
    assert list(rows[0]) == list(table[0])
    assert list(rows[0])[-3:] == ["label_2", "probability_2", "classes"]
    for row, answer in zip(rows, table, strict=True):
        assert float(row["probability"]) == answer["probability"]
        assert float(row["margin"]) == pytest.approx(answer["probability"] - answer["probability_2"])
        assert json.loads(row["classes"]) == answer["classes"]
        assert json.loads(row["unknown"]) == answer["unknown"]
    assert {place.name for place in Path().iterdir()} == {"runs", "scans", "answers.csv", "answers.parquet"}


def test_paths_come_from_stdin_and_answers_are_chosen(
    pellucid: Command, scans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = io.TextIOWrapper(io.BytesIO(b"scans/3.png\r\n\nscans/none.png\nscans/1*.png\n"))
    monkeypatch.setattr(sys, "stdin", given)
    status, out, err = pellucid("predict", "latest", "-", "--format", "csv", "--where", "image != 'scans/11.png'")
    assert status == 1
    assert [row["image"] for row in csv.DictReader(io.StringIO(out))] == ["scans/3.png", "scans/1.png", "scans/10.png"]
    assert "scans/none.png: the image cannot be read (No such file or directory)." in err
    assert "The test holds for 3 of 4 answers." in err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\n")))
    status, _, err = pellucid("predict", "latest", "-")
    assert (status, "The list on stdin holds no paths" in err) == (0, True)
    status, out, err = pellucid("predict", "latest", scans / "1.png", "--where", "probability > 1", "--json")
    assert (status, json.loads(out)["predictions"]) == (0, [])
    header = pellucid("predict", "latest", scans / "1.png", "--where", "probability > 1", "--format", "csv").out
    assert header.startswith("image,label,probability")
    status, _, err = pellucid("predict", "latest", scans, "--where", "confidence > 1")
    assert status == 2
    assert "There is no column 'confidence' in an answer." in err


def test_images_are_copied_into_the_folders_of_their_answers(pellucid: Command, scans: Path, bars: DataSplits) -> None:
    before = {place: place.read_bytes() for place in scans.iterdir()}
    status, out, err = pellucid("predict", "latest", scans, "--copy-to", "sorted", "--json", "--no-unknown")
    assert status == 1
    for answer in json.loads(out)["predictions"]:
        copied = Path("sorted") / answer["label"] / Path(answer["image"]).name
        assert copied.read_bytes() == Path(answer["image"]).read_bytes()
    assert len([place for place in Path("sorted").rglob("*") if place.is_file()]) == 12
    assert {place: place.read_bytes() for place in scans.iterdir()} == before
    np.save("images.npy", bars.test.images[:2])
    status, _, err = pellucid("predict", "latest", "images.npy", "--copy-to", "sorted", "--where", "label != 'none'")
    assert status == 0
    assert "The test holds for 2 of 2 answers." in err
    assert "Copied to sorted: 2 images." in err
    status, _, err = pellucid("predict", "latest", scans, "--copy-to", scans / "sorted")
    assert status == 1
    assert "Copies must lie outside of what is answered; scans/sorted is in scans. Move it." in err


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        (("--format", "jsn"), 2, "Unknown format 'jsn'. Did you mean json?"),
        (("--format", "csv", "--json"), 2, "give either --format csv or --json"),
        (("--format", "parquet"), 2, "--format parquet needs a file: give --out"),
        (("--out", "answers.xyz"), 2, "give --format, or a file that ends in .json, .jsonl, .ndjson, .csv, .parquet"),
        (("--out", "scans"), 1, "scans is a folder. Give the name of a file in it."),
        (("--out", "scans/bad.png/x.csv"), 1, "cannot be written, since"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_done(
    pellucid: Command, scans: Path, options: tuple[str, ...], status: int, told: str
) -> None:
    found = pellucid("predict", "latest", scans / "1.png", *options)
    assert (found.status, found.out) == (status, "")
    assert told in found.err


@pytest.mark.filterwarnings("default")
def test_an_export_answers_as_its_run_does(pellucid: Command, scans: Path, bars: DataSplits, one_process: None) -> None:
    run = pl.load_run("runs/bars-one")
    run.data = bars
    run.export("shipped")
    status, out, err = pellucid("predict", "shipped", scans, "--json", "--no-unknown")
    document = json.loads(out)
    assert status == 1
    assert (document["run"], document["engine"], document["proved"]) == ("shipped", "onnxruntime", True)
    own = json.loads(pellucid("predict", "latest", scans, "--json", "--no-unknown").out)["predictions"]
    assert [answer["label"] for answer in document["predictions"]] == [answer["label"] for answer in own]
    status, out, err = pellucid("predict", "shipped/model.onnx", scans / "1.png")
    assert status == 0
    assert "An export says “I don't know” of images between classes, and not of those unlike anything" in err
    Path("shipped/parity.json").unlink()
    status, out, err = pellucid("predict", "shipped/model.onnx", scans / "1.png", "--json")
    assert (status, json.loads(out)["proved"]) == (0, False)
    assert "has no parity.json beside it: nothing tells whether it answers as its run does" in err
    assert pellucid("predict", "shipped", scans / "1.png").status == 0
