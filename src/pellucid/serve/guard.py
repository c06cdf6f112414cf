"""What stands before the API: who may ask, how large a body may be, and how long it may take."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from pellucid.serve.gate import Gate
from pellucid.serve.metrics import Metrics
from pellucid.serve.problem import SECURITY_HEADERS, ProblemError, overloaded
from pellucid.serve.protocol import HEALTH

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
BODY = "pellucid.body"  # key of the scope
SECURE = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]


class Guard:
    """An ASGI application around another one, which gets allowed requests alone, with the whole body in their scope.

    Args:
        app: The application within.
        gate: How much is under way.
        metrics: What is counted.
        token: What a client must give as ``Authorization: Bearer …``, but to ask for health; None takes all.
        hosts: Names that the server answers under; None takes all.
    """

    def __init__(
        self, app: Any, gate: Gate, metrics: Metrics, token: str | None = None, hosts: Collection[str] | None = None
    ) -> None:
        self._app, self._gate, self._limits, self._metrics = app, gate, gate.limits, metrics
        self._token = token.encode() if token else None
        self._hosts = hosts

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        begin, statuses = time.perf_counter(), [499]  # which nobody sends: the client left

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses[0] = message["status"]
                message["headers"] = [*message.get("headers", ()), *SECURE]
            await send(message)

        try:
            await self._answer(scope, receive, dressed)
        finally:
            self._metrics.answered(scope["path"], statuses[0], time.perf_counter() - begin)

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        taken = [0]
        try:
            self._require_allowed(scope)
            if scope["method"] == "POST":
                scope[BODY] = await self._body(scope, receive, taken)
                with self._gate.taking(1):
                    await self._app(scope, receive, send)
            else:
                await self._app(scope, receive, send)
        except ProblemError as problem:
            await _refuse(problem, send)
        finally:
            self._gate.buffered -= taken[0]

    def _require_allowed(self, scope: Message) -> None:
        """See that the header is whole, and that who asks may.

        Raises:
            ProblemError: It is not.
        """
        headers = scope["headers"]
        names = [name for name, _ in headers]
        given = dict(headers)
        if names.count(b"host") != 1:
            raise ProblemError("malformed_request", f"A request has one Host; received {names.count(b'host')}.")
        if (host := _without_port(given[b"host"])) not in (self._hosts or {host}):
            remedy = f"Ask for it under {' or '.join(sorted(self._hosts or ()))}."
            raise ProblemError("foreign_host", f"The server does not answer under {host[:100]!r}. {remedy}")
        if names.count(b"content-length") > 1 or (b"content-length" in given and b"transfer-encoding" in given):
            raise ProblemError("malformed_request", "A request has one Content-Length or Transfer-Encoding, not both.")
        if self._token and scope["path"] not in HEALTH and not self._is_known(given.get(b"authorization", b"")):
            remedy = "Send it as: Authorization: Bearer TOKEN"
            raise ProblemError("token_required", f"This needs the token of the server. {remedy}", _BEARER)
        if given.get(b"content-encoding", b"identity").lower() != b"identity":
            raise ProblemError("unsupported_media_type", "Bodies are taken as they are. Send it without compression.")

    def _is_known(self, authorization: bytes) -> bool:
        scheme, _, token = authorization.partition(b" ")
        return scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token or b"")

    async def _body(self, scope: Message, receive: Receive, taken: list[int]) -> bytes:
        """The whole body.

        Raises:
            ProblemError: It is too large, or does not arrive in time.
        """
        if self._gate.is_full:
            raise overloaded()
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if not told.isdigit():
            raise ProblemError("malformed_request", "Content-Length must be a number.")
        self._require_small(int(told[:20]))
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(self._limits.client_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ProblemError("malformed_request", "The body ended before it was whole.")
                    part = message.get("body", b"")
                    self._require_small(taken[0] + len(part))
                    self._gate.buffer(len(part))
                    taken[0] += len(part)
                    parts.append(part)
                    if not message.get("more_body"):
                        return b"".join(parts)
        except TimeoutError:
            rule = f"A body must arrive within {self._limits.client_seconds:g} s"
            close = {"connection": "close"}
            raise ProblemError("client_too_slow", f"{rule}; {taken[0]:,} bytes did.", close) from None

    def _require_small(self, size: int) -> None:
        if size > self._limits.body_bytes:
            remedy = "Send fewer or smaller images, or start the server with a larger --max-body."
            raise ProblemError("body_too_large", f"A body may have {self._limits.body_bytes:,} bytes. {remedy}")


_BEARER = {"www-authenticate": "Bearer"}


def _without_port(host: bytes) -> str:
    """The name in a Host header, in lower case; of an IPv6 address, what stands in the brackets."""
    text = host.decode("latin-1").strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]


async def _refuse(problem: ProblemError, send: Send) -> None:
    """Send a problem. What is still to come of the body is passed over, as long as the connection may wait for it."""
    headers = [(name.encode(), value.encode()) for name, value in problem.all_headers().items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": problem.body()})
