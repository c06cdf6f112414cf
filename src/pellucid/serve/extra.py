"""The libraries of the extra ``serve``."""

from __future__ import annotations

from importlib.util import find_spec

from pellucid.errors import PellucidError

LIBRARIES = ("fastapi", "uvicorn", "httptools", "prometheus_client")


def require_libraries() -> None:
    """See that what a server needs is installed.

    Raises:
        PellucidError: It is not.
    """
    if missing := [name for name in LIBRARIES if find_spec(name) is None]:
        need = f"A server needs {', '.join(missing)}"
        raise PellucidError(f"{need}. Install what is missing with: pip install 'pellucid[serve]'")
