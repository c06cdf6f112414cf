"""`pellucid doctor`."""

from __future__ import annotations

from pellucid.cli.interrupts import uninterrupted
from pellucid.cli.options import Json
from pellucid.cli.show import show


def doctor(as_json: Json = False) -> None:
    """Print what matters to speed and results here: versions, processor, threads, devices, precisions.

    \b
    Examples:
      pellucid doctor
      pellucid doctor --json
    """
    with uninterrupted():
        from pellucid.sections.machine import machine_section

    show(machine_section(), as_json, {})
