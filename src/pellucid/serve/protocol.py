"""HTTP over one connection: uvicorn's protocol with a deadline at any moment, and a bound for headers.

A connection waits for a request, or the server works on one; a timer runs in both, so that none stays open for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pellucid.serve.gate import Gate
from pellucid.serve.problem import ProblemError, overloaded

HEALTH = ("/healthz", "/readyz")
ALWAYS_ANSWERED = tuple(path.encode() for path in HEALTH)
SEPARATORS = 4  # bytes of a header beside its name and value
# Made once: under overload this is most of the server's work.
REFUSALS = {keep: overloaded().raw_answer(close=not keep) for keep in (False, True)}
REFUSED = SimpleNamespace(response_complete=True, message_event=asyncio.Event(), keep_alive=True)


class BoundedProtocol(HttpToolsProtocol):
    """A connection that is ended when its client is too slow, or sends too large a header.

    Under overload requests are refused here, before anything is made of them, but those that ask for health.
    """

    def __init__(self, *, gate: Gate, refused: Callable[[], None], **settings: Any) -> None:
        super().__init__(**settings)
        self._gate, self._limits, self._on_refusal = gate, gate.limits, refused
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        self._unsent = 0
        self._in_head, self._head_bytes = False, 0
        self._problem: ProblemError | None = None

    @override
    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_client()
        self._gate.make_room(len(self.connections))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self._limits.header_bytes:
                self._problem = self._too_large()
                self.send_400_response("")
                return
        super().data_received(data)

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    @override
    def on_headers_complete(self) -> None:
        self._in_head = False
        size = len(self.url) + sum(len(name) + len(value) + SEPARATORS for name, value in self.headers)
        if size > self._limits.header_bytes:
            self._problem = self._too_large()
            raise self._problem
        if self._gate.is_full and not self._is_answering and not self.url.startswith(ALWAYS_ANSWERED):
            self._refuse()
            return
        self._start_timer(2 * self._limits.client_seconds + self._limits.answer_seconds)
        super().on_headers_complete()

    @override
    def on_message_complete(self) -> None:
        self._gate.idle.pop(self, None)
        super().on_message_complete()

    @override
    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._is_answering:
            self._await_client()

    @override
    def send_400_response(self, msg: str) -> None:
        """Say what is wrong with bytes that are no request, and end the connection."""
        problem = self._problem or ProblemError("malformed_request", f"The bytes are no request of HTTP/1.1. {msg}")
        self.transport.write(problem.raw_answer(close=True))
        self.transport.close()

    def abort(self) -> None:
        """End the connection at once."""
        self._stop_waiting()
        self.transport.abort()

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self) -> None:
        """Answer that there is too much to do, and pass over what comes of the body."""
        self.cycle: Any = REFUSED
        keep = bool(self.parser and self.parser.should_keep_alive())
        self._on_refusal()
        self.transport.write(REFUSALS[keep])
        if keep:
            self._await_client()
        else:
            self.transport.close()

    def _too_large(self) -> ProblemError:
        return ProblemError("header_too_large", f"A header may have {self._limits.header_bytes:,} bytes.")

    def _await_client(self) -> None:
        if not self.transport.is_closing():
            self._gate.idle.pop(self, None)
            self._gate.idle[self] = None
        self._unsent = self.transport.get_write_buffer_size()
        self._start_timer(self._limits.client_seconds)

    def _start_timer(self, seconds: float) -> None:
        """Set the deadline. A timer that ends before it stays, and is set anew when it ends."""
        self._deadline = self.loop.time() + seconds
        if self._timer and self._timer.when() > self._deadline:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self.loop.call_at(self._deadline, self._expire)

    def _stop_waiting(self) -> None:
        self._gate.idle.pop(self, None)
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        """End the connection, unless its client has taken at least half of what was still to be sent to it."""
        self._timer = None
        if (left := self._deadline - self.loop.time()) > 0:
            self._start_timer(left)
            return
        unsent = self.transport.get_write_buffer_size()
        if 0 < unsent <= self._unsent / 2:
            self._unsent = unsent
            self._start_timer(self._limits.client_seconds)
        else:
            self.abort()
