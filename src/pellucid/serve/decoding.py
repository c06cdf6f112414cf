"""A process that decodes images and does nothing else, so that what an image does to it concerns nobody else.

It is told on its command line what to make of images, and then given one after another on stdin: the number of bytes,
and the bytes. For each it gives on stdout the numbers of bytes of two parts, and the parts: the pixels, and JSON of
what is to be said of the image. It ends with its stdin.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from typing import Any

from PIL import PngImagePlugin

from pellucid.data.decode import ImageTooLargeError, decode
from pellucid.data.listing import Content
from pellucid.data.remarks import gathered
from pellucid.spec.image_reading import ImageReading, PlainReading

LENGTH, LENGTHS = struct.Struct("<I"), struct.Struct("<II")
MOST_TEXT_BYTES = 2**20  # that a PNG may hold beside its pixels


def answer(
    raw: bytes, shape: tuple[int, int, int], reading: ImageReading, most_bytes: int
) -> tuple[bytes, dict[str, Any]]:
    """The pixels of an image, [height, width, channels]; and what is to be said of it.

    Args:
        raw: The file.
        shape: (height, width, channels) to bring it to.
        reading: How.
        most_bytes: Memory that decoding may take.
    """
    with gathered() as remarks:
        try:
            pixels = decode(Content("", raw=raw), shape, reading, most_bytes).tobytes()
        except ValueError as error:
            return b"", {"fault": str(error), "too_large": isinstance(error, ImageTooLargeError)}
    return pixels, {"remarks": remarks}


def main() -> None:
    """Decode until stdin ends."""
    told = json.loads(sys.argv[1])
    shape, reading = tuple(told["shape"]), PlainReading(**told["reading"])
    if isinstance(reading.value_range, list):  # of JSON, which has no tuples
        reading = reading._replace(value_range=tuple(reading.value_range))
    PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = MOST_TEXT_BYTES
    given, out = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    while head := given.read(LENGTH.size):
        pixels, said = answer(given.read(*LENGTH.unpack(head)), shape, reading, told["most_bytes"])
        text = json.dumps(said).encode()
        out.write(LENGTHS.pack(len(pixels), len(text)) + pixels + text)
        out.flush()


if __name__ == "__main__":
    main()
