"""Answers one after another, for as many images as there are: no more are held than are asked about at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from pellucid.data.portions import answered_at_once
from pellucid.data.to_answer import ToAnswer
from pellucid.predict.prediction import Prediction


class Answered(NamedTuple):
    """What was answered for an image, or what kept it from being read.

    Attributes:
        name: What the image is called: its file, or its row.
        number: Its number in its table or array, from 1.
        prediction: The answer; None where the image could not be read.
        fault: What kept it from being read; empty where it was answered.
    """

    name: str
    number: int
    prediction: Prediction | None
    fault: str = ""


Pair = tuple[ToAnswer, Prediction | None]


def in_batches(
    images: Iterable[ToAnswer], predict: Callable[[np.ndarray], list[Prediction]], shape: tuple[int, int, int]
) -> Iterator[list[Pair]]:
    """Images with their answers, in their order, some at a time; None for those that could not be read.

    Args:
        images: The images; they may come one at a time.
        predict: Asks the network about some of them.
        shape: (height, width, channels) of each.
    """
    at_once, held = answered_at_once(*shape[:2]), list[ToAnswer]()
    for image in images:
        held.append(image)
        if len(held) == at_once:
            yield _answered(held, predict)
            held = []
    if held:
        yield _answered(held, predict)


def _answered(images: list[ToAnswer], predict: Callable[[np.ndarray], list[Prediction]]) -> list[Pair]:
    pixels = [image.pixels for image in images if image.pixels is not None]
    answers = iter(predict(np.stack(pixels)) if pixels else ())
    return [(image, None if image.pixels is None else next(answers)) for image in images]
