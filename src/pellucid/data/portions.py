"""How many images are worked on at once, so that memory is bounded."""

from __future__ import annotations

ANSWERED_AT_ONCE, PIXELS_AT_ONCE = 500, 2**21  # larger images are answered fewer at once


def answered_at_once(height: int, width: int) -> int:
    """How many images of a size go through a network at once where nothing is learned, so that memory is bounded."""
    return max(1, min(ANSWERED_AT_ONCE, PIXELS_AT_ONCE // (height * width)))
