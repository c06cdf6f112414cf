"""One's own hand: drawings that stay, are judged with an interval, and go to Python and back."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.web.pages import line, settled, sheet_of

import pellucid as pl
from pellucid.data.dataset import DataSplits
from pellucid.judge.intervals import wilson_interval
from pellucid.trained.run import Run

STROKES = {"1": [((0.5, 0.15), (0.5, 0.85))], "7": [((0.25, 0.2), (0.7, 0.2)), ((0.7, 0.2), (0.45, 0.85))]}


def said(page: Any, name: str) -> None:
    """Draw a digit, and press its key."""
    for start, end in STROKES[name]:
        line(page, start, end)
    page.keyboard.press(name)


def kept(page: Any) -> int:
    return page.locator(".shelf li").count()


def imported(page: Any, path: Path) -> str:
    """Import a file, and what is said of it."""
    page.evaluate("() => { document.querySelector('.status').textContent = '' }")
    page.set_input_files("#import", str(path))
    page.wait_for_selector(".keeping .status:not(:empty)")
    return page.inner_text(".keeping .status")


def sentence(page: Any) -> str:
    page.wait_for_selector(".more p")
    return page.inner_text(".score")


def test_drawings_stay_until_they_are_deleted(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, "hand")
    page.keyboard.press("3")
    assert page.inner_text(".heard") == "Nothing drawn yet."
    said(page, "1")
    assert page.inner_text(".heard").startswith("You meant 1")
    line(page, *STROKES["1"][0])
    page.click(".classes button:has-text('7')")
    assert kept(page) == 2
    page.reload()
    assert kept(page) == 2
    page.click("[aria-label='Delete this drawing of 7']")
    assert kept(page) == 1
    page.click("text=Bring back")
    assert kept(page) == 2
    page.click("text=Delete all")
    page.reload()
    assert kept(page) == 0
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_the_file_is_read_by_numpy_and_judged_by_python(
    open_page: Any, digits: dict[str, Any], digits_run: Run, tmp_path: Path
) -> None:
    page = open_page(digits, "hand")
    for name in "171":
        said(page, name)
    with page.expect_download() as download:
        page.click("text=Export hand.npz")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == "hand.npz"
    with np.load(path) as arrays:
        assert arrays["labels"].tolist() == [1, 7, 1]
        assert arrays["images"].shape == (3, 28, 28, 1)
        assert arrays["images"].dtype == np.uint8
        assert arrays["images"].reshape(3, -1).max(axis=1).tolist() == [255, 255, 255]
        upright = arrays["images"][0, ..., 0]
    assert np.ptp(np.flatnonzero(upright.any(axis=1))) + 1 == 20
    data = pl.load_data(path, test_split=None)
    assert len(data.train) == 3
    assert data.train.class_names == ("1", "7")
    evaluation = digits_run.evaluate(path)
    right = round(evaluation.accuracy * 3)
    accuracy = f"{100 * digits['evaluation']['accuracy']:.1f}%"
    assert sentence(page).startswith(f"On its test images {accuracy} are right; of your hand {right} of 3")
    assert page.inner_text(".keeping pre").startswith("pellucid evaluate digits hand.npz")


def test_hostile_names_are_labels_of_the_file(open_page: Any, colours: dict[str, Any], tmp_path: Path) -> None:
    page = open_page(colours, "hand")
    for number in range(3):
        line(page, (0.2, 0.5), (0.8, 0.5))
        page.locator(".classes button").nth(number).click()
    with page.expect_download() as download:
        page.click("text=Export hand.npz")
    path = tmp_path / "hand.npz"
    download.value.save_as(path)
    with np.load(path) as arrays:
        assert arrays["labels"].tolist() == colours["classes"]
        assert arrays["images"].shape == (3, 10, 12, 3)
    page.click("text=Delete all")
    assert imported(page, path) == "Imported: 3. Already here: 0."
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate("document.querySelectorAll('main b, main i').length") == 0
    assert "pellucid evaluate c" in page.inner_text(".keeping pre")


def test_a_run_whose_black_and_white_are_others_gets_its_own_values(
    open_page: Any, digits: dict[str, Any], tmp_path: Path
) -> None:
    page = open_page(digits | {"reading": digits["reading"] | {"value_range": [-1.0, 3.0]}}, "hand")
    said(page, "1")
    with page.expect_download() as download:
        page.click("text=Export hand.npz")
    path = tmp_path / "hand.npz"
    download.value.save_as(path)
    data = pl.load_data(path, test_split=None, value_range=(-1, 3))
    with np.load(path) as arrays:
        assert arrays["images"].dtype == np.float32
        assert [arrays["images"].min(), arrays["images"].max()] == [-1, 3]
    assert [data.train.images.min(), data.train.images.max()] == [0, 255]
    assert imported(page, path) == "Imported: 0. Already here: 1."


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_file_of_numpy_is_judged_as_python_judges_it(
    open_page: Any, digits: dict[str, Any], digits_run: Run, small_mnist: DataSplits, tmp_path: Path, save: Any
) -> None:
    test = small_mnist.test
    path = tmp_path / "hand.npz"
    save(path, images=test.images[:40], labels=test.labels[:40])
    page = open_page(digits, "hand")
    assert imported(page, path) == "Imported: 40. Already here: 0."
    predicted = digits_run.predictor.probabilities(test.images[:40]).argmax(axis=1)
    right = int((predicted == test.labels[:40]).sum())
    low, high = (round(100 * bound) for bound in wilson_interval(right, 40))
    assert f"of your hand {right} of 40" in sentence(page)
    assert f"95% interval {low} to {high}%" in sentence(page)
    answers = digits_run.predict(test.images[:40])
    refused = sum(bool(answer.unknown) for answer in answers)
    assert (f"I don\u2019t know\u201d {refused} times" in page.inner_text(".more")) == (refused > 0)
    assert imported(page, path) == "Imported: 0. Already here: 40."
    assert kept(page) == 40


def test_files_that_do_not_fit_are_refused_and_nothing_is_lost(
    open_page: Any, digits: dict[str, Any], tmp_path: Path
) -> None:
    images, labels = np.zeros((2, 28, 28, 1), np.uint8), np.array([1, 7])
    good = tmp_path / "good.npz"
    np.savez(good, images=images, labels=labels)
    raw = good.read_bytes()
    page = open_page(digits, "hand")
    said(page, "1")

    def refusal(name: str, content: bytes | None = None, **arrays: Any) -> str:
        path = tmp_path / f"{name}.npz"
        if content is None:
            np.savez(path, **arrays)
        else:
            path.write_bytes(content)
        told = imported(page, path)
        assert told.endswith("Nothing was changed.")
        assert kept(page) == 1
        return told

    small = refusal("small", images=np.zeros((2, 8, 8, 1), np.uint8), labels=labels)
    assert "28 × 28 × 1 uint8, as an export of this page has them; the file has 8 × 8 × 1 uint8" in small  # noqa: RUF001
    assert "1 other numbers" in refusal("shorts", images=images.astype(np.int16), labels=labels)
    assert "version 2" in refusal("later", images=images, labels=labels, format=np.array([2]))
    assert "2 images and 1 labels" in refusal("fewer", images=images, labels=labels[:1])
    assert "The label \u201ccat\u201d" in refusal("strange", images=images, labels=np.array(["1", "cat"]))
    assert "no arrays images and labels" in refusal("named", x=images, y=labels)
    assert "only numbers and texts" in refusal("objects", images=images, labels=np.array([1, None]))
    assert "its end is missing" in refusal("cut", raw[: len(raw) // 2])
    assert "damaged" in refusal("changed", raw[:400] + b"\x01" + raw[401:])
    assert "no zip archive" in refusal("pickled", pickle.dumps({"images": 1}))
    with zipfile.ZipFile(tmp_path / "text.npz", "w") as archive:
        archive.writestr("images.npy", "no array")
        archive.writestr("labels.npy", "no array")
    assert "no array of NumPy" in refusal("text", (tmp_path / "text.npz").read_bytes())
    assert imported(page, good) == "Imported: 2. Already here: 0."


FORBIDDEN = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})"


def test_storage_that_is_forbidden_is_said(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, "hand", FORBIDDEN)
    assert "lets the page store nothing" in page.inner_text(".keeping")
    said(page, "1")
    assert kept(page) == 1
    page.evaluate("() => { location.hash = '#/draw' }")
    page.evaluate("() => { location.hash = '#/hand' }")
    page.wait_for_selector(".shelf li")


def test_storage_that_is_full_is_said_and_freed_by_deleting(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, "hand")
    said(page, "1")
    page.evaluate("""() => {
      for (let size = 4_000_000, n = 0; size >= 1; )
        try { localStorage.setItem(`other${n++}`, 'x'.repeat(size)) } catch { size = Math.floor(size / 2) }
    }""")
    said(page, "7")
    assert "storage is full" in page.inner_text(".keeping")
    assert kept(page) == 2
    page.click("[aria-label='Delete this drawing of 7']")
    assert "stay in this browser" in page.inner_text(".keeping")


def test_drawings_of_another_version_are_left_as_they_are(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, "hand")
    said(page, "1")
    later = json.dumps({"format": 2, "drawings": "otherwise"})
    key = page.evaluate("Object.keys(localStorage)[0]")
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [key, later])
    page.reload()
    assert "another version" in page.inner_text(".keeping")
    said(page, "7")
    assert kept(page) == 1
    assert page.evaluate("key => localStorage.getItem(key)", key) == later


def test_one_of_300_classes_is_chosen_in_chinese(open_page: Any, many: dict[str, Any]) -> None:
    page = open_page(many, "hand")
    line(page, (0.2, 0.5), (0.8, 0.5))
    settled(page)
    page.select_option(".classes select", label="class 299")
    page.click(".classes button")
    assert "class 299" in page.inner_text(".heard")
    assert sheet_of(page).is_visible()
    assert "95% 置信区间" in sentence(page)
