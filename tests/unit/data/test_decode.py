import os
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data.decode import probe, read_image
from pellucid.data.listing import Content
from pellucid.data.remarks import native_warned
from pellucid.errors import DataError, PellucidWarning
from pellucid.spec.reading import ReadSpec

GREY = (4, 4, 1)
BROKEN_EXIF = b"Exif\0\0II*\0\x08\0\0\0\x05\0"  # five entries are told, and none follows


def save(path: Path, pixels, mode: str | None = None, **options) -> Path:
    image = Image.fromarray(np.asarray(pixels))
    (image.convert(mode) if mode else image).save(path, **options)
    return path


def tiff(path: Path, tags: dict[int, int], raw: bytes) -> Path:
    """A TIFF of a strip of bytes, and of tags."""
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    head = b"II*\0" + struct.pack("<I", 8 + len(raw)) + raw + struct.pack("<H", len(tags))
    path.write_bytes(head + entries + b"\0\0\0\0")
    return path


def test_a_fitting_grey_image_is_taken_as_it_is(tmp_path: Path) -> None:
    pixels = np.arange(16, dtype=np.uint8).reshape(4, 4) * 16
    read = read_image(save(tmp_path / "a.png", pixels), GREY)
    assert read.shape == GREY
    assert np.array_equal(read[..., 0], pixels)


def test_colour_becomes_grey_and_grey_becomes_colour(tmp_path: Path) -> None:
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255
    assert set(read_image(save(tmp_path / "red.png", red), GREY).flat) == {76}  # 0.299 of full, ITU-R 601
    grey = read_image(save(tmp_path / "grey.png", np.full((4, 4), 9, np.uint8)), (4, 4, 3))
    assert grey.shape == (4, 4, 3)
    assert set(grey.flat) == {9}


def test_another_size_is_brought_to_the_runs(tmp_path: Path) -> None:
    halves = np.zeros((80, 40), np.uint8)
    halves[:40] = 200
    read = read_image(save(tmp_path / "large.png", halves), GREY)[..., 0]
    assert (read[0] == 200).all()
    assert (read[-1] == 0).all()


def test_16_bits_and_one_bit_keep_their_range(tmp_path: Path) -> None:
    deep = np.array([[0, 257 * 100], [257 * 200, 65535]], np.uint16)
    assert read_image(save(tmp_path / "deep.png", deep), (2, 2, 1)).flatten().tolist() == [0, 100, 200, 255]
    flags = save(tmp_path / "flags.png", np.array([[0, 255], [255, 0]], np.uint8), mode="1")
    assert read_image(flags, (2, 2, 1)).flatten().tolist() == [0, 255, 255, 0]


def test_a_tiff_of_12_bits_keeps_its_range(tmp_path: Path) -> None:
    values = [0, 4095, 2048, 0]
    packed = "".join(f"{value:012b}" for value in values)
    raw = bytes(int(packed[start : start + 8], 2) for start in range(0, len(packed), 8))
    tags = {256: 4, 257: 1, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: len(raw)}
    path = tiff(tmp_path / "deep.tiff", tags, raw)
    assert read_image(path, (1, 4, 1)).flatten().tolist() == [0, 255, 128, 0]


def test_what_is_transparent_lies_on_black(tmp_path: Path) -> None:
    pixels = np.full((2, 2, 4), 255, np.uint8)
    pixels[0, 0, 3] = 0
    assert read_image(save(tmp_path / "alpha.png", pixels), (2, 2, 1)).flatten().tolist() == [0, 255, 255, 255]


def test_a_turned_photograph_is_set_upright(tmp_path: Path) -> None:
    pixels = np.array([[0, 255], [0, 255]], np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter to the right
    read = read_image(save(tmp_path / "turned.png", pixels, exif=exif), (2, 2, 1))[..., 0]
    assert read.tolist() == [[0, 0], [255, 255]]


def test_inversion_exchanges_dark_and_bright(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", np.full((4, 4), 250, np.uint8))
    assert set(read_image(path, GREY, invert=True).flat) == {5}


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "the file is empty"), (b"not an image at all", "not an image"), (None, "No such file")],
)
def test_what_is_no_image_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "bad.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_image(path, GREY)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_truncated_image_is_named(tmp_path: Path) -> None:
    path = save(tmp_path / "cut.png", np.random.default_rng(0).integers(0, 255, (90, 90), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataError, match=r"cut.png: the image cannot be read"):
        read_image(path, GREY)


def test_a_decompression_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "bomb.png", np.zeros((40, 40), np.uint8))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    warnings.simplefilter("default")  # as for a user, where a warning alone would let it through
    with pytest.raises(DataError, match=r"bomb.png: the image is too large"):
        read_image(path, GREY)


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_values_without_a_known_range_need_one(tmp_path: Path, kind: type) -> None:
    path = save(tmp_path / "deep.tiff", np.array([[-100, 0], [200, 300]], kind))
    with pytest.raises(
        DataError, match=r"deep.tiff: .*signed, fractions or have 32 bits have no known range; train with"
    ):
        read_image(path, (2, 2, 1))
    assert read_image(path, (2, 2, 1), ReadSpec(value_range=(-100, 300))).ravel().tolist() == [0, 64, 191, 255]


def test_signed_values_of_16_bits_are_read_in_a_given_range(tmp_path: Path) -> None:
    tags = {256: 4, 257: 1, 258: 16, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: 8, 339: 2}
    path = tiff(tmp_path / "signed.tiff", tags, struct.pack("<4h", -1000, 0, 1000, 3000))
    assert read_image(path, (1, 4, 1), ReadSpec(value_range=(-1000, 3000))).ravel().tolist() == [0, 64, 128, 255]
    with pytest.raises(DataError, match="signed"):
        read_image(path, (1, 4, 1))


def test_values_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "nan.tiff", np.array([[0, np.nan]], np.float32))
    with pytest.raises(DataError, match=r"nan.tiff: .*some of its values are infinite or no numbers"):
        read_image(path, (1, 2, 1), ReadSpec(value_range=(0, 1)))


def test_a_clean_page_of_text_is_read(tmp_path: Path) -> None:
    page = np.full((7016, 4960), 255, np.uint8)  # A4, 600 dpi
    page[400:440, 400:4000] = 0
    path = save(tmp_path / "page.png", page, mode="1")
    assert path.stat().st_size < 20_000
    read = read_image(path, (70, 50, 1))[..., 0]
    assert read[0, 0] == 255
    assert 130 < read[4, 20] < 200  # a line of 40 of 100 rows


def png_of(path: Path, width: int, height: int, padding: int = 0) -> Path:
    """A file that says what it holds, and holds nothing of it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks + bytes(padding))
    return path


@pytest.mark.parametrize("padding", [0, 4 << 20])
def test_what_takes_too_much_memory_is_refused_whatever_the_size_of_its_file(tmp_path: Path, padding: int) -> None:
    with pytest.raises(DataError, match=r"bomb.png: the image is too large"):
        read_image(png_of(tmp_path / "bomb.png", 20_000, 20_000, padding), GREY)


def test_the_memory_of_decoding_is_known_from_the_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pellucid.data.decode.MOST_BYTES", 100 << 20)
    path = png_of(tmp_path / "large.png", 4000, 4000)
    with pytest.raises(DataError, match="decoding may take 100 MiB; received 4000x4000 pixels, which take 122 MiB"):
        read_image(path, GREY)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_large_greys_take_little_beside_their_pixels(tmp_path: Path, kind: type) -> None:
    path = save(tmp_path / "large.png", np.zeros((5000, 5000), kind))
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom pellucid.data.decode import read_image\n"
        "from PIL import Image\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10\n"
        "Image.new('L', (8, 8)).save('/dev/null', 'png')\n"
        "before = peak()\nread_image(Path(sys.argv[1]), (8, 8, 1))\nprint(peak() - before)\n"
    )
    out = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True).stdout
    pixels_mib = 5000 * 5000 * np.dtype(kind).itemsize / 2**20
    assert float(out) < 1.5 * pixels_mib + 32


def test_what_pillow_remarks_is_said_with_the_name_of_the_file(tmp_path: Path) -> None:
    path = save(tmp_path / "exif.jpg", np.zeros((4, 4), np.uint8), exif=BROKEN_EXIF)
    with pytest.warns(PellucidWarning, match=r"exif.jpg: Corrupt EXIF data") as caught:
        read_image(path, GREY)
    assert len(caught) == 1


def test_what_libtiff_prints_is_said_with_the_name_of_the_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).integers(0, 2, (200, 200), np.uint8) * 255
    path = save(tmp_path / "fax.tif", noise, mode="1", compression="group4")
    raw = bytearray(path.read_bytes())
    raw[1000:1040] = bytes(255 - byte for byte in raw[1000:1040])
    path.write_bytes(raw)
    with pytest.warns(PellucidWarning, match=r"fax.tif: Fax4Decode: .* at line .* more like it\)"):
        read_image(path, GREY)
    assert capfd.readouterr().err == ""


def test_what_others_print_while_a_library_is_heard_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.warns(UserWarning, match=r"^Using code not yet in table\.$"), native_warned():
        os.write(2, b"\x1b[2K\x1b[1;32mreading\ntempfile.tif: Using code not yet in table.\n")
    assert capfd.readouterr().err == "\x1b[2K\x1b[1;32mreading\n"


def test_a_tiff_that_lies_on_its_side_keeps_its_proportions(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in ("png", "tiff"):
        path = save(tmp_path / f"o.{kind}", np.zeros((20, 10), np.uint8), exif=exif)
        header = probe(Content(str(path)))
        assert (header.height, header.width) == (10, 20), kind


def test_two_channels_are_none_of_an_image_files(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(DataError, match="Image files give 1 or 3 channels; the network takes 2"):
        read_image(path, (4, 4, 2))
