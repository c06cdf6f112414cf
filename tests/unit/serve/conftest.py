"""A run that answers: in this process without a network, and over sockets of this machine."""

from __future__ import annotations

import asyncio
import base64
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from pellucid.predict.predictor import Predictor
from pellucid.serve.address import Address
from pellucid.serve.app import application
from pellucid.serve.limits import Limits
from pellucid.serve.model import Model
from pellucid.serve.server import Server, server
from pellucid.serve.service import Service

LONG = 600.0  # only so as not to hang
PATIENT = Limits(client_seconds=LONG, decode_seconds=LONG, answer_seconds=LONG)


@pytest.fixture(scope="session")
def predictor(bars_run: Path) -> Predictor:
    return Predictor.load(bars_run, device="cpu")


class Api:
    """The application, asked without a network, on a loop of its own."""

    def __init__(self, service: Service, **settings: Any) -> None:
        self.service = service
        self.app = application(service, **settings)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=LONG)
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(service.__aenter__())

    def close(self) -> None:
        self.loop.run_until_complete(self.service.__aexit__())
        self.loop.close()

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        return self.loop.run_until_complete(self.client.request(method, path, **given))

    def predict(self, file: bytes, kind: str = "image/png", **given: Any) -> httpx.Response:
        return self.ask("POST", "/v1/predict", content=file, headers={"content-type": kind}, **given)

    def predict_all(self, *files: bytes) -> httpx.Response:
        return self.ask("POST", "/v1/predict", json={"images": [base64.b64encode(file).decode() for file in files]})


@pytest.fixture(scope="session")
def api(predictor: Predictor) -> Iterator[Api]:
    found = Api(Service(Model.of_run(predictor), PATIENT))
    yield found
    found.close()


@dataclass
class Live:
    """A server that listens on a port of this machine."""

    server: Server
    port: int
    service: Service

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=LONG)

    def talk(self, *parts: bytes, pause: float = 0.0) -> bytes:
        """Send bytes, and give what comes until the server ends the connection."""
        with self.connect() as connection:
            try:
                for part in parts:
                    connection.sendall(part)
                    time.sleep(pause)
            except OSError:
                pass  # it was ended meanwhile
            return until_closed(connection)


def until_closed(connection: socket.socket) -> bytes:
    found = b""
    try:
        while part := connection.recv(65536):
            found += part
    except ConnectionError:
        pass
    return found


def served(predictor: Predictor, limits: Limits, token: str | None = None) -> Iterator[Live]:
    address, ready = Address.bind("127.0.0.1", 0), threading.Event()
    service = Service(Model.of_run(predictor), limits)
    port = address.socket.getsockname()[1]
    one = server(service, address, token, ready.set)
    thread = threading.Thread(target=lambda: one.run(sockets=[address.socket]))
    thread.start()
    assert ready.wait(LONG)
    yield Live(one, port, service)
    one.should_exit = True
    thread.join(LONG)
    assert not thread.is_alive()


@pytest.fixture(scope="session")
def live(predictor: Predictor) -> Iterator[Live]:
    """It waits for its clients as long as need be."""
    yield from served(predictor, replace(PATIENT, body_bytes=65536))


@pytest.fixture(scope="session")
def impatient(predictor: Predictor) -> Iterator[Live]:
    """It ends connections soon whose client is slow, and has few of them."""
    yield from served(predictor, Limits(client_seconds=0.3, connections=6, body_bytes=65536))


@pytest.fixture(scope="session")
def png() -> Callable[..., bytes]:
    def encoded(pixels: np.ndarray, kind: str = "PNG") -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(pixels.squeeze()).save(buffer, kind)
        return buffer.getvalue()

    return encoded
