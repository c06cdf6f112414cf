from __future__ import annotations

import io
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pellucid
from pellucid.data.decode import read_image
from pellucid.data.formats import BY_SUFFIX, FORMATS, is_image, is_misnamed
from pellucid.data.load import load_data
from pellucid.errors import DataError

GREY = np.arange(0, 256, 4, dtype=np.uint8).reshape(8, 8)


def saved(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image = Image.fromarray(GREY) if kind != "QOI" else Image.fromarray(GREY).convert("RGB")
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "kind", "options", "error"),
    [
        ("x.jfif", "JPEG", {"quality": 95}, 3),
        ("x.pgm", "PPM", {}, 0),
        ("x.pnm", "PPM", {}, 0),
        ("x.ico", "ICO", {"sizes": [(8, 8)]}, 0),
        ("x.dib", "DIB", {}, 0),
        ("x.avif", "AVIF", {"quality": 95}, 4),
        ("x.jp2", "JPEG2000", {}, 0),
        ("x.j2k", "JPEG2000", {"no_jp2": True}, 0),
        ("x.qoi", "QOI", {}, 0),
    ],
)
def test_each_documented_format_is_read(tmp_path: Path, name: str, kind: str, options: dict, error: int) -> None:
    (tmp_path / name).write_bytes(saved(kind, **options))
    assert is_image(name.upper())
    pixels = read_image(tmp_path / name, (8, 8, 1))[..., 0]
    assert np.abs(pixels.astype(int) - GREY).max() <= error


def test_a_bitmap_is_black_and_white_and_a_pixmap_in_colour(tmp_path: Path) -> None:
    (tmp_path / "x.pbm").write_bytes(b"P1\n2 1\n0 1\n")
    assert read_image(tmp_path / "x.pbm", (1, 2, 1)).ravel().tolist() == [255, 0]
    (tmp_path / "x.ppm").write_bytes(b"P6 1 1 255\n" + bytes((10, 20, 30)))
    assert read_image(tmp_path / "x.ppm", (1, 1, 3)).ravel().tolist() == [10, 20, 30]


def test_a_folder_of_them_is_read(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for name, kind in (("1.PGM", "PPM"), ("2.jp2", "JPEG2000"), ("3.jfif", "JPEG")):
            (tmp_path / label / name).write_bytes(saved(kind))
    splits = load_data(tmp_path, test_split=None)
    assert (len(splits.train), splits.rejected, splits.notes) == (6, (), ())


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n"
TGA = struct.pack("<BBBHHBHHHHBB", 0, 0, 3, 0, 0, 0, 0, 0, 8, 8, 8, 0) + GREY.tobytes()


@pytest.mark.parametrize("content", [EPS, TGA, b"GRIB" + bytes(100), b"%PDF-1.4\n"])
def test_what_is_not_documented_is_not_opened_whatever_it_is_called(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(DataError, match="x.png: not an image that can be read"):
        read_image(tmp_path / "x.png", (8, 8, 1))
    assert not is_image("x.eps")


def test_no_image_is_opened_without_the_list() -> None:
    package = Path(pellucid.__file__).parent
    told = {package / "export/usage.py", package / "export/formats/onnx.py"}  # these have lines for others to run
    sources = set(package.rglob("*.py")) - told
    calls = [call for file in sources for call in re.findall(r"Image\.open\([^\n]*", file.read_text("utf-8"))]
    assert calls
    assert all("formats=" in call for call in calls)


def test_a_name_tells_another_format_than_the_bytes() -> None:
    assert is_misnamed("x.png", "JPEG")
    assert is_misnamed("x.JPG", "WEBP")
    assert not is_misnamed("x.jpg", "MPO")  # of many telephones
    assert not is_misnamed("x.bmp", "DIB")
    assert not is_misnamed("x", "PNG")


def test_the_list_is_what_the_documentation_says() -> None:
    Image.init()
    assert set(FORMATS) <= set(Image.OPEN)
    text = (Path(__file__).parents[3] / "docs" / "data.md").read_text("utf-8")
    assert [suffix for suffix in BY_SUFFIX if f"`{suffix}`" not in text] == []
