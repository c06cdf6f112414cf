"""Clients that keep to no rule, over sockets: each gets a problem as JSON, or is left; those who do are answered."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable

import numpy as np
import pytest

from pellucid.data.dataset import DataSplits
from pellucid.serve.problem import SECURITY_HEADERS

from .conftest import Live, until_closed

Png = Callable[..., bytes]
HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n"
IMAGE = b"Content-Type: image/png\r\n"


def post(*headers: bytes, body: bytes = b"", path: bytes = b"/v1/predict") -> bytes:
    """A request; where no other is to follow, it says CLOSE, so that its answer ends the connection."""
    return b"POST " + path + b" HTTP/1.1\r\n" + b"".join(headers) + b"\r\n" + body


def length(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n" % len(body)


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)


def read(raw: bytes) -> tuple[int, dict]:
    """Status and document of an answer."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    assert SECURITY_HEADERS.items() <= headers.items()
    status = int(lines[0].split()[1])
    if status != 200:
        assert headers["content-type"] == "application/problem+json"
    return status, json.loads(body[: int(headers["content-length"])])


def answered(live: Live, image: bytes) -> None:
    """See that a client that keeps to the rules gets its answer."""
    status, found = read(live.talk(post(HOST, CLOSE, IMAGE, length(image), body=image)))
    assert (status, found["predictions"][0]["label"]) == (200, "across")


@pytest.fixture
def image(bars: DataSplits, png: Png) -> bytes:
    return png(bars.test.images[0])


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (post(CLOSE, IMAGE), 400, "malformed_request"),
        (post(HOST, CLOSE, HOST, IMAGE), 400, "malformed_request"),
        (post(b"Host: evil.example\r\n", CLOSE, IMAGE), 421, "foreign_host"),
        (post(b"Host: 127.0.0.1.evil.example:80\r\n", CLOSE, IMAGE), 421, "foreign_host"),
        (post(HOST, IMAGE, b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"), 400, "malformed_request"),
        (post(HOST, IMAGE, b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n"), 400, "malformed_request"),
        (post(HOST, IMAGE, b"Content-Length: 2\r\nContent-Length: 3\r\n"), 400, "malformed_request"),
        (post(HOST, IMAGE, b"Content-Length: 99999999999999999999999\r\n"), 400, "malformed_request"),
        (post(HOST, IMAGE, CLOSE, b"Content-Length: 9999999\r\n"), 413, "body_too_large"),
        (post(HOST, IMAGE, b"Content-Length: -1\r\n"), 400, "malformed_request"),
        (post(HOST, IMAGE, b"Transfer-Encoding: chunked\r\n", body=b"zz\r\n"), 400, "malformed_request"),
        (post(HOST, b"X: " + b"a" * 100_000 + b"\r\n"), 431, "header_too_large"),
        (post(HOST, *(b"X%d: a\r\n" % number for number in range(5000))), 431, "header_too_large"),
        (post(HOST, path=b"/" + b"a" * 100_000), 431, "header_too_large"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "malformed_request"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "malformed_request"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "malformed_request"),
        (b"CONNECT localhost:22 HTTP/1.1\r\n" + HOST + b"\r\n", 400, "malformed_request"),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n", 400, "malformed_request"),
    ],
)
def test_what_is_no_proper_request_is_told_so_and_left(live: Live, request_: bytes, status: int, code: str) -> None:
    found, problem = read(live.talk(request_))
    assert (found, problem["status"], problem["code"]) == (status, status, code)


def test_a_body_may_come_in_any_pieces(live: Live, image: bytes) -> None:
    answered(live, image)
    encoding = b"Transfer-Encoding: chunked\r\n"
    one_by_one = [chunked(image[place : place + 1]) for place in range(len(image))]
    status, found = read(live.talk(post(HOST, CLOSE, IMAGE, encoding), *one_by_one, b"0\r\n\r\n"))
    assert (status, found["predictions"][0]["label"]) == (200, "across")


def test_requests_of_one_connection_are_answered_in_turn(live: Live, image: bytes) -> None:
    one = post(HOST, IMAGE, length(image), body=image)
    last = b"GET /healthz HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"
    found = live.talk(one * 3 + last)
    assert found.count(b"HTTP/1.1 200 OK") == 4
    assert found.count(b'"label":"across"') == 3
    assert found.endswith(b'{"status":"ok"}')


def test_chunks_without_end_are_ended_at_the_bound_of_bodies(live: Live) -> None:
    header = post(HOST, CLOSE, IMAGE, b"Transfer-Encoding: chunked\r\n")
    status, problem = read(live.talk(header, *[chunked(bytes(1000))] * 100))
    assert (status, problem["code"]) == (413, "body_too_large")


def test_a_packed_body_is_not_unpacked(live: Live) -> None:
    bomb = gzip.compress(bytes(10 << 20))
    status, problem = read(live.talk(post(HOST, CLOSE, IMAGE, b"Content-Encoding: gzip\r\n", length(bomb), body=bomb)))
    assert (status, problem["code"]) == (415, "unsupported_media_type")


def test_an_upgrade_is_not_taken(live: Live) -> None:
    upgrade = b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Key: YQ==\r\n"
    status, _ = read(live.talk(b"GET /healthz HTTP/1.1\r\n" + HOST + upgrade + b"\r\n"))
    assert status == 200


def test_a_client_that_leaves_leaves_nothing_behind(live: Live, image: bytes) -> None:
    for sent in (b"", b"POST /v1", post(HOST, IMAGE, length(image)), post(HOST, IMAGE, length(image), body=image)):
        with live.connect() as connection:
            connection.sendall(sent)
    answered(live, image)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /hea",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",  # answered, and silent from then on
        post(HOST, IMAGE, b"Content-Length: 100\r\n", body=b"half"),
        post(HOST, IMAGE, b"Transfer-Encoding: chunked\r\n", body=chunked(b"half")),
    ],
)
def test_a_silent_client_is_left(impatient: Live, sent: bytes) -> None:
    found = impatient.talk(sent)
    if sent.startswith(b"POST"):
        status, problem = read(found)
        assert (status, problem["code"]) == (408, "client_too_slow")
    else:
        assert found.count(b"HTTP/1.1") == sent.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("begin", "drop"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ", b"a"),
        (post(HOST, IMAGE, b"Content-Length: 60000\r\n"), b"a"),
        (post(HOST, IMAGE, b"Transfer-Encoding: chunked\r\n"), chunked(b"a")),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n", b"a"),
    ],
)
def test_a_client_that_drips_is_left(impatient: Live, begin: bytes, drop: bytes) -> None:
    with impatient.connect() as connection:
        connection.sendall(begin)
        connection.settimeout(0.02)
        ended = False
        while not ended:  # for ever, if the server would
            try:
                connection.sendall(drop)
                ended = not connection.recv(65536)
            except TimeoutError:
                continue
            except ConnectionError:
                ended = True


def test_silent_connections_starve_nobody(live: Live, impatient: Live, image: bytes) -> None:
    """More than there may be, beside one that asks: the one that has been silent longest makes room."""
    silent = [impatient.connect() for _ in range(20)]
    try:
        status, found = read(impatient.talk(b"GET /healthz HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"))
        assert (status, found) == (200, {"status": "ok"})
        assert all(until_closed(connection) == b"" for connection in silent)
    finally:
        for connection in silent:
            connection.close()


def test_under_overload_all_is_refused_but_the_question_for_health(live: Live, image: bytes) -> None:
    gate = live.service.gate
    with gate.taking(live.service.limits.waiting):
        request = post(HOST, IMAGE, length(image), body=image)
        health = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
        ready = b"GET /readyz HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"
        found = live.talk(request, request, health, request, ready, pause=0.05)
        assert [part[:3] for part in found.split(b"HTTP/1.1 ")[1:]] == [b"429", b"429", b"200", b"429", b"200"]
        assert found.count(b"retry-after: 1\r\n") == 3
        status, problem = read(live.talk(post(HOST, CLOSE, IMAGE, length(image), body=image)))
        assert (status, problem["code"]) == (429, "overloaded")
    answered(live, image)
    assert b"pellucid_refused_total 4.0" in live.talk(b"GET /metrics HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")


def test_all_bodies_together_have_a_bound(live: Live, image: bytes) -> None:
    gate = live.service.gate
    gate.buffered += gate.limits.buffered_bytes
    try:
        status, problem = read(live.talk(post(HOST, CLOSE, IMAGE, length(image), body=image)))
    finally:
        gate.buffered -= gate.limits.buffered_bytes
    assert (status, problem["code"]) == (429, "overloaded")


def test_no_answer_goes_to_another_client(live: Live, bars: DataSplits, png: Png) -> None:
    files = [png(image) for image in bars.test.images[:64]]
    connections = [live.connect() for _ in files]
    for connection, file in zip(connections, files, strict=True):
        connection.sendall(post(HOST, CLOSE, IMAGE, length(file), body=file))
    answers = [read(until_closed(connection))[1]["predictions"][0] for connection in connections]
    for connection in connections:
        connection.close()
    expected = live.service.model.classifier.probabilities(bars.test.images[:64])
    found = np.array([list(answer["probabilities"].values()) for answer in answers])
    assert np.abs(found - expected).max() < 1e-6


def test_only_loopback_is_listened_at(live: Live) -> None:
    assert live.server.servers[0].sockets[0].getsockname()[0] == "127.0.0.1"
    others = {entry[4][0] for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in others - {name for name in others if name.startswith("127.")}:
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((address, live.port), timeout=60)
