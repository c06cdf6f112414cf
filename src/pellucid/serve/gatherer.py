"""Images of several requests, answered at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from pellucid.arrays import UInt8
from pellucid.predict.prediction import Prediction

Answer = Callable[[UInt8[ndarray, "count height width channels"]], Sequence[Prediction]]


@dataclass(eq=False)
class _Asked:
    images: UInt8[ndarray, "count height width channels"]
    answer: asyncio.Future[list[Prediction]]


class Gatherer:
    """Answers what has come together while the network was busy, and waits for nothing else.

    Args:
        answer: The network.
        executor: One thread, in which it works.
        most: How many images are answered at once; those of one request are never parted.
        on_batch: Called with the number of images that were.
    """

    def __init__(self, answer: Answer, executor: Executor, most: int, on_batch: Callable[[int], None]) -> None:
        self._answer, self._executor, self._most, self._on_batch = answer, executor, most, on_batch
        self._queue: asyncio.Queue[_Asked] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to answer."""
        self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """End."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def answer(self, images: UInt8[ndarray, "count height width channels"]) -> list[Prediction]:
        """The answers for the images of one request."""
        asked = _Asked(images, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(asked)
        return await asked.answer

    async def _work(self) -> None:
        while True:
            together = [await self._queue.get()]
            count = len(together[0].images)
            while count < self._most and not self._queue.empty():
                together.append(self._queue.get_nowait())
                count += len(together[-1].images)
            await self._answer_all([asked for asked in together if not asked.answer.done()])

    async def _answer_all(self, together: list[_Asked]) -> None:
        """Answer several at once; where that fails each by itself, so that none pays for another's images."""
        if not together:
            return
        images = np.concatenate([asked.images for asked in together])
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._executor, self._answer, images)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who asked are told
            if len(together) > 1:
                for asked in together:
                    await self._answer_all([asked])
            elif not together[0].answer.done():
                together[0].answer.set_exception(error)
            return
        self._on_batch(len(images))
        start = 0
        for asked in together:
            end = start + len(asked.images)
            if not asked.answer.done():  # as it is when who asked has waited too long
                asked.answer.set_result(list(found[start:end]))
            start = end
