from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np

from pellucid.data.to_answer import ToAnswer
from pellucid.predict.prediction import Prediction
from pellucid.predict.stream import in_batches

SHAPE = (256, 256, 3)  # of which 32 are asked about at once
BYTES = 256 * 256 * 3


def predict(images: np.ndarray) -> list[Prediction]:
    return [Prediction(str(image[0, 0, 0]), 1.0, {str(image[0, 0, 0]): 1.0}) for image in images]


def images(count: int) -> Iterator[ToAnswer]:
    for number in range(count):
        pixels = None if number % 10 == 3 else np.full(SHAPE, number % 250, np.uint8)
        yield ToAnswer(str(number), 1, str(number), pixels, fault="" if pixels is not None else "no image")


def test_answers_come_in_order_and_no_more_images_are_held_than_are_asked_about_at_once() -> None:
    tracemalloc.start()
    try:
        names, answered = [], 0
        for batch in in_batches(images(400), predict, SHAPE):
            names += [image.name for image, _ in batch]
            answered += sum(answer is not None for _, answer in batch)
            assert all((answer is None) == (image.fault == "no image") for image, answer in batch)
            assert all(answer.label == str(int(image.name) % 250) for image, answer in batch if answer)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert names == [str(number) for number in range(400)]
    assert answered == 360
    assert peak < 4 * 32 * BYTES  # the last batch, the next one, and once more as one array


def test_a_batch_is_answered_before_more_is_read() -> None:
    taken: list[int] = []

    def counted() -> Iterator[ToAnswer]:
        for number, image in enumerate(images(100)):
            taken.append(number)
            yield image

    batches = in_batches(counted(), predict, SHAPE)
    assert taken == []
    assert len(next(batches)) == len(taken) == 32
