"""From a figure to a file."""

from __future__ import annotations

import io

from matplotlib.figure import Figure


def render(figure: Figure, kind: str = "png") -> bytes:
    """The bytes of a figure's file.

    Args:
        figure: What to draw.
        kind: ``png`` or ``svg``.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=150)
    return buffer.getvalue()
