"""What a server takes from its clients, and no more."""

from __future__ import annotations

from dataclasses import dataclass, fields

from pellucid.errors import Fault, SettingError

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Bounds that hold for each request, or for all clients together.

    Attributes:
        body_bytes: Bytes of a request's body.
        buffered_bytes: Bytes of all bodies that are being received or answered.
        header_bytes: Bytes of a request's line and headers.
        pixels: Pixels of an image in colour; decoding may take 8 bytes for each, so that a grey image may have more.
        images: Images of one request.
        waiting: Images of all requests that wait for their answer; more are refused with status 429.
        connections: Connections; the one that has kept the server waiting longest makes room for a new one.
        gathered: Images that are answered at once.
        client_seconds: Seconds that a client may take to send its header, and again to send its body.
        processes: Processes that decode; each may take as much memory.
        decode_seconds: Seconds that decoding an image may take.
        answer_seconds: Seconds that a request may take from its last byte to its answer.
        values: Values of feature maps in one answer, as a list; in base64, 20 times as many.
    """

    body_bytes: int = 4 * MIB
    buffered_bytes: int = 8 * MIB
    header_bytes: int = 16 * 2**10
    pixels: int = 1_800_000
    images: int = 32
    waiting: int = 128
    connections: int = 256
    gathered: int = 64
    client_seconds: float = 5.0
    processes: int = 1
    decode_seconds: float = 5.0
    answer_seconds: float = 30.0
    values: int = 200_000

    def __post_init__(self) -> None:
        """See that each is above zero.

        Raises:
            SettingError: One is not.
        """
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        if faults := [Fault(f"{name} must be above 0", repr(value)) for name, value in given.items() if not value > 0]:
            raise SettingError(faults)

    @property
    def decode_bytes(self) -> int:
        """Memory that decoding an image may take."""
        return 8 * self.pixels
