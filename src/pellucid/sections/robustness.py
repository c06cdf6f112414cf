"""How well a run answers images that get worse and worse."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.judge.robustness import Corrupted, Robustness
from pellucid.language import tell
from pellucid.names import plain_name
from pellucid.sections.section import Picture, Section, Table
from pellucid.text import shortened
from pellucid.words import percent

if TYPE_CHECKING:
    from pellucid.plots.figures import Figure

SHOWN = 1  # digits behind the point, of a percentage


def robustness_section(found: Robustness, path: Path | None) -> Section:
    """What graded corruptions of the images do to the accuracy.

    Args:
        found: The measurement.
        path: The run folder; None for a run in memory.
    """
    title = _title(found)
    trained = [one for one in found.corruptions if one.trained_to]
    return Section(
        title=title,
        document={"run": str(path), **found.model_dump(mode="json")},
        body=(f"{title}\n{_summary(found)}", _table(found)),
        pictures=(Picture(_file(found), _alternative_text(found), partial(_figure, found, title), _numbers(found)),),
        remarks=(
            tell(
                "* The training's own augmentation varied images so at least as far: this is what it was trained on, "
                "not a surprise to it."
            ),
        )
        if any(level.trained for one in trained for level in one.levels)
        else (),
    )


def _file(found: Robustness) -> str:
    return plain_name(f"robustness-{found.data}-{found.split}{'-inverted' if found.inverted else ''}")


def _title(found: Robustness) -> str:
    data = shortened(found.data)
    data = tell("{data}, inverted", data=data) if found.inverted else data
    sample = tell("{count} of {available} images", count=f"{found.count:,}", available=f"{found.available:,}")
    return tell("Robustness on {data}, {split} split, {sample}", data=data, split=tell(found.split), sample=sample)


def _summary(found: Robustness) -> str:
    lines = [
        tell(
            "accuracy {accuracy} as they are (95% interval {low} to {high})",
            accuracy=percent(found.accuracy),
            low=percent(found.accuracy_interval[0]),
            high=percent(found.accuracy_interval[1]),
        ),
        tell(
            "accuracy {accuracy} on average over the corruptions ({low} to {high})",
            accuracy=percent(found.mean),
            low=percent(found.mean_interval[0]),
            high=percent(found.mean_interval[1]),
        ),
    ]
    return "\n".join(lines)


def _table(found: Robustness) -> Table:
    """A row for each corruption; a cell has the accuracy at one severity, and the greater half of its interval."""
    most = max(len(one.levels) for one in found.corruptions)
    numbers = tuple(str(number) for number in range(1, most + 1))
    rows = tuple(
        (_name(one.name), _severities(one), *_cells(one, most), one.published or "-") for one in found.corruptions
    )
    caption = tell(
        "accuracy in percent at severity 1 to {most}; ± the greater half of its 95% Wilson interval; the family of the "
        "same kind in MNIST-C, in brackets where MNIST-C only considered it",
        most=most,
    )
    header = (tell("corruption"), tell("severities"), *numbers, "MNIST-C")
    return Table(header, rows, left=2, caption=caption)


def _severities(one: Corrupted) -> str:
    return f"{', '.join(f'{level.severity:g}' for level in one.levels)} {_unit(one.unit)}"


def _cells(one: Corrupted, most: int) -> list[str]:
    cells = []
    for level in one.levels:
        low, high = level.accuracy_interval
        reach = max(level.accuracy - low, high - level.accuracy)
        cells.append(f"{100 * level.accuracy:.{SHOWN}f} ±{100 * reach:.{SHOWN}f}{'*' if level.trained else ''}")
    return cells + [""] * (most - len(cells))


def _alternative_text(found: Robustness) -> str:
    ends = ", ".join(
        tell("{corruption} {accuracy}", corruption=_name(one.name), accuracy=percent(one.levels[-1].accuracy, SHOWN))
        for one in found.corruptions
    )
    return tell(
        "Line charts of accuracy against severity, one for each corruption with several severities, which begin at "
        "{accuracy}. At the greatest severity: {ends}.",
        accuracy=percent(found.accuracy, SHOWN),
        ends=ends,
    )


def _numbers(found: Robustness) -> dict[str, list[str] | list[float]]:
    levels = [(one, level) for one in found.corruptions for level in one.levels]
    return {
        "corruption": [one.name for one, _ in levels],
        "severity": [level.severity for _, level in levels],
        "accuracy": [level.accuracy for _, level in levels],
        "low": [level.accuracy_interval[0] for _, level in levels],
        "high": [level.accuracy_interval[1] for _, level in levels],
    }


def _figure(found: Robustness, title: str) -> Figure:
    from pellucid.plots.robustness import Falling, robustness_figure

    panels = [
        Falling(
            title=_name(one.name),
            unit=_unit(one.unit),
            severities=[level.severity for level in one.levels],
            accuracies=[level.accuracy for level in one.levels],
            intervals=[level.accuracy_interval for level in one.levels],
            trained_to=one.trained_to,
        )
        for one in found.corruptions
        if len(one.levels) > 1  # one point makes no curve
    ]
    return robustness_figure(panels, found.accuracy, 1 / found.classes, title)


def _name(name: str) -> str:
    """A corruption in the language that is spoken; one of another version under its own name."""
    told = {
        "shift": tell("shift"),
        "rotation": tell("rotation"),
        "scale": tell("scale"),
        "shear": tell("shear"),
        "thicker strokes": tell("thicker strokes"),
        "thinner strokes": tell("thinner strokes"),
        "noise": tell("noise"),
        "impulse noise": tell("impulse noise"),
        "blur": tell("blur"),
        "contrast": tell("contrast"),
        "brightness": tell("brightness"),
        "occlusion": tell("occlusion"),
        "inversion": tell("inversion"),
    }
    return told.get(name, shortened(name))


def _unit(unit: str) -> str:
    told = {
        "% of the side": tell("% of the side"),
        "degrees": tell("degrees"),
        "% of the range": tell("% of the range"),
        "% larger or smaller": tell("% larger or smaller"),
        "% of the pixels": tell("% of the pixels"),
        "% lost": tell("% lost"),
        "% of the area": tell("% of the area"),
        "%": "%",
    }
    return told.get(unit, shortened(unit))
