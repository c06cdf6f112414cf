"""Where a server listens, and who may ask there."""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass

from pellucid.errors import Fault, PellucidError, SettingError

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
LEAST_TOKEN = 16  # characters
TOKEN = "PELLUCID_TOKEN"  # noqa: S105 - the name of an environment variable


@dataclass(frozen=True)
class Address:
    """A socket that is bound, and does not listen yet.

    Attributes:
        socket: The socket.
        host: The host as it was asked for.
    """

    socket: socket.socket
    host: str

    @classmethod
    def bind(cls, host: str, port: int) -> Address:
        """Take an address.

        Args:
            host: A name, or an IP address.
            port: The port; 0 takes a free one.

        Raises:
            SettingError: The host is none of this machine's.
            PellucidError: The port is in use, or this user may not take it.
        """
        try:
            family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        except (OSError, UnicodeError):
            raise SettingError([_not_here(host)]) from None
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(place)
            bound.listen(1)  # so that a port that another one listens on is found now
        except OSError as error:
            bound.close()
            if error.errno == errno.EADDRNOTAVAIL:
                raise SettingError([_not_here(host)]) from None
            why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be taken ({error.strerror or error})"
            remedy = "Choose another --port; --port 0 takes a free one."
            raise PellucidError(f"Port {port} of {host} {why}. {remedy}") from None
        return cls(bound, host)

    def close(self) -> None:
        """Give it up."""
        self.socket.close()

    @property
    def is_loopback(self) -> bool:
        """Whether it can be reached from this machine alone."""
        return ipaddress.ip_address(self.socket.getsockname()[0]).is_loopback

    @property
    def url(self) -> str:
        """Where it is reached."""
        name, port = self.socket.getsockname()[:2]
        return f"http://{f'[{name}]' if ':' in name else name}:{port}"

    def require_token(self, token: str | None) -> None:
        """See that what can be reached from elsewhere has a token, and that a token is hard to guess.

        Raises:
            SettingError: It has none, or it is short.
        """
        make = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        if token is None:
            if not self.is_loopback:
                rule = f"Another address than loopback needs a token in the environment variable {TOKEN}"
                raise SettingError([Fault(rule, f"--host {self.host} without one", make)])
        elif len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
            rule = f"The token in {TOKEN} must have at least {LEAST_TOKEN} characters of ASCII without blanks"
            raise SettingError([Fault(rule, f"{len(token)} characters", make)])


def _not_here(host: str) -> Fault:
    return Fault("--host must be a name or address of this machine", repr(host), "127.0.0.1 is this machine alone.")
