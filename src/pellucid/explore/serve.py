"""A page served to the browsers of this machine alone."""

from __future__ import annotations

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

from pellucid.errors import RunError
from pellucid.explore.page import policy_of

LOOPBACK = "127.0.0.1"
HOSTS = {LOOPBACK, "localhost"}
SILENT_SECONDS = 30  # of a connection, after which it is closed


class PageServer(ThreadingHTTPServer):
    """One page on the loopback interface. `show` gives it, `serve_forever` serves it, `shutdown` ends that.

    The port is taken at once, so that no page is made in vain. A site elsewhere that lets its own name lead here is
    refused, since its requests bear that name.

    Args:
        port: The port; 0 takes a free one.

    Raises:
        RunError: The port cannot be had.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0) -> None:
        self.content, self.shown = b"", dict[str, str]()
        try:
            super().__init__((LOOPBACK, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise RunError(f"Port {port} of {LOOPBACK} cannot be had ({reason}). Choose another --port.") from None

    def show(self, page: str) -> None:
        """Serve this page from now on."""
        self.content = page.encode()
        self.shown = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(self.content)),
            "Content-Security-Policy": f"{policy_of(page)}; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        }

    def server_bind(self) -> None:
        """Take the port, without asking what this machine is called, as the library does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.server_address[1]

    @property
    def address(self) -> str:
        """Where a browser finds the page."""
        return f"http://{LOOPBACK}:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: PageServer  # pyright: ignore[reportIncompatibleVariableOverride]
    server_version, sys_version = "Pellucid", ""
    timeout = SILENT_SECONDS

    def do_GET(self) -> None:
        """The page, at the root and under this machine's own name."""
        self._answer(with_content=True)

    def do_HEAD(self) -> None:
        """The same without the page itself."""
        self._answer(with_content=False)

    def _answer(self, *, with_content: bool) -> None:
        name, _, port = self.headers.get("Host", "").partition(":")
        if name.lower() not in HOSTS or port != str(self.server.server_port):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return
        if self.path.partition("?")[0] != "/":
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.send_response(HTTPStatus.OK)
        for header, value in self.server.shown.items():
            self.send_header(header, value)
        self.end_headers()
        if with_content:
            self.wfile.write(self.server.content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed of what is asked."""
