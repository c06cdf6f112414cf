"""Whether the code that a run or study names for its network may be run."""

from __future__ import annotations

from pathlib import Path

from pellucid.errors import RunError
from pellucid.spec.model import FactorySpec, ModelSpec
from pellucid.untrusted import trusted


def require_trust(model: ModelSpec | FactorySpec, folder: Path) -> None:
    """See that a folder asks for no code, or is trusted.

    Raises:
        RunError: Its network is made by code that it names, and nobody said that it may be run.
    """
    if isinstance(model, FactorySpec) and not trusted():
        what = f"The network of {folder} is made by code, {model.factory}, which would be run here"
        raise RunError(f"{what}. If you know who wrote it, give --trust (in Python trust=True).")
