import hashlib
import os
import re
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pellucid.data.cache import list_cache
from pellucid.data.downloads import RemoteFile, downloads_folder, fetch
from pellucid.errors import DataError

CONTENT = bytes(range(256)) * 4000


class Server(ThreadingHTTPServer):
    """Serves `files`, with ranges unless told otherwise; hangs up after `cut` bytes."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {"/here/file.gz": CONTENT}
        self.kinds: dict[str, str] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.ranges = True
        self.cut: int | None = None

    def address(self, path: str = "/here/file.gz") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers["Range"]
        self.server.asked.append((self.path, wanted))
        if (content := self.server.files.get(self.path)) is None:
            self.send_error(404)
            return
        start = 0
        if wanted and self.server.ranges:
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        self.send_header("Content-Type", self.server.kinds.get(self.path, "application/octet-stream"))
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:][: self.server.cut])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def nowhere() -> str:
    """An address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/file.gz"


def remote(*addresses: str, content: bytes = CONTENT, place: str = "set/file.gz") -> RemoteFile:
    return RemoteFile(place, hashlib.md5(content, usedforsecurity=False).hexdigest(), addresses)


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_a_file_is_downloaded_once_below_the_cache(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    file = remote(server.address())
    (path,) = fetch("set", [file])
    assert path == Path(os.environ["PELLUCID_CACHE"]) / "downloads" / "set" / "file.gz"
    assert path.read_bytes() == CONTENT
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"set/file\.gz: 1\.0 MB in \d+\.\d s\n", err)
    assert fetch("set", [file]) == [path]
    assert server.asked == [("/here/file.gz", None)]
    assert capsys.readouterr() == ("", "")
    assert [entry.name for entry in path.parent.iterdir() if not entry.name.startswith(".")] == ["file.gz"]
    assert list_cache() == []


def test_a_part_that_was_left_is_continued(server: Server) -> None:
    file = remote(server.address())
    put(file.part, CONTENT[:400_000])
    (path,) = fetch("set", [file])
    assert path.read_bytes() == CONTENT
    assert server.asked == [("/here/file.gz", "bytes=400000-")]
    assert not file.part.exists()


def test_a_part_that_is_whole_is_taken(server: Server) -> None:
    file = remote(server.address())
    put(file.part, CONTENT)
    assert fetch("set", [file])[0].read_bytes() == CONTENT


def test_a_part_is_replaced_where_the_server_knows_no_ranges(server: Server) -> None:
    server.ranges = False
    file = remote(server.address())
    put(file.part, CONTENT[:1000])
    assert fetch("set", [file])[0].read_bytes() == CONTENT


def test_a_part_of_another_file_is_thrown_away(server: Server) -> None:
    file = remote(server.address())
    put(file.part, b"something else")
    assert fetch("set", [file])[0].read_bytes() == CONTENT
    assert server.asked == [("/here/file.gz", "bytes=14-"), ("/here/file.gz", None)]


def test_a_transfer_that_breaks_off_is_continued_at_once(server: Server) -> None:
    server.cut = 300_000
    assert fetch("set", [remote(server.address())])[0].read_bytes() == CONTENT
    starts = [0 if wanted is None else int(wanted[6:-1]) for _, wanted in server.asked]
    assert len(starts) == 4
    assert starts == sorted(set(starts))


def test_a_part_stays_when_nothing_more_comes(server: Server) -> None:
    server.cut, server.ranges = 600_000, False
    file = remote(server.address())
    with pytest.raises(DataError, match=r"(?s)it broke off.*what has come so far is kept"):
        fetch("set", [file])
    assert file.part.stat().st_size > 0
    server.cut, server.ranges = None, True
    assert fetch("set", [file])[0].read_bytes() == CONTENT
    assert server.asked[-1][1] is not None


def test_a_download_of_the_wrong_checksum_is_refused(server: Server) -> None:
    file = remote(server.address(), content=b"the published content")
    with pytest.raises(DataError, match=re.escape(f"{server.address()} (its MD5 is not {file.md5})")):
        fetch("set", [file])
    assert not file.path.exists()
    assert not file.part.exists()


def test_mirrors_are_tried_in_turn(server: Server) -> None:
    file = remote(nowhere(), server.address("/missing"), server.address("/page"), server.address())
    server.files["/page"], server.kinds["/page"] = b"<html>moved</html>" * 1000, "text/html; charset=utf-8"
    put(file.part, CONTENT[:5000])
    assert fetch("set", [file])[0].read_bytes() == CONTENT
    asked = [path for path, _ in server.asked]
    assert asked == ["/missing", "/page", "/here/file.gz"]
    assert server.asked[-1] == ("/here/file.gz", "bytes=5000-")


def test_offline_one_message_tells_what_to_place_where(server: Server) -> None:
    first, second = nowhere(), server.address("/missing")
    files = [remote(server.address(), place="set/a.gz"), *(remote(first, second, place=f"set/{n}.gz") for n in "bc")]
    with pytest.raises(DataError) as caught:
        fetch("set", files)
    md5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    assert str(caught.value).splitlines() == [
        "set: b.gz must be downloaded, and no address gave it:",
        f"  {first} (no connection)",
        f"  {second} (HTTP status 404)",
        "Try again later; what has come so far is kept. Or get these files elsewhere and place them as:",
        f"  {downloads_folder()}/set/b.gz  MD5 {md5}  from {first}",
        f"  {downloads_folder()}/set/c.gz  MD5 {md5}  from {first}",
    ]


def test_a_file_placed_by_hand_is_used() -> None:
    file = remote(nowhere())
    put(file.path, CONTENT)
    assert fetch("set", [file]) == [file.path]


def test_a_wrong_file_placed_by_hand_is_refused_and_left(server: Server) -> None:
    file = remote(server.address())
    put(file.path, b"not it")
    received = hashlib.md5(b"not it", usedforsecurity=False).hexdigest()
    text = f"{file.path}: the file's MD5 must be {file.md5}; received {received}. Remove it, and it is downloaded"
    with pytest.raises(DataError, match=re.escape(text)):
        fetch("set", [file])
    assert file.path.read_bytes() == b"not it"
    assert server.asked == []


def test_a_file_that_is_changed_later_is_noticed(server: Server) -> None:
    file = remote(server.address())
    fetch("set", [file])
    file.path.write_bytes(CONTENT[:-1])
    with pytest.raises(DataError, match="MD5 must be"):
        fetch("set", [file])


def test_a_folder_in_its_place_is_named() -> None:
    file = remote(nowhere())
    file.path.mkdir(parents=True)
    with pytest.raises(DataError, match=r"file\.gz: the file cannot be read"):
        fetch("set", [file])


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match=r"set cannot be written .* or set PELLUCID_CACHE to another folder"):
        fetch("set", [remote(nowhere())])


def test_two_at_the_same_time_download_once(server: Server) -> None:
    file = remote(server.address())
    threads = [threading.Thread(target=fetch, args=("set", [file])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert file.path.read_bytes() == CONTENT
    assert len(server.asked) == 1
