"""Images decoded in a process of their own: damaged ones, those that ask for too much, those that never end."""

from __future__ import annotations

import asyncio
import random
import struct
import zlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.serve.decoder import Decoder
from pellucid.serve.decoding import answer
from pellucid.serve.limits import Limits
from pellucid.serve.problem import PROBLEMS, ProblemError
from pellucid.spec.image_reading import PlainReading

from ...torture.mutants import mutant
from ...torture.originals import IMAGES
from .conftest import LONG, PATIENT

GREY = (8, 8, 1)
Png = Callable[..., bytes]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, further: bytes = b"") -> bytes:
    """A PNG that tells so many pixels in its header, and has few."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + further + chunk(b"IDAT", zlib.compress(bytes(100)))


def with_decoder(work: Callable[[Decoder], Coroutine[Any, Any, None]], limits: Limits) -> int:
    """Let something be done with a decoder; how many of its processes were started anew."""
    restarts = []

    async def run() -> None:
        decoder = Decoder(GREY, PlainReading(), limits, lambda: restarts.append(1))
        await decoder.start()
        try:
            await work(decoder)
        finally:
            await decoder.stop()

    asyncio.run(run())
    return len(restarts)


def test_changed_images_get_an_answer_or_a_problem(api, tmp_path: Path) -> None:
    """A share of what `make torture-serve` tries."""
    statuses = set()
    for name, kind in IMAGES.items():
        folder = tmp_path / name.replace(" ", "-")
        folder.mkdir()
        raw = kind.make(folder).read_bytes()
        assert api.predict(raw).status_code in {200, 422}  # of floats no range is known
        for number in range(10):
            found = api.predict(mutant(raw, random.Random(f"serve/{name}/{number}")))  # noqa: S311
            statuses.add(found.status_code)
            assert found.status_code in {200, 413, 422}, (name, number, found.text)
            assert found.status_code == 200 or found.json()["code"] in PROBLEMS
    assert statuses >= {200, 422}


def test_the_size_that_a_header_tells_is_refused_before_anything_is_decoded(api) -> None:
    answer = api.predict(png_of(1500, 1400))
    assert (answer.status_code, answer.json()["code"]) == (413, "image_too_large")
    assert "decoding may take 13 MiB; received 1500x1400 pixels, which take 16 MiB" in answer.json()["detail"]
    assert api.predict(png_of(60_000, 60_000)).status_code == 413
    assert api.predict(png_of(0, 0)).status_code == 422


def test_text_in_a_png_cannot_fill_the_memory(api) -> None:
    bomb = chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(2 << 20)))
    assert api.predict(png_of(8, 8, bomb)).status_code == 422


def test_an_image_that_ends_the_process_ends_nothing_else(png: Png) -> None:
    good = png(np.zeros((8, 8), np.uint8))

    async def work(decoder: Decoder) -> None:
        (process,) = decoder._processes
        process.kill()
        with pytest.raises(ProblemError, match="ended the process that decoded it"):
            await decoder.decode(good)
        assert (await decoder.decode(good)).pixels.shape == GREY

    assert with_decoder(work, PATIENT) == 1


def test_an_image_that_takes_too_long_is_ended_and_its_answer_goes_to_nobody(png: Png) -> None:
    first, second = png(np.zeros((8, 8), np.uint8)), png(np.full((8, 8), 255, np.uint8))

    async def work(decoder: Decoder) -> None:
        waiting = [asyncio.create_task(decoder.decode(raw)) for raw in (first, second)]
        with pytest.raises(ProblemError, match=r"must be decoded within 1e-09 s, and was not"):
            await waiting[0]
        decoder._limits = PATIENT
        assert (await decoder.decode(second)).pixels.min() == 255
        await asyncio.wait(waiting)

    assert with_decoder(work, Limits(decode_seconds=1e-9)) >= 1


def test_images_of_a_process_that_ended_are_decoded_by_the_next(png: Png) -> None:
    files = [png(np.full((8, 8), value, np.uint8)) for value in range(40)]

    async def work(decoder: Decoder) -> None:
        waiting = [asyncio.create_task(decoder.decode(raw)) for raw in files]
        await asyncio.sleep(0)
        (process,) = decoder._processes
        process.kill()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        (blamed,) = [number for number, each in enumerate(found) if isinstance(each, ProblemError)]
        for number, each in enumerate(found):
            assert number == blamed or each.pixels.max() == each.pixels.min() == number

    assert with_decoder(work, PATIENT) == 1


def test_a_client_that_gives_up_gets_nothing_and_the_next_one_its_own(png: Png) -> None:
    async def work(decoder: Decoder) -> None:
        asked = asyncio.create_task(decoder.decode(png(np.zeros((8, 8), np.uint8))))
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert (await decoder.decode(png(np.full((8, 8), 255, np.uint8)))).pixels.min() == 255

    assert with_decoder(work, PATIENT) == 0


def test_a_jpeg_of_scans_without_end_is_refused_before_it_is_decoded(png: Png) -> None:
    jpeg = png(np.zeros((8, 8), np.uint8), "JPEG")
    scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    _, said = answer(jpeg[:-2] + scan * 100 + jpeg[-2:], GREY, PlainReading(), 1 << 20)
    assert said["fault"] == "the image cannot be read (a JPEG may have 100 scans; received 101)"
    assert "scans" not in str(answer(jpeg[:-2] + scan * 99 + jpeg[-2:], GREY, PlainReading(), 1 << 20)[1])


def test_values_beyond_the_range_are_remarked(png: Png) -> None:
    raw = png(np.full((8, 8), 200, np.uint8))
    pixels, said = answer(raw, GREY, PlainReading(value_range=(0.0, 100.0)), 1 << 20)
    assert set(pixels) == {255}
    assert said == {"remarks": ["it holds values from 200 to 200; those beyond 0 to 100 are cut off"]}


def test_limits_are_above_zero() -> None:
    with pytest.raises(Exception, match=r"pixels must be above 0; received -1"):
        Limits(pixels=-1)
    assert PATIENT.client_seconds == LONG
