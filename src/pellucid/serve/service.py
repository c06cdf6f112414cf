"""A trained network, and all that stands between it and those who ask over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar

import numpy as np
from numpy import ndarray

from pellucid.data.formats import FORMATS
from pellucid.errors import PellucidError
from pellucid.predict.prediction import Prediction
from pellucid.serve.decoder import Decoded, Decoder
from pellucid.serve.gate import Gate
from pellucid.serve.gatherer import Gatherer
from pellucid.serve.limits import Limits
from pellucid.serve.metrics import Metrics
from pellucid.serve.model import Model
from pellucid.serve.problem import ProblemError, overloaded
from pellucid.version import __version__

T = TypeVar("T")
Answered = tuple[Decoded, Prediction]


class Service:
    """Decodes images, gathers them, and answers; off the event loop.

    Use it as an asynchronous context, in which it has its processes and its thread.

    Attributes:
        model: What answers.
        limits: What is taken from clients.
        gate: How much is under way.
        metrics: What is counted.
        is_ready: Whether it answers.
    """

    def __init__(self, model: Model, limits: Limits | None = None) -> None:
        self.model, asked = model, model.classifier
        self.limits = limits or Limits()
        self.gate = Gate(self.limits)
        self.metrics = Metrics(self.gate, model.name, model.version)
        self.is_ready = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="network")
        self._decoder = Decoder(asked.input_shape, asked.reading, self.limits, self.metrics.restarted)
        self._gatherer = Gatherer(asked.predict, self._thread, self.limits.gathered, self.metrics.gathered)

    async def __aenter__(self) -> Self:
        await self._decoder.start()
        await self._gatherer.start()
        await self._gatherer.answer(np.zeros((1, *self.model.classifier.input_shape), np.uint8))
        self.is_ready = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self.is_ready = False
        await self._gatherer.stop()
        await self._decoder.stop()
        self._thread.shutdown()

    async def answer(self, files: Sequence[bytes], *, invert: bool = False) -> list[Answered]:
        """What the run answers for the images of one request.

        Args:
            files: Encoded images.
            invert: Exchange dark and bright, as for dark ink on bright paper.

        Raises:
            ProblemError: An image cannot be read, or there is too much to do.
        """
        decoded, answers = await self._in_time(files, self._gatherer.answer, invert=invert)
        for answer in answers:
            self.metrics.said(unknown=answer.unknown)
        return list(zip(decoded, answers, strict=True))

    async def in_network(self, file: bytes, ask: Callable[[ndarray], T], *, invert: bool = False) -> T:
        """Ask the network something else about one image, in its thread.

        Args:
            file: An encoded image.
            ask: Called with the image as the network takes it, [height, width, channels].
            invert: Exchange dark and bright, as for dark ink on bright paper.

        Raises:
            ProblemError: The image cannot be read, or there is too much to do.
        """
        loop = asyncio.get_running_loop()
        _, found = await self._in_time(
            [file], lambda images: loop.run_in_executor(self._thread, ask, images[0]), invert=invert
        )
        return found

    async def _in_time(
        self, files: Sequence[bytes], ask: Callable[[ndarray], Awaitable[Any]], *, invert: bool
    ) -> tuple[list[Decoded], Any]:
        """Images decoded, and something asked about them, all within the time of a request."""
        with self.gate.taking(len(files) - 1):  # the guard has taken one, of which alone it knew
            try:
                async with asyncio.timeout(self.limits.answer_seconds):
                    decoded = [
                        await self._decoder.decode(file, f"Image {number}" if len(files) > 1 else "The image")
                        for number, file in enumerate(files, start=1)
                    ]
                    images = np.stack([image.pixels for image in decoded])
                    return decoded, await ask(255 - images if invert else images)
            except TimeoutError:
                raise overloaded() from None
            except PellucidError as error:
                raise ProblemError("failed", str(error)) from None

    def facts(self) -> dict[str, Any]:
        """What is to be known of the network: the JSON of ``/v1/model``."""
        model, limits = self.model, self.limits
        asked, reading = model.classifier, model.classifier.reading
        says_unknown = asked.doubts is not None
        return {
            "name": model.name,
            "model_version": model.version,
            "pellucid_version": __version__,
            "classes": list(asked.class_names),
            "input_shape": list(asked.input_shape),
            "reading": {"fit": reading.fit, "background": reading.background, "value_range": reading.value_range},
            "formats": list(FORMATS),
            "test": model.test,
            "says_unknown": says_unknown,
            "keep": asked.keep if says_unknown else None,
            "limits": {"body_bytes": limits.body_bytes, "pixels": limits.pixels, "images": limits.images},
        }
