"""A server under load: how many requests it answers, how soon, and what it does with more than it can.

Run from the repository: `python benchmarks/serve.py --out docs/serve-benchmark.md`. Server and load share the machine,
so that the figures are lower than those of a server that has it alone.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fastapi
import numpy as np
import torch
import uvicorn
from PIL import Image
from typing_extensions import override

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset

RECIPES = ("tutorial", "fast")
COUNT = 500  # digits that the networks are trained on, and that are asked about
CLOSED = 32  # connections that ask again as soon as they are answered
OPEN = 200  # connections that there are for requests that come when they come
SECONDS, ROUNDS = 5.0, 3
SHARE, OVERLOAD = 0.6, 5.0
HEALTH_SECONDS = 0.1

INTRODUCTION = """# A server under load

Made by `make bench-serve`, on {machine} with {cores} cores, Python {python}, torch {torch}, uvicorn {uvicorn} and
FastAPI {fastapi}. Requests are digits of MNIST as PNG, one in each, over {open} connections that stay open. The server
and the program that asks share the cores. The load average before the start was {load:.1f}: what else the machine does
makes all figures worse.

- **Capacity**: answers a second where {closed} connections ask again as soon as they are answered; the median of
  {rounds} rounds of {seconds:g} s, and the least and the greatest.
- **At {share:.0%} of it**: requests come at random times (Poisson); milliseconds from when one came to its answer.
- **At {overload:g} times it**: answers a second, as a share of the capacity (goodput); how many requests got 429; the
  milliseconds of those that were answered; and of `/healthz`, asked ten times a second meanwhile.
"""
Done = Callable[[int], None]


class Connection(asyncio.Protocol):
    """A connection that stays open; one request at a time."""

    def __init__(self) -> None:
        self._read, self._done = b"", None
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport if isinstance(transport, asyncio.Transport) else None

    def ask(self, request: bytes, done: Done) -> None:
        """Send a request; ``done`` is called with the status of its answer, 0 where the connection ends before."""
        self._done = done
        if self._transport is None or self._transport.is_closing():
            self._finish(0)
        else:
            self._transport.write(request)

    @override
    def data_received(self, data: bytes) -> None:
        self._read += data
        head = self._read.find(b"\r\n\r\n")
        if head < 0:
            return
        length = self._read.find(b"content-length: ", 0, head)
        size = int(self._read[length + 16 : self._read.index(b"\r\n", length)])
        if len(self._read) >= head + 4 + size:
            status, self._read = int(self._read[9:12]), self._read[head + 4 + size :]
            self._finish(status)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._finish(0)

    def close(self) -> None:
        """End it."""
        self._done = None
        if self._transport:
            self._transport.abort()

    def _finish(self, status: int) -> None:
        if self._done:
            done, self._done = self._done, None
            done(status)

    @property
    def is_open(self) -> bool:
        """Whether the server has not ended it."""
        return self._transport is not None and not self._transport.is_closing()


class Load:
    """Requests to one server.

    Attributes:
        statuses: How often each status came.
        seconds: From when a request came to its answer, of those that were answered.
    """

    def __init__(self, port: int, requests: list[bytes]) -> None:
        self._port, self._requests, self._sent = port, requests, 0
        self.statuses, self.seconds = Counter[int](), list[float]()
        self._made = list[Connection]()

    async def connections(self, count: int) -> list[Connection]:
        """So many connections."""
        loop = asyncio.get_running_loop()
        made = [await loop.create_connection(Connection, "127.0.0.1", self._port) for _ in range(count)]
        self._made += [connection for _, connection in made]
        return self._made[-count:]

    def close(self) -> None:
        """End the connections; what is still to come on them counts no more."""
        for connection in self._made:
            connection.close()

    def note(self, status: int, seconds: float) -> None:
        """Count an answer."""
        self.statuses[status] += 1
        if status == 200:
            self.seconds.append(seconds)

    def next_request(self) -> bytes:
        """A request."""
        self._sent += 1
        return self._requests[self._sent % len(self._requests)]

    async def closed(self, seconds: float) -> float:
        """Ask again as soon as there is an answer, over some connections; answers a second."""
        end = time.perf_counter() + seconds
        left = asyncio.Event()

        def again(connection: Connection, status: int) -> None:
            self.statuses[status] += 1
            if time.perf_counter() < end:
                connection.ask(self.next_request(), lambda status: again(connection, status))
            else:
                left.set()

        for connection in await self.connections(CLOSED):
            connection.ask(self.next_request(), lambda status, connection=connection: again(connection, status))
        await left.wait()
        self.close()
        return self.statuses[200] / seconds

    async def open(self, rate: float, seconds: float) -> None:
        """Ask at random times, so often a second, whether there are answers or not."""
        free, waiting, chance = deque(await self.connections(OPEN)), deque[float](), random.Random(0)  # noqa: S311
        begin = time.perf_counter()
        came = begin

        def done(connection: Connection, since: float, status: int) -> None:
            now = time.perf_counter()
            if now < begin + seconds:
                self.note(status, now - since)
            if connection.is_open:
                free.appendleft(connection)  # so that those that are not needed fall silent, and are left
            else:
                asyncio.get_running_loop().create_task(renew())
            send()

        async def renew() -> None:
            free.extend(await self.connections(1))
            send()

        def send() -> None:
            while free and waiting:
                connection = free.popleft()
                if not connection.is_open:
                    asyncio.get_running_loop().create_task(renew())
                    continue
                since = waiting.popleft()
                connection.ask(self.next_request(), lambda status, c=connection, since=since: done(c, since, status))

        while (now := time.perf_counter()) < begin + seconds:
            while came <= now:
                waiting.append(came)
                came += chance.expovariate(rate)
            send()
            await asyncio.sleep(0.001)
        self.statuses[-1] = len(waiting)  # for which no connection was free
        self.close()

    async def health(self, seconds: float) -> None:
        """Ask for health now and then."""
        (connection,) = await self.connections(1)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            begin, answered = time.perf_counter(), asyncio.Event()

            def done(status: int, begin: float = begin, answered: asyncio.Event = answered) -> None:
                self.note(status, time.perf_counter() - begin)
                answered.set()

            connection.ask(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", done)
            await answered.wait()
            await asyncio.sleep(HEALTH_SECONDS)
        self.close()


@contextmanager
def serving(recipe: str, data: DataSplits, folder: Path) -> Iterator[int]:
    """The port of a server in a process of its own, whose network is of a recipe."""
    pl.fit(data, recipe=recipe, epochs=1, out=folder / recipe)
    command = [str(Path(sys.executable).parent / "pellucid"), "serve", str(folder / recipe), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = (process.stdout or io.StringIO()).readline().strip()
        if not line:
            raise SystemExit("the server did not begin")
        yield urlsplit(line).port or 0
    finally:
        process.terminate()
        process.wait()


def requests_of(data: ImageDataset) -> list[bytes]:
    """A request for each image."""
    found = []
    for image in data.images:
        buffer = io.BytesIO()
        Image.fromarray(image[..., 0]).save(buffer, "PNG")
        body = buffer.getvalue()
        head = f"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: {len(body)}"
        found.append(head.encode() + b"\r\n\r\n" + body)
    return found


def digits() -> DataSplits:
    """A few digits of MNIST."""
    data = pl.load_data("mnist")

    def some(whole: ImageDataset) -> ImageDataset:
        return ImageDataset(np.array(whole.images[:COUNT]), whole.labels[:COUNT], whole.class_names)

    return DataSplits("some-digits", some(data.train), some(data.test))


async def measured(port: int, requests: list[bytes]) -> dict[str, Any]:
    """What one server gave."""
    await Load(port, requests).closed(1)  # which warms it up
    rounds = [await Load(port, requests).closed(SECONDS) for _ in range(ROUNDS)]
    capacity = statistics.median(rounds)
    easy, hard, health = Load(port, requests), Load(port, requests), Load(port, requests)
    await easy.open(SHARE * capacity, 2 * SECONDS)
    await asyncio.gather(hard.open(OVERLOAD * capacity, 2 * SECONDS), health.health(2 * SECONDS))
    return {
        "capacity": capacity,
        "least": min(rounds),
        "greatest": max(rounds),
        "easy": [1000 * value for value in quantiles(easy.seconds)],
        "easy_refused": easy.statuses[429],
        "goodput": hard.statuses[200] / (2 * SECONDS) / capacity,
        "refused": hard.statuses[429] / (2 * SECONDS),
        "unsent": hard.statuses[-1] / (2 * SECONDS),
        "other": {status: count for status, count in hard.statuses.items() if status not in {200, 429, -1}},
        "hard": [1000 * value for value in quantiles(hard.seconds)],
        "health": [1000 * value for value in quantiles(health.seconds)],
        "health_statuses": dict(health.statuses),
    }


def quantiles(seconds: list[float]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    return float(np.quantile(seconds, 0.5)), float(np.quantile(seconds, 0.99))


def page() -> str:
    """The document."""
    load, data = os.getloadavg()[0], digits()
    requests, found = requests_of(data.test), {}
    with tempfile.TemporaryDirectory() as place:
        for recipe in RECIPES:
            with serving(recipe, data, Path(place)) as port:
                found[recipe] = asyncio.run(measured(port, requests))
                print(json.dumps({recipe: found[recipe]}), file=sys.stderr)
    versions = {"torch": torch.__version__, "uvicorn": uvicorn.__version__, "fastapi": fastapi.__version__}
    told = INTRODUCTION.format(
        machine=platform.machine(),
        cores=os.cpu_count(),
        python=platform.python_version(),
        load=load,
        open=OPEN,
        closed=CLOSED,
        rounds=ROUNDS,
        seconds=SECONDS,
        share=SHARE,
        overload=OVERLOAD,
        **versions,
    )
    rows = [
        _row("network", "capacity, answers/s", "p50 at 60%, ms", "p99 at 60%, ms", "429 at 60%"),
        _row(*["---"] * 5),
        *(
            _row(
                name,
                f"{one['capacity']:,.0f} ({one['least']:,.0f} to {one['greatest']:,.0f})",
                *(f"{value:.1f}" for value in one["easy"]),
                one["easy_refused"],
            )
            for name, one in found.items()
        ),
        "",
        _row("network", "goodput at 5 times", "429/s", "without connection/s", "p50, ms", "p99, ms", "health p99, ms"),
        _row(*["---"] * 7),
        *(
            _row(
                name,
                f"{one['goodput']:.0%}",
                f"{one['refused']:,.0f}",
                f"{one['unsent']:,.0f}",
                *(f"{value:.1f}" for value in one["hard"]),
                f"{one['health'][1]:.1f}",
            )
            for name, one in found.items()
        ),
    ]
    others = {name: one["other"] for name, one in found.items() if one["other"]}
    return "\n".join([told, *rows, f"\nOther statuses: {others or 'none'}."]) + "\n"


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="where the page goes")
    arguments = parser.parse_args()
    text = page()
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
