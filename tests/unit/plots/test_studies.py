"""What stands in the figures of studies: their axes, legends and values."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes

from pellucid.plots.studies import (
    SERIES,
    batch_accuracy_figure,
    batch_speed_figure,
    batch_stability_figure,
    compare_figure,
    folds_figure,
    range_figure,
    search_figure,
    seeds_figure,
)


def labels(axes: Axes) -> tuple[str, str]:
    return axes.get_xlabel(), axes.get_ylabel()


def legend(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def points(axes: Axes) -> list[tuple[list, list]]:
    """Places and values of each series of points."""
    return [
        (list(line.get_xdata()), pytest.approx(list(line.get_ydata())))
        for line in axes.lines
        if line.get_linestyle() == "None"
    ]


def bars(axes: Axes) -> list[tuple[float, float, float, float]]:
    """(place, mean, least, greatest) of each bar."""
    (drawn,) = axes.containers
    (line, _, (reach,)) = drawn.lines
    ends = [sorted(segment[:, 1]) for segment in reach.get_segments()]
    return [
        (float(place), float(mean), float(least), float(greatest))
        for place, mean, (least, greatest) in zip(*line.get_data(), ends, strict=True)
    ]


def tick_labels(axis) -> list[str]:
    return [text.get_text() for text in axis.get_ticklabels()]


def test_seeds_have_their_accuracies_and_times_with_the_means() -> None:
    figure = seeds_figure(
        [3, 4, 5], {"validation": [0.9, 0.92, 0.94], "test": [0.8, 0.9, 1.0]}, [2.0, 3.0, 7.0], "a title"
    )
    accuracy, time = figure.axes
    assert figure.get_suptitle() == "a title"
    assert (labels(accuracy), labels(time)) == (("seed", "accuracy (%)"), ("seed", "training time (s)"))
    assert points(accuracy) == [([3, 4, 5], [90, 92, 94]), ([3, 4, 5], [80, 90, 100])]
    assert points(time) == [([3, 4, 5], [2, 3, 7])]
    assert legend(accuracy) == ["validation", "mean 92.00%", "test", "mean 90.00%"]
    assert legend(time) == ["training", "mean 4.00 s"]
    means = [line.get_ydata()[0] for line in accuracy.lines if line.get_linestyle() != "None"]
    assert means == pytest.approx([92, 90])
    assert time.get_ylim() == pytest.approx((0, 9.8))  # times begin at zero


def test_a_split_that_is_not_there_is_not_in_the_legend() -> None:
    accuracy, _ = seeds_figure([0], {"validation": [], "test": [0.5]}, [1.0], "").axes
    assert legend(accuracy) == ["test", "mean 50.00%"]
    assert points(accuracy) == [([0], [50])]


def test_folds_are_numbered_from_zero_with_their_mean() -> None:
    (axes,) = folds_figure([0.5, 0.75, 1.0], "three folds").axes
    assert labels(axes) == ("fold", "accuracy (%)")
    assert points(axes) == [([0, 1, 2], [50, 75, 100])]
    assert legend(axes) == ["fold held out", "mean 75.00%"]


def test_where_nothing_came_to_its_end_it_is_said() -> None:
    for axes in (*folds_figure([], "").axes, seeds_figure([], {"test": []}, [], "").axes[1]):
        assert [text.get_text() for text in axes.texts] == ["nothing came to its end"]
        assert list(axes.lines) == []
        assert axes.get_legend() is None


def test_contenders_stand_side_by_side_and_their_differences_with_both_intervals() -> None:
    pairs = [("B \u2212 A", 0.02, (-0.01, 0.05), (0.01, 0.03)), ("C \u2212 A", -0.1, None, (-0.2, 0.0))]
    figure = compare_figure(
        {"one": [0.8, 0.9], "two": [0.85, 0.89], "three": [0.7, 0.8]}, pairs, "test accuracy", "bars"
    )
    accuracy, difference = figure.axes
    assert labels(accuracy) == ("", "test accuracy (%)")
    assert labels(difference) == ("difference (percentage points)", "")
    assert points(accuracy) == [([0, 0], [80, 90]), ([1, 1], [85, 89]), ([2, 2], [70, 80])]
    means = [(list(line.get_xdata()), line.get_ydata()[0]) for line in accuracy.lines if line.get_linestyle() != "None"]
    assert means == [([-0.2, 0.2], pytest.approx(85)), ([0.8, 1.2], pytest.approx(87)), ([1.8, 2.2], pytest.approx(75))]
    assert tick_labels(accuracy.xaxis) == ["one", "two", "three"]
    assert tick_labels(difference.yaxis) == ["B \u2212 A", "C \u2212 A"]
    assert legend(difference) == ["over images", "over seeds"]
    drawn = []
    for container in difference.containers:
        (line, _, (reach,)) = container.lines
        (segment,) = reach.get_segments()
        drawn.append((line.get_ydata()[0], line.get_xdata()[0], *segment[:, 0]))
    assert drawn == [
        pytest.approx((-0.1, 2, 1, 3)),
        pytest.approx((0.1, 2, -1, 5)),
        pytest.approx((0.9, -10, -20, 0)),
    ]
    assert difference.get_ylim()[0] > difference.get_ylim()[1]  # the first pair on top
    assert "which hold together" in difference.get_title()
    assert any(np.allclose(line.get_xdata(), 0) for line in difference.lines)  # where there is no difference


def test_one_pair_holds_alone() -> None:
    _, difference = compare_figure({"a": [0.5], "b": [0.6]}, [("B \u2212 A", 0.1, None, (0.0, 0.2))], "x", "").axes
    assert difference.get_title() == "differences with 95% intervals"
    assert legend(difference) == ["over images"]


def test_the_range_is_logarithmic_and_its_marks_name_their_rates() -> None:
    lines = {"seed 0": ([1e-4, 1e-3, 1e-2], [2.0, 1.0, 3.0], [2.0, 1.5, 2.5]), "seed 1": ([1e-4], [1.0], [1.0])}
    (axes,) = range_figure(lines, {"suggestion": 2e-3, "in the recipe": 0.01}, "").axes
    assert labels(axes) == ("learning rate (logarithmic)", "loss (cross-entropy, nats)")
    assert axes.get_xscale() == "log"
    axes.figure.draw_without_rendering()
    assert {"0.0001", "0.001", "0.01"} <= set(tick_labels(axes.xaxis))  # written out, not as powers
    assert legend(axes) == ["seed 0", "seed 1", "suggestion: 0.002", "in the recipe: 0.01"]
    assert points(axes) == [([1e-4, 1e-3, 1e-2], [2, 1, 3]), ([1e-4], [1])]
    smoothed, _, suggestion, given = [line for line in axes.lines if line.get_linestyle() != "None"]
    assert list(smoothed.get_ydata()) == [2.0, 1.5, 2.5]
    assert [suggestion.get_xdata()[0], given.get_xdata()[0]] == [2e-3, 0.01]
    assert axes.get_ylim() == pytest.approx((0, 3.2))  # a loss that explodes does not press the rest down


SIZES = [4, 32, 256]


def test_speed_stands_at_its_size_with_bars_from_the_least_to_the_greatest() -> None:
    figure = batch_speed_figure(SIZES, [(4, 3, 6), (2, 2, 2), None], [(100, 80, 110), None, (900, 800, 1000)], "")
    time, speed = figure.axes
    size = "batch size (images); bars: least to greatest seed"
    assert (labels(time), labels(speed)) == ((size, "time of an epoch (s)"), (size, "images a second"))
    assert bars(time) == [(4, 4, 3, 6), (32, 2, 2, 2)]
    assert bars(speed) == [(4, 100, 80, 110), (256, 900, 800, 1000)]
    for axes in (time, speed):
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
        assert tick_labels(axes.xaxis) == ["4", "32", "256"]
    figure.draw_without_rendering()
    assert "1,000" in tick_labels(speed.yaxis)  # written out, not as a power


def test_stability_has_the_size_itself_to_compare_the_noise_scale_with() -> None:
    figure = batch_stability_figure(SIZES, [(0.5, 0.4, 0.7), None, (0.1, 0.1, 0.1)], [(20, 10, 30), None, None], "")
    spread, noise = figure.axes
    assert spread.get_ylabel() == "spread of the loss between updates (nats)"
    assert noise.get_ylabel() == "gradient noise scale (images)"
    assert bars(spread) == [(4, 0.5, pytest.approx(0.4), pytest.approx(0.7)), (256, 0.1, 0.1, 0.1)]
    assert bars(noise) == [(4, 20, 10, 30)]
    assert spread.get_ylim()[0] == 0
    assert legend(noise) == ["as large as the batch"]
    (line,) = [line for line in noise.lines if line.get_linestyle() == ":"]
    assert (list(line.get_xdata()), list(line.get_ydata())) == (SIZES, SIZES)


def test_accuracy_is_shown_after_each_of_the_views_in_percent() -> None:
    views = {"1 epoch": [(0.9, 0.8, 0.95), None, (0.5, 0.5, 0.5)], "5 s": [None, None, None]}
    figure = batch_accuracy_figure(SIZES, views, "")
    epoch, seconds = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["after 1 epoch", "after 5 s"]
    assert {axes.get_ylabel() for axes in figure.axes} == {"validation accuracy (%)"}
    assert bars(epoch) == [pytest.approx((4, 90, 80, 95)), pytest.approx((256, 50, 50, 50))]
    assert [text.get_text() for text in seconds.texts] == ["not measured"]
    assert not seconds.containers


TRIALS = [(0, 0.8, "complete"), (1, 0.5, "pruned"), (2, 0.7, "complete"), (4, 0.9, "complete")]


def test_a_search_shows_trials_the_best_so_far_and_what_was_chosen() -> None:
    values = {"learning_rate": [0.001, 0.1, 0.01, 0.003], "optimizer": ["sgd", "adam", "sgd", "adam"]}
    figure = search_figure(TRIALS, values, {"learning_rate"}, "")
    trials, rate, optimizer = figure.axes
    assert labels(trials) == ("trial", "validation accuracy (%)")
    assert legend(trials) == ["complete", "pruned", "best so far"]
    assert points(trials) == [([0, 2, 4], [80, 70, 90]), ([1], [50])]
    (best,) = [line for line in trials.lines if line.get_linestyle() != "None"]
    assert (list(best.get_xdata()), list(best.get_ydata())) == ([0, 2, 4], pytest.approx([80, 80, 90]))
    assert best.get_drawstyle() == "steps-post"  # the best stays until a better one comes
    assert (labels(rate), rate.get_xscale()) == (("learning_rate", "validation accuracy (%)"), "log")
    assert points(rate) == [([0.001, 0.1, 0.01, 0.003], [80, 50, 70, 90])]
    assert (optimizer.get_xlabel(), optimizer.get_xscale()) == ("optimizer", "linear")
    assert points(optimizer) == [([1, 0, 1, 0], [80, 50, 70, 90])]
    assert tick_labels(optimizer.xaxis) == ["adam", "sgd"]


def test_a_search_in_which_nothing_was_completed_has_no_best() -> None:
    (trials,) = search_figure([(0, 0.5, "pruned")], {}, (), "").axes
    (best,) = [line for line in trials.lines if line.get_label() == "best so far"]
    assert len(best.get_xdata()) == 0


def test_long_names_are_cut_where_there_is_no_room() -> None:
    accuracy, _ = compare_figure({"c" * 40: [0.5]}, [("B \u2212 A", 0.1, None, (0, 1))], "x", "").axes
    assert tick_labels(accuracy.xaxis) == ["c" * 8 + "\u2026" + "c" * 9]


def test_series_differ_in_colour_and_in_marker() -> None:
    for key in ("color", "marker", "linestyle"):
        assert len({str(style[key]) for style in SERIES}) == len(SERIES)
    many = compare_figure({str(n): [0.5] for n in range(7)}, [("B \u2212 A", 0.1, None, (0, 1))], "x", "")
    assert len(points(many.axes[0])) == 7  # more contenders than styles
