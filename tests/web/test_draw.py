"""Drawing: by mouse, finger, pen and keyboard, and what the network gets of it."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

NOTHING = "Nothing drawn yet."
GOT = "() => ({shape: pellucid.answer.input.shape, values: [...pellucid.answer.input.values]})"


def got(page: Any) -> np.ndarray:
    """What the network gets, as bytes."""
    found = page.evaluate(GOT)
    return np.round(255 * np.array(found["values"])).astype(np.uint8).reshape(found["shape"])


def sheet_of(page: Any) -> Any:
    return page.locator("canvas.board")


def line(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A stroke with the mouse, in shares of the sheet."""
    box = sheet_of(page).bounding_box()
    across, down = ([box["x"] + box["width"] * x, box["y"] + box["height"] * y] for x, y in (start, end))
    page.mouse.move(*across)
    page.mouse.down()
    page.mouse.move(*down, steps=3)
    page.mouse.up()


def settled(page: Any) -> None:
    """Wait until the network has answered what stands on the sheet: two frames."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def original(payload: dict[str, Any], number: int) -> np.ndarray:
    """One of the page's images, as it is."""
    height, width, channels = payload["network"]["input_shape"]
    raw = base64.b64decode(payload["images"]["sprite"]["png"].split(",")[1])
    sheet = np.asarray(Image.open(io.BytesIO(raw)))
    row, column = divmod(number, payload["images"]["sprite"]["columns"])
    image = sheet[row * height : (row + 1) * height, column * width : (column + 1) * width]
    return image.reshape(height, width, channels)


def test_a_stroke_is_answered_undone_and_cleared(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, "draw")
    assert page.inner_text(".verdict .answer") == NOTHING
    assert page.is_disabled("text=Undo")
    line(page, (0.5, 0.2), (0.5, 0.8))
    settled(page)
    assert page.inner_text(".verdict .answer") != NOTHING
    assert page.locator(".bars li").count() == 10
    assert "ms" in page.inner_text(".verdict .took")
    upright = got(page)
    line(page, (0.2, 0.5), (0.8, 0.5))
    settled(page)
    assert not np.array_equal(got(page), upright)
    page.click("text=Undo")
    settled(page)
    assert np.array_equal(got(page), upright)
    page.click("text=Clear")
    settled(page)
    assert page.inner_text(".verdict .answer") == NOTHING
    page.click("text=Undo")  # clearing loses nothing
    settled(page)
    assert np.array_equal(got(page), upright)


def test_what_was_drawn_stays_when_one_goes_elsewhere(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, "draw")
    line(page, (0.5, 0.2), (0.5, 0.8))
    settled(page)
    drawn = got(page)
    page.evaluate("pellucid.show({kind: 'nothing'}, null)")
    page.evaluate("dispatchEvent(new HashChangeEvent('hashchange'))")
    assert np.array_equal(got(page), drawn)


def test_a_digit_moved_into_the_corner_comes_back_as_it_was(open_page: Any, digits: dict[str, Any]) -> None:
    """MNIST's test images are a fixed point of MNIST's own preparation, to the grey level."""
    page = open_page(digits, "draw")
    first = len(digits["images"]["answers"]) // 2
    for number in range(first, first + 8):
        page.click("text=Lay a held-out image")
        sheet_of(page).focus()
        for _ in range(2):
            page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowUp")
        settled(page)
        assert np.array_equal(got(page), original(digits, number))
    page.click("text=As drawn")
    settled(page)
    moved = np.roll(original(digits, first + 7), (-2, 2), axis=(0, 1))
    assert np.array_equal(got(page), moved)
    assert "errs" in page.inner_text(".gets")


def test_a_drawing_of_any_size_fills_the_box_of_twenty(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, "draw")
    line(page, (0.1, 0.1), (0.2, 0.3))
    settled(page)
    rows, columns, _ = np.nonzero(got(page))
    assert np.ptp(rows) + 1 == 20
    mass = got(page)[..., 0].astype(float)
    centre = [(mass.sum(axis) * np.arange(28)).sum() / mass.sum() for axis in (1, 0)]
    assert all(13.5 <= place < 14.5 for place in centre)
    assert np.ptp(columns) + 1 < 20


def test_a_finger_draws_and_the_page_stays_where_it_is(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, "draw", has_touch=True, is_mobile=True)
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    box = sheet_of(page).bounding_box()
    touch = page.context.new_cdp_session(page)
    places = [{"x": box["x"] + 150, "y": box["y"] + 50 + 15 * step} for step in range(10)]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": places[:1]})
    for place in places[1:]:
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    settled(page)
    assert page.inner_text(".verdict .answer") != NOTHING
    assert page.evaluate("scrollY") == 0
    small = page.evaluate(
        "[...document.querySelectorAll('main button')].filter(b => b.getBoundingClientRect().height < 39).length"
    )
    assert small == 0


def test_a_pen_turned_over_erases(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, "draw")
    line(page, (0.5, 0.3), (0.5, 0.7))
    settled(page)
    page.evaluate("""() => {
      const sheet = document.querySelector('canvas.board'), box = sheet.getBoundingClientRect();
      sheet.setPointerCapture = () => {};
      const at = (type, y, buttons) => sheet.dispatchEvent(new PointerEvent(type, {pointerId: 7, pointerType: 'pen',
        button: type === 'pointermove' ? -1 : 5, buttons, clientX: box.left + box.width / 2,
        clientY: box.top + box.height * y}));
      at('pointerdown', 0.2, 32);
      at('pointermove', 0.8, 32);
      at('pointerup', 0.8, 0);
    }""")
    settled(page)
    assert page.inner_text(".verdict .answer") == NOTHING


def test_a_scribble_is_not_known(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits, "draw")
    for step in range(4):
        line(page, (0.05 + 0.3 * step, 0.05), (0.95 - 0.3 * step, 0.95))
        line(page, (0.05, 0.05 + 0.3 * step), (0.95, 0.95 - 0.3 * step))
    settled(page)
    assert page.inner_text(".verdict .answer") == "I don\u2019t know"
    assert page.inner_text(".verdict .why").startswith("It is unlike anything I was trained on")
    assert "muted" in page.get_attribute(".bars", "class")


def test_colours_are_drawn_on_a_ground(open_page: Any, colours: dict[str, Any]) -> None:
    page = open_page(colours, "draw")
    page.click("[aria-label=blue]")
    page.click("text=Fill the sheet")
    settled(page)
    assert page.inner_text(".verdict .answer") == NOTHING
    page.click("[aria-label=red]")
    line(page, (0.1, 0.5), (0.9, 0.5))
    settled(page)
    image = got(page)
    assert image.shape == (10, 12, 3)
    assert tuple(image[0, 0]) == (0x1F, 0x77, 0xB4)
    assert image[5, 6, 0] > 0x80
    assert page.evaluate("document.querySelectorAll('main b, main i').length") == 0
    assert page.locator(".gets .choices").count() == 0  # these images were not centred
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_of_300_classes_the_ten_most_probable_are_shown(open_page: Any, many: dict[str, Any]) -> None:
    page = open_page(many, "draw")
    line(page, (0.1, 0.5), (0.9, 0.5))
    settled(page)
    shown = page.locator(".bars .name").all_inner_texts()
    order = page.evaluate("[...pellucid.answer.probabilities]")
    assert shown == [many["classes"][number] for number in np.argsort(-np.array(order), kind="stable")[:10]]
    assert "300" in page.inner_text(".likely")
    assert page.locator("h1").inner_text().startswith("画")


@pytest.mark.parametrize(
    ("change", "script", "told"),
    [
        ({}, "HTMLCanvasElement.prototype.getContext = () => null", "This browser cannot paint"),
        ({"network": None, "lacking": "its layers are the user's own"}, "", "its layers are the user's own"),
    ],
)
def test_what_stands_in_the_way_is_said(
    open_page: Any, digits: dict[str, Any], change: dict[str, Any], script: str, told: str
) -> None:
    page = open_page(digits | change, "draw", script)
    assert told in page.inner_text("main")
