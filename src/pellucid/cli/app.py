"""The program itself: its commands, and what it does when something goes wrong."""

from __future__ import annotations

import io
import sys
from typing import Any

import typer
from typing_extensions import override

from pellucid.cli.attribute import attribute
from pellucid.cli.commands import CommandGroup
from pellucid.cli.data import app as data_app
from pellucid.cli.doctor import doctor
from pellucid.cli.evaluate import evaluate
from pellucid.cli.explore import explore
from pellucid.cli.export import export
from pellucid.cli.feature_maps import feature_maps
from pellucid.cli.filters import filters
from pellucid.cli.interrupts import INTERRUPTED, is_interrupt
from pellucid.cli.libraries import libraries_heard
from pellucid.cli.maximize import maximize
from pellucid.cli.options import STUDIES
from pellucid.cli.output import print_text, say
from pellucid.cli.plot import plot
from pellucid.cli.predict import predict
from pellucid.cli.report import report
from pellucid.cli.runs import runs
from pellucid.cli.shapes import shapes
from pellucid.cli.train import train
from pellucid.errors import PellucidError
from pellucid.names import with_home
from pellucid.version import __version__

COMMANDS = (
    train,
    evaluate,
    predict,
    export,
    report,
    explore,
    shapes,
    plot,
    runs,
    filters,
    feature_maps,
    maximize,
    attribute,
    doctor,
)
TRUST = "--trust"


class Program(CommandGroup):
    """All commands; those of `study` are imported when one of them is called.

    Their defaults and help come from the specifications, which take longer to import than any other help takes to be
    printed.
    """

    @override
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """What was given, with the home folder in place of ``~``; the program's own option may stand anywhere in it."""
        return super().parse_args(ctx, [with_home(word) for word in sorted(args, key=lambda word: word != TRUST)])

    @override
    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """The command that is called."""
        name, command, rest = super().resolve_command(ctx, args)
        if name == "study":
            from pellucid.cli.study import app as study_app

            command = typer.main.get_group(study_app)
        return name, command, rest


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
        False, TRUST, help="Run the code that a run or study names for its network; it may come from anybody."
    ),
) -> None:
    if trust:
        from pellucid.model.trust import trusting

        context.with_resource(trusting())


for command in COMMANDS:
    app.command()(command)
app.add_typer(data_app, name="data")
app.add_typer(typer.Typer(help=STUDIES, callback=lambda: None), name="study")


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
