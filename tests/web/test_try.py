"""Trying images: files as Python reads them, held-out images, patches, and what an answer hangs on."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.web.pages import got, line, original, settled

from pellucid.data.decode import read_image
from pellucid.spec.reading import ReadSpec

SIZES = ((90, 61), (25, 25), (13, 40), (7, 8), (12, 10), (301, 4))  # width, height


def chosen(page: Any, *paths: Path) -> None:
    page.set_input_files("#files", [str(path) for path in paths])
    page.locator(".files li").nth(len(paths) - 1).wait_for()


def saved(folder: Path, width: int, height: int, mode: str) -> Path:
    random = np.random.default_rng(width * height)
    shape = (height, width) if mode == "L" else (height, width, 3)
    path = folder / f"{mode}{width}x{height}.png"
    Image.fromarray(random.integers(0, 256, shape, dtype=np.uint8)).save(path)
    return path


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
def test_files_are_read_as_python_reads_them(open_page: Any, colours: dict[str, Any], fit: Any, tmp_path: Path) -> None:
    """Pillow's arithmetic, but for the order of rows and columns: no value is off by more than one grey level."""
    payload = json.loads(json.dumps(colours))
    payload["reading"] |= {"fit": fit, "background": 40}
    page = open_page(payload, "try")
    paths = [saved(tmp_path, *size, mode) for size in SIZES for mode in ("RGB", "L")]
    usable = [path for path in paths if "301" not in path.name or fit != "pad"]
    chosen(page, *usable)
    for number, path in enumerate(usable):
        page.locator(".files button").nth(number).click()
        want = read_image(path, (10, 12, 3), ReadSpec(fit=fit, background=40))
        assert np.abs(got(page).astype(int) - want).max() <= 1, path.name


def test_colour_becomes_grey_and_dark_may_become_bright(open_page: Any, digits: dict[str, Any], tmp_path: Path) -> None:
    page = open_page(digits | {"reading": digits["reading"] | {"fit": "pad"}}, "try")
    path = saved(tmp_path, 47, 60, "RGB")
    bright = tmp_path / "bright.png"
    Image.new("L", (40, 40), 250).save(bright)
    chosen(page, path, bright)
    want = read_image(path, (28, 28, 1), ReadSpec(fit="pad"))
    assert np.abs(got(page).astype(int) - want).max() <= 1
    page.click("text=bright.png")
    assert "try exchanging" in page.inner_text(".stage")
    page.check("#invert")
    assert (got(page) == 5).all()
    assert page.evaluate("location.hash") == "#/try"


def test_what_is_no_image_or_huge_is_refused_in_words(open_page: Any, digits: dict[str, Any], tmp_path: Path) -> None:
    page = open_page(digits, "try")
    before = got(page)
    contents = {
        "<b>text.png": b"no image",
        "empty.png": b"",
        "cut.png": saved(tmp_path, 90, 61, "L").read_bytes()[:60],
        "bomb.png": bomb(60_000),
        "large.png": b"\x89PNG" + bytes(31 << 20),
    }
    for name, raw in contents.items():
        (tmp_path / name).write_bytes(raw)
    chosen(page, *(tmp_path / name for name in contents))
    told = page.locator(".files .refused").all_inner_texts()
    assert "not an image that this browser can read" in told[0]
    assert told[1] == "The file is empty."
    assert "not an image" in told[2]
    assert "24 million pixels; this one has 60000 × 60000" in told[3]  # noqa: RUF001
    assert "30 MiB; this one has 32" in told[4]
    assert page.locator(".files b").count() == 0
    assert np.array_equal(got(page), before)


def bomb(side: int) -> bytes:
    """A PNG whose header promises many pixels."""
    header = side.to_bytes(4) * 2 + bytes([8, 0, 0, 0, 0])
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + len(header).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)


def test_mistakes_are_picked_by_keyboard_and_have_addresses(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, "try/1")
    page.wait_for_selector(".thumbnails button[aria-pressed=true]")
    assert np.array_equal(got(page), original(digits, 1))
    answer = digits["images"]["answers"][2]
    page.locator(".thumbnails button").nth(1).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#/try/2"
    assert np.array_equal(got(page), original(digits, 2))
    name, said = (digits["classes"][answer[key]] for key in ("label", "predicted"))
    assert page.locator(".thumbnails button").nth(2).get_attribute("aria-label") == f"{name}, taken for {said}"
    assert page.inner_text(".truth") == f"It is labelled {name}."
    page.click("text=All that are here")
    assert page.locator(".thumbnails button").count() == 24
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_patches_are_laid_by_mouse_and_keyboard_and_taken_away(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, "try/0")
    page.wait_for_selector(".thumbnails button[aria-pressed=true]")
    whole = original(digits, 0)
    page.click("text=Cover with grey")
    box = page.locator(".frame").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 8 / 28, box["y"] + box["height"] * 8 / 28)
    covered = got(page)
    assert (covered[6:10, 6:10] == 128).all()
    rest = np.ones((28, 28), bool)
    rest[6:10, 6:10] = False
    assert np.array_equal(covered[rest], whole[rest])
    page.locator(".frame canvas").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert (got(page)[7:11, 6:10] == 128).all()
    page.click("text=Take the patches away")
    assert np.array_equal(got(page), whole)


def test_what_an_answer_hangs_on_is_found_and_can_be_stopped(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, f"try/{len(digits['images']['answers']) - 1}")
    page.wait_for_selector(".thumbnails button")
    page.click("text=Show what the answer hangs on")
    page.wait_for_selector("text=was laid on 169 places")
    assert page.locator(".importance canvas").first.evaluate("c => [c.width, c.height]") == [28, 28]
    assert page.locator(".importance canvas").first.evaluate(COLOURED) >= 10
    page.evaluate(
        "() => { const button = document.querySelector('.importance button'); button.click(); button.click() }"
    )
    assert page.inner_text(".importance [aria-live]") == "Stopped before all places were covered."


def test_a_drawing_is_tried_and_stays_whole(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, "draw")
    line(page, (0.5, 0.2), (0.5, 0.8))
    settled(page)
    drawn = got(page)
    page.click("text=See what the answer hangs on")
    assert page.inner_text(".truth") == "It is your drawing."
    assert np.array_equal(got(page), drawn)
    box = page.locator(".frame").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert not np.array_equal(got(page), drawn)
    page.click("nav >> text=Your hand")
    page.click("nav >> text=Draw")
    page.wait_for_selector(".draw")
    assert np.array_equal(got(page), drawn)


COLOURED = """canvas => {
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) count += Math.abs(data[at] - data[at + 2]) > 40;
  return count;
}"""
