"""The confusion matrix as a picture, from two classes to hundreds."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.plots.confusion import MOST_NAMED, confusion_figure

LABELS = ("is", "answered", "share")


@pytest.mark.parametrize("classes", [2, 30, 300])
def test_it_is_readable_from_two_classes_to_three_hundred(classes: int) -> None:
    matrix = 50 * np.eye(classes, dtype=int)
    matrix[0, 1] = 7
    figure = confusion_figure(matrix, [f"class {number}" for number in range(classes)], LABELS)
    axes = figure.axes[0]
    named = [label.get_text() for label in axes.get_yticklabels()]
    assert named[0] == "class 0"
    assert len(named) <= MOST_NAMED
    assert [text.get_text() for text in axes.texts] == (["50", "7", "50"] if classes == 2 else [])


def test_classes_without_images_are_empty_rows() -> None:
    figure = confusion_figure(np.array([[3, 0], [0, 0]]), ["a", "b"], LABELS)
    assert [text.get_text() for text in figure.axes[0].texts] == ["3"]
