"""Files from the internet: fetched once, continued where they broke off, used only when their checksum is right."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.progress import DownloadColumn, TimeRemainingColumn, TransferSpeedColumn

from pellucid.bars import make_bar, say, stderr
from pellucid.data.cache import cache_folder
from pellucid.errors import DataError

TIMEOUT_SECONDS = 20
ATTEMPTS = 5
CHUNK_BYTES = 256 << 10
RANGE_NOT_SATISFIABLE = 416
PARTIAL_CONTENT = 206

OnBytes = Callable[[str, int | None, int], None]


@dataclass(frozen=True)
class RemoteFile:
    """A file that somebody published.

    Attributes:
        place: Where it is kept below `downloads_folder`, such as ``kmnist/t10k-labels-idx1-ubyte.gz``.
        md5: Checksum of the file, as published. It tells damage and mix-ups, and is no proof against forgery.
        addresses: Where the file can be had, tried in turn.
    """

    place: str
    md5: str
    addresses: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Where the file is kept; it may be placed there by hand."""
        return downloads_folder() / self.place

    @property
    def part(self) -> Path:
        """What has come of the file so far."""
        return self.path.with_name(f"{self.path.name}.part")

    def is_here(self) -> bool:
        """Whether the file is in its place.

        Raises:
            DataError: Another file is in its place, or the file cannot be read.
        """
        try:
            if not self.path.exists():
                return False
            state = self.path.stat()
            received = _md5_of(self.path, state.st_size, state.st_mtime_ns)
        except OSError as error:
            raise DataError(f"{self.path}: the file cannot be read ({error.strerror or error}).") from None
        if received != self.md5:
            remedy = "Remove it, and it is downloaded; or place the published file there."
            raise DataError(f"{self.path}: the file's MD5 must be {self.md5}; received {received}. {remedy}")
        return True


def downloads_folder() -> Path:
    """Where downloaded files are kept: below the cache, in downloads."""
    return cache_folder().parent / "downloads"


def fetch(name: str, files: Sequence[RemoteFile]) -> list[Path]:
    """Get the files that are not here yet. Those that are, placed by hand or downloaded before, are checked.

    Args:
        name: The data set that they belong to.
        files: The files of the data set.

    Returns:
        Where each file lies.

    Raises:
        DataError: A file has the wrong checksum; no address gave it; or it cannot be written.
    """
    missing = [file for file in files if not file.is_here()]
    with DownloadBar() as bar:
        for number, file in enumerate(missing):
            try:
                failures = _download(file, bar)
            except OSError as error:
                remedy = "Free some space, or set PELLUCID_CACHE to another folder."
                raise DataError(f"{file.path.parent} cannot be written ({error.strerror or error}). {remedy}") from None
            if failures:
                raise DataError(_by_hand(name, file, failures, missing[number:]))
    return [file.path for file in files]


def _download(file: RemoteFile, bar: DownloadBar) -> dict[str, str]:
    """Try the addresses in turn.

    Returns:
        Why each of them failed; nothing when the file is here.
    """
    from filelock import FileLock

    failures: dict[str, str] = {}
    file.path.parent.mkdir(parents=True, exist_ok=True)
    # Two processes that continue the same part would spoil it.
    with FileLock(file.path.with_name(f".{file.path.name}.lock")):
        if file.is_here():
            return {}
        for address in file.addresses:
            if not (reason := _failure(file, address, bar)):
                bar.done(file.place, file.path.stat().st_size)
                return {}
            failures[address] = reason
    return failures


def _failure(file: RemoteFile, address: str, bar: DownloadBar) -> str:
    """Download from one address, again as long as that brings it forward.

    Returns:
        Why it failed; empty when the file is here.
    """
    import pooch
    import requests

    reason = ""
    for _ in range(ATTEMPTS):
        kept = _size_of(file.part)
        downloader: Any = _Resuming(file, bar)
        try:
            with _quiet(pooch.get_logger()):
                pooch.retrieve(address, f"md5:{file.md5}", file.path.name, file.path.parent, downloader=downloader)
        except requests.RequestException as error:
            reason = _reason(error)
            if _size_of(file.part) <= kept:
                break
        except ValueError:  # pooch: the checksum is wrong, and what came is removed
            reason = f"its MD5 is not {file.md5}"
            if not kept:  # else the part may have been of another file: once more from the start
                break
        else:
            return ""
    return reason


class _Resuming:
    """A downloader for pooch that continues what was left of an earlier attempt.

    Args:
        file: What is downloaded.
        on_bytes: Told of the file's name, its size if that is known, and how much of it is there.
    """

    def __init__(self, file: RemoteFile, on_bytes: OnBytes) -> None:
        self.file = file
        self.on_bytes = on_bytes

    def __call__(self, url: str, output_file: Any, pooch: Any = None) -> None:
        """Download to the part, and when it is whole, hand it over as ``output_file``.

        Raises:
            requests.RequestException: The server cannot be reached, refuses, or breaks off. The part stays.
        """
        import requests

        part = self.file.part
        kept = _size_of(part)
        # The bytes as they lie there: some servers offer to unpack .gz on the way.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={kept}-"} if kept else {})
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS) as response:
            # When no bytes are left to ask for, the part is whole, or wrong; the checksum tells.
            if not (kept and response.status_code == RANGE_NOT_SATISFIABLE):
                response.raise_for_status()
                if "html" in response.headers.get("Content-Type", ""):
                    raise requests.RequestException("it answers with a web page")
                self._write(response, kept if response.status_code == PARTIAL_CONTENT else 0)
        part.replace(output_file)

    def _write(self, response: Any, start: int) -> None:
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if length.isdecimal() else None
        with self.file.part.open("ab" if start else "wb") as part:
            self.on_bytes(self.file.place, total, start)
            for chunk in response.iter_content(CHUNK_BYTES):
                part.write(chunk)
                self.on_bytes(self.file.place, total, part.tell())


class DownloadBar:
    """Shows on stderr how much of a file is there, if that is a terminal; a line says when it is done."""

    def __init__(self) -> None:
        self.console = stderr()
        columns = DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(compact=True)
        self._bar = make_bar(self.console, *columns)
        self._task = self._bar.add_task("", visible=False)
        self._place = ""
        self._started = 0.0

    def __enter__(self) -> DownloadBar:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._bar.stop()

    def __call__(self, place: str, total: int | None, there: int) -> None:
        """Take in how much of a file is there."""
        if place != self._place:
            self._place, self._started = place, time.perf_counter()
            self._bar.reset(self._task, description=place, visible=True)
        self._bar.update(self._task, total=total, completed=there)

    def done(self, place: str, size: int) -> None:
        """Say that a file is there."""
        seconds = time.perf_counter() - self._started
        say(self.console, f"{place}: {size / 1e6:,.1f} MB in {seconds:.1f} s")


def _by_hand(name: str, file: RemoteFile, failures: dict[str, str], missing: Sequence[RemoteFile]) -> str:
    tried = "\n".join(f"  {address} ({reason})" for address, reason in failures.items())
    wanted = "\n".join(f"  {other.path}  MD5 {other.md5}  from {other.addresses[0]}" for other in missing)
    return (
        f"{name}: {file.path.name} must be downloaded, and no address gave it:\n{tried}\n"
        f"Try again later; what has come so far is kept. Or get these files elsewhere and place them as:\n{wanted}"
    )


def _reason(error: Exception) -> str:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP status {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return f"no answer for {TIMEOUT_SECONDS} s"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "it broke off"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return str(error)


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Without pooch's own messages: the bar says the same."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@lru_cache(maxsize=64)
def _md5_of(path: Path, _size: int, _modified: int) -> str:
    """The checksum; read anew only when the file has changed."""
    import pooch

    return pooch.file_hash(str(path), alg="md5")
