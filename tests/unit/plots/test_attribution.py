from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from pellucid.plots.attribution import MapPanel, ProbabilityCurves, attribution_maps
from pellucid.plots.figures import render

CURVES = ProbabilityCurves(np.array([0.0, 0.5, 1.0]), np.array([1.0, 0.5, 0.1]), np.array([0.1, 0.9, 1.0]))
PANEL = MapPanel("occlusion", "loss of the logit", np.array([[-1.0, 0.0], [0.5, 4.0]]), True, None, ["a note"], CURVES)
GREY = np.array([[0, 85], [170, 255]], np.uint8)[..., None]
COLOUR = np.repeat(GREY, 3, axis=2)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.mark.parametrize(
    ("image", "count"),
    [(GREY, 1), (COLOUR, 6), (np.repeat(GREY, 2, axis=2), 1), (np.repeat(GREY, 5, axis=2), 1)],
)
def test_each_map_stands_beside_the_image(image: np.ndarray, count: int) -> None:
    figure = attribution_maps(image, ["label 7"], [PANEL] * count, CURVES, "Which pixels speak for class 7?")
    assert figure.get_suptitle().startswith("Which pixels")
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["image", *["occlusion"] * count]
    assert texts(figure) == ["label 7", *["a note"] * count]
    assert render(figure).startswith(b"\x89PNG")


def test_signs_share_a_symmetric_scale_with_a_bar() -> None:
    figure = attribution_maps(GREY, [], [PANEL], CURVES, "")
    (bar,) = [axes for axes in figure.axes if axes.get_xlabel() == "loss of the logit"]
    assert bar.get_xlim() == (-4, 4)
    assert [label.get_text() for label in bar.get_xticklabels()] == ["-4", "0", "4"]


def test_values_without_signs_begin_at_zero() -> None:
    figure = attribution_maps(GREY, [], [replace(PANEL, values=np.abs(PANEL.values), signed=False)], CURVES, "")
    (bar,) = [axes for axes in figure.axes if axes.get_xlabel() == "loss of the logit"]
    assert bar.get_xlim() == (0, 4)


def test_the_strongest_value_is_dense_and_zero_leaves_the_image() -> None:
    figure = attribution_maps(COLOUR, [], [PANEL], CURVES, "")
    shown = np.asarray(next(axes for axes in figure.axes if axes.get_title() == "occlusion").images[0].get_array())
    assert shown[0, 1] == pytest.approx([0.6 + 0.4 / 3] * 3)
    assert shown[1, 1] == pytest.approx(np.array([0x2D, 0x00, 0x4B]) / 255, abs=0.01)


def test_a_degenerate_map_says_so() -> None:
    empty = replace(
        PANEL, values=np.full((2, 2), np.nan), degenerate="some values are not finite", curves=None, notes=[]
    )
    figure = attribution_maps(GREY, [], [empty], CURVES, "")
    assert any(" ".join(text.split()) == "No map: some values are not finite." for text in texts(figure))
    assert not any(axes.get_xlabel() == "loss of the logit" for axes in figure.axes)
    assert render(figure, "svg").startswith(b"<?xml")
