"""Images decoded in processes of their own, each of which is ended when an image takes it too long."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy import ndarray

from pellucid.arrays import UInt8
from pellucid.serve.decoding import LENGTH, LENGTHS
from pellucid.serve.limits import Limits
from pellucid.serve.problem import ProblemError
from pellucid.spec.image_reading import ImageReading

AT_ONCE = 16  # images that a process has
PROCESS = "pellucid.serve.decoding"
GIVES_BACK = {"MALLOC_MMAP_THRESHOLD_": "1048576"}  # so that glibc gives the memory of an image back at once


@dataclass(frozen=True, eq=False)
class Decoded:
    """An image as the network takes it.

    Attributes:
        pixels: uint8, [height, width, channels].
        remarks: What is damaged in the file, or beyond the range of values.
    """

    pixels: UInt8[ndarray, "height width channels"]
    remarks: tuple[str, ...]


@dataclass(eq=False)
class _Job:
    raw: bytes
    name: str
    done: asyncio.Future[Decoded]


class Decoder:
    """Decodes as `pellucid predict` does; see `pellucid.data.decode`.

    Each process has several images at a time, so that it need not wait for the server from one to the next.

    Args:
        shape: (height, width, channels) to bring images to.
        reading: How.
        limits: Memory and time that an image may take.
        on_restart: Called when a process was ended.
    """

    def __init__(
        self, shape: tuple[int, int, int], reading: ImageReading, limits: Limits, on_restart: Callable[[], None]
    ) -> None:
        self._shape, self._limits, self._on_restart = shape, limits, on_restart
        settings = {name: getattr(reading, name) for name in ("fit", "background", "value_range")}
        self._told = json.dumps({"shape": shape, "reading": settings, "most_bytes": limits.decode_bytes})
        self._queue: asyncio.Queue[_Job] = asyncio.Queue()
        self._processes: set[asyncio.subprocess.Process] = set()
        self._workers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start the processes."""
        for _ in range(self._limits.processes):
            self._workers.append(asyncio.create_task(self._work(await self._started())))

    async def stop(self) -> None:
        """End the processes."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        for process in list(self._processes):
            await self._end(process)

    async def decode(self, raw: bytes, name: str = "The image") -> Decoded:
        """Decode one image.

        Args:
            raw: The file.
            name: What the image is called in messages.

        Raises:
            ProblemError: It cannot be read, or takes too much memory or time.
        """
        job = _Job(raw, name, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(job)
        return await job.done

    async def _work(self, process: asyncio.subprocess.Process) -> None:
        """Give images to a process, and take what it makes of them, in order; begin another where it ends."""
        sent = deque[_Job]()
        while True:
            while len(sent) < AT_ONCE and (not sent or not self._queue.empty()):
                job = await self._queue.get()
                if not job.done.done():  # as it is when the client's time is up
                    self._send(process, job)
                    sent.append(job)
            problem = await self._take(process, sent[0])
            job = sent.popleft()
            if problem:
                await self._end(process)
                self._on_restart()
                process = await self._started()
                for other in sent:
                    self._send(process, other)
                if not job.done.done():
                    job.done.set_exception(problem)

    def _send(self, process: asyncio.subprocess.Process, job: _Job) -> None:
        given = cast("asyncio.StreamWriter", process.stdin)
        given.write(LENGTH.pack(len(job.raw)))
        given.write(job.raw)  # by itself, so that no copy is made of both

    async def _take(self, process: asyncio.subprocess.Process, job: _Job) -> ProblemError | None:
        """Take what a process made of an image; what is wrong where it made nothing."""
        taken = cast("asyncio.StreamReader", process.stdout)
        try:
            async with asyncio.timeout(self._limits.decode_seconds):
                pixels, text = LENGTHS.unpack(await taken.readexactly(LENGTHS.size))
                raw, said = await taken.readexactly(pixels), json.loads(await taken.readexactly(text))
        except TimeoutError:
            rule = f"{job.name} must be decoded within {self._limits.decode_seconds:g} s, and was not."
            return ProblemError("unreadable_image", f"{rule} Save it anew, or smaller.")
        except (asyncio.IncompleteReadError, OSError):
            return ProblemError("unreadable_image", f"{job.name} ended the process that decoded it.")
        if job.done.done():
            return None
        if "fault" in said:
            code = "image_too_large" if said["too_large"] else "unreadable_image"
            job.done.set_exception(ProblemError(code, f"{job.name}: {said['fault']}."))
        else:
            job.done.set_result(Decoded(np.frombuffer(raw, np.uint8).reshape(self._shape), tuple(said["remarks"])))
        return None

    async def _started(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", PROCESS, self._told),
            env=os.environ | GIVES_BACK | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is heard by the server, which ends it
        )
        self._processes.add(process)
        return process

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        self._processes.discard(process)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
