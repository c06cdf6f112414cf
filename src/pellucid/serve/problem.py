"""What a client is told when it gets no answer: one shape of JSON for all errors.

Source: RFC 9457, Problem Details for HTTP APIs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 1
# By their codes, which a program can rely on: status and title.
PROBLEMS: dict[str, tuple[int, str]] = {
    "malformed_request": (400, "The request is malformed"),
    "token_required": (401, "The token is missing or wrong"),
    "not_found": (404, "There is nothing under this path"),
    "method_not_allowed": (405, "The path does not know this method"),
    "client_too_slow": (408, "The request did not arrive in time"),
    "body_too_large": (413, "The body is too large"),
    "image_too_large": (413, "The image is too large"),
    "unsupported_media_type": (415, "The body is of a kind that is not taken"),
    "foreign_host": (421, "The server does not answer under this name"),
    "unreadable_image": (422, "The image cannot be read"),
    "invalid_request": (422, "The request breaks a rule"),
    "overloaded": (429, "The server has too much to do"),
    "header_too_large": (431, "The header is too large"),
    "not_ready": (503, "The server does not answer for images yet"),
    "failed": (500, "The server failed"),
}
SECURITY_HEADERS: dict[str, str] = {
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class ProblemError(Exception):
    """A request that is not answered.

    Attributes:
        code: Which problem, of `PROBLEMS`.
        detail: The rule, what was received, and the remedy.
        headers: Further headers of the answer.
    """

    def __init__(self, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.headers = code, detail, dict(headers or {})

    @property
    def status(self) -> int:
        """HTTP's status."""
        return PROBLEMS[self.code][0]

    def body(self) -> bytes:
        """The JSON document."""
        status, title = PROBLEMS[self.code]
        return json.dumps({"code": self.code, "title": title, "status": status, "detail": self.detail}).encode()

    def all_headers(self) -> dict[str, str]:
        """The headers of the answer, but for those that all answers have."""
        return {"content-type": MEDIA_TYPE, "content-length": str(len(self.body())), **self.headers}

    def raw_answer(self, *, close: bool) -> bytes:
        """The whole answer as bytes of HTTP, for where there is no request yet that could be answered."""
        headers = {**SECURITY_HEADERS, **self.all_headers(), **({"connection": "close"} if close else {})}
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}", *(f"{k}: {v}" for k, v in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body()


def overloaded() -> ProblemError:
    """The problem of a server that has as much to do as it may."""
    return ProblemError(
        "overloaded",
        "As many images wait as may. Send the request again after the seconds of Retry-After.",
        {"retry-after": str(RETRY_SECONDS)},
    )
