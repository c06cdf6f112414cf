"""Tar archives of strangers, packed or not: read from their beginning to their end, and no further than they may."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pellucid.untrusted import opened

PACKED: dict[bytes, Callable[[io.BufferedReader], io.BufferedIOBase]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
    b"\x5d\0\0": lzma.LZMAFile,  # the older format of LZMA
}
CHUNK = 1 << 20
MOST_AT_ONCE = 1 << 20  # of a header, whose text may tell a name, an owner and the like
BLOCK = tarfile.BLOCKSIZE
RECORD = re.compile(rb"(\d{1,18}) ([^=]+)=")  # of a pax header: its length, and what it tells
MOST_KEYWORDS = 16 << 20


class Tar:
    """The members of an open archive, one after another.

    Attributes:
        ending: How it ends, where that is not as it should; empty until all of it was read.
    """

    def __init__(self, file: Forward) -> None:
        self._file = file
        self._opened = tarfile.TarFile(fileobj=file, mode="r")  # pyright: ignore[reportArgumentType]
        self.ending = ""

    def members(self) -> Iterator[tarfile.TarInfo]:
        """What stands in each header.

        Raises:
            OSError, EOFError, ValueError, tarfile.TarError, zlib.error, lzma.LZMAError: The archive is damaged, or
                unpacks to more than it may.
        """
        while (info := self._opened.next()) is not None:
            yield info
            self._opened.members.clear()  # pyright: ignore[reportAttributeAccessIssue] - else all would be kept
        self.ending = self._end()

    def read(self, info: tarfile.TarInfo) -> bytes:
        """The bytes of the member that was given last; its size was looked at before."""
        with self._file.at_once(info.size + BLOCK):
            file = self._opened.extractfile(info)
            return file.read() if file else b""

    def _end(self) -> str:
        """What is wrong where no further header could be read.

        Raises:
            ValueError: There is a header, and it is damaged: members would be lost without a word.
        """
        place, block = self._opened.offset, self._file.last
        if block.strip(b"\0"):
            remedy = "get the archive anew, or unpack what can be saved with another program and give the folder"
            raise ValueError(f"the header at byte {place:,} is damaged, and what follows it would be lost; {remedy}")
        follows = False
        while rest := self._file.read(CHUNK):  # to the checksum of the packing
            follows = follows or bool(rest.strip(b"\0"))
        if len(block) < BLOCK:
            return "it has no mark at its end, so that files may be missing"
        return "something follows its end, and was not read" if follows else ""


class Forward(io.RawIOBase):
    """A file that is read forwards; its reader can neither take much at once, nor more than it may in all.

    Attributes:
        last: What was read last.

    Args:
        file: The file, or what unpacks it.
        most: Bytes that may be read or left out in all.
    """

    def __init__(self, file: io.BufferedIOBase, most: int) -> None:
        super().__init__()
        self._file, self._most, self._place = file, most, 0
        self._at_once = MOST_AT_ONCE
        self.last = b""

    @contextmanager
    def at_once(self, most: int) -> Iterator[None]:
        """Within this context so many bytes may be taken at once."""
        before, self._at_once = self._at_once, max(most, self._at_once)
        try:
            yield
        finally:
            self._at_once = before

    def read(self, size: int = -1) -> bytes:
        """Bytes from the place that was reached.

        Raises:
            ValueError: They are more than may be taken.
        """
        if not 0 <= size <= self._at_once:
            raise ValueError(f"a header takes {size:,} bytes, and may take {self._at_once:,}")
        self.last = self._file.read(size)
        self._place += len(self.last)
        if self._place > self._most:
            raise ValueError(f"it unpacks to more than the {self._most:,} bytes that it may")
        if BLOCK < size <= MOST_AT_ONCE == self._at_once:
            _require_quick(self.last)
        return self.last

    def seek(self, place: int, whence: int = 0) -> int:
        """Go on to a place; from what is packed all before it is unpacked and counted."""
        if whence or place < self._place:
            raise ValueError("its headers lead backwards")
        while self._place < place and self.read(min(CHUNK, place - self._place)):
            pass
        return self._place

    def tell(self) -> int:
        """The place that was reached."""
        return self._place


def _require_quick(text: bytes) -> None:
    """See that Python's reader of pax headers gets to the end of a text: records that overlap take the square of it.

    Raises:
        ValueError: It does not.
    """
    place = taken = 0
    while match := RECORD.match(text, place):
        length, taken = int(match[1]), taken + len(match[2])
        if not length or taken > MOST_KEYWORDS:
            raise ValueError("a header in it is damaged")
        place += length


@contextmanager
def open_tar(path: Path, most: int) -> Iterator[Tar]:
    """Open a tar archive, packed by gzip, bzip2 or xz or not.

    Args:
        path: The archive.
        most: Bytes that it may unpack to, headers and all.

    Raises:
        OSError, EOFError, ValueError, tarfile.TarError, zlib.error, lzma.LZMAError: It cannot be read, or is none.
    """
    with opened(path) as file:
        begins = file.read(6)
        file.seek(0)
        unpack = next((unpack for mark, unpack in PACKED.items() if begins.startswith(mark)), None)
        yield Tar(Forward(unpack(file) if unpack else file, most))
