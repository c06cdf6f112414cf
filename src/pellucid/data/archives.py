"""Zip and tar archives: read as they are, or unpacked into the cache; never trusted."""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from pellucid.data import listing
from pellucid.data.listing import Content
from pellucid.data.rejected import Rejected
from pellucid.data.scratch import LOCK, put, scratch_beside
from pellucid.data.tar import open_tar
from pellucid.errors import DataError
from pellucid.names import plain_name
from pellucid.untrusted import most_bytes_here, opened, read_json

# What the standard library raises on damage.
DAMAGED = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    tarfile.TarError,
    ValueError,
    OverflowError,
    RuntimeError,
    zlib.error,
    lzma.LZMAError,
)
CHUNK = 1 << 20
CONTENTS = ".contents.json"  # in a folder that an archive was unpacked to: the files, as they were then
UNIX = 3  # in a zip: made where a backslash is a letter as any other
MOST_RATIO = 10  # of what is unpacked to what it is unpacked from
# In a zip. Of the others Python unpacks as much as a bomb asks for before it looks how much that is.
READ_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
OTHER_METHOD = "it is packed by another method than deflate; pack the archive anew with the usual one"
END = struct.Struct("<4s4H2LH")  # of a zip: disks, how many files, where their list stands, and a comment
MANY_FILES = 0xFFFF  # that there are more is told elsewhere
SAID_UTF8 = 0x800  # in a zip: names are in UTF-8, and not in the code page of the first PCs
Members = tuple[list[tuple[str, Content]], list[str], list[Rejected]]


def members_of(archive: Path) -> Members:
    """The files of a zip or tar archive. Nothing is unpacked to disk.

    Members whose names lead out of the archive (absolute, ``..``), links and devices are rejected. A tar archive is
    read whole, since it cannot be read out of order; it may have ten times the size of its file and `MAX_FILE_BYTES`,
    and half of the machine's memory.

    Returns:
        Name and content of each file, the names of the folders that stand in it by themselves, and what was rejected.

    Raises:
        DataError: The archive is damaged, or unpacks to more than it may.
    """
    try:
        return _zip_members(archive) if _is_zip(archive) else _tar_members(archive)
    except DAMAGED as error:
        raise DataError(f"{archive}: the archive cannot be read ({error}).") from None


def _is_zip(archive: Path) -> bool:
    with opened(archive) as file:
        is_tar = file.read(tarfile.BLOCKSIZE)[257:262] == b"ustar"  # though its last file may be a zip
        return not is_tar and zipfile.is_zipfile(file)


def _zip_members(archive: Path) -> Members:
    found, folders, rejected = [], [], []
    seen: set[str] = set()
    with opened(archive) as file, zipfile.ZipFile(file) as unzipped:
        _require_all(file, unzipped)
        for info in unzipped.infolist():
            name = _name_in_zip(info)
            is_link = (info.external_attr >> 16) & 0o170000 == 0o120000
            if name.endswith("/"):
                folders.append(name)
            elif reason := _unsafe(info.filename, is_link):
                rejected.append(Rejected(f"{archive}/{info.filename}", reason))
            elif info.flag_bits & 1:
                rejected.append(Rejected(f"{archive}/{info.filename}", "it is encrypted"))
            elif info.compress_type not in READ_METHODS:
                rejected.append(Rejected(f"{archive}/{info.filename}", OTHER_METHOD))
            elif info.filename in seen:
                rejected.append(Rejected(f"{archive}/{info.filename}", "two files in it have this name"))
            else:
                seen.add(info.filename)
                found.append((name, Content(str(archive), info.filename)))
    return found, folders, rejected


def _require_all(file: BufferedReader, unzipped: zipfile.ZipFile) -> None:
    """See that as many files were found as the end of the archive says; Python does not look there.

    Raises:
        ValueError: There are others, since the list of files is damaged.
    """
    file.seek(-END.size - len(unzipped.comment), os.SEEK_END)
    told = END.unpack(file.read(END.size))[4]
    found = len(unzipped.infolist())
    if told != MANY_FILES and told != found % (MANY_FILES + 1):  # some write what is beyond the field's 16 bits
        raise ValueError(f"its list of files is damaged: it should name {told:,} files, but {found:,} were found")


def _name_in_zip(info: zipfile.ZipInfo) -> str:
    """What a member is called: with slashes where Windows wrote backslashes, in UTF-8 where it is that unsaid."""
    name = info.filename if info.create_system == UNIX else info.filename.replace("\\", "/")
    if info.flag_bits & SAID_UTF8 or name.isascii():
        return name
    try:
        return name.encode("cp437").decode("utf-8")  # as macOS and some other systems write names
    except UnicodeError:
        return name


def streamed(archive: Path) -> Iterator[tuple[str, Content] | Rejected]:
    """The files of a zip or tar archive one after another, of which one alone is held; see `members_of`.

    Raises:
        DataError: The archive is damaged, or unpacks to more than it may; what stands before is given beforehand.
    """
    try:
        if _is_zip(archive):
            found, _, rejected = _zip_members(archive)
            yield from (*found, *rejected)
        else:
            for member in _tar_stream(archive, _most_unpacked(archive)):
                if not isinstance(member, str):
                    yield member
    except DAMAGED as error:
        raise DataError(f"{archive}: the archive cannot be read ({error}).") from None


def _tar_members(archive: Path) -> Members:
    found, folders, rejected = [], [], []
    for member in _tar_stream(archive, min(_most_unpacked(archive), most_bytes_here())):
        kept = folders if isinstance(member, str) else rejected if isinstance(member, Rejected) else found
        kept.append(member)
    return found, folders, rejected


def _tar_stream(archive: Path, most: int) -> Iterator[tuple[str, Content] | Rejected | str]:
    """Name and content of each file of a tar archive, what is rejected, and the names of its folders."""
    with open_tar(archive, most) as tar:
        for info in tar.members():
            if info.isdir():
                yield info.name
            elif reason := _unsafe(info.name, not info.isfile() or info.issparse()):
                yield Rejected(f"{archive}/{info.name}", reason)
            elif info.size > listing.MAX_FILE_BYTES:
                yield Rejected(f"{archive}/{info.name}", "the file is too large")
            else:
                yield info.name, Content(str(archive), info.name, tar.read(info))
        if tar.ending:
            yield Rejected(str(archive), tar.ending)


def _most_unpacked(archive: Path) -> int:
    """Bytes that an archive may unpack to where all of it is needed."""
    return MOST_RATIO * archive.stat().st_size + listing.MAX_FILE_BYTES


def _unsafe(name: str, is_link: bool) -> str:
    parts = name.replace("\\", "/").split("/")
    if is_link:
        return "it is a link or no file"
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
        return "its name leads out of the archive"
    return "" if any(part.strip(".") for part in parts) else "it has no name"


def unpack(archive: Path, cache: Path) -> Path:
    """Unpack an archive below the cache, once; for what cannot be read from within it.

    Raises:
        DataError: The archive is damaged or not to be trusted, or the cache cannot be written.
    """
    state = archive.stat()
    key = hashlib.sha256(f"{archive.resolve()}/{state.st_size}/{state.st_mtime_ns}".encode()).hexdigest()[:20]
    folder = cache / f"{plain_name(archive.name, keep='.', most=100)}-{key}"
    if folder.exists():
        return folder
    members, _, rejected = members_of(archive)
    if rejected:
        raise DataError(f"{archive}: the archive is not to be trusted: {listing.rejected_of(rejected)}.")
    try:
        left = most = _most_unpacked(archive)
        cache.mkdir(parents=True, exist_ok=True)
        with scratch_beside(folder) as scratch:
            for name, content in members:
                raw = content.read()
                if (left := left - len(raw)) < 0:
                    raise ValueError(f"it unpacks to more than the {most:,} bytes that it may; unpack it yourself")
                place = scratch / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(raw)
            files = {name: _state(scratch / name) for name in _files_below(scratch) if name != CONTENTS}
            (scratch / CONTENTS).write_text(json.dumps({"archive": str(archive.resolve()), "files": files}), "utf-8")
            put(scratch, folder)
    except DAMAGED as error:
        if not folder.exists():
            raise DataError(f"{archive}: it cannot be unpacked to {folder} ({error}).") from None
    return folder


def changes_in(folder: Path) -> str:
    """How a folder differs from what `unpack` made it.

    Returns:
        The first difference as a clause, such as ``notes.txt in it is not from the archive``; empty without one.
    """
    try:
        files = read_json(folder / CONTENTS)["files"]
        unpacked = {str(name): tuple(state) for name, state in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"it has no {CONTENTS} of Pellucid's, which tells what was unpacked"
    for name in _files_below(folder):
        if name != CONTENTS and name not in unpacked:
            return f"{name} in it is not from the archive"
        if name != CONTENTS and _state(folder / name) != unpacked[name]:
            return f"{name} in it was changed"
    return ""


def _files_below(folder: Path) -> list[str]:
    """Names of all files, links, and empty folders in a folder."""
    places = sorted(place for place in folder.rglob("*") if place != folder / LOCK)
    above = {parent for place in places for parent in place.parents}
    return [place.relative_to(folder).as_posix() for place in places if place.is_symlink() or place not in above]


def _state(place: Path) -> tuple[int, int]:
    state = place.lstat()
    return state.st_size, state.st_mtime_ns
