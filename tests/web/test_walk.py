"""The walk through the layers: every number is the network's own, and one gets everywhere by mouse, finger and keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid.spec.model import ModelSpec

EVERY_KIND = (
    "conv 4 3x3 same, batchnorm, relu, avgpool 2x2, conv 6 3x3 stride 2 gelu, dropout 0.2, maxpool 2x2 stride 1 same, "
    "globalavgpool, dense 5 tanh, dense 3 softmax"
)
LAYERS = "() => pellucid.network.record.layers.map(layer => layer.name)"


def output_of(page: Any, layer: int, member: int = 0) -> np.ndarray:
    """What the page's own network gives for the image that is looked at."""
    found = page.evaluate(
        f"() => {{ const o = pellucid.answer.members[{member}][{layer}].output; return [o.shape, [...o.values]] }}"
    )
    return np.array(found[1]).reshape(found[0])


def input_of(page: Any) -> np.ndarray:
    found = page.evaluate("() => [pellucid.answer.input.shape, [...pellucid.answer.input.values]]")
    return np.array(found[1], dtype=np.float32).reshape(found[0])


def go(page: Any, place: str) -> None:
    page.evaluate(f"location.hash = '#/{place}'")
    page.until("pellucid.answer !== null")
    page.evaluate("() => new Promise(done => setTimeout(done))")  # the address is heard of, and the view made


def opened(open_page: Callable[..., Any], payload: dict[str, Any], place: str = "walk", **settings: Any) -> Any:
    page = open_page(payload, place, **settings)
    page.until("pellucid.answer !== null")
    return page


def strong(page: Any) -> float:
    """The number that a calculation ends with."""
    return float(page.inner_text(".equation .strong b").replace("\u2212", "-"))


def test_all_layers_stand_in_their_order_with_their_maps(open_page: Any, digits: dict[str, Any]) -> None:
    page = opened(open_page, digits)
    names = page.locator(".layers h2 small").all_inner_texts()
    assert names == [layer["name"] for layer in digits["layers"]]
    assert page.locator(".layers > li").first.locator(".maps canvas").count() == 8
    assert "28 \u00d7 28 \u00d7 1 → 24 \u00d7 24 \u00d7 8, 208 parameters" in page.inner_text(
        ".layers > li:first-child .meta"
    )
    painted = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
      const canvas = document.querySelector('.layers .maps canvas');
      done(new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size) })))"""
    assert page.evaluate(painted) > 10
    assert page.locator(".layers .bars li").count() == 10


def test_the_first_image_is_one_that_is_answered_right_and_another_can_be_picked(
    open_page: Any, digits: dict[str, Any]
) -> None:
    page = opened(open_page, digits)
    first = digits["images"]["answers"][page.evaluate("pellucid.subject.number")]
    assert first["label"] == first["predicted"]
    before = output_of(page, 0)
    page.locator(".picker button").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.until("document.querySelectorAll('.picker [aria-pressed=true].wrong').length === 1")
    assert not np.array_equal(output_of(page, 0), before)


def test_pointing_at_a_value_shows_what_it_sees(open_page: Any, digits: dict[str, Any]) -> None:
    page = opened(open_page, digits)
    tile = page.locator(".layers > li").nth(2).locator(".maps canvas").first  # 3x3 on pooled maps of 5x5: sees 10x10
    tile.scroll_into_view_if_needed()
    box = tile.bounding_box()
    page.mouse.move(box["x"] + 1, box["y"] + 1)
    style = page.get_attribute("aside .window", "style")
    assert "left: 0%; top: 0%; width: 35.7143%; height: 35.7143%" in style
    assert "It sees 10 \u00d7 10 pixels." in page.inner_text("aside .seen")
    page.mouse.move(0, 0)
    assert page.locator("aside .window").is_hidden()
    tile.locator("xpath=..").focus()
    assert page.locator("aside .window").is_visible()


def test_a_filter_is_worked_out_product_by_product(open_page: Any, digits: dict[str, Any]) -> None:
    page = opened(open_page, digits)
    network = digits["network"]["weights"]
    kernel, bias = (_numbers(network[f"conv2d_2.{name}"]) for name in ("weight", "bias"))
    for row, column in ((0, 0), (4, 5), (9, 7)):
        go(page, f"walk/conv2d_2/3/{row}/{column}")
        patch = output_of(page, 1)[row : row + 3, column : column + 3].transpose(2, 0, 1)
        per_map = (patch * kernel[3]).sum((1, 2))
        assert strong(page) == pytest.approx(max(per_map.sum() + bias[3], 0), abs=6e-4)
        told = float(page.inner_text(".equation .term:first-child b").replace("\u2212", "-"))
        assert told == pytest.approx(per_map[np.abs(per_map).argmax()], abs=6e-4)
        shown = [
            float(text.replace("\u2212", "-")) for text in page.locator("[aria-label=Products] td").all_inner_texts()
        ]
        assert sum(shown) == pytest.approx(told, abs=0.05)


def test_flattened_values_and_units_are_the_networks_own(open_page: Any, digits: dict[str, Any]) -> None:
    page = opened(open_page, digits, "walk/flatten_1/37")
    assert page.inner_text(".equation .strong b") == "38"
    terms = [float(text) for text in page.locator(".equation b").all_inner_texts()]
    row, column, number, place, value = terms
    assert ((row - 1) * 4 + column - 1) * 8 + number == place
    assert value == pytest.approx(output_of(page, 4)[37], abs=6e-4)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    go(page, "walk/dense_1/3")
    assert page.evaluate("scrollY") == 0
    linear = page.evaluate("pellucid.answer.members[0][5].linear.values[3]")
    term = page.locator(".equation .term").nth(2).locator("b")
    assert float(term.inner_text().replace("\u2212", "-")) == pytest.approx(linear, abs=6e-4)
    assert page.inner_text(".softmax .here th") == "3"
    page.get_by_label("Class").select_option("8")
    page.until("location.hash === '#/walk/dense_1/8'")
    assert page.inner_text(".softmax .here th") == "8"


def test_the_window_is_moved_by_keys_by_dragging_and_by_itself(open_page: Any, digits: dict[str, Any]) -> None:
    page = opened(open_page, digits, "walk/conv2d_1/2/5/6")
    board = page.locator(".stage .windowed").first
    board.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert strong(page) == pytest.approx(output_of(page, 0)[6, 7, 2], abs=6e-4)
    page.until("location.hash === '#/walk/conv2d_1/2/6/7'")
    box = board.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 2)
    page.mouse.up()
    assert strong(page) == pytest.approx(output_of(page, 0)[23, 23, 2], abs=6e-4)
    page.click("text=Play")  # from the beginning, as the end was reached
    page.until("document.querySelector('.stage .windowed').ariaValueText.startsWith('Row 2,')")
    page.click("text=Pause")
    text = board.get_attribute("aria-valuetext")
    page.click("text=One place back")
    page.click("text=One place on")
    assert board.get_attribute("aria-valuetext") == text


def test_products_are_counted_one_by_one(open_page: Any, digits: dict[str, Any]) -> None:
    page = opened(open_page, digits, "walk/conv2d_1/0/8/8")
    for _ in range(7):
        page.click("text=One product")
    assert "7 of 25 products make" in page.inner_text(".products .one")
    assert page.locator("[aria-label=Products] .waiting").count() == 18
    kernel = _numbers(digits["network"]["weights"]["conv2d_1.weight"])[0, 0].ravel()
    patch = input_of(page)[8:13, 8:13, 0].ravel()
    told = re.search(r"make (\S+)$", page.inner_text(".products .one"))
    assert told is not None
    assert float(told[1].replace("\u2212", "-")) == pytest.approx((patch * kernel)[:7].sum(), abs=6e-4)


def test_every_kind_of_layer_is_shown_in_the_numbers_of_torch(
    open_page: Any, colours: dict[str, Any], with_layers: Any
) -> None:
    import torch

    payload, network = with_layers(colours, EVERY_KIND)
    page = opened(open_page, payload)
    with torch.no_grad():
        right = network(torch.from_numpy(input_of(page).transpose(2, 0, 1)[None])).softmax(1)[0]
    assert page.evaluate("[...pellucid.answer.probabilities]") == pytest.approx(right.tolist(), abs=1e-5)
    for index, name in enumerate(page.evaluate(LAYERS)):
        go(page, f"walk/{name}/1")
        own = output_of(page, index)
        if page.locator(".softmax").count():
            shares = [float(text[:-1]) / 100 for text in page.locator(".softmax td:last-child").all_inner_texts()]
            assert sum(shares) == pytest.approx(1, abs=2e-3)
            assert sorted(shares) == pytest.approx(sorted(own), abs=6e-4)
        else:
            value = own[..., 1].max() if own.ndim == 3 else own[1]
            assert strong(page) == pytest.approx(value, abs=6e-4), name
        assert page.evaluate("document.documentElement.scrollWidth") == 1280


def test_the_arithmetic_of_shapes_is_that_of_the_specification(open_page: Any, digits: dict[str, Any]) -> None:
    page = opened(open_page, digits, "walk/conv2d_1")
    cases = ((28, 3, 1, "valid"), (28, 3, 1, "same"), (11, 4, 3, "valid"), (11, 4, 3, "same"), (7, 2, 5, "same"))
    for size, window, stride, padding in cases:
        for label, value in (("Input", size), ("Kernel", window), ("Stride", stride)):
            page.get_by_label(label, exact=True).fill(str(value))
        page.get_by_label("Padding").select_option(padding)
        layer = f"conv 1 {window}x{window} {padding} stride {stride}"
        right = ModelSpec.from_shorthand(f"{layer}, flatten, dense 2", (size, size, 1)).walk()[0].output_shape[0]
        assert f"= {right}." in page.inner_text(".formula")
        assert page.locator(".drawing .value").count() == right
    page.get_by_label("Padding").select_option("valid")
    page.get_by_label("Kernel", exact=True).fill("8")
    assert "no such layer can be" in page.inner_text(".formula")
    page.click("text=As in this layer")
    assert "= 24." in page.inner_text(".formula")


def test_the_member_of_a_vote_is_chosen(open_page: Any, digits: dict[str, Any]) -> None:
    weights = digits["network"]["weights"]
    twice = {f"members.{member}.{name}": packed for member in (0, 1) for name, packed in weights.items()}
    twice["members.1.conv2d_1.bias"] = {"type": "float32", "shape": [8], "data": "AAAA" * 10 + "AAA="}  # zeros
    payload = digits | {"network": digits["network"] | {"weights": twice, "vote": 2}}
    page = opened(open_page, payload, "walk/conv2d_1/0/3/3")
    assert strong(page) == pytest.approx(output_of(page, 0, 0)[3, 3, 0], abs=6e-4)
    page.select_option(".member select", "1")
    assert strong(page) == pytest.approx(output_of(page, 0, 1)[3, 3, 0], abs=6e-4)
    assert page.inner_text(".equation .term:nth-child(3) b") == "0.000"


def test_a_filter_says_what_it_looks_for(open_page: Any, digits: dict[str, Any]) -> None:
    units = {"conv2d_1": {"maximised": digits["images"]["sprite"], "strongest": [[4, 2]] + [[1]] * 7}}
    page = opened(open_page, digits | {"units": units}, "walk/conv2d_1/0")
    assert page.locator(".kernel canvas").count() == 1
    assert page.locator(".maximised canvas").count() == 1
    page.click(".filter .picker li:nth-child(2) button")
    page.until("pellucid.subject.number === 2")


def test_a_phone_need_not_scroll_sideways(open_page: Any, digits: dict[str, Any], many: dict[str, Any]) -> None:
    for payload in (digits, many):
        page = opened(open_page, payload, has_touch=True, is_mobile=True)
        page.set_viewport_size({"width": 360, "height": 740})
        for place in ["walk", *(f"walk/{layer['name']}" for layer in payload["layers"])]:
            go(page, place)
            assert page.evaluate("document.documentElement.scrollWidth") == 360, place
        go(page, f"walk/{payload['layers'][0]['name']}")
        board = page.locator(".stage .windowed").last
        board.scroll_into_view_if_needed()
        box = board.bounding_box()
        page.touchscreen.tap(box["x"] + 2, box["y"] + 2)
        assert board.get_attribute("aria-valuetext").startswith("第 1 行" if payload is many else "Row 1, column 1")


def test_why_there_is_nothing_to_walk_through(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits | {"network": None, "lacking": "Its layers are code <b>of the user</b>."}, "walk")
    assert "code <b>of the user</b>" in page.inner_text("main")
    assert page.locator("main tbody tr").count() == len(digits["layers"])
    page = open_page(digits, "walk", script="HTMLCanvasElement.prototype.getContext = () => null")
    assert "This browser cannot paint" in page.inner_text("main")


def _numbers(packed: dict[str, Any]) -> np.ndarray:
    import base64

    return np.frombuffer(base64.b64decode(packed["data"]), packed["type"]).reshape(packed["shape"])


def test_a_class_of_a_long_name_fits_a_phone(open_page: Any, digits: dict[str, Any]) -> None:
    page = open_page(digits | {"classes": [letter * 300 for letter in "abcdefghij"]}, "walk/dense_1")
    page.set_viewport_size({"width": 360, "height": 740})
    page.until("pellucid.answer !== null")
    assert page.locator(".softmax tbody tr").count() == 10
    assert page.evaluate("document.documentElement.scrollWidth") == 360
