import io
import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from PIL import Image

from pellucid.plots.figures import render
from pellucid.plots.filters import DEAD, DUPLICATE, ENLARGED, GAP, filter_grid
from pellucid.plots.sheet import Scale, Sheet


def kernels_of(count: int, channels: int, size: int = 3) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, size, size, channels)).astype(np.float32)


def texts_of(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def tiles_of(figure) -> list[np.ndarray]:
    """What was drawn, without the colour bar, which comes last."""
    return [np.ma.filled(image.get_array(), np.nan) for image in figure.axes[0].images[:-1]]


def test_each_filter_is_a_tile_and_all_are_on_one_scale_around_zero() -> None:
    kernels = kernels_of(10, 1)
    figure = filter_grid(kernels, "conv2d_1 of a run", dead=[3], duplicates={5: 2}, rule="it gives 0")
    most = np.abs(kernels).max()
    assert len(tiles_of(figure)) == 10
    for image, kernel in zip(figure.axes[0].images, kernels, strict=False):
        assert image.get_clim() == pytest.approx((-most, most))
        assert image.get_cmap().name == "RdBu_r"
        assert np.array_equal(image.get_array()[::ENLARGED, ::ENLARGED], kernel[..., 0])
    texts = texts_of(figure)
    assert texts[0] == "conv2d_1 of a run"
    assert "Each tile is a filter of 3x3 weights." in texts
    assert "1 dead (dotted frame), 1 like an earlier filter (green frame); a dead one: it gives 0." in texts
    assert {"0", "1", "3, dead", "5, like 2", "9"} <= set(texts)


def test_dead_and_duplicate_filters_are_framed() -> None:
    figure = filter_grid(kernels_of(4, 1), "", dead=[0], duplicates={1: 0})
    frames = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle) and patch.get_linewidth() > 1]
    assert [frame.get_linestyle() for frame in frames] == [DEAD["linestyle"], DUPLICATE["linestyle"]]
    assert frames[1].get_edgecolor()[:3] == to_rgb(DUPLICATE["edgecolor"])


def test_three_channels_stand_side_by_side() -> None:
    kernels = kernels_of(2, 3)
    figure = filter_grid(kernels, "")
    side = 3 * ENLARGED
    tile = tiles_of(figure)[1]
    assert tile.shape == (side, 3 * side + 2 * GAP)
    for channel in range(3):
        left = channel * (side + GAP)
        assert np.array_equal(tile[::ENLARGED, left : left + side : ENLARGED], kernels[1, ..., channel])
    assert np.isnan(tile[:, side : side + GAP]).all()
    assert any(
        "left to right its three input channels (of an image red, green, blue)" in text for text in texts_of(figure)
    )


def test_each_of_some_channels_is_drawn() -> None:
    kernels = kernels_of(2, 32)
    tile = tiles_of(filter_grid(kernels, ""))[0]
    high = wide = 3 * ENLARGED + GAP
    assert tile.shape == (4 * high - GAP, 8 * wide - GAP)  # 8 in a row leave no place empty
    assert np.array_equal(tile[high : high + 24 : ENLARGED, wide : wide + 24 : ENLARGED], kernels[0, ..., 9])


def test_of_many_channels_the_strongest_are_drawn_and_the_title_says_so() -> None:
    kernels = kernels_of(2, 50) * 0.01
    kernels[0, ..., 31] = 1
    figure = filter_grid(kernels, "")
    tile = tiles_of(figure)[0]
    assert (tile[: 3 * ENLARGED, : 3 * ENLARGED] == 1).all()
    assert any("the 16 of 50 input channels with the greatest norm, strongest first" in t for t in texts_of(figure))
    assert any("100% of the squared norm" in text for text in texts_of(figure))


def test_of_many_filters_the_first_are_drawn_and_the_title_says_so() -> None:
    figure = filter_grid(kernels_of(130, 1), "")
    assert len(tiles_of(figure)) == 128
    assert any("2 more filters are in the .npz file only" in text for text in texts_of(figure))


@pytest.mark.parametrize("kernels", [np.zeros((2, 1, 1, 40), np.float32), kernels_of(1, 1, 11), kernels_of(3, 2, 1)])
def test_kernels_of_zeros_and_of_any_size_do(kernels: np.ndarray) -> None:
    assert render(filter_grid(kernels, "a class of $5 and $6")).startswith(b"\x89PNG")


def test_nothing_overlaps_the_heading_and_nothing_leaves_the_sheet() -> None:
    figure = filter_grid(kernels_of(20, 3), "title", rule="a long rule " * 30)
    axes = figure.axes[0]
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    lines = [box for box, text in zip(boxes, axes.texts, strict=True) if text.get_ha() == "left"][:6]
    assert all(above.y0 >= below.y1 - 1 for above, below in itertools.pairwise(lines))
    assert min(box.y0 for box in boxes) >= 0
    assert max(box.x1 for box in boxes) <= figure.bbox.x1
    tops = [image.get_extent()[3] for image in axes.images]
    assert min(tops) > 0  # the heading is above zero, where y grows downwards
    pixels = np.asarray(Image.open(io.BytesIO(render(figure))).convert("L"))
    assert (pixels[:, :20] == 255).all()


def test_a_scale_without_sign_is_the_upper_half_of_the_other() -> None:
    signed, unsigned = Scale(2.0), Scale(2.0, signed=False)
    assert (signed.least, unsigned.least) == (-2.0, 0.0)
    assert unsigned.colours(1.0) == signed.colours(1.0)
    assert np.allclose(unsigned.colours(0.0), signed.colours(0.5), atol=0.01)
    assert Scale(1.0, signed=False, grey=True).colours(1.0)[:3] == (1.0, 1.0, 1.0)


def test_panels_and_bars_stand_where_they_are_put() -> None:
    sheet = Sheet(10, 4, "title", ["a note"])
    panel = sheet.panel(1, 2, 5, 1).get_window_extent()
    corner = sheet.axes.transData.transform((1, 3))
    assert (panel.x0, panel.y0) == pytest.approx(tuple(corner))
    sheet.bar(Scale(0.5), 8, 1, 2)
    assert [text.get_text() for text in sheet.axes.texts[-3:]] == ["0.5", "0", "-0.5"]
