"""Groups of commands, as the help lists them."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup
from typing_extensions import override

WHOLE = 1_000  # characters of a sentence that are shown


class CommandGroup(TyperGroup):
    """Commands that are listed with the whole first sentence of each, on as many lines as it takes."""

    @override
    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, command.get_short_help_str(WHOLE)) for name, command in found if command]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
