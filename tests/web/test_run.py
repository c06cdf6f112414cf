"""The run itself: its figures, its mistakes and the map of all images, with the network or without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

HISTORY = [{"epoch": 1, "loss": 0.5, "accuracy": 0.8, "val_loss": 0.4, "val_accuracy": 0.9}]
COUNT = 500


@pytest.fixture(scope="module")
def told(digits: dict[str, Any], packed: Callable[[np.ndarray], dict[str, Any]]) -> dict[str, Any]:
    """A page with a history and a map: image n of the page is point 2n, on a grid of 25 x 20."""
    grid = np.stack([np.arange(COUNT) % 25, np.arange(COUNT) // 25], 1) / (24, 19) * 65535
    labels = np.arange(COUNT) % 10
    predicted = np.where(np.arange(COUNT) == 7, 9, labels)
    shown = len(digits["images"]["answers"])
    record = {"method": "two components", "split": "test", "places": packed(grid.astype(np.uint16))}
    record |= {"labels": packed(labels.astype(np.uint16)), "predicted": packed(predicted.astype(np.uint16))}
    return digits | {"history": HISTORY, "map": record | {"points": [2 * number for number in range(shown)]}}


def test_the_figures_are_the_runs_own(open_page: Any, told: dict[str, Any]) -> None:
    page = open_page(told, "run")
    evaluation = told["evaluation"]
    assert page.inner_text("h1").startswith(f"{100 * evaluation['accuracy']:.2f}%")
    low, high = (f"{100 * bound:.2f}%" for bound in evaluation["interval"])
    assert f"between {low} and {high}" in page.inner_text(".lede")
    cells = [text.replace("·", "0") for text in page.locator(".confusion tbody td").all_inner_texts()]
    assert [int(text) for text in cells] == [count for row in evaluation["confusion"] for count in row]
    assert page.locator("svg.chart").count() == 2
    assert "validation 0.40" in page.get_attribute("svg.chart", "aria-label")
    assert told["run"]["command"] in page.inner_text("pre")


def test_a_mistake_becomes_the_image_that_is_walked_through(open_page: Any, told: dict[str, Any]) -> None:
    page = open_page(told, "run")
    page.click(".picker .wrong")
    page.until("pellucid.subject.number === 0")
    first = told["images"]["answers"][0]
    assert f"{first['label']}, taken for {first['predicted']} with" in page.inner_text("section:has(.wrong) .told")
    page.click("section:has(.wrong) .told a")
    page.until("location.hash === '#/walk'")
    assert page.evaluate("pellucid.subject.number") == 0


def test_the_map_is_read_by_mouse_and_by_keys(open_page: Any, told: dict[str, Any]) -> None:
    page = open_page(told, "run")
    plot = page.locator(".scatter")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()

    def place(column: float, row: float) -> tuple[float, float]:
        across, down = box["width"] - 28, box["height"] - 28
        return box["x"] + 14 + across * column / 24, box["y"] + 14 + down * (1 - row / 19)

    page.mouse.move(*place(7, 0))
    said = page.locator(".scatter ~ .told")
    assert "Image 7: 7, taken for 9. Its picture is not in this page." in said.inner_text()
    page.mouse.move(*place(4, 0))
    assert "Image 4: 4." in said.inner_text()
    assert said.locator("canvas").count() == 1
    page.mouse.move(*place(-0.4, 1.5))
    page.mouse.down()
    page.mouse.move(*place(3.5, -0.4), steps=3)
    page.mouse.up()
    listed = page.locator(".listed")
    assert listed.inner_text().startswith("8 images in the area: 1 of \u201c0\u201d, 1 of")
    assert "0 of them are answered wrongly" in listed.inner_text()
    assert listed.locator("button").count() == 4
    page.mouse.move(*place(4, 0))
    plot.focus()
    page.keyboard.press("ArrowRight")
    assert "Image 6: 6." in said.inner_text()
    page.keyboard.press("ArrowUp")
    assert "Image 30: 0." in said.inner_text()
    page.keyboard.press("Enter")
    assert "images in the area" in listed.inner_text()


def test_a_finger_selects_once_it_is_told_to(open_page: Any, told: dict[str, Any]) -> None:
    page = open_page(told, "run", has_touch=True, is_mobile=True)
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    plot = page.locator(".scatter")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.touchscreen.tap(box["x"] + 14, box["y"] + box["height"] - 14)
    assert "Image 0: 0." in page.inner_text(".scatter ~ .told")
    page.click("text=Select an area by touch")
    box = plot.bounding_box()
    touch = page.context.new_cdp_session(page)
    right, bottom = box["x"] + box["width"] - 5, box["y"] + box["height"] - 5
    ends = [{"x": box["x"] + 5, "y": box["y"] + 5}, {"x": right, "y": bottom}]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": ends[:1]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": ends[1:]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert page.inner_text(".listed").startswith("500 images in the area")


def test_of_300_classes_the_pairs_are_told_and_no_network_is_needed(open_page: Any, many: dict[str, Any]) -> None:
    confusion = np.diag(np.full(300, 5))
    confusion[4, 17] = 3
    confusion[250, 1] = 2
    evaluation = {"split": "test", "count": 1505, "accuracy": 1500 / 1505, "interval": [0.99, 0.999], "per_class": []}
    payload = many | {"language": "en", "network": None, "layers": [], "lacking": "It is the user's own code."}
    page = open_page(payload | {"evaluation": evaluation | {"confusion": confusion.tolist()}}, "run")
    pairs = page.locator(".pairs li").all_inner_texts()
    assert [pair.split("\n") for pair in pairs] == [
        ["class 4", "→", "class 17", "3 of 8, 37.5%"],
        ["class 250", "→", "class 1", "2 of 7, 28.6%"],
    ]
    assert page.locator(".confusion").count() == 0
    page.click(".picker button")
    assert page.locator(".told a").count() == 0
    hostile = open_page(many | {"language": "en"}, "run")
    assert "has not been judged" in hostile.inner_text(".lede")
