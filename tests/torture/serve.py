"""Ask a real server for what nobody should: `make torture-serve`.

10,000 images that were changed at random, and bombs: small files that ask for much memory or time. Each must get an
answer or a problem as JSON, none a status of 5xx; the server and the processes that decode for it may take 64 MiB more
than before the first of them. A few hundred changed images are among the usual tests.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import io
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

import pellucid as pl
from pellucid.data.dataset import DataSplits, ImageDataset

from .mutants import mutant
from .originals import IMAGES

MOST_MIB, MIB = 64.0, 2**20
SIDE = 1341  # of 1,800,000 pixels, the most that a server takes unless told
ALLOWED = {200, 400, 413, 422, 429}
HANGS = 300.0


class Asked:
    """A server in a process of its own, and what it said.

    Attributes:
        process: The server.
        statuses: How often each status came.
        faults: What should not have happened.
    """

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self._port = process, port
        self.statuses, self.faults = Counter[int](), list[str]()

    def post(self, what: str, body: bytes, kind: str = "application/octet-stream") -> None:
        """Send a body, and see that the answer is one of those that may be."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=HANGS)
        try:
            connection.request("POST", "/v1/predict", body, {"Content-Type": kind})
            answer = connection.getresponse()
            document = json.loads(answer.read())
            self.statuses[answer.status] += 1
            if answer.status not in ALLOWED or ("code" in document) == (answer.status == 200):
                self.faults.append(f"{what}: {answer.status} {document}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.faults.append(f"{what}: {error!r}")
        finally:
            connection.close()
        if self.process.poll() is not None:
            raise SystemExit(f"{what}: the server ended with status {self.process.returncode}")

    def post_all(self, what: str, bodies: list[tuple[bytes, str]]) -> None:
        """Send several bodies at once."""
        others = [Asked(self.process, self._port) for _ in bodies]
        threads = [
            threading.Thread(target=other.post, args=(what, *body)) for other, body in zip(others, bodies, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread, other in zip(threads, others, strict=True):
            thread.join()
            self.statuses += other.statuses
            self.faults += other.faults

    def processes(self) -> list[int]:
        """The server and those that decode for it."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [self.process.pid, *(int(child) for file in children for child in file.read_text().split())]

    def mib(self, key: str) -> list[float]:
        """MiB of each process: ``VmRSS``, what it has, or ``VmHWM``, the most that it had."""
        found = []
        for number in self.processes():
            lines = Path(f"/proc/{number}/status").read_text(encoding="ascii").splitlines()
            found.append(next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024)
        return found

    def forget_peaks(self) -> None:
        """Let the most that each process had begin anew."""
        for number in self.processes():
            Path(f"/proc/{number}/clear_refs").write_text("5", encoding="ascii")


@contextmanager
def serving(folder: Path) -> Iterator[Asked]:
    """A server for a small run."""
    chance = np.random.default_rng(0)
    images, labels = chance.integers(0, 256, (60, 8, 8, 3), dtype=np.uint8), np.arange(60) % 3
    noise = ImageDataset(images, labels, ("a", "b", "c"))
    pl.fit(DataSplits("noise", noise, noise), model="conv 4 3x3 relu, flatten, dense 3", epochs=1, out=folder / "run")
    command = [str(Path(sys.executable).parent / "pellucid"), "serve", str(folder / "run"), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        port = urlsplit((process.stdout or io.StringIO()).readline().strip()).port
        if port is None:
            raise SystemExit("the server did not begin")
        yield Asked(process, port)
    finally:
        process.terminate()
        if process.wait(HANGS) != 0:
            raise SystemExit(f"the server ended with status {process.returncode}")


def _encoded(kind: str, mode: str = "RGB", side: int = SIDE, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (side, side)).save(buffer, kind, **options)
    return buffer.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _with_texts(kind: bytes, head: bytes, count: int) -> bytes:
    """A PNG with texts that unpack to a MiB each."""
    png = _encoded("PNG", "L", 8)
    text = _chunk(kind, head + zlib.compress(bytes(MIB - 1)))
    return png[:33] + text * count + png[33:]


def _many_scans() -> bytes:
    """A progressive JPEG whose last scan comes again until the body is as large as it may be."""
    jpeg = _encoded("JPEG", progressive=True)
    start = jpeg.rindex(b"\xff\xda")
    scan = jpeg[start:-2]
    return jpeg[:start] + scan * ((4 * MIB - len(jpeg)) // len(scan)) + jpeg[-2:]


def bombs() -> dict[str, bytes]:
    """Small files that ask for much, by what they are."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    frames = [Image.new("P", (SIDE, SIDE)) for _ in range(20)]
    gif = io.BytesIO()
    frames[0].save(gif, "GIF", save_all=True, append_images=frames[1:])
    return {
        "a PNG that tells 60,000 x 60,000 pixels": b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", b""),
        "a PNG with as many pixels as may be": _encoded("PNG"),
        "a PNG with transparency": _encoded("PNG", "RGBA"),
        "a PNG in 16 bits": _encoded("PNG", "I;16"),
        "a grey PNG of four times as many pixels": _encoded("PNG", "L", 2 * SIDE),
        "a PNG with 60 zTXt of a MiB": _with_texts(b"zTXt", b"a\0\0", 60),
        "a PNG with 60 iTXt of a MiB": _with_texts(b"iTXt", b"a\0\1\0\0\0", 60),
        "a PNG with a colour profile of a MiB": _with_texts(b"iCCP", b"a\0\0", 1),
        "a progressive JPEG of thousands of scans": _many_scans(),
        "a JPEG": _encoded("JPEG"),
        "a progressive JPEG": _encoded("JPEG", progressive=True),
        "a GIF of 20 frames": gif.getvalue(),
        "a WebP": _encoded("WEBP"),
        "a lossless WebP": _encoded("WEBP", lossless=True),
        "an AVIF": _encoded("AVIF", side=1150),
        "a JPEG 2000": _encoded("JPEG2000", side=890),
        "a packed TIFF": _encoded("TIFF", compression="tiff_adobe_deflate"),
        "a TIFF by LZW": _encoded("TIFF", compression="tiff_lzw"),
        "a BMP by run lengths that ends at once": _encoded("BMP")[:100],
        "a body of zeros": bytes(4 * MIB),
        "brackets": b"[" * 4 * MIB,
    }


def try_bombs(asked: Asked) -> None:
    """Each bomb alone, four at once, and as JSON; the memory that each took."""
    asked.post("a small image", _encoded("PNG", "L", 8))
    idle, most = asked.mib("VmRSS"), 0.0
    for name, raw in bombs().items():
        texts = json.dumps({"images": [base64.b64encode(raw).decode()] * max(1, min(32, 3 * MIB // len(raw)))}).encode()
        asked.forget_peaks()
        begin = time.perf_counter()
        asked.post(name, raw)
        asked.post(f"{name}, as JSON", raw if name == "brackets" else texts, "application/json")
        asked.post_all(f"{name}, four at once", [(raw, "image/png")] * 4)
        each = asked.mib("VmHWM")
        taken = sum(each) - sum(idle)
        most = max(most, taken)
        told = f"{taken:.0f} MiB more ({_told(each)} in all), {time.perf_counter() - begin:.1f} s"
        print(f"{name}, {len(raw):,} bytes: {told}", flush=True)
    print(f"bombs: at most {most:.0f} MiB above the {_told(idle)} MiB before; {dict(asked.statuses)}", flush=True)
    if most > MOST_MIB:
        asked.faults.append(f"bombs took {most:.0f} MiB")


def _told(each: list[float]) -> str:
    return " + ".join(f"{mib:.0f}" for mib in each)


def try_changed(asked: Asked, cases: int, seed: int, folder: Path) -> None:
    """Images of all kinds, changed at random."""
    before = asked.statuses.copy()
    originals = {}
    for number, (name, kind) in enumerate(IMAGES.items()):
        place = folder / str(number)
        place.mkdir()
        originals[name] = kind.make(place).read_bytes()
    names = list(originals)
    for number in range(cases):
        name = names[number % len(names)]
        asked.post(f"{name} {seed}/{number}", mutant(originals[name], random.Random(f"{seed}/{name}/{number}")))
    print(f"{cases:,} changed images: {dict(asked.statuses - before)}", flush=True)


def main() -> None:
    """Try all, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="Changed images.")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as place, serving(Path(place)) as asked:
        try_bombs(asked)
        try_changed(asked, given.cases, given.seed, Path(place))
        faults = asked.faults
    for fault in faults:
        print(fault)
    print(f"{len(faults)} faults; the server ended when it was told to")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
