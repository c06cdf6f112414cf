"""How much the server has to do, and which connections keep it waiting: what refusals go by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from pellucid.serve.limits import Limits
from pellucid.serve.problem import overloaded


class Abortable(Protocol):
    """A connection that can be ended."""

    def abort(self) -> None:
        """End it at once."""
        ...


class Gate:
    """Counts of what is under way.

    Attributes:
        limits: What they may come to.
        waiting: Images that wait for their answer.
        buffered: Bytes of bodies.
        idle: Connections whose client has not sent a whole request, the longest first.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.waiting = 0
        self.buffered = 0
        self.idle: dict[Abortable, None] = {}

    @property
    def is_full(self) -> bool:
        """Whether no further image is taken."""
        return self.waiting >= self.limits.waiting

    @contextmanager
    def taking(self, images: int) -> Iterator[None]:
        """Within this context so many images more wait.

        Raises:
            ProblemError: They would be too many.
        """
        if self.waiting + images > self.limits.waiting:
            raise overloaded()
        self.waiting += images
        try:
            yield
        finally:
            self.waiting -= images

    def buffer(self, size: int) -> None:
        """Count bytes of a body; who counts them takes them off again.

        Raises:
            ProblemError: They are too many with those of others.
        """
        if self.buffered + size > self.limits.buffered_bytes:
            raise overloaded()
        self.buffered += size

    def make_room(self, connections: int) -> None:
        """End the connection that has kept the server waiting longest, where there are more than may be."""
        if connections > self.limits.connections and self.idle:
            next(iter(self.idle)).abort()
