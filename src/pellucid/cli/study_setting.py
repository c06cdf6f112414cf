"""Options of studies, whose defaults and help come from the studies' own settings."""

from __future__ import annotations

from typing import Any

import typer

from pellucid.spec.base import Spec
from pellucid.study.settings import text_of


def setting(kind: type[Spec], name: str, *flags: str) -> Any:
    """The option of a setting, with the setting's default, and its text as help.

    Args:
        kind: The settings of a kind of study.
        name: Name of the setting.
        flags: What the option is called on the command line; as the setting unless given.
    """
    return typer.Option(kind.model_fields[name].default, *flags, help=text_of(kind, name))


def default_of(kind: type[Spec], name: str) -> str:
    """What stands at the end of an option's help where nothing given means the setting's own default."""
    return f"  [default: {kind.model_fields[name].default}]"
