"""What to try where images are bright where a run has learned dark ones, or the other way round."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from numpy import ndarray

from pellucid.arrays import UInt8
from pellucid.predict.classifier import Shown, TrainedOn
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.run.record import Look

FAR_OFF = 0.4  # difference of mean brightness that gives a reason to exchange dark and bright
PLAIN = 0.2  # difference of brightness between what is drawn and its background that leaves no doubt


def images_hint(
    what: Path | str, images: UInt8[ndarray, "count height width channels"], trained: TrainedOn, inverted: bool
) -> str | None:
    """What to try where images are bright drawings on which a run has learned dark ones, or the other way round.

    A bright sky is no dark ink on bright paper: where it is recorded what the training images look like, what is drawn
    must stand out against its background in both, and the other way round.

    Args:
        what: Where the images come from.
        images: As the network takes them.
        trained: How bright the training images are.
        inverted: Whether dark and bright were exchanged already.

    Returns:
        The hint; None where the images give no reason for one.
    """
    hint = brightness_hint(what, float(images.mean() / 255), trained.brightness, inverted)
    if hint is None or trained.look is None:
        return hint
    from pellucid.judge.look import look_of

    return hint if inversion(look_of(images), trained.look, inverted) else None


def inversion(judged: Look, trained: Look | Shown, inverted: bool) -> str:
    """Said where what is drawn is plainly darker than its background, and was plainly brighter in the training."""
    theirs, own = judged.drawn - judged.background, trained.drawn - trained.background
    if min(abs(theirs), abs(own)) < PLAIN or theirs * own > 0:
        return ""
    these, those = ("bright", "dark") if theirs < 0 else ("dark", "bright")
    means = f"mean brightness {judged.brightness:.2f}, of those {trained.brightness:.2f}"
    remedy = "leave --invert out" if inverted else "try --invert"
    return f"These images are {these} where the training images are {those} ({means}): {remedy}."


def brightness_hint(what: Path | str, brightness: float, usual: float, inverted: bool) -> str | None:
    """What to try where an image, or many, are bright where those of the training were dark, or the other way round.

    Dark ink on bright paper is answered wrongly by a network that learned bright ink on dark.

    Args:
        what: The image, or the data.
        brightness: Its mean, 0 to 1.
        usual: That of the training images.
        inverted: Whether dark and bright were exchanged already.

    Returns:
        The hint; None where the means give no reason for one.
    """
    if abs(brightness - usual) <= FAR_OFF or abs(1 - brightness - usual) >= abs(brightness - usual):
        return None
    remedy = "leave --invert out" if inverted else "try --invert"
    measured = f"its mean brightness is {brightness:.2f}, that of the training images {usual:.2f}"
    return f"{printable(str(what))}: {measured}; {remedy}."
