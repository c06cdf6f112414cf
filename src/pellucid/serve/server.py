"""The API of a run, served until it is told to end."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial

import uvicorn
from typing_extensions import override

from pellucid.serve.address import LOCAL_NAMES, Address
from pellucid.serve.app import application
from pellucid.serve.protocol import BoundedProtocol
from pellucid.serve.service import Service

SWITCH_SECONDS = 0.0005  # after which a thread gives way, so that the network's is not kept waiting by connections
BACKLOG = 1024  # connections that the system keeps until they are accepted


class Server(uvicorn.Server):
    """A server that ends as if all were done when it hears Ctrl-C or TERM: a second Ctrl-C leaves what is under way."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    @override
    async def startup(self, sockets: object = None) -> None:
        sys.setswitchinterval(SWITCH_SECONDS)
        await super().startup(sockets)  # pyright: ignore[reportArgumentType]
        self._on_start()

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hear the signals without raising them again at the end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def server(
    service: Service, address: Address, token: str | None = None, on_start: Callable[[], None] = lambda: None
) -> Server:
    """A server; `run` listens until it is told to end, and answers what is under way then.

    Args:
        service: What answers.
        address: Where.
        token: What clients must give; None takes all, who must then ask under a name of this machine alone, so that
            no page of a browser reaches the server under another name.
        on_start: Called when it listens.

    Raises:
        SettingError: The token is missing or short.
    """
    address.require_token(token)
    hosts = None if token else {*LOCAL_NAMES, address.host.lower()}
    limits = service.limits
    config = uvicorn.Config(
        application(service, token, hosts),
        http=partial(BoundedProtocol, gate=service.gate, refused=service.metrics.refused.inc),  # pyright: ignore[reportArgumentType]
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=round(limits.client_seconds) + 1,  # the protocol has a deadline of its own
        timeout_graceful_shutdown=round(2 * limits.client_seconds + limits.answer_seconds) + 1,
    )
    return Server(config, on_start)
