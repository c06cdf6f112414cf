from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageSequence

from pellucid.plots.animation import animation
from pellucid.plots.figures import render
from pellucid.plots.maximize import Card, Cell, card_grid, png, visible

RANDOM = np.random.default_rng(0)


def card(name: str, channels: int = 1) -> Card:
    image = RANDOM.random((8, 8, channels)).astype(np.float32)
    return Card(name, (Cell(image, "1.50"), Cell((image * 255).astype(np.uint8), "0.123*\nread 3"), Cell(None, "dead")))


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (3, 2), (10, 2), (11, 4)])
def test_cards_stand_in_a_grid(count: int, columns: int) -> None:
    figure = card_grid([card(f"n{number}") for number in range(count)], ["a", "b", "c"], "the title", "the\nnote")
    (axes,) = figure.axes
    assert len(axes.images) == 2 * count
    assert len({image.get_extent()[0] for image in axes.images}) == 2 * columns
    texts = [text.get_text() for text in axes.texts]
    assert texts.count("dead") == count
    assert texts.count("b") == columns
    assert {f"n{number}" for number in range(count)} <= set(texts)
    assert [text.get_text() for text in figure.texts] == ["the title", "the\nnote"]


def test_texts_do_not_overlap() -> None:
    figure = card_grid(
        [card(f"conv2d_1 {number}") for number in range(5)], ["a", "b\nc", "d"], "title", "1\n2\n3\n4\n5"
    )
    render(figure)
    boxes = [text.get_window_extent() for text in (*figure.axes[0].texts, *figure.texts)]
    for number, box in enumerate(boxes):
        assert figure.bbox.contains(box.x0, box.y0)
        assert figure.bbox.contains(box.x1, box.y1)
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])


def test_pixels_are_shown_as_they_are() -> None:
    image = np.array([[[0.0], [1.0]]], np.float32)
    figure = card_grid([Card("x", (Cell(image, ""), Cell((image * 255).astype(np.uint8), "")))], ["a", "b"], "t", "n")
    for shown in figure.axes[0].images:
        assert shown.get_array().tolist() == [[0, 1]]
        assert shown.get_clim() == (0, 1)


@pytest.mark.parametrize(("channels", "shape"), [(1, (4, 4)), (2, (4, 4)), (3, (4, 4, 3)), (5, (4, 4))])
def test_any_number_of_channels_can_be_shown(channels: int, shape: tuple[int, ...]) -> None:
    image = RANDOM.random((4, 4, channels))
    assert visible(image).shape == shape
    with Image.open(io.BytesIO(png(image.astype(np.float32)))) as opened:
        assert opened.size == (4, 4)
    assert card_grid([card("x", channels)], ["a", "b", "c"], "t", "n").axes


def test_an_animation_shows_each_frame_under_its_title() -> None:
    frames = RANDOM.integers(0, 255, (3, 4, 8, 8, 3), dtype=np.uint8)
    raw = animation(frames, ["0", "1", "a name without end", "3"], "title\nsecond line", across=3)
    with Image.open(io.BytesIO(raw)) as gif:
        pages = [page.convert("RGB") for page in ImageSequence.Iterator(gif)]
    assert len(pages) == 3
    assert pages[0].width > 3 * 84
    assert np.asarray(pages[0])[:36].min() < 100  # the title
    assert not np.array_equal(np.asarray(pages[0]), np.asarray(pages[2]))


def test_large_pictures_are_not_enlarged_in_an_animation() -> None:
    raw = animation(np.zeros((1, 1, 100, 120, 1), np.uint8), ["x"], "t")
    with Image.open(io.BytesIO(raw)) as gif:
        assert gif.size == (136, 152)
