"""The file of a run that tells of its doubt."""

from __future__ import annotations

import hashlib

from pellucid.errors import RunError
from pellucid.judge.refusal import Doubts
from pellucid.run.folder import DOUBT, RunFolder


def read_doubts(folder: RunFolder, told: str) -> Doubts:
    """What a run learned of when to say "I don't know".

    Args:
        folder: The run's folder.
        told: SHA-256 of the file as run.json says it.

    Raises:
        RunError: The file is missing or damaged.
    """
    place, raw = folder.path / DOUBT, folder.read_bytes(DOUBT)
    remedy = "Bring the file back as it was, or ask without it (--no-unknown)."
    if hashlib.sha256(raw).hexdigest() != told:
        raise RunError(f"{place} has changed: its SHA-256 is another than run.json says. {remedy}")
    try:
        return Doubts.from_bytes(raw)
    except RunError as error:
        raise RunError(f"{place} is damaged: {error} {remedy}") from None
