from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.to_answer import ToAnswer, to_answer
from pellucid.errors import PellucidWarning
from pellucid.spec.image_reading import PlainReading

SHAPE = (4, 4, 1)


def png(value: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (4, 4), value).save(buffer, "PNG")
    return buffer.getvalue()


def found(*places: str | Path, **settings: object) -> list[ToAnswer]:
    return list(to_answer(places, SHAPE, PlainReading(**settings)))


def told(images: Iterable[ToAnswer], below: Path) -> list[tuple[str, int | None]]:
    return [
        (image.name.removeprefix(f"{below}/"), None if image.pixels is None else int(image.pixels[0, 0, 0]))
        for image in images
    ]


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    for name, value in (("10.png", 10), ("9.png", 9), ("more/1.png", 1), (".hidden.png", 5), ("runs/a/x.png", 6)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png(value))
    (folder / "runs" / "a" / "run.json").write_text("{}")  # of a run, whose pictures are no data
    (folder / "bad.png").write_text("no image")
    return folder


def test_folders_and_patterns_are_walked_in_natural_order(scans: Path) -> None:
    expected = [("9.png", 9), ("10.png", 10), ("bad.png", None), ("more/1.png", 1)]
    images = found(scans)
    assert told(images, scans) == expected
    assert images[2].fault == f"{scans}/bad.png: not an image that can be read."
    assert told(found(f"{scans}/*.png"), scans) == expected[:3]
    assert ("more/1.png", 1) in told(found(f"{scans}/**/*.png"), scans)
    (scans / "[1].png").write_bytes(png(7))
    assert told(found(scans / "[1].png"), scans) == [("[1].png", 7)]  # what there is by that name is no pattern
    (missing,) = found(f"{scans}/*.jpg")
    assert missing.fault == f"{scans}/*.jpg: there are no files of such names."


def test_what_is_no_image_is_counted_and_empty_places_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(3))
    for number in range(8):
        (tmp_path / f"{number}.txt").write_text("x")
    with pytest.warns(PellucidWarning, match=r"8 files are no images by their names: 0\.txt, .*4\.txt and 3 more"):
        assert len(found(tmp_path)) == 1
    (tmp_path / "empty").mkdir()
    (empty,) = found(tmp_path / "empty")
    assert empty.fault == f"{tmp_path}/empty: no images were found in the folder."


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_archives_are_read_member_by_member(tmp_path: Path, kind: str) -> None:
    members = {"a/1.png": png(1), "a/bad.png": b"no image", "../out.png": png(9), ".x/2.png": png(2), "3.png": png(3)}
    path = tmp_path / f"scans.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(path, "w:gz") as archive:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    images = found(path)
    assert sorted(told(images, path), key=str) == [
        ("../out.png", None),
        ("3.png", 3),
        ("a/1.png", 1),
        ("a/bad.png", None),
    ]
    assert {image.place for image in images} == {str(path)}
    assert [image.content.read() for image in images if image.content] == [png(1), png(3)]
    path.write_bytes(path.read_bytes()[:-30])
    assert any("archive" in image.fault or "cannot be read" in image.fault for image in found(path))


def test_tables_name_images_or_hold_them(tmp_path: Path, scans: Path) -> None:
    (tmp_path / "t.csv").write_text("file,note\nscans/9.png,x\nscans/none.png,y\n,z\n")
    images = found(tmp_path / "t.csv")
    assert told(images, tmp_path) == [
        ("scans/9.png", 9),
        ("scans/none.png", None),
        ("t.csv, row 3", None),
    ]
    assert [image.number for image in images] == [1, 2, 3]
    assert images[2].fault == f"{tmp_path}/t.csv, row 3: no image."
    (tmp_path / "t.jsonl").write_text(json.dumps({"image": str(scans / "10.png")}) + "\n")
    assert told(found(tmp_path / "t.jsonl"), scans) == [("10.png", 10)]
    header = ",".join(f"pixel{n}" for n in range(64))
    (tmp_path / "p.csv").write_text(f"{header}\n{','.join(['8'] * 64)}\n7\n")
    images = list(to_answer([tmp_path / "p.csv"], (8, 8, 1), PlainReading()))
    assert [(image.name, image.number) for image in images] == [
        (f"{tmp_path}/p.csv, row 1", 1),
        (f"{tmp_path}/p.csv, row 2", 2),
    ]
    assert images[1].fault.endswith("row 2: it has 1 cells; the first line has 64.")


def test_parquet_holds_images(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.table({"image": [png(4), b"no", None]}), tmp_path / "t.parquet")
    assert told(found(tmp_path / "t.parquet"), tmp_path) == [
        ("t.parquet, row 1", 4),
        ("t.parquet, row 2", None),
        ("t.parquet, row 3", None),
    ]


def test_arrays_are_images_or_one_image(tmp_path: Path) -> None:
    images = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
    values = [(f"{tmp_path}/x.npy, image {n}", n - 1) for n in (1, 2, 3)]
    for array in (images, images[..., None]):
        np.save(tmp_path / "x.npy", array)
        assert told(found(tmp_path / "x.npy"), Path("/none")) == values
    np.save(tmp_path / "x.npy", images[2])
    assert [image.pixels.max() for image in found(tmp_path / "x.npy")] == [2]
    np.save(tmp_path / "x.npy", images.astype(np.float32) / 4)
    assert [image.pixels.max() for image in found(tmp_path / "x.npy", value_range=(0.0, 1.0))] == [0, 64, 128]
    np.savez(tmp_path / "x.npz", x_train=images[:1], y_train=[0], x_test=images[1:], y_test=[0, 1])
    assert [image.pixels.max() for image in found(tmp_path / "x.npz")] == [1, 2]
    np.savez(tmp_path / "x.npz", one=images, two=images)
    (fault,) = found(tmp_path / "x.npz")
    assert "it must hold one array, or call that of the images images or x; received one, two." in fault.fault
    np.save(tmp_path / "x.npy", np.zeros((2, 5, 5), np.uint8))
    (fault,) = found(tmp_path / "x.npy")
    assert fault.fault == f"{tmp_path}/x.npy: images must be [count, 4, 4, 1]; received [2, 5, 5, 1]."
    np.save(tmp_path / "x.npy", np.array([{}], object), allow_pickle=True)
    (fault,) = found(tmp_path / "x.npy")
    assert "it holds Python objects, which could run code" in fault.fault


def test_dark_and_bright_are_exchanged_in_all_of_them(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.full((1, 4, 4), 5, np.uint8))
    (tmp_path / "x.png").write_bytes(png(5))
    places = [tmp_path / "x.npy", tmp_path / "x.png", tmp_path / "none.png"]
    images = list(to_answer(places, SHAPE, PlainReading(), invert=True))
    assert [image.pixels.max() for image in images[:2]] == [250, 250]
    assert "No such file" in images[2].fault
