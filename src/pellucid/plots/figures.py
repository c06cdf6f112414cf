"""From a figure to a file."""

from __future__ import annotations

import io

from matplotlib.figure import Figure

from pellucid.names import MARK

# Where each format says what drew it.
DRAWN_WITH = {"png": "Software", "svg": "Creator"}


def render(figure: Figure, kind: str = "png") -> bytes:
    """The bytes of a figure's file.

    Args:
        figure: What to draw.
        kind: ``png`` or ``svg``.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=150, metadata={DRAWN_WITH[kind]: MARK})
    return buffer.getvalue()
