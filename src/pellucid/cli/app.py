"""The program itself: its commands, and what it does when something goes wrong."""

from __future__ import annotations

import io
import sys
from importlib import import_module
from typing import Any

import typer
from typing_extensions import override

from pellucid.cli.commands import CommandGroup
from pellucid.cli.interrupts import INTERRUPTED, is_interrupt
from pellucid.cli.libraries import libraries_heard
from pellucid.cli.options import DATA, STUDIES
from pellucid.cli.output import print_text, say
from pellucid.errors import PellucidError
from pellucid.names import with_home
from pellucid.version import __version__

# Each is a function of its name in the module of its name.
COMMANDS = (
    "train",
    "evaluate",
    "predict",
    "export",
    "serve",
    "report",
    "explore",
    "shapes",
    "plot",
    "runs",
    "filters",
    "feature-maps",
    "maximize",
    "attribute",
    "doctor",
)
GROUPS = {"data": DATA, "study": STUDIES}  # each the app of the module of its name
TRUST = "--trust"


class Program(CommandGroup):
    """All commands; each is imported when it is called, or when the help lists what it does.

    To import and set up all of them takes longer than an export takes to answer. Groups stand in the list by a text,
    as the defaults and help of studies come from the specifications, which take longer still.
    """

    @override
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """What was given, with the home folder in place of ``~``; the program's own option may stand anywhere in it."""
        return super().parse_args(ctx, [with_home(word) for word in sorted(args, key=lambda word: word != TRUST)])

    @override
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name; None where there is none."""
        return _command(cmd_name) if cmd_name in COMMANDS else super().get_command(ctx, cmd_name)

    @override
    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """The command that is called."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, _group(name) if name in GROUPS else command, rest


def _command(name: str) -> Any:
    word = name.replace("-", "_")
    alone = typer.Typer(rich_markup_mode=None, add_completion=False)
    alone.command(name)(getattr(import_module(f"pellucid.cli.{word}"), word))
    return typer.main.get_command(alone)


def _group(name: str) -> Any:
    return typer.main.get_group(import_module(f"pellucid.cli.{name}").app)


app = typer.Typer(
    cls=Program,
    help="Train an image classifier in seconds, see through it, and ship it with proof.",
    epilog="Begin with: pellucid train",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        print_text(f"pellucid {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    context: typer.Context,
    version: bool = typer.Option(  # noqa: ARG001 - its callback prints it
        False, "--version", help="Print the version and exit.", callback=_show_version
    ),
    trust: bool = typer.Option(
        False,
        TRUST,
        help="Run the code that a run or study names for its network, or an export holds; it may come from anybody.",
    ),
) -> None:
    if trust:
        from pellucid.untrusted import trusting

        context.with_resource(trusting())


for name in COMMANDS:
    app.command(name)(lambda: None)  # so that it is known; see `Program.get_command`
for name, told in GROUPS.items():
    app.add_typer(typer.Typer(help=told, callback=lambda: None), name=name)


def run() -> None:
    """Run the command that was given: exit status 0 done, 1 input or run at fault, 2 wrong usage, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without arrows gets question marks
    sys.path.append("")  # --model package.module:factory is found beside the user, but shadows nothing installed
    try:
        with libraries_heard():
            app()
    except PellucidError as error:
        say(f"pellucid: {error}")
        sys.exit(error.exit_status)
    except KeyboardInterrupt:  # before or after the command itself
        sys.exit(INTERRUPTED)
    except OSError as error:  # a file that nobody thought of
        say(f"pellucid: {error.filename or 'a file'}: {error.strerror or error}")
        sys.exit(1)
    except Exception as error:
        if not is_interrupt(error):
            raise
        sys.exit(INTERRUPTED)
