"""How judged images differ from those that a run was trained on, and what to try."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pellucid.judge.evaluation import Beside, Evaluation
from pellucid.run.record import Look
from pellucid.sections.brightness import brightness_hint, inversion
from pellucid.sections.section import Table
from pellucid.words import number, percent

NAMES_SHOWN = 20
SIZES, OFF_CENTRE = 1.25, 0.05  # how many times as large, and how much farther off the middle, is worth a word


def look_table(beside: Beside) -> Table:
    """Brightness of the images, and size and place of what is drawn on them, beside those of the training images."""
    brightness, share = partial(number, digits=2), partial(percent, digits=0)

    def row(what: str, name: str, told: Callable[[float | None], str]) -> tuple[str, str, str]:
        return what, told(getattr(beside.judged, name)), told(getattr(beside.trained_on, name, None))

    rows = (
        ("mean brightness", brightness(beside.judged.brightness), brightness(beside.mean_brightness)),
        row("brightness of the background", "background", brightness),
        row("brightness of what is drawn", "drawn", brightness),
        row("height of what is drawn", "height", share),
        row("width of what is drawn", "width", share),
        row("its distance from the middle", "off_centre", share),
    )
    caption = "how the images look: brightness from 0 (black) to 1, lengths as shares of a side"
    return Table(("", "judged", "trained on"), rows, caption=caption)


def hints_of(evaluation: Evaluation) -> tuple[str, ...]:
    """What to try where other images are answered worse than the run's own, as far as their looks give a reason."""
    beside = evaluation.beside
    if beside is None:
        return ()
    if beside.test and evaluation.accuracy_interval[1] >= beside.test.accuracy_interval[0]:
        return ()
    judged, trained = beside.judged, beside.trained_on
    if trained is None:
        hints = [brightness_hint(evaluation.data, judged.brightness, beside.mean_brightness, evaluation.inverted)]
    else:
        hints = [inversion(judged, trained, evaluation.inverted), _size(judged, trained), _place(judged, trained)]
    said = tuple(hint for hint in hints if hint)
    if said or beside.test is None:
        return said
    return ("They are answered worse than the run's own images, and neither brightness, size nor place tells why.",)


def classes_of(evaluation: Evaluation) -> tuple[str, ...]:
    """Which of the run's classes other images are of, where they are not of all."""
    present = [score.name for score in evaluation.per_class if score.support]
    if evaluation.beside is None or len(present) == len(evaluation.class_names):
        return ()
    more = f" and {len(present) - NAMES_SHOWN} more" if len(present) > NAMES_SHOWN else ""
    found = f"There are images of {len(present)} of the run's {len(evaluation.class_names)} classes"
    return (f"{found}: {', '.join(present[:NAMES_SHOWN])}{more}.",)


def _size(judged: Look, trained: Look) -> str:
    theirs, own = max(judged.height, judged.width), max(trained.height, trained.width)
    if min(theirs, own) == 0 or 1 / SIZES <= theirs / own <= SIZES:
        return ""
    found = f"What is drawn takes {theirs:.0%} of a side, in the training images {own:.0%}"
    return f"{found}: try " + ("cutting the images closer to it." if theirs < own else "leaving a margin around it.")


def _place(judged: Look, trained: Look) -> str:
    if judged.off_centre < trained.off_centre + OFF_CENTRE:
        return ""
    found = f"What is drawn lies {judged.off_centre:.0%} of a side off the middle, in the training images"
    return f"{found} {trained.off_centre:.0%}: try moving it to the middle."
