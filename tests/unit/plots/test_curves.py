import io

import numpy as np
import pytest
from PIL import Image

from pellucid.plots.curves import TRAIN, VALIDATION, curves
from pellucid.plots.figures import render
from pellucid.run.history import Epoch, History

HISTORY = History([Epoch(1, 0.5, 0.8, 0.4, 0.85, 0.1, 2.0), Epoch(2, 0.3, 0.9, 0.35, 0.88, 0.1, 2.0)])


def test_both_panels_show_train_and_validation_with_labels() -> None:
    figure = curves(HISTORY, "a title")
    accuracy, loss = figure.axes
    assert [line.get_ydata().tolist() for line in accuracy.lines] == [[0.8, 0.9], [0.85, 0.88]]
    assert [line.get_ydata().tolist() for line in loss.lines] == [[0.5, 0.3], [0.4, 0.35]]
    for axes in (accuracy, loss):
        assert axes.get_xlabel() == "epoch"
        assert axes.get_ylabel()
        assert [text.get_text().split()[0] for text in axes.get_legend().get_texts()] == ["train", "validation"]
        train, validation = axes.lines
        assert train.get_linestyle() != validation.get_linestyle()
        assert train.get_marker() != validation.get_marker()


def test_no_validation_gives_no_empty_line() -> None:
    figure = curves(History([Epoch(1, 0.5, 0.8, None, None, 0.1, 2.0)]))
    assert [len(axes.lines) for axes in figure.axes] == [1, 1]


def test_the_two_colours_differ_in_grey_print() -> None:
    def luminance(style: dict) -> float:
        red, green, blue = (int(style["color"][i : i + 2], 16) for i in (1, 3, 5))
        return 0.299 * red + 0.587 * green + 0.114 * blue

    assert abs(luminance(TRAIN) - luminance(VALIDATION)) > 25


@pytest.mark.parametrize(("kind", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_a_figure_becomes_a_file(kind: str, magic: bytes) -> None:
    raw = render(curves(HISTORY), kind)
    assert raw.startswith(magic)
    if kind == "png":
        pixels = np.asarray(Image.open(io.BytesIO(raw)).convert("L"))
        assert pixels.shape[1] > 1000
        assert pixels.min() < 50  # something is drawn
